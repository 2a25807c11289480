"""Checks of files too long to wait for: a worker does them, the page looks again."""

from uuid import UUID

from django.db import transaction

from integrations.models import SyncRun
from integrations.services.runs import CHECKING, get_run


@transaction.atomic
def queue_check(*, run_id: UUID) -> SyncRun:
    """Have a worker check the run; `is_checking` says so until it is done. Raises UnknownRun."""
    from integrations.tasks import check_run

    run = get_run(run_id)
    SyncRun.objects.filter(id=run_id).update(options={**run.options, CHECKING: True})
    message = {"tenant": str(run.tenant_id), "run": str(run.id)}
    transaction.on_commit(lambda: check_run.apply_async(kwargs=message), robust=True)
    return get_run(run_id)


def is_checking(run: SyncRun) -> bool:
    """Whether a worker was asked to check the run and has not ended: a check always leaves another state."""
    return run.state == SyncRun.State.RECEIVED and bool(run.options.get(CHECKING))
