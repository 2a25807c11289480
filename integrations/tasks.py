"""Background work of the integrations: one call of a service each. May run twice, may be killed anywhere."""

from datetime import date
from typing import Any
from uuid import UUID

from celery import shared_task

from accounts.access import TenantTask
from integrations.services import connections, runs

# A million rows take a minute or two; the queue has a worker of its own.
_LONG_SECONDS = 1800


@shared_task(
    base=TenantTask, name="integrations.apply_run", queue="long", time_limit=_LONG_SECONDS, soft_time_limit=None
)
def apply_run(*, run: str, **_: Any) -> str:
    """Load a queued file; the state in which it ended."""
    return str(runs.apply(run_id=UUID(run)).state)


@shared_task(base=TenantTask, name="integrations.check_run", queue="long", time_limit=_LONG_SECONDS)
def check_run(*, run: str, **_: Any) -> str:
    """The dry run of a large file; the state in which it ended. Of one that is to be loaded by now nobody asks."""
    try:
        return str(runs.check(run_id=UUID(run)).state)
    except runs.NotStartable:
        return str(runs.get_run(UUID(run)).state)


@shared_task(base=TenantTask, name="integrations.resume_runs")
def resume_runs(**_: Any) -> int:
    """Take up what a lost message or a killed worker left behind."""
    return runs.resume_runs()


@shared_task(base=TenantTask, name="integrations.sync_connections", queue="long", time_limit=_LONG_SECONDS)
def sync_connections(*, on: str, **_: Any) -> int:
    """Empty the folders and upload addresses of the organisation; how many files were taken."""
    return connections.sync_connections(on=date.fromisoformat(on)).taken
