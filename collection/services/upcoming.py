"""What would be said next to a customer, when, and what stays out: for the preview on the customer's page."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from accounts.access import Scope
from collection.models import ScenarioVersion
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Excluded, Plan, Recent, plan
from collection.rules.steps import Steps
from collection.services.planning import limits_of
from collection.services.scenarios import step_rules, version_in_force
from receivables.models import Customer, Entity, Hold
from receivables.queries.visible import accounts_in

# Days looked at for the next message: an item waits at most for its own next step, so the first ones decide.
MOST_DAYS = 12


@dataclass(frozen=True)
class Upcoming:
    """The next message of one entity: `on` None where no date brings one. `excluded`: as of today, with reasons."""

    entity: Entity
    on: date | None = None
    step_name: str = ""
    item_count: int = 0
    excluded: list[Excluded] = field(default_factory=list)


@transaction.atomic
def upcoming(*, customer_id: UUID, scope: Scope, on: date) -> list[Upcoming]:
    """By entity where the asker sees the customer and something is open, in the order of its code. 5 SQL queries.

    The first day, from `on`, on which the version in force would send something if nothing were paid, promised or
    disputed meanwhile; days off put it later. Empty before a scenario exists.
    """
    version = version_in_force(on=on)
    if version is None:
        return []
    seen = set(accounts_in(scope=scope).filter(customer_id=customer_id).values_list("entity_id", flat=True))
    items: dict[UUID, list[Candidate]] = defaultdict(list)
    for item in candidates(on=on, due_until=date.max, customer_ids=[customer_id]):
        if item.entity_id in seen:
            items[item.entity_id].append(item)
    steps = step_rules(version)
    names = dict(version.steps.values_list("step_key", "name"))
    return [
        _next(
            entity,
            items[entity.id],
            version=version,
            steps=steps,
            names=names,
            recent=items[entity.id][0].recent,
            on=on,
        )
        for entity in Entity.objects.filter(id__in=items.keys()).order_by("code")
    ]


def holds_of(*, customer: Customer, on: date) -> list[Hold]:
    """The holds on the whole customer, or its group, in force on the day, the longest first. 1 SQL query."""
    whose = Q(customer=customer, item__isnull=True)
    if customer.group_id:
        whose |= Q(group_id=customer.group_id)
    in_force = Hold.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on), Q(lifted_on__isnull=True) | Q(lifted_on__gt=on), from_on__lte=on
    )
    return list(in_force.filter(whose).order_by(F("until_on").desc(nulls_first=True), "id"))


def _next(
    entity: Entity,
    items: list[Candidate],
    *,
    version: ScenarioVersion,
    steps: Steps,
    names: dict[str, str],
    recent: Recent,
    on: date,
) -> Upcoming:
    limits = limits_of(version)

    def planned(day: date) -> Plan:
        return plan(items=items, steps=steps, limits=limits, recent=recent, on=day)

    today = planned(on)
    found, day = today, on
    for _attempt in range(MOST_DAYS):
        if found.lines:
            return Upcoming(entity, day, names[found.step.step_key], len(found.lines), today.excluded)
        later = min((one.until for one in found.excluded if one.until and one.until > day), default=None)
        if later is None:
            break
        day, found = later, planned(later)
    return Upcoming(entity, excluded=today.excluded)
