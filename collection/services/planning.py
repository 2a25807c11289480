"""The nightly plan: which reminder each customer of each entity gets, and which steps a colleague has to do, recomputed
from the facts of the day.

One statement reads, the rule decides, bulk statements write; running it twice for a day changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.access import EVERYTHING
from accounts.models import Tenant
from collection.models import Action, ActionLine
from collection.queries.candidates import unserved_candidates
from collection.queries.facts import values_of_currencies
from collection.rules.grouping import Line, Plan, priority_cents, task_parts
from collection.services.by_hand import give_tasks, settle_tasks
from collection.services.playbooks import (
    Found,
    Playbook,
    assigned_among,
    due_until_of,
    is_live,
    plans,
    playbook,
    versions_in_force,
    with_pinned,
    with_silence,
)
from collection.services.scenarios import ensure_default_scenario
from collection.services.step_requests import write_requests
from core.audit import SYSTEM, Actor
from core.jobs import lock
from core.models import AuditRecord
from core.tenancy import require_tenant_id
from receivables.models import Entity
from risk.queries.habits import Habits, payment_habits
from risk.rules.chance import Habit, chance_within


@dataclass(frozen=True)
class Planned:
    """What a run did: proposals (and their items) made, steps that lapsed, tasks given; `silent`: why nothing could be
    said at all."""

    actions: int = 0
    lines: int = 0
    lapsed: int = 0
    tasks: int = 0
    silent: str = ""


@transaction.atomic
def plan_actions(
    *, tenant: Tenant, on: date, ledger_as_of: Mapping[UUID, date] | None = None, actor: Actor = SYSTEM
) -> Planned:
    """Propose the reminders of the day `on` from the scenarios that are live. Set-based; 1 statement reads all items.

    Nothing is proposed before go-live, on a day off in the entity's country, or where the ledger of the entity is
    older than the scenario allows (`ledger_as_of`: entity -> day of its last complete load; None: not known).
    Proposals of earlier days that nobody decided are made anew. One run at a time per tenant.
    """
    lock("collection/plan")
    ensure_default_scenario(tenant=tenant, on=on)
    settle_tasks(on=on, actor=actor)
    live = [playbook(version) for version in versions_in_force(on=on) if is_live(version, on=on)]
    if not live:
        return Planned(silent="not_live")
    known = list(with_pinned(live, on=on).values())
    books = with_silence(known, tenant=tenant, on=on, ledger_as_of=ledger_as_of)
    entities = set(Entity.objects.values_list("id", flat=True))
    speaking = {one for one in entities if any(str(one) not in book.silent for book in books)}
    if not speaking:
        return Planned(silent="day_off_or_stale")
    _take_back_undecided(on=on, entity_ids=speaking, books=books, actor=actor)
    by_key = {book.key: book for book in books}
    items = unserved_candidates(on=on, due_until=due_until_of(books, on), entity_ids=speaking)
    found = plans(items=items, books=by_key, assignments=assigned_among(by_key, on=on), on=on)
    rates = values_of_currencies(currency=tenant.currency, on=on)
    rows = _rows(found, on=on, rates=rates, habits=payment_habits(scope=EVERYTHING))
    planned = _write(rows, on=on, actor=actor)
    if planned.tasks:
        give_tasks(on=on, actor=actor)
    write_requests(on=on, actor=actor)
    return planned


def _take_back_undecided(*, on: date, entity_ids: set[UUID], books: Iterable[Playbook], actor: Actor) -> None:
    """Remove proposals that nobody decided, and postponed ones whose day has come, into the temporary table plan_gone.

    Those of a scenario that is silent at their entity today stay: nothing would be proposed in their place. So do tasks.
    """
    silent = [(book, entity) for book in books for entity in book.silent]
    params: dict[str, Any] = {
        "tenant": require_tenant_id(),
        "on": on,
        "entities": list(entity_ids),
        "pinned": [str(book.version.id) for book in books if book.is_pinned],
        "silent_scenarios": [None if book.is_pinned else book.scenario_id for book, _entity in silent],
        "silent_versions": [str(book.version.id) if book.is_pinned else None for book, _entity in silent],
        "silent_entities": [entity for _book, entity in silent],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_gone;"
            "CREATE TEMP TABLE plan_gone ON COMMIT DROP AS "
            "SELECT a.id, a.customer_id, a.entity_id, a.proposed_since FROM collection_action a "
            "WHERE a.tenant_id = %(tenant)s AND a.entity_id = ANY(%(entities)s) "
            "AND ((a.state = 'PROPOSED' AND a.\"on\" < %(on)s) OR (a.state = 'POSTPONED' AND a.postponed_until <= %(on)s)) "
            "AND NOT EXISTS (SELECT 1 FROM collection_scenarioversion v "
            "JOIN unnest(%(silent_scenarios)s::uuid[], %(silent_versions)s::uuid[], %(silent_entities)s::uuid[])"
            " AS s(scenario_id, version_id, entity_id) ON s.entity_id = a.entity_id"
            " AND (s.version_id = v.id OR s.scenario_id = v.scenario_id AND v.id <> ALL(%(pinned)s::uuid[])) "
            "WHERE v.tenant_id = %(tenant)s AND v.id = a.version_id)",
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


@dataclass
class _Rows:
    """Plans as lines of text for COPY: no value of theirs can hold a tab, a line break or a backslash."""

    owners: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tasks: int = 0

    def add(self, owner: str, lines: Iterable[str]) -> None:
        """An action, or none, with lines of its own."""
        number = len(self.owners)
        self.owners.append(f"{number}\t{owner}\n")
        self.lines += [f"{number}\t{line}\n" for line in lines]


def _rows(found: Iterable[Found], *, on: date, rates: Mapping[str, Decimal], habits: Habits) -> _Rows:
    out = _Rows()
    # The run's ids are texts (unserved_candidates).
    own = {str(customer_id): habit for customer_id, habit in habits.own.items()}
    columns: dict[str, dict[str, str]] = {}
    for (customer_id, entity_id), book, one, part in found:
        version = book.version
        live_from = version.live_from or on
        # What lapsed before sending began is no fact about the customer.
        lapsed = [line for line in one.lapsed if line.item.due_date >= live_from] if one.lapsed else ()
        if not one.lines and not lapsed and not one.tasks:
            continue
        steps = columns.get(book.key)
        if steps is None:
            steps = {step.step_key: f"{version.id}\t{step.id}\t{step.channel}" for step in version.steps.all()}
            columns[book.key] = steps
        owner, habit = f"{customer_id}\t{entity_id}", own.get(str(customer_id), habits.usual)
        if one.lines:
            ranking = _ranking(one, rates=rates, habit=habit, on=on)
            action = f"{owner}\t{steps[one.step.step_key]}\t{ranking}\t{part}\t{_PROPOSED}"
            out.add(action, [*_lines(one.lines, _PLANNED), *_lines(lapsed, _LAPSED)])
        elif lapsed:
            out.add(f"{owner}\t{_NO_ACTION}", _lines(lapsed, _LAPSED))
        for name, lines in task_parts(one, limits=book.limits) if one.tasks else ():
            ranking = _ranking(Plan(lines), rates=rates, habit=habit, on=on)
            out.add(
                f"{owner}\t{steps[lines[0].step.step_key]}\t{ranking}\t{name}\t{_ASSIGNED}", _lines(lines, _PLANNED)
            )
            out.tasks += 1
    return out


def _lines(lines: Iterable[Line], state: str) -> list[str]:
    return [f"{item.item_id}\t{step.step_key}\t{item.currency}\t{item.chased_amount}\t{state}" for item, step in lines]


_PLANNED, _LAPSED = ActionLine.State.PLANNED.value, ActionLine.State.LAPSED.value
_PROPOSED, _ASSIGNED = Action.State.PROPOSED.value, Action.State.ASSIGNED.value
_OWNER_COLUMNS = (
    "(number, customer_id, entity_id, version_id, step_id, channel, amounts, netted, priority, reason, part, state)"
)
_NO_ACTION = "\t".join(["\\N"] * 9)
_ROWS_AT_A_TIME = 2000
_ONE = Decimal(1)
# Ranked by what is expected to come in within so many days.
CHANCE_DAYS = 14


def _ranking(found: Plan, *, rates: Mapping[str, Decimal], habit: Habit, on: date) -> str:
    """What the action asks for, what it deducts, its rank and why it has it, as four columns."""
    amounts = found.amounts
    # Ranked in one currency; one without a rate counts at its face value, which the reason then says.
    ranked = sum([amount * rates.get(currency, _ONE) for currency, amount in amounts.items()], Decimal(0))
    days = (on - min([item.due_date for item, _step in found.lines])).days
    share = _chance(habit, days)
    asked, netted = _as_json(amounts), _as_json(found.netted) if found.netted else "{}"
    reason = (
        f'{{"items": {len(found.lines)}, "oldest_days": {days}, "amounts": {asked}, "chance_pct": {int(share * 100)},'
        f' "within_days": {CHANCE_DAYS}, "median_days": {habit.median_days}, "is_own": {str(habit.is_own).lower()}}}'
    )
    return f"{asked}\t{netted}\t{priority_cents(amount=ranked, chance=share)}\t{reason}"


def _as_json(amounts: Mapping[str, Decimal]) -> str:
    texts = ", ".join([f'"{currency}": "{amount}"' for currency, amount in amounts.items()])
    return f"{{{texts}}}"


@lru_cache(maxsize=10_000)
def _chance(habit: Habit, days_overdue: int) -> Decimal:
    return chance_within(days=CHANCE_DAYS, days_overdue=days_overdue, habit=habit).share


def _write(rows: _Rows, *, on: date, actor: Actor) -> Planned:
    """One statement for actions, two for lines. The day on which a proposal was made first is kept.

    A step whose message is still waiting to leave when it lapses keeps its line.
    """
    # The tenant as a literal: the column's default is read from the session anew for every row.
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on}
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pg_temp.plan_owner, pg_temp.plan_line;"
            "CREATE TEMP TABLE plan_owner (number int, customer_id uuid, entity_id uuid, version_id uuid, step_id uuid, channel text,"
            " amounts jsonb, netted jsonb, priority bigint, reason jsonb, part text, state text, id uuid DEFAULT uuidv7())"
            " ON COMMIT DROP;"
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
                state, amounts, netted, priority_cents, priority_reason, proposed_since, note, part)
            SELECT %(tenant)s, o.id, o.customer_id, o.entity_id, o.version_id, %(on)s, o.step_id, o.channel,
                   o.state, o.amounts, o.netted, o.priority, o.reason, coalesce(g.since, %(on)s), '', o.part
            FROM plan_owner o
            LEFT JOIN (SELECT customer_id, entity_id, min(proposed_since) AS since FROM plan_gone GROUP BY 1, 2) g
                ON g.customer_id = o.customer_id AND g.entity_id = o.entity_id
            WHERE o.step_id IS NOT NULL
            """,
            params,
        )
        actions = cursor.rowcount - rows.tasks
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
    planned = Planned(actions=actions, lines=written[_PLANNED], lapsed=written[_LAPSED], tasks=rows.tasks)
    if planned.actions or planned.lapsed or planned.tasks:
        counts = {
            "actions": planned.actions,
            "lines": planned.lines,
            "lapsed": planned.lapsed,
            "tasks": planned.tasks,
        }
        _audit(actor, "collection.actions_proposed", {"on": on.isoformat(), **counts})
    return planned


def _audit(actor: Actor, action: str, counts: dict[str, Any]) -> None:
    """One row for the whole statement: each action says itself when and from which facts it was proposed."""
    AuditRecord.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, action=action, object_type=Action._meta.label, changes=counts
    )
