"""What `dunning_preview` prints is what the nights then propose and send, day by day and over all days at once."""

import io
import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.access import EVERYTHING
from collection.models import Action, ActionLine, Scenario
from collection.services.by_hand import call_made, task_done
from collection.services.pinning import pin_items
from collection.services.rule_sets import RuleValues, set_rules
from collection.services.sending import confirm_action, confirm_actions
from collection.services.versions import STEP_FIELDS, StepValues, open_draft, publish_draft, save_draft
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message, Task
from desk.services import outbox
from desk.services.tasks import finish_task
from receivables.models import Hold
from tests.collection.story import approve, approve_notice, make_debtor, make_sender, reasons
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
            tuple(sorted((currency, Decimal(amount)) for currency, amount in one["amounts"].items())),
        )
        for one in found["messages"]
    }  # fmt: skip


def has_left(row: tuple) -> bool:
    """Whether it reached somebody: it had a recipient, or was a call or a task."""
    return bool(row[6]) or row[5] in ("", "CALL")


def night(tenant, on: date) -> None:
    call_command("night", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", stdout=io.StringIO())


def sent(on: date) -> set[tuple]:
    """Confirm what the night has proposed, send it, make the calls and finish the tasks; say what was done."""
    ids = list(Action.objects.filter(state="PROPOSED").exclude(channel="CALL").values_list("id", flat=True))
    by_hand = list(Action.objects.filter(state="ASSIGNED") | Action.objects.filter(state="PROPOSED", channel="CALL"))
    for action in by_hand:
        if action.channel:
            call_made(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=on)
        else:
            task = finish_task(task_id=Task.objects.get(object_id=action.id).id, actor=SYSTEM, on=on)
            task_done(task=task, actor=SYSTEM, on=on)
    notices = Action.objects.filter(id__in=ids, step__kind="FORMAL_NOTICE").select_related("step")
    for action in notices:
        approve_notice(action, on=on)
        confirm_action(action_id=action.id, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=on)
    ids = [one for one in ids if one not in {action.id for action in notices}]
    confirm_actions(action_ids=ids, scope=EVERYTHING, actor=SYSTEM, now=NOW, on=on)
    Message.objects.filter(state="DUE").update(not_before=NOW)
    for channel in ("EMAIL", "LETTER"):
        outbox.drain(channel=channel, transport=Script(), reasons=lambda kind: reasons(kind, on=on))
    out = {_by_hand(Action.objects.get(id=action.id), on=on) for action in by_hand}
    for message in Message.objects.filter(on=on).select_related("customer", "entity"):
        assert message.state == Message.State.SENT
        action = Action.objects.select_related("version__scenario", "step").get(id=message.reason_id)
        assert action.state == Action.State.SENT
        owed = [(fact["number"], Decimal(fact["open_amount"])) for fact in message.facts if fact["step_key"]]
        items = tuple(sorted(owed))
        out.add(
            (
                on.isoformat(), message.customer.ref, message.entity.code, action.version.scenario.name,
                action.step.step_key, message.channel, message.recipient, items, _asked(action),
            )
        )  # fmt: skip
    return out


def _asked(action: Action) -> tuple:
    return tuple(sorted((currency, Decimal(amount)) for currency, amount in action.amounts.items()))


def _by_hand(action: Action, *, on: date) -> tuple:
    assert action.state == "DONE"
    assert set(action.lines.values_list("state", "on")) == {("DONE", on)}
    items = tuple(sorted((line.item.number, line.open_amount) for line in action.lines.select_related("item")))
    return (
        on.isoformat(), action.customer.ref, action.entity.code, action.version.scenario.name, action.step.step_key,
        action.channel, "", items, _asked(action),
    )  # fmt: skip


def make_ledger(tenant, *, customers: int, seed: int) -> list:
    """Customers of two countries with items around the steps' days, a hold, and two scenarios that are live."""
    chance = random.Random(seed)
    sender = make_sender()
    items = []
    for number in range(customers):
        country = chance.choice(["FR", "BE", "DE"])
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
    german = make_scenario(
        "Deutschland", step("Hallo", 3), step("Fragen", 6, mode="TASK"), step("Anruf", 10, channel="CALL"),
        step("Brief", 2, anchor="PREVIOUS_STEP", channel="LETTER"), step("Monatsende", 20, anchor="END_OF_MONTH"),
        step("Mahnung", 3, anchor="PREVIOUS_STEP", channel="LETTER", kind="FORMAL_NOTICE"),
        minimum_delay_days=0, grouping="PER_ITEM", credits="NET", minimum_total_amount=Decimal(40), on=FIRST,
    )  # fmt: skip
    rules = [
        RuleValues(name, scenario.id, [{"fact": "country", "operator": "IN", "values": [country]}])
        for name, scenario, country in (("French", french, "FR"), ("German", german, "DE"))
    ]
    set_rules(rules=rules, from_on=FIRST, on=FIRST, by=None, actor=SYSTEM)
    accounts = {item.account_id: item.account for item in items}
    for number, account in enumerate(accounts.values()):
        if number % 3 == 0:
            make_item(account=account, number=f"CN{number}", amount=f"-{chance.randint(10, 200)}.00", due=FIRST)
    # The default scenario deducts credits too; two items stay with its first version.
    standard = Scenario.objects.get(is_default=True)
    first = standard.versions.get()
    draft = open_draft(scenario=standard, actor=SYSTEM)
    changed = [replace(one, name=f"{one.name} 2", offset_days=one.offset_days + 1) for one in steps_of(draft)]
    save_draft(version=draft, limits={"credits": "NET"}, steps=changed, actor=SYSTEM)
    publish_draft(version=draft, from_on=FIRST + DAY, on=FIRST, actor=SYSTEM)
    pin_items(
        item_ids=[items[3].id, items[4].id], version=first, reason="Agreed", scope=EVERYTHING, on=FIRST, by=None,
        actor=SYSTEM,
    )  # fmt: skip
    return items


def steps_of(version) -> list[StepValues]:
    rows = version.steps.order_by("position")
    return [StepValues(**{name: getattr(row, name) for name in STEP_FIELDS}) for row in rows]


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
        waiting = preview(tenant, last + DAY)["messages"]
        unsendable = {(one["customer"], one["channel"]) for one in waiting if one["missing"]}
        assert {one for one in ahead if has_left(one)} == left
        assert {one[5] for one in left} == {"EMAIL", "LETTER", "CALL", ""}
        deducted = [one for one in left if sum(amount for _n, amount in one[7]) != sum(asked for _c, asked in one[8])]
        assert deducted
        assert not {(one[1], one[5]) for one in left} & unsendable
        # And the past is replayed as it was, from what is stored now.
        again = shown(preview(tenant, last, "--since", FIRST.isoformat()))
        assert {one for one in again if has_left(one)} == left
        # What is paid meanwhile leaves the next night's preview.
        open_item = next(item for item in items if item.number == sorted(left)[0][7][0][0])
        make_allocation(debit=open_item, amount=str(open_item.amount), on=last)
        assert open_item.number not in {row[0] for one in shown(preview(tenant, last + DAY)) for row in one[7]}


def test_five_days_are_sent_as_they_were_shown(db):
    run_days(days=5, customers=24, seed=1)


@pytest.mark.soak
def test_sixty_days_are_sent_as_they_were_shown(db):
    run_days(days=60, customers=60, seed=2)


def test_only_one_scenario_and_refusals(db):
    tenant = make_tenant(sandbox_on=FIRST)
    with tenant_scope(tenant):
        make_ledger(tenant, customers=8, seed=3)
        names = {one["scenario"] for one in preview(tenant, FIRST)["messages"]}
        assert names <= {"Deutschland", "France", "Standard"}
        assert "France" in names
        only = preview(tenant, FIRST, "--scenario", "France")
        assert {one["scenario"] for one in only["messages"]} == {"France"}
        assert {one["scenario"] for one in only["left_out"]} <= {"France"}
        with pytest.raises(
            CommandError, match="there is no scenario 'Nowhere'; there are: Deutschland, France, Standard"
        ):
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
