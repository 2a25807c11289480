"""Open promises, decided by the ledger: kept, broken, or still open."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from core.audit import SYSTEM, Actor, audited
from receivables.models import Promise
from receivables.rules.promises import Outcome, promise_outcome
from receivables.services.loading_stage import fetch, tenant_literal


@transaction.atomic
def decide_promises(*, on: date, actor: Actor = SYSTEM) -> dict[Outcome, int]:
    """Decide the open promises made by the business day `on`; how many were kept and how many broken.

    2 SQL statements for all; a second run of the day finds nothing to decide.
    """
    decided: dict[Outcome, list[str]] = {Outcome.KEPT: [], Outcome.BROKEN: []}
    for promise_id, amount, due_on, received in _open_promises(on=on):
        outcome = promise_outcome(promised=amount, received=received, due_on=due_on, on=on)
        if outcome is not Outcome.OPEN:
            decided[outcome].append(str(promise_id))
    return {
        outcome: audited(
            statement=(
                f"UPDATE receivables_promise SET state = %s, decided_on = %s, updated_at = statement_timestamp() "
                f"WHERE tenant_id = {tenant_literal()} AND id = ANY(%s::uuid[]) AND state = 'OPEN' "
                "RETURNING id, customer_id, jsonb_build_object('state', jsonb_build_array('OPEN', state))"
            ),
            params=[outcome.value, on, ids],
            actor=actor,
            action=f"receivables.promise_{outcome.value.lower()}",
            model=Promise,
        )
        for outcome, ids in decided.items()
    }


def _open_promises(*, on: date) -> list[tuple[str, Decimal, date, Decimal]]:
    """(id, amount, due day, what came in for it) of each open promise. 1 SQL query."""
    tenant = tenant_literal()
    return fetch(
        f"""
        WITH promise AS MATERIALIZED (
            SELECT p.id, p.customer_id, p.entity_id, p.currency, p.amount, p.made_on, least(p.due_on, %s) AS until_on,
                   p.due_on, EXISTS (SELECT 1 FROM receivables_promiseitem i
                                     WHERE i.tenant_id = {tenant} AND i.promise_id = p.id) AS names_items
            FROM receivables_promise p WHERE p.tenant_id = {tenant} AND p.state = 'OPEN' AND p.made_on <= %s
        ), allocated AS (
            SELECT p.id, sum(a.debit_amount) AS amount
            FROM promise p
            JOIN receivables_allocation a ON a.tenant_id = {tenant} AND a.customer_id = p.customer_id
                 AND a."on" BETWEEN p.made_on AND p.until_on
            JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.id = a.debit_item_id
                 AND i.currency = p.currency AND (p.entity_id IS NULL OR i.entity_id = p.entity_id)
            WHERE NOT p.names_items OR EXISTS (
                SELECT 1 FROM receivables_promiseitem pi
                WHERE pi.tenant_id = {tenant} AND pi.promise_id = p.id AND pi.item_id = i.id)
            GROUP BY p.id
        ), paid AS (
            SELECT p.id, -sum(i.amount) AS amount, -sum(i.open_amount) AS unapplied
            FROM promise p
            JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.customer_id = p.customer_id
                 AND i.kind = 'PAYMENT' AND i.amount < 0 AND i.void_on IS NULL AND i.currency = p.currency
                 AND i.posting_date BETWEEN p.made_on AND p.until_on
                 AND (p.entity_id IS NULL OR i.entity_id = p.entity_id)
            GROUP BY p.id
        ), ours AS (
            SELECT p.id, sum(o.cash_amount + o.difference_amount) AS amount
            FROM promise p
            JOIN receivables_cashallocation o ON o.tenant_id = {tenant} AND o.customer_id = p.customer_id
                 AND o.currency = p.currency AND o.state IN ('PROPOSED', 'EXPORTED', 'CONFIRMED')
            JOIN receivables_cashmatch m ON m.tenant_id = {tenant} AND m.id = o.match_id
            JOIN receivables_bankline l ON l.tenant_id = {tenant} AND l.id = m.line_id
                 AND l.booked_on BETWEEN p.made_on AND p.until_on
            JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.id = o.item_id AND i.amount > 0
                 AND (p.entity_id IS NULL OR i.entity_id = p.entity_id)
            WHERE NOT p.names_items OR EXISTS (
                SELECT 1 FROM receivables_promiseitem pi
                WHERE pi.tenant_id = {tenant} AND pi.promise_id = p.id AND pi.item_id = i.id)
            GROUP BY p.id
        )
        SELECT p.id, p.amount, p.due_on,
               -- What was matched here comes into the books later: the same money counts once.
               greatest(coalesce(o.amount, 0),
                        CASE WHEN p.names_items THEN coalesce(a.amount, 0) + coalesce(b.unapplied, 0)
                             ELSE greatest(coalesce(a.amount, 0), coalesce(b.amount, 0)) END)
        FROM promise p LEFT JOIN allocated a ON a.id = p.id LEFT JOIN paid b ON b.id = p.id
        LEFT JOIN ours o ON o.id = p.id
        ORDER BY p.id
        """,
        [on, on],
    )
