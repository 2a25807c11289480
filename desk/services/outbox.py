"""The outbox: a message is a row written with its reason; workers claim, re-check, hand over, and record the answer.

DUE -> CLAIMED (lease on the database's clock, token) -> HANDED (before the final dot) -> SENT.
E-mail leaves at least once under the same Message-ID, so it is handed over and recorded as many at a time as leave in a
second; all else at most once, one by one: of an ambiguous text message the carrier is asked, paper becomes UNSURE. No
transaction is open while something is transmitted. Docs: docs/outbox.md.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import doorbells
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from desk.models import MESSAGE_CHANNELS, Channel, Event, Message
from desk.pdf import PdfProcess
from desk.ports import CannotTell, FileSource, NoConnection, Reasons, RefusedForGood, RefusedForNow, Transport, Verdict
from desk.services.files import enclose

SLICE = 200
# A slice ends after this time, well before its task is ended from outside; what it has not sent is due again.
SLICE_SECONDS = 40.0
# Messages are looked at again together, as many as leave in so many seconds: no look is older, and no more are in doubt
# when the worker dies. The first few of a slice show how fast the other side is.
LOOK_SECONDS = 1.0
FIRST_LOOK, LONGEST_LOOK = 20, 100
MOST_ATTEMPTS = 12
# A message that has been tried so often goes alone: should it be what ends the workers, the others are not blamed.
ALONE_AFTER = 3
# What was perhaps transmitted is tried again under its own id: the other side knows it by that.
KNOWN_BY_ID = (Channel.EMAIL, Channel.SMS)
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
    for channel in MESSAGE_CHANNELS:
        rest(channel=channel)
    return Message.objects.filter(state__in=WAITING).count()


@transaction.atomic
def claim(*, channel: str, size: int = SLICE) -> list[Message]:
    """Lease up to `size` messages of a channel that are due, or whose former worker is dead.

    HANDED ones of a dead worker are the only ambiguous ones: what is known by its id is claimed again, paper becomes
    UNSURE. Whoever's workers died repeatedly waits a lease longer each time: where it is not to blame, the trouble passes.
    """
    waiting = Message.objects.filter(state__in=WAITING, channel=channel)
    expired = Q(lease_until__lt=Now())
    rested = Q(attempts__lt=ALONE_AFTER) | Q(lease_until__lt=Now() - _rest())
    free = Q(state=Message.State.DUE, not_before__lte=Now()) | (Q(state=Message.State.CLAIMED) & expired & rested)
    if channel in KNOWN_BY_ID:
        free |= Q(state=Message.State.HANDED) & expired & rested
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
    )
    claimed = Message.objects.filter(id__in=ids, lease_token=token)
    return list(claimed.select_related("customer", "entity").order_by("not_before", "id"))


def _rest() -> ExpressionWrapper:
    """How long a message rests after its workers have died: a lease from the ALONE_AFTERth time on, then one more each."""
    lease = Value(timedelta(seconds=settings.OUTBOX_LEASE_SECONDS))
    return ExpressionWrapper((F("attempts") - Value(ALONE_AFTER - 1)) * lease, output_field=DurationField())


@dataclass
class _Slice:
    """A claimed batch on its way. `leased_until`: on our own clock, from before the claim, so never too late."""

    channel: str
    batch: Sequence[Message]
    transport: Transport
    reasons: ReasonsOf
    until: float
    leased_until: float
    tried: set[UUID] = field(default_factory=set)
    counted: set[UUID] = field(default_factory=set)
    # What goes along with messages, until it is made.
    sources: dict[UUID, list[FileSource]] = field(default_factory=dict)
    renderer: PdfProcess = field(default_factory=PdfProcess)  # starts with the first file

    def is_ours(self) -> bool:
        """Whether nobody else can have claimed the batch yet. A worker that was stopped for a while finds out here."""
        return _clock() < self.leased_until


def _clock() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def drain(
    *, channel: str, transport: Transport, reasons: ReasonsOf, size: int = SLICE, seconds: float = SLICE_SECONDS
) -> int:
    """Send one slice of the tenant in scope. Returns how many messages were decided: sent, refused, put off, cancelled.

    `reasons`: the port of a message's `reason_type`. May run any number of times at once, and be killed anywhere.
    """
    until, leased_until = time.monotonic() + seconds, _clock() + settings.OUTBOX_LEASE_SECONDS
    batch = claim(channel=channel, size=size)
    underway = _Slice(channel, batch, transport, reasons, until, leased_until)
    wait_seconds = 0
    try:
        _leave(underway)
    except NoConnection as error:
        log.warning("outbox: nothing can be sent by %s: %s", channel, error)
        wait_seconds = settings.OUTBOX_RETRY_SECONDS[0]
    finally:
        transport.close()
        underway.renderer.close()
    untried = [message for message in batch if message.id not in underway.tried]
    return len(batch) - _release(untried, counted=underway.counted, wait_seconds=wait_seconds)


def _leave(underway: _Slice) -> None:
    """Look at the messages again, hand them over, transmit and record them: a few at a time, until time is up."""
    start, size = 0, FIRST_LOOK
    while start < len(underway.batch) and time.monotonic() < underway.until and underway.is_ours():
        began = time.monotonic()
        group = _next_group(underway.batch[start : start + size])
        _count_attempt(underway, group)
        _leave_together(underway, group)
        start += len(group)
        pace = (time.monotonic() - began) / len(group)
        size = max(1, min(LONGEST_LOOK, int(LOOK_SECONDS / max(pace, 0.001))))


def _next_group(messages: Sequence[Message]) -> Sequence[Message]:
    """The first of these that may go together: one that has been tried often goes alone."""
    often = [place for place, message in enumerate(messages) if message.attempts >= ALONE_AFTER]
    return messages[: max(often[0], 1)] if often else messages


@transaction.atomic
def _count_attempt(underway: _Slice, group: Sequence[Message]) -> None:
    """Before anything is done with them, so that an attempt that ends the worker counts."""
    _mine(group, Message.State.CLAIMED).update(attempts=F("attempts") + 1)
    for message in group:
        message.attempts += 1
        underway.counted.add(message.id)


def _leave_together(underway: _Slice, group: Sequence[Message]) -> None:
    """Transmit a few messages and record their answers: e-mail together, all else each for itself."""
    is_single = underway.channel != Channel.EMAIL
    ready = _recheck(group, underway.reasons, is_handed=not is_single, sources=underway.sources)
    going = {message.id for message in ready}
    underway.tried |= {message.id for message in group if message.id not in going}
    sent: list[Message] = []
    underway.transport.expect(ready)
    try:
        for message in ready:
            if time.monotonic() > underway.until:
                break
            hand = partial(_hand, message) if is_single else underway.is_ours
            if _send(message, underway=underway, port=underway.reasons(message.reason_type), hand=hand):
                sent.append(message)
            underway.tried.add(message.id)
            if is_single:
                _sent(sent, underway.reasons)
                sent.clear()
    finally:
        # Also when the rest cannot leave: what was accepted is not transmitted again.
        _sent(sent, underway.reasons)


@transaction.atomic
def _release(messages: Sequence[Message], *, counted: Collection[UUID], wait_seconds: int) -> int:
    """What the slice did not get to is due again, and was no attempt. Returns how many."""
    rows = _leased(messages, Message.State.CLAIMED, Message.State.HANDED)
    begun = [message.id for message in messages if message.id in counted]
    rows.filter(id__in=begun).update(attempts=F("attempts") - 1)
    return rows.update(state=Message.State.DUE, lease_token=None, not_before=Now() + timedelta(seconds=wait_seconds))


@transaction.atomic
def _recheck(
    messages: Sequence[Message], reasons: ReasonsOf, *, is_handed: bool, sources: dict[UUID, list[FileSource]]
) -> list[Message]:
    """The messages that may leave, changed where their facts have changed; with `is_handed`, HANDED from here on.

    `sources` learns what goes along with them. Those whose lease is lost are another worker's; those that were tried too often are given up.
    """
    ids = [message.id for message in messages]
    held = set(_mine(messages, Message.State.CLAIMED).select_for_update().values_list("id", flat=True))
    by_reason: dict[str, list[Message]] = {}
    for message in messages:
        if message.id not in held:
            continue
        if message.attempts > MOST_ATTEMPTS:
            # Never an answer: whoever sends it dies of it.
            _end(message, reasons(message.reason_type), state=Message.State.FAILED, error="no attempt came to an end")
            continue
        by_reason.setdefault(message.reason_type, []).append(message)
    ready = []
    for reason_type, same in by_reason.items():
        for message, verdict in _verdicts(same, reasons(reason_type)):
            if _judge(message, verdict, reasons(reason_type)):
                ready.append(message)
                sources[message.id] = list(verdict.files)
    if is_handed and ready:
        _mine(ready, Message.State.CLAIMED).update(state=Message.State.HANDED, updated_at=Now())
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


def _send(message: Message, *, underway: _Slice, port: Reasons, hand: Callable[[], bool]) -> bool:
    """Make what goes along with a message, transmit it and record a refusal. True: it was accepted, which is still to
    be recorded.
    """
    is_beyond = False

    def go_beyond() -> bool:
        nonlocal is_beyond
        is_beyond = hand()
        return is_beyond

    before = (Message.State.CLAIMED, Message.State.HANDED)
    try:
        if message.enclosures:
            enclose(message, underway.sources.pop(message.id, []), renderer=underway.renderer)
        return underway.transport.deliver(message, hand=go_beyond)
    except CannotTell as doubt:
        _doubt(message, error=str(doubt))
    except RefusedForGood as refusal:
        state = Message.State.BOUNCED if refusal.is_address_wrong else Message.State.FAILED
        _refuse(message, port, state=state, error=str(refusal))
    except NoConnection:
        raise
    except RefusedForNow as refusal:
        _retry(message, port, error=str(refusal), states=before)
    except DatabaseError:
        raise
    except Exception as error:
        # Our own mistake with this one message must not stop the others. Once handed over, only its lease decides.
        log.exception("outbox: message %s", message.id)
        if not is_beyond:
            _retry(message, port, error=type(error).__name__, states=before)
    return False


def _leased(messages: Sequence[Message], *states: str) -> QuerySet[Message]:
    """The rows that still bear our token, in one of these states: nobody has claimed them since."""
    tokens = {message.lease_token for message in messages}
    return Message.objects.filter(id__in=[message.id for message in messages], lease_token__in=tokens, state__in=states)


def _mine(messages: Sequence[Message], state: str) -> QuerySet[Message]:
    """The rows whose lease we still hold in `state`: compare-and-set, so a stalled worker that wakes up gets nothing."""
    rows = _leased(messages, state)
    return rows if state == Message.State.HANDED else rows.filter(lease_until__gt=Now())


@transaction.atomic
def _hand(message: Message) -> bool:
    return _mine([message], Message.State.CLAIMED).update(state=Message.State.HANDED, updated_at=Now()) == 1


def _sent(messages: Sequence[Message], reasons: ReasonsOf) -> None:
    """Record that these were accepted. What somebody else has claimed since is that one's to record."""
    if not messages:
        return
    with transaction.atomic():
        held = set(_mine(messages, Message.State.HANDED).select_for_update().values_list("id", flat=True))
        accepted = [message for message in messages if message.id in held]
        Message.objects.filter(id__in=held).update(
            state=Message.State.SENT, sent_at=Now(), lease_token=None, error="", updated_at=Now()
        )
        _tell(accepted, "sent")
        for reason_type in sorted({message.reason_type for message in accepted}):
            reasons(reason_type).sent([message for message in accepted if message.reason_type == reason_type])


@transaction.atomic
def _doubt(message: Message, *, error: str) -> None:
    _leased([message], Message.State.CLAIMED, Message.State.HANDED).update(
        state=Message.State.UNSURE, lease_token=None, error=error[:300], updated_at=Now()
    )


def _refuse(message: Message, port: Reasons, *, state: str, error: str) -> None:
    with transaction.atomic():
        rows = Message.objects.filter(id=message.id, lease_token=message.lease_token)
        if rows.select_for_update().exists():
            _end(message, port, state=state, error=error)


def _end(message: Message, port: Reasons, *, state: str, error: str) -> None:
    """It will not leave: BOUNCED by the recipient's server, or FAILED. In the caller's transaction."""
    Message.objects.filter(id=message.id).update(state=state, lease_token=None, error=error[:300], updated_at=Now())
    _tell([message], state.lower(), error=error[:300])
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


def _tell(messages: Sequence[Message], what: str, **data: str) -> None:
    """A line each of the customers' timelines."""
    Event.objects.bulk_create(
        Event(
            customer_id=message.customer_id,
            kind=f"message.{what}.{message.channel.lower()}",
            on=message.on,
            object_type="desk.Message",
            object_id=message.id,
            data={
                "subject": message.subject,
                "recipient": message.recipient,
                "reason": message.reason_type,
                **data,
            },
        )
        for message in messages
        if message.customer_id
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
        _tell([message], "sent")
        reasons(message.reason_type).sent([message])
    else:
        doorbells.ring(queue_of(message.channel))
    return message
