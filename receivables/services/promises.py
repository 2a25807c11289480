"""Open promises, decided by the ledger: kept, kept in part, broken, or still open; and plans with their parts."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor, audited, changed, record
from core.errors import Invalid
from receivables.models import InstalmentPlan, Promise, PromiseSettings
from receivables.queries.promises import promise_tolerance
from receivables.rules.promises import Outcome, promise_outcome
from receivables.services.loading_stage import fetch, tenant_literal

DECIDED = (Outcome.KEPT, Outcome.PARTLY, Outcome.BROKEN)


class BadPromiseSettings(Invalid):
    code = "bad_promise_settings"
    message = _("Promises cannot be judged like this.")


@transaction.atomic
def decide_promises(*, on: date, actor: Actor = SYSTEM) -> dict[Outcome, int]:
    """Decide the open promises made by the business day `on`; how many were kept, kept in part and broken.

    A plan is broken with its first part that was not kept: its other parts lapse, and its items are chased again. It is
    kept with the last one. 8 SQL statements for all; a second run of the day finds nothing to decide.
    """
    tolerance = promise_tolerance()
    decided: dict[Outcome, dict[str, Decimal]] = {outcome: {} for outcome in DECIDED}
    for promise_id, amount, due_on, received in _open_promises(on=on, late_days=tolerance.late_days):
        outcome = promise_outcome(promised=amount, received=received, due_on=due_on, on=on, tolerance=tolerance)
        if outcome is not Outcome.OPEN:
            decided[outcome][str(promise_id)] = max(received, Decimal(0))
    counts = {outcome: _decide(outcome, received, on=on, actor=actor) for outcome, received in decided.items()}
    _decide_plans(on=on, actor=actor)
    return counts


def _decide(outcome: Outcome, received: dict[str, Decimal], *, on: date, actor: Actor) -> int:
    if not received:
        return 0
    return audited(
        statement=(
            "UPDATE receivables_promise SET state = %s, decided_on = %s, received_amount = d.received, "
            "updated_at = statement_timestamp() "
            "FROM unnest(%s::uuid[], %s::numeric[]) AS d(id, received) "
            f"WHERE tenant_id = {tenant_literal()} AND receivables_promise.id = d.id AND state = 'OPEN' "
            "RETURNING receivables_promise.id, customer_id, jsonb_build_object('state', jsonb_build_array('OPEN', state))"
        ),
        params=[outcome.value, on, list(received), list(received.values())],
        actor=actor,
        action=f"receivables.promise_{outcome.value.lower()}",
        model=Promise,
    )


def _decide_plans(*, on: date, actor: Actor) -> None:
    tenant = tenant_literal()
    of_plan = f"p.tenant_id = {tenant} AND p.plan_id = receivables_instalmentplan.id"
    for state, condition in (
        ("BROKEN", f"EXISTS (SELECT 1 FROM receivables_promise p WHERE {of_plan} AND p.state IN ('BROKEN', 'PARTLY'))"),
        ("KEPT", f"NOT EXISTS (SELECT 1 FROM receivables_promise p WHERE {of_plan} AND p.state <> 'KEPT')"),
    ):
        audited(
            statement=(
                "UPDATE receivables_instalmentplan SET state = %s, decided_on = %s, updated_at = statement_timestamp() "
                f"WHERE tenant_id = {tenant} AND state = 'OPEN' AND {condition} "
                "RETURNING id, customer_id, jsonb_build_object('state', jsonb_build_array('OPEN', state))"
            ),
            params=[state, on],
            actor=actor,
            action=f"receivables.plan_{state.lower()}",
            model=InstalmentPlan,
        )
    audited(
        statement=(
            "UPDATE receivables_promise SET state = 'LAPSED', decided_on = %s, updated_at = statement_timestamp() "
            f"FROM receivables_instalmentplan plan WHERE receivables_promise.tenant_id = {tenant} "
            f"AND plan.tenant_id = {tenant} AND plan.id = receivables_promise.plan_id AND plan.state = 'BROKEN' "
            "AND receivables_promise.state = 'OPEN' RETURNING receivables_promise.id, receivables_promise.customer_id, "
            "jsonb_build_object('state', jsonb_build_array('OPEN', 'LAPSED'))"
        ),
        params=[on],
        actor=actor,
        action="receivables.promise_lapsed",
        model=Promise,
    )


@transaction.atomic
def set_promise_settings(
    *, late_days: int, missing_pct: Decimal, missing_amount: Decimal, actor: Actor
) -> PromiseSettings:
    """Change what is let pass before a promise is called broken, from the next night on. Raises BadPromiseSettings."""
    wrong = {}
    if not 0 <= late_days <= 30:
        wrong["late_days"] = [_("0 to 30 days.")]
    if not 0 <= missing_pct <= 20:
        wrong["missing_pct"] = [_("0 to 20 percent.")]
    if missing_amount < 0:
        wrong["missing_amount"] = [_("0 or more.")]
    if wrong:
        raise BadPromiseSettings(fields=wrong)
    values = {"late_days": late_days, "missing_pct": missing_pct, "missing_amount": missing_amount}
    row = PromiseSettings.objects.select_for_update().first()
    if row is None:
        row = PromiseSettings.objects.create(**values)
        changes: dict[str, list[Any]] = {name: [None, value] for name, value in values.items()}
    else:
        changes = changed(row, values)
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=[*values, "updated_at"])
    record(actor=actor, action="receivables.promise_settings_changed", row=row, changes=changes)
    return row


def _open_promises(*, on: date, late_days: int) -> list[tuple[str, Decimal, date, Decimal]]:
    """(id, amount, due day, what came in for it) of each open promise. 1 SQL query.

    What came in since a plan was agreed counts for its earliest parts first.
    """
    tenant = tenant_literal()
    return fetch(
        f"""
        WITH promise AS MATERIALIZED (
            SELECT p.id, p.customer_id, p.entity_id, p.currency, p.amount, p.made_on, p.due_on, least(p.due_on + %s, %s) AS until_on,
                   coalesce((SELECT sum(e.amount) FROM receivables_promise e WHERE e.tenant_id = {tenant}
                             AND e.plan_id = p.plan_id AND e.due_on < p.due_on), 0) AS before, EXISTS (SELECT 1 FROM receivables_promiseitem i
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
                             ELSE greatest(coalesce(a.amount, 0), coalesce(b.amount, 0)) END) - p.before
        FROM promise p LEFT JOIN allocated a ON a.id = p.id LEFT JOIN paid b ON b.id = p.id
        LEFT JOIN ours o ON o.id = p.id
        ORDER BY p.id
        """,
        [late_days, on, on],
    )
