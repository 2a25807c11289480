"""What was open and overdue at several days, recomputed from the ledger in one pass.

What is open on a day is a sum of amounts less a sum of allocations, so no item need be settled by itself: each amount
counts from the first of the days at which it was posted (and due), each allocation from the first at which its item is
counted and it was made itself. The running sums are the figures. A test holds them to receivables.queries.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from accounts.access import Scope
from receivables.queries import EVERY_ITEM, Selection
from receivables.queries.selection import item_conditions
from receivables.queries.statement import fetch, fetch_one


class TrendPoint(NamedTuple):
    """What was open on a day in one currency, and how much of it overdue."""

    on: date
    currency: str
    total: Decimal
    overdue: Decimal


def overdue_trend(*, days: Sequence[date], scope: Scope, selection: Selection = EVERY_ITEM) -> list[TrendPoint]:
    """One point per currency and day, by currency and day; with everything known now. 1 SQL query over the ledger."""
    days = sorted(days)
    narrowed = item_conditions(scope=scope, selection=selection)
    item = f"receivables_ledgeritem i{narrowed.join}"
    where = f"i.tenant_id = %(tenant)s AND i.void_on IS NULL{narrowed.where}"

    def allocated(side: str, sign: str) -> str:
        return (
            f'SELECT i.currency, greatest(i.posting_date, a."on"), greatest(i.posting_date, a."on", i.due_date + 1),'
            f" {sign}a.{side}_amount FROM receivables_allocation a"
            f" JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = a.{side}_item_id{narrowed.join}"
            f" WHERE a.tenant_id = %(tenant)s AND {where}"
        )

    # width_bucket says how many of the days lie before one: the place of the first at which it counts.
    sql = (
        "SELECT s.currency, width_bucket(s.open_from - 1, %(days)s::date[]),"
        " width_bucket(s.overdue_from - 1, %(days)s::date[]), sum(s.amount) FROM ("
        "SELECT i.currency, i.posting_date AS open_from, greatest(i.posting_date, i.due_date + 1) AS overdue_from, i.amount"
        f" FROM {item} WHERE {where}"
        f" UNION ALL {allocated('debit', '-')} UNION ALL {allocated('credit', '')}"
        ") s GROUP BY 1, 2, 3"
    )
    places = len(days)
    open_steps: dict[str, list[Decimal]] = {}
    overdue_steps: dict[str, list[Decimal]] = {}
    for currency, open_place, overdue_place, amount in fetch(sql, {**narrowed.params, "days": days}):
        for steps, place in ((open_steps, open_place), (overdue_steps, overdue_place)):
            sums = steps.setdefault(currency, [Decimal(0)] * places)
            if place < places:
                sums[place] += amount
    points = []
    for currency in sorted(open_steps):
        total = overdue = Decimal(0)
        for place, day in enumerate(days):
            total += open_steps[currency][place]
            overdue += overdue_steps[currency][place]
            points.append(TrendPoint(day, currency, total, overdue))
    return points


def ledger_version() -> tuple[datetime | None, datetime | None]:
    """When an item was last changed and an allocation last recorded: what is computed from both is good until then."""
    sql = (
        "SELECT (SELECT max(i.updated_at) FROM receivables_ledgeritem i WHERE i.tenant_id = %(tenant)s),"
        " (SELECT max(a.recorded_at) FROM receivables_allocation a WHERE a.tenant_id = %(tenant)s)"
    )
    row: tuple[Any, ...] = fetch_one(sql, {})
    return row[0], row[1]
