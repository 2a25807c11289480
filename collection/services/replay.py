"""What scenarios say on a day or over many, without writing anything: for trying one out and for comparing two.

A day is what its night proposes. Over several days each message counts as sent on its day, so that the next steps come
when they would; what was paid, disputed or held on each day is taken from the ledger as it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.models import Tenant
from collection.models import Action, ActionLine, Scenario, ScenarioVersion, Step
from collection.queries.candidates import Candidate, candidates
from collection.queries.credits import open_credits
from collection.rules.grouping import Credits, Excluded, Line, Plan, list_credits, task_parts
from collection.rules.steps import OldItems
from collection.services.composing import Draft, Parties, compose, persons_of
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
from collection.services.sending import bounced_addresses, text_carrier_is_there
from desk.models import Channel
from desk.queries.templates import Texts
from receivables.models import Contact, Customer, Entity

MOST_DAYS = 400


@dataclass(frozen=True)
class Said:
    """A message of a day, or a call or task: to whom, by which scenario and step, through which channel, for what.

    `items`: (number, due date, currency, amount) in the message's order. `missing`: why it cannot leave, else "". A task
    has no channel; it and a call have no recipient. `netted`: credits that `amounts` are less by.
    """

    on: date
    customer: Customer
    entity: Entity
    scenario: str
    step_key: str
    step_name: str
    channel: str
    mode: str
    recipient: str
    missing: str
    items: list[tuple[str, date, str, Decimal]]
    amounts: dict[str, Decimal]
    netted: dict[str, Decimal]
    part: str = ""


@dataclass
class Replay:
    """Messages by day, customer and entity; the open items left out on the last day, by customer and entity.

    `silent`: which scenarios say nothing on the last day, at which entity (None: at all), and why.
    """

    said: list[Said] = field(default_factory=list)
    silent: list[tuple[str, Entity | None, Silence]] = field(default_factory=list)
    left_out: list[tuple[UUID, UUID, str, Excluded]] = field(default_factory=list)


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


@transaction.atomic
def replay(
    *,
    tenant: Tenant,
    on: date,
    since: date | None = None,
    version: ScenarioVersion | None = None,
    without: bool = False,
    old_items: OldItems = OldItems.FIRST_STEP,
    ledger_as_of: Mapping[UUID, date] | None = None,
    days_off: bool = False,
) -> Replay:
    """What the nights from `since` (None: `on` alone) to `on` say, by the scenarios live on each day.

    `version`: as if it were live since the first day, in the place of its scenario; with `without` as if that scenario
    were not there. `days_off`: as if every day were worked. A ledger counts as fresh where `ledger_as_of` is None. About 15 SQL queries a day. Raises ValueError
    for more than 400 days.
    """
    first = since or on
    if not 0 <= (on - first).days < MOST_DAYS:
        raise ValueError(f"from 1 to {MOST_DAYS} days")
    memory = _before(first) if since else None
    released = set() if memory else _released(on)
    out, parties = Replay(), _Parties()
    for day in (first + timedelta(days=number) for number in range((on - first).days + 1)):
        books = _books(tenant=tenant, on=day, version=version, without=without, ledger_as_of=ledger_as_of)
        if days_off:
            books = {key: replace(book, silent={}) for key, book in books.items()}
        if day == on:
            out.silent = _silent(books.values(), entities=parties.entities)
        if not books:
            continue
        assigned = assigned_among(books, on=day)
        mine = books.get(str(version.scenario_id)) if version else None
        items: list[Candidate] = []
        for item in candidates(on=day, due_until=due_until_of(books.values(), day)):
            seen = memory.seen(item) if memory else item._replace(pending=item.pending and item.item_id not in released)
            if mine and assigned.of(item).book == mine.key:
                seen = _as_if_live(seen, mine, first=first, old_items=old_items)
            items.append(seen)
        out.left_out = []
        found_today = []
        for found in plans(items=items, books=books, assignments=assigned, on=day):
            name = found.book.version.scenario.name
            out.left_out += [(*found.owner, name, one) for one in found.plan.excluded]
            if found.plan.lines or found.plan.lapsed or found.plan.tasks:
                found_today.append(found)
        parties.read({found.owner[0] for found in found_today if found.plan.lines or found.plan.tasks})
        _list_credits(found_today, on=day)
        for found in found_today:
            said = parties.said(found, on=day) if found.plan.lines else None
            if said is not None:
                out.said.append(said)
            out.said += [parties.task(found, part, lines, on=day) for part, lines in _tasks_of(found)]
            if memory:
                memory.add(found, on=day, has_left=said is not None and not said.missing)
    return out


def _list_credits(found: Sequence[Found], *, on: date) -> None:
    """1 SQL query where a scenario has its messages list credits."""
    listing = [one for one in found if one.plan.lines and one.book.limits.credits is not Credits.HIDE]
    credits = open_credits(on=on, customer_ids={one.owner[0] for one in listing}) if listing else {}
    for one in listing:
        list_credits(one.plan, credits.get(one.owner, ()), limits=one.book.limits)


def _silent(books: Iterable[Playbook], *, entities: Mapping[UUID, Entity]) -> list[tuple[str, Entity | None, Silence]]:
    """1 SQL query."""
    by_scenario = {book.scenario_id: book for book in books if not book.is_pinned}
    out: list[tuple[str, Entity | None, Silence]] = []
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
    without: bool,
    ledger_as_of: Mapping[UUID, date] | None,
) -> dict[str, Playbook]:
    live = [one for one in versions_in_force(on=on) if is_live(one, on=on)]
    if version is not None:
        live = [one for one in live if one.scenario_id != version.scenario_id]
        if not without:
            live.append(version)
    fresh = ledger_as_of if ledger_as_of is not None else dict.fromkeys(Entity.objects.values_list("id", flat=True), on)
    known = with_pinned([playbook(one) for one in live], on=on)
    return {book.key: book for book in with_silence(list(known.values()), tenant=tenant, on=on, ledger_as_of=fresh)}


def _before(first: date) -> _Memory:
    """What had been said before the day `first`. 2 SQL queries."""
    out = _Memory()
    lines = ActionLine.objects.filter(on__lt=first).exclude(state=ActionLine.State.PLANNED)
    for item_id, step_key, on in lines.values_list("item_id", "step_key", "on").iterator():
        out.done[item_id][step_key] = on
    actions = Action.objects.filter(on__lt=first, state__in=(Action.State.CONFIRMED, Action.State.SENT))
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


class _Parties:
    """Customers, entities and contacts, each read once."""

    def __init__(self) -> None:
        self.customers: dict[UUID, Customer] = {}
        self.contacts: dict[UUID, list[Contact]] = defaultdict(list)
        self.bounced: set[str] = set()
        self.entities = Entity.objects.in_bulk()
        self.texts = Texts()
        self.steps: dict[UUID, dict[str, Step]] = {}

    @cached_property
    def can_text(self) -> bool:
        return text_carrier_is_there()

    def read(self, customer_ids: Collection[UUID]) -> None:
        """3 SQL queries for those not read yet."""
        missing = [one for one in customer_ids if one not in self.customers]
        if not missing:
            return
        self.customers |= Customer.objects.in_bulk(missing)
        for contact in Contact.objects.filter(customer_id__in=missing, is_active=True):
            self.contacts[contact.customer_id].append(contact)
        self.bounced |= bounced_addresses(missing)

    def said(self, found: Found, *, on: date) -> Said:
        """The message of a plan."""
        step = self._steps(found)[found.plan.step.step_key]
        customer, entity = self.customers[found.owner[0]], self.entities[found.owner[1]]
        is_call = step.channel == Channel.CALL
        draft = None if is_call else self._draft(found, step, customer, entity, on=on)
        return self._said(found, step, found.plan.lines, draft=draft, part=found.part, plan=found.plan, on=on)

    def task(self, found: Found, part: str, lines: list[Line], *, on: date) -> Said:
        """What a plan gives to a colleague."""
        step = self._steps(found)[lines[0].step.step_key]
        return self._said(found, step, lines, draft=None, part=part, plan=Plan(lines), on=on)

    def _said(
        self, found: Found, step: Step, lines: list[Line], *, draft: Draft | None, part: str, plan: Plan, on: date
    ) -> Said:
        ordered = sorted(lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
        return Said(
            on=on,
            customer=self.customers[found.owner[0]],
            entity=self.entities[found.owner[1]],
            scenario=found.book.version.scenario.name,
            step_key=step.step_key,
            step_name=step.name,
            channel=step.channel,
            mode=step.mode,
            recipient=draft.recipient if draft else "",
            missing=draft.missing if draft else "",
            items=[(i.number, i.due_date, i.currency, i.chased_amount) for i, _step in ordered],
            amounts=plan.amounts,
            netted=plan.netted,
            part=part,
        )

    def _steps(self, found: Found) -> dict[str, Step]:
        version = found.book.version
        return self.steps.setdefault(version.id, {step.step_key: step for step in version.steps.all()})

    def _draft(self, found: Found, step: Step, customer: Customer, entity: Entity, *, on: date) -> Draft:
        parties = Parties(
            customer=customer,
            entity=entity,
            persons=persons_of(
                self.contacts[customer.id], country=customer.country or entity.country, refused=self.bounced
            ),
            sender=None,
            bounced=self.bounced,
            can_text=step.channel == Channel.SMS and self.can_text,
        )
        return compose(
            parties=parties,
            plan=found.plan,
            channel=step.channel,
            template_code=step.template_code,
            on=on,
            texts=self.texts,
        )


# --- Two of them compared --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A message to a customer of an entity on a day that is another one: `before` or `after` is None where none is."""

    before: Said | None
    after: Said | None

    @property
    def sides(self) -> tuple[Said | None, Said | None]:
        """Now, then with the other version."""
        return self.before, self.after

    @property
    def one(self) -> Said:
        """Whichever there is."""
        found = self.after or self.before
        assert found is not None
        return found


def differences(before: Sequence[Said], after: Sequence[Said]) -> list[Difference]:
    """Messages only before, only after, and changed, by day and customer."""
    old, new = _by_place(before), _by_place(after)
    names = {key: said[0].customer.name_key for found in (old, new) for key, said in found.items()}
    return [
        pair
        for key in sorted({*old, *new}, key=lambda key: (key[0], names[key], str(key)))
        for pair in _pairs(old.get(key, []), new.get(key, []))
    ]


def _by_place(said: Sequence[Said]) -> dict[tuple[date, UUID, UUID], list[Said]]:
    out: dict[tuple[date, UUID, UUID], list[Said]] = defaultdict(list)
    for one in said:
        out[(one.on, one.customer.id, one.entity.id)].append(one)
    return out


def _pairs(old: list[Said], new: list[Said]) -> Iterator[Difference]:
    gone = [one for one in old if _content(one) not in [_content(other) for other in new]]
    come = [one for one in new if _content(one) not in [_content(other) for other in old]]
    for place in range(max(len(gone), len(come))):
        yield Difference(gone[place] if place < len(gone) else None, come[place] if place < len(come) else None)


def _content(one: Said) -> tuple[object, ...]:
    """What the customer would notice, and who has to confirm it."""
    return (one.step_name, one.channel, one.mode, one.recipient, tuple(one.items), tuple(one.amounts.items()))
