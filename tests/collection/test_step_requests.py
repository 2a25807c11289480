"""Steps that ask in writing: the night writes the request, a person decides, the scenario goes on from there."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.access import EVERYTHING
from accounts.models import Tenant
from collection.models import Action, ActionLine, DeliveryStop, LegalCase
from collection.services.case_decisions import hand_over_case, refuse_case, withdraw_case
from collection.services.dossiers import make_wanted_dossiers
from collection.services.legal_cases import BadCase, choose_agency, prepare_case, save_agency
from collection.services.planning import plan_actions
from collection.services.replay import replay
from collection.services.step_requests import write_requests
from collection.services.terminal import (
    AlreadyDecided,
    decide_delivery_stop,
    end_delivery_stop,
    lift_paid_stops,
    request_delivery_stop,
)
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Task
from receivables.models import Hold
from tests.collection.story import MONDAY, due, make_debtor, make_sender
from tests.collection.test_scenarios import step
from tests.collection.test_steps_in_full import only, owes, task
from tests.make import make_allocation, make_member
from tests.pages import enter

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STOP, CASE = {"kind": "STOP_DELIVERIES"}, {"kind": "HAND_OVER"}


def by(member=None, *, on=MONDAY) -> dict:
    return {"scope": EVERYTHING, "actor": Actor.member(member) if member else SYSTEM, "on": on}


@pytest.fixture
def debtor(tenant):
    return make_debtor(entity=make_sender())


@pytest.fixture
def nights(tenant):
    """Runs the plan of a day, as often as the night may run."""

    def run(on=MONDAY, times=2):
        for _again in range(times):
            plan_actions(tenant=tenant, on=on)

    return run


def states() -> set[tuple[str, str]]:
    return set(ActionLine.objects.values_list("item__number", "state"))


# --- Stops of deliveries ----------------------------------------------------------------------------------------------


def test_the_step_writes_the_request_once_and_the_decider_has_it(debtor, nights):
    """Example 10 of docs/rules/terminal.md."""
    manager = make_member()
    make_member(role="collector")
    only(task("Stop", 3, instruction="Ask sales.", **STOP), step("Firm", 5))
    first = owes(debtor, number="A")
    second = owes(debtor, number="B", amount="50.00")
    nights(times=3)
    nights(on=MONDAY + DAY)
    stop = DeliveryStop.objects.get()
    assert (stop.state, stop.requested_by, stop.amounts) == ("REQUESTED", None, {"EUR": "150.00"})
    assert stop.items == sorted([str(first.id), str(second.id)])
    assert stop.reason == "Only: Stop. Ask sales."
    assert stop.action == Action.objects.get()
    assert Action.objects.get().state == "ASSIGNED"
    made = Task.objects.get()
    assert (made.kind, made.assignee, made.object_id) == ("APPROVAL", manager, stop.id)
    assert AuditRecord.objects.filter(action="collection.delivery_stop_requested").count() == 1


@pytest.mark.parametrize(
    ("accept", "line", "action", "stop"), [(True, "DONE", "DONE", "ACCEPTED"), (False, "SKIPPED", "SKIPPED", "REFUSED")]
)
def test_what_was_decided_is_what_the_step_came_to_and_the_scenario_goes_on(debtor, nights, accept, line, action, stop):
    manager = make_member()
    only(task("Stop", 3, **STOP), step("Firm", 5))
    owes(debtor, number="A")
    nights()
    asked = DeliveryStop.objects.get()
    decide_delivery_stop(stop_id=asked.id, accept=accept, answer="A key account", **by(manager, on=MONDAY + DAY))
    assert (states(), DeliveryStop.objects.get().state) == ({("A", line)}, stop)
    done = Action.objects.get()
    assert (done.state, done.decided_by, done.note) == (action, manager, "" if accept else "A key account")
    assert ActionLine.objects.get().on == MONDAY + DAY
    nights(on=MONDAY + 2 * DAY)
    assert set(ActionLine.objects.values_list("step_key", "state")) == {("stop", line), ("firm", "PLANNED")}
    assert DeliveryStop.objects.count() == 1
    with pytest.raises(AlreadyDecided):
        decide_delivery_stop(stop_id=asked.id, accept=True, **by(manager))


def test_what_reaches_the_step_later_joins_the_open_request_and_what_is_paid_leaves_it(debtor, nights):
    only(task("Stop", 3, **STOP))
    paid = owes(debtor, number="A")
    nights()
    later = owes(debtor, number="B", days=2, amount="50.00")
    nights(on=MONDAY + DAY)
    assert DeliveryStop.objects.get().amounts == {"EUR": "150.00"}
    make_allocation(debit=paid, amount="100.00", on=MONDAY)
    nights(on=MONDAY + 2 * DAY)
    stop = DeliveryStop.objects.get()
    assert (stop.items, stop.amounts) == ([str(later.id)], {"EUR": "50.00"})
    assert Task.objects.count() == 1
    make_allocation(debit=later, amount="50.00", on=MONDAY)
    owes(debtor, number="C", days=-2)  # overdue by then, but not at the step
    nights(on=MONDAY + 3 * DAY)
    stop.refresh_from_db()
    assert (stop.state, stop.ended_on) == ("WITHDRAWN", MONDAY + 3 * DAY)
    assert not Task.objects.filter(done_on=None).exists()
    assert set(Action.objects.values_list("state", flat=True)) == {"CANCELLED"}


def test_a_stop_that_is_there_already_is_not_asked_for_again(debtor, nights):
    manager = make_member()
    only(task("Stop", 3, **STOP))
    owes(debtor, number="A")
    asked = request_delivery_stop(customer_id=debtor.customer_id, reason="By hand", **by(make_member(role="collector")))
    nights()
    assert DeliveryStop.objects.get() == asked
    assert states() == {("A", "PLANNED")}
    decide_delivery_stop(stop_id=asked.id, accept=True, **by(manager))
    assert states() == {("A", "DONE")}
    owes(debtor, number="B", days=2)
    nights(on=MONDAY + DAY)
    assert states() == {("A", "DONE"), ("B", "DONE")}
    assert DeliveryStop.objects.count() == 1


def test_a_request_that_is_taken_back_leaves_the_step_out(debtor, nights):
    collector = make_member(role="collector")
    only(task("Stop", 3, **STOP))
    owes(debtor, number="A")
    nights()
    end_delivery_stop(stop_id=DeliveryStop.objects.get().id, reason="They pay on Friday", **by(collector))
    assert (states(), Action.objects.get().note) == ({("A", "SKIPPED")}, "They pay on Friday")
    nights(on=MONDAY + DAY)
    assert DeliveryStop.objects.count() == 1


def test_all_is_paid_and_the_request_ends_the_same_night(debtor, nights):
    only(task("Stop", 3, **STOP))
    item = owes(debtor, number="A")
    nights()
    make_allocation(debit=item, amount="100.00", on=MONDAY)
    assert lift_paid_stops(on=MONDAY + DAY) == 1
    assert (Action.objects.get().state, states()) == ("CANCELLED", set())
    nights(on=MONDAY + DAY)
    assert DeliveryStop.objects.get().state == "LIFTED"


def test_two_scenarios_that_ask_for_the_same_stop_ask_once(debtor, nights):
    make_member()
    only(task("Stop", 3, **STOP), grouping="PER_ITEM")
    owes(debtor, number="A")
    owes(debtor, number="B")
    nights()
    assert Action.objects.count() == 2
    stop = DeliveryStop.objects.get()
    assert (len(stop.items), stop.amounts) == (2, {"EUR": "200.00"})
    decide_delivery_stop(stop_id=stop.id, accept=True, **by(make_member()))
    assert states() == {("A", "DONE"), ("B", "DONE")}


def test_one_customers_request_says_nothing_about_another(debtor, nights):
    only(task("Stop", 3, **STOP))
    other = make_debtor(entity=debtor.entity, name="Other")
    owes(debtor, number="A")
    owes(other, number="B")
    nights()
    assert DeliveryStop.objects.count() == 2
    decide_delivery_stop(stop_id=DeliveryStop.objects.get(customer=other.customer).id, accept=True, **by(make_member()))
    assert states() == {("A", "PLANNED"), ("B", "DONE")}


# --- Cases ------------------------------------------------------------------------------------------------------------


def test_the_step_prepares_a_case_whose_dossier_a_worker_makes_and_a_person_hands_it_over(debtor, nights):
    """Example 11."""
    manager = make_member()
    only(task("Agency", 3, **CASE), step("Firm", 90))
    owes(debtor, number="A")
    owes(debtor, number="B")
    nights(times=3)
    nights(on=MONDAY + DAY)
    case = LegalCase.objects.get()
    assert (case.state, case.number, case.agency, case.requested_by) == ("PREPARED", 1, None, None)
    assert case.case_items.count() == 2
    assert Task.objects.get().assignee == manager
    assert Hold.objects.count() == 0
    assert make_wanted_dossiers() == 1
    assert make_wanted_dossiers() == 0
    with pytest.raises(BadCase):
        hand_over_case(case_id=case.id, **by(manager))
    agency = save_agency(agency_id=None, name="Best", kind="AGENCY", actor=SYSTEM)
    choose_agency(case_id=case.id, agency_id=agency.id, **by(manager))
    assert make_wanted_dossiers() == 1
    hand_over_case(case_id=case.id, **by(manager, on=MONDAY + DAY))
    assert states() == {("A", "DONE"), ("B", "DONE")}
    assert Action.objects.get().state == "DONE"
    nights(on=MONDAY + 2 * DAY)
    assert LegalCase.objects.count() == 1


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_a_case_that_is_not_handed_over_lets_the_scenario_go_on(debtor, nights, how):
    manager = make_member()
    save_agency(agency_id=None, name="The only one", kind="LAWYER", actor=SYSTEM)
    only(task("Agency", 3, **CASE), step("Firm", 5))
    owes(debtor, number="A")
    nights()
    case = LegalCase.objects.get()
    assert case.agency.name == "The only one"
    if how == "refused":
        with pytest.raises(BadCase):
            refuse_case(case_id=case.id, answer=" ", **by(manager))
        refuse_case(case_id=case.id, answer="Too small", **by(manager))
        assert Action.objects.get().note == "Too small"
    else:
        withdraw_case(case_id=case.id, **by(manager))
    case.refresh_from_db()
    assert (case.state, case.wanted_on) == (how.upper(), None)
    assert states() == {("A", "SKIPPED")}
    assert make_wanted_dossiers() == 0
    nights(on=MONDAY + DAY)
    assert ("A", "PLANNED") in states()
    assert LegalCase.objects.count() == 1


def test_items_join_the_open_case_and_a_case_by_hand_is_waited_for(debtor, nights):
    only(task("Agency", 3, **CASE))
    first = owes(debtor, number="A")
    agency = save_agency(agency_id=None, name="One", kind="AGENCY", actor=SYSTEM)
    by_hand = prepare_case(
        customer_id=debtor.customer_id, entity_id=debtor.entity_id, agency_id=agency.id, item_ids=[first.id], **by()
    )
    nights()
    assert LegalCase.objects.count() == 1
    owes(debtor, number="B", days=2)
    nights(on=MONDAY + DAY)
    own = LegalCase.objects.exclude(id=by_hand.id).get()
    owes(debtor, number="C", days=1)
    nights(on=MONDAY + 2 * DAY)
    assert LegalCase.objects.count() == 2
    assert set(own.case_items.values_list("item__number", flat=True)) == {"B", "C"}
    withdraw_case(case_id=by_hand.id, **by())
    assert ("A", "SKIPPED") in states()
    assert ("B", "PLANNED") in states()


def test_a_case_whose_items_are_all_paid_goes_by_itself(debtor, nights):
    make_member()
    only(task("Agency", 3, **CASE))
    item = owes(debtor, number="A")
    nights()
    make_allocation(debit=item, amount="100.00", on=MONDAY)
    nights(on=MONDAY + DAY)
    assert LegalCase.objects.get().state == "WITHDRAWN"
    assert not Task.objects.filter(done_on=None).exists()
    assert Action.objects.get().state == "CANCELLED"


def test_written_again_nothing_is_written(debtor, nights):
    only(task("Agency", 3, **CASE), task("Stop", 4, **STOP))
    owes(debtor, number="A")
    nights()
    before = AuditRecord.objects.count()
    assert write_requests(on=MONDAY) == 0
    assert AuditRecord.objects.count() == before


# --- In words ---------------------------------------------------------------------------------------------------------


def test_the_preview_says_that_it_asks_and_writes_nothing(tenant, debtor):
    only(task("Stop", 3, **STOP))
    owes(debtor, number="A")
    found = replay(tenant=tenant, on=MONDAY)
    assert [(one.step_key, one.request) for one in found.said] == [("stop", "STOP_DELIVERIES")]
    assert not DeliveryStop.objects.exists()


def test_collector_and_decider_see_the_request_on_its_page(organisation):
    collector, _member = enter(organisation, role="collector")
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        scenario = only(task("Stop", 3, **STOP), task("Agency", 4, **CASE))
        debtor = make_debtor(entity=make_sender())
        owes(debtor, number="F-77")
        plan_actions(tenant=organisation, on=MONDAY)
        stop = DeliveryStop.objects.get()
    message = reverse("scenario_message", args=[scenario.id])
    query = {"customer": debtor.customer_id, "entity": debtor.entity_id, "part": "task:stop", "on": due(1).isoformat()}
    shown = manager.get(message, query).content.decode()
    assert "goes to whoever decides about it" in shown or "would not be written" in shown
    assert (
        "asks whoever decides about deliveries" in manager.get(reverse("scenario", args=[scenario.id])).content.decode()
    )
    page = reverse("delivery_stop", args=[stop.id])
    text = collector.get(page).content.decode()
    assert "F-77" in text
    assert "by a scenario" in text
    assert "Decide…" not in text
    assert "Decide…" in manager.get(page).content.decode()
    answer = manager.post(reverse("delivery_stop_decide", args=[stop.id]), {"sent": "1", "decision": "yes"})
    assert answer.status_code == 302
    with tenant_scope(organisation):
        Tenant.objects.filter(id=organisation.id).update(sandbox_on=MONDAY + DAY)
        plan_actions(tenant=organisation, on=MONDAY + DAY)
        case = LegalCase.objects.get()
        agency = save_agency(agency_id=None, name="Best & Co", kind="AGENCY", actor=SYSTEM)
    page = reverse("legal_case", args=[case.id])
    text = manager.get(page).content.decode()
    assert "A scenario has prepared it" in text
    assert "waits for a worker" in text
    assert "Hand over…" not in text
    drawer = reverse("legal_case_agency", args=[case.id])
    assert manager.post(drawer, {"sent": "1", "agency": str(agency.id)}).status_code == 302
    with tenant_scope(organisation):
        assert make_wanted_dossiers() == 1
    answer = manager.get(reverse("dossier_state", args=[case.id]))
    assert answer["HX-Refresh"] == "true"
    assert "Download (ZIP)" in answer.content.decode()
    assert "Hand over…" in manager.get(page).content.decode()
    refused = manager.post(reverse("legal_case_refuse", args=[case.id]), {"sent": "1", "reason": "Not worth it"})
    assert refused.status_code == 302
    assert "Not worth it" in collector.get(page).content.decode()
