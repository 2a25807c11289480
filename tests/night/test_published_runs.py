"""The runs that two other programs publish, through the night command and the services, messages and all.

What ours does otherwise stands in docs/rules/dunning.md.
"""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import yaml
from django.core.management import call_command

from accounts.access import EVERYTHING
from collection.models import Action, ActionLine, Scenario, ScenarioVersion, Step
from collection.rules.steps import OldItems
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.scenarios import approve_go_live, create_scenario
from collection.services.sending import confirm_actions
from collection.services.versions import StepValues, publish_draft, save_draft
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox
from receivables.models import CustomerGroup, Document, Hold, LedgerItem
from tests.collection.rules.test_published_runs import ANCHORS, FOLLOWED, SAMPLES, expected_lines, needs_samples
from tests.collection.story import make_debtor, make_sender, reasons
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_tenant

pytestmark = [pytest.mark.django_db, needs_samples]
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRST_STEP = OldItems.FIRST_STEP


def scenario_of(levels: Iterable[dict], *, live_from: date) -> ScenarioVersion:
    """A live scenario, the only one, that sends on any day and without delay between two messages."""
    Scenario.objects.filter(is_default=True).update(is_default=False)
    version = ScenarioVersion.objects.create(
        scenario=Scenario.objects.create(name="Sample", is_default=True), number=1, valid_from=live_from,
        live_from=live_from, minimum_delay_days=0, minimum_item_amount=Decimal("0.11"), working_days_only=False,
    )  # fmt: skip
    for level in levels:
        Step.objects.create(
            version=version, step_key=f"level{level['level']}", position=level["level"], name=f"Level {level['level']}",
            anchor=ANCHORS[level["mode"]], offset_days=level["delay_days"], channel=level["channel"].upper(),
            template_code="reminder_1",
        )  # fmt: skip
    return version


def night(tenant, on: date) -> None:
    call_command("night", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", stdout=io.StringIO())


def process_all(on: date) -> int:
    """Confirm what is proposed and send it: what the samples call marking the lines as to be sent."""
    ids = list(Action.objects.filter(state="PROPOSED").values_list("id", flat=True))
    confirmed, refused = confirm_actions(action_ids=ids, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=on)
    assert not refused
    Message.objects.filter(state="DUE").update(not_before=NOW)
    for channel in ("EMAIL", "LETTER"):
        outbox.drain(channel=channel, transport=Script(), reasons=lambda kind: reasons(kind, on=on))
    assert not Action.objects.filter(state="CONFIRMED").exists()
    return len(confirmed)


def planned(on: date) -> set[tuple[str, date, int, Decimal]]:
    lines = ActionLine.objects.filter(on=on, state="PLANNED").select_related("item")
    return {
        (line.item.number, line.item.due_date, int(line.step_key[-1]), line.open_amount.normalize()) for line in lines
    }


def oca_scenarios(setup: dict, groups: dict[str, CustomerGroup], *, on: date) -> None:
    """A live scenario for each policy, given by a rule to the customers of its group.

    What is booked on an account that is not followed comes first: it follows the policy that does nothing.
    """
    rules, scenarios = [], {}
    for policy in setup["policies"]:
        scenario = create_scenario(name=policy["name"], actor=SYSTEM)
        steps = [
            StepValues(
                step_key=f"level{level['level']}", name=f"Level {level['level']}", anchor=ANCHORS[level["mode"]],
                offset_days=level["delay_days"], channel=level["channel"].upper(), mode="TO_CONFIRM",
                template_code="reminder_1",
            )
            for level in policy["levels"]
        ]  # fmt: skip
        limits = {"minimum_delay_days": 0, "minimum_item_amount": Decimal("0.11"), "working_days_only": False}
        draft = save_draft(version=scenario.versions.get(), limits=limits, steps=steps, actor=SYSTEM)
        version = publish_draft(version=draft, on=on, actor=SYSTEM)
        approve_go_live(version=version, old_items=FIRST_STEP, live_from=on, approved_by=None, actor=SYSTEM)
        criterion = {"fact": "group", "operator": "IN", "values": [str(groups[policy["name"]].id)]}
        rules.append(RuleValues(policy["name"], scenario.id, [criterion]))
        scenarios[policy["name"]] = scenario
    followed = {"fact": "product", "operator": "NOT_IN", "values": sorted(FOLLOWED)}
    rules.insert(0, RuleValues("Accounts not followed", scenarios["No follow"].id, [followed]))
    set_rules(rules=rules, from_on=on, on=on, by=None, actor=SYSTEM)


def test_every_run_date_of_the_oca_sample_by_the_night_command(db):
    """A policy per customer, in one run of the database: each policy is a scenario, given by a rule."""
    sample = yaml.safe_load((SAMPLES / "oca_credit_control_jan_apr.yaml").read_text())
    setup, first = sample["setup"], date(2013, 1, 1)
    tenant = make_tenant(sandbox_on=first)
    with tenant_scope(tenant):
        groups = {
            policy["name"]: CustomerGroup.objects.create(ref=policy["name"], name=policy["name"])
            for policy in setup["policies"]
        }
        oca_scenarios(setup, groups, on=first)
        sender, accounts = make_sender(), {}
        for number, (name, text) in enumerate(setup["customers"].items()):
            accounts[name] = make_debtor(
                entity=sender, ref=name, name=name, email=f"c{number}@x.example", group=groups.get(text.split(" (")[0])
            )
        customer_of = {invoice["invoice"]: invoice["customer"] for invoice in setup["invoices"]}
        for invoice in setup["invoices"]:
            account = accounts[invoice["customer"]]
            document = Document.objects.create(
                customer=account.customer, account=account, entity=account.entity, number=invoice["invoice"],
                kind="INVOICE", document_date=date.fromisoformat(invoice["invoice_date"]), currency=invoice["currency"],
                total_amount=invoice["amount"], product=invoice["account"],
            )  # fmt: skip
            for n, (due_date, amount) in enumerate(invoice["instalments"], start=1):
                make_item(
                    account=account, number=invoice["invoice"], instalment=n, amount=str(amount), document=document,
                    source_ref=f"{invoice['invoice']}/{n}", due=date.fromisoformat(due_date),
                    issued=date.fromisoformat(invoice["invoice_date"]), currency=invoice["currency"],
                )  # fmt: skip
        policies_seen: set[str] = set()
        for run in sample["runs"]:
            on = date.fromisoformat(run["run_date"])
            for payment in run["actions_before_run"]:
                item = accounts[customer_of[payment["pay"]]].items.get(number=payment["pay"], instalment=1)
                make_allocation(debit=item, amount=str(payment["amount"]), on=on)
            night(tenant, on)
            expected = {
                (number, due_date, level, amount.normalize()) for number, due_date, level, amount in expected_lines(run)
            }
            assert planned(on) == expected, on
            policies_seen |= set(Action.objects.values_list("version__scenario__name", flat=True))
            process_all(on)
            night(tenant, on)  # again: nothing new
            assert planned(on) == set()
        assert policies_seen == {"3 time policy", "2 time policy"}
        assert LedgerItem.objects.filter(number__startswith="SI_21", open_amount=6666).exists()  # followed by nobody


def test_the_tryton_scenario_by_nights_and_services(db):
    sample = yaml.safe_load((SAMPLES / "tryton_dunning.yaml").read_text())
    d0 = date(2026, 1, 5)
    levels = [
        {"level": step["level"], "mode": "net_days", "delay_days": step["overdue_days"], "channel": "email"}
        for step in sample["procedure"]
    ]
    tenant = make_tenant(sandbox_on=d0)
    with tenant_scope(tenant):
        scenario_of(levels, live_from=d0 - timedelta(days=1))
        account = make_debtor()
        paid = make_item(account=account, number="A", due=d0, issued=d0 - timedelta(days=30), amount="100.00")
        open_item = make_item(account=account, number="B", due=d0, issued=d0 - timedelta(days=30), amount="100.00")
        make_allocation(debit=paid, amount="100.00", on=d0)

        def after(days: int) -> set[tuple[str, int]]:
            night(tenant, d0 + timedelta(days=days))
            return {(number, level) for number, _due, level, _open in planned(d0 + timedelta(days=days))}

        assert after(4) == set()
        assert after(5) == {("B", 1)}
        assert after(30) == {("B", 1)}  # still to confirm: the same step, proposed anew
        assert Action.objects.get().proposed_since == d0 + timedelta(days=5)
        process_all(d0 + timedelta(days=30))
        hold = Hold.objects.create(customer=account.customer, reason="COMMERCIAL", from_on=d0 + timedelta(days=30))
        assert after(30) == set()  # blocked
        Hold.objects.filter(id=hold.id).update(lifted_on=d0 + timedelta(days=31))
        # One message to a customer a day at most: the sample's second run of day 30 is our day 31. Level 2, not 3.
        assert after(31) == {("B", 2)}
        make_allocation(debit=open_item, amount="100.00", on=d0 + timedelta(days=31))
        assert after(32) == set()  # paid: the proposal has disappeared
        assert after(50) == set()
        assert not Action.objects.filter(state="PROPOSED").exists()


def test_trytons_final_level_is_followed_by_none(db):
    d0 = date(2026, 1, 5)
    tenant = make_tenant(sandbox_on=d0)
    with tenant_scope(tenant):
        scenario_of([{"level": 1, "mode": "net_days", "delay_days": 0, "channel": "email"}], live_from=d0)
        make_item(account=make_debtor(), number="C", due=d0, amount="100.00")
        night(tenant, d0 + timedelta(days=1))
        assert process_all(d0 + timedelta(days=1)) == 1
        for days in (2, 30, 300):
            night(tenant, d0 + timedelta(days=days))
            assert planned(d0 + timedelta(days=days)) == set()
