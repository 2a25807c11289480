"""The organisation's sending hours: what waits for them is due when they begin next, as a row and not as a timer."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest, Now

from accounts import doorbells
from accounts.models import Tenant
from core.tenancy import require_tenant_id
from desk.models import Message
from desk.rules.hours import SendingHours
from desk.services import outbox
from receivables.models import Entity

UNDO_SECONDS = 30  # for which a decision can be taken back: its message does not leave before


def hours_of(tenant: Tenant) -> SendingHours | None:
    """None for a sandbox: its days pass as one likes, and its mail reaches nobody."""
    if tenant.is_sandbox:
        return None
    return SendingHours(
        zone=tenant.time_zone,
        days=frozenset(tenant.sending_days),
        start=tenant.sending_from,
        end=tenant.sending_until,
        on_holidays=tenant.sends_on_holidays,
    )


def leaving() -> Callable[[datetime, str], datetime]:
    """(moment, country of the entity, perhaps empty) -> when a message due at that moment may leave. 1 SQL query."""
    tenant = Tenant.objects.get(id=require_tenant_id())
    hours = hours_of(tenant)

    def leaves_at(moment: datetime, country: str) -> datetime:
        return hours.next_moment(moment, country=country or tenant.country) if hours else moment

    return leaves_at


@transaction.atomic
def put_off(*, channel: str, now: datetime) -> int:
    """Let messages that are due outside of the hours be due when these begin next. Returns how many.

    Asked before each slice: retries, and hours that were narrowed since, are caught here. What a dead worker had begun
    to send is not put off, as nobody knows whether it has left.
    """
    # The hours are the customers'; what is for a colleague waits for nothing.
    due = Message.objects.filter(state=Message.State.DUE, channel=channel, not_before__lte=now, customer__isnull=False)
    leaves_at, count = leaving(), 0
    # Asked of the companies, which are few: a hundred thousand messages may be due.
    for country in (None, *Entity.objects.order_by().values_list("country", flat=True).distinct()):
        moment = leaves_at(now, country or "")
        if moment > now:
            of_country = due.filter(entity__country=country) if country is not None else due.filter(entity=None)
            count += of_country.update(not_before=moment, updated_at=Now())
    return count


@transaction.atomic
def bring_forward(*, now: datetime) -> int:
    """The hours have changed: what waits for them only leaves at the first moment that they allow now, if that is earlier.

    Nothing is moved into hours that are closed, nor into the seconds in which a decision can be taken back; what waits to
    be tried again goes on waiting. Returns how many were moved; their bells ring.
    """
    longest = timedelta(seconds=max(settings.OUTBOX_RETRY_SECONDS))
    waiting = Message.objects.filter(state=Message.State.DUE, customer__isnull=False, not_before__gt=now).filter(
        Q(attempts=0) | Q(not_before__gt=now + longest)
    )
    leaves_at, count = leaving(), 0
    for country in (None, *Entity.objects.order_by().values_list("country", flat=True).distinct()):
        moment = leaves_at(now, country or "")
        of_country = waiting.filter(entity__country=country) if country is not None else waiting.filter(entity=None)
        soonest = Greatest(
            Value(moment, DateTimeField()),
            ExpressionWrapper(F("created_at") + timedelta(seconds=UNDO_SECONDS), output_field=DateTimeField()),
        )
        sooner = of_country.filter(not_before__gt=soonest)
        for channel in list(sooner.order_by().values_list("channel", flat=True).distinct()):
            count += sooner.filter(channel=channel).update(not_before=soonest, updated_at=Now())
            doorbells.ring(outbox.queue_of(channel), at=moment)
    return count
