"""What scenarios say on a day or over many, without writing anything: for trying one out and for comparing two.

A day is what its night proposes. Over several days each message counts as sent on its day, so that the next steps come
when they would; what was paid, disputed or held on each day is taken from the ledger as it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from accounts.models import Tenant
from collection.models import Action, ActionLine, Scenario, ScenarioVersion
from collection.queries.candidates import Candidate, candidates
from collection.queries.credits import open_credits
from collection.rules.grouping import Credits, Excluded, Line, list_credits, task_parts
from collection.rules.steps import OldItems
from collection.services.playbooks import (
    Found,
    Playbook,
    Silence,
    assigned_among,
    due_until_of,
    is_live,
    plans,
    playbook,
    steps_set,
    versions_in_force,
    with_pinned,
    with_silence,
)
from collection.services.said import Said, Speaker
from receivables.models import Entity

MOST_DAYS = 400
# Customer, entity, scenario's name, and what is left out.
LeftOutItem = tuple[UUID, UUID, str, Excluded]
# Scenario's name, entity (None: everywhere), and why.
SilentPlace = tuple[str, Entity | None, Silence]


@dataclass
class Replay:
    """Messages by day, customer and entity; the open items left out on the last day, by customer and entity.

    `silent`: which scenarios say nothing on the last day, at which entity (None: at all), and why.
    """

    said: list[Said] = field(default_factory=list)
    silent: list[SilentPlace] = field(default_factory=list)
    left_out: list[LeftOutItem] = field(default_factory=list)


@dataclass
class _Memory:
    """What was said before the first day, and in the replay since. Items and owners by id."""

    done: dict[UUID, dict[str, date]] = field(default_factory=lambda: defaultdict(dict))
    last: dict[tuple[UUID, UUID], date] = field(default_factory=dict)

    def seen(self, item: Candidate) -> Candidate:
        """The item as the replay knows it: nothing is pending or put off."""
        done = self.done.get(item.item_id)
        return item._replace(
            step_keys=list(done) if done else None,
            step_days=list(done.values()) if done else None,
            pending=False,
            last_message_on=self.last.get((item.customer_id, item.entity_id)),
            postponed_until=None,
        )

    def add(self, found: Found, *, on: date, has_left: bool) -> None:
        """Note what was said. Calls and tasks count as done on their day."""
        live_from = found.book.version.live_from
        for item, step in found.plan.lapsed:
            if live_from is None or item.due_date >= live_from:
                self.done[item.item_id].setdefault(step.step_key, on)
        if has_left:
            self.last[found.owner] = on
            for item, step in found.plan.lines:
                self.done[item.item_id][step.step_key] = on
        for item, step in found.plan.tasks:
            self.done[item.item_id][step.step_key] = on


class Day(NamedTuple):
    """What is said on a day, by customer and entity, and the open items left out of it.

    `silent`: on the last day asked for, which scenarios say nothing there.
    """

    on: date
    said: list[Said]
    left_out: list[LeftOutItem]
    silent: list[SilentPlace]


@transaction.atomic
def replay(
    *,
    tenant: Tenant,
    on: date,
    since: date | None = None,
    version: ScenarioVersion | None = None,
    old_items: OldItems = OldItems.FIRST_STEP,
    ledger_as_of: Mapping[UUID, date] | None = None,
    days_off: bool = False,
    customer_ids: Collection[UUID] | None = None,
    with_files: bool = False,
) -> Replay:
    """What the nights from `since` (None: `on` alone) to `on` say: replay_days() gathered."""
    out = Replay()
    for day in replay_days(
        tenant=tenant,
        on=on,
        since=since,
        version=version,
        old_items=old_items,
        ledger_as_of=ledger_as_of,
        days_off=days_off,
        customer_ids=customer_ids,
        with_files=with_files,
    ):
        out.said += day.said
        out.left_out, out.silent = day.left_out, day.silent
    return out


def replay_days(
    *,
    tenant: Tenant,
    on: date,
    since: date | None = None,
    version: ScenarioVersion | None = None,
    old_items: OldItems = OldItems.FIRST_STEP,
    ledger_as_of: Mapping[UUID, date] | None = None,
    days_off: bool = False,
    customer_ids: Collection[UUID] | None = None,
    with_files: bool = False,
) -> Iterator[Day]:
    """What the nights from `since` (None: `on` alone) to `on` say, by the scenarios live on each day; a day at a time, each
    in a transaction of its own.

    `version`: as if it were live since the first day, in the place of its scenario. `days_off`: as if every day were
    worked. A ledger counts as fresh where `ledger_as_of` is None. With `customer_ids` only theirs; `with_files`: what goes along
    with each message is looked for too. About 15 SQL queries a
    day. Raises ValueError for more than 400 days.
    """
    first = since or on
    if not 0 <= (on - first).days < MOST_DAYS:
        raise ValueError(f"from 1 to {MOST_DAYS} days")
    with transaction.atomic():
        memory = _before(first, customer_ids) if since else None
        released = set() if memory else _released(on)
        speaker = Speaker(with_files=with_files)
    for day in (first + timedelta(days=number) for number in range((on - first).days + 1)):
        with transaction.atomic():
            books = _books(tenant=tenant, on=day, version=version, ledger_as_of=ledger_as_of, days_off=days_off)
            mine = books.get(str(version.scenario_id)) if version else None
            assigned = assigned_among(books, on=day, customer_ids=customer_ids)
            items: list[Candidate] = []
            due = due_until_of(books.values(), day)
            for item in candidates(on=day, due_until=due, customer_ids=customer_ids) if books else ():
                seen = (
                    memory.seen(item)
                    if memory
                    else item._replace(pending=item.pending and item.item_id not in released)
                )
                if mine and assigned.of(item).book == mine.key:
                    seen = _as_if_live(seen, mine, first=first, old_items=old_items)
                items.append(seen)
            made = list(plans(items=items, books=books, assignments=assigned, on=day))
            silent = _silent(books.values(), entities=speaker.entities) if day == on else []
            result = Day(day, _in_words(made, speaker, memory, on=day), _left_out(made), silent)
        yield result


def _in_words(made: Sequence[Found], speaker: Speaker, memory: _Memory | None, *, on: date) -> list[Said]:
    out = []
    speaker.read({found.owner[0] for found in made if found.plan.lines or found.plan.tasks})
    _list_credits(made, on=on)
    for found in made:
        if not (found.plan.lines or found.plan.lapsed or found.plan.tasks):
            continue
        said = speaker.said(found, on=on) if found.plan.lines else None
        if said is not None:
            out.append(said)
        out += [speaker.task(found, part, lines, on=on) for part, lines in _tasks_of(found)]
        if memory:
            memory.add(found, on=on, has_left=said is not None and not said.missing)
    return out


def _left_out(made: Sequence[Found]) -> list[LeftOutItem]:
    return [(*found.owner, found.book.version.scenario.name, one) for found in made for one in found.plan.excluded]


def _list_credits(found: Sequence[Found], *, on: date) -> None:
    """1 SQL query where a scenario has its messages list credits."""
    listing = [one for one in found if one.plan.lines and one.book.limits.credits is not Credits.HIDE]
    credits = open_credits(on=on, customer_ids={one.owner[0] for one in listing}) if listing else {}
    for one in listing:
        list_credits(one.plan, credits.get(one.owner, ()), limits=one.book.limits)


def _silent(books: Iterable[Playbook], *, entities: Mapping[UUID, Entity]) -> list[SilentPlace]:
    """1 SQL query."""
    by_scenario = {book.scenario_id: book for book in books if not book.is_pinned}
    out: list[SilentPlace] = []
    for scenario_id, name in Scenario.objects.filter(archived_on=None).order_by("name").values_list("id", "name"):
        book = by_scenario.get(str(scenario_id))
        if book is None:
            out.append((name, None, Silence.NOT_LIVE))
            continue
        where = sorted((entities[UUID(entity)] for entity in book.silent), key=lambda entity: entity.code)
        out += [(name, entity, book.silent[str(entity.id)]) for entity in where]
    return out


def _tasks_of(found: Found) -> list[tuple[str, list[Line]]]:
    return task_parts(found.plan, limits=found.book.limits) if found.plan.tasks else []


def _books(
    *,
    tenant: Tenant,
    on: date,
    version: ScenarioVersion | None,
    ledger_as_of: Mapping[UUID, date] | None,
    days_off: bool,
) -> dict[str, Playbook]:
    live = [one for one in versions_in_force(on=on) if is_live(one, on=on)]
    if version is not None:
        live = [*(one for one in live if one.scenario_id != version.scenario_id), version]
    known = with_pinned([playbook(one) for one in live], on=on)
    if days_off:
        return known
    fresh = ledger_as_of if ledger_as_of is not None else dict.fromkeys(Entity.objects.values_list("id", flat=True), on)
    return {book.key: book for book in with_silence(list(known.values()), tenant=tenant, on=on, ledger_as_of=fresh)}


def _before(first: date, customer_ids: Collection[UUID] | None) -> _Memory:
    """What had been said before the day `first`. 2 SQL queries."""
    out = _Memory()
    whose = Q() if customer_ids is None else Q(customer_id__in=customer_ids)
    lines = ActionLine.objects.filter(whose, on__lt=first).exclude(state=ActionLine.State.PLANNED)
    for item_id, step_key, on in lines.values_list("item_id", "step_key", "on").iterator():
        out.done[item_id][step_key] = on
    contacted = Q(state__in=(Action.State.CONFIRMED, Action.State.SENT)) | Q(state=Action.State.DONE) & ~Q(channel="")
    actions = Action.objects.filter(whose, contacted, on__lt=first)
    for customer_id, entity_id, last in actions.values_list("customer_id", "entity_id").annotate(last=Max("on")):
        out.last[(customer_id, entity_id)] = last
    return out


def _released(on: date) -> set[UUID]:
    """Items of proposals that the night of the day takes back to propose them anew. 1 SQL query."""
    lines = ActionLine.objects.filter(state=ActionLine.State.PLANNED)
    undecided = lines.filter(action__state=Action.State.PROPOSED, action__on__lt=on)
    put_off = lines.filter(action__state=Action.State.POSTPONED, action__postponed_until__lte=on)
    return set((undecided | put_off).values_list("item_id", flat=True))


def _as_if_live(item: Candidate, book: Playbook, *, first: date, old_items: OldItems) -> Candidate:
    """With the steps that it starts behind, where the version is not live yet."""
    if book.version.live_from is not None:
        return item
    done = dict(item.done)
    for step in steps_set(item, book, live_from=first, old_items=old_items):
        done.setdefault(step.step_key, first)
    return item._replace(step_keys=list(done), step_days=list(done.values()))
