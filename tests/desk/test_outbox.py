"""The outbox: claimed once, re-checked, handed over, recorded; what comes back, what is given up, what a person decides."""

import sys
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts import doorbells
from accounts.models import Doorbell
from core.audit import SYSTEM
from core.errors import NotFound
from desk.models import Event, Message
from desk.ports import NoConnection, RefusedForGood, RefusedForNow, Verdict
from desk.services import outbox
from tests.desk.fakes import Notes, Script
from tests.make import TODAY, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scope(tenant):
    """Everything here happens in one organisation."""


def post(*recipients: str, channel: str = "EMAIL", **fields) -> list[Message]:
    """Messages of a made-up reason in the outbox, due now."""
    customer = make_customer()
    rows = [
        Message(
            customer=customer, reason_type="test.Reason", reason_id=uuid4(), on=TODAY, channel=channel, language="en",
            recipient=recipient, subject="Reminder", body_text="Please pay.", **fields,
        )
        for recipient in recipients
    ]  # fmt: skip
    outbox.queue(rows)
    return [Message.objects.get(recipient=recipient) for recipient in recipients]


def drain(transport=None, reasons=None, *, channel: str = "EMAIL", **options) -> int:
    return outbox.drain(channel=channel, transport=transport or Script(), reasons=reasons or Notes(), **options)


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def let_lease_expire(*, ago: timedelta = timedelta(days=1)) -> None:
    Message.objects.exclude(lease_until=None).update(lease_until=timezone.now() - ago)


def test_a_message_is_sent_recorded_and_told():
    (message,) = post("ap@durand.example")
    transport, notes = Script(), Notes()
    assert drain(transport, notes) == 1
    assert state(message) == "SENT"
    assert message.sent_at is not None
    assert notes.heard == [("sent", "ap@durand.example")]
    assert Event.objects.get(object_id=message.id).kind == "message.sent.email"
    assert transport.closed == 1


def test_the_same_reason_recipient_and_channel_is_queued_once():
    (message,) = post("ap@durand.example")
    again = Message(
        customer_id=message.customer_id, reason_type=message.reason_type, reason_id=message.reason_id, on=TODAY,
        channel="EMAIL", language="en", recipient="ap@durand.example", subject="Twice", body_text="",
    )  # fmt: skip
    outbox.queue([again])
    assert Message.objects.count() == 1


def test_a_claimed_message_is_nobody_elses_until_its_lease_ends():
    post("a@x.example", "b@x.example")
    first = outbox.claim(channel="EMAIL", size=1)
    second = outbox.claim(channel="EMAIL")
    assert [m.recipient for m in first + second] == ["a@x.example", "b@x.example"]
    assert outbox.claim(channel="EMAIL") == []
    let_lease_expire()
    assert len(outbox.claim(channel="EMAIL")) == 2


def slice_of(batch: list[Message], transport: Script, *, lease_seconds: float = 60) -> outbox._Slice:
    """The batch on its way, by a worker whose lease ends in so many seconds of its own clock."""
    until = time.monotonic() + 60
    return outbox._Slice(batch[0].channel, batch, transport, Notes(), until, outbox._clock() + lease_seconds)


def test_a_stalled_worker_that_wakes_up_sends_nothing():
    """Its lease is over and another worker has the message: the stalled one's hand-over is refused."""
    (message,) = post("a@x.example")
    stalled = outbox.claim(channel="EMAIL")
    let_lease_expire()
    transport = Script()
    assert drain(transport) == 1
    assert not outbox._hand(stalled[0])
    late = Script()
    outbox._leave(slice_of(stalled, late))
    assert (len(transport.transmitted), late.transmitted) == (1, [])
    assert state(message) == "SENT"


@pytest.mark.parametrize("channel", ["EMAIL", "LETTER"])
def test_a_transport_expects_what_may_leave_in_its_order(channel):
    post("1", "2", "3", channel=channel)
    transport = Script()
    assert drain(transport, Notes({"2": Verdict(send=False, reason="paid")}), channel=channel) == 3
    assert transport.expected == ["1", "3"]
    assert [message.recipient for message in transport.transmitted] == ["1", "3"]


@pytest.mark.parametrize("channel", ["EMAIL", "LETTER"])
def test_a_lease_that_ended_before_the_second_look_stops_there(channel):
    (message,) = post("a@x.example", channel=channel)
    batch = outbox.claim(channel=channel)
    let_lease_expire()
    transport = Script()
    outbox._leave(slice_of(batch, transport))
    assert transport.transmitted == []
    assert state(message) == "CLAIMED"


def test_a_lease_that_ended_during_the_talk_stops_before_the_final_dot():
    """Paper is handed over by the row itself."""
    (message,) = post("1 rue A", channel="LETTER")
    batch = outbox.claim(channel="LETTER")
    (ready,) = outbox._recheck(batch, Notes(), is_handed=False, sources={})
    let_lease_expire()
    transport = Script()
    assert not outbox._send(ready, underway=slice_of(batch, transport), port=Notes(), hand=lambda: outbox._hand(ready))
    assert transport.transmitted == []
    assert state(message) == "CLAIMED"


def test_a_worker_stopped_in_the_middle_sends_nothing_more_of_its_group():
    """E-mail is handed over together: before each dot the worker's own clock says whether its lease still holds."""
    first, second = post("a@x.example", "b@x.example")
    underway = slice_of(outbox.claim(channel="EMAIL"), Script())

    def stop(_message: Message) -> bool:
        underway.leased_until = outbox._clock()
        return True

    underway.transport.does["a@x.example"] = stop
    outbox._leave(underway)
    assert [message.id for message in underway.transport.transmitted] == [first.id]
    assert (state(first), state(second)) == ("SENT", "HANDED")
    let_lease_expire()
    again = Script()
    drain(again)
    assert [message.id for message in again.transmitted] == [second.id]


def test_emails_are_handed_over_before_the_first_of_them_is_transmitted():
    messages = post("a@x.example", "b@x.example", "c@x.example")
    seen: list[str] = []

    def look(_message: Message) -> bool:
        seen.append(",".join(state(message) for message in messages))
        return True

    drain(Script({"a@x.example": look}))
    assert seen == ["HANDED,HANDED,HANDED"]
    assert {state(message) for message in messages} == {"SENT"}


def test_what_was_accepted_is_recorded_also_when_the_worker_is_told_to_end():
    first, second = post("a@x.example", "b@x.example")
    with pytest.raises(SystemExit):
        drain(Script({"b@x.example": lambda _message: sys.exit(1)}))
    assert (state(first), state(second)) == ("SENT", "HANDED")


def test_a_slow_server_is_given_fewer_messages_at_once(monkeypatch):
    """No look at the facts is older than about a second, and no more messages than that are in doubt."""
    post(*(f"p{n}@x.example" for n in range(50)))
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.02)
    looks: list[int] = []
    recheck = Notes.recheck
    monkeypatch.setattr(Notes, "recheck", lambda self, rows: looks.append(len(rows)) or recheck(self, rows))
    drain(Script({f"p{n}@x.example": lambda _message: time.sleep(0.01) or True for n in range(50)}))
    assert looks[0] == outbox.FIRST_LOOK
    assert max(looks[1:]) <= 2


def test_a_dead_workers_claimed_and_handed_emails_are_sent_again():
    claimed, handed = post("claimed@x.example", "handed@x.example")
    outbox.claim(channel="EMAIL")
    Message.objects.filter(id=handed.id).update(state="HANDED")
    let_lease_expire()
    transport = Script()
    drain(transport)
    assert {m.id for m in transport.transmitted} == {claimed.id, handed.id}


def test_a_dead_workers_handed_letter_waits_for_a_person():
    claimed, handed = post("1 rue A", "2 rue B", channel="LETTER")
    outbox.claim(channel="LETTER")
    Message.objects.filter(id=handed.id).update(state="HANDED")
    let_lease_expire()
    transport = Script()
    drain(transport, channel="LETTER")
    assert [m.id for m in transport.transmitted] == [claimed.id]
    assert state(handed) == "UNSURE"


@pytest.mark.parametrize(("has_left", "expected"), [(True, "SENT"), (False, "DUE")])
def test_a_person_decides_what_is_unsure(has_left, expected):
    (letter,) = post("2 rue B", channel="LETTER")
    Message.objects.update(state="UNSURE")
    notes = Notes()
    outbox.decide_unsure(message_id=letter.id, has_left=has_left, reasons=notes, actor=SYSTEM)
    assert state(letter) == expected
    assert notes.heard == ([("sent", "2 rue B")] if has_left else [])
    with pytest.raises(outbox.NotUnsure):
        outbox.decide_unsure(message_id=letter.id, has_left=True, reasons=notes, actor=SYSTEM)
    with pytest.raises(NotFound):
        outbox.decide_unsure(message_id=uuid4(), has_left=True, reasons=notes, actor=SYSTEM)


def test_the_other_side_lost_after_the_dot_leaves_it_handed_until_its_lease_ends():
    (message,) = post("a@x.example")
    assert drain(Script({"a@x.example": "lost"})) == 1
    assert state(message) == "HANDED"
    transport = Script()
    assert drain(transport) == 0
    let_lease_expire()
    drain(transport)
    assert (state(message), len(transport.transmitted)) == ("SENT", 1)


def test_refused_for_now_comes_back_later_each_time_and_a_person_looks_after_the_last(settings):
    settings.OUTBOX_RETRY_SECONDS = (60, 300)
    (message,) = post("a@x.example")
    notes, waits = Notes(), []
    busy = Script({"a@x.example": RefusedForNow("450 mailbox busy")})
    for _attempt in range(outbox.MOST_ATTEMPTS):
        before = timezone.now()
        assert drain(busy, notes) == 1
        message.refresh_from_db()
        waits.append(round((message.not_before - before).total_seconds()))
        assert drain(Script(), notes) == 0 or message.state == "FAILED"
        Message.objects.update(not_before=timezone.now())
    assert waits[:3] == [60, 300, 300]
    assert (state(message), message.error) == ("FAILED", "450 mailbox busy")
    assert notes.heard == [("failed", "a@x.example")]


def test_refused_after_the_hand_over_is_certain_and_comes_back():
    (message,) = post("a@x.example")
    drain(Script({"a@x.example": "refuse after hand", "error": RefusedForNow("452 disk full")}))
    assert state(message) == "DUE"


@pytest.mark.parametrize(("is_address_wrong", "expected"), [(True, "BOUNCED"), (False, "FAILED")])
def test_refused_for_good_bounces_only_when_the_address_is_at_fault(is_address_wrong, expected):
    (message,) = post("a@x.example")
    notes = Notes()
    drain(Script({"a@x.example": RefusedForGood("550 no such user", is_address_wrong=is_address_wrong)}), notes)
    assert (state(message), message.error) == (expected, "550 no such user")
    assert notes.heard == [("bounced" if is_address_wrong else "failed", "a@x.example")]
    assert Event.objects.get(object_id=message.id).kind == f"message.{expected.lower()}.email"


def test_without_connection_the_whole_batch_waits_and_no_attempt_is_counted():
    messages = post("a@x.example", "b@x.example", "c@x.example")
    down = Script({"b@x.example": NoConnection("connection refused")})
    assert drain(down) == 1
    assert [state(message) for message in messages] == ["SENT", "DUE", "DUE"]
    assert messages[2].attempts == 0
    assert messages[2].not_before > timezone.now()


def test_a_mistake_with_one_message_does_not_stop_the_others():
    messages = post("a@x.example", "b@x.example", "c@x.example", "d@x.example")
    notes = Notes({"a@x.example": KeyError("template")})
    drain(Script({"b@x.example": TypeError("ours")}), notes)
    assert [state(message) for message in messages] == ["DUE", "DUE", "SENT", "SENT"]
    assert [message.error for message in messages[:2]] == ["KeyError", "TypeError"]


class Killed(BaseException):
    """The worker ends here, and nothing of it runs on."""


def killed(_message: Message) -> bool:
    raise Killed


def test_a_message_that_kills_every_worker_is_given_up_and_the_others_leave():
    deadly, *others = post("deadly@x.example", *(f"{n}@x.example" for n in range(30)))
    for _attempt in range(outbox.MOST_ATTEMPTS):
        with pytest.raises(Killed):
            drain(Script({"deadly@x.example": killed}))
        let_lease_expire()
    transport = Script()
    drain(transport)
    let_lease_expire()
    drain(transport)
    assert (state(deadly), deadly.error) == ("FAILED", "no attempt came to an end")
    assert {state(message) for message in others} == {"SENT"}


def test_whose_workers_died_repeatedly_waits_longer_each_time(settings):
    settings.OUTBOX_LEASE_SECONDS = 60
    (message,) = post("a@x.example")
    for attempts, rest in ((1, 0), (2, 0), (3, 60), (4, 120), (12, 600)):
        Message.objects.update(state="CLAIMED", attempts=attempts, lease_until=timezone.now())
        let_lease_expire(ago=timedelta(seconds=rest - 5 if rest else -5))
        assert outbox.claim(channel="EMAIL") == []
        let_lease_expire(ago=timedelta(seconds=rest + 5))
        assert outbox.claim(channel="EMAIL") == [message]


def test_dying_before_a_message_is_begun_is_no_attempt():
    (message,) = post("a@x.example")
    for _attempt in range(outbox.MOST_ATTEMPTS * 3):
        assert len(outbox.claim(channel="EMAIL")) == 1
        let_lease_expire()
    drain()
    assert state(message) == "SENT"
    assert message.attempts == 1


def test_a_worker_whose_lease_has_ended_begins_nothing_more(monkeypatch):
    messages = post(*(f"{n}@x.example" for n in range(40)))
    monkeypatch.setattr(outbox._Slice, "is_ours", lambda underway: not underway.counted)
    drain()
    assert {state(message) for message in messages[20:]} == {"DUE"}
    assert {message.attempts for message in messages[20:]} == {0}


def test_messages_that_were_tried_often_go_alone():
    post(*(f"{n}@x.example" for n in range(4)))
    Message.objects.filter(recipient__in=["1@x.example", "2@x.example"]).update(attempts=outbox.ALONE_AFTER)
    batch = outbox.claim(channel="EMAIL")
    groups = []
    while batch:
        groups.append(len(outbox._next_group(batch)))
        batch = batch[groups[-1] :]
    assert groups == [1, 1, 1, 1]


def test_the_database_going_away_is_nobodys_answer():
    (message,) = post("a@x.example")
    with pytest.raises(OperationalError):
        drain(Script({"a@x.example": OperationalError("server closed the connection")}))
    assert state(message) == "HANDED"


def test_facts_are_looked_at_again_and_may_change_or_cancel():
    changed, cancelled = post("changed@x.example", "gone@x.example")
    notes = Notes(
        {
            "changed@x.example": Verdict(send=True, changes={"subject": "Reminder, 40.00"}),
            "gone@x.example": Verdict(send=False, reason="paid"),
        }
    )
    transport = Script()
    assert drain(transport, notes) == 2
    assert [m.subject for m in transport.transmitted] == ["Reminder, 40.00"]
    assert (state(changed), changed.subject) == ("SENT", "Reminder, 40.00")
    assert (state(cancelled), cancelled.error) == ("CANCELLED", "paid")
    assert ("cancelled: paid", "gone@x.example") in notes.heard


def test_a_slice_ends_in_its_time_and_gives_back_what_it_did_not_send():
    messages = post("a@x.example", "b@x.example")
    assert drain(seconds=-1) == 0
    assert [(state(message), message.attempts) for message in messages] == [("DUE", 0), ("DUE", 0)]


def test_not_before_is_kept():
    post("a@x.example", not_before=timezone.now() + timedelta(seconds=30))
    assert drain() == 0


def test_withdrawing_takes_what_is_due_and_nothing_that_is_leaving():
    due, leaving = post("a@x.example", "b@x.example")
    assert outbox.withdraw(reason_type="test.Reason", reason_id=due.reason_id)
    outbox.claim(channel="EMAIL")
    assert not outbox.withdraw(reason_type="test.Reason", reason_id=leaving.reason_id)
    assert not outbox.withdraw(reason_type="test.Reason", reason_id=due.reason_id)
    assert list(Message.objects.all()) == [leaving]


def bell() -> Doorbell | None:
    return Doorbell.objects.filter(queue="outbox.EMAIL").first()


def test_the_bell_rings_when_the_next_message_is_due_and_rests_when_nothing_waits():
    soon = timezone.now() + timedelta(seconds=30)
    (message,) = post("a@x.example", not_before=soon)
    assert bell().due_at == soon
    post("b@x.example")
    assert bell().due_at < soon
    assert outbox.rest(channel="EMAIL")
    drain()
    assert not outbox.rest(channel="EMAIL")
    assert bell().due_at == soon
    batch = Message.objects.filter(id=message.id)
    batch.update(state="CLAIMED", lease_until=soon + timedelta(seconds=60))
    outbox.rest(channel="EMAIL")
    assert bell().due_at == soon + timedelta(seconds=60)
    batch.update(state="SENT", sent_at=soon)
    assert not outbox.rest(channel="EMAIL")
    assert bell() is None


def test_a_lost_bell_rings_again_after_the_night():
    post("a@x.example")
    Doorbell.objects.all().delete()
    assert outbox.wake() == 1
    assert bell() is not None


def test_bells_that_ring_are_put_off_so_that_two_beats_answer_each_once(tenant):
    post("a@x.example")
    wait = {"outbox.EMAIL": timedelta(seconds=30)}
    assert doorbells.due(again_after=wait) == [(tenant.id, "outbox.EMAIL")]
    assert doorbells.due(again_after=wait) == []
    assert doorbells.due(again_after={}) == []


def test_a_suspended_organisations_bell_is_silent(tenant):
    post("a@x.example")
    tenant.status = "SUSPENDED"
    tenant.save()
    assert doorbells.due(again_after={"outbox.EMAIL": timedelta(seconds=30)}) == []
