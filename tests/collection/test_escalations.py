"""Questions to the credit manager: asked, answered with a word or a decision, told to whoever asked."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.access import EVERYTHING, Scope
from collection.models import Action, Escalation, Scenario, ScenarioOverride
from collection.services.deciding import NotProposed
from collection.services.escalations import (
    AnsweredAlready,
    BadDecision,
    BadQuestion,
    answer_question,
    ask_manager,
    managers,
)
from core.audit import Actor
from core.errors import NotFound, Refusal
from core.tenancy import tenant_scope
from desk.models import Event, Message, Task
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, NOW, approve, make_contact, make_debtor, propose
from tests.make import make_member, make_tenant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/collections/"}


@pytest.fixture
def anne(tenant):
    return make_member(role="collector", name="Anne")


@pytest.fixture
def manager(tenant):
    return make_member(role="credit_manager", name="Mia")


@pytest.fixture
def action(tenant):
    approve(tenant)
    account = make_debtor()
    make_contact(account)
    return propose(tenant, account)


def ask(action, anne, manager, **fields):
    values = {"question": "Do we go on?", "manager_id": manager.id, "action_id": action.id, "scope": EVERYTHING}
    return ask_manager(customer_id=action.customer_id, actor=Actor.member(anne), on=MONDAY, **values | fields)


def answer(row, manager, outcome="ANSWERED", **fields):
    values = {
        "answer": "Yes, once more.",
        "scope": EVERYTHING,
        "actor": Actor.member(manager),
        "now": NOW,
        "on": MONDAY,
    }
    return answer_question(escalation_id=row.id, outcome=outcome, **values | fields)


def test_a_question_is_a_task_of_the_manager_and_its_answer_one_of_whoever_asked(action, anne, manager):
    row = ask(action, anne, manager)
    task = Task.objects.get()
    assert (task.kind, task.assignee, task.object_id) == ("ESCALATION", manager, row.id)
    answer(row, manager)
    row.refresh_from_db()
    assert (row.outcome, row.answer, row.answered_by) == ("ANSWERED", "Yes, once more.", manager)
    assert list(Task.objects.filter(done_on=None).values_list("assignee_id", flat=True)) == [anne.id]
    assert list(Event.objects.order_by("at").values_list("kind", flat=True)) == ["question.asked", "question.answered"]
    with pytest.raises(AnsweredAlready):
        answer(row, manager)
    assert Action.objects.get().state == "PROPOSED"


@pytest.mark.parametrize(("outcome", "state", "messages"), [("CONFIRMED", "CONFIRMED", 1), ("SKIPPED", "SKIPPED", 0)])
def test_the_manager_decides_the_action(action, anne, manager, outcome, state, messages):
    answer(ask(action, anne, manager), manager, outcome, answer="")
    decided = Action.objects.get()
    assert (decided.state, decided.decided_by, Message.objects.exclude(reason_type="collection.Decision").count()) == (
        state,
        manager,
        messages,
    )


def test_the_manager_chooses_another_scenario(action, anne, manager):
    other = Scenario.objects.create(name="Gentle")
    answer(ask(action, anne, manager), manager, "SCENARIO", scenario_id=other.id, answer="They are in trouble")
    override = ScenarioOverride.objects.get()
    assert (override.scenario, override.reason, override.placed_by) == (other, "They are in trouble", manager)


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("ANSWERED", {"answer": " "}),
        ("NONSENSE", {}),
        ("SCENARIO", {"scenario_id": uuid4()}),
        ("SCENARIO", {}),
    ],
)
def test_answers_that_say_nothing_are_refused(action, anne, manager, outcome, fields):
    row = ask(action, anne, manager)
    with pytest.raises(BadDecision):
        answer(row, manager, outcome, **fields)
    assert Escalation.objects.get().answered_on is None


def test_an_action_decided_meanwhile_is_not_decided_again(action, anne, manager):
    row = ask(action, anne, manager)
    Action.objects.update(state="SKIPPED")
    with pytest.raises(NotProposed):
        answer(row, manager, "CONFIRMED")
    assert Escalation.objects.get().answered_on is None
    about_none = ask(action, anne, manager, action_id=None)
    with pytest.raises(BadDecision):
        answer(about_none, manager, "CONFIRMED")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"question": " "}, BadQuestion),
        ({"question": "x" * 2001}, BadQuestion),
        ({"manager_id": uuid4()}, BadQuestion),
        ({"action_id": uuid4()}, NotFound),
        ({"scope": Scope(portfolio_of=uuid4())}, NotFound),
    ],
)
def test_questions_that_cannot_be_asked(action, anne, manager, fields, refusal):
    with pytest.raises(refusal):
        ask(action, anne, manager, **fields)
    assert not Task.objects.exists()


def test_a_collector_cannot_be_asked(action, anne, manager):
    assert managers() == [manager]
    with pytest.raises(BadQuestion):
        ask(action, anne, anne)


def test_another_organisation_cannot_answer(db):
    one, other = make_tenant(), make_tenant()
    with tenant_scope(one):
        approve(one)
        row = ask(propose(one, make_debtor()), make_member(role="collector"), make_member(role="credit_manager"))
    with tenant_scope(other), pytest.raises(Refusal):
        answer(row, make_member(role="credit_manager"))


def test_asked_and_answered_in_the_browser(organisation):
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor()
        make_contact(account)
        action = propose(organisation, account)
    manager, mia = enter(organisation, role="credit_manager", name="Mia")
    collector, _anne = enter(organisation, role="collector", name="Anne")
    address = reverse("escalation_new", args=[account.customer_id]) + f"?action={action.id}"
    assert "Mia" in collector.get(address, headers=HTMX).content.decode()
    assert collector.post(address, {"question": "", "manager": str(mia.id)}, headers=HTMX).status_code == 422
    asked = collector.post(address, {"question": "Do we go on?", "manager": str(mia.id)}, headers=HTMX)
    assert asked["HX-Redirect"] == "/collections/"
    with tenant_scope(organisation):
        row, task = Escalation.objects.get(), Task.objects.get()
    assert "Do we go on?" in manager.get(reverse("day_task", args=[task.id]), headers=HTMX).content.decode()
    answer_at = reverse("escalation_answer", args=[row.id])
    assert "Skip the reminder" in manager.get(answer_at, headers=HTMX).content.decode()
    assert manager.post(answer_at, {"outcome": "SKIPPED", "answer": "No"}, headers=HTMX).status_code == 200
    assert collector.get(answer_at, headers=HTMX).status_code == 403
    with tenant_scope(organisation):
        assert Action.objects.get().state == "SKIPPED"
        told = Task.objects.get(done_on=None)
    assert "No" in collector.get(reverse("day_task", args=[told.id]), headers=HTMX).content.decode()
    timeline = collector.get(reverse("customer", args=[account.customer_id])).content.decode()
    assert "Question answered" in timeline
