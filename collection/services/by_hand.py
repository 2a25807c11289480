"""Steps that a person does away from the outbox: tasks given to a colleague, and calls."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, ActionLine, Step
from collection.services.deciding import decide, proposed_action
from collection.services.step_claims import claim_for_steps
from core.audit import SYSTEM, Actor, audited
from core.errors import Invalid
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.models import Channel, Task
from desk.services.tasks import NewTask, finish_all_about, make_tasks

ABOUT = "collection.Action"
_TEXT = gettext_noop("%(step)s (%(entity)s): %(amounts)s, items: %(count)s")
_TEXT_SAID = gettext_noop("%(step)s (%(entity)s): %(amounts)s, items: %(count)s. %(instruction)s")
_AMOUNT, _AMOUNTS = gettext_noop("%(amount)s %(currency)s"), gettext_noop("%(first)s and %(rest)s")


class NotACall(Invalid):
    code = "not_a_call"
    message = _("This step is not a call.")


# --- Tasks ------------------------------------------------------------------------------------------------------------


# What these ask for is decided by a person: a request in writing stands in the place of a task (step_requests).
REQUESTS = (Step.Kind.STOP_DELIVERIES, Step.Kind.HAND_OVER)


def give_tasks(*, on: date, actor: Actor = SYSTEM) -> int:
    """Make the tasks of the steps that the night of the day gives to colleagues, but for requests. How many."""
    actions = (
        Action.objects.filter(on=on, state=Action.State.ASSIGNED)
        .exclude(step__kind__in=REQUESTS)
        .select_related("step", "entity")
        .annotate(items=Count("lines"))
        .order_by("-priority_cents", "id")
    )
    tasks = [
        NewTask(
            kind=Task.Kind.STEP,
            key=str(action.id),
            customer_id=action.customer_id,
            sentence=_sentence(action, action.items),
            due_on=on,
            object_type=ABOUT,
            object_id=action.id,
        )
        for action in actions
    ]
    return make_tasks(tasks=tasks, on=on, actor=actor)


def _sentence(action: Action, items: int) -> Phrase:
    values: dict[str, object] = {
        "step": action.step.name,
        "entity": action.entity.code,
        "amounts": amounts_phrase(action.amounts),
        "count": items,
    }
    if not action.step.instruction:
        return Phrase(_TEXT, values)
    return Phrase(_TEXT_SAID, values | {"instruction": action.step.instruction})


def amounts_phrase(amounts: Mapping[str, str]) -> Phrase:
    """Sums by currency for a sentence that is kept: whoever reads it sees them as their language writes numbers."""
    phrases = [
        Phrase(_AMOUNT, {"amount": f"{Decimal(text):.2f}", "currency": name}) for name, text in sorted(amounts.items())
    ]
    out = phrases.pop() if phrases else Phrase("–")
    while phrases:
        out = Phrase(_AMOUNTS, {"first": phrases.pop(), "rest": out})
    return out


@transaction.atomic
def settle_tasks(*, on: date, actor: Actor = SYSTEM) -> int:
    """Steps whose task is finished count as done, and tasks whose items have all been settled are over. How many of both.

    A few statements, whatever their number.
    """
    params: dict[str, Any] = {"tenant": require_tenant_id(), "on": on}
    finished = Action.objects.filter(
        state=Action.State.ASSIGNED,
        id__in=Task.objects.filter(object_type=ABOUT, kind=Task.Kind.STEP, done_on__isnull=False).values("object_id"),
    )
    ids = list(finished.values_list("id", flat=True))
    done = _done(ids, on=None, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM collection_actionline l USING collection_action a, receivables_ledgeritem i "
            "WHERE a.tenant_id = %(tenant)s AND a.state = 'ASSIGNED' AND l.tenant_id = a.tenant_id AND l.action_id = a.id "
            "AND i.tenant_id = a.tenant_id AND i.id = l.item_id AND NOT i.is_open AND l.state = 'PLANNED'",
            params,
        )
    empty = list(Action.objects.filter(state=Action.State.ASSIGNED, lines__isnull=True).values_list("id", flat=True))
    if empty:
        _set_state(empty, state=Action.State.CANCELLED, actor=actor)
        finish_all_about(object_ids=empty, actor=actor, on=on)
    return done + len(empty)


def task_done(*, task: Task, actor: Actor, on: date) -> None:
    """Somebody has finished the task of a step: the step counts as done (port `desk.task_done`)."""
    if task.kind == Task.Kind.STEP and task.object_id is not None:
        _done([task.object_id], on=on, actor=actor)


@transaction.atomic
def end_steps(*, action_ids: Collection[UUID], is_done: bool, note: str = "", actor: Actor, on: date) -> int:
    """What these steps asked for was decided: yes (they count as done on the day) or no (as skipped, with the reason).

    Those that wait no longer stay as they are. How many.
    """
    if not action_ids:
        return 0
    finish_all_about(object_ids=action_ids, actor=actor, on=on)
    if is_done:
        return _done(action_ids, on=on, actor=actor)
    ActionLine.objects.filter(
        action__in=action_ids, action__state=Action.State.ASSIGNED, state=ActionLine.State.PLANNED
    ).update(state=ActionLine.State.SKIPPED, on=on)
    return _set_state(action_ids, state=Action.State.SKIPPED, note=note, actor=actor)


@transaction.atomic
def drop_steps(*, action_ids: Collection[UUID], actor: Actor, on: date) -> int:
    """There is no reason for these steps any more: they were not done, and come again where a reason comes again."""
    if not action_ids:
        return 0
    finish_all_about(object_ids=action_ids, actor=actor, on=on)
    ActionLine.objects.filter(
        action__in=action_ids, action__state=Action.State.ASSIGNED, state=ActionLine.State.PLANNED
    ).delete()
    return _set_state(action_ids, state=Action.State.CANCELLED, actor=actor)


def _done(action_ids: Collection[UUID], *, on: date | None, actor: Actor) -> int:
    """Assigned actions that are done, on the day or else on the day of their task. How many."""
    if not action_ids:
        return 0
    params: dict[str, Any] = {"tenant": require_tenant_id(), "actions": list(action_ids), "on": on}
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE collection_actionline l SET state = \'DONE\', "on" = coalesce(%(on)s, t.done_on, l."on") '
            "FROM collection_action a LEFT JOIN desk_task t ON t.tenant_id = a.tenant_id AND t.object_id = a.id "
            "AND t.kind = 'STEP' "
            "WHERE a.tenant_id = %(tenant)s AND a.id = ANY(%(actions)s) AND a.state = 'ASSIGNED' "
            "AND l.tenant_id = a.tenant_id AND l.action_id = a.id AND l.state = 'PLANNED'",
            params,
        )
    count = _set_state(action_ids, state=Action.State.DONE, actor=actor)
    days: dict[date, list[UUID]] = {}
    done = ActionLine.objects.filter(action__in=action_ids, state=ActionLine.State.DONE, action__step__claims=True)
    for action_id, day in done.values_list("action_id", "on").distinct():
        days.setdefault(day, []).append(action_id)
    for day, ids in days.items():
        claim_for_steps(action_ids=ids, on=day, actor=actor)
    return count


def _set_state(action_ids: Collection[UUID], *, state: str, note: str = "", actor: Actor) -> int:
    return audited(
        statement=(
            "UPDATE collection_action SET state = %s, decided_by_id = %s, decided_at = now(), note = %s, "
            "updated_at = statement_timestamp() WHERE tenant_id = %s AND id = ANY(%s) AND state = 'ASSIGNED' "
            "RETURNING id, customer_id, jsonb_build_object('state', jsonb_build_array(old.state, new.state))"
        ),
        params=[state, actor.member_id, note[:300], require_tenant_id(), list(action_ids)],
        actor=actor,
        action=f"collection.action_{state.lower()}",
        model=Action,
    )


# --- Calls ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def call_made(*, action_id: UUID, note: str = "", scope: Scope, actor: Actor, now: datetime, on: date) -> Action:
    """The call that a step asked for was made and logged: the step counts as done for its items.

    Taken back like any decision within 30 seconds, unless it has opened claims. Raises NotACall, NotProposed, NotFound.
    """
    action = proposed_action(action_id=action_id, scope=scope)
    if action.channel != Channel.CALL:
        raise NotACall
    action.lines.update(state=ActionLine.State.DONE, on=on)
    decide([action], state=Action.State.DONE, actor=actor, now=now, note=note)
    if claim_for_steps(action_ids=[action.id], on=on, actor=actor):
        action.undo_until = None
        action.save(update_fields=["undo_until"])
    return action
