"""What would leave if sending began now: the plan of the day without writing anything."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction

from collection.models import ScenarioVersion
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Plan
from collection.rules.steps import LeftOut, OldItems, Steps, set_by_go_live
from collection.services.planning import due_until, plans
from collection.services.scenarios import step_rules
from receivables.models import Customer, Entity


@dataclass(frozen=True)
class Would:
    """A message that would leave: to whom, for which entity, at which step, for how much by currency."""

    customer: Customer
    entity: Entity
    step_key: str
    item_count: int
    amounts: dict[str, Decimal]
    oldest_due_date: date


@dataclass
class DryRun:
    """The messages in order of amount, the items left out by reason, and the totals by step and by currency."""

    messages: list[Would] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    by_step: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, Decimal] = field(default_factory=dict)


@transaction.atomic
def dry_run(*, version: ScenarioVersion, on: date, old_items: OldItems) -> DryRun:
    """What the version would send on the day `on` if it were live from that day with this choice. 5 SQL queries.

    Equal to what the night of that day proposes once go-live is approved, on a working day with a fresh ledger.
    """
    steps, out, found = step_rules(version), DryRun(), []
    items = (
        _as_if_live(item, steps=steps, on=on, old_items=old_items)
        for item in candidates(on=on, due_until=due_until(steps, on))
    )
    for owner, planned in plans(items=items, version=version, on=on):
        out.left_out.update(excluded.reason for excluded in planned.excluded)
        if planned.lines:
            found.append((owner, planned))
    customers = Customer.objects.in_bulk([customer_id for (customer_id, _entity), _plan in found])
    entities = Entity.objects.in_bulk()
    for (customer_id, entity_id), planned in found:
        out.messages.append(_would(customers[customer_id], entities[entity_id], planned))
        out.by_step[planned.step.step_key] += 1
        for currency, amount in planned.amounts.items():
            out.amounts[currency] = out.amounts.get(currency, Decimal(0)) + amount
    out.messages.sort(key=lambda would: (-max(would.amounts.values()), would.customer.name_key))
    return out


def _as_if_live(item: Candidate, *, steps: Steps, on: date, old_items: OldItems) -> Candidate:
    done = set_by_go_live(steps=steps, due_date=item.due_date, live_from=on, old_items=old_items)
    keys = [step.step_key for step in done if step.step_key not in item.done]
    return item._replace(
        step_keys=[*keys, *(item.step_keys or [])], step_days=[*(on for _key in keys), *(item.step_days or [])]
    )


def _would(customer: Customer, entity: Entity, planned: Plan) -> Would:
    return Would(
        customer=customer,
        entity=entity,
        step_key=planned.step.step_key,
        item_count=len(planned.lines),
        amounts=planned.amounts,
        oldest_due_date=min(line.item.due_date for line in planned.lines),
    )
