"""Calls: what each outcome makes, in one transaction; who may; what happens when two collectors call."""

from datetime import date, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.access import EVERYTHING, Scope
from accounts.models import Role
from collection.models import Action, Interaction
from collection.rules.calls import CallOutcome
from collection.services.calls import Announced, BadCall, Contested, Promised, WrongContact, log_call, unanswered_calls
from collection.services.deciding import NotProposed
from collection.services.interactions import BadInteraction
from core.audit import Actor
from core.errors import NotFound, Refusal
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Event, Message, Task
from receivables.models import Contact, Dispute, DisputeReason, Hold, InstalmentPlan, Promise
from receivables.rules.promises import Every
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, NOW, approve, due, make_contact, make_debtor, propose
from tests.make import make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.fixture
def account(tenant):
    return make_debtor()


@pytest.fixture
def caller(tenant):
    return make_member(role="collector")


@pytest.fixture
def call(tenant, account, caller):
    """Log a call to the account's customer."""

    def log(outcome: CallOutcome, said=None, **fields):
        values = {"scope": EVERYTHING, "actor": Actor.member(caller), "now": NOW, "on": MONDAY, "tenant": tenant}
        return log_call(customer_id=account.customer_id, outcome=outcome, said=said, **values | fields)

    return log


@pytest.fixture
def asked(tenant, account):
    """A call that the worklist asks for."""
    approve(tenant)
    action = propose(tenant, account)
    Action.objects.filter(id=action.id).update(channel="CALL")
    action.refresh_from_db()
    return action


def test_a_promise_is_made_with_the_call_for_all_that_is_open_of_the_items(call, account):
    items = [make_item(account=account, amount=amount, due=due(10)) for amount in ("100.00", "50.00")]
    said = Promised(due_on=day(7), currency="EUR", item_ids=[item.id for item in items])
    made = call(CallOutcome.PROMISED, said, text="Pays on Monday")
    assert (made.promise.amount, made.promise.due_on, made.promise.comment) == (150, day(7), "Pays on Monday")
    assert set(made.promise.promise_items.values_list("item_id", flat=True)) == {item.id for item in items}
    assert made.promise.entity_id == account.entity_id
    event = Event.objects.get()
    assert (event.kind, event.data["outcome"]) == ("call.logged", "PROMISED")
    actions = set(AuditRecord.objects.values_list("action", flat=True))
    assert {"collection.call_logged", "receivables.promise_recorded"} <= actions


def test_a_promise_in_parts_makes_a_plan(call, account):
    item = make_item(account=account, amount="100.00", due=due(10))
    said = Promised(due_on=day(7), currency="EUR", item_ids=[item.id], parts=3, every=Every.WEEK)
    plan = call(CallOutcome.PROMISED, said).plan
    parts = plan.promises.order_by("due_on").values_list("due_on", "amount")
    assert [(on, str(amount.quantize(Decimal("0.01")))) for on, amount in parts] == [
        (day(7), "33.33"), (day(14), "33.33"), (day(21), "33.34"),
    ]  # fmt: skip


def test_a_dispute_goes_to_whoever_answers_its_reason_with_a_mail(call, account):
    owner = make_member(role="dispute_resolver")
    DisputeReason.objects.create(code="PRICE", label="Price", owner=owner)
    item = make_item(account=account, amount="100.00", due=due(10))
    said = Contested(reason="PRICE", item_ids=[item.id], disputed_amount=Decimal("40.00"))
    dispute = call(CallOutcome.DISPUTED, said, text="Agreed on 60").disputes[0]
    assert (dispute.owner, dispute.disputed_amount, dispute.comment) == (owner, 40, "Agreed on 60")
    assert Task.objects.get().assignee == owner
    assert Message.objects.get().recipient == owner.user.email


def test_an_announced_payment_waits_on_the_items_or_on_the_customer(call, account):
    item = make_item(account=account, due=due(10))
    call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(5), item_ids=[item.id]))
    call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(6)))
    holds = Hold.objects.order_by("until_on").values_list("reason", "item_id", "until_on")
    assert list(holds) == [("PAYMENT_ANNOUNCED", item.id, day(5)), ("PAYMENT_ANNOUNCED", None, day(6))]


def test_a_wrong_contact_makes_one_task_and_may_be_gone(call, account, caller):
    contact = make_contact(account, is_primary=True)
    for _again in range(2):
        call(CallOutcome.WRONG_CONTACT, WrongContact(has_left=True), contact_id=contact.id)
    contact.refresh_from_db()
    assert (contact.is_active, contact.is_primary) == (False, False)
    task = Task.objects.get()
    assert (task.kind, task.assignee, task.values) == ("CONTACT", caller, {"who": "Claire Martin"})
    with pytest.raises(BadCall):
        call(CallOutcome.WRONG_CONTACT, WrongContact(has_left=True))


def test_a_call_back_needs_a_day_and_may_be_later_today_at_an_hour(call):
    with pytest.raises(BadInteraction):
        call(CallOutcome.CALL_BACK)
    with pytest.raises(BadInteraction):
        call(CallOutcome.CALL_BACK, next_on=MONDAY)
    made = call(CallOutcome.CALL_BACK, next_on=MONDAY, next_time=time(15, 30)).interaction
    assert (made.next_on, made.next_time) == (MONDAY, time(15, 30))


def test_calls_without_answer_are_counted_in_a_row(call, account):
    assert unanswered_calls(customer_id=account.customer_id) == 0
    call(CallOutcome.NO_ANSWER, next_on=day(1))
    call(CallOutcome.NO_ANSWER, next_on=day(2))
    assert unanswered_calls(customer_id=account.customer_id) == 2
    call(CallOutcome.REACHED)
    assert unanswered_calls(customer_id=account.customer_id) == 0


def test_the_call_that_was_asked_for_is_done_once(call, asked, account):
    call(CallOutcome.REACHED, action_id=asked.id)
    asked.refresh_from_db()
    assert asked.state == "DONE"
    assert set(asked.lines.values_list("state", flat=True)) == {"DONE"}
    assert Interaction.objects.get().action == asked
    with pytest.raises(NotProposed):
        call(CallOutcome.REACHED, action_id=asked.id)
    assert Interaction.objects.count() == 1


def test_a_reminder_is_not_done_by_a_call(call, asked):
    Action.objects.filter(id=asked.id).update(channel="EMAIL")
    with pytest.raises(NotProposed):
        call(CallOutcome.REACHED, action_id=asked.id)


def test_a_call_finishes_follow_ups_that_are_due_and_looks_after_promises(call, account):
    call(CallOutcome.NO_ANSWER, next_on=day(1))
    call(CallOutcome.CALL_BACK, next_on=day(9))
    customer = {"customer": account.customer, "amount": 10, "currency": "EUR", "made_on": due(9)}
    broken = Promise.objects.create(**customer, due_on=due(2), state="BROKEN", decided_on=due(1))
    ahead = Promise.objects.create(**customer, due_on=day(5))
    call(CallOutcome.REACHED, on=day(1))
    assert list(Interaction.objects.filter(next_done_on__isnull=True).values_list("next_on", flat=True)) == [
        day(9),
        None,
    ]
    broken.refresh_from_db()
    ahead.refresh_from_db()
    assert (broken.handled_on, ahead.handled_on) == (day(1), None)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (CallOutcome.PROMISED, None),
        (CallOutcome.REACHED, Announced(until_on=MONDAY)),
        (CallOutcome.DISPUTED, Announced(until_on=MONDAY)),
        (CallOutcome.DISPUTED, Contested(reason="PRICE", item_ids=[])),
        (CallOutcome.DISPUTED, Contested(reason="PRICE", item_ids=[uuid4()])),
        (CallOutcome.PROMISED, Promised(due_on=MONDAY, currency="EUR", item_ids=[uuid4()], amount=Decimal(1))),
        (CallOutcome.PROMISED, Promised(due_on=due(1), currency="EUR", amount=Decimal(1))),
        (CallOutcome.PROMISED, Promised(due_on=MONDAY, currency="EUR")),
        (CallOutcome.PROMISED, Promised(due_on=MONDAY, currency="EUR", amount=Decimal("0.01"), parts=2)),
        (CallOutcome.PROMISED, Promised(due_on=MONDAY, currency="EUR", amount=Decimal(100), parts=61)),
        (CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=due(1))),
        (CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=MONDAY + timedelta(days=91))),
    ],
)
def test_nothing_is_kept_of_a_call_that_is_refused(call, outcome, said):
    with pytest.raises(Refusal):
        call(outcome, said)
    for model in (Interaction, Promise, InstalmentPlan, Dispute, Hold, Task, Event):
        assert not model.objects.exists(), model


def test_customers_items_and_contacts_out_of_scope_do_not_exist(call, account):
    theirs = make_item()
    mine = Scope(portfolio_of=uuid4())
    with pytest.raises(NotFound):
        call(CallOutcome.REACHED, scope=mine)
    with pytest.raises(NotFound):
        call(CallOutcome.PAYMENT_ANNOUNCED, Announced(until_on=day(1), item_ids=[theirs.id]))
    with pytest.raises(NotFound):
        call(CallOutcome.REACHED, contact_id=Contact.objects.create(customer=theirs.customer, last_name="X").id)


def test_another_organisation_has_no_such_customer(db):
    one, other = make_tenant(), make_tenant()
    with tenant_scope(one):
        customer_id = make_debtor().customer_id
    with tenant_scope(other), pytest.raises(NotFound):
        log_call(
            customer_id=customer_id, outcome=CallOutcome.REACHED, tenant=other, scope=EVERYTHING,
            actor=Actor.member(make_member(role="collector")), now=NOW, on=MONDAY,
        )  # fmt: skip


# --- the drawer -------------------------------------------------------------------------------------------------------


@pytest.fixture
def debtor(organisation):
    with tenant_scope(organisation):
        account = make_debtor(phone="0142685300")
        make_contact(account, phone="+33142685300")
        make_item(account=account, amount="100.00", due=due(10), number="F100")
        return account


def test_the_drawer_shows_what_belongs_to_the_outcome_with_a_proposal(organisation, debtor):
    client, _member = enter(organisation, role="collector")
    address = reverse("call_new", args=[debtor.customer_id])
    assert "+33 1 42 68 53 00" in client.get(address, headers=HTMX).content.decode()
    details = {"part": "details", "outcome": "PROMISED"}
    shown = client.get(address, details, headers=HTMX).content.decode()
    for words in ('name="due_on"', 'value="2026-03-09"', 'name="parts"', "F100", "stands on top of your list"):
        assert words in shown
    shown = client.get(address, details | {"outcome": "NO_ANSWER"}, headers=HTMX).content.decode()
    assert 'value="2026-03-03"' in shown
    assert "Call again" in shown
    assert 'name="due_on"' not in shown
    assert client.get(address, details | {"outcome": "NONSENSE"}, headers=HTMX).content.decode().strip() == ""


def test_a_promise_by_the_drawer(organisation, debtor):
    client, _member = enter(organisation, role="collector")
    address = reverse("call_new", args=[debtor.customer_id])
    with tenant_scope(organisation):
        item = debtor.customer.items.get()
    form = {"outcome": "PROMISED", "due_on": "2026-03-09", "currency": "EUR", "parts": "1", "items": [str(item.id)]}
    for bad in (
        {"due_on": "2026-03-01"},
        {"amount": "-1"},
        {"parts": "0"},
        {"items": [str(uuid4())]},
        {"currency": "XXX"},
    ):
        answer = client.post(address, form | bad, headers=HTMX)
        assert answer.status_code == 422, bad
        assert "field-error" in answer.content.decode(), bad
    assert client.post(address, form, headers=HTMX)["HX-Redirect"] == "/collections/"
    with tenant_scope(organisation):
        assert Promise.objects.get().amount == 100
    assert client.post(address, form, headers=HTMX).status_code == 422


def test_outcomes_are_offered_to_those_who_may_do_what_they_do(organisation, debtor):
    client, _member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        role = Role.objects.get(code="collector")
        role.capabilities = sorted(set(role.capabilities) - {"receivables.record_promise", "receivables.place_hold"})
        role.save()
    address = reverse("call_new", args=[debtor.customer_id])
    shown = client.get(address, headers=HTMX).content.decode()
    assert 'value="DISPUTED"' in shown
    assert 'value="PROMISED"' not in shown
    assert 'value="PAYMENT_ANNOUNCED"' not in shown
    form = {"outcome": "PROMISED", "due_on": "2026-03-09", "currency": "EUR", "parts": "1", "amount": "10"}
    assert client.post(address, form, headers=HTMX).status_code == 422
    with tenant_scope(organisation):
        assert not Promise.objects.exists()
