"""The nightly plan: which reminder each customer of each entity gets, recomputed from the facts of the day.

One statement reads, the rule decides, bulk statements write; running it twice for a day changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Max, Q

from accounts.models import Tenant
from collection.models import Action, ActionLine, ScenarioVersion, Step
from collection.queries.candidates import Candidate, candidates
from collection.rules.grouping import NOTHING_YET, Limits, Plan, Recent, plan, priority_cents
from collection.rules.steps import StepRule
from collection.services.scenarios import ensure_default_scenario, step_rules
from core.audit import SYSTEM, Actor, audited
from core.days import BusinessCalendar
from core.jobs import lock
from core.tenancy import require_tenant_id
from receivables.models import Entity, FxRate

Owner = tuple[UUID, UUID]  # a customer at an entity


@dataclass(frozen=True)
class Planned:
    """What a run did: proposals (and their items) made, steps that lapsed; `silent`: why nothing could be said at all."""

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
    if version.live_from is None or version.live_from > on:
        return Planned(silent="not_live")
    speaking = entities_that_speak(tenant=tenant, version=version, on=on, ledger_as_of=ledger_as_of)
    if not speaking:
        return Planned(silent="day_off_or_stale")
    since = _take_back_undecided(on=on, entity_ids=speaking, actor=actor)
    served = set(Action.objects.filter(on=on).values_list("customer_id", "entity_id"))
    rates = _rates(tenant=tenant, on=on)
    steps = step_rules(version)
    _copy_plans(
        (
            (owner, found)
            for owner, found in plans(items=candidates(on=on, due_until=due_until(steps, on)), version=version, on=on)
            if owner[1] in speaking and owner not in served
        ),
        version=version,
        on=on,
        since=since,
        rates=rates,
    )
    return _write(version=version, on=on, actor=actor)


def limits_of(version: ScenarioVersion) -> Limits:
    """What the version asks of a message, as the rule takes it."""
    return Limits(version.minimum_item_amount, version.minimum_total_amount, version.minimum_delay_days)


def due_until(steps: Iterable[StepRule], on: date) -> date:
    """The latest due date that a step before the due date can concern on the day `on`."""
    return on + timedelta(days=max([-step.offset_days for step in steps if step.is_before_due], default=0))


def plans(*, items: Iterable[Candidate], version: ScenarioVersion, on: date) -> Iterator[tuple[Owner, Plan]]:
    """The plan of each customer at each entity among the items, which come in that order. 3 SQL queries."""
    steps, limits, recent = step_rules(version), limits_of(version), recent_of()
    for owner, group in groupby(items, key=itemgetter(1, 2)):
        found = plan(items=group, steps=steps, limits=limits, recent=recent.get(owner, NOTHING_YET), on=on)
        if found.lines or found.lapsed:
            yield owner, found


def recent_of(*, customer_id: UUID | None = None) -> dict[Owner, Recent]:
    """What was said last to each customer of each entity: reminders confirmed or sent, and those put off. 1 SQL query."""
    sent = Q(state__in=[Action.State.CONFIRMED, Action.State.SENT])
    actions = Action.objects.filter(sent | Q(state=Action.State.POSTPONED))
    if customer_id:
        actions = actions.filter(customer_id=customer_id)
    rows = actions.values_list("customer_id", "entity_id").annotate(
        last=Max("on", filter=sent), put_off=Max("postponed_until", filter=Q(state=Action.State.POSTPONED))
    )
    return {(customer, entity): Recent(last, put_off) for customer, entity, last, put_off in rows}


def entities_that_speak(
    *, tenant: Tenant, version: ScenarioVersion, on: date, ledger_as_of: Mapping[UUID, date] | None
) -> set[UUID]:
    """Entities with a working day today and a ledger that is fresh enough. 1 SQL query."""
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


def _take_back_undecided(*, on: date, entity_ids: set[UUID], actor: Actor) -> dict[Owner, date]:
    """Remove proposals that nobody decided, and postponed ones whose day has come; the day of the first is kept."""
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on, "entities": list(entity_ids)}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_gone;"
            "CREATE TEMP TABLE plan_gone ON COMMIT DROP AS "
            "SELECT id, customer_id, entity_id, proposed_since FROM collection_action "
            "WHERE tenant_id = %(tenant)s AND entity_id = ANY(%(entities)s) AND ((state = 'PROPOSED' AND \"on\" < %(on)s) "
            "OR (state = 'POSTPONED' AND postponed_until <= %(on)s));"
            "ANALYZE plan_gone;"
            "DELETE FROM collection_actionline l USING plan_gone g WHERE l.tenant_id = %(tenant)s AND l.action_id = g.id",
            params,
        )
    audited(
        statement=(
            "DELETE FROM collection_action a USING plan_gone g WHERE a.tenant_id = %s AND a.id = g.id "
            "RETURNING a.id, a.customer_id, jsonb_build_object('state', jsonb_build_array(a.state, NULL))"
        ),
        params=[params["tenant"]],
        actor=actor,
        action="collection.action_taken_back",
        model=Action,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_id, entity_id, min(proposed_since) FROM plan_gone GROUP BY 1, 2")
        return {(customer_id, entity_id): first for customer_id, entity_id, first in cursor.fetchall()}


def _rates(*, tenant: Tenant, on: date) -> dict[str, Decimal]:
    """Currency -> its value in the organisation's currency, for ranking only. 1 SQL query."""
    rows = FxRate.objects.filter(base=tenant.currency, on__lte=on).order_by("currency", "-on").distinct("currency")
    return {rate.currency: 1 / rate.rate for rate in rows}


def _copy_plans(
    found: Iterable[tuple[Owner, Plan]],
    *,
    version: ScenarioVersion,
    on: date,
    since: Mapping[Owner, date],
    rates: Mapping[str, Decimal],
) -> None:
    """The plans into the temporary tables plan_owner and plan_line of this transaction."""
    by_key = {step.step_key: step for step in version.steps.all()}
    owners: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    for number, (owner, one) in enumerate(found):
        action = _action_columns(one, by_key, rates, on, since.get(owner, on)) if one.lines else _NO_ACTION
        owners.append((number, *owner, *action))
        for state, its_lines in ((_PLANNED, one.lines), (_LAPSED, one.lapsed)):
            for line in its_lines:
                item = line.item
                lines.append((number, item.item_id, line.step.step_key, item.currency, item.chased_amount, state))
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_owner, pg_temp.plan_line;"
            "CREATE TEMP TABLE plan_owner (number int, customer_id uuid, entity_id uuid, step_id uuid, channel text,"
            " amounts jsonb, priority bigint, reason jsonb, since date, id uuid DEFAULT uuidv7()) ON COMMIT DROP;"
            "CREATE TEMP TABLE plan_line (number int, item_id uuid, step_key text, currency text, open_amount numeric,"
            " state text) ON COMMIT DROP"
        )
        for table, columns, rows in (("plan_owner", _OWNER_COLUMNS, owners), ("plan_line", "", lines)):
            with cursor.copy(f"COPY {table} {columns} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        cursor.execute("ANALYZE plan_owner; ANALYZE plan_line")


_OWNER_COLUMNS = "(number, customer_id, entity_id, step_id, channel, amounts, priority, reason, since)"
_NO_ACTION = (None,) * 6
_PLANNED, _LAPSED = ActionLine.State.PLANNED.value, ActionLine.State.LAPSED.value


def _action_columns(
    found: Plan, steps: Mapping[str, Step], rates: Mapping[str, Decimal], on: date, since: date
) -> tuple[object, ...]:
    step = steps[found.step.step_key]
    amounts = found.amounts
    # Ranked in one currency; one without a rate counts at its face value, which the reason then says.
    ranked = sum((amount * rates.get(currency, Decimal(1)) for currency, amount in amounts.items()), Decimal(0))
    days = (on - min(line.item.due_date for line in found.lines)).days
    asked = {currency: str(amount) for currency, amount in amounts.items()}
    return (
        step.id,
        step.channel,
        orjson.dumps(asked).decode(),
        priority_cents(amount=ranked, days_overdue=days),
        orjson.dumps({"items": len(found.lines), "oldest_days": days, "amounts": asked}).decode(),
        since,
    )


def _write(*, version: ScenarioVersion, on: date, actor: Actor) -> Planned:
    """One statement for actions and one for lines: what is there already is not written again."""
    actions = audited(
        statement="""
            INSERT INTO collection_action (id, customer_id, entity_id, version_id, "on", step_id, channel, state, amounts,
                priority_cents, priority_reason, proposed_since, note)
            SELECT id, customer_id, entity_id, %s, %s, step_id, channel, 'PROPOSED', amounts, priority, reason, since, ''
            FROM plan_owner WHERE step_id IS NOT NULL ORDER BY number
            ON CONFLICT (tenant_id, customer_id, entity_id, version_id, "on") DO NOTHING
            RETURNING id, customer_id, jsonb_build_object('amounts', jsonb_build_array(NULL, amounts))
        """,
        params=[version.id, on],
        actor=actor,
        action="collection.action_proposed",
        model=Action,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH written AS (
                INSERT INTO collection_actionline
                    (action_id, item_id, customer_id, step_key, "on", currency, open_amount, state)
                SELECT CASE WHEN l.state = 'PLANNED' THEN o.id END, l.item_id, o.customer_id, l.step_key, %(on)s,
                       l.currency, l.open_amount, l.state
                FROM plan_line l JOIN plan_owner o ON o.number = l.number
                WHERE l.state = 'LAPSED'
                   OR EXISTS (SELECT 1 FROM collection_action a WHERE a.tenant_id = %(tenant)s AND a.id = o.id)
                ON CONFLICT (tenant_id, item_id, step_key) DO NOTHING
                RETURNING state
            )
            SELECT count(*) FILTER (WHERE state = 'PLANNED'), count(*) FILTER (WHERE state = 'LAPSED') FROM written
            """,
            {"tenant": require_tenant_id(), "on": on},
        )
        lines, lapsed = cursor.fetchone()
    return Planned(actions=actions, lines=lines, lapsed=lapsed)
