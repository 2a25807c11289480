"""The nightly plan on rows: what is proposed, once; what stays out; what the published runs give."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import yaml

from collection.models import Action, ActionLine, Scenario, ScenarioVersion, Step
from collection.rules.steps import OldItems
from collection.services.planning import plan_actions
from collection.services.scenarios import approve_go_live, ensure_default_scenario
from core.audit import SYSTEM
from core.models import AuditRecord
from receivables.models import Dispute, Entity, Hold, Promise, PromiseItem
from tests.collection.rules.test_published_runs import ANCHORS, FOLLOWED, SAMPLES, expected_lines, needs_samples
from tests.collection.story import confirm, make_debtor, propose
from tests.make import make_account, make_allocation, make_customer, make_entity, make_item, make_member

MONDAY = date(2026, 3, 2)


@pytest.fixture
def live(tenant):
    """The default scenario, approved; the organisation's clock stands on MONDAY."""
    make_entity(code="FR", country="FR")
    return approve(tenant)


def approve(tenant, *, old_items=OldItems.FIRST_STEP, live_from=MONDAY) -> ScenarioVersion:
    version = ensure_default_scenario(tenant=tenant, on=MONDAY)
    return approve_go_live(
        version=version, old_items=old_items, live_from=live_from, approved_by=make_member(), actor=SYSTEM
    )


def due(days: int) -> date:
    """A due date so many days before MONDAY."""
    return MONDAY - timedelta(days=days)


def steps_of(action: Action) -> dict[str, str]:
    return {line.item.number: line.step_key for line in action.lines.select_related("item")}


def test_nothing_is_proposed_before_go_live(tenant):
    make_item(due=due(10), account=make_account(entity=make_entity()))
    assert plan_actions(tenant=tenant, on=MONDAY).silent == "not_live"
    assert not Action.objects.exists()


def test_one_message_lists_all_items_at_their_own_step_under_the_highest(tenant, live):
    account = make_account()
    make_item(account=account, number="LATE", due=due(16), amount="100.00")
    ActionLine.objects.create(
        item_id=account.items.get().id, customer_id=account.customer_id, step_key="reminder_1", on=due(11),
        currency="EUR", open_amount=100, state="DONE",
    )  # fmt: skip
    make_item(account=account, number="NEW", due=due(5), amount="50.00")
    make_item(account=account, number="SOON", due=MONDAY + timedelta(days=7), amount="25.00")
    make_item(account=account, number="FAR", due=MONDAY + timedelta(days=60), amount="9.00")
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 1
    action = Action.objects.get()
    assert steps_of(action) == {"LATE": "reminder_2", "NEW": "reminder_1", "SOON": "before_due"}
    assert (action.step.step_key, action.amounts) == ("reminder_2", {"EUR": "175.0000"})


def test_a_second_run_of_the_day_changes_nothing(tenant, live):
    make_item(due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    before = list(Action.objects.values()), list(ActionLine.objects.values())
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 0
    assert (list(Action.objects.values()), list(ActionLine.objects.values())) == before


def test_each_run_is_audited_with_what_it_did(tenant, live):
    make_item(due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    changes = AuditRecord.objects.get(action="collection.actions_proposed").changes
    assert (changes["on"], changes["actions"], changes["lines"]) == ("2026-03-02", 1, 1)
    plan_actions(tenant=tenant, on=MONDAY)
    assert AuditRecord.objects.filter(action="collection.actions_proposed").count() == 1
    plan_actions(tenant=tenant, on=MONDAY + timedelta(days=1))
    assert AuditRecord.objects.get(action="collection.proposals_taken_back").changes["actions"] == 1


def test_disputed_held_and_paid_items_stay_out_and_block_nothing(tenant, live):
    account = make_account()
    items = {
        name: make_item(account=account, number=name, due=due(10))
        for name in ("OK", "DISPUTED", "PART", "HELD", "PAID")
    }
    Dispute.objects.create(
        customer=account.customer, item=items["DISPUTED"], reason="price", currency="EUR", opened_on=due(1)
    )
    Dispute.objects.create(
        customer=account.customer, item=items["PART"], reason="price", currency="EUR", opened_on=due(1),
        disputed_amount=Decimal(60),
    )  # fmt: skip
    Hold.objects.create(customer=account.customer, item=items["HELD"], reason="COMMERCIAL", from_on=due(1))
    make_allocation(debit=items["PAID"], amount="100.00", on=due(1))
    plan_actions(tenant=tenant, on=MONDAY)
    action = Action.objects.get()
    assert steps_of(action) == {"OK": "reminder_1", "PART": "reminder_1"}
    assert action.amounts == {"EUR": "140.0000"}


def test_holds_on_the_customer_end_on_their_day(tenant, live):
    account = make_account()
    make_item(account=account, due=due(10))
    Hold.objects.create(customer=account.customer, reason="COMMERCIAL", from_on=due(3), until_on=MONDAY)
    assert plan_actions(tenant=tenant, on=MONDAY).actions == 0
    assert plan_actions(tenant=tenant, on=MONDAY + timedelta(days=1)).actions == 1


def test_each_entity_writes_for_itself_and_currencies_do_not_mix(tenant, live):
    customer = make_customer()
    french = make_account(customer=customer)
    british = make_account(customer=customer, entity=make_entity(code="UK", country="GB", currency="GBP"))
    make_item(account=french, due=due(10), amount="100.00")
    make_item(account=french, due=due(10), amount="70.00", currency="USD")
    make_item(account=british, due=due(10), amount="30.00", currency="GBP")
    plan_actions(tenant=tenant, on=MONDAY)
    found = {action.entity.code: action.amounts for action in Action.objects.select_related("entity")}
    assert found == {"FR": {"EUR": "100.0000", "USD": "70.0000"}, "UK": {"GBP": "30.0000"}}


def test_on_a_day_off_nothing_is_proposed_and_the_step_is_not_lost(tenant, live):
    make_item(due=MONDAY + timedelta(days=1))  # + 5 is a Sunday
    sunday = MONDAY + timedelta(days=6)
    assert plan_actions(tenant=tenant, on=sunday).actions == 0
    assert plan_actions(tenant=tenant, on=sunday + timedelta(days=1)).actions == 1


def test_a_proposal_nobody_decided_is_made_anew_from_the_facts(tenant, live):
    account = make_account()
    first = make_item(account=account, number="A", due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    make_allocation(debit=first, amount="100.00", on=MONDAY)
    make_item(account=account, number="B", due=due(9))
    tuesday = MONDAY + timedelta(days=1)
    plan_actions(tenant=tenant, on=tuesday)
    action = Action.objects.get()
    assert (steps_of(action), action.on, action.proposed_since) == ({"B": "reminder_1"}, tuesday, MONDAY)


def test_missed_nights_are_caught_up_by_one_message(tenant, live):
    make_item(due=due(0))
    plan_actions(tenant=tenant, on=MONDAY + timedelta(days=21))
    assert list(steps_of(Action.objects.get()).values()) == ["reminder_1"]
    assert ActionLine.objects.get(state="LAPSED").step_key == "before_due"


def test_minimum_delay_between_two_messages(tenant, live):
    account = make_account()
    make_item(account=account, due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    Action.objects.update(state="SENT")
    ActionLine.objects.filter(state="PLANNED").update(state="DONE")
    make_item(account=account, due=due(6), number="B")
    assert plan_actions(tenant=tenant, on=MONDAY + timedelta(days=4)).actions == 0
    assert plan_actions(tenant=tenant, on=MONDAY + timedelta(days=7)).actions == 1


def test_a_stale_ledger_keeps_silent(tenant, live):
    ScenarioVersion.objects.update(stale_after_days=3)
    item = make_item(due=due(10))
    old, fresh = ({item.entity_id: MONDAY - timedelta(days=days)} for days in (4, 3))
    assert plan_actions(tenant=tenant, on=MONDAY).silent
    assert plan_actions(tenant=tenant, on=MONDAY, ledger_as_of=old).silent
    assert plan_actions(tenant=tenant, on=MONDAY, ledger_as_of=fresh).actions == 1


@pytest.mark.parametrize(
    ("old_items", "expected"),
    [(OldItems.FIRST_STEP, ["reminder_1"]), (OldItems.REACHED_STEP, ["reminder_3"]), (OldItems.NONE, [])],
)
def test_old_items_start_where_go_live_says(tenant, old_items, expected):
    make_item(due=due(40))
    approve(tenant, old_items=old_items)
    plan_actions(tenant=tenant, on=MONDAY)
    assert [line.step_key for line in ActionLine.objects.filter(state="PLANNED")] == expected


def scenario_of(policy: dict) -> ScenarioVersion:
    """A policy of the sample as the default scenario in force."""
    Scenario.objects.filter(is_default=True).update(is_default=False)
    scenario, _created = Scenario.objects.get_or_create(name=policy["name"])
    Scenario.objects.filter(id=scenario.id).update(is_default=True)
    version = ScenarioVersion.objects.create(
        scenario=scenario, number=1, valid_from=date(2013, 1, 1), live_from=date(2013, 1, 1), minimum_delay_days=0,
        minimum_item_amount=Decimal("0.11"), working_days_only=False,
    )  # fmt: skip
    for level in policy["levels"]:
        Step.objects.create(
            version=version, step_key=f"level{level['level']}", position=level["level"], name=level["name"],
            anchor=ANCHORS[level["mode"]], offset_days=level["delay_days"], channel=level["channel"].upper(),
            template_code="reminder_1",
        )  # fmt: skip
    return version


@needs_samples
@pytest.mark.parametrize("name", ["3 time policy", "2 time policy"])
def test_the_published_runs_through_the_database(tenant, name):
    """The sample has a policy per customer; one scenario applies to all here, so each policy runs with its customers."""
    sample = yaml.safe_load((SAMPLES / "oca_credit_control_jan_apr.yaml").read_text())
    setup = sample["setup"]
    version = scenario_of(next(policy for policy in setup["policies"] if policy["name"] == name))
    entity = make_entity(code="FR", country="FR")
    accounts = {c: make_account(customer=make_customer(ref=c), entity=entity) for c in setup["customers"]}
    mine = {c for c, text in setup["customers"].items() if text.startswith(name)}
    for invoice in setup["invoices"]:
        if invoice["account"] not in FOLLOWED or invoice["customer"] not in mine:
            continue
        for n, (due_date, amount) in enumerate(invoice["instalments"], start=1):
            make_item(
                account=accounts[invoice["customer"]], number=invoice["invoice"], instalment=n, amount=str(amount),
                source_ref=f"{invoice['invoice']}/{n}", due=date.fromisoformat(due_date),
                issued=date.fromisoformat(invoice["invoice_date"]), currency=invoice["currency"],
            )  # fmt: skip
    customer_of = {invoice["invoice"]: invoice["customer"] for invoice in setup["invoices"]}
    for run in sample["runs"]:
        on = date.fromisoformat(run["run_date"])
        for payment in run["actions_before_run"]:
            if customer_of[payment["pay"]] in mine:
                item = accounts[customer_of[payment["pay"]]].items.get(number=payment["pay"], instalment=1)
                make_allocation(debit=item, amount=str(payment["amount"]), on=on)
        plan_actions(tenant=tenant, on=on)
        planned = ActionLine.objects.filter(on=on, state="PLANNED").select_related("item")
        lines = {
            (line.item.number, line.item.due_date, int(line.step_key[-1]), line.open_amount.normalize())
            for line in planned
        }
        expected = {
            (number, due_date, level, amount.normalize())
            for number, due_date, level, amount in expected_lines(run)
            if customer_of[number] in mine
        }
        assert lines == expected, on
        planned.update(state="DONE")
        Action.objects.filter(on=on).update(state="SENT")
    assert version.actions.exists()


def test_credits_that_cover_the_total_keep_it_silent(tenant, live):
    """Money that is set against nothing yet would pay what the message asks for: nothing is asked."""
    account = make_account()
    make_item(account=account, number="A", due=due(10), amount="100.00")
    make_item(account=account, number="B", due=due(10), amount="50.00", currency="USD")
    make_item(account=account, number="P", due=due(3), amount="-100.00", kind="PAYMENT")
    plan_actions(tenant=tenant, on=MONDAY)
    assert Action.objects.get().amounts == {"USD": "50.0000"}
    make_item(account=account, number="C", due=due(10), amount="0.01")
    plan_actions(tenant=tenant, on=MONDAY + timedelta(days=1))
    assert Action.objects.get().amounts == {"EUR": "100.0100", "USD": "50.0000"}


def test_an_entity_with_a_day_off_keeps_its_proposals(tenant, live):
    """A French holiday must not take back what was proposed, while the British company works."""
    may_day, day_before = date(2026, 5, 1), date(2026, 4, 30)
    french, british = make_account(), make_account(entity=make_entity(code="UK", country="GB"))
    make_item(account=french, due=date(2026, 4, 20))
    make_item(account=british, due=date(2026, 4, 20))
    plan_actions(tenant=tenant, on=day_before)
    plan_actions(tenant=tenant, on=may_day)
    found = dict(Action.objects.values_list("entity__code", "on"))
    assert found == {"FR": day_before, "UK": may_day}
    assert set(Action.objects.values_list("proposed_since", flat=True)) == {day_before}


def test_what_was_paid_after_the_day_was_owed_on_it(tenant, live):
    """A sandbox loaded with its whole history: the night of a past day sees the ledger of that day."""
    account = make_account()
    paid_later = make_item(account=account, number="LATER", due=due(10))
    paid_before = make_item(account=account, number="BEFORE", due=due(10))
    part = make_item(account=account, number="PART", due=due(10))
    credit = make_item(account=account, number="P", due=due(10), amount="-30.00", kind="PAYMENT")
    make_allocation(debit=paid_later, amount="100.00", on=MONDAY + timedelta(days=1))
    make_allocation(debit=paid_before, amount="100.00", on=MONDAY)
    make_allocation(debit=part, credit=credit, amount="30.00", on=MONDAY + timedelta(days=9))
    plan_actions(tenant=tenant, on=MONDAY)
    lines = {line.item.number: line.open_amount for line in ActionLine.objects.filter(state="PLANNED")}
    assert lines == {"LATER": Decimal("100.0000"), "PART": Decimal("100.0000")}
    plan_actions(tenant=tenant, on=MONDAY + timedelta(days=1))
    lines = {line.item.number: line.open_amount for line in ActionLine.objects.filter(state="PLANNED")}
    assert lines == {"PART": Decimal("100.0000")}


def test_a_promise_holds_its_items_until_its_day_or_all_when_it_names_none(tenant, live):
    account, other = make_account(), make_account()
    named, free = make_item(account=account, number="N", due=due(10)), make_item(account=account, due=due(10))
    make_item(account=other, due=due(10))
    until = MONDAY + timedelta(days=1)
    promise = {"amount": 10, "currency": "EUR", "made_on": MONDAY, "due_on": until}
    about_one = Promise.objects.create(customer=account.customer, **promise)
    PromiseItem.objects.create(promise=about_one, item=named)
    Promise.objects.create(customer=other.customer, **promise)
    plan_actions(tenant=tenant, on=MONDAY)
    assert [line.item for line in ActionLine.objects.filter(state="PLANNED")] == [free]
    plan_actions(tenant=tenant, on=until + timedelta(days=1))
    assert ActionLine.objects.filter(state="PLANNED").count() == 3


def test_a_second_run_with_new_facts_leaves_what_was_proposed_today(tenant, live):
    account = make_account()
    make_item(account=account, number="A", due=due(10))
    plan_actions(tenant=tenant, on=MONDAY)
    make_item(account=account, number="B", due=due(10))
    assert plan_actions(tenant=tenant, on=MONDAY).lines == 0
    assert Action.objects.get().amounts == {"EUR": "100.0000"}


def test_planning_reads_and_writes_in_a_fixed_number_of_statements(tenant, live, django_assert_max_num_queries):
    for _ in range(30):
        make_item(account=make_account(), due=due(10))
    with django_assert_max_num_queries(40):
        assert plan_actions(tenant=tenant, on=MONDAY).lines == 30


def test_a_step_that_lapses_while_its_message_waits_to_leave_keeps_its_line(tenant, live):
    """The mail server was away over the due date: the message is confirmed and not sent, and the night goes on."""
    account = make_debtor(entity=Entity.objects.get())
    confirm(propose(tenant, account, days=-5))
    run = plan_actions(tenant=tenant, on=MONDAY + timedelta(days=7))
    assert (run.actions, run.lapsed) == (0, 0)
    line = ActionLine.objects.get()
    assert (line.step_key, line.state) == ("before_due", "PLANNED")
