"""What is open by customer, standing, age bracket and currency on any day: what a provision is computed from."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from collection.models import ProvisionOverride, ProvisionRate
from collection.rules.provision import BUCKETS, SUGGESTED, Rates, Standing, expected_loss
from receivables.queries.as_of import open_items_sql
from receivables.queries.selection import Selection
from receivables.queries.statement import fetch


class Part(NamedTuple):
    """What a customer owes in a currency, a standing and an age bracket. `base`: without VAT, where the source says it."""

    customer_id: UUID
    customer_name: str
    customer_ref: str
    currency: str
    standing: str
    bucket: str
    amount: Decimal
    base: Decimal
    items: int


def provision_parts(*, on: date, scope: Scope, selection: Selection) -> list[Part]:
    """Open items of the day `on`, credits with them, by customer. 1 SQL query and a probe.

    Disputes and holds are those of the day; that the books call an item doubtful is known as of now.
    """
    columns = ("id", "amount", "vat_amount", "is_doubtful")
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=selection, columns=columns)
    rows = fetch(
        f"""
        WITH hold AS MATERIALIZED (
            SELECT h.item_id, h.customer_id, h.group_id, h.reason FROM receivables_hold h
            WHERE h.tenant_id = %(tenant)s AND h.reason IN ('INSOLVENCY', 'LITIGATION', 'WRITE_OFF') AND h.from_on <= %(on)s
              AND (h.until_on IS NULL OR h.until_on >= %(on)s) AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)
        ), item_hold AS MATERIALIZED (
            SELECT item_id, bool_or(reason = 'INSOLVENCY') AS insolvent FROM hold WHERE item_id IS NOT NULL GROUP BY item_id
        ), customer_hold AS MATERIALIZED (
            SELECT customer_id, bool_or(reason = 'INSOLVENCY') AS insolvent FROM (
                SELECT h.customer_id, h.reason FROM hold h WHERE h.item_id IS NULL AND h.customer_id IS NOT NULL
                UNION ALL SELECT c.id, h.reason FROM hold h
                JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.group_id = h.group_id
            ) one GROUP BY customer_id
        ), disputed AS MATERIALIZED (
            SELECT DISTINCT d.item_id FROM receivables_dispute d
            WHERE d.tenant_id = %(tenant)s AND d.opened_on <= %(on)s AND (d.closed_on IS NULL OR d.closed_on > %(on)s)
        ), stood AS (
            SELECT o.customer_id, o.currency, o.open_amount,
                   o.open_amount * CASE WHEN o.amount <> 0 THEN 1 - coalesce(o.vat_amount, 0) / o.amount ELSE 1 END AS base,
                   CASE WHEN ih.insolvent OR ch.insolvent THEN 'INSOLVENCY'
                        WHEN ih.item_id IS NOT NULL OR ch.customer_id IS NOT NULL THEN 'LITIGATION'
                        WHEN o.is_doubtful THEN 'DOUBTFUL' WHEN d.item_id IS NOT NULL THEN 'DISPUTED'
                        ELSE 'NORMAL' END AS standing,
                   CASE WHEN o.due_date >= %(on)s THEN 'not_due' WHEN o.due_date >= %(on)s - 30 THEN 'd1_30'
                        WHEN o.due_date >= %(on)s - 60 THEN 'd31_60' WHEN o.due_date >= %(on)s - 90 THEN 'd61_90'
                        ELSE 'd91_plus' END AS bucket
            FROM ({items.sql}) o
            LEFT JOIN item_hold ih ON ih.item_id = o.id
            LEFT JOIN customer_hold ch ON ch.customer_id = o.customer_id
            LEFT JOIN disputed d ON d.item_id = o.id
        )
        SELECT s.customer_id, c.name, c.ref, s.currency, s.standing, s.bucket, sum(s.open_amount), sum(s.base), count(*)::int
        FROM stood s JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = s.customer_id
        GROUP BY s.customer_id, c.name, c.ref, s.currency, s.standing, s.bucket
        ORDER BY s.customer_id, s.currency, s.standing, s.bucket
        """,
        items.params,
    )
    return [Part(*row) for row in rows]


def rates_in_force(*, on: date) -> Rates:
    """The rates of the day: the organisation's newest until then, the suggested ones where it has set none. 1 SQL query."""
    rates = dict(SUGGESTED)
    rows = ProvisionRate.objects.filter(valid_from__lte=on).order_by("valid_from")
    for standing, bucket, percent in rows.values_list("standing", "bucket", "percent"):
        rates[(Standing(standing), bucket)] = percent
    return rates


def overrides_in_force(*, on: date) -> dict[UUID, ProvisionOverride]:
    """Rates of single customers on the day. 1 SQL query."""
    rows = ProvisionOverride.objects.filter(from_on__lte=on).exclude(ended_on__lte=on)
    return {row.customer_id: row for row in rows}


def provision_by_customer(*, on: date, scope: Scope, selection: Selection) -> list[dict[str, Any]]:
    """A row for each customer and currency with what is open: by bracket, `amount`, `base`, `provision`, the worst standing
    (`worst`) and the customer's own rate. 3 SQL queries and a probe.
    """
    rates, overrides = rates_in_force(on=on), overrides_in_force(on=on)
    found: dict[tuple[UUID, str], dict[str, Any]] = {}
    for part in provision_parts(on=on, scope=scope, selection=selection):
        own = overrides.get(part.customer_id)
        row = found.get((part.customer_id, part.currency))
        if row is None:
            row = found[(part.customer_id, part.currency)] = {
                "customer_id": part.customer_id,
                "name": part.customer_name,
                "ref": part.customer_ref,
                "currency": part.currency,
                **dict.fromkeys((*BUCKETS, "amount", "base", "provision"), Decimal(0)),
                "worst": Standing.NORMAL,
                "own_percent": own.percent if own else None,
                "reason": own.reason if own else "",
            }
        row[part.bucket] += part.amount
        row["amount"] += part.amount
        row["base"] += part.base
        standing = Standing(part.standing)
        row["provision"] += expected_loss(
            base=part.base,
            currency=part.currency,
            standing=standing,
            bucket=part.bucket,
            rates=rates,
            override=own.percent if own else None,
        )
        row["worst"] = min(row["worst"], standing, key=list(Standing).index)
    return list(found.values())
