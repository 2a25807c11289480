"""What a step can be beside a message: a task, a call, the end of reminding; credits, pins and claims."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.access import EVERYTHING, Scope
from collection.models import Action, ActionLine, Claim, ItemPin, Scenario, Step
from collection.rules.steps import LeftOut, OldItems
from collection.services.by_hand import NotACall, call_made, end_steps, settle_tasks, task_done
from collection.services.deciding import NotProposed, undo_decision
from collection.services.dry_run import dry_run
from collection.services.pinning import BadPin, pin_items, unpin_items
from collection.services.planning import plan_actions
from collection.services.replay import replay
from collection.services.scenarios import archive_scenario
from collection.services.sending import CallToLog, confirm_action, confirm_actions
from collection.services.step_claims import catch_up_claims, claim_for_steps
from collection.services.versions import BadVersion, open_draft, publish_draft, save_draft
from core.audit import SYSTEM
from core.errors import NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from desk.models import Message, Task
from desk.services.tasks import finish_task
from tests.collection.story import MONDAY, NOW, approve_notice, confirm, due, make_debtor, make_sender, send
from tests.collection.test_scenarios import make_scenario, step
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_member, make_tenant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def only(*steps, **limits) -> Scenario:
    """The only scenario: it applies to everything and is live."""
    limits = {"working_days_only": False, "minimum_delay_days": 0, **limits}
    scenario = make_scenario("Only", *steps, **limits)
    Scenario.objects.filter(is_default=True).update(is_default=False)
    Scenario.objects.filter(id=scenario.id).update(is_default=True)
    return scenario


def task(name="Ask sales", days=3, **values):
    return step(name, days, mode="TASK", channel="", template_code="", **values)


def call(name="Call", days=3, **values):
    return step(name, days, channel="CALL", template_code="", **values)


@pytest.fixture
def debtor(tenant):
    return make_debtor(entity=make_sender())


def owes(account, *, days=10, amount="100.00", **values):
    return make_item(account=account, due=due(days), issued=due(days + 30), amount=amount, **values)


def lines() -> set[tuple[str, str, str]]:
    rows = ActionLine.objects.select_related("item")
    return {(row.item.number, row.step_key, row.state) for row in rows}


# --- Tasks ------------------------------------------------------------------------------------------------------------


def test_a_task_is_given_once_for_the_items_of_a_step_and_counts_as_done_when_it_is(tenant, debtor):
    only(task(instruction="Ask whether the goods came."), step("Firm", 5))
    owes(debtor, number="A")
    owes(debtor, number="B", days=4, amount="50.00")
    for _again in range(2):
        plan_actions(tenant=tenant, on=MONDAY)
        action, made = Action.objects.get(), Task.objects.get()
    assert (action.state, action.channel, action.part) == ("ASSIGNED", "", "task:ask_sales")
    assert (made.kind, made.object_id, made.assignee_id, made.due_on) == ("STEP", action.id, None, MONDAY)
    assert made.values["count"] == 2
    assert made.values["instruction"] == "Ask whether the goods came."
    assert made.values["amounts"]["values"] == {"amount": "150.00", "currency": "EUR"}
    assert plan_actions(tenant=tenant, on=MONDAY + DAY).tasks == 0  # it waits, and so does what comes after it
    assert Task.objects.count() == 1
    finish_task(task_id=made.id, actor=SYSTEM, on=MONDAY + DAY)
    task_done(task=Task.objects.get(), actor=SYSTEM, on=MONDAY + DAY)
    assert lines() == {("A", "ask_sales", "DONE"), ("B", "ask_sales", "DONE")}
    assert set(ActionLine.objects.values_list("on", flat=True)) == {MONDAY + DAY}
    assert AuditRecord.objects.filter(action="collection.action_done").count() == 1
    plan_actions(tenant=tenant, on=MONDAY + 2 * DAY)
    assert lines() >= {("A", "firm", "PLANNED"), ("B", "firm", "PLANNED")}


def test_a_task_finished_elsewhere_counts_from_the_next_night_on_its_own_day(tenant, debtor):
    only(task(), step("Firm", 1, anchor="PREVIOUS_STEP"))
    owes(debtor, number="A")
    plan_actions(tenant=tenant, on=MONDAY)
    Task.objects.update(done_on=MONDAY)
    assert settle_tasks(on=MONDAY + DAY) == 1
    assert settle_tasks(on=MONDAY + DAY) == 0
    assert ActionLine.objects.get().on == MONDAY
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert ("A", "firm", "PLANNED") in lines()


def test_a_task_is_over_when_its_items_are_paid_and_the_message_to_others_goes_on(tenant, debtor):
    only(step("Firm", 2), task("Ask", 5))
    old = owes(debtor, number="A")
    ActionLine.objects.create(
        item=old,
        customer_id=debtor.customer_id,
        step_key="firm",
        on=due(5),
        currency="EUR",
        open_amount=1,
        state="DONE",
    )
    owes(debtor, number="B", days=3)
    planned = plan_actions(tenant=tenant, on=MONDAY)
    assert (planned.actions, planned.tasks) == (1, 1)  # a task stops no message
    make_allocation(debit=old, amount="100.00", on=MONDAY)
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert Action.objects.get(part="task:ask").state == "CANCELLED"
    assert Task.objects.get().done_on == MONDAY + DAY
    assert ("A", "ask", "PLANNED") not in lines()


def test_two_items_have_two_tasks_where_each_item_has_a_message(tenant, debtor):
    only(task(), grouping="PER_ITEM")
    items = [owes(debtor, number=number) for number in "AB"]
    plan_actions(tenant=tenant, on=MONDAY)
    assert set(Action.objects.values_list("part", flat=True)) == {f"task:{item.id}" for item in items}
    assert Task.objects.count() == 2


def test_the_tasks_of_one_organisation_are_not_the_others(db):
    for name in ("one", "two"):
        tenant = make_tenant(slug=f"steps-{name}", sandbox_on=MONDAY)
        with tenant_scope(tenant), transaction.atomic():
            only(task())
            owes(make_debtor(entity=make_sender()), number=name)
            plan_actions(tenant=tenant, on=MONDAY)
            assert Task.objects.count() == 1
            assert ItemPin.objects.count() == 0
            item_id = ActionLine.objects.get().item_id
            pin_items(
                item_ids=[item_id], version=Scenario.objects.get(name="Only").versions.get(), reason="x",
                scope=EVERYTHING, on=MONDAY, by=None, actor=SYSTEM,
            )  # fmt: skip
            assert ItemPin.objects.count() == 1


# --- Calls ------------------------------------------------------------------------------------------------------------


def test_a_call_is_logged_not_sent_and_counts_as_contact(tenant, debtor):
    only(call(), step("Firm", 4), minimum_delay_days=5)
    owes(debtor, number="A")
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get()
    assert (action.channel, action.state) == ("CALL", "PROPOSED")
    with pytest.raises(CallToLog):
        confirm_action(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    _confirmed, refused = confirm_actions(action_ids=[action.id], scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    assert refused[action.id].code == "call_to_log"
    call_made(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    assert lines() == {("A", "call", "DONE")}
    assert Action.objects.get().state == "DONE"
    with pytest.raises(NotProposed):
        call_made(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    assert plan_actions(tenant=tenant, on=MONDAY + 4 * DAY).actions == 0  # within the minimum delay
    assert plan_actions(tenant=tenant, on=MONDAY + 5 * DAY).actions == 1
    assert not Message.objects.exists()


def test_a_logged_call_is_taken_back_within_thirty_seconds(tenant, debtor):
    only(call())
    owes(debtor, number="A")
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get()
    call_made(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    undo_decision(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW + timedelta(seconds=5))
    assert (Action.objects.get().state, lines()) == ("PROPOSED", {("A", "call", "PLANNED")})


def test_what_is_no_call_is_not_logged_as_one_and_strangers_see_nothing(tenant, debtor):
    only(step("Firm", 3))
    owes(debtor)
    plan_actions(tenant=tenant, on=MONDAY)
    with pytest.raises(NotACall):
        call_made(action_id=Action.objects.get().id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY)
    stranger = Scope(entity_ids=frozenset(), portfolio_of=make_member(role="sales").id)
    with pytest.raises(NotFound):
        call_made(action_id=Action.objects.get().id, scope=stranger, actor=SYSTEM, now=NOW, on=MONDAY)


# --- The end of reminding ---------------------------------------------------------------------------------------------


def test_a_formal_notice_speaks_of_its_items_alone_and_the_others_wait(tenant, debtor):
    only(step("Polite", 3), step("Notice", 30, channel="LETTER", kind="FORMAL_NOTICE"))
    old = owes(debtor, number="OLD", days=40)
    ActionLine.objects.create(
        item=old,
        customer_id=debtor.customer_id,
        step_key="polite",
        on=due(9),
        currency="EUR",
        open_amount=1,
        state="DONE",
    )
    owes(debtor, number="NEW")
    plan_actions(tenant=tenant, on=MONDAY)
    assert lines() == {("OLD", "polite", "DONE"), ("OLD", "notice", "PLANNED")}
    approve_notice(Action.objects.get())
    confirm(Action.objects.get())
    send(Script(), channel="LETTER")
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert ("NEW", "polite", "PLANNED") in lines()


def test_nothing_that_ends_reminding_is_automatic_whatever_the_code_does(tenant, debtor):
    scenario = only(step("Polite", 3), step("Notice", 30, kind="FORMAL_NOTICE"), call("Call", 40))
    for key in ("notice", "call"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Step.objects.filter(version__scenario=scenario, step_key=key).update(mode="AUTOMATIC")
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.filter(step_key="polite").update(mode="TASK")


# --- Credits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credits", "credit", "minimum", "asked", "netted"),
    [
        ("HIDE", "-40.00", 0, "100.0000", {}),
        ("SHOW", "-40.00", 0, "100.0000", {}),
        ("NET", "-40.00", 0, "60.0000", {"EUR": "40.0000"}),
        ("NET", "-40.00", 60, "60.0000", {"EUR": "40.0000"}),
        ("NET", "-40.01", 60, None, LeftOut.BELOW_TOTAL_MINIMUM),
        ("NET", "-100.00", 0, None, LeftOut.COVERED_BY_CREDITS),
        ("SHOW", "-100.00", 0, None, LeftOut.COVERED_BY_CREDITS),
        ("SHOW", "-40.01", 60, "100.0000", {}),
    ],
)
def test_credits_are_deducted_where_the_scenario_says_so(tenant, debtor, credits, credit, minimum, asked, netted):
    scenario = only(step("Firm", 3), credits=credits, minimum_total_amount=minimum)
    owes(debtor, number="A")
    make_item(account=debtor, amount=credit, due=due(1), number="CN")
    plan_actions(tenant=tenant, on=MONDAY)
    if asked is None:
        assert not Action.objects.exists()
        run = dry_run(version=scenario.versions.get(), on=MONDAY, old_items=OldItems.FIRST_STEP)
        assert dict(run.left_out) == {netted: 1}
        return
    action = Action.objects.get()
    assert (action.amounts, action.netted) == ({"EUR": asked}, netted)


def test_credits_of_another_currency_entity_or_customer_are_not_deducted(tenant, debtor):
    only(step("Firm", 3), credits="NET")
    owes(debtor, number="A")
    make_item(account=debtor, amount="-40.00", due=due(1), currency="USD")
    make_item(account=make_debtor(name="Other", entity=debtor.entity), amount="-40.00", due=due(1))
    plan_actions(tenant=tenant, on=MONDAY)
    assert Action.objects.get().amounts == {"EUR": "100.0000"}


def test_of_several_messages_the_highest_step_deducts_first_and_each_credit_once(tenant, debtor):
    only(step("One", 3), step("Two", 9), credits="NET", grouping="BY_LEVEL")
    old = owes(debtor, number="OLD", days=12, amount="100.00")
    ActionLine.objects.create(
        item=old, customer_id=debtor.customer_id, step_key="one", on=due(9), currency="EUR", open_amount=1, state="DONE"
    )
    owes(debtor, number="NEW", amount="100.00")
    make_item(account=debtor, amount="-130.00", due=due(1))
    plan_actions(tenant=tenant, on=MONDAY)
    # 130.00 cover the second level wholly; 30.00 are left for the first.
    action = Action.objects.get()
    assert (action.part, action.amounts, action.netted) == ("one", {"EUR": "70.0000"}, {"EUR": "30.0000"})


def test_what_is_paid_or_credited_meanwhile_is_deducted_when_it_leaves(tenant, debtor):
    only(step("Firm", 3), credits="NET")
    owes(debtor, number="A")
    plan_actions(tenant=tenant, on=MONDAY)
    make_item(account=debtor, amount="-100.00", due=due(1), posting_date=MONDAY)
    with pytest.raises(Exception, match="Nothing is left"):
        confirm(Action.objects.get())


# --- Pins -------------------------------------------------------------------------------------------------------------


def change(scenario, *steps):
    draft = open_draft(scenario=scenario, actor=SYSTEM)
    save_draft(version=draft, limits={}, steps=steps, actor=SYSTEM)
    return publish_draft(version=draft, from_on=MONDAY + DAY, on=MONDAY, actor=SYSTEM)


def pin(item, version, **values):
    given = {"reason": "As agreed", "scope": EVERYTHING, "on": MONDAY, "by": None, "actor": SYSTEM} | values
    return pin_items(item_ids=[item.id], version=version, **given)


def test_a_pinned_item_keeps_its_version_when_the_scenario_changes_and_when_another_applies(tenant, debtor):
    scenario = only(step("Soft", 3))
    first = scenario.versions.get()
    kept, other = owes(debtor, number="KEPT"), owes(debtor, number="OTHER")
    assert len(pin(kept, first)) == 1
    assert pin(kept, first) == []  # it has it already
    change(scenario, step("Hard", 3, step_key="hard"))
    on = MONDAY + DAY
    plan_actions(tenant=tenant, on=on)
    assert lines() == {("KEPT", "soft", "PLANNED"), ("OTHER", "hard", "PLANNED")}
    assert {row.version.number for row in Action.objects.select_related("version")} == {1, 2}
    assert plan_actions(tenant=tenant, on=on).actions == 0
    assert {(one.step_key, tuple(i[0] for i in one.items)) for one in replay(tenant=tenant, on=on, since=on).said} == {
        ("soft", ("KEPT",)), ("hard", ("OTHER",)),
    }  # fmt: skip
    elsewhere = make_scenario("Elsewhere", step("Else", 2), minimum_delay_days=0)
    pin(other, elsewhere.versions.get(), on=on)
    plan_actions(tenant=tenant, on=on + DAY)
    assert lines() == {("KEPT", "soft", "PLANNED"), ("OTHER", "else", "PLANNED")}
    unpin_items(item_ids=[kept.id, other.id], scope=EVERYTHING, on=on + DAY, by=None, actor=SYSTEM)
    plan_actions(tenant=tenant, on=on + 2 * DAY)
    assert lines() == {("KEPT", "hard", "PLANNED"), ("OTHER", "hard", "PLANNED")}


def test_an_item_pinned_to_the_version_in_force_shares_the_message_of_the_others(tenant, debtor):
    scenario = only(step("Soft", 3))
    pin(owes(debtor, number="A"), scenario.versions.get())
    owes(debtor, number="B")
    plan_actions(tenant=tenant, on=MONDAY)
    assert Action.objects.get().lines.count() == 2


def test_a_pin_to_what_is_not_live_or_archived_is_passed_over(tenant, debtor):
    only(step("Soft", 3))
    draft = make_scenario("Not live", step("Else", 2), live=False)
    pin(owes(debtor, number="A"), draft.versions.get())
    plan_actions(tenant=tenant, on=MONDAY)
    assert lines() == {("A", "soft", "PLANNED")}
    archived = make_scenario("Gone", step("Else", 2))
    pin(owes(debtor, number="B"), archived.versions.get())
    archive_scenario(scenario=archived, on=MONDAY, actor=SYSTEM)
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert lines() == {("A", "soft", "PLANNED"), ("B", "soft", "PLANNED")}


def test_pins_are_refused_without_reason_for_drafts_and_for_strangers(tenant, debtor):
    scenario = only(step("Soft", 3))
    item, version = owes(debtor), scenario.versions.get()
    draft = open_draft(scenario=scenario, actor=SYSTEM)
    stranger = Scope(entity_ids=frozenset(), portfolio_of=make_member(role="sales").id)
    for refusal, given in (
        (BadPin, {"reason": " "}), (BadPin, {"version": draft}), (NotFound, {"scope": stranger}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            pin(item, **{"version": version, **given})
    assert not ItemPin.objects.exists()
    pin(item, version)
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemPin.objects.create(item=item, customer_id=item.customer_id, version=version, reason="x", from_on=MONDAY)


# --- Claims -----------------------------------------------------------------------------------------------------------


def claims() -> set[tuple[str, str, str]]:
    return {(one.item.number, one.kind, str(one.amount)) for one in Claim.objects.filter(state="CLAIMED")}


def test_a_sent_step_claims_interest_and_charges_once(tenant, debtor):
    only(step("Firm", 3, claims=True))
    owes(debtor, number="A", days=30, amount="1000.00")
    plan_actions(tenant=tenant, on=MONDAY)
    confirm(Action.objects.get())
    assert claims() == set()
    send(Script())
    first = claims()
    assert {(number, kind) for number, kind, _amount in first} == {("A", "INTEREST"), ("A", "FIXED")}
    assert ("A", "FIXED", "40.0000") in first
    action = Action.objects.get()
    assert claim_for_steps(action_ids=[action.id], on=MONDAY) == 0
    assert catch_up_claims(on=MONDAY + 3 * DAY) == 0
    assert claims() == first


def test_claims_that_could_not_be_opened_are_caught_up_up_to_their_day(tenant, debtor):
    only(call(claims=True))
    owes(debtor, number="A", days=30, amount="1000.00")
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get()
    Action.objects.update(state="DONE")
    ActionLine.objects.update(state="DONE")
    assert catch_up_claims(on=MONDAY + 8 * DAY) == 0  # too long ago
    assert catch_up_claims(on=MONDAY + 2 * DAY) == 2
    assert Claim.objects.get(kind="INTEREST").until_on == action.on


def test_a_finished_task_and_a_logged_call_claim_too(tenant, debtor):
    only(task("Ask", 3, claims=True), call("Call", 3, anchor="END_OF_MONTH", claims=True))
    owes(debtor, number="A", days=30, amount="1000.00")
    plan_actions(tenant=tenant, on=MONDAY)
    end_steps(action_ids=[Action.objects.get().id], is_done=True, actor=SYSTEM, on=MONDAY)
    assert Claim.objects.count() == 2
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    made = call_made(
        action_id=Action.objects.get(state="PROPOSED").id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=MONDAY + DAY
    )
    assert made.undo_until is None  # a claim was opened: it is waived, not taken back
    assert Claim.objects.get(kind="INTEREST", state="CLAIMED").until_on == MONDAY + DAY


# --- What the editor sends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("mode", {"kind": "FORMAL_NOTICE", "mode": "AUTOMATIC"}),
        ("mode", {"channel": "CALL", "mode": "AUTOMATIC"}),
        ("mode", {"mode": "SOMETIMES"}),
        ("mode", {"kind": "STOP_DELIVERIES"}),
        ("mode", {"kind": "HAND_OVER", "mode": "AUTOMATIC"}),
        ("channel", {"channel": ""}),
        ("channel", {"channel": "PIGEON"}),
        ("kind", {"kind": "LAST_WARNING"}),
        ("kind", {"kind": "FORMAL_NOTICE", "days": -3}),
        ("template_code", {"template_code": ""}),
        ("template_code", {"template_code": "nowhere"}),
        ("new_deadline_days", {"new_deadline_days": 0}),
        ("new_deadline_days", {"new_deadline_days": 181}),
        ("new_deadline_days", {"new_deadline_days": 8, "days": -3}),
        ("recipient_roles", {"recipient_roles": ["LEGAL", "LEGAL"]}),
        ("recipient_roles", {"recipient_roles": ["KING"]}),
        ("sender", {"sender": "NOBODY"}),
        ("attach_invoices", {"channel": "SMS", "attach_invoices": True}),
        ("claims", {"claims": True, "days": -3}),
        ("instruction", {"instruction": "x" * 301}),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_field(tenant, field, values):
    scenario = make_scenario("Only", step())
    draft = open_draft(scenario=scenario, actor=SYSTEM)
    with pytest.raises(BadVersion) as refusal:
        save_draft(version=draft, limits={}, steps=[step("Bad", **values)], actor=SYSTEM)
    assert set(refusal.value.fields) == {f"{field}-0"}


def test_a_task_and_a_call_keep_nothing_of_a_message_and_the_rest_survives_versions(tenant):
    scenario = make_scenario("Only", step())
    draft = open_draft(scenario=scenario, actor=SYSTEM)
    full = step(
        "Full", 9, new_deadline_days=8, recipient_roles=["LEGAL", "MANAGEMENT"], cc_salesperson=True, sender="ENTITY",
        attach_invoices=True, attach_statement=True, attach_interest=True, claims=True,
    )  # fmt: skip
    given = [step("Task", 3, mode="TASK", attach_invoices=True), step("Call", 5, channel="CALL"), full]
    save_draft(version=draft, limits={"credits": "NET"}, steps=given, actor=SYSTEM)
    version = publish_draft(version=draft, on=MONDAY, actor=SYSTEM)
    again = open_draft(scenario=scenario, actor=SYSTEM)
    for one in (version, again):
        made, called, kept = one.steps.order_by("position")
        assert (made.channel, made.template_code, made.attach_invoices) == ("", "", False)
        assert (called.channel, called.template_code) == ("CALL", "")
        assert (kept.new_deadline_days, kept.recipient_roles) == (8, ["LEGAL", "MANAGEMENT"])
        assert (kept.cc_salesperson, kept.sender, kept.attach_interest, kept.claims) == (True, "ENTITY", True, True)
    assert again.credits == "NET"
    assert again.minimum_item_amount == Decimal(0)


# --- Credits in the message -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credits", "texts", "silent"),
    [
        ("HIDE", ["100.00"], ["CN-7", "To pay"]),
        ("SHOW", ["100.00", "In your favour", "CN-7", "-40.00"], ["To pay", "60.00"]),
        ("NET", ["100.00", "In your favour", "CN-7", "-40.00", "To pay", "60.00"], []),
    ],
)
def test_the_message_lists_and_deducts_credits_as_the_scenario_says(tenant, debtor, credits, texts, silent):
    debtor.customer.language = "en"
    debtor.customer.save()
    only(step("Firm", 3), credits=credits)
    owes(debtor, number="A")
    make_item(account=debtor, amount="-40.00", due=due(1), number="CN-7")
    plan_actions(tenant=tenant, on=MONDAY)
    message = confirm(Action.objects.get())
    for body in (message.body_text, message.body_html):
        shown = body.replace("\u2212", "-")
        assert [text for text in texts if text not in shown] == []
        assert [text for text in silent if text in shown] == []
    assert [fact["number"] for fact in message.facts] == ["A"] + ["CN-7"] * (credits != "HIDE")
    asked = "60.00" if credits == "NET" else "100.00"
    assert asked in message.subject
    foreseen = replay(tenant=tenant, on=MONDAY, since=MONDAY).said[0]
    assert foreseen.amounts == {"EUR": Decimal(asked)}


def test_a_credit_that_comes_in_after_confirming_lowers_what_is_asked_when_it_leaves(tenant, debtor):
    only(step("Firm", 3), credits="NET")
    owes(debtor, number="A")
    plan_actions(tenant=tenant, on=MONDAY)
    confirm(Action.objects.get())
    make_item(account=debtor, amount="-40.00", due=due(1), number="CN-7")
    send(Script())
    message = Message.objects.get()
    assert message.state == "SENT"
    assert [(fact["number"], fact["open_amount"]) for fact in message.facts] == [
        ("A", "100.0000"),
        ("CN-7", "-40.0000"),
    ]


def test_of_two_messages_that_share_a_credit_each_says_its_part(tenant, debtor):
    only(step("Firm", 3), credits="NET", grouping="PER_ITEM")
    for number, days in (("A", 20), ("B", 10)):
        owes(debtor, number=number, days=days)
    make_item(account=debtor, amount="-130.00", due=due(1), number="CN-7")
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get()  # the oldest is covered
    assert (action.amounts, action.netted) == ({"EUR": "70.0000"}, {"EUR": "30.0000"})
    message = confirm(action)
    assert "70" in message.subject
    assert "CN-7" not in message.body_text
    assert "30,00" in message.body_text
