"""What a person does with a proposed reminder: confirm, skip, postpone, and take that back for 30 seconds."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, ActionLine
from collection.queries.actions import action_for_update
from collection.services.notice_approvals import give_back_approval
from core.audit import Actor, audited, record
from core.errors import Conflict, Invalid
from core.tenancy import require_tenant_id
from desk.services import outbox

UNDO_SECONDS = 30


class NotProposed(Conflict):
    code = "not_proposed"
    message = _("This action has been decided already. Load the page again to see how.")


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    message = _("It is too late to take this back: the message has left or is leaving.")


class BadPostponement(Invalid):
    code = "bad_postponement"
    message = _("Choose a later day, at most 90 days from today.")


@transaction.atomic
def skip_action(*, action_id: UUID, note: str, scope: Scope, actor: Actor, now: datetime) -> Action:
    """Do not send this reminder; its items count as reminded at their step. Raises NotProposed, NotFound."""
    action = proposed_action(action_id=action_id, scope=scope)
    action.lines.update(state=ActionLine.State.SKIPPED)
    decide([action], state=Action.State.SKIPPED, actor=actor, now=now, note=note)
    return action


@transaction.atomic
def postpone_action(
    *, action_id: UUID, until: date, note: str, scope: Scope, actor: Actor, now: datetime, on: date
) -> Action:
    """Propose it again on `until`, from the facts of that day. Raises BadPostponement, NotProposed, NotFound."""
    if not on < until <= on + timedelta(days=90):
        raise BadPostponement(fields={"until": [BadPostponement.message]})
    action = proposed_action(action_id=action_id, scope=scope)
    decide([action], state=Action.State.POSTPONED, actor=actor, now=now, note=note, postponed_until=until)
    return action


@transaction.atomic
def undo_decision(*, action_id: UUID, scope: Scope, actor: Actor, now: datetime) -> Action:
    """Back to proposed within 30 seconds of the decision; a confirmed one only while its message has not left.

    Raises NothingToUndo, NotFound.
    """
    action = action_for_update(action_id=action_id, scope=scope)
    before = action.state
    if before not in (Action.State.CONFIRMED, Action.State.DONE, Action.State.SKIPPED, Action.State.POSTPONED):
        raise NothingToUndo
    if action.undo_until is None or now > action.undo_until:
        raise NothingToUndo
    if before == Action.State.CONFIRMED and not outbox.withdraw(reason_type="collection.Action", reason_id=action.id):
        raise NothingToUndo
    give_back_approval(action=action, actor=actor)
    action.lines.exclude(state=ActionLine.State.PLANNED).update(state=ActionLine.State.PLANNED)
    action.state, action.decided_by_id, action.decided_at = Action.State.PROPOSED, None, None
    action.undo_until = action.postponed_until = action.new_deadline = None
    action.updated_at = Now()  # type: ignore[assignment]  # the database's clock: lists of changes go by it
    action.save()
    record(actor=actor, action="collection.decision_undone", row=action, changes={"state": [before, action.state]})
    return action


def proposed_action(*, action_id: UUID, scope: Scope) -> Action:
    """The action, locked, if nobody has decided it. Raises NotProposed, NotFound."""
    action = action_for_update(action_id=action_id, scope=scope)
    if action.state != Action.State.PROPOSED:
        raise NotProposed
    return action


def decide(
    actions: Sequence[Action],
    *,
    state: str,
    actor: Actor,
    now: datetime,
    note: str = "",
    postponed_until: date | None = None,
) -> None:
    """Record the decision on actions, with the moment until which it can be taken back. 1 SQL statement."""
    values: dict[str, Any] = {
        "state": state,
        "decided_by_id": actor.member_id,
        "decided_at": now,
        "undo_until": now + timedelta(seconds=UNDO_SECONDS),
        "note": note[:300],
        "postponed_until": postponed_until,
    }
    audited(
        statement=(
            f"UPDATE collection_action SET {', '.join(f'{name} = %s' for name in values)}, updated_at = statement_timestamp() "
            "WHERE tenant_id = %s AND id = ANY(%s) "
            "RETURNING id, customer_id, jsonb_build_object('state', jsonb_build_array(old.state, new.state))"
        ),
        params=[*values.values(), require_tenant_id(), [action.id for action in actions]],
        actor=actor,
        action=f"collection.action_{state.lower()}",
        model=Action,
    )
    for action in actions:
        for name, value in values.items():
            setattr(action, name, value)
