"""Mail in the background: sending in bounded slices per organisation and channel, and reading mailboxes."""

from functools import partial
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts.access import TenantTask, business_today
from accounts.models import Tenant
from desk.services import outbox, sending_hours
from integrations import registry
from integrations.services import mailboxes


@shared_task(base=TenantTask, name="integrations.send_slice")
def send_slice(*, tenant: str, channel: str, **_: Any) -> int:
    """Send up to 200 due messages; how many were decided. Sends itself again while more are due.

    A hint to look at the table, nothing else: lost, doubled or killed anywhere, no message is lost or left out.
    """
    with transaction.atomic():
        organisation = Tenant.objects.get(id=tenant)
    if organisation.status != Tenant.Status.ACTIVE:
        return 0
    sending_hours.put_off(channel=channel, now=timezone.now())
    count = outbox.drain(
        channel=channel,
        transport=registry.transport(channel=channel, tenant=organisation),
        reasons=partial(registry.reasons, on=business_today(organisation)),
    )
    if outbox.rest(channel=channel) and count:
        send_slice.apply_async(kwargs={"tenant": tenant, "channel": channel})
    return count


@shared_task(base=TenantTask, name="integrations.read_mailboxes", queue="long", time_limit=600)
def read_mailboxes(*, tenant: str, **_: Any) -> int:
    """Take what is new in the organisation's mailboxes; how many mails. Its bell rings again in a few minutes."""
    with transaction.atomic():
        organisation = Tenant.objects.get(id=tenant)
    now = timezone.now()
    taken = mailboxes.read_mailboxes(tenant=organisation, now=now) if organisation.status == Tenant.Status.ACTIVE else 0
    mailboxes.rest(now=now)
    return taken
