"""The aged balance: open amounts by customer, currency and days overdue, on any day.

Buckets and the treatment of credits are those of receivables.rules.ageing, in SQL; a test feeds both the same rows.
Amounts of two currencies are never summed, and never ranked among each other: lists by amount go currency by currency.
"""

from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from core.errors import Invalid
from receivables.queries.as_of import OpenItems, Way, open_items_sql
from receivables.queries.selection import EVERY_ITEM, Selection
from receivables.queries.statement import fetch
from receivables.rules.ageing import DEFAULT_BUCKETS, Buckets, CreditTreatment

Position = tuple[str, str, str]


class UnknownBucket(Invalid):
    code = "unknown_bucket"
    message = _("The aged balance has no such column.")


class AgeingSort(Enum):
    """What orders the customers: texts upwards, amounts downwards and within each currency."""

    REF = "REF"
    NAME = "NAME"
    TOTAL = "TOTAL"
    OVERDUE = "OVERDUE"


class CustomerAgeing(NamedTuple):
    """A customer's aged balance in one currency. `amounts` has a place per bucket, in the order of `Buckets.names`.

    sum(amounts) + credits == total, exactly. `overdue` is the sum of the buckets after the first.
    """

    customer_id: UUID
    ref: str
    name: str
    name_key: str
    currency: str
    amounts: tuple[Decimal, ...]
    credits: Decimal
    total: Decimal
    overdue: Decimal

    def position(self, sort: AgeingSort) -> Position:
        """The row's place in a list, as `after` and `before` take it."""
        match sort:
            case AgeingSort.REF:
                return self.ref, str(self.customer_id), self.currency
            case AgeingSort.NAME:
                return self.name_key, str(self.customer_id), self.currency
            case AgeingSort.TOTAL:
                return self.currency, str(self.total), str(self.customer_id)
            case AgeingSort.OVERDUE:
                return self.currency, str(self.overdue), str(self.customer_id)


class AgeingTotal(NamedTuple):
    """The aged balance of all selected customers in one currency; `customers` of them have open items in it."""

    currency: str
    amounts: tuple[Decimal, ...]
    credits: Decimal
    total: Decimal
    overdue: Decimal
    customers: int


def ageing_by_customer(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    treatment: CreditTreatment = CreditTreatment.IN_BUCKETS,
    buckets: Buckets = DEFAULT_BUCKETS,
    sort: AgeingSort = AgeingSort.REF,
    reverse: bool = False,
    after: Position | None = None,
    before: Position | None = None,
    limit: int | None = 200,
    way: Way | None = None,
) -> list[CustomerAgeing]:
    """One row per customer and currency with open items on `on`. 1 SQL query, and a probe of an index.

    `reverse` turns the order of `sort` round. `after` or `before` a row's position come the next or former `limit`
    rows; None gives all of them, for exports.
    """
    sums = _by_customer(
        on=on, known_on=known_on, scope=scope, selection=selection, treatment=treatment, buckets=buckets, way=way
    )
    place = (before, True) if before is not None and after is None else (after, False)
    keyset = _Keyset(sort=sort, reverse=reverse, place=place[0], backwards=place[1], limit=limit)
    columns = f"c.id, c.ref, c.name, c.name_key, p.currency, {', '.join(f'p.{name}' for name in _sums(buckets))}"
    customer = "JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = p.customer_id"
    if keyset.needs_customer:
        sql = f"SELECT {columns} FROM ({sums.sql}) p {customer} {keyset.cut}"
    else:
        # The page is cut before its customers are joined: fifty of them, not all.
        sql = f"SELECT {columns} FROM (SELECT p.* FROM ({sums.sql}) p {keyset.cut}) p {customer} {keyset.order}"
    end = 5 + len(buckets.names)
    rows = [
        CustomerAgeing(row[0], row[1], row[2], row[3], row[4], row[5:end], row[end], row[end + 1], row[end + 2])
        for row in fetch(sql, {**sums.params, **keyset.params})
    ]
    return rows[::-1] if keyset.backwards else rows


def ageing_totals(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    treatment: CreditTreatment = CreditTreatment.IN_BUCKETS,
    buckets: Buckets = DEFAULT_BUCKETS,
    way: Way | None = None,
) -> list[AgeingTotal]:
    """One row per currency, by currency: what `ageing_by_customer` sums up to. 1 SQL query, and a probe of an index."""
    sums = _by_customer(
        on=on, known_on=known_on, scope=scope, selection=selection, treatment=treatment, buckets=buckets, way=way
    )
    summed = ", ".join(f"sum(p.{name})" for name in _sums(buckets))
    sql = f"SELECT p.currency, {summed}, count(*) FROM ({sums.sql}) p GROUP BY p.currency ORDER BY p.currency"
    end = 1 + len(buckets.names)
    return [
        AgeingTotal(row[0], row[1:end], row[end], row[end + 1], row[end + 2], row[end + 3])
        for row in fetch(sql, sums.params)
    ]


def bucket_days(name: str, *, on: date, buckets: Buckets) -> tuple[date | None, date | None]:
    """The first and last due date of a bucket on a day; None: no such bound. Raises UnknownBucket."""
    if name not in buckets.names:
        raise UnknownBucket
    index = buckets.names.index(name)
    if index == 0:
        return on, None
    last = on - timedelta(days=1 if index == 1 else buckets.bounds[index - 2] + 1)
    first = on - timedelta(days=buckets.bounds[index - 1]) if index <= len(buckets.bounds) else None
    return first, last


def _sums(buckets: Buckets) -> list[str]:
    return [*buckets.names, "credits", "total", "overdue"]


def _by_customer(
    *,
    on: date,
    known_on: date | None,
    scope: Scope,
    selection: Selection,
    treatment: CreditTreatment,
    buckets: Buckets,
    way: Way | None,
) -> OpenItems:
    """A subquery: customer_id, currency, a column per bucket, credits (never positive), total, overdue."""
    items = open_items_sql(on=on, known_on=known_on, scope=scope, selection=selection, way=way)
    params = dict(items.params)
    counted = "" if treatment is CreditTreatment.IN_BUCKETS else " AND o.open_amount > 0"
    columns = []
    for name in buckets.names:
        first, last = bucket_days(name, on=on, buckets=buckets)
        days = []
        if first is not None:
            days.append(f"o.due_date >= %(first_{name})s")
            params[f"first_{name}"] = first
        if last is not None:
            days.append(f"o.due_date <= %(last_{name})s")
            params[f"last_{name}"] = last
        columns.append(f"coalesce(sum(o.open_amount) FILTER (WHERE {' AND '.join(days)}{counted}), 0) AS {name}")
    credits = "0::numeric"
    if counted:
        credits = "coalesce(sum(o.open_amount) FILTER (WHERE o.open_amount < 0), 0)"
    sql = (
        f"SELECT o.customer_id, o.currency, {', '.join(columns)}, {credits} AS credits, sum(o.open_amount) AS total"
        f" FROM ({items.sql}) o GROUP BY o.customer_id, o.currency"
    )
    if treatment is CreditTreatment.OLDEST_FIRST:
        sql = _set_off_oldest_first(sql, buckets)
    names = ", ".join(f"s.{name}" for name in buckets.names)
    # The buckets after the first, said with the fewest additions: they are done for every customer.
    overdue = f"s.total - s.{buckets.names[0]}" + (" - s.credits" if counted else "")
    sql = f"SELECT s.customer_id, s.currency, {names}, s.credits, s.total, {overdue} AS overdue FROM ({sql}) s"
    return OpenItems(sql, params)


def _set_off_oldest_first(sql: str, buckets: Buckets) -> str:
    """Credits lower the oldest debits first: of the debits up to an age, what the credits leave is what is left.

    So a bucket keeps left(its debits and all older ones) - left(all older ones), with left(x) = max(0, x + credits).
    """
    columns = []
    for index, name in enumerate(buckets.names):
        with_it = " + ".join(f"b.{n}" for n in buckets.names[index:])
        older = " + ".join(f"b.{n}" for n in buckets.names[index + 1 :]) or "0"
        columns.append(f"greatest(0, {with_it} + b.credits) - greatest(0, {older} + b.credits) AS {name}")
    everything = " + ".join(f"b.{name}" for name in buckets.names)
    return (
        f"SELECT b.customer_id, b.currency, {', '.join(columns)},"
        f" least(0, {everything} + b.credits) AS credits, b.total FROM ({sql}) b"
    )


class _Keyset:
    """A slice of the list `p` (with its customers `c` where names order it) as SQL: `cut`, `order` and `params`."""

    def __init__(
        self, *, sort: AgeingSort, reverse: bool, place: Position | None, backwards: bool, limit: int | None
    ) -> None:
        self.needs_customer = sort in (AgeingSort.REF, AgeingSort.NAME)
        self.backwards = backwards
        descending = backwards
        if self.needs_customer:
            columns = ["c.ref" if sort is AgeingSort.REF else "c.name_key", "p.customer_id", "p.currency"]
            values = ["%(place_0)s", "%(place_1)s::uuid", "%(place_2)s"]
            descending = descending != reverse
        else:
            # One direction for all columns, so that one comparison of rows says what comes after: the larger first.
            sign = "" if reverse else "-"
            columns = ["p.currency", f"({sign}p.{sort.value.lower()})", "p.customer_id"]
            values = ["%(place_0)s", f"({sign}%(place_1)s::numeric)", "%(place_2)s::uuid"]
        direction = "DESC" if descending else "ASC"
        self.order = "ORDER BY " + ", ".join(f"{column} {direction}" for column in columns)
        self.params: dict[str, Any] = {}
        self.cut = self.order
        if place is not None:
            self.params = {f"place_{n}": text for n, text in enumerate(place)}
            self.cut = f"WHERE ({', '.join(columns)}) {'<' if descending else '>'} ({', '.join(values)}) {self.order}"
        if limit is not None:
            self.params["limit"] = limit
            self.cut += " LIMIT %(limit)s"
