"""Balances on any day, of customers and of entities."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.as_of import Way, open_items_sql
from receivables.queries.selection import EVERY_ITEM, Selection
from receivables.queries.statement import fetch


class Balance(NamedTuple):
    """What a customer owes in one currency, all its open items together, credits included.

    `oldest_due`: the earliest due date of the open items, past or to come.
    """

    customer_id: UUID
    ref: str
    name: str
    currency: str
    balance: Decimal
    overdue: Decimal
    oldest_due: date
    items: int


class ControlTotal(NamedTuple):
    """What is open at an entity in one currency: debits, credits (never positive) and their sum."""

    entity_id: UUID
    entity_code: str
    currency: str
    debits: Decimal
    credits: Decimal
    total: Decimal
    items: int


def balances(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    after: tuple[str, str] | None = None,
    limit: int | None = 200,
    way: Way | None = None,
) -> list[Balance]:
    """One row per customer and currency with open items on `on`, by reference. 1 SQL query, and a probe of an index.

    `after` a row's (ref, currency) come the next `limit` rows; None gives all of them, for exports.
    """
    items = open_items_sql(on=on, known_on=known_on, scope=scope, selection=selection, way=way)
    params: dict[str, Any] = dict(items.params)
    beyond, cut = "", ""
    if after is not None:
        beyond = "WHERE (c.ref, s.currency) > (%(after_ref)s, %(after_currency)s)"
        params["after_ref"], params["after_currency"] = after
    if limit is not None:
        cut, params["limit"] = "LIMIT %(limit)s", limit
    sql = (
        "SELECT c.id, c.ref, c.name, s.currency, s.balance, s.overdue, s.oldest_due, s.items FROM ("
        "SELECT o.customer_id, o.currency, sum(o.open_amount) AS balance,"
        " coalesce(sum(o.open_amount) FILTER (WHERE o.due_date < %(on)s), 0) AS overdue,"
        f" min(o.due_date) AS oldest_due, count(*) AS items FROM ({items.sql}) o GROUP BY o.customer_id, o.currency) s"
        " JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = s.customer_id"
        f" {beyond} ORDER BY c.ref, s.currency {cut}"
    )
    return [Balance(*row) for row in fetch(sql, params)]


def control_totals(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    way: Way | None = None,
) -> list[ControlTotal]:
    """One row per entity and currency with open items on `on`, by code: what the books must say too. 1 SQL query."""
    items = open_items_sql(on=on, known_on=known_on, scope=scope, selection=selection, columns=("entity_id",), way=way)
    sql = (
        "SELECT e.id, e.code, s.currency, s.debits, s.credits, s.debits + s.credits, s.items FROM ("
        "SELECT o.entity_id, o.currency,"
        " coalesce(sum(o.open_amount) FILTER (WHERE o.open_amount > 0), 0) AS debits,"
        " coalesce(sum(o.open_amount) FILTER (WHERE o.open_amount < 0), 0) AS credits,"
        f" count(*) AS items FROM ({items.sql}) o GROUP BY o.entity_id, o.currency) s"
        " JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = s.entity_id"
        " ORDER BY e.code, s.currency"
    )
    return [ControlTotal(*row) for row in fetch(sql, items.params)]
