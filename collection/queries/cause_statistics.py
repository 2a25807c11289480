"""How much is late and why, summed by one or two views of it, and the items behind a sum, on any day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.as_of import open_items_sql
from receivables.queries.selection import Selection
from receivables.queries.statement import fetch

# What sums may be made by: a code that tells groups apart, and its name for people.
VIEWS: Mapping[str, tuple[str, str]] = {
    "cause": ("coalesce(cause.code, '')", "coalesce(cause.label, '')"),
    "side": ("coalesce(cause.side, '')", "coalesce(cause.side, '')"),
    "entity": ("entity.code", "entity.name"),
    "biller": ("coalesce(d.biller, '')", "coalesce(d.biller, '')"),
    "product": ("coalesce(nullif(d.product, ''), account.product)", "coalesce(nullif(d.product, ''), account.product)"),
    "site": ("coalesce(d.site, '')", "coalesce(d.site, '')"),
    "month": ("to_char(o.due_date, 'YYYY-MM')", "to_char(o.due_date, 'YYYY-MM')"),
    "salesperson": ("coalesce(salesperson.id::text, '')", "coalesce(salesperson.name, '')"),
    "collector": ("coalesce(collector.id::text, '')", "coalesce(collector.name, '')"),
}
NO_VIEW = ("''::text", "''::text")


class CauseSum(NamedTuple):
    """What is late of a group in one currency. `mean_days`: days late, weighted by amount."""

    key: str
    label: str
    then_key: str
    then_label: str
    currency: str
    items: int
    customers: int
    amount: Decimal
    mean_days: Decimal


class LateOne(NamedTuple):
    """An item behind a sum, as it stood on the day."""

    id: UUID
    number: str
    customer_id: UUID
    customer_name: str
    customer_ref: str
    entity_code: str
    due_date: date
    days_overdue: int
    currency: str
    open_amount: Decimal
    cause: str
    origin: str
    biller: str
    product: str
    site: str


def cause_sums(
    *, on: date, scope: Scope, selection: Selection, by: str, then: str = "", only: Mapping[str, str] | None = None
) -> list[CauseSum]:
    """Late debits of the day `on` by the views `by` and `then` and by currency, the largest first. 1 SQL query, a probe.

    `only`: {"cause": "CASH"} and the like narrow to a group; "" asks for what has none. Raises KeyError on an unknown view.
    """
    key, label = VIEWS[by]
    then_key, then_label = VIEWS[then] if then else NO_VIEW
    source, params = _late(on=on, scope=scope, selection=selection, only=only or {})
    sql = (
        f"SELECT {key}, min({label}), {then_key}, min({then_label}), o.currency, count(*)::int,"
        " count(DISTINCT o.customer_id)::int, sum(o.open_amount),"
        " sum(o.open_amount * (%(on)s - o.due_date)) / sum(o.open_amount)"
        f" FROM {source} GROUP BY {key}, {then_key}, o.currency"
        " ORDER BY o.currency, sum(sum(o.open_amount)) OVER (PARTITION BY o.currency, "
        f"{key}) DESC, {key}, sum(o.open_amount) DESC, {then_key}"
    )
    return [CauseSum(*row) for row in fetch(sql, params)]


def late_ones(
    *,
    on: date,
    scope: Scope,
    selection: Selection,
    only: Mapping[str, str],
    after: tuple[date, UUID] | None = None,
    limit: int | None,
) -> list[LateOne]:
    """The items behind a sum, the oldest due date first. 1 SQL query and a probe."""
    source, params = _late(on=on, scope=scope, selection=selection, only=only)
    place = cut = ""
    if after is not None:
        place = " AND (o.due_date, o.id) > (%(after_day)s, %(after_id)s)"
        params["after_day"], params["after_id"] = after
    if limit is not None:
        cut, params["limit"] = " LIMIT %(limit)s", limit
    sql = (
        "SELECT o.id, o.number, o.customer_id, c.name, c.ref, entity.code, o.due_date, %(on)s - o.due_date, o.currency,"
        " o.open_amount, coalesce(cause.label, ''), coalesce(ic.origin, ''), coalesce(d.biller, ''),"
        f" {VIEWS['product'][0]}, coalesce(d.site, '') FROM {source}{place} ORDER BY o.due_date, o.id{cut}"
    )
    return [LateOne(*row) for row in fetch(sql, params)]


def _late(*, on: date, scope: Scope, selection: Selection, only: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """FROM and WHERE of late debits `o` with their documents, accounts and causes."""
    columns = ("id", "entity_id", "account_id", "document_id", "number")
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=selection, columns=columns)
    params: dict[str, Any] = {**items.params}
    conditions = ""
    for n, (view, value) in enumerate(sorted(only.items())):
        key, _label = VIEWS[view]
        conditions += f" AND {key} = %(only_{n})s"
        if view == "cause" and value:
            # A cause stands for those below it too.
            conditions = conditions.removesuffix(f" AND {key} = %(only_{n})s")
            conditions += f" AND (cause.code = %(only_{n})s OR above.code = %(only_{n})s)"
        params[f"only_{n}"] = value
    source = (
        f"({items.sql}) o"
        " JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = o.customer_id"
        " JOIN receivables_entity entity ON entity.tenant_id = %(tenant)s AND entity.id = o.entity_id"
        " JOIN receivables_customeraccount account ON account.tenant_id = %(tenant)s AND account.id = o.account_id"
        " LEFT JOIN receivables_document d ON d.tenant_id = %(tenant)s AND d.id = o.document_id"
        " LEFT JOIN accounts_member salesperson ON salesperson.tenant_id = %(tenant)s AND salesperson.id = account.salesperson_id"
        " LEFT JOIN accounts_member collector ON collector.tenant_id = %(tenant)s AND collector.id = account.collector_id"
        " LEFT JOIN receivables_itemcause ic ON ic.tenant_id = %(tenant)s AND ic.item_id = o.id"
        " AND ic.from_on <= %(on)s AND (ic.ended_on IS NULL OR ic.ended_on > %(on)s)"
        " LEFT JOIN receivables_cause cause ON cause.tenant_id = %(tenant)s AND cause.id = ic.cause_id"
        " LEFT JOIN receivables_cause above ON above.tenant_id = %(tenant)s AND above.id = cause.parent_id"
        f" WHERE o.due_date < %(on)s AND o.open_amount > 0{conditions}"
    )
    return source, params
