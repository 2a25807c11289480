"""Taking a logged call back: all that it made goes, all that it settled comes back, and who built on it is not overrun."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import EVERYTHING, Scope
from collection.models import Action, Interaction
from collection.queries.day import Reader, day_of
from collection.rules.calls import CallOutcome
from collection.services.call_undo import BuiltUpon, TooLateForCall, undo_action, undo_call
from collection.services.calls import Announced, Contested, Promised, WrongContact, log_call, unanswered_calls
from collection.services.day import look_after_promise, move_follow_up
from collection.services.disputes import answer_dispute
from core.audit import Actor
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Event, Message, Task
from desk.services.comments import add_comment
from desk.services.tasks import finish_task
from receivables.models import Dispute, DisputeReason, Hold, InstalmentPlan, Promise
from receivables.services.standing import lift_hold, withdraw_promise
from reporting.queries.timeline import timeline
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, approve, due, make_contact, make_debtor, propose
from tests.make import make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.fixture
def account(tenant):
    return make_debtor()


@pytest.fixture
def item(account):
    return make_item(account=account, amount="100.00", due=due(10))


@pytest.fixture
def caller(tenant):
    return Actor.member(make_member(role="collector"))


@pytest.fixture
def call(tenant, account, caller):
    def log(outcome: CallOutcome, said=None, **fields):
        values = {"scope": EVERYTHING, "actor": caller, "now": timezone.now(), "on": MONDAY, "tenant": tenant}
        return log_call(customer_id=account.customer_id, outcome=outcome, said=said, **values | fields)

    return log


@pytest.fixture
def undo(caller):
    def take_back(logged, **fields):
        values = {"scope": EVERYTHING, "actor": caller, "now": timezone.now(), "on": MONDAY}
        undo_call(interaction_id=logged.interaction.id, **values | fields)

    return take_back


def makes_a_promise(call, item):
    return call(CallOutcome.PROMISED, Promised(due_on=day(7), currency="EUR", item_ids=[item.id]))


def contests(call, item, *, owner=None):
    DisputeReason.objects.create(code="PRICE", label="Price", owner=owner)
    return call(CallOutcome.DISPUTED, Contested(reason="PRICE", item_ids=[item.id]))


# --- all that it made goes --------------------------------------------------------------------------------------------


def test_a_promise_is_withdrawn_and_the_call_leaves_no_line(call, undo, account, item):
    logged = makes_a_promise(call, item)
    undo(logged)
    assert Promise.objects.get().state == "WITHDRAWN"
    assert not Interaction.objects.exists()
    assert unanswered_calls(customer_id=account.customer_id) == 0
    told = [one.kind for one in timeline(customer_id=account.customer_id, scope=EVERYTHING)]
    assert set(told) == {"promise.made", "promise.withdrawn"}
    assert Event.objects.filter(kind="call.logged").exists()  # nothing is taken out of what was written down
    assert AuditRecord.objects.filter(action="collection.call_taken_back").exists()
    makes_a_promise(call, item)
    assert Promise.objects.get().state == "OPEN"


def test_a_plan_goes_with_its_parts(call, undo, item):
    logged = call(CallOutcome.PROMISED, Promised(due_on=day(7), currency="EUR", item_ids=[item.id], parts=3))
    undo(logged)
    assert InstalmentPlan.objects.get().state == "WITHDRAWN"
    assert set(Promise.objects.values_list("state", flat=True)) == {"WITHDRAWN"}


def test_a_dispute_goes_with_its_task_and_its_mail_and_may_be_recorded_again(call, undo, item):
    logged = contests(call, item, owner=make_member(role="dispute_resolver"))
    mail = Message.objects.get()
    assert mail.not_before > timezone.now() + timedelta(seconds=20)
    undo(logged)
    assert (Dispute.objects.count(), Task.objects.count(), Message.objects.count()) == (0, 0, 0)
    again = call(CallOutcome.DISPUTED, Contested(reason="PRICE", item_ids=[item.id]))
    assert (len(again.disputes), Task.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_a_suspension_is_lifted(call, undo, item):
    undo(call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(5), item_ids=[item.id])))
    assert Hold.objects.get().lifted_on == MONDAY
    assert len(call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(5), item_ids=[item.id])).holds) == 1


def test_who_had_left_is_there_again_and_the_task_is_gone(call, undo, account):
    contact = make_contact(account, is_primary=True)
    undo(call(CallOutcome.WRONG_CONTACT, WrongContact(has_left=True), contact_id=contact.id))
    contact.refresh_from_db()
    assert (contact.is_active, contact.is_primary, Task.objects.count()) == (True, True, 0)
    call(CallOutcome.WRONG_CONTACT, WrongContact(has_left=True), contact_id=contact.id)
    assert Task.objects.count() == 1


def test_the_task_of_an_earlier_call_stays(call, undo, account):
    contact = make_contact(account)
    call(CallOutcome.WRONG_CONTACT, WrongContact(), contact_id=contact.id)
    undo(call(CallOutcome.WRONG_CONTACT, WrongContact(), contact_id=contact.id))
    assert Task.objects.count() == 1


def test_the_call_of_the_list_is_asked_for_again(tenant, call, account, caller):
    approve(tenant)
    action = propose(tenant, account)
    Action.objects.filter(id=action.id).update(channel="CALL")
    makes = Promised(due_on=day(7), currency="EUR", amount=Decimal(50))
    call(CallOutcome.PROMISED, makes, action_id=action.id)
    who = {"scope": EVERYTHING, "actor": caller, "now": timezone.now(), "on": MONDAY}
    assert undo_action(action_id=action.id, **who).state == "PROPOSED"
    assert set(action.lines.values_list("state", flat=True)) == {"PLANNED"}
    assert (Interaction.objects.count(), Promise.objects.get().state) == (0, "WITHDRAWN")


def test_what_it_had_settled_stands_on_the_list_again(call, undo, account, caller):
    call(CallOutcome.NO_ANSWER, next_on=day(1))
    Promise.objects.create(
        customer=account.customer, amount=10, currency="EUR", made_on=due(9), due_on=due(2), state="BROKEN",
        decided_on=due(1),
    )  # fmt: skip
    member = make_member(role="collector")
    reader = Reader(member_id=member.id, scope=EVERYTHING, on=day(1), now=timezone.now(), currency="EUR", is_mine=False)
    before = {one.id for one in day_of(reader=reader).work}
    logged = call(CallOutcome.REACHED, on=day(1))
    assert (len(before), day_of(reader=reader).work) == (2, [])
    undo(logged, on=day(1))
    assert {one.id for one in day_of(reader=reader).work} == before


# --- what stands in the way -------------------------------------------------------------------------------------------


def refused(undo, logged) -> str:
    with pytest.raises(BuiltUpon) as refusal:
        undo(logged)
    assert Interaction.objects.filter(id=logged.interaction.id).exists()
    return str(refusal.value)


def test_a_promise_that_a_colleague_withdrew(call, undo, item, caller):
    logged = makes_a_promise(call, item)
    withdraw_promise(promise_id=logged.promise.id, on=MONDAY, actor=Actor.member(make_member(role="collector")))
    assert "promise" in refused(undo, logged)


def test_a_dispute_that_was_answered_or_spoken_of(call, undo, item):
    owner = make_member(role="dispute_resolver")
    logged = contests(call, item, owner=owner)
    about = {"object_type": "receivables.Dispute", "object_id": logged.disputes[0].id, "about": "F1"}
    add_comment(customer_id=item.customer_id, text="Look", on=MONDAY, actor=Actor.member(owner), **about)
    assert "said something" in refused(undo, logged)
    answer_dispute(
        dispute_id=logged.disputes[0].id,
        answer="Wrong",
        proposed_outcome="REJECTED",
        actor=Actor.member(owner),
        on=MONDAY,
    )
    assert "worked on" in refused(undo, logged)


def test_a_mail_that_has_left(call, undo, item):
    owner = make_member(role="dispute_resolver", name="Lea Logistics")
    logged = contests(call, item, owner=owner)
    Message.objects.update(state="SENT", sent_at=timezone.now())
    assert "Lea Logistics" in refused(undo, logged)
    assert Dispute.objects.count() == 1


def test_a_suspension_lifted_a_task_done_a_follow_up_moved_and_a_contact_changed(call, undo, account, item):
    colleague = Actor.member(make_member(role="collector"))
    held = call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(5), item_ids=[item.id]))
    lift_hold(hold_id=held.holds[0].id, on=MONDAY, actor=colleague)
    assert "suspension" in refused(undo, held)
    sought = call(CallOutcome.WRONG_CONTACT, WrongContact())
    finish_task(task_id=Task.objects.get().id, actor=colleague, on=MONDAY)
    assert "task" in refused(undo, sought)
    back = call(CallOutcome.CALL_BACK, next_on=day(3))
    move_follow_up(interaction_id=back.interaction.id, until=day(5), scope=EVERYTHING, actor=colleague, on=MONDAY)
    assert "next" in refused(undo, back)


def test_a_settled_promise_that_somebody_has_looked_after_anew(call, undo, account):
    broken = Promise.objects.create(
        customer=account.customer, amount=10, currency="EUR", made_on=due(9), due_on=due(2), state="BROKEN",
        decided_on=due(1),
    )  # fmt: skip
    logged = call(CallOutcome.REACHED)
    Promise.objects.filter(id=broken.id).update(decided_on=day(1))
    who = Actor.member(make_member(role="collector"))
    look_after_promise(promise_id=broken.id, scope=EVERYTHING, actor=who, on=day(1))
    assert "settled" in refused(undo, logged)


# --- who and when -----------------------------------------------------------------------------------------------------


def test_once_in_30_seconds_by_whoever_logged_it_within_their_scope(call, undo, item):
    logged = makes_a_promise(call, item)
    for wrong in (
        {"actor": Actor.member(make_member(role="collector"))},
        {"now": timezone.now() + timedelta(seconds=40)},
    ):
        with pytest.raises(TooLateForCall):
            undo(logged, **wrong)
    with pytest.raises(NotFound):
        undo(logged, scope=Scope(portfolio_of=item.id))
    undo(logged)
    with pytest.raises(TooLateForCall):
        undo(logged)
    assert AuditRecord.objects.filter(action="receivables.promise_withdrawn").count() == 1


def test_another_organisation_has_no_such_call(db):
    one, other = make_tenant(), make_tenant()
    who = {"now": timezone.now(), "on": MONDAY, "scope": EVERYTHING}
    with tenant_scope(one):
        caller = Actor.member(make_member(role="collector"))
        logged = log_call(
            customer_id=make_debtor().customer_id, outcome=CallOutcome.REACHED, tenant=one, actor=caller, **who
        )
    with tenant_scope(other), pytest.raises(NotFound):
        undo_call(interaction_id=logged.interaction.id, actor=caller, **who)


# --- the drawer -------------------------------------------------------------------------------------------------------


def test_the_toast_takes_it_back(organisation):
    with tenant_scope(organisation):
        account = make_debtor()
        make_item(account=account, amount="100.00", due=due(10))
    client, _member = enter(organisation, role="collector")
    form = {"outcome": "PROMISED", "due_on": "2026-03-09", "currency": "EUR", "parts": "1", "amount": "10"}
    answer = client.post(reverse("call_new", args=[account.customer_id]), form, headers=HTMX)
    assert answer["HX-Redirect"] == "/collections/"
    with tenant_scope(organisation):
        address = reverse("call_undo", args=[Interaction.objects.get().id])
    assert address in client.get("/collections/").content.decode()
    client.post(address, headers=HTMX)
    with tenant_scope(organisation):
        assert (Interaction.objects.count(), Promise.objects.get().state) == (0, "WITHDRAWN")
    assert client.post(address, headers=HTMX).status_code == 409
