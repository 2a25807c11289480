"""The outbox: a message is a row written with its reason; workers claim, re-check, hand over, and record the answer.

DUE -> CLAIMED (lease on the database's clock, token) -> HANDED (just before the final dot) -> SENT.
E-mail leaves at least once under the same Message-ID; paper at most once (an ambiguous one becomes UNSURE).
A socket is never open while a transaction is. Docs: docs/outbox.md.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import doorbells
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from desk.models import Channel, Event, Message
from desk.ports import NoConnection, Reasons, RefusedForGood, RefusedForNow, Transport, Verdict

SLICE = 200
# A slice ends after this time, well before its task is ended from outside; what it has not sent is due again.
SLICE_SECONDS = 40.0
# So many messages are looked at again at once, just before they leave: between look and dot lie at most as many others.
RECHECK = 20
MOST_ATTEMPTS = 12
WAITING = (Message.State.DUE, Message.State.CLAIMED, Message.State.HANDED)

log = logging.getLogger(__name__)

ReasonsOf = Callable[[str], Reasons]


class NotUnsure(Conflict):
    code = "not_unsure"
    message = _("This message is not waiting for a decision.")


def queue_of(channel: str) -> str:
    """The doorbell's queue of a channel."""
    return f"outbox.{channel}"


def queue(messages: Sequence[Message]) -> None:
    """Write rows of the outbox; one that exists for its reason, recipient and channel is not written twice.

    Call it last in its transaction: it rings (accounts.doorbells).
    """
    if not messages:
        return
    Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)
    for channel in sorted({message.channel for message in messages}):
        moments = [m.not_before for m in messages if m.channel == channel]
        # An expression (the column's default) means: at once.
        at = min(moments) if all(isinstance(moment, datetime) for moment in moments) else None
        doorbells.ring(queue_of(channel), at=at)


def withdraw(*, reason_type: str, reason_id: UUID) -> bool:
    """Take the messages of a reason out of the outbox. False, and nothing is taken, once one is leaving or has left."""
    rows = Message.objects.filter(reason_type=reason_type, reason_id=reason_id)
    # A row that a worker has locked is leaving. Waiting for it could be a deadlock: the worker asks for our reason.
    locked = list(rows.select_for_update(skip_locked=True).values_list("id", "state"))
    if not locked or len(locked) != rows.count() or any(state != Message.State.DUE for _id, state in locked):
        return False
    rows.delete()
    return True


@transaction.atomic
def rest(*, channel: str) -> bool:
    """Have the channel's bell ring when its next message is due, or take it down. True: something is due already."""
    doorbells.hold(queue_of(channel))
    waiting = Message.objects.filter(state__in=WAITING, channel=channel)
    if waiting.filter(state=Message.State.DUE, not_before__lte=Now()).exists():
        doorbells.ring(queue_of(channel))
        return True
    soonest = [
        waiting.filter(state=Message.State.DUE).order_by("not_before").values_list("not_before", flat=True).first(),
        waiting.exclude(state=Message.State.DUE).order_by("lease_until").values_list("lease_until", flat=True).first(),
    ]
    doorbells.rest(queue_of(channel), until=min((moment for moment in soonest if moment), default=None))
    return False


def wake() -> int:
    """Set the bell of every channel by what is waiting; how many messages wait. For the night: a lost bell rings again."""
    for channel in Channel.values:
        rest(channel=channel)
    return Message.objects.filter(state__in=WAITING).count()


@transaction.atomic
def claim(*, channel: str, size: int = SLICE) -> list[Message]:
    """Lease up to `size` messages of a channel that are due, or whose former worker is dead.

    HANDED ones of a dead worker are the only ambiguous ones: an e-mail is claimed again, paper becomes UNSURE.
    """
    waiting = Message.objects.filter(state__in=WAITING, channel=channel)
    expired = Q(lease_until__lt=Now())
    free = Q(state=Message.State.DUE, not_before__lte=Now()) | (Q(state=Message.State.CLAIMED) & expired)
    if channel == Channel.EMAIL:
        free |= Q(state=Message.State.HANDED) & expired
    else:
        waiting.filter(expired, state=Message.State.HANDED).update(
            state=Message.State.UNSURE, lease_token=None, updated_at=Now()
        )
    rows = waiting.filter(free).select_for_update(skip_locked=True).order_by("not_before", "id")
    ids = list(rows.values_list("id", flat=True)[:size])
    token = uuid4()
    Message.objects.filter(id__in=ids).update(
        state=Message.State.CLAIMED,
        lease_token=token,
        lease_until=Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS),
        attempts=F("attempts") + 1,
    )
    claimed = Message.objects.filter(id__in=ids, lease_token=token)
    return list(claimed.select_related("customer", "entity").order_by("not_before", "id"))


def drain(
    *, channel: str, transport: Transport, reasons: ReasonsOf, size: int = SLICE, seconds: float = SLICE_SECONDS
) -> int:
    """Send one slice of the tenant in scope. Returns how many messages were decided: sent, refused, put off, cancelled.

    `reasons`: the port of a message's `reason_type`. May run any number of times at once, and be killed anywhere.
    """
    until = time.monotonic() + seconds
    batch = claim(channel=channel, size=size)
    wait_seconds = 0
    try:
        for message in _rechecked(batch, reasons):
            if time.monotonic() > until:
                break
            _send(message, transport=transport, port=reasons(message.reason_type))
    except NoConnection as error:
        log.warning("outbox: nothing can be sent by %s: %s", channel, error)
        wait_seconds = settings.OUTBOX_RETRY_SECONDS[0]
    finally:
        transport.close()
    return len(batch) - _release(batch, wait_seconds=wait_seconds)


@transaction.atomic
def _release(batch: Sequence[Message], *, wait_seconds: int) -> int:
    """What the slice did not get to is due again; the claim does not count as an attempt. Returns how many."""
    if not batch:
        return 0
    ids, token = [message.id for message in batch], batch[0].lease_token
    rows = Message.objects.filter(id__in=ids, lease_token=token, state=Message.State.CLAIMED)
    return rows.update(
        state=Message.State.DUE,
        lease_token=None,
        attempts=F("attempts") - 1,
        not_before=Now() + timedelta(seconds=wait_seconds),
    )


def _rechecked(batch: Sequence[Message], reasons: ReasonsOf) -> Iterator[Message]:
    """The messages of a batch that may leave, looked at again a few at a time, changed where their facts have changed."""
    for start in range(0, len(batch), RECHECK):
        yield from _recheck(batch[start : start + RECHECK], reasons)


@transaction.atomic
def _recheck(messages: Sequence[Message], reasons: ReasonsOf) -> list[Message]:
    """Messages whose lease is lost are another worker's; those that were tried too often are given up."""
    ids = [message.id for message in messages]
    mine = Message.objects.filter(
        id__in=ids, lease_token=messages[0].lease_token, state=Message.State.CLAIMED, lease_until__gt=Now()
    )
    held = set(mine.select_for_update().values_list("id", flat=True))
    by_reason: dict[str, list[Message]] = {}
    for message in messages:
        if message.id not in held:
            continue
        if message.attempts > MOST_ATTEMPTS:
            # Never an answer: whoever sends it dies of it.
            _end(message, reasons(message.reason_type), state=Message.State.FAILED, error="no attempt came to an end")
            continue
        by_reason.setdefault(message.reason_type, []).append(message)
    ready = [
        message
        for reason_type, group in by_reason.items()
        for message, verdict in _verdicts(group, reasons(reason_type))
        if _judge(message, verdict, reasons(reason_type))
    ]
    return sorted(ready, key=lambda message: ids.index(message.id))


def _verdicts(messages: Sequence[Message], port: Reasons) -> list[tuple[Message, Verdict]]:
    """What the port says; one message that it cannot judge is put off and does not stop the others."""
    try:
        with transaction.atomic():
            return list(zip(messages, port.recheck(messages), strict=True))
    except DatabaseError:
        raise
    except Exception as error:
        if len(messages) > 1:
            return [pair for message in messages for pair in _verdicts([message], port)]
        log.exception("outbox: message %s", messages[0].id)
        _retry(messages[0], port, error=type(error).__name__, states=(Message.State.CLAIMED,))
        return []


def _judge(message: Message, verdict: Verdict, port: Reasons) -> bool:
    if not verdict.send:
        Message.objects.filter(id=message.id).update(
            state=Message.State.CANCELLED, lease_token=None, error=verdict.reason[:300], updated_at=Now()
        )
        port.cancelled(message, verdict.reason)
        return False
    if verdict.changes:
        for name, value in verdict.changes.items():
            setattr(message, name, value)
        Message.objects.filter(id=message.id).update(**verdict.changes, updated_at=Now())
    return True


def _send(message: Message, *, transport: Transport, port: Reasons) -> None:
    try:
        accepted = transport.deliver(message, hand=lambda: _hand(message))
    except RefusedForGood as refusal:
        state = Message.State.BOUNCED if refusal.is_address_wrong else Message.State.FAILED
        _refuse(message, port, state=state, error=str(refusal))
    except NoConnection:
        raise
    except RefusedForNow as refusal:
        _retry(message, port, error=str(refusal), states=(Message.State.CLAIMED, Message.State.HANDED))
    except DatabaseError:
        raise
    except Exception as error:
        # Our own mistake with this one message must not stop the others. Once handed over, only its lease decides.
        log.exception("outbox: message %s", message.id)
        _retry(message, port, error=type(error).__name__, states=(Message.State.CLAIMED,))
    else:
        if accepted:
            _sent(message, port)


def _mine(message: Message, state: str) -> QuerySet[Message]:
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
        _tell(message, "sent")
        port.sent(message)


def _refuse(message: Message, port: Reasons, *, state: str, error: str) -> None:
    with transaction.atomic():
        rows = Message.objects.filter(id=message.id, lease_token=message.lease_token)
        if rows.select_for_update().exists():
            _end(message, port, state=state, error=error)


def _end(message: Message, port: Reasons, *, state: str, error: str) -> None:
    """It will not leave: BOUNCED by the recipient's server, or FAILED. In the caller's transaction."""
    Message.objects.filter(id=message.id).update(state=state, lease_token=None, error=error[:300], updated_at=Now())
    _tell(message, state.lower(), error=error[:300])
    port.refused(message, error, is_address_wrong=state == Message.State.BOUNCED)


@transaction.atomic
def _retry(message: Message, port: Reasons, *, error: str, states: Sequence[str]) -> None:
    """Back to due, later each time; after the last attempt a person must look."""
    if message.attempts >= MOST_ATTEMPTS:
        _refuse(message, port, state=Message.State.FAILED, error=error)
        return
    waits = settings.OUTBOX_RETRY_SECONDS
    wait = timedelta(seconds=waits[min(message.attempts, len(waits)) - 1])
    Message.objects.filter(id=message.id, lease_token=message.lease_token, state__in=states).update(
        state=Message.State.DUE, lease_token=None, not_before=Now() + wait, error=error[:300], updated_at=Now()
    )


def _tell(message: Message, what: str, **data: str) -> None:
    """A line of the customer's timeline."""
    Event.objects.create(
        customer_id=message.customer_id,
        kind=f"message.{what}.{message.channel.lower()}",
        on=message.on,
        object_type="desk.Message",
        object_id=message.id,
        data={"subject": message.subject, "recipient": message.recipient, **data},
    )


@transaction.atomic
def decide_unsure(*, message_id: UUID, has_left: bool, reasons: ReasonsOf, actor: Actor) -> Message:
    """A person says what became of a message that was perhaps sent: it has left, or it is to be sent (again).

    Raises NotUnsure, NotFound.
    """
    message = Message.objects.select_for_update().filter(id=message_id).first()
    if message is None:
        raise NotFound
    if message.state != Message.State.UNSURE:
        raise NotUnsure
    message.state = Message.State.SENT if has_left else Message.State.DUE
    Message.objects.filter(id=message.id).update(
        state=message.state, sent_at=Now() if has_left else None, not_before=Now(), updated_at=Now()
    )
    record(
        actor=actor, action="desk.unsure_decided", row=message, changes={"state": [Message.State.UNSURE, message.state]}
    )
    if has_left:
        _tell(message, "sent")
        reasons(message.reason_type).sent(message)
    else:
        doorbells.ring(queue_of(message.channel))
    return message
