"""Sending in the background: one bounded slice per organisation and channel, then back to the end of the queue."""

from functools import partial
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts.access import TenantTask, business_today
from accounts.models import Tenant
from desk.services import outbox, sending_hours
from integrations import registry


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
