"""Several scenarios: who gets which message when some apply to some customers and others to the rest."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.access import EVERYTHING
from collection.models import Action, ActionLine, Scenario, ScenarioOverride, Step
from collection.queries.candidates import candidates
from collection.rules.steps import LeftOut, OldItems
from collection.services.assigning import assignments, live_scenario_ids, rule_set_in_force, rules_of
from collection.services.cause_codes import ensure_causes, save_cause
from collection.services.coverage import coverage
from collection.services.dry_run import dry_run
from collection.services.item_causes import set_cause
from collection.services.planning import plan_actions
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.scenarios import (
    BadScenario,
    NotArchivable,
    approve_go_live,
    archive_scenario,
    create_scenario,
    ensure_default_scenario,
)
from collection.services.upcoming import upcoming
from collection.services.versions import (
    STEP_FIELDS,
    BadVersion,
    NoDraft,
    StepValues,
    discard_draft,
    open_draft,
    publish_draft,
    save_draft,
)
from collection.words import criterion_words
from core.audit import SYSTEM
from core.models import AuditRecord
from receivables.models import Cause
from tests.collection.story import MONDAY, approve, confirm, due, make_debtor, make_sender
from tests.make import make_account, make_customer, make_item

pytestmark = pytest.mark.django_db
FRANCE = {"fact": "country", "operator": "IN", "values": ["FR"]}
DAY = timedelta(days=1)


def step(name="Polite", days=3, **values) -> StepValues:
    plain = {
        "anchor": "DUE_DATE", "channel": "EMAIL", "mode": "TO_CONFIRM", "template_code": "reminder_1",
    }  # fmt: skip
    return StepValues(name=name, offset_days=days, **{**plain, **values})


def make_scenario(name: str, *steps: StepValues, live: bool = True, on=MONDAY, **limits) -> Scenario:
    """A scenario with these steps, published and, mostly, live."""
    scenario = create_scenario(name=name, actor=SYSTEM)
    draft = save_draft(version=scenario.versions.get(), limits=limits, steps=steps or [step()], actor=SYSTEM)
    version = publish_draft(version=draft, on=on, actor=SYSTEM)
    if live:
        approve_go_live(version=version, old_items=OldItems.FIRST_STEP, live_from=on, approved_by=None, actor=SYSTEM)
    return scenario


def give(scenario: Scenario, *criteria: dict, name: str = "A rule") -> None:
    """The only rule, in force at once."""
    set_rules(rules=[RuleValues(name, scenario.id, list(criteria))], from_on=MONDAY, on=MONDAY, by=None, actor=SYSTEM)


@pytest.fixture
def two(tenant):
    """The default scenario is live; a French and a Belgian customer owe 100.00 since 10 days each."""
    approve(tenant)
    sender = make_sender()
    french = make_debtor(entity=sender)
    belgian = make_debtor(entity=sender, name="Peeters NV", country="BE", email="ap@peeters.example")
    for account in (french, belgian):
        make_item(account=account, due=due(10), amount="100.00", issued=due(40))
    return french, belgian


def proposed() -> dict[str, tuple[str, str]]:
    rows = Action.objects.select_related("customer", "version__scenario", "step")
    return {row.customer.name: (row.version.scenario.name, row.step.step_key) for row in rows}


def test_each_customer_gets_the_message_of_its_scenario(tenant, two):
    mine = make_scenario("France", step("Bonjour", 3))
    give(mine, FRANCE)
    plan_actions(tenant=tenant, on=MONDAY)
    assert proposed() == {"Durand SA": ("France", "bonjour"), "Peeters NV": ("Standard", "reminder_1")}
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 0
    assert Action.objects.count() == 2


def test_a_scenario_that_is_not_live_leaves_its_customers_to_the_next(tenant, two):
    give(make_scenario("France", live=False), FRANCE)
    plan_actions(tenant=tenant, on=MONDAY)
    assert proposed()["Durand SA"] == ("Standard", "reminder_1")


def test_archived_its_proposals_are_taken_back_and_the_default_speaks(tenant, two):
    mine = make_scenario("France", step("Bonjour", 3))
    give(mine, FRANCE)
    plan_actions(tenant=tenant, on=MONDAY)
    archive_scenario(scenario=mine, on=MONDAY + DAY, actor=SYSTEM)
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert proposed() == {"Durand SA": ("Standard", "reminder_1"), "Peeters NV": ("Standard", "reminder_1")}
    with pytest.raises(NotArchivable):
        archive_scenario(scenario=Scenario.objects.get(is_default=True), on=MONDAY, actor=SYSTEM)


def test_items_of_a_customer_may_follow_two_scenarios_and_one_speaks_a_day(tenant, two):
    french, _belgian = two
    make_item(account=french, due=due(10), amount="9000.00", issued=due(40))
    big = make_scenario("Large", step("Hello", 1), step("Firm", 5))
    give(big, {"fact": "item_amount", "operator": "AT_LEAST", "values": ["5000"]})
    plan_actions(tenant=tenant, on=MONDAY)
    # Both are at their first step after the due date; of the standard one it is the second of its list: higher.
    assert proposed()["Durand SA"] == ("Standard", "reminder_1")
    assert Action.objects.filter(customer=french.customer).count() == 1
    confirm(Action.objects.get(customer=french.customer))
    for days in range(1, 5):
        plan_actions(tenant=tenant, on=MONDAY + days * DAY)
        assert not Action.objects.filter(customer=french.customer, state="PROPOSED").exists(), days
    plan_actions(tenant=tenant, on=MONDAY + 7 * DAY)
    assert Action.objects.get(customer=french.customer, state="PROPOSED").version.scenario == big


def test_without_a_minimum_delay_both_speak(tenant, two):
    french, _belgian = two
    make_item(account=french, due=due(10), amount="9000.00", issued=due(40))
    give(
        make_scenario("Large", step("Hello", 1), minimum_delay_days=0),
        {"fact": "item_amount", "operator": "AT_LEAST", "values": ["5000"]},
    )
    plan_actions(tenant=tenant, on=MONDAY)
    assert Action.objects.filter(customer=french.customer).count() == 2
    assert ActionLine.objects.filter(customer_id=french.customer_id).count() == 2


def test_steps_done_are_remembered_when_the_scenario_changes(tenant, two):
    french, _belgian = two
    copy = create_scenario(name="Copy", copy_of=Scenario.objects.get(is_default=True), actor=SYSTEM)
    version = publish_draft(version=copy.versions.get(), on=MONDAY, actor=SYSTEM)
    approve_go_live(version=version, old_items=OldItems.FIRST_STEP, live_from=MONDAY, approved_by=None, actor=SYSTEM)
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get(customer=french.customer)
    action.lines.update(state="DONE")
    Action.objects.filter(id=action.id).update(state="SENT")
    give(copy, FRANCE)
    plan_actions(tenant=tenant, on=MONDAY + 7 * DAY)
    assert Action.objects.get(customer=french.customer, state="PROPOSED").step.step_key == "reminder_2"


def test_a_rule_on_a_branch_of_causes_takes_all_below(tenant):
    """Example 11 of docs/rules/assignment.md."""
    ensure_causes()
    approve(tenant)
    above = save_cause(cause_id=None, code="LOGISTICS", label="Logistics", side="OURS", parent_id=None, actor=SYSTEM)
    below = save_cause(cause_id=None, code="LATE", label="Late", side="OURS", parent_id=above.id, actor=SYSTEM)
    other = Cause.objects.get(code="CASH")
    softly = make_scenario("Softly", step("Ask", 3))
    account = make_debtor()
    items = {name: make_item(account=account, number=name, due=due(9)) for name in ("below", "other", "none")}
    for name, cause in (("below", below), ("other", other)):
        set_cause(item_ids=[items[name].id], cause_id=cause.id, scope=EVERYTHING, actor=SYSTEM, on=MONDAY)
    criterion = {"fact": "cause", "operator": "WITHIN", "values": ["Logistics"]}
    set_rules(rules=[RuleValues("Logistics", softly.id, [criterion])], from_on=MONDAY, on=MONDAY, by=None, actor=SYSTEM)
    found = assignments(on=MONDAY, known=live_scenario_ids(on=MONDAY))
    names = {one.number: found.of(one).rule for one in candidates(on=MONDAY, due_until=MONDAY)}
    assert {number for number, decided in names.items() if decided} == {"below"}
    [criterion] = rules_of(rule_set_in_force(on=MONDAY))[0].criteria
    assert criterion_words(criterion, names={"logistics": "Logistics"}, currency="EUR") == (
        "cause of the delay: Logistics and all below"
    )


def test_a_choice_for_a_customer_goes_before_the_rules(tenant, two):
    french, belgian = two
    mine, other = make_scenario("France"), make_scenario("By hand", step("Softly", 2))
    give(mine, FRANCE)
    ScenarioOverride.objects.create(
        customer=french.customer, scenario=other, reason="Agreed", from_on=MONDAY, until_on=MONDAY
    )
    known = live_scenario_ids(on=MONDAY)
    items = list(candidates(on=MONDAY, due_until=MONDAY))
    today = {str(item.customer_id): assignments(on=MONDAY, known=known).of(item) for item in items}
    assert today[str(french.customer_id)].override.reason == "Agreed"
    assert today[str(belgian.customer_id)].rule is None
    tomorrow = assignments(on=MONDAY + DAY, known=known)
    assert {tomorrow.of(item).scenario_id for item in items if item.customer_id == french.customer_id} == {str(mine.id)}
    shown = upcoming(customer_id=french.customer_id, scope=EVERYTHING, on=MONDAY)
    assert [(one.scenario, one.why.override.reason, one.step_name) for one in shown] == [(other, "Agreed", "Softly")]


def test_the_dry_run_speaks_of_its_own_customers(tenant, two):
    mine = make_scenario("France", step("Bonjour", 3), live=False)
    give(mine, FRANCE)
    run = dry_run(version=mine.versions.get(), on=MONDAY, old_items=OldItems.FIRST_STEP)
    assert [would.customer.name for would in run.messages] == ["Durand SA"]
    standard = dry_run(
        version=Scenario.objects.get(is_default=True).versions.get(), on=MONDAY, old_items=OldItems.FIRST_STEP
    )
    assert {would.customer.name for would in standard.messages} == {"Durand SA", "Peeters NV"}
    covered = {row.scenario.name: (row.customers, row.items, row.is_live) for row in coverage(on=MONDAY)}
    assert covered == {"France": (1, 1, False), "Standard": (2, 2, True)}


def test_silent_where_it_is_a_day_off_while_another_speaks(tenant, two):
    sunday = MONDAY - DAY
    mine = make_scenario("France", step("Bonjour", 3), on=sunday, working_days_only=False)
    set_rules(rules=[RuleValues("F", mine.id, [FRANCE])], from_on=sunday, on=sunday, by=None, actor=SYSTEM)
    plan_actions(tenant=tenant, on=sunday)
    assert proposed() == {"Durand SA": ("France", "bonjour")}


# --- Versions --------------------------------------------------------------------------------------------------------


def test_a_draft_changes_nothing_until_it_is_published(tenant):
    version = approve(tenant)
    draft = open_draft(scenario=version.scenario, actor=SYSTEM)
    assert open_draft(scenario=version.scenario, actor=SYSTEM) == draft
    kept = [
        StepValues(**{name: getattr(one, name) for name in STEP_FIELDS}) for one in draft.steps.order_by("position")
    ]
    save_draft(version=draft, limits={"minimum_delay_days": 9}, steps=[*kept, step("Last", 90)], actor=SYSTEM)
    assert ensure_default_scenario(tenant=tenant, on=MONDAY) == version
    made = publish_draft(version=draft, on=MONDAY, actor=SYSTEM)
    assert (made.valid_from, made.live_from, made.minimum_delay_days) == (MONDAY + DAY, MONDAY, 9)
    assert ensure_default_scenario(tenant=tenant, on=MONDAY) == version
    assert ensure_default_scenario(tenant=tenant, on=MONDAY + DAY) == made
    assert list(made.steps.order_by("position").values_list("step_key", flat=True))[-1] == "last"
    with pytest.raises(NoDraft):
        save_draft(version=made, limits={}, steps=kept, actor=SYSTEM)
    saved = AuditRecord.objects.get(action="collection.draft_saved")
    assert saved.changes["minimum_delay_days"] == [5, 9]
    again = open_draft(scenario=version.scenario, actor=SYSTEM)
    with pytest.raises(BadVersion):
        publish_draft(version=again, from_on=MONDAY, on=MONDAY, actor=SYSTEM)
    discard_draft(version=again, actor=SYSTEM)
    assert not Step.objects.filter(version_id=again.id).exists()


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([step(days=0)], "offset_days-0"),
        ([step(days=5), step("B", 5)], "offset_days-1"),
        ([step(anchor="PREVIOUS_STEP")], "anchor-0"),
        ([step(anchor="ISSUE_DATE", days=-1)], "offset_days-0"),
        ([step(template_code="nowhere")], "template_code-0"),
        ([step(name=" ")], "name-0"),
    ],
)
def test_steps_that_cannot_be(tenant, steps, field):
    scenario = create_scenario(name="New", actor=SYSTEM)
    with pytest.raises(BadVersion) as refused, transaction.atomic():
        save_draft(version=scenario.versions.get(), limits={}, steps=steps, actor=SYSTEM)
    assert set(refused.value.fields) == {field}


def test_a_name_is_taken_once(tenant):
    create_scenario(name="New", actor=SYSTEM)
    with pytest.raises(BadScenario):
        create_scenario(name="new ", actor=SYSTEM)


def test_one_without_steps_writes_to_nobody(tenant, two):
    silent = create_scenario(name="Nothing", actor=SYSTEM)
    version = publish_draft(version=silent.versions.get(), on=MONDAY, actor=SYSTEM)
    approve_go_live(version=version, old_items=OldItems.FIRST_STEP, live_from=MONDAY, approved_by=None, actor=SYSTEM)
    give(silent, FRANCE)
    plan_actions(tenant=tenant, on=MONDAY)
    assert set(proposed()) == {"Peeters NV"}


def test_steps_from_the_issue_date_and_in_working_days(tenant, two):
    french, _belgian = two
    make_item(account=french, due=due(-30), amount="50.00", issued=due(7), number="NEW")
    mine = make_scenario(
        "Issue", step("Delivered", 5, anchor="ISSUE_DATE", in_working_days=True), step("Late", 5, in_working_days=True)
    )
    give(mine, FRANCE)
    # Issued on Monday 23 February: five days worked later is Monday 2 March.
    plan_actions(tenant=tenant, on=MONDAY)
    lines = ActionLine.objects.filter(customer_id=french.customer_id).order_by("item__due_date")
    assert list(lines.values_list("item__due_date", "step_key")) == [(due(10), "late"), (due(-30), "delivered")]


def test_statements_do_not_grow_with_scenarios_and_customers(tenant, two, django_assert_max_num_queries):
    french, _belgian = two
    rules = []
    for place in range(8):
        one = make_scenario(f"S{place}")
        rules.append(
            RuleValues(
                f"R{place}", one.id, [{"fact": "open_amount", "operator": "AT_LEAST", "values": [str(900 - place)]}]
            )
        )
        make_item(account=make_account(customer=make_customer(), entity=french.entity), due=due(10), amount="500.00")
    set_rules(rules=rules, from_on=MONDAY, on=MONDAY, by=None, actor=SYSTEM)
    with django_assert_max_num_queries(43):
        plan_actions(tenant=tenant, on=MONDAY)
    assert Action.objects.count() == 10


def test_left_out_of_the_second_message_says_so(tenant, two):
    french, _belgian = two
    make_item(account=french, due=due(10), amount="9000.00", issued=due(40))
    big = make_scenario("Large", step("Hello", 1), live=False)
    give(big, {"fact": "item_amount", "operator": "AT_LEAST", "values": ["5000"]})
    run = dry_run(version=big.versions.get(), on=MONDAY, old_items=OldItems.FIRST_STEP)
    assert (run.messages, run.left_out) == ([], {LeftOut.WRITTEN_RECENTLY: 1})


# --- Messages in parts -----------------------------------------------------------------------------------------------


@pytest.fixture
def three(tenant):
    """A customer owes 30.00 since 40 days (first reminder done), 50.00 and 5.00 since 10 days."""
    account = make_debtor()
    items = [
        make_item(account=account, number=number, due=due(days), amount=amount, issued=due(60))
        for number, days, amount in (("A", 40, "30.00"), ("B", 10, "50.00"), ("C", 10, "5.00"))
    ]
    ActionLine.objects.create(
        item=items[0], customer_id=account.customer_id, step_key="one", on=due(20), currency="EUR", open_amount=30,
        state="DONE",
    )  # fmt: skip
    return account


def messages() -> dict[str, list[str]]:
    """Step key and items of each proposal."""
    out: dict[str, list[str]] = {}
    for action in Action.objects.select_related("step").order_by("step__position", "part"):
        numbers = action.lines.order_by("item__number").values_list("item__number", flat=True)
        out.setdefault(action.step.step_key, []).append("".join(numbers))
    return {key: sorted(found) for key, found in out.items()}


@pytest.mark.parametrize(
    ("grouping", "smallest", "expected"),
    [
        ("HIGHEST", 0, {"two": ["ABC"]}),
        ("BY_LEVEL", 0, {"one": ["BC"], "two": ["A"]}),
        ("PER_ITEM", 0, {"one": ["B", "C"], "two": ["A"]}),
        ("HIGHEST", 40, {"two": ["ABC"]}),
        ("BY_LEVEL", 40, {"one": ["BC"]}),
        ("PER_ITEM", 40, {"one": ["B"]}),
        ("PER_ITEM", 400, {}),
    ],
)
def test_how_many_messages_the_items_of_a_customer_make(tenant, three, grouping, smallest, expected):
    mine = make_scenario("Parts", step("One", 5), step("Two", 15), grouping=grouping, minimum_total_amount=smallest)
    give(mine)
    run = dry_run(version=mine.versions.get(), on=MONDAY, old_items=OldItems.FIRST_STEP)
    plan_actions(tenant=tenant, on=MONDAY)
    assert messages() == expected
    assert (len(run.messages), run.item_count) == (Action.objects.count(), ActionLine.objects.filter(on=MONDAY).count())
    assert run.item_count + sum(run.left_out.values()) == 3
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 0
    for action in Action.objects.all():
        assert len(confirm(action).facts) == action.lines.count()
    # All parts left on one day; the minimum delay holds for each of them from then on.
    plan_actions(tenant=tenant, on=MONDAY + DAY)
    assert not Action.objects.filter(state="PROPOSED").exists()


def test_a_small_item_waits_at_a_step_that_asks_for_more(tenant, three):
    give(make_scenario("Steps", step("One", 5, minimum_amount=50), step("Two", 15)))
    plan_actions(tenant=tenant, on=MONDAY)
    assert messages() == {"two": ["AB"]}
