"""Take a guard of the outbox away and the test that names it must fail."""

import inspect

import pytest

from accounts import doorbells
from accounts.models import Doorbell
from collection.services.sending import ActionReasons
from core.tenancy import tenant_scope
from desk.models import Message
from desk.ports import Verdict
from desk.services import outbox
from tests.collection import test_deciding
from tests.collection.story import approve, confirm, due, make_debtor, propose
from tests.desk import test_outbox, test_outbox_races
from tests.make import make_item, make_tenant


def without_lease_check(messages, state):
    return Message.objects.filter(id__in=[message.id for message in messages])


def without_hand_over(message):
    return True


class Careless(outbox._Slice):
    def is_ours(self) -> bool:
        return True


SABOTAGE = [
    ("_mine", without_lease_check, test_outbox.test_a_stalled_worker_that_wakes_up_sends_nothing),
    ("_mine", without_lease_check, test_outbox.test_a_lease_that_ended_during_the_talk_stops_before_the_final_dot),
    ("_hand", without_hand_over, test_outbox.test_a_lease_that_ended_during_the_talk_stops_before_the_final_dot),
    ("_Slice", Careless, test_outbox.test_a_worker_stopped_in_the_middle_sends_nothing_more_of_its_group),
    ("_count_attempt", lambda underway, group: None, test_outbox.test_a_message_that_kills_every_worker_is_given_up_and_the_others_leave),
    ("_next_group", lambda messages: messages, test_outbox.test_messages_that_were_tried_often_go_alone),
    ("_release", lambda batch, **_told: 0, test_outbox.test_a_slice_ends_in_its_time_and_gives_back_what_it_did_not_send),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "sabotage", "named_test"), SABOTAGE, ids=[f"{n}: {t.__name__}" for n, _, t in SABOTAGE]
)
def test_removed_guard_is_noticed(tenant, monkeypatch, name, sabotage, named_test):
    with tenant_scope(tenant):
        named_test()  # holds as it is
        Message.objects.all().delete()
        monkeypatch.setattr(outbox, name, sabotage)
        with pytest.raises(AssertionError):
            named_test()


NAMED = [
    test_deciding.test_an_item_paid_meanwhile_is_not_asked_for,
    test_deciding.test_a_part_payment_lowers_the_amount,
    test_deciding.test_with_nothing_left_no_message_leaves_and_the_steps_are_not_done,
    test_deciding.test_a_letter_whose_formal_item_was_paid_does_not_leave_as_something_else,
]


@pytest.mark.django_db
@pytest.mark.parametrize("named_test", NAMED, ids=lambda test: test.__name__)
def test_without_the_second_look_paid_items_are_asked_for(tenant, monkeypatch, named_test):
    approve(tenant)
    account = make_debtor()
    wants = inspect.signature(named_test).parameters
    given = {"tenant": tenant, "account": account, "reason": "disputed"}
    if "confirmed" in wants:
        make_item(account=account, number="A", due=due(12), amount="100.00")
        given["confirmed"] = confirm(propose(tenant, account, number="B"))
    monkeypatch.setattr(ActionReasons, "recheck", lambda self, messages: [Verdict(send=True) for _message in messages])
    with pytest.raises(AssertionError):
        named_test(**{name: given[name] for name in wants})


@pytest.mark.django_db(transaction=True)
def test_without_the_bells_lock_a_message_would_lie_unnoticed(monkeypatch):
    named_test = test_outbox_races.test_a_message_queued_while_the_bell_goes_to_rest_keeps_it_ringing
    with tenant_scope(make_tenant()):
        named_test()
    monkeypatch.setattr(doorbells, "hold", lambda queue: None)
    with tenant_scope(make_tenant()), pytest.raises((AssertionError, Doorbell.DoesNotExist)):
        named_test()
