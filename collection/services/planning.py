"""The nightly plan: which reminder each customer of each entity gets, recomputed from the facts of the day.

One statement reads, the rule decides, bulk statements write; running it twice for a day changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Tenant
from collection.models import Action, ScenarioVersion, Step
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import Limits, Plan, plan, priority_cents
from collection.rules.steps import StepRule
from collection.services.scenarios import ensure_default_scenario, step_rules
from core.audit import SYSTEM, Actor, audited
from core.days import BusinessCalendar
from core.jobs import lock
from core.tenancy import require_tenant_id
from receivables.models import Entity, FxRate


@dataclass(frozen=True)
class Planned:
    """What a run did: proposals (and their items) made, steps that lapsed; `silent`: why entities got none."""

    actions: int = 0
    lines: int = 0
    lapsed: int = 0
    silent: str = ""


@transaction.atomic
def plan_actions(
    *, tenant: Tenant, on: date, ledger_as_of: Mapping[UUID, date] | None = None, actor: Actor = SYSTEM
) -> Planned:
    """Propose the reminders of the day `on` from the version in force. Set-based; 1 statement reads all items.

    Nothing is proposed before go-live, on a day off in the entity's country, or where the ledger of the entity is
    older than the version allows (`ledger_as_of`: entity -> day of its last complete load; None: not known).
    Proposals of earlier days that nobody decided are made anew. One run at a time per tenant.
    """
    lock("collection/plan")
    version = ensure_default_scenario(tenant=tenant, on=on)
    steps = step_rules(version)
    if version.live_from is None or version.live_from > on:
        return Planned(silent="not_live")
    speaking = _entities_that_speak(tenant=tenant, version=version, on=on, ledger_as_of=ledger_as_of)
    if not speaking:
        return Planned(silent="day_off_or_stale")
    since = _take_back_undecided(on=on)
    plans = _plans(version=version, steps=steps, speaking=speaking, on=on)
    return _write(version=version, plans=plans, on=on, since=since, rates=_rates(tenant=tenant, on=on), actor=actor)


def limits_of(version: ScenarioVersion) -> Limits:
    return Limits(version.minimum_item_amount, version.minimum_total_amount, version.minimum_delay_days)


def due_until(steps: Iterable[StepRule], on: date) -> date:
    """The latest due date that a step before the due date can concern on the day `on`."""
    return on + timedelta(days=max([-step.offset_days for step in steps if step.is_before_due], default=0))


def last_messages(*, customer_id: UUID | None = None) -> dict[tuple[UUID, UUID], date]:
    """(customer, entity) -> business day of the last reminder confirmed or sent. 1 SQL query."""
    actions = Action.objects.filter(state__in=[Action.State.CONFIRMED, Action.State.SENT])
    if customer_id:
        actions = actions.filter(customer_id=customer_id)
    rows = actions.values("customer_id", "entity_id").annotate(last=Max("on"))
    return {(row["customer_id"], row["entity_id"]): row["last"] for row in rows}


def _entities_that_speak(
    *, tenant: Tenant, version: ScenarioVersion, on: date, ledger_as_of: Mapping[UUID, date] | None
) -> set[UUID]:
    """Entities with a working day today and a ledger that is fresh enough."""
    out = set()
    for entity_id, country in Entity.objects.values_list("id", "country"):
        calendar = BusinessCalendar((country or tenant.country,))
        if version.working_days_only and not calendar.is_working_day(on):
            continue
        as_of = (ledger_as_of or {}).get(entity_id)
        if version.stale_after_days is not None and (as_of is None or (on - as_of).days > version.stale_after_days):
            continue
        out.add(entity_id)
    return out


def _take_back_undecided(*, on: date) -> dict[tuple[UUID, UUID], date]:
    """Remove proposals that nobody decided, and postponed ones whose day has come; the day of the first is kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS MATERIALIZED (
                SELECT id, customer_id, entity_id, proposed_since FROM collection_action
                WHERE tenant_id = %(tenant)s
                  AND ((state = 'PROPOSED' AND "on" < %(on)s) OR (state = 'POSTPONED' AND postponed_until <= %(on)s))
            ), lines AS (
                DELETE FROM collection_actionline l USING gone
                WHERE l.tenant_id = %(tenant)s AND l.action_id = gone.id
            )
            SELECT id, customer_id, entity_id, proposed_since FROM gone
            """,
            {"tenant": require_tenant_id(), "on": on},
        )
        rows = cursor.fetchall()
        cursor.execute(
            "DELETE FROM collection_action WHERE tenant_id = %s AND id = ANY(%s)",
            [require_tenant_id(), [row[0] for row in rows]],
        )
    since: dict[tuple[UUID, UUID], date] = {}
    for _id, customer_id, entity_id, first in rows:
        key = (customer_id, entity_id)
        since[key] = min(first, since.get(key, first))
    return since


def _plans(
    *, version: ScenarioVersion, steps: list[StepRule], speaking: set[UUID], on: date
) -> list[tuple[UUID, UUID, Plan]]:
    last = last_messages()
    out = []
    rows = candidates(on=on, due_until=due_until(steps, on))
    for (customer_id, entity_id), items in groupby(rows, key=_owner):
        if entity_id not in speaking:
            continue
        found = plan(
            items=items,
            steps=steps,
            limits=limits_of(version),
            last_message_on=last.get((customer_id, entity_id)),
            on=on,
        )
        if found.lines or found.lapsed:
            out.append((customer_id, entity_id, found))
    return out


def _owner(item: Candidate) -> tuple[UUID, UUID]:
    return item.customer_id, item.entity_id


def _rates(*, tenant: Tenant, on: date) -> dict[str, Decimal]:
    """Currency -> its value in the organisation's currency, for ranking only. 1 SQL query."""
    rows = FxRate.objects.filter(base=tenant.currency, on__lte=on).order_by("currency", "-on").distinct("currency")
    return {rate.currency: 1 / rate.rate for rate in rows}


def _write(
    *,
    version: ScenarioVersion,
    plans: list[tuple[UUID, UUID, Plan]],
    on: date,
    since: Mapping[tuple[UUID, UUID], date],
    rates: Mapping[str, Decimal],
    actor: Actor,
) -> Planned:
    """COPY into temporary tables, then one statement for actions and one for lines: a second run writes nothing."""
    by_key = {step.step_key: step for step in version.steps.all()}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_action, pg_temp.plan_line;"
            "CREATE TEMP TABLE plan_action (customer_id uuid, entity_id uuid, step_id uuid, channel text, amounts jsonb,"
            " priority bigint, reason jsonb, since date) ON COMMIT DROP;"
            "CREATE TEMP TABLE plan_line (customer_id uuid, entity_id uuid, item_id uuid, step_key text, currency text,"
            " open_amount numeric, state text) ON COMMIT DROP"
        )
        with cursor.copy("COPY plan_action FROM STDIN") as copy:
            for customer_id, entity_id, found in plans:
                if found.lines:
                    first = since.get((customer_id, entity_id), on)
                    copy.write_row(_action_row(customer_id, entity_id, found, by_key, rates, on, first))
        with cursor.copy("COPY plan_line FROM STDIN") as copy:
            for customer_id, entity_id, found in plans:
                for state, lines in (("PLANNED", found.lines), ("LAPSED", found.lapsed)):
                    for line in lines:
                        item = line.item
                        amount = item.chased_amount
                        key = line.step.step_key
                        copy.write_row((customer_id, entity_id, item.item_id, key, item.currency, amount, state))
        cursor.execute("ANALYZE plan_action; ANALYZE plan_line")
        actions = audited(
            statement="""
                INSERT INTO collection_action (customer_id, entity_id, version_id, "on", step_id, channel, state, amounts,
                    priority_cents, priority_reason, proposed_since, note)
                SELECT customer_id, entity_id, %s, %s, step_id, channel, 'PROPOSED', amounts, priority, reason, since, ''
                FROM plan_action
                ON CONFLICT (tenant_id, customer_id, entity_id, version_id, "on") DO NOTHING
                RETURNING id, customer_id, jsonb_build_object('amounts', jsonb_build_array(NULL, amounts))
            """,
            params=[version.id, on],
            actor=actor,
            action="collection.action_proposed",
            model=Action,
        )
        # Lines of actions that were there before (a second run) find their items taken: nothing is written twice.
        cursor.execute(
            """
            INSERT INTO collection_actionline (action_id, item_id, customer_id, step_key, "on", currency, open_amount, state)
            SELECT CASE WHEN l.state = 'PLANNED' THEN a.id END, l.item_id, l.customer_id, l.step_key, %(on)s,
                   l.currency, l.open_amount, l.state
            FROM plan_line l
            LEFT JOIN collection_action a ON a.tenant_id = %(tenant)s AND a.customer_id = l.customer_id
                 AND a.entity_id = l.entity_id AND a.version_id = %(version)s AND a."on" = %(on)s
                 AND a.state = 'PROPOSED'
            WHERE l.state = 'LAPSED' OR a.id IS NOT NULL
            ON CONFLICT (tenant_id, item_id, step_key) DO NOTHING
            """,
            {"tenant": require_tenant_id(), "version": version.id, "on": on},
        )
        written = cursor.rowcount
        cursor.execute("SELECT count(*) FROM plan_line WHERE state = 'LAPSED'")
        (lapsed,) = cursor.fetchone()
    return Planned(actions=actions, lines=max(written - lapsed, 0), lapsed=min(lapsed, written))


def _action_row(
    customer_id: UUID,
    entity_id: UUID,
    found: Plan,
    steps: Mapping[str, Step],
    rates: Mapping[str, Decimal],
    on: date,
    since: date,
) -> tuple[object, ...]:
    step = steps[found.step.step_key]
    amounts = found.amounts
    # Ranked in one currency; one without a rate counts at its face value, which the reason then says.
    ranked = sum((amount * rates.get(currency, Decimal(1)) for currency, amount in amounts.items()), Decimal(0))
    oldest = min(line.item.due_date for line in found.lines)
    days = (on - oldest).days
    reason = {"items": len(found.lines), "oldest_days": days, "amounts": {c: str(a) for c, a in amounts.items()}}
    return (
        customer_id,
        entity_id,
        step.id,
        step.channel,
        orjson.dumps({currency: str(amount) for currency, amount in amounts.items()}).decode(),
        priority_cents(amount=ranked, days_overdue=days),
        orjson.dumps(reason).decode(),
        since,
    )
