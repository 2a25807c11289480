"""What is open on a day, as it was known on a day: the one piece of SQL under every figure of the ledger.

An item exists from its posting date; an allocation counts from its own day. `known_on` asks what was known on a day:
items, corrections, allocations and undone loads that came later are left out of account; None asks what is known now.
The same in words that a test runs: receivables.rules.items. Worked examples: docs/rules/figures.md.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from accounts.access import Scope
from receivables.queries.selection import Selection, item_conditions
from receivables.queries.statement import look_up


class Way(Enum):
    """Four ways to the same open amounts; a test holds them together.

    STORED: nothing was allocated after the day, so the stored open amounts are that day's and an index of open items
    answers alone. ROLLED_BACK: little was, and it is added back to them. SUMMED: amounts less what was allocated until
    the day, summed by item in the order of two indexes. LOOKED_UP: the same, item by item, where few customers are
    concerned. The first two answer only what is known now.
    """

    STORED = "STORED"
    ROLLED_BACK = "ROLLED_BACK"
    SUMMED = "SUMMED"
    LOOKED_UP = "LOOKED_UP"


# Up to so many allocations after the day, adding them back is quicker than summing up all before it.
ROLLED_BACK_MOST = 50_000


@dataclass(frozen=True)
class OpenItems:
    """SQL of a subquery with one row per open item, and its parameters."""

    sql: str
    params: dict[str, Any]


_ALWAYS = ("customer_id", "currency", "due_date")

# What a correction may have changed; `known_on` takes it from the version known on that day.
_VERSIONED = ("document_date", "posting_date", "due_date", "currency", "amount")
_CONSTANT = ("id", "customer_id", "account_id", "entity_id")


def way_to(*, on: date, known_on: date | None, scope: Scope, selection: Selection) -> Way:
    """The quickest way to what is open on `on`. 1 SQL query, a probe of an index, unless `known_on` is given."""
    later = None if known_on is not None else _allocated_after(on)
    if later == 0:
        return Way.STORED
    if scope.portfolio_of or selection.is_narrow:
        return Way.LOOKED_UP
    return Way.SUMMED if later is None or later > ROLLED_BACK_MOST else Way.ROLLED_BACK


def open_items_sql(
    *,
    on: date,
    known_on: date | None,
    scope: Scope,
    selection: Selection,
    columns: tuple[str, ...] = (),
    way: Way | None = None,
) -> OpenItems:
    """A subquery of the items open on `on`: customer_id, currency, due_date, open_amount (never 0) and `columns`.

    `columns` are names of item columns, written in code. `way` is found by `way_to` unless told.
    """
    way = way or way_to(on=on, known_on=known_on, scope=scope, selection=selection)
    if way in (Way.STORED, Way.ROLLED_BACK) and known_on is not None:
        raise ValueError("the stored open amounts are those known now")
    narrowed = item_conditions(scope=scope, selection=selection)
    params = {**narrowed.params, "on": on}
    names = dict.fromkeys((*_ALWAYS, *columns))
    listed = ", ".join(f"i.{name}" for name in names)
    if way is Way.STORED:
        sql = (
            f"SELECT {listed}, i.open_amount FROM receivables_ledgeritem i{narrowed.join}"
            f" WHERE i.tenant_id = %(tenant)s AND i.is_open AND i.posting_date <= %(on)s{narrowed.where}"
        )
        return OpenItems(sql, params)
    if way is Way.ROLLED_BACK:
        open_now = f"i.tenant_id = %(tenant)s AND i.is_open AND i.posting_date <= %(on)s{narrowed.where}"
        settled_now = (
            "i.tenant_id = %(tenant)s AND NOT i.is_open AND i.void_on IS NULL"
            f" AND i.posting_date <= %(on)s{narrowed.where}"
        )
        sql = (
            f"WITH later AS MATERIALIZED ({_LATER})"
            f" SELECT {listed}, i.open_amount + coalesce(later.amount, 0) AS open_amount"
            f" FROM receivables_ledgeritem i{narrowed.join} LEFT JOIN later ON later.item_id = i.id"
            f" WHERE {open_now} AND i.open_amount + coalesce(later.amount, 0) <> 0"
            f" UNION ALL SELECT {listed}, later.amount"
            f" FROM later JOIN receivables_ledgeritem i ON i.id = later.item_id{narrowed.join}"
            f" WHERE {settled_now} AND later.amount <> 0"
        )
        return OpenItems(sql, params)
    if known_on is None:
        source, known = "receivables_ledgeritem i", "i.tenant_id = %(tenant)s AND i.void_on IS NULL"
    else:
        source, known = _items_as_known(tuple(names)), "i.is_known"
        params["known_on"] = known_on
    taken = _taken("debit", way=way, known_on=known_on) + _taken("credit", way=way, known_on=known_on)
    left = "i.amount - coalesce(debit.amount, 0) + coalesce(credit.amount, 0)"
    sql = (
        f"SELECT {listed}, {left} AS open_amount FROM {source}{narrowed.join}{taken}"
        f" WHERE {known} AND i.posting_date <= %(on)s{narrowed.where} AND {left} <> 0"
    )
    return OpenItems(sql, params)


# What was allocated of each item after the day, in the item's sign.
_LATER = (
    "SELECT side.item_id, sum(side.amount) AS amount FROM ("
    "SELECT a.debit_item_id AS item_id, a.debit_amount AS amount FROM receivables_allocation a"
    ' WHERE a.tenant_id = %(tenant)s AND a."on" > %(on)s AND a.debit_item_id IS NOT NULL'
    " UNION ALL SELECT a.credit_item_id, -a.credit_amount FROM receivables_allocation a"
    ' WHERE a.tenant_id = %(tenant)s AND a."on" > %(on)s AND a.credit_item_id IS NOT NULL'
    ") side GROUP BY side.item_id"
)


def _allocated_after(on: date) -> int:
    """How many allocations came after a day, at most one more than are worth adding back."""
    sql = (
        "SELECT count(*) FROM (SELECT FROM receivables_allocation later"
        ' WHERE later.tenant_id = %(tenant)s AND later."on" > %(on)s LIMIT %(most)s) later'
    )
    [(found,)] = look_up(sql, {"on": on, "most": ROLLED_BACK_MOST + 1})
    return int(found)


def _items_as_known(names: tuple[str, ...]) -> str:
    """Items in the version known on a day: the former one where a correction came later, else the present one."""
    wanted = dict.fromkeys((*_CONSTANT, *_VERSIONED, *names))
    listed = ", ".join(
        f"coalesce(v.{name}, item.{name}) AS {name}" if name in _VERSIONED else f"item.{name}" for name in wanted
    )
    return (
        f"(SELECT {listed}, (v.id IS NOT NULL OR item.known_on <= %(known_on)s)"
        " AND (item.void_on IS NULL OR item.void_on > %(known_on)s) AS is_known"
        " FROM receivables_ledgeritem item LEFT JOIN receivables_ledgeritemrevision v"
        " ON v.tenant_id = %(tenant)s AND v.item_id = item.id"
        " AND v.known_from <= %(known_on)s AND v.known_until > %(known_on)s"
        " WHERE item.tenant_id = %(tenant)s) i"
    )


def _taken(side: str, *, way: Way, known_on: date | None) -> str:
    """A join of what was allocated of each item on its debit or credit side, by the day."""
    until = 'a."on" <= %(on)s' + (" AND a.known_on <= %(known_on)s" if known_on is not None else "")
    source = f"FROM receivables_allocation a WHERE a.tenant_id = %(tenant)s AND {until}"
    if way is Way.LOOKED_UP:
        return (
            f" LEFT JOIN LATERAL (SELECT sum(a.{side}_amount) AS amount {source} AND a.{side}_item_id = i.id)"
            f" {side} ON true"
        )
    return (
        f" LEFT JOIN (SELECT a.{side}_item_id AS item_id, sum(a.{side}_amount) AS amount {source}"
        f" AND a.{side}_item_id IS NOT NULL GROUP BY a.{side}_item_id) {side} ON {side}.item_id = i.id"
    )
