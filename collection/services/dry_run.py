"""What would leave if sending began now: the plan of the day without writing anything."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from django.db import transaction
from django.db.models import Count, Sum

from collection.models import Action, ScenarioVersion
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Plan, task_parts
from collection.rules.steps import LeftOut, OldItems
from collection.services.playbooks import (
    Owner,
    Playbook,
    assigned_among,
    due_until_of,
    is_live,
    plans,
    playbook,
    steps_set,
    versions_in_force,
    with_pinned,
)
from collection.services.versions import STEP_FIELDS
from receivables.models import Customer, Entity, LedgerItem


@dataclass(frozen=True)
class Would:
    """A message that would leave: to whom, for which entity, at which step, for how much by currency."""

    customer: Customer
    entity: Entity
    step_key: str
    item_count: int
    amounts: dict[str, Decimal]
    oldest_due_date: date
    part: str = ""  # of several messages to a customer of an entity, which
    is_task: bool = False
    netted: dict[str, Decimal] = field(default_factory=dict)  # credits that `amounts` are less by


@dataclass
class DryRun:
    """The messages in order of amount, the items left out by reason, and the totals by step and by currency."""

    messages: list[Would] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    by_step: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    # Of the whole ledger, by currency: how many items are open, and their sum.
    ledger: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    # Of all that the run rests on: scenario, day, choice for old items, each item with its step and amount, the ledger.
    fingerprint: str = ""

    @property
    def item_count(self) -> int:
        """How many items the messages speak of."""
        return sum(would.item_count for would in self.messages)


@transaction.atomic
def dry_run(*, version: ScenarioVersion, on: date, old_items: OldItems) -> DryRun:
    """What the version would send on the day `on` if it were live from that day with this choice. At most 20 queries.

    It speaks of what its scenario applies to; scenarios that are live speak to the others, and where one of them has a
    higher step for the same customer and entity, this one waits. Equal to what the night of that day proposes once
    go-live is approved, on a working day with a fresh ledger.
    """
    out, found = DryRun(), []
    seen = _scenario_lines(version, on=on, old_items=old_items)
    books = books_with(version, on=on)
    mine = books[str(version.scenario_id)]
    assigned = assigned_among(books, on=on)
    # As in the night itself: whoever has an action of the day gets no second one.
    served = set(Action.objects.filter(on=on).values_list("customer_id", "entity_id"))
    items = (
        _as_if_live(item, book=mine, on=on, old_items=old_items) if assigned.of(item).book == mine.key else item
        for item in candidates(on=on, due_until=due_until_of(books.values(), on))
        if (item.customer_id, item.entity_id) not in served
    )
    for owner, book, planned, part in plans(items=items, books=books, assignments=assigned, on=on):
        if book is not mine:
            continue
        out.left_out.update(excluded.reason for excluded in planned.excluded)
        seen += _plan_lines(owner, planned)
        if planned.lines:
            found.append((owner, planned, part))
        found += [(owner, Plan(lines), name) for name, lines in task_parts(planned, limits=book.limits)]
    customers = Customer.objects.in_bulk([customer_id for (customer_id, _entity), _plan, _part in found])
    entities = Entity.objects.in_bulk()
    for (customer_id, entity_id), planned, part in found:
        out.messages.append(_would(customers[customer_id], entities[entity_id], planned, part))
        out.by_step[planned.step.step_key] += 1
        for currency, amount in planned.amounts.items():
            out.amounts[currency] = out.amounts.get(currency, Decimal(0)) + amount
    out.messages.sort(key=lambda would: (-max(would.amounts.values()), would.customer.name_key))
    out.ledger = _ledger_state()
    seen += [f"ledger {currency} {count} {amount}" for currency, (count, amount) in sorted(out.ledger.items())]
    out.fingerprint = sha256("\n".join(seen).encode()).hexdigest()
    return out


def books_with(version: ScenarioVersion, *, on: date) -> dict[str, Playbook]:
    """By scenario, what is live on the day, with `version` in the place of its scenario's own."""
    live = [one for one in versions_in_force(on=on) if is_live(one, on=on) and one.scenario_id != version.scenario_id]
    return with_pinned([playbook(one) for one in [*live, version]], on=on)


def _scenario_lines(version: ScenarioVersion, *, on: date, old_items: OldItems) -> list[str]:
    """What the fingerprint says of the scenario, the day and the choice. 1 SQL query."""
    # In one form, whether the version was just made or read.
    amounts = f"{version.minimum_item_amount:.4f} {version.minimum_total_amount:.4f}"
    limits = f"{version.minimum_delay_days} {amounts} {version.stale_after_days} {version.working_days_only} {version.grouping} {version.credits}"
    steps = version.steps.order_by("position").values_list(*STEP_FIELDS)
    return [f"{on} {old_items.value} {version.id} {limits}", *(f"step {step}" for step in steps)]


def _plan_lines(owner: Owner, planned: Plan) -> Iterable[str]:
    """What the fingerprint says of a customer's items at an entity: those reminded of, and those left out and why."""
    lines = [
        f"{owner[0]} {owner[1]} {line.item.item_id} {line.step.step_key} {line.item.due_date} "
        f"{line.item.currency} {line.item.chased_amount}"
        for line in (*planned.lines, *planned.tasks)
    ]
    lines += [f"{owner[0]} {owner[1]} less {currency} {amount}" for currency, amount in planned.netted.items()]
    return sorted(lines) + sorted(f"{one.item.item_id} {one.reason}" for one in planned.excluded)


def _ledger_state() -> dict[str, tuple[int, Decimal]]:
    """By currency: how many items are open, and their sum. 1 SQL query."""
    rows = LedgerItem.objects.filter(is_open=True).values("currency").order_by("currency")
    return {row["currency"]: (row["n"], row["open"]) for row in rows.annotate(n=Count("id"), open=Sum("open_amount"))}


def _as_if_live(item: Candidate, *, book: Playbook, on: date, old_items: OldItems) -> Candidate:
    done = steps_set(item, book, live_from=on, old_items=old_items)
    keys = [step.step_key for step in done if step.step_key not in item.done]
    return item._replace(
        step_keys=[*keys, *(item.step_keys or [])], step_days=[*(on for _key in keys), *(item.step_days or [])]
    )


def _would(customer: Customer, entity: Entity, planned: Plan, part: str) -> Would:
    return Would(
        customer=customer,
        entity=entity,
        part=part,
        is_task=planned.step.is_task,
        netted=planned.netted,
        step_key=planned.step.step_key,
        item_count=len(planned.lines),
        amounts=planned.amounts,
        oldest_due_date=min(line.item.due_date for line in planned.lines),
    )
