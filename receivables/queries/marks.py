"""What stands beside the rows of a list: figures, owners, and whether something is disputed, promised or held.

For the rows of one page or one slice of an export: ids in, a dictionary by id out, one statement each.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.as_of import Way, open_items_sql, way_to
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import fetch

# A hold `h` that keeps reminders back on the day %(on)s.
_IN_FORCE = (
    "h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)"
    " AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)"
)


# The fields of ItemMarks of an item `i` on the day %(on)s.
MARK_COLUMNS = (
    "(SELECT least(i.open_amount, sum(coalesce(d.disputed_amount, i.open_amount))) FROM receivables_dispute d"
    " WHERE d.tenant_id = %(tenant)s AND d.item_id = i.id AND d.closed_on IS NULL HAVING count(*) > 0) AS disputed,"
    " (SELECT min(p.due_on) FROM receivables_promiseitem pi JOIN receivables_promise p"
    " ON p.tenant_id = %(tenant)s AND p.id = pi.promise_id"
    " WHERE pi.tenant_id = %(tenant)s AND pi.item_id = i.id AND p.state = 'OPEN') AS promise_due,"
    " coalesce((SELECT h.reason FROM receivables_hold h WHERE h.tenant_id = %(tenant)s"
    " AND h.customer_id = i.customer_id AND (h.item_id = i.id OR h.item_id IS NULL)"
    f" AND {_IN_FORCE} ORDER BY h.from_on LIMIT 1), '') AS hold"
)


class Figures(NamedTuple):
    """What a customer owes in one currency. `oldest_due`: earliest due date of its open debits, None without any."""

    currency: str
    open_amount: Decimal
    overdue_amount: Decimal
    oldest_due: date | None
    items: int


class CustomerMarks(NamedTuple):
    """`promise_due`: the next day an open promise is due; `hold`: the reason of a hold in force. "" and None: nothing."""

    disputes: int
    promise_due: date | None
    hold: str
    collectors: str
    entities: str


class ItemMarks(NamedTuple):
    """`disputed`: what is contested of the item, all of it where the dispute names no amount; None without dispute."""

    disputed: Decimal | None
    promise_due: date | None
    hold: str


def customer_lines(*, customer_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, list[Figures]]:
    """Figures of each of these customers by currency, those with most items first. 1 SQL query, and a probe."""
    if not customer_ids:
        return {}
    found = way_to(on=on, known_on=None, scope=scope, selection=EVERY_ITEM)
    # Few customers: what was allocated is looked up item by item, not summed for everybody.
    way = Way.STORED if found is Way.STORED else Way.LOOKED_UP
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=EVERY_ITEM, way=way)
    sql = (
        "SELECT o.customer_id, o.currency, sum(o.open_amount),"
        " coalesce(sum(o.open_amount) FILTER (WHERE o.due_date < %(on)s), 0),"
        " min(o.due_date) FILTER (WHERE o.open_amount > 0), count(*)::int"
        f" FROM ({items.sql}) o WHERE o.customer_id = ANY(%(ids)s)"
        " GROUP BY o.customer_id, o.currency ORDER BY o.customer_id, count(*) DESC, o.currency"
    )
    lines: dict[UUID, list[Figures]] = {}
    for customer_id, *figures in fetch(sql, {**items.params, "ids": list(customer_ids)}):
        lines.setdefault(customer_id, []).append(Figures(*figures))
    return lines


def customer_marks(*, customer_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, CustomerMarks]:
    """Disputes, promises, holds and owners of each of these customers, of the accounts in scope. 1 SQL query."""
    if not customer_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    accounts, params = account_conditions(scope=scope)
    sql = (
        "SELECT c.id,"
        " (SELECT count(*) FROM receivables_dispute d JOIN receivables_ledgeritem i"
        f" ON i.tenant_id = %(tenant)s AND i.id = d.item_id{narrowed.join}"
        f" WHERE d.tenant_id = %(tenant)s AND d.customer_id = c.id AND d.closed_on IS NULL{narrowed.where}),"
        " (SELECT min(p.due_on) FROM receivables_promise p"
        " WHERE p.tenant_id = %(tenant)s AND p.customer_id = c.id AND p.state = 'OPEN'),"
        " coalesce((SELECT h.reason FROM receivables_hold h WHERE h.tenant_id = %(tenant)s AND h.customer_id = c.id"
        f" AND h.item_id IS NULL AND {_IN_FORCE} ORDER BY h.from_on LIMIT 1), (SELECT h.reason FROM receivables_hold h"
        f" WHERE h.tenant_id = %(tenant)s AND h.group_id = c.group_id AND {_IN_FORCE} ORDER BY h.from_on LIMIT 1), ''),"
        " coalesce((SELECT string_agg(DISTINCT m.name, ', ' ORDER BY m.name) FROM receivables_customeraccount a"
        " JOIN accounts_member m ON m.tenant_id = %(tenant)s AND m.id = a.collector_id"
        f" WHERE a.tenant_id = %(tenant)s AND a.customer_id = c.id{accounts}), ''),"
        " coalesce((SELECT string_agg(DISTINCT e.code, ', ' ORDER BY e.code) FROM receivables_customeraccount a"
        " JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = a.entity_id"
        f" WHERE a.tenant_id = %(tenant)s AND a.customer_id = c.id{accounts}), '')"
        " FROM receivables_customer c WHERE c.tenant_id = %(tenant)s AND c.id = ANY(%(ids)s)"
    )
    rows = fetch(sql, {**narrowed.params, **params, "on": on, "ids": list(customer_ids)})
    return {row[0]: CustomerMarks(*row[1:]) for row in rows}


def item_marks(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, ItemMarks]:
    """Disputes, promises and holds of each of these items; those without any are left out. 1 SQL query."""
    if not item_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    sql = (
        f"SELECT s.* FROM (SELECT i.id, {MARK_COLUMNS} FROM receivables_ledgeritem i{narrowed.join}"
        f" WHERE i.tenant_id = %(tenant)s AND i.id = ANY(%(ids)s){narrowed.where} OFFSET 0) s"  # OFFSET 0: nothing is asked twice
        " WHERE s.disputed IS NOT NULL OR s.promise_due IS NOT NULL OR s.hold <> ''"
    )
    rows = fetch(sql, {**narrowed.params, "on": on, "ids": list(item_ids)})
    return {row[0]: ItemMarks(*row[1:]) for row in rows}


def account_conditions(*, scope: Scope) -> tuple[str, dict[str, Any]]:
    """The scope as conditions on accounts `a`."""
    sql, params = "", {}
    if scope.entity_ids:
        sql += " AND a.entity_id = ANY(%(account_entities)s)"
        params["account_entities"] = sorted(scope.entity_ids)
    if scope.portfolio_of:
        sql += " AND (a.salesperson_id = %(account_owner)s OR a.collector_id = %(account_owner)s)"
        params["account_owner"] = scope.portfolio_of  # type: ignore[assignment]
    return sql, params
