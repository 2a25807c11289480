"""What is promised, disputed and due: sums for the first page."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from accounts.access import Scope
from receivables.queries import EVERY_ITEM, Selection
from receivables.queries.as_of import Way, open_items_sql
from receivables.queries.selection import item_conditions
from receivables.queries.statement import fetch

WEEKS = 8


class DueWeek(NamedTuple):
    """What falls due in a week that begins `week` weeks after the day (-1: overdue, WEEKS: later), in one currency."""

    currency: str
    week: int
    amount: Decimal
    items: int


class DisputeSum(NamedTuple):
    """Open disputes of one reason and currency. `oldest`: the day the oldest was opened."""

    reason: str
    currency: str
    amount: Decimal
    disputes: int
    oldest: date


class PromiseSum(NamedTuple):
    """Promises in one currency: open ones past their day, due within a week, later; and those broken in 30 days."""

    currency: str
    late_amount: Decimal
    late: int
    week_amount: Decimal
    week: int
    later_amount: Decimal
    later: int
    broken_amount: Decimal
    broken: int


def cash_due(*, on: date, scope: Scope, selection: Selection = EVERY_ITEM, way: Way | None = None) -> list[DueWeek]:
    """Open amounts by week of their due date, credits included. 1 SQL query, and a probe of an index."""
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=selection, way=way)
    sql = (
        "SELECT o.currency, CASE WHEN o.due_date < %(on)s THEN -1 ELSE least((o.due_date - %(on)s) / 7, %(weeks)s) END,"
        f" sum(o.open_amount), count(*)::int FROM ({items.sql}) o GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [DueWeek(*row) for row in fetch(sql, {**items.params, "weeks": WEEKS})]


def dispute_sums(*, scope: Scope, selection: Selection = EVERY_ITEM) -> list[DisputeSum]:
    """Open disputes by reason and currency, the reason with most of them first. 1 SQL query."""
    narrowed = item_conditions(scope=scope, selection=selection)
    sql = (
        "SELECT d.reason, d.currency, sum(least(coalesce(d.disputed_amount, i.open_amount), i.open_amount)), count(*)::int, min(d.opened_on)"
        " FROM receivables_dispute d JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = d.item_id"
        f"{narrowed.join} WHERE d.tenant_id = %(tenant)s AND d.closed_on IS NULL{narrowed.where}"
        " GROUP BY 1, 2 ORDER BY sum(count(*)) OVER (PARTITION BY d.reason) DESC, 1, 2"
    )
    return [DisputeSum(*row) for row in fetch(sql, narrowed.params)]


def promise_sums(*, on: date, scope: Scope, owner_id: Any = None) -> list[PromiseSum]:
    """Promises by currency, of the customers in scope; with `owner_id` of those whose collector or salesperson it is."""
    params: dict[str, Any] = {"on": on}
    conditions = "a.tenant_id = %(tenant)s AND a.customer_id = p.customer_id"
    conditions += " AND (p.entity_id IS NULL OR a.entity_id = p.entity_id)"
    if scope.entity_ids:
        conditions += " AND a.entity_id = ANY(%(entities)s)"
        params["entities"] = sorted(scope.entity_ids)
    for name, member in (("portfolio", scope.portfolio_of), ("owner", owner_id)):
        if member:
            conditions += f" AND (a.salesperson_id = %({name})s OR a.collector_id = %({name})s)"
            params[name] = member
    seen = ""
    if not scope.is_everything or owner_id:
        seen = f" AND EXISTS (SELECT FROM receivables_customeraccount a WHERE {conditions})"
    groups = {
        "late": "p.state = 'OPEN' AND p.due_on < %(on)s",
        "week": "p.state = 'OPEN' AND p.due_on >= %(on)s AND p.due_on < %(on)s + 7",
        "later": "p.state = 'OPEN' AND p.due_on >= %(on)s + 7",
        "broken": "p.state = 'BROKEN' AND p.decided_on > %(on)s - 30",
    }
    sums = ", ".join(
        f"coalesce(sum(p.amount) FILTER (WHERE {condition}), 0), count(*) FILTER (WHERE {condition})"
        for condition in groups.values()
    )
    sql = (
        f"SELECT p.currency, {sums} FROM receivables_promise p WHERE p.tenant_id = %(tenant)s{seen}"
        " AND (p.state = 'OPEN' OR (p.state = 'BROKEN' AND p.decided_on > %(on)s - 30))"
        " GROUP BY p.currency ORDER BY count(*) DESC, p.currency"
    )
    return [PromiseSum(*row) for row in fetch(sql, params)]
