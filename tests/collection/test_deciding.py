"""What a person decides, what can be taken back for 30 seconds, and the second look at the moment of sending."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.access import EVERYTHING, Scope
from collection.models import Action, ActionLine, Step
from collection.services.deciding import (
    BadPostponement,
    NothingToUndo,
    NotProposed,
    postpone_action,
    skip_action,
    undo_decision,
)
from collection.services.planning import plan_actions
from collection.services.sending import NothingLeft, confirm_action, confirm_actions, confirm_automatic
from core.audit import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditRecord
from desk.models import Message
from desk.ports import RefusedForGood
from desk.services import outbox
from receivables.models import Contact, CustomerAccount, Dispute, Hold
from tests.collection.story import (
    MONDAY,
    NOW,
    approve,
    approve_notice,
    confirm,
    due,
    make_contact,
    make_debtor,
    make_sender,
    propose,
    send,
)
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_member

WHO = {"scope": EVERYTHING, "actor": SYSTEM, "now": NOW}
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def live(tenant):
    return approve(tenant)


@pytest.fixture
def account(tenant):
    return make_debtor()


def fresh(action: Action) -> Action:
    action.refresh_from_db()
    return action


def states(action: Action) -> set[str]:
    return set(ActionLine.objects.filter(action=action).values_list("state", flat=True))


def test_a_confirmed_reminder_waits_30_seconds_and_then_leaves(tenant, account):
    action = propose(tenant, account)
    confirm_action(action_id=action.id, on=MONDAY, **WHO)
    message = Message.objects.get()
    assert message.not_before == NOW + timedelta(seconds=30)
    assert fresh(action).state == "CONFIRMED"
    Message.objects.update(not_before=NOW)
    transport = Script()
    assert send(transport) == 1
    assert (fresh(action).state, states(action)) == ("SENT", {"DONE"})
    assert send(transport) == 0


def test_decisions_are_audited_with_who_and_what(tenant, account, collector):
    action = propose(tenant, account)
    confirm_action(action_id=action.id, on=MONDAY, scope=EVERYTHING, actor=Actor.member(collector), now=NOW)
    row = AuditRecord.objects.get(action="collection.action_confirmed")
    assert (row.actor_id, row.object_id, row.customer_id, row.changes) == (
        collector.id,
        action.id,
        account.customer_id,
        {"state": ["PROPOSED", "CONFIRMED"]},
    )
    assert fresh(action).decided_by == collector


def test_a_skipped_step_is_done_without_a_message_and_the_next_one_follows(tenant, account):
    action = propose(tenant, account)
    skip_action(action_id=action.id, note="paid by cheque, says Ms Martin", **WHO)
    assert (fresh(action).state, states(action), Message.objects.count()) == ("SKIPPED", {"SKIPPED"}, 0)
    plan_actions(tenant=tenant, on=MONDAY + timedelta(days=7))
    assert Action.objects.get(state="PROPOSED").step.step_key == "reminder_2"


def test_a_postponed_reminder_comes_back_on_its_day_from_the_facts_of_that_day(tenant, account):
    action = propose(tenant, account)
    postpone_action(action_id=action.id, until=MONDAY + timedelta(days=3), note="", on=MONDAY, **WHO)
    make_item(account=account, number="OTHER", due=due(10))
    for day in (1, 2):
        assert plan_actions(tenant=tenant, on=MONDAY + timedelta(days=day)).actions == 0
    assert plan_actions(tenant=tenant, on=MONDAY + timedelta(days=3)).actions == 1
    again = Action.objects.get()
    assert (again.state, again.proposed_since, again.lines.count()) == ("PROPOSED", MONDAY, 2)


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_reminder_is_postponed_to_a_later_day_within_90(tenant, account, days):
    action = propose(tenant, account)
    with pytest.raises(BadPostponement):
        postpone_action(action_id=action.id, until=MONDAY + timedelta(days=days), note="", on=MONDAY, **WHO)


@pytest.mark.parametrize("decision", ["confirm", "skip", "postpone"])
def test_each_decision_can_be_taken_back_for_30_seconds_and_not_longer(tenant, account, decision):
    action = propose(tenant, account)
    lines = list(action.lines.values("item_id", "step_key", "state"))
    decide = {
        "confirm": lambda: confirm_action(action_id=action.id, on=MONDAY, **WHO),
        "skip": lambda: skip_action(action_id=action.id, note="", **WHO),
        "postpone": lambda: postpone_action(action_id=action.id, until=TUESDAY, note="", on=MONDAY, **WHO),
    }[decision]
    decide()
    with pytest.raises(NotProposed):
        skip_action(action_id=action.id, note="", **WHO)
    undo_decision(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW + timedelta(seconds=30))
    assert (fresh(action).state, action.postponed_until, action.decided_at) == ("PROPOSED", None, None)
    assert list(action.lines.values("item_id", "step_key", "state")) == lines
    assert not Message.objects.exists()
    decide()
    with pytest.raises(NothingToUndo):
        undo_decision(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW + timedelta(seconds=31))


def test_what_is_leaving_cannot_be_taken_back(tenant, account):
    action = propose(tenant, account)
    confirm(action)
    outbox.claim(channel="EMAIL")
    with pytest.raises(NothingToUndo):
        undo_decision(action_id=action.id, **WHO)
    assert fresh(action).state == "CONFIRMED"


def test_other_peoples_customers_do_not_exist(tenant, account):
    action, seller = propose(tenant, account), make_member(role="sales")
    narrow = {**WHO, "scope": Scope(portfolio_of=seller.id)}
    with pytest.raises(NotFound):
        skip_action(action_id=action.id, note="", **narrow)
    with pytest.raises(NotFound):
        confirm_action(action_id=action.id, on=MONDAY, **narrow)
    CustomerAccount.objects.update(salesperson=seller)
    skip_action(action_id=action.id, note="", **narrow)


def test_several_are_confirmed_and_one_refusal_stops_no_other(tenant, account):
    silent = make_debtor(entity=account.entity, email="")
    make_item(account=silent, due=due(10))
    action = propose(tenant, account)
    other = Action.objects.get(customer=silent.customer)
    confirmed, refused = confirm_actions(action_ids=[other.id, action.id], on=MONDAY, **WHO)
    assert [one.id for one in confirmed] == [action.id]
    assert list(refused) == [other.id]


def test_automatic_steps_need_nobody_but_an_address(tenant, account):
    Step.objects.filter(step_key="reminder_1").update(mode="AUTOMATIC")
    silent = make_debtor(entity=account.entity, email="")
    make_item(account=silent, due=due(10))
    action = propose(tenant, account)
    assert confirm_automatic(on=MONDAY, now=NOW) == 1
    assert fresh(action).state == "CONFIRMED"
    assert Message.objects.get().not_before == NOW
    assert Action.objects.get(customer=silent.customer).state == "PROPOSED"
    assert confirm_automatic(on=MONDAY, now=NOW) == 0


# --- the second look --------------------------------------------------------------------------------------------------


@pytest.fixture
def confirmed(tenant, account):
    """A confirmed reminder of two items, A and B of 100.00 each."""
    make_item(account=account, number="A", due=due(12), amount="100.00")
    action = propose(tenant, account, number="B")
    return confirm(action)


def item(account, number):
    return account.items.get(number=number)


def numbers(message: Message) -> list[str]:
    message.refresh_from_db()
    return [fact["number"] for fact in message.facts]


def test_an_item_paid_meanwhile_is_not_asked_for(account, confirmed):
    make_allocation(debit=item(account, "A"), amount="100.00", on=MONDAY)
    transport = Script()
    send(transport)
    (left,) = transport.transmitted
    assert numbers(confirmed) == ["B"]
    assert "200,00" not in left.body_text
    assert "100,00" in left.subject
    assert set(ActionLine.objects.values_list("item__number", "state")) >= {("B", "DONE")}
    assert not ActionLine.objects.filter(item__number="A", state__in=["PLANNED", "DONE"]).exists()


def test_a_part_payment_lowers_the_amount(account, confirmed):
    make_allocation(debit=item(account, "A"), amount="60.00", on=MONDAY)
    transport = Script()
    send(transport)
    assert [fact["open_amount"] for fact in transport.transmitted[0].facts] == ["40.0000", "100.0000"]
    assert "140,00" in transport.transmitted[0].subject


@pytest.mark.parametrize("reason", ["paid", "disputed", "held", "promised"])
def test_with_nothing_left_no_message_leaves_and_the_steps_are_not_done(tenant, account, confirmed, reason):
    for number in ("A", "B"):
        one = item(account, number)
        if reason == "paid":
            make_allocation(debit=one, amount="100.00", on=MONDAY)
        elif reason == "disputed":
            Dispute.objects.create(customer=account.customer, item=one, reason="x", currency="EUR", opened_on=MONDAY)
    if reason == "held":
        Hold.objects.create(customer=account.customer, reason="COMMERCIAL", from_on=MONDAY)
    if reason == "promised":
        from receivables.models import Promise

        Promise.objects.create(
            customer=account.customer, amount=200, currency="EUR", made_on=MONDAY, due_on=MONDAY + timedelta(days=5)
        )
    transport = Script()
    send(transport)
    confirmed.refresh_from_db()
    assert (transport.transmitted, confirmed.state) == ([], "CANCELLED")
    assert Action.objects.get().state == "CANCELLED"
    assert not ActionLine.objects.filter(state__in=["PLANNED", "DONE"]).exists()
    Dispute.objects.update(closed_on=TUESDAY)
    if reason == "disputed":
        assert plan_actions(tenant=tenant, on=TUESDAY).lines == 2


def test_unchanged_facts_leave_the_words_untouched(confirmed):
    before = (confirmed.body_text, confirmed.body_html, confirmed.subject)
    send(Script())
    confirmed.refresh_from_db()
    assert (confirmed.body_text, confirmed.body_html, confirmed.subject) == before


def test_a_letter_whose_formal_item_was_paid_does_not_leave_as_something_else(tenant, account):
    old = make_item(account=account, number="OLD", due=due(50), issued=due(80))
    for key in ("reminder_1", "reminder_2", "reminder_3"):
        ActionLine.objects.create(
            item=old, customer_id=old.customer_id, step_key=key, on=due(20), currency="EUR", open_amount=1, state="DONE"
        )
    action = propose(tenant, account, number="NEW")
    approve_notice(action)
    message = confirm(action)
    assert message.channel == "LETTER"
    make_allocation(debit=old, amount="100.00", on=MONDAY)
    transport = Script()
    send(transport, channel="LETTER")
    message.refresh_from_db()
    assert (message.state, transport.transmitted) == ("CANCELLED", [])
    plan_actions(tenant=tenant, on=TUESDAY)
    assert Action.objects.get(state="PROPOSED").channel == "EMAIL"


def test_a_changed_address_is_written_to_at_its_new_one(account, confirmed):
    account.customer.email = "new@durand.example"
    account.customer.save()
    transport = Script()
    send(transport)
    assert [m.recipient for m in transport.transmitted] == ["new@durand.example"]


def test_nothing_left_is_refused_when_confirming(tenant, account):
    action = propose(tenant, account)
    make_allocation(debit=account.items.get(), amount="100.00", on=MONDAY)
    with pytest.raises(NothingLeft):
        confirm_action(action_id=action.id, on=MONDAY, **WHO)


def test_a_bounced_contact_is_marked_and_another_one_is_asked(tenant, account):
    first = make_contact(account)
    make_contact(account, last_name="Boss", role="MANAGEMENT", email="boss@durand.example")
    message = confirm(propose(tenant, account))
    assert message.recipient == first.email
    send(Script({first.email: RefusedForGood("550 unknown", is_address_wrong=True)}))
    assert Contact.objects.get(id=first.id).email_bounced_at is not None
    assert Action.objects.get().state == "CANCELLED"
    plan_actions(tenant=tenant, on=TUESDAY)
    action = Action.objects.get(state="PROPOSED")
    confirm_action(action_id=action.id, on=TUESDAY, **WHO)
    assert Message.objects.get(reason_id=action.id).recipient == "boss@durand.example"


def test_a_refusal_that_is_not_the_addresss_fault_marks_nobody(tenant, account):
    contact = make_contact(account)
    confirm(propose(tenant, account))
    send(Script({contact.email: RefusedForGood("554 spam", is_address_wrong=False)}))
    assert Contact.objects.get(id=contact.id).email_bounced_at is None


def test_a_customers_bounced_address_is_not_tried_for_ever(tenant, account):
    confirm(propose(tenant, account))
    send(Script({"ap@durand.example": RefusedForGood("550 unknown", is_address_wrong=True)}))
    plan_actions(tenant=tenant, on=TUESDAY)
    action = Action.objects.get(state="PROPOSED")
    _none, refused = confirm_actions(action_ids=[action.id], on=TUESDAY, **WHO)
    assert "refused a message" in str(refused[action.id])


def test_entities_keep_their_own_reminders(tenant, account):
    british = make_debtor(entity=make_sender(code="UK", name="Nordis Ltd", country="GB"), email="uk@x.example")
    make_item(account=british, due=due(10), amount="7.00")
    action = propose(tenant, account)
    confirm(action)
    assert Action.objects.get(entity=british.entity).state == "PROPOSED"
    assert Action.objects.get(entity=british.entity).amounts == {"EUR": str(Decimal("7.0000"))}


def test_a_decision_is_dated_by_the_clock_of_the_database(tenant, account):
    """Lists of what changed go by it, and end before the oldest transaction: an app's clock may be behind that."""
    action = propose(tenant, account)
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        [began] = cursor.fetchone()
    behind = WHO | {"now": began - timedelta(days=365)}
    for decide, more in ((skip_action, {"note": ""}), (undo_decision, {})):
        Action.objects.update(updated_at=began - timedelta(days=400))
        decide(action_id=action.id, **behind, **more)
        assert fresh(action).updated_at >= began
