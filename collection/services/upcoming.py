"""What would be said next to a customer, when, and what stays out: for the preview on the customer's page."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from accounts.access import Scope
from collection.models import Scenario
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Excluded, Plan, plan
from collection.services.assigning import Why
from collection.services.playbooks import (
    Playbook,
    assigned_among,
    is_live,
    playbook,
    versions_in_force,
    with_pinned,
)
from receivables.models import Customer, Entity, Hold
from receivables.queries.visible import accounts_in

# Days looked at for the next message: an item waits at most for its own next step, so the first ones decide.
MOST_DAYS = 12


@dataclass(frozen=True)
class Upcoming:
    """The next message of one entity by one scenario: `on` None where no date brings one.

    `excluded`: as of today, with reasons. `why`: what gave the scenario. `scenario` is None where none is live.
    """

    entity: Entity
    scenario: Scenario | None = None
    why: Why | None = None
    on: date | None = None
    step_name: str = ""
    item_count: int = 0
    excluded: list[Excluded] = field(default_factory=list)


@transaction.atomic
def upcoming(*, customer_id: UUID, scope: Scope, on: date) -> list[Upcoming]:
    """By entity where the asker sees the customer and something is open, in the order of its code. At most 16 queries.

    The first day, from `on`, on which the scenario of its items would send something if nothing were paid, promised or
    disputed meanwhile; days off put it later, and so may the message of another scenario. Before any scenario is live,
    what the default one would do; nothing before that one exists.
    """
    versions = [one for one in versions_in_force(on=on) if is_live(one, on=on) or one.scenario.is_default]
    live = [one for one in versions if is_live(one, on=on)]
    books = with_pinned([playbook(one) for one in live or versions], on=on)
    if not books:
        return []
    assigned = assigned_among(books, on=on, customer_ids=[customer_id])
    seen = set(accounts_in(scope=scope).filter(customer_id=customer_id).values_list("entity_id", flat=True))
    items: dict[tuple[UUID, str], list[Candidate]] = defaultdict(list)
    reasons: dict[tuple[UUID, str], Why] = {}
    for item in candidates(on=on, due_until=date.max, customer_ids=[customer_id]):
        if item.entity_id in seen:
            why = assigned.of(item)
            place = (item.entity_id, why.book or "")
            items[place].append(item)
            reasons.setdefault(place, why)
    out = []
    for entity in Entity.objects.filter(id__in={entity_id for entity_id, _scenario in items}).order_by("code"):
        for place in sorted(place for place in items if place[0] == entity.id):
            book = books.get(place[1])
            if book is None:
                out.append(Upcoming(entity))
            else:
                out.append(_next(entity, items[place], book=book, why=reasons[place], on=on))
    return out


def holds_of(*, customer: Customer, on: date) -> list[Hold]:
    """The holds on the whole customer, or its group, in force on the day, the longest first. 1 SQL query."""
    whose = Q(customer=customer, item__isnull=True)
    if customer.group_id:
        whose |= Q(group_id=customer.group_id)
    in_force = Hold.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on), Q(lifted_on__isnull=True) | Q(lifted_on__gt=on), from_on__lte=on
    )
    return list(in_force.filter(whose).order_by(F("until_on").desc(nulls_first=True), "id"))


def _next(entity: Entity, items: list[Candidate], *, book: Playbook, why: Why, on: date) -> Upcoming:
    steps, recent = book.steps_at(entity.id), items[0].recent
    names = {step.step_key: step.name for step in book.version.steps.all()}
    scenario = book.version.scenario

    def planned(day: date) -> Plan:
        return plan(items=items, steps=steps, limits=book.limits, recent=recent, on=day)

    today = planned(on)
    found, day = today, on
    for _attempt in range(MOST_DAYS):
        if found.lines:
            name = names[found.step.step_key]
            return Upcoming(entity, scenario, why, day, name, len(found.lines), today.excluded)
        later = min((one.until for one in found.excluded if one.until and one.until > day), default=None)
        if later is None:
            break
        day, found = later, planned(later)
    return Upcoming(entity, scenario, why, excluded=today.excluded)
