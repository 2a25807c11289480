"""What the scenarios ask for on a day, as the rules take it: by scenario its steps, limits and where it may speak."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, prefetch_related_objects

from accounts.models import Tenant
from collection.models import ScenarioVersion, Step
from collection.queries.candidates import Candidate
from collection.rules.grouping import Credits, Grouping, Limits, Plan, let_one_speak, parts, plan
from collection.rules.steps import Anchor, OldItems, StepRule, Steps, set_by_go_live
from collection.services.assigning import Assignments, assignments, pinned_versions
from core.days import BusinessCalendar
from core.tenancy import require_tenant_id
from receivables.models import Entity

Owner = tuple[UUID, UUID]  # a customer at an entity


class Silence(StrEnum):
    """Why a scenario says nothing on a day."""

    NOT_LIVE = "NOT_LIVE"  # nobody has approved its going live
    DAY_OFF = "DAY_OFF"
    STALE_LEDGER = "STALE_LEDGER"


@dataclass(frozen=True)
class Playbook:
    """A version as the rules take it. `by_country`: its steps by the country whose days off count, where any do.

    `silent`: entities (ids as texts) where it says nothing on the day, and why.
    """

    version: ScenarioVersion
    steps: Steps
    limits: Limits
    by_entity: Mapping[str, Steps] = field(default_factory=dict)
    silent: Mapping[str, Silence] = field(default_factory=dict)
    is_pinned: bool = False  # a former version, for the items that stay with it

    @property
    def scenario_id(self) -> str:
        return str(self.version.scenario_id)

    @property
    def key(self) -> str:
        """Among the playbooks of a day: its scenario, or its version where items stay with a former one."""
        return str(self.version.id) if self.is_pinned else self.scenario_id

    def steps_at(self, entity_id: object) -> Steps:
        """Its steps at an entity, with the days worked there."""
        return self.by_entity.get(str(entity_id), self.steps) if self.by_entity else self.steps


class Found(NamedTuple):
    """A message that a customer of an entity gets by one scenario, with what stays out; `part`: of several, which."""

    owner: Owner
    book: Playbook
    plan: Plan
    part: str = ""


def versions_in_force(*, on: date) -> list[ScenarioVersion]:
    """The version in force on the day of every scenario that is kept, live or not. 2 SQL queries: with their steps."""
    rows = ScenarioVersion.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on)
    kept = rows.filter(Q(scenario__archived_on__isnull=True) | Q(scenario__archived_on__gt=on))
    found = list(kept.select_related("scenario").order_by("scenario__name", "id"))
    prefetch_related_objects(found, "steps")
    return found


def with_pinned(books: Collection[Playbook], *, on: date) -> dict[str, Playbook]:
    """The playbooks by key, with those of live versions that items stay with beside them. 1 SQL query, 1 more for each."""
    out, known = {book.key: book for book in books}, {book.version.id for book in books}
    for version in pinned_versions(on=on):
        archived_on = version.scenario.archived_on
        if version.id not in known and is_live(version, on=on) and (archived_on is None or archived_on > on):
            out[str(version.id)] = replace(playbook(version), is_pinned=True)
    return out


def assigned_among(
    books: Mapping[str, Playbook], *, on: date, customer_ids: Collection[UUID] | None = None
) -> Assignments:
    """What each item follows on the day, among these playbooks. At most 8 SQL queries."""
    versions = [book.version for book in books.values()]
    return assignments(on=on, known=books.keys(), customer_ids=customer_ids, versions=versions)


def is_live(version: ScenarioVersion, *, on: date) -> bool:
    """Whether its messages leave on the day."""
    return version.live_from is not None and version.live_from <= on


def step_rule(step: Step) -> StepRule:
    """The step as the rule takes it."""
    return StepRule(
        step.step_key,
        step.position,
        Anchor(step.anchor),
        step.offset_days,
        step.in_working_days,
        step.minimum_amount,
        is_task=step.mode == Step.Mode.TASK,
        is_terminal=step.is_terminal,
    )


def step_rules(version: ScenarioVersion) -> Steps:
    """The version's steps as the rule takes them, in order, with the days worked in the organisation's country."""
    return playbook(version).steps


def playbook(version: ScenarioVersion) -> Playbook:
    """The version as the rules take it. 1 SQL query where its steps are not read yet, 2 more for steps in days worked."""
    rows = sorted(version.steps.all(), key=lambda step: step.position)
    rules = [step_rule(step) for step in rows]
    limits = limits_of(version)
    if not any(rule.in_working_days for rule in rules):
        return Playbook(version, Steps(rules), limits)
    home = Tenant.objects.get(id=require_tenant_id()).country
    by_entity = {
        str(entity_id): Steps(rules, calendar=BusinessCalendar((country or home,)))
        for entity_id, country in Entity.objects.values_list("id", "country")
    }
    return Playbook(version, Steps(rules, calendar=BusinessCalendar((home,))), limits, by_entity)


def steps_set(item: Candidate, book: Playbook, *, live_from: date, old_items: OldItems) -> tuple[StepRule, ...]:
    """The steps that an item starts behind when sending begins on `live_from`."""
    steps = book.steps_at(item.entity_id).for_terms(document_date=item.document_date, due_date=item.due_date)
    return set_by_go_live(steps=steps, due_date=item.due_date, live_from=live_from, old_items=old_items)


def limits_of(version: ScenarioVersion) -> Limits:
    """What the version asks of a message, as the rule takes it."""
    return Limits(
        version.minimum_item_amount,
        version.minimum_total_amount,
        version.minimum_delay_days,
        Grouping(version.grouping),
        Credits(version.credits),
    )


def due_until(steps: Iterable[StepRule], on: date) -> date:
    """The latest due date that a step before the due date can concern on the day `on`.

    One from the issue date can concern any. Twice as many days for those worked, as no month has fewer than half.
    """
    furthest = 0
    for step in steps:
        if step.anchor is Anchor.ISSUE_DATE:
            return date.max
        if step.is_before_due:
            furthest = max(furthest, -step.offset_days * (2 if step.in_working_days else 1) + 7 * step.in_working_days)
    return on + timedelta(days=furthest)


def due_until_of(books: Collection[Playbook], on: date) -> date:
    """The latest due date that any of the scenarios can concern."""
    return max([due_until(book.steps, on) for book in books], default=on)


def with_silence(
    books: Sequence[Playbook], *, tenant: Tenant, on: date, ledger_as_of: Mapping[UUID, date] | None
) -> list[Playbook]:
    """Each with the entities where it is silent: a day off there, or a ledger older than it allows. 1 SQL query."""
    entities = [
        (entity_id, BusinessCalendar((country or tenant.country,)).is_working_day(on))
        for entity_id, country in Entity.objects.values_list("id", "country")
    ]
    out = []
    for book in books:
        version, silent = book.version, dict[str, Silence]()
        for entity_id, is_worked in entities:
            as_of = (ledger_as_of or {}).get(entity_id)
            is_stale = version.stale_after_days is not None and (
                as_of is None or (on - as_of).days > version.stale_after_days
            )
            if version.working_days_only and not is_worked:
                silent[str(entity_id)] = Silence.DAY_OFF
            elif is_stale:
                silent[str(entity_id)] = Silence.STALE_LEDGER
        out.append(replace(book, silent=silent))
    return out


def plans(
    *, items: Iterable[Candidate], books: Mapping[str, Playbook], assignments: Assignments, on: date
) -> Iterator[Found]:
    """The messages to each customer at each entity by scenario, among the items, which come in that order. No SQL.

    Items that no scenario of `books` applies to are in none of them.
    """
    only = next(iter(books.values())) if len(books) == 1 else None
    sole = only if only and only.scenario_id == assignments.default and not assignments.rules else None
    if sole and not assignments.overrides and not assignments.pins:
        for owner, group in groupby(items, key=itemgetter(1, 2)):
            if str(owner[1]) not in sole.silent:
                yield from _messages(Found(owner, sole, _plan(list(group), sole, on=on)))
        return
    for owner, group in groupby(items, key=itemgetter(1, 2)):
        shares: dict[str, list[Candidate]] = {}
        for item in group:
            key = assignments.of(item).book
            if key is not None and key in books:
                shares.setdefault(key, []).append(item)
        entity = str(owner[1])
        found = [
            Found(owner, books[key], _plan(share, books[key], on=on))
            for key, share in sorted(shares.items())
            if entity not in books[key].silent
        ]
        if len(found) > 1:
            let_one_speak([(one.plan, one.book.limits) for one in found], on=on)
        for one in found:
            yield from _messages(one)


def _messages(found: Found) -> Iterable[Found]:
    if found.book.limits.grouping is Grouping.HIGHEST:
        return (found,)
    return [found._replace(plan=one, part=part) for part, one in parts(found.plan, limits=found.book.limits)]


def _plan(items: list[Candidate], book: Playbook, *, on: date) -> Plan:
    first = items[0]
    return plan(items=items, steps=book.steps_at(first.entity_id), limits=book.limits, recent=first.recent, on=on)
