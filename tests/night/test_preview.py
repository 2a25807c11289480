"""What `dunning_preview` prints is what the nights then propose and send, day by day and over all days at once."""

import io
import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.access import EVERYTHING
from collection.models import Action, ActionLine, Scenario
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.sending import confirm_actions
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox
from receivables.models import Hold
from tests.collection.story import approve, make_debtor, make_sender, reasons
from tests.collection.test_scenarios import make_scenario, step
from tests.desk.fakes import Script
from tests.make import make_allocation, make_item, make_tenant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRST = date(2026, 3, 2)  # a Monday
DAY = timedelta(days=1)


def preview(tenant, on: date, *more: str) -> dict:
    out = io.StringIO()
    call_command("dunning_preview", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", *more, stdout=out)
    return json.loads(out.getvalue())


def shown(found: dict) -> set[tuple]:
    return {
        (
            one["on"], one["customer"], one["entity"], one["scenario"], one["step"], one["channel"], one["recipient"],
            tuple(sorted((item["number"], Decimal(item["amount"])) for item in one["items"])),
        )
        for one in found["messages"]
    }  # fmt: skip


def night(tenant, on: date) -> None:
    call_command("night", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", stdout=io.StringIO())


def sent(on: date) -> set[tuple]:
    """Confirm what the night has proposed, send it, and say what left."""
    ids = list(Action.objects.filter(state="PROPOSED").values_list("id", flat=True))
    confirm_actions(action_ids=ids, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=on)
    Message.objects.filter(state="DUE").update(not_before=NOW)
    for channel in ("EMAIL", "LETTER"):
        outbox.drain(channel=channel, transport=Script(), reasons=lambda kind: reasons(kind, on=on))
    out = set()
    for message in Message.objects.filter(on=on).select_related("customer", "entity"):
        assert message.state == Message.State.SENT
        action = Action.objects.select_related("version__scenario", "step").get(id=message.reason_id)
        assert action.state == Action.State.SENT
        items = tuple(sorted((fact["number"], Decimal(fact["open_amount"])) for fact in message.facts))
        out.add(
            (
                on.isoformat(), message.customer.ref, message.entity.code, action.version.scenario.name,
                action.step.step_key, message.channel, message.recipient, items,
            )
        )  # fmt: skip
    return out


def make_ledger(tenant, *, customers: int, seed: int) -> list:
    """Customers of two countries with items around the steps' days, a hold, and two scenarios that are live."""
    chance = random.Random(seed)
    sender = make_sender()
    items = []
    for number in range(customers):
        country = chance.choice(["FR", "BE"])
        account = make_debtor(
            entity=sender, name=f"Client {number:03}", email=f"c{number}@x.example" if number % 7 else "",
            country=country, ref=f"C{number:03}",
        )  # fmt: skip
        for place in range(chance.randint(1, 3)):
            due_date = FIRST - timedelta(days=chance.randint(-9, 50))
            items.append(
                make_item(
                    account=account, number=f"I{number:03}-{place}", due=due_date, amount=f"{chance.randint(10, 900)}.00",
                    issued=min(due_date, FIRST) - timedelta(days=30),
                )
            )  # fmt: skip
    Hold.objects.create(item=items[0], customer=items[0].customer, reason="COMMERCIAL", from_on=FIRST)
    approve(tenant, live_from=FIRST)
    french = make_scenario(
        "France", step("Bonjour", 2), step("Encore", 9, in_working_days=True), step("Lettre", 20, channel="LETTER"),
        minimum_delay_days=2, on=FIRST,
    )  # fmt: skip
    rule = RuleValues("French", french.id, [{"fact": "country", "operator": "IN", "values": ["FR"]}])
    set_rules(rules=[rule], from_on=FIRST, on=FIRST, by=None, actor=SYSTEM)
    return items


def run_days(*, days: int, customers: int, seed: int) -> None:
    tenant = make_tenant(sandbox_on=FIRST)
    with tenant_scope(tenant):
        items = make_ledger(tenant, customers=customers, seed=seed)
        last = FIRST + (days - 1) * DAY
        ahead = shown(preview(tenant, last, "--since", FIRST.isoformat()))
        left = set()
        for on in (FIRST + number * DAY for number in range(days)):
            before = ActionLine.objects.count()
            foreseen = preview(tenant, on)
            assert ActionLine.objects.count() == before  # nothing is written
            night(tenant, on)
            today = sent(on)
            assert shown({"messages": [one for one in foreseen["messages"] if not one["missing"]]}) == today, on
            left |= today
        assert len(left) > customers / 2
        unsendable = {one["customer"] for one in preview(tenant, last + DAY)["messages"] if one["missing"]}
        assert {one for one in ahead if one[6]} == left
        assert not {one[1] for one in left} & unsendable
        # And the past is replayed as it was, from what is stored now.
        again = shown(preview(tenant, last, "--since", FIRST.isoformat()))
        assert {one for one in again if one[6]} == left
        # What is paid meanwhile leaves the next night's preview.
        open_item = next(item for item in items if item.number == sorted(left)[0][7][0][0])
        make_allocation(debit=open_item, amount=str(open_item.amount), on=last)
        assert open_item.number not in {row[0] for one in shown(preview(tenant, last + DAY)) for row in one[7]}


def test_five_days_are_sent_as_they_were_shown(db):
    run_days(days=5, customers=14, seed=1)


@pytest.mark.soak
def test_sixty_days_are_sent_as_they_were_shown(db):
    run_days(days=60, customers=60, seed=2)


def test_only_one_scenario_and_refusals(db):
    tenant = make_tenant(sandbox_on=FIRST)
    with tenant_scope(tenant):
        make_ledger(tenant, customers=8, seed=3)
        names = {one["scenario"] for one in preview(tenant, FIRST)["messages"]}
        assert names == {"France", "Standard"}
        only = preview(tenant, FIRST, "--scenario", "France")
        assert {one["scenario"] for one in only["messages"]} == {"France"}
        assert {one["scenario"] for one in only["left_out"]} <= {"France"}
        with pytest.raises(CommandError, match="there is no scenario 'Nowhere'; there are: France, Standard"):
            preview(tenant, FIRST, "--scenario", "Nowhere")
        with pytest.raises(CommandError, match="--since"):
            preview(tenant, FIRST, "--since", "2026-03-03")


def test_a_day_on_which_nothing_is_said_says_why(db):
    tenant = make_tenant(country="FR", sandbox_on=FIRST)
    with tenant_scope(tenant):
        account = make_debtor(entity=make_sender())
        make_item(account=account, due=FIRST - 10 * DAY, issued=FIRST - 40 * DAY)
        french = make_scenario("France", step("Late", 5), live=False, on=FIRST)
        rule = RuleValues("French", french.id, [{"fact": "country", "operator": "IN", "values": ["FR"]}])
        set_rules(rules=[rule], from_on=FIRST, on=FIRST, by=None, actor=SYSTEM)
    assert preview(tenant, FIRST)["silent"] == [
        {"scenario": one, "entity": None, "reason": "NOT_LIVE"} for one in ("France", "Standard")
    ]
    sunday = preview(tenant, FIRST - DAY, "--scenario", "France")
    assert (sunday["messages"], [one["reason"] for one in sunday["silent"]]) == ([], ["DAY_OFF"])
    monday = preview(tenant, FIRST, "--scenario", "France")
    assert (len(monday["messages"]), monday["silent"]) == (1, [])
    assert len(preview(tenant, FIRST, "--scenario", "Standard")["messages"]) == 1
    with tenant_scope(tenant):
        assert not Scenario.objects.filter(name="Standard").exists()  # nothing was written
    out = io.StringIO()
    call_command("dunning_preview", "--tenant", tenant.slug, "--on", FIRST.isoformat(), stdout=out)
    assert "France says nothing" in out.getvalue()
