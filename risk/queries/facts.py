"""What the payer profiles follow from: one statement for all customers, or for some.

Items and corrections, allocations and what took them back count as they were known on a day, so that the profile of a
past day can be made again. The same in words that a test runs: risk.rules.profile.facts_of.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import EVERYTHING
from receivables.queries.as_of import open_items_sql
from receivables.queries.selection import EVERY_ITEM
from receivables.queries.statement import fetch
from risk.rules.profile import ClassLimits, CurrencySums, PayerFacts


class CustomerFacts(NamedTuple):
    """A customer and the facts of its profile."""

    customer_id: UUID
    facts: PayerFacts


def payer_facts(
    *, on: date, known_on: date | None, limits: ClassLimits, customer_ids: Collection[UUID] | None = None
) -> Iterator[CustomerFacts]:
    """The facts of every customer, or of these, by id; a customer without payments has empty ones. 1 SQL query.

    The window ends on `on` and begins `limits.window_days` before it, that day excluded. `known_on` None: known now.
    """
    # Where few customers are asked for, each finds its rows by its own indexes.
    is_one = customer_ids is not None and len(customer_ids) == 1
    selection = EVERY_ITEM.of_customer(next(iter(customer_ids))) if customer_ids and is_one else EVERY_ITEM
    items = open_items_sql(on=on, known_on=known_on, scope=EVERYTHING, selection=selection, columns=("id", "kind"))
    params: dict[str, Any] = {
        **items.params,
        "window_from": on - timedelta(days=limits.window_days),
        "recent_from": on - timedelta(days=limits.recent_days),
        # Later than all that is known: what is taken back is then taken back.
        "known_until": known_on or date.max,
    }
    if customer_ids is not None:
        params["ids"] = list(customer_ids)
    sql = _SQL.format(overdue=items.sql, **_narrowed(customer_ids is not None))
    customer_id, rest = None, None
    sums: list[CurrencySums] = []
    for row in fetch(sql, params):
        if row[0] != customer_id:
            if customer_id is not None:
                yield _facts(customer_id, sums, rest)
            customer_id, sums, rest = row[0], [], row[1:8]
        if row[8] is not None:
            sums.append(CurrencySums(*row[8:]))
    if customer_id is not None:
        yield _facts(customer_id, sums, rest)


def _facts(customer_id: UUID, sums: list[CurrencySums], rest: Any) -> CustomerFacts:
    worst, median, part_payments, promises, disputes, debits, is_insolvent = rest
    return CustomerFacts(
        customer_id,
        PayerFacts(
            sums=tuple(sums),
            worst_days=worst,
            median_days=median,
            part_payments=part_payments,
            broken_promises=promises,
            disputes=disputes,
            rejected_debits=debits,
            is_insolvent=is_insolvent,
        ),
    )


def _narrowed(is_narrow: bool) -> dict[str, str]:
    names = {"allocation": "a", "overdue_item": "o", "promise": "p", "dispute": "d", "back": "b"}
    narrowed = {f"of_{name}": f" AND {alias}.customer_id = ANY(%(ids)s)" for name, alias in names.items()}
    narrowed["of_customer"] = " AND c.id = ANY(%(ids)s)"
    return narrowed if is_narrow else dict.fromkeys(narrowed, "")


# Payments, and what was written off, which is never paid: credit notes and discounts say nothing of how one pays. A
# counterpart that the source does not name is a payment, as in the customer's figures.
_PAYING = "(credit.id IS NULL OR credit.kind IN ('PAYMENT', 'WRITE_OFF'))"

# MATERIALIZED: each is read more than once, or is small and joined by hash.
_SQL = f"""
WITH part AS (
    SELECT i.customer_id, coalesce(v.currency, i.currency) AS currency, i.id AS item_id, a.debit_amount AS amount,
           a."on" - coalesce(v.due_date, i.due_date) AS days, a."on" AS paid_on
    FROM receivables_allocation a
    JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = a.debit_item_id
    LEFT JOIN receivables_ledgeritem credit ON credit.tenant_id = %(tenant)s AND credit.id = a.credit_item_id
    LEFT JOIN receivables_ledgeritemrevision v ON v.tenant_id = %(tenant)s AND v.item_id = i.id
         AND v.known_from <= %(known_until)s AND v.known_until > %(known_until)s
    WHERE a.tenant_id = %(tenant)s AND a."on" > %(window_from)s AND a."on" <= %(on)s
      AND a.known_on <= %(known_until)s AND a.reverses_id IS NULL AND a.debit_amount > 0
      AND (v.id IS NOT NULL OR i.known_on <= %(known_until)s) AND (i.void_on IS NULL OR i.void_on > %(known_until)s)
      AND i.kind IN ('INVOICE', 'DEBIT_NOTE', 'OPENING') AND {_PAYING}
      AND NOT EXISTS (SELECT FROM receivables_allocation back
                      WHERE back.tenant_id = %(tenant)s AND back.reverses_id = a.id
                        AND back."on" <= %(on)s AND back.known_on <= %(known_until)s){{of_allocation}}
    UNION ALL
    SELECT o.customer_id, o.currency, o.id, o.open_amount, %(on)s - o.due_date, NULL
    FROM ({{overdue}}) o
    WHERE o.open_amount > 0 AND o.due_date < %(on)s AND o.kind IN ('INVOICE', 'DEBIT_NOTE', 'OPENING'){{of_overdue_item}}
), instalment AS MATERIALIZED (
    SELECT customer_id, currency, item_id, sum(amount) AS amount, sum(amount * days) AS amount_days,
           coalesce(sum(amount) FILTER (WHERE days > 0), 0) AS late_amount,
           sum(amount * greatest(days, 0)) AS late_amount_days,
           coalesce(sum(amount) FILTER (WHERE paid_on IS NULL), 0) AS overdue_amount,
           sum(amount) FILTER (WHERE paid_on IS NULL OR paid_on > %(recent_from)s) AS recent_amount,
           sum(amount * days) FILTER (WHERE paid_on IS NULL OR paid_on > %(recent_from)s) AS recent_amount_days,
           coalesce(bool_or(paid_on <= %(recent_from)s), false) AS is_earlier, max(days) AS days,
           min(paid_on) < max(paid_on) OR min(paid_on) IS NOT NULL AND bool_or(paid_on IS NULL) AS is_in_parts
    FROM part GROUP BY customer_id, currency, item_id
), sums AS MATERIALIZED (
    SELECT customer_id, currency, count(*)::int AS instalments, sum(amount) AS amount, sum(amount_days) AS amount_days,
           sum(late_amount) AS late_amount, sum(late_amount_days) AS late_amount_days,
           sum(overdue_amount) AS overdue_amount,
           count(recent_amount)::int AS recent_instalments, coalesce(sum(recent_amount), 0) AS recent_amount,
           coalesce(sum(recent_amount_days), 0) AS recent_amount_days,
           (count(*) FILTER (WHERE is_earlier))::int AS earlier_instalments
    FROM instalment GROUP BY customer_id, currency
), habit AS MATERIALIZED (
    SELECT customer_id, max(days) AS worst_days,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median_days,
           (count(*) FILTER (WHERE is_in_parts))::int AS part_payments
    FROM instalment GROUP BY customer_id
), promise AS MATERIALIZED (
    SELECT p.customer_id, count(*)::int AS broken FROM receivables_promise p
    WHERE p.tenant_id = %(tenant)s AND p.state = 'BROKEN'
      AND coalesce(p.decided_on, p.due_on + 1) > %(window_from)s
      AND coalesce(p.decided_on, p.due_on + 1) <= %(on)s{{of_promise}}
    GROUP BY p.customer_id
), dispute AS MATERIALIZED (
    SELECT d.customer_id, count(*)::int AS opened FROM receivables_dispute d
    WHERE d.tenant_id = %(tenant)s AND d.opened_on > %(window_from)s AND d.opened_on <= %(on)s{{of_dispute}}
    GROUP BY d.customer_id
), debit AS MATERIALIZED (
    SELECT b.customer_id, count(DISTINCT coalesce(b.credit_item_id, b.debit_item_id))::int AS rejected
    FROM receivables_allocation b
    JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = b.debit_item_id
    LEFT JOIN receivables_ledgeritem credit ON credit.tenant_id = %(tenant)s AND credit.id = b.credit_item_id
    WHERE b.tenant_id = %(tenant)s AND b.reverses_id IS NOT NULL AND b.run_id IS NOT NULL
      AND b."on" > %(window_from)s AND b."on" <= %(on)s AND b.known_on <= %(known_until)s
      AND 'DIRECT_DEBIT' IN (i.payment_method, credit.payment_method)
      AND (credit.id IS NULL OR credit.kind = 'PAYMENT'){{of_back}}
    GROUP BY b.customer_id
), insolvent AS MATERIALIZED (
    SELECT h.customer_id, h.group_id FROM receivables_hold h
    WHERE h.tenant_id = %(tenant)s AND h.reason = 'INSOLVENCY' AND h.item_id IS NULL AND h.from_on <= %(on)s
      AND (h.until_on IS NULL OR h.until_on >= %(on)s) AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)
)
SELECT c.id, habit.worst_days, habit.median_days, coalesce(habit.part_payments, 0), coalesce(promise.broken, 0),
       coalesce(dispute.opened, 0), coalesce(debit.rejected, 0),
       EXISTS (SELECT FROM insolvent WHERE insolvent.customer_id = c.id OR insolvent.group_id = c.group_id),
       sums.currency, sums.instalments, sums.amount, sums.amount_days, sums.late_amount, sums.late_amount_days,
       sums.overdue_amount, sums.recent_instalments, sums.recent_amount, sums.recent_amount_days,
       sums.earlier_instalments
FROM receivables_customer c
LEFT JOIN sums ON sums.customer_id = c.id
LEFT JOIN habit ON habit.customer_id = c.id
LEFT JOIN promise ON promise.customer_id = c.id
LEFT JOIN dispute ON dispute.customer_id = c.id
LEFT JOIN debit ON debit.customer_id = c.id
WHERE c.tenant_id = %(tenant)s{{of_customer}}
ORDER BY c.id, sums.currency
"""
