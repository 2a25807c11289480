"""The day's work of a member: every kind of it in one ranked list. A bounded number of statements, whatever its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from accounts.access import Scope
from accounts.queries.replacements import represented_by
from collection.models import Action, Interaction
from collection.queries.actions import follow_ups_in, in_scope, worklist
from collection.queries.facts import values_of_currencies
from collection.rules.day import Band, Rank, WorkKind, rank
from desk.models import Alert, Channel, Task
from desk.queries.alerts import alerts_to_see
from desk.queries.tasks import tasks_of
from receivables.models import CustomerAccount, CustomerBalance, Dispute, Promise, PromiseItem
from receivables.queries.marks import customer_lines
from receivables.queries.visible import promises_in
from risk.models import Review
from risk.queries.habits import Habits, payment_habits
from risk.queries.reviews import reviews_in
from risk.rules.chance import chance_within

# Of follow-ups, promises, tasks, alerts and reviews so many each are ranked; beyond that the list says that it is not whole.
MOST = 20_000
# Promises that were broken longer ago are history.
BROKEN_DAYS = 60
CHANCE_DAYS = 14
REVIEWS = "risk."


@dataclass(frozen=True)
class Reader:
    """Who asks: the row scope, whose work (their own and that of `absent` colleagues, or all), and what they may see."""

    member_id: UUID
    scope: Scope
    on: date
    now: datetime  # on the organisation's clock
    currency: str
    is_mine: bool = True
    absent: dict[UUID, str] = field(default_factory=dict)
    sees_promises: bool = True
    sees_alerts: bool = True

    @property
    def members(self) -> list[UUID]:
        return [self.member_id, *self.absent]


@dataclass(frozen=True)
class Work:
    """One thing to do. `source` names the table of `row`; `amounts` by currency what it is about; `late`: days overdue.

    `at`: the hour agreed today. `for_name`: the absent colleague whose work it is, "" for one's own.
    """

    kind: WorkKind
    source: str
    row: Any
    customer: Any
    rank: Rank
    amounts: dict[str, Decimal]
    late_days: int
    entity_code: str = ""
    at: time | None = None
    for_name: str = ""

    @property
    def id(self) -> UUID:
        return UUID(str(self.row.id))

    @property
    def place(self) -> Place:
        return self.rank.band, self.rank.cents, self.id


Place = tuple[int, int, UUID]


@dataclass(frozen=True)
class Day:
    """A page of the list with the counts of all kinds. `is_capped`: of one of them there are more than MOST."""

    work: list[Work]
    has_more: bool
    counts: dict[WorkKind, int]
    is_capped: bool


TASK_KINDS = {
    Task.Kind.DISPUTE: WorkKind.DISPUTE,
    Task.Kind.REPLY: WorkKind.REPLY,
    Task.Kind.BOUNCE: WorkKind.BOUNCE,
    Task.Kind.CONTACT: WorkKind.CONTACT,
    Task.Kind.STEP: WorkKind.STEP,
    Task.Kind.ESCALATION: WorkKind.ESCALATION,
    Task.Kind.REVIEW: WorkKind.REVIEW,
    Task.Kind.MENTION: WorkKind.MENTION,
}


def day_of(*, reader: Reader, kind: WorkKind | None = None, after: Place | None = None, limit: int = 60) -> Day:
    """A page of the ranked list, of one kind or of all, after a place in it. At most 22 SQL queries.

    All that there is to do is ranked, by the few columns that the rank is made of; the rows are read of the page alone.
    """
    counts: Counter[WorkKind] = Counter(_action_counts(reader))
    found, is_capped = _others(reader)
    counts.update(one.kind for one in found)
    rows: list[Work | _Ranked] = [
        one for one in found if kind in (None, one.kind) and (after is None or one.place < after)
    ]
    if kind in (None, WorkKind.REMINDER, WorkKind.CALL):
        rows += _actions(reader, kind=kind, after=after, limit=limit + 1)
    rows.sort(key=lambda one: one.place, reverse=True)
    shown = _read(rows[:limit])
    if reader.absent:
        shown = _named(shown, reader)
    return Day(shown, len(rows) > limit, {one: counts[one] for one in WorkKind if counts[one]}, is_capped)


def owns_work(*, members: Collection[UUID]) -> bool:
    """Whether one of the members is some customer's collector. 1 SQL query."""
    return CustomerAccount.objects.filter(collector_id__in=members).exists()


def reminders_waiting(*, member_id: UUID, scope: Scope, on: date) -> int:
    """Reminders and calls to decide: the member's own and those of colleagues they stand in for, else all they see.

    At most 3 SQL queries.
    """
    members = [member_id, *represented_by(member_id=member_id, on=on)]
    rows = in_scope(Action.objects.filter(state=Action.State.PROPOSED), scope=scope)
    return (_of_members(rows, members, at_entity=True) if owns_work(members=members) else rows).count()


def _of_mine(rows: QuerySet[Any], reader: Reader, *, at_entity: bool = False) -> QuerySet[Any]:
    """Of customers whose collector the reader is, or an absent colleague."""
    return _of_members(rows, reader.members, at_entity=at_entity)


def _of_members(rows: QuerySet[Any], members: Collection[UUID], *, at_entity: bool) -> QuerySet[Any]:
    accounts = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), collector_id__in=members)
    if at_entity:
        accounts = accounts.filter(entity_id=OuterRef("entity_id"))
    return rows.filter(Exists(accounts))


# --- reminders and calls of scenarios ---------------------------------------------------------------------------------


def _action_counts(reader: Reader) -> dict[WorkKind, int]:
    rows = in_scope(Action.objects.filter(state=Action.State.PROPOSED), scope=reader.scope)
    if reader.is_mine:
        rows = _of_mine(rows, reader, at_entity=True)
    calls = Q(channel=Channel.CALL)
    found = rows.aggregate(calls=Count("id", filter=calls), reminders=Count("id", filter=~calls))
    return {WorkKind.CALL: found["calls"], WorkKind.REMINDER: found["reminders"]}


def _actions(reader: Reader, *, kind: WorkKind | None, after: Place | None, limit: int) -> list[Work]:
    rows = worklist(scope=reader.scope)
    if reader.is_mine:
        rows = _of_mine(rows, reader, at_entity=True)
    if kind is not None:
        is_call = Q(channel=Channel.CALL)
        rows = rows.filter(is_call if kind is WorkKind.CALL else ~is_call)
    if after is not None and after[0] == Band.BY_MONEY:
        rows = rows.filter(Q(priority_cents__lt=after[1]) | Q(priority_cents=after[1], id__lt=after[2]))
    elif after is not None and after[0] < Band.BY_MONEY:
        return []
    return [
        Work(
            kind=WorkKind.CALL if row.channel == Channel.CALL else WorkKind.REMINDER,
            source="action",
            row=row,
            customer=row.customer,
            rank=Rank(Band.BY_MONEY, row.priority_cents),
            amounts={code: Decimal(text) for code, text in row.amounts.items()},
            late_days=row.priority_reason.get("oldest_days", 0),
            entity_code=row.entity.code,
        )
        for row in rows[:limit]
    ]


# --- everything else --------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """Something to do before it is ranked: what the amounts of customers are needed for."""

    kind: WorkKind
    source: str
    id: UUID
    customer_id: UUID
    is_broken: bool = False
    is_awaited: bool = False
    at: time | None = None
    # Currency, amount and due day where the row says them itself.
    own: tuple[str, Decimal, date] | None = None


class _Ranked(NamedTuple):
    """A line of the list whose row has not been read yet."""

    kind: WorkKind
    source: str
    id: UUID
    rank: Rank
    amounts: dict[str, Decimal]
    late_days: int
    at: time | None

    @property
    def place(self) -> Place:
        return self.rank.band, self.rank.cents, self.id


def _others(reader: Reader) -> tuple[list[_Ranked], bool]:
    lists = [_follow_ups(reader), _promises(reader), _tasks(reader), _alerts(reader), _reviews(reader)]
    found = [one for rows in lists for one in rows[:MOST]]
    is_capped = any(len(rows) > MOST for rows in lists)
    if not found:
        return [], is_capped
    ids = {one.customer_id for one in found}
    owed = _owed({one.customer_id for one in found if one.own is None}, reader)
    habits = payment_habits(scope=reader.scope, customer_ids=ids)
    values = values_of_currencies(currency=reader.currency, on=reader.on)
    return [_ranked(one, owed, habits, values, on=reader.on) for one in found], is_capped


def _ranked(
    one: _Found,
    owed: Mapping[UUID, tuple[dict[str, Decimal], date | None]],
    habits: Habits,
    values: Mapping[str, Decimal],
    *,
    on: date,
) -> _Ranked:
    if one.own is not None:
        currency, amount, due_on = one.own
        amounts = {currency: amount}
    else:
        amounts, oldest = owed.get(one.customer_id, ({}, None))
        due_on = oldest or on
    late_days = (on - due_on).days
    # One without a rate counts at its face value, as in the plan of the night.
    total = sum((amount * values.get(code, Decimal(1)) for code, amount in amounts.items()), Decimal(0))
    chance = chance_within(days=CHANCE_DAYS, days_overdue=late_days, habit=habits.of(one.customer_id)).share
    return _Ranked(
        kind=one.kind,
        source=one.source,
        id=one.id,
        rank=rank(amount=total, chance=chance, is_broken=one.is_broken, is_awaited=one.is_awaited),
        amounts={code: amount for code, amount in amounts.items() if amount},
        late_days=max(late_days, 0) if amounts else 0,
        at=one.at,
    )


# What the lines of a page are read from, with what they show.
_SOURCES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "follow_up": (Interaction, ("customer",)),
    "promise": (Promise, ("customer", "entity")),
    "task": (Task, ("customer", "assignee")),
    "alert": (Alert, ("customer",)),
    "review": (Review, ("customer", "asked_by")),
}


def _read(places: Sequence[Work | _Ranked]) -> list[Work]:
    """The lines of a page with their rows. 1 SQL query for each source."""
    rows: dict[UUID, Any] = {}
    for source, (model, related) in _SOURCES.items():
        ids = [one.id for one in places if isinstance(one, _Ranked) and one.source == source]
        if ids:
            rows |= model.objects.select_related(*related).in_bulk(ids)
    out = []
    for one in places:
        if isinstance(one, Work):
            out.append(one)
        elif row := rows.get(one.id):  # else somebody has just taken it away
            amounts, late_days = one.amounts, one.late_days
            out.append(Work(one.kind, one.source, row, row.customer, one.rank, amounts, late_days, at=one.at))
    return out


def _owed(ids: Collection[UUID], reader: Reader) -> dict[UUID, tuple[dict[str, Decimal], date | None]]:
    """What customers owe overdue by currency, and since when. 1 SQL query, of those bound to companies 2."""
    out: dict[UUID, tuple[dict[str, Decimal], date | None]] = {}
    if reader.scope.is_everything:
        rows: Iterable[Any] = CustomerBalance.objects.filter(customer_id__in=ids).values_list(
            "customer_id", "currency", "overdue_amount", "oldest_due_date"
        )
    else:
        lines = customer_lines(customer_ids=list(ids), on=reader.on, scope=reader.scope)
        rows = [(one, line.currency, line.overdue_amount, line.oldest_due) for one in lines for line in lines[one]]
    for customer_id, currency, overdue, oldest in rows:
        amounts, before = out.get(customer_id, ({}, None))
        out[customer_id] = ({**amounts, currency: overdue}, min(filter(None, (before, oldest)), default=None))
    return out


def _follow_ups(reader: Reader) -> list[_Found]:
    """What calls and notes left to do; a call agreed for an hour that has come goes first."""
    rows = follow_ups_in(scope=reader.scope, on=reader.on)
    if reader.is_mine:
        mine = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), collector_id__in=reader.members)
        rows = rows.filter(Q(logged_by_id__in=reader.members) | Exists(mine))
    out = []
    found = rows.order_by("next_on", "id").values_list("id", "customer_id", "next_on", "next_time")
    for row_id, customer_id, next_on, next_time in found[: MOST + 1]:
        has_come = next_on is not None and next_on < reader.on
        is_agreed = next_time is not None and (has_come or next_time <= _soon(reader.now))
        out.append(_Found(WorkKind.CALL, "follow_up", row_id, customer_id, is_awaited=is_agreed, at=next_time))
    return out


def _soon(now: datetime) -> time:
    """A quarter of an hour before it an agreed call moves to the top."""
    soon = now + timedelta(minutes=15)
    return soon.time() if soon.date() == now.date() else time.max


def _promises(reader: Reader) -> list[_Found]:
    """Due and undecided, or not kept lately; not those that somebody has looked after since, nor those whose items are
    paid after all. 2 SQL queries.
    """
    if not reader.sees_promises:
        return []
    on = reader.on
    due = Q(state=Promise.State.OPEN, due_on__lte=on) & (Q(handled_on=None) | Q(handled_on__lt=F("due_on")))
    not_kept = Q(
        state__in=(Promise.State.BROKEN, Promise.State.PARTLY),
        decided_on__lte=on,
        due_on__gte=on - timedelta(days=BROKEN_DAYS),
    ) & (Q(handled_on=None) | Q(handled_on__lt=F("decided_on")))
    # Agreed anew since: what was not kept is followed by the new promise.
    anew = Promise.objects.filter(
        customer_id=OuterRef("customer_id"),
        currency=OuterRef("currency"),
        state=Promise.State.OPEN,
        made_on__gte=OuterRef("decided_on"),
    )
    rows = promises_in(scope=reader.scope).filter(due | not_kept & ~Exists(anew))
    if reader.is_mine:
        mine = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), collector_id__in=reader.members)
        rows = rows.filter(Q(recorded_by_id__in=reader.members) | Exists(mine))
    names = ("id", "customer_id", "state", "amount", "currency", "received_amount", "due_on")
    found = list(rows.order_by("-state", "due_on", "id").values_list(*names)[: MOST + 1])
    unpaid = dict(
        PromiseItem.objects.filter(promise__in=[row[0] for row in found])
        .values_list("promise_id")
        .annotate(open=Sum("item__open_amount"))
    )
    out = []
    for row_id, customer_id, state, amount, currency, received, due_on in found:
        missing = max(amount - (received or Decimal(0)), Decimal(0))
        # Paid after all: a promise that was not kept is no reason to call any more.
        missing = min(missing, max(unpaid.get(row_id, missing), Decimal(0)))
        is_broken = state != Promise.State.OPEN
        if missing or not is_broken:
            own = (currency, missing, due_on)
            out.append(_Found(WorkKind.PROMISE, "promise", row_id, customer_id, is_broken=is_broken, own=own))
    return out


def _tasks(reader: Reader) -> list[_Found]:
    """One's own, those of absent colleagues, and nobody's; of a dispute with what is contested. 2 SQL queries."""
    rows = tasks_of(
        member_id=reader.member_id, absent_ids=reader.absent, with_unassigned=True, scope=reader.scope
    ).filter(done_on__isnull=True)
    if reader.is_mine:
        mine = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), collector_id__in=reader.members)
        rows = rows.filter(Q(assignee_id__in=reader.members) | Exists(mine))
    names = ("id", "customer_id", "kind", "object_id")
    tasks = list(rows.order_by("due_on", "id").values_list(*names)[: MOST + 1])
    disputed = [object_id for _id, _customer, kind, object_id in tasks if kind == Task.Kind.DISPUTE]
    contested = {
        row_id: (currency, (open_amount or amount) if part is None else part, due_date)
        for row_id, currency, part, open_amount, amount, due_date in Dispute.objects.filter(
            id__in=disputed
        ).values_list("id", "currency", "disputed_amount", "item__open_amount", "item__amount", "item__due_date")
    }
    out = []
    for row_id, customer_id, name, object_id in tasks:
        kind = TASK_KINDS.get(Task.Kind(name), WorkKind.STEP)
        own = contested.get(object_id) if name == Task.Kind.DISPUTE else None
        is_awaited = kind is WorkKind.ESCALATION
        out.append(_Found(kind, "task", row_id, customer_id, is_awaited=is_awaited, own=own))
    return out


def _alerts(reader: Reader) -> list[_Found]:
    """Customers that have begun to pay worse, until somebody says that it was seen or puts it off."""
    if not reader.sees_alerts:
        return []
    rows = alerts_to_see(scope=reader.scope, on=reader.on).filter(kind__startswith=REVIEWS)
    return _reviewed(rows.filter(on__lte=reader.on).order_by("-on", "-id"), reader, source="alert")


def _reviews(reader: Reader) -> list[_Found]:
    """Customers that a person or a rule wants reviewed by today; of those who see alerts."""
    if not reader.sees_alerts:
        return []
    rows = reviews_in(scope=reader.scope).filter(state=Review.State.OPEN, due_on__lte=reader.on)
    return _reviewed(rows.order_by("due_on", "id"), reader, source="review")


def _reviewed(rows: QuerySet[Any], reader: Reader, *, source: str) -> list[_Found]:
    if reader.is_mine and source == "review":
        accounts = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), collector_id__in=reader.members)
        rows = rows.filter(Q(asked_by_id__in=reader.members) | Exists(accounts))
    elif reader.is_mine:
        rows = _of_mine(rows, reader)
    found = rows.values_list("id", "customer_id")[: MOST + 1]
    return [_Found(WorkKind.REVIEW, source, row_id, customer_id) for row_id, customer_id in found]


# --- for whom ---------------------------------------------------------------------------------------------------------


def _named(rows: list[Work], reader: Reader) -> list[Work]:
    """The same rows, those of an absent colleague with the name. 1 SQL query."""
    accounts = CustomerAccount.objects.filter(
        customer_id__in={one.row.customer_id for one in rows}, collector_id__in=reader.members
    ).values_list("customer_id", "collector_id")
    collectors: dict[UUID, set[UUID]] = {}
    for customer_id, collector_id in accounts:
        collectors.setdefault(customer_id, set()).add(collector_id)
    out = []
    for one in rows:
        own = getattr(one.row, "assignee_id", None)
        whose = {own} if own else collectors.get(one.row.customer_id, set())
        names = sorted(reader.absent[who] for who in whose if who in reader.absent)
        is_own = reader.member_id in whose
        out.append(one if is_own or not names else replace(one, for_name=names[0]))
    return out
