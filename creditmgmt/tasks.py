"""What the beat starts: bells are answered, nights are run. All organisations here, one task for each."""

from typing import Any
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from django.utils import timezone

from accounts import doorbells
from accounts.access import TenantTask, business_today
from accounts.models import Doorbell, Tenant
from core.jobs import AlreadyRunning
from creditmgmt import schedule

_LONG_SECONDS = 1800


@shared_task(name="creditmgmt.ring")
def ring(**_: Any) -> int:
    """Answer the bells that are due: one task each. Reads tenant ids and nothing of any tenant; how many rang."""
    answers = schedule.bells()
    with transaction.atomic():
        due = doorbells.due(again_after={queue: bell.again_after for queue, bell in answers.items()})
    for tenant_id, queue in due:
        bell = answers[queue]
        current_app.tasks[bell.task].apply_async(kwargs={"tenant": str(tenant_id), **bell.arguments})
    return len(due)


@shared_task(name="creditmgmt.ring_nights")
def ring_nights(**_: Any) -> int:
    """Give every organisation without one the bell of its next night. A sandbox's nights are run by hand."""
    now = timezone.now()
    with transaction.atomic():
        have = Doorbell.objects.filter(queue=schedule.JOB).values("of_tenant_id")
        without = list(Tenant.objects.filter(status=Tenant.Status.ACTIVE, is_sandbox=False).exclude(id__in=have))
        for tenant in without:
            doorbells.ring(schedule.JOB, at=schedule.next_night_at(tenant=tenant, now=now), tenant_id=tenant.id)
    return len(without)


@shared_task(base=TenantTask, name="creditmgmt.night", queue="long", time_limit=_LONG_SECONDS)
def night(*, tenant: str, **_: Any) -> int:
    """Run the night of the organisation's present day; how many steps ended well. Again later when one did not."""
    now = timezone.now()
    with transaction.atomic():
        organisation = Tenant.objects.get(id=UUID(tenant))
        if organisation.is_sandbox or organisation.status != Tenant.Status.ACTIVE:
            doorbells.rest(schedule.JOB, until=None)
            return 0
    try:
        run = schedule.run_night(tenant=organisation, on=business_today(organisation, now=now), now=now)
    except AlreadyRunning:
        return 0
    next_at = schedule.try_again_at if run.undone else schedule.next_night_at
    with transaction.atomic():
        doorbells.rest(schedule.JOB, until=next_at(tenant=organisation, now=timezone.now()))
    return len(run.steps) - len(run.undone)
