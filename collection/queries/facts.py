"""What assignment rules may ask of accounts and items, for all at once. System queries: they see the whole tenant.

Facts that nothing fills yet (`UNFILLED`) are given to nobody: a rule on them matches nothing.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from collection.queries.candidates import open_parts
from core.tenancy import require_tenant_id
from receivables.models import Cause, FxRate

# Known once the part of the product that says them exists.
UNFILLED = frozenset({"risk_class", "is_insured"})
OF_AMOUNTS = frozenset({"open_amount", "overdue_amount", "oldest_days_late"})
OF_DOCUMENTS = frozenset({"item_kind", "product", "site", "biller", "cause", "status_code"})

Account = tuple[str, str]  # customer and entity, as texts
_COLUMNS = (
    "entity", "payer_class", "payer_index", "days_beyond_terms", "broken_promises", "country", "language", "group",
    "sector", "region", "product_line", "salesperson", "collector", "payment_method",
)  # fmt: skip
_OF_ITEMS = ("item_kind", "product", "site", "biller", "cause", "status_code")
_AMOUNTS = ("open_amount", "overdue_amount", "oldest_days_late")


def values_of_currencies(*, currency: str, on: date) -> dict[str, Decimal]:
    """Currency -> its value in `currency`, by the last rate published until the day. 1 SQL query."""
    rows = FxRate.objects.filter(base=currency, on__lte=on).order_by("currency", "-on").distinct("currency")
    return {row.currency: 1 / row.rate for row in rows} | {currency: Decimal(1)}


def account_facts(
    *, on: date, names: Collection[str], values: dict[str, Decimal], customer_ids: Collection[UUID] | None = None
) -> dict[Account, dict[str, Any]]:
    """The facts of every account that has an open item on the day `on`. 1 SQL query and a probe.

    Amounts in the currency that `values` speak of; not known where an open item is in a currency without value. Texts
    casefolded. A customer with several accounts at an entity counts by the first of them (source, reference).
    """
    narrow = " AND {0}.customer_id = ANY(%(customers)s)" if customer_ids is not None else ""
    params: dict[str, Any] = {
        "tenant": require_tenant_id(), "on": on, "customers": list(customer_ids or ()),
        "currencies": list(values), "values": list(values.values()),
    }  # fmt: skip
    with_amounts = not OF_AMOUNTS.isdisjoint(names)
    parts = open_parts(on=on, narrow=narrow)
    money = _MONEY.format(**parts, narrow=narrow.format("i")) if with_amounts else ""
    sql = _ACCOUNTS.format(
        later=parts["later"] if with_amounts else "",
        money=money,
        amounts=", money.open_amount, money.overdue_amount, money.oldest_days_late" if with_amounts else "",
        join="LEFT JOIN money ON money.customer_id = a.customer_id AND money.entity_id = a.entity_id"
        if with_amounts
        else "",
        narrow=narrow.format("a"),
    )
    keys = _COLUMNS + _AMOUNTS if with_amounts else _COLUMNS
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {(row[0], row[1]): dict(zip(keys, row[2:], strict=True)) for row in cursor.fetchall()}


def cause_branches() -> dict[str, list[str]]:
    """Code of a cause -> its own and those of all below it, casefolded. 1 SQL query."""
    below: dict[UUID | None, list[tuple[UUID, str]]] = {}
    for row_id, code, parent_id in Cause.objects.order_by("position", "id").values_list("id", "code", "parent_id"):
        below.setdefault(parent_id, []).append((row_id, code.casefold()))

    out: dict[str, list[str]] = {}

    def walk(row_id: UUID, code: str) -> list[str]:
        out[code] = [code, *(one for child in below.get(row_id, ()) for one in walk(*child))]
        return out[code]

    for row_id, code in below.get(None, ()):
        walk(row_id, code)
    return out


def item_facts(*, on: date, customer_ids: Collection[UUID] | None = None) -> dict[str, dict[str, Any]]:
    """What is said of items that are open on the day, by their documents and by the organisation's codes.

    Item id, as text -> facts; texts casefolded. 1 SQL query and a probe.
    """
    narrow = " AND {0}.customer_id = ANY(%(customers)s)" if customer_ids is not None else ""
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on, "customers": list(customer_ids or ())}
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS.format(**open_parts(on=on, narrow=narrow), narrow=narrow.format("i")), params)
        return {row[0]: dict(zip(_OF_ITEMS, row[1:], strict=True)) for row in cursor.fetchall()}


_MONEY = """money AS MATERIALIZED (
    SELECT i.customer_id, i.entity_id,
           CASE WHEN NOT bool_or(v.value IS NULL) THEN sum({open} * v.value) END AS open_amount,
           CASE WHEN NOT bool_or(v.value IS NULL)
                THEN coalesce(sum({open} * v.value) FILTER (WHERE i.amount > 0 AND i.due_date < %(on)s), 0)
           END AS overdue_amount,
           greatest(%(on)s - min(i.due_date) FILTER (WHERE i.amount > 0), 0) AS oldest_days_late
    FROM {item}
    LEFT JOIN unnest(%(currencies)s::text[], %(values)s::numeric[]) AS v(currency, value) ON v.currency = i.currency
    WHERE i.tenant_id = %(tenant)s AND {is_open} AND {open} <> 0 AND i.posting_date <= %(on)s{narrow}
    GROUP BY i.customer_id, i.entity_id
), """

_ACCOUNTS = """
WITH {later}{money}account AS (
    SELECT DISTINCT ON (a.customer_id, a.entity_id) a.*
    FROM receivables_customeraccount a WHERE a.tenant_id = %(tenant)s{narrow}
    ORDER BY a.customer_id, a.entity_id, a.source, a.ref, a.id
)
SELECT a.customer_id::text, a.entity_id::text, a.entity_id, nullif(p.payer_class, 'NOT_KNOWN'), p.payment_index,
       p.days_beyond_terms, p.broken_promises, nullif(c.country, ''), nullif(c.language, ''), c.group_id,
       lower(a.sector), lower(a.region), lower(a.product), a.salesperson_id, a.collector_id, lower(a.payment_method){amounts}
FROM account a
JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = a.customer_id
LEFT JOIN risk_payerprofile p ON p.tenant_id = %(tenant)s AND p.customer_id = a.customer_id
    AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s)
{join}
"""

_ITEMS = """
WITH {later}one AS (SELECT 1)
SELECT i.id::text, i.kind, lower(d.product), lower(d.site), lower(d.biller), lower(cause.code), lower(status.code)
FROM {item} LEFT JOIN receivables_document d ON d.tenant_id = %(tenant)s AND d.id = i.document_id
LEFT JOIN receivables_itemcause ic ON ic.tenant_id = %(tenant)s AND ic.item_id = i.id
    AND ic.from_on <= %(on)s AND (ic.ended_on IS NULL OR ic.ended_on > %(on)s)
LEFT JOIN receivables_cause cause ON cause.tenant_id = %(tenant)s AND cause.id = ic.cause_id
LEFT JOIN receivables_itemstatus s ON s.tenant_id = %(tenant)s AND s.item_id = i.id
    AND s.from_on <= %(on)s AND (s.ended_on IS NULL OR s.ended_on > %(on)s)
LEFT JOIN receivables_statuscode status ON status.tenant_id = %(tenant)s AND status.id = s.status_id
WHERE i.tenant_id = %(tenant)s AND {is_open} AND i.amount > 0{narrow}
"""
