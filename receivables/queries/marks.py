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
from receivables.queries.statement import look_up

# A hold `h` that keeps reminders back on the day %(on)s.
HOLD_AT = (
    "h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)"
    " AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)"
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
        f" FROM ({items.sql}) o WHERE o.customer_id = ANY(%(ids)s::uuid[])"
        " GROUP BY o.customer_id, o.currency ORDER BY o.customer_id, count(*) DESC, o.currency"
    )
    lines: dict[UUID, list[Figures]] = {}
    for customer_id, *figures in look_up(sql, items.params, ids=customer_ids):
        lines.setdefault(customer_id, []).append(Figures(*figures))
    return lines


# Rows of (customer, what, number, day, text, other text); `accounts` comes for every customer.
_MARKS = """
WITH asked AS MATERIALIZED (
    SELECT c.id, c.group_id FROM receivables_customer c WHERE c.tenant_id = %(tenant)s AND c.id = ANY(%(ids)s::uuid[])
), account AS MATERIALIZED (  -- by itself, or all accounts of an entity are read to join them
    SELECT a.customer_id, a.entity_id, a.collector_id FROM receivables_customeraccount a
    WHERE a.tenant_id = %(tenant)s AND a.customer_id = ANY(%(ids)s::uuid[]){accounts}
)
SELECT c.id, 'accounts', NULL::bigint, NULL::date, string_agg(DISTINCT m.name, ', ' ORDER BY m.name),
       string_agg(DISTINCT e.code, ', ' ORDER BY e.code)
FROM asked c LEFT JOIN account a ON a.customer_id = c.id
LEFT JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = a.entity_id
LEFT JOIN accounts_member m ON m.tenant_id = %(tenant)s AND m.id = a.collector_id
GROUP BY c.id
UNION ALL
SELECT d.customer_id, 'disputes', count(*), NULL, '', ''
FROM receivables_dispute d JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = d.item_id{join}
WHERE d.tenant_id = %(tenant)s AND d.customer_id = ANY(%(ids)s::uuid[]) AND d.closed_on IS NULL{where}
GROUP BY d.customer_id
UNION ALL
SELECT p.customer_id, 'promise', NULL, min(p.due_on), '', '' FROM receivables_promise p
WHERE p.tenant_id = %(tenant)s AND p.customer_id = ANY(%(ids)s::uuid[]) AND p.state = 'OPEN'
GROUP BY p.customer_id
UNION ALL
(SELECT DISTINCT ON (h.customer_id) h.customer_id, 'hold', NULL::bigint, h.from_on, h.reason, ''
 FROM receivables_hold h
 WHERE h.tenant_id = %(tenant)s AND h.customer_id = ANY(%(ids)s::uuid[]) AND h.item_id IS NULL AND {hold_at}
 ORDER BY h.customer_id, h.from_on)
UNION ALL
(SELECT DISTINCT ON (c.id) c.id, 'group_hold', NULL::bigint, h.from_on, h.reason, ''
 FROM asked c JOIN receivables_hold h ON h.tenant_id = %(tenant)s AND h.group_id = c.group_id AND {hold_at}
 ORDER BY c.id, h.from_on)
"""


def customer_marks(*, customer_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, CustomerMarks]:
    """Disputes, promises, holds and owners of each of these customers, of the accounts in scope. 1 SQL query."""
    if not customer_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    accounts, params = account_conditions(scope=scope)
    sql = _MARKS.format(join=narrowed.join, where=narrowed.where, hold_at=HOLD_AT, accounts=accounts)
    found: dict[UUID, dict[str, Any]] = {}
    for customer_id, what, *facts in look_up(sql, {**narrowed.params, **params, "on": on}, ids=customer_ids):
        found.setdefault(customer_id, {})[what] = facts
    return {customer_id: _customer_marks(facts) for customer_id, facts in found.items()}


def _customer_marks(facts: dict[str, Any]) -> CustomerMarks:
    nothing = (None, None, "", "")
    _number, _day, collectors, entities = facts["accounts"]
    return CustomerMarks(
        disputes=facts.get("disputes", nothing)[0] or 0,
        promise_due=facts.get("promise", nothing)[1],
        hold=facts.get("hold", nothing)[2] or facts.get("group_hold", nothing)[2],
        collectors=collectors or "",
        entities=entities or "",
    )


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
