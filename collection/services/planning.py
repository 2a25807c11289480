"""The nightly plan: which reminder each customer of each entity gets, recomputed from the facts of the day.

One statement reads, the rule decides, bulk statements write; running it twice for a day changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Tenant
from collection.models import Action, ActionLine, ScenarioVersion
from collection.queries.candidates import Candidate, unserved_candidates
from collection.rules.grouping import Limits, Plan, plan, priority_cents
from collection.rules.steps import StepRule
from collection.services.scenarios import ensure_default_scenario, step_rules
from core.audit import SYSTEM, Actor
from core.days import BusinessCalendar
from core.jobs import lock
from core.models import AuditRecord
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
    _take_back_undecided(on=on, entity_ids=speaking, actor=actor)
    steps = step_rules(version)
    items = unserved_candidates(on=on, due_until=due_until(steps, on), entity_ids=speaking)
    found = plans(items=items, version=version, on=on)
    rows = _rows(found, version=version, on=on, rates=_rates(tenant=tenant, on=on))
    return _write(rows, version=version, on=on, actor=actor)


def limits_of(version: ScenarioVersion) -> Limits:
    """What the version asks of a message, as the rule takes it."""
    return Limits(version.minimum_item_amount, version.minimum_total_amount, version.minimum_delay_days)


def due_until(steps: Iterable[StepRule], on: date) -> date:
    """The latest due date that a step before the due date can concern on the day `on`."""
    return on + timedelta(days=max([-step.offset_days for step in steps if step.is_before_due], default=0))


def plans(*, items: Iterable[Candidate], version: ScenarioVersion, on: date) -> Iterator[tuple[Owner, Plan]]:
    """The plan of each customer at each entity among the items, which come in that order. 1 SQL query."""
    steps, limits = step_rules(version), limits_of(version)
    for owner, group in groupby(items, key=itemgetter(1, 2)):
        of_owner = list(group)
        yield owner, plan(items=of_owner, steps=steps, limits=limits, recent=of_owner[0].recent, on=on)


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


def _take_back_undecided(*, on: date, entity_ids: set[UUID], actor: Actor) -> None:
    """Remove proposals that nobody decided, and postponed ones whose day has come, into the temporary table plan_gone."""
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on, "entities": list(entity_ids)}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_gone;"
            "CREATE TEMP TABLE plan_gone ON COMMIT DROP AS "
            "SELECT id, customer_id, entity_id, proposed_since FROM collection_action "
            "WHERE tenant_id = %(tenant)s AND entity_id = ANY(%(entities)s) AND ((state = 'PROPOSED' AND \"on\" < %(on)s) "
            "OR (state = 'POSTPONED' AND postponed_until <= %(on)s))",
            params,
        )
        cursor.execute("SELECT count(*) FROM plan_gone")
        (count,) = cursor.fetchone()
        if count:
            cursor.execute(
                "ANALYZE plan_gone;"
                "DELETE FROM collection_actionline l USING plan_gone g"
                " WHERE l.tenant_id = %(tenant)s AND l.action_id = g.id;"
                "DELETE FROM collection_action a USING plan_gone g WHERE a.tenant_id = %(tenant)s AND a.id = g.id",
                params,
            )
            _audit(actor, "collection.proposals_taken_back", {"on": on.isoformat(), "actions": count})


def _rates(*, tenant: Tenant, on: date) -> dict[str, Decimal]:
    """Currency -> its value in the organisation's currency, for ranking only. 1 SQL query."""
    rows = FxRate.objects.filter(base=tenant.currency, on__lte=on).order_by("currency", "-on").distinct("currency")
    return {rate.currency: 1 / rate.rate for rate in rows}


@dataclass
class _Rows:
    """Plans as lines of text for COPY: no value of theirs can hold a tab, a line break or a backslash."""

    owners: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def _rows(
    found: Iterable[tuple[Owner, Plan]], *, version: ScenarioVersion, on: date, rates: Mapping[str, Decimal]
) -> _Rows:
    steps = {step.step_key: f"{step.id}\t{step.channel}" for step in version.steps.all()}
    live_from = version.live_from or on
    out = _Rows()
    for number, ((customer_id, entity_id), one) in enumerate(found):
        # What lapsed before sending began is no fact about the customer.
        lapsed = [line for line in one.lapsed if line.item.due_date >= live_from] if one.lapsed else ()
        if one.lines:
            action = f"{steps[one.step.step_key]}\t{_ranking(one, rates=rates, on=on)}"
        elif lapsed:
            action = _NO_ACTION
        else:
            continue
        out.owners.append(f"{number}\t{customer_id}\t{entity_id}\t{action}\n")
        for state, lines in ((_PLANNED, one.lines), (_LAPSED, lapsed)):
            out.lines += [
                f"{number}\t{item.item_id}\t{step.step_key}\t{item.currency}\t{item.chased_amount}\t{state}\n"
                for item, step in lines
            ]
    return out


_PLANNED, _LAPSED = ActionLine.State.PLANNED.value, ActionLine.State.LAPSED.value
_OWNER_COLUMNS = "(number, customer_id, entity_id, step_id, channel, amounts, priority, reason)"
_NO_ACTION = "\t".join(["\\N"] * 5)
_ROWS_AT_A_TIME = 2000
_ONE = Decimal(1)


def _ranking(found: Plan, *, rates: Mapping[str, Decimal], on: date) -> str:
    """What the action asks for, its rank and why it has it, as three columns."""
    amounts = found.amounts
    # Ranked in one currency; one without a rate counts at its face value, which the reason then says.
    ranked = sum([amount * rates.get(currency, _ONE) for currency, amount in amounts.items()], Decimal(0))
    days = (on - min([item.due_date for item, _step in found.lines])).days
    asked = ", ".join([f'"{currency}": "{amount}"' for currency, amount in amounts.items()])
    reason = f'{{"items": {len(found.lines)}, "oldest_days": {days}, "amounts": {{{asked}}}}}'
    return f"{{{asked}}}\t{priority_cents(amount=ranked, days_overdue=days)}\t{reason}"


def _write(rows: _Rows, *, version: ScenarioVersion, on: date, actor: Actor) -> Planned:
    """One statement for actions, two for lines. The day on which a proposal was made first is kept.

    A step whose message is still waiting to leave when it lapses keeps its line.
    """
    # The tenant as a literal: the column's default is read from the session anew for every row.
    params: dict[str, Any] = {"tenant": require_tenant_id(), "version": version.id, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_owner, pg_temp.plan_line;"
            "CREATE TEMP TABLE plan_owner (number int, customer_id uuid, entity_id uuid, step_id uuid, channel text,"
            " amounts jsonb, priority bigint, reason jsonb, id uuid DEFAULT uuidv7()) ON COMMIT DROP;"
            "CREATE TEMP TABLE plan_line (number int, item_id uuid, step_key text, currency text, open_amount numeric,"
            " state text) ON COMMIT DROP"
        )
        for table, columns, texts in (("plan_owner", _OWNER_COLUMNS, rows.owners), ("plan_line", "", rows.lines)):
            with cursor.copy(f"COPY {table} {columns} FROM STDIN") as copy:
                for start in range(0, len(texts), _ROWS_AT_A_TIME):
                    copy.write("".join(texts[start : start + _ROWS_AT_A_TIME]))
        cursor.execute("ANALYZE plan_owner; ANALYZE plan_line")
        cursor.execute(
            """
            INSERT INTO collection_action (tenant_id, id, customer_id, entity_id, version_id, "on", step_id, channel,
                state, amounts, priority_cents, priority_reason, proposed_since, note)
            SELECT %(tenant)s, o.id, o.customer_id, o.entity_id, %(version)s, %(on)s, o.step_id, o.channel,
                   'PROPOSED', o.amounts, o.priority, o.reason, coalesce(g.since, %(on)s), ''
            FROM plan_owner o
            LEFT JOIN (SELECT customer_id, entity_id, min(proposed_since) AS since FROM plan_gone GROUP BY 1, 2) g
                ON g.customer_id = o.customer_id AND g.entity_id = o.entity_id
            WHERE o.step_id IS NOT NULL
            """,
            params,
        )
        actions = cursor.rowcount
        written = {}
        for state in (_PLANNED, _LAPSED):
            cursor.execute(
                """
                INSERT INTO collection_actionline
                    (tenant_id, action_id, item_id, customer_id, step_key, "on", currency, open_amount, state)
                SELECT %(tenant)s, CASE WHEN l.state = 'PLANNED' THEN o.id END, l.item_id, o.customer_id, l.step_key,
                       %(on)s, l.currency, l.open_amount, l.state
                FROM plan_line l JOIN plan_owner o ON o.number = l.number
                WHERE l.state = %(state)s
                ON CONFLICT (tenant_id, item_id, step_key) DO NOTHING
                """,
                params | {"state": state},
            )
            written[state] = cursor.rowcount
    planned = Planned(actions=actions, lines=written[_PLANNED], lapsed=written[_LAPSED])
    if planned.actions or planned.lapsed:
        counts = {"actions": planned.actions, "lines": planned.lines, "lapsed": planned.lapsed}
        _audit(actor, "collection.actions_proposed", {"on": on.isoformat(), "version": str(version.id), **counts})
    return planned


def _audit(actor: Actor, action: str, counts: dict[str, Any]) -> None:
    """One row for the whole statement: each action says itself when and from which facts it was proposed."""
    AuditRecord.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, action=action, object_type=Action._meta.label, changes=counts
    )
