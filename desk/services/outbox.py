"""The outbox: a message is a row written with its reason; workers claim, re-check, hand over, and record the answer.

DUE -> CLAIMED (lease on the database's clock, token) -> HANDED (just before the final dot) -> SENT.
E-mail leaves at least once under the same Message-ID; paper at most once (an ambiguous one becomes UNSURE).
A socket is never open while a transaction is.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Doorbell
from core.tenancy import require_tenant_id
from desk.models import Channel, Event, Message
from desk.ports import Reasons, RefusedForGood, RefusedForNow, Transport

QUEUE = "outbox"
SLICE = 200
LEASE = timedelta(seconds=120)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=4))
MOST_ATTEMPTS = 12
WAITING = (Message.State.DUE, Message.State.CLAIMED, Message.State.HANDED)

log = logging.getLogger(__name__)


def queue(messages: list[Message]) -> None:
    """Write rows of the outbox; one that exists for its reason, recipient and channel is not written twice."""
    if not messages:
        return
    Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)
    ring()


def withdraw(*, reason_type: str, reason_id: UUID) -> bool:
    """Take the messages of a reason out of the outbox. False, and nothing is taken, once one is leaving or has left."""
    rows = list(Message.objects.select_for_update().filter(reason_type=reason_type, reason_id=reason_id))
    if any(row.state != Message.State.DUE for row in rows):
        return False
    Message.objects.filter(id__in=[row.id for row in rows]).delete()
    return bool(rows)


def ring() -> None:
    """Tell the beat that this tenant has messages due. Idempotent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_doorbell (of_tenant_id, queue, due_at) VALUES (%s, %s, now()) "
            "ON CONFLICT (of_tenant_id, queue) DO NOTHING",
            [require_tenant_id(), QUEUE],
        )


@transaction.atomic
def silence() -> bool:
    """Take the doorbell down when nothing waits any more. Returns whether it is down."""
    if Message.objects.filter(state__in=WAITING).exists():
        return False
    Doorbell.objects.filter(of_tenant_id=require_tenant_id(), queue=QUEUE).delete()
    return True


@transaction.atomic
def claim(*, channel: str, size: int = SLICE) -> list[Message]:
    """Lease up to `size` messages of a channel that are due, or whose former worker is dead.

    HANDED ones of a dead worker are the only ambiguous ones: an e-mail is claimed again, paper becomes UNSURE.
    """
    expired = Q(lease_until__lt=Now())
    free = Q(state=Message.State.DUE, not_before__lte=Now()) | (Q(state=Message.State.CLAIMED) & expired)
    if channel == Channel.EMAIL:
        free |= Q(state=Message.State.HANDED) & expired
    else:
        Message.objects.filter(Q(state=Message.State.HANDED) & expired, channel=channel).update(
            state=Message.State.UNSURE, lease_token=None, updated_at=Now()
        )
    ids = list(
        Message.objects.select_for_update(skip_locked=True)
        .filter(free, channel=channel)
        .order_by("not_before", "id")
        .values_list("id", flat=True)[:size]
    )
    token = uuid4()
    Message.objects.filter(id__in=ids).update(
        state=Message.State.CLAIMED, lease_token=token, lease_until=Now() + LEASE, attempts=F("attempts") + 1
    )
    return list(
        Message.objects.filter(lease_token=token, state=Message.State.CLAIMED)
        .select_related("customer", "entity")
        .order_by("not_before", "id")
    )


def drain(*, channel: str, transport: Transport, reasons: Callable[[str], Reasons], size: int = SLICE) -> int:
    """Send one slice of the tenant in scope. Returns how many messages were looked at; 0: nothing is due.

    `reasons`: the port of a message's `reason_type`. May run any number of times at once, and be killed anywhere.
    """
    batch = claim(channel=channel, size=size)
    try:
        for message in batch:
            _send(message, transport=transport, port=reasons(message.reason_type))
    finally:
        transport.close()
    return len(batch)


def _send(message: Message, *, transport: Transport, port: Reasons) -> None:
    if not _recheck(message, port):
        return
    try:
        accepted = transport.deliver(message, hand=lambda: _hand(message))
    except RefusedForGood as refusal:
        _refuse(message, port, state=Message.State.BOUNCED, error=str(refusal))
    except RefusedForNow as refusal:
        _retry(message, port, error=str(refusal))
    else:
        if accepted:
            _sent(message, port)


@transaction.atomic
def _recheck(message: Message, port: Reasons) -> bool:
    """Look at the facts again at the moment of sending; False when it must not leave or the lease is lost."""
    if not _mine(message, Message.State.CLAIMED).select_for_update().exists():
        return False
    verdict = port.recheck(message)
    if not verdict.send:
        _mine(message, Message.State.CLAIMED).update(
            state=Message.State.CANCELLED, lease_token=None, error=verdict.reason[:300], updated_at=Now()
        )
        port.cancelled(message, verdict.reason)
        return False
    if verdict.changes:
        for name, value in verdict.changes.items():
            setattr(message, name, value)
        _mine(message, Message.State.CLAIMED).update(**verdict.changes, updated_at=Now())
    return True


def _mine(message: Message, state: str):  # type: ignore[no-untyped-def]
    """The row if we still hold its lease in `state`: compare-and-set, so a stalled worker that wakes up gets nothing."""
    rows = Message.objects.filter(id=message.id, lease_token=message.lease_token, state=state)
    return rows if state == Message.State.HANDED else rows.filter(lease_until__gt=Now())


@transaction.atomic
def _hand(message: Message) -> bool:
    return _mine(message, Message.State.CLAIMED).update(state=Message.State.HANDED, updated_at=Now()) == 1


@transaction.atomic
def _sent(message: Message, port: Reasons) -> None:
    changed = _mine(message, Message.State.HANDED).update(
        state=Message.State.SENT, sent_at=Now(), lease_token=None, error="", updated_at=Now()
    )
    if changed:
        Event.objects.create(
            customer_id=message.customer_id,
            kind=f"message.sent.{message.channel.lower()}",
            on=message.on,
            object_type="desk.Message",
            object_id=message.id,
            data={"subject": message.subject, "recipient": message.recipient},
        )
        port.sent(message)


@transaction.atomic
def _refuse(message: Message, port: Reasons, *, state: str, error: str) -> None:
    rows = Message.objects.filter(id=message.id, lease_token=message.lease_token)
    if rows.update(state=state, lease_token=None, error=error[:300], updated_at=Now()):
        Event.objects.create(
            customer_id=message.customer_id,
            kind=f"message.{state.lower()}.{message.channel.lower()}",
            on=message.on,
            object_type="desk.Message",
            object_id=message.id,
            data={"subject": message.subject, "recipient": message.recipient, "error": error[:300]},
        )
        port.refused(message, error)


@transaction.atomic
def _retry(message: Message, port: Reasons, *, error: str) -> None:
    """Back to due, later each time; after the last attempt a person must look."""
    if message.attempts >= MOST_ATTEMPTS:
        _refuse(message, port, state=Message.State.FAILED, error=error)
        return
    wait = RETRY_AFTER[min(message.attempts, len(RETRY_AFTER)) - 1]
    Message.objects.filter(
        id=message.id, lease_token=message.lease_token, state__in=[Message.State.CLAIMED, Message.State.HANDED]
    ).update(state=Message.State.DUE, lease_token=None, not_before=Now() + wait, error=error[:300], updated_at=Now())
