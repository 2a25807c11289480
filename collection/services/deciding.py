"""What a person does with a proposed reminder: confirm, skip, postpone, and take that back for 30 seconds."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, ActionLine
from collection.queries.actions import action_for_update
from core.audit import Actor, record
from core.errors import Conflict, Invalid
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
    decide(action, state=Action.State.SKIPPED, actor=actor, now=now, note=note[:300])
    return action


@transaction.atomic
def postpone_action(
    *, action_id: UUID, until: date, note: str, scope: Scope, actor: Actor, now: datetime, on: date
) -> Action:
    """Propose it again on `until`, from the facts of that day. Raises BadPostponement, NotProposed, NotFound."""
    if not on < until <= on + timedelta(days=90):
        raise BadPostponement(fields={"until": [BadPostponement.message]})
    action = proposed_action(action_id=action_id, scope=scope)
    action.postponed_until = until
    decide(action, state=Action.State.POSTPONED, actor=actor, now=now, note=note[:300])
    return action


@transaction.atomic
def undo_decision(*, action_id: UUID, scope: Scope, actor: Actor, now: datetime) -> Action:
    """Back to proposed within 30 seconds of the decision; a confirmed one only while its message has not left.

    Raises NothingToUndo, NotFound.
    """
    action = action_for_update(action_id=action_id, scope=scope)
    before = action.state
    if before not in (Action.State.CONFIRMED, Action.State.SKIPPED, Action.State.POSTPONED):
        raise NothingToUndo
    if action.undo_until is None or now > action.undo_until:
        raise NothingToUndo
    if before == Action.State.CONFIRMED and not outbox.withdraw(reason_type="collection.Action", reason_id=action.id):
        raise NothingToUndo
    action.lines.exclude(state=ActionLine.State.PLANNED).update(state=ActionLine.State.PLANNED)
    action.state, action.decided_by_id, action.decided_at = Action.State.PROPOSED, None, None
    action.undo_until = action.postponed_until = None
    action.updated_at = now
    action.save()
    record(actor=actor, action="collection.decision_undone", row=action, changes={"state": [before, action.state]})
    return action


def proposed_action(*, action_id: UUID, scope: Scope) -> Action:
    """The action, locked, if nobody has decided it. Raises NotProposed, NotFound."""
    action = action_for_update(action_id=action_id, scope=scope)
    if action.state != Action.State.PROPOSED:
        raise NotProposed
    return action


def decide(action: Action, *, state: str, actor: Actor, now: datetime, note: str = "") -> None:
    """Record the decision on the action, with the moment until which it can be taken back."""
    before, action.state = action.state, state
    action.decided_by_id, action.decided_at = actor.member_id, now
    action.undo_until = now + timedelta(seconds=UNDO_SECONDS)
    action.note, action.updated_at = note, now
    action.save()
    record(actor=actor, action=f"collection.action_{state.lower()}", row=action, changes={"state": [before, state]})
