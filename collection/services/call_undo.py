"""Taking a logged call back with all that it made, as long as nobody has built on it."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, Interaction
from collection.queries.actions import in_scope_of_customer
from collection.services.calls import COMPLETED
from collection.services.deciding import UNDO_SECONDS, undo_decision
from collection.services.disputes import withdraw_notices
from core.audit import Actor, changed, record
from core.errors import Conflict, NotFound
from core.models import AuditRecord
from desk.models import Attachment, Comment, Event, Task
from desk.services.tasks import unmake_tasks
from receivables.models import Contact, Dispute, Hold, InstalmentPlan, Promise
from receivables.services.plans import withdraw_plan
from receivables.services.standing import lift_hold, unrecord_dispute, withdraw_promise

# The browser shows the way back for 30 seconds; the answer may be some seconds on its way.
SLACK = timedelta(seconds=5)


class TooLateForCall(Conflict):
    code = "too_late_for_call"
    message = _("A call can be taken back for 30 seconds, by whoever logged it, and once.")


class BuiltUpon(Conflict):
    code = "built_upon"
    message = _("Something has happened with this call since: it cannot be taken back.")


@transaction.atomic
def undo_action(*, action_id: UUID, scope: Scope, actor: Actor, now: datetime, on: date) -> Action:
    """Take back what was decided about an action; of a call that was logged all that it made.

    Raises NothingToUndo, NotFound, TooLateForCall, BuiltUpon.
    """
    done_by = Interaction.objects.filter(action_id=action_id, action__state=Action.State.DONE).order_by("-id").first()
    if done_by is None:
        return undo_decision(action_id=action_id, scope=scope, actor=actor, now=now)
    undo_call(interaction_id=done_by.id, scope=scope, actor=actor, now=now, on=on)
    return Action.objects.select_related("customer").get(id=action_id)


@transaction.atomic
def undo_call(*, interaction_id: UUID, scope: Scope, actor: Actor, now: datetime, on: date) -> None:
    """As if the call had never been logged: its promise, disputes, suspensions and task go, the action is asked for
    again, follow-ups and promises that it had settled stand on the list again. The audit trail keeps all of it.

    Within 30 seconds, by whoever logged it, and only where nothing that it made has been touched since: else BuiltUpon
    says what stands in the way. Raises TooLateForCall too, and NotFound.
    """
    call = Interaction.objects.select_for_update(of=("self",)).filter(id=interaction_id, kind="CALL").first()
    if call is None:
        gone = AuditRecord.objects.filter(object_id=interaction_id, action=COMPLETED).first()
        # Taken back already, a moment ago: the same answer as a little later.
        raise TooLateForCall if gone and in_scope_of_customer(gone.customer_id, scope=scope) else NotFound
    if not in_scope_of_customer(call.customer_id, scope=scope):
        raise NotFound
    logged = AuditRecord.objects.filter(object_id=call.id, action=COMPLETED).order_by("-id").first()
    if logged is None or logged.actor_id != actor.id or logged.at < now - timedelta(seconds=UNDO_SECONDS) - SLACK:
        raise TooLateForCall
    made = {name: pair[1] for name, pair in logged.changes.items()}
    _lock(made)
    if reasons := list(_built_upon(call, made, since=logged)):
        raise BuiltUpon(_joined(reasons))
    _undo(call, made, scope=scope, actor=actor, now=now, on=on)


def _joined(reasons: list[Any]) -> str:
    return " ".join([str(_("It cannot be taken back.")), *map(str, reasons)])


# --- what stands in the way -------------------------------------------------------------------------------------------


def _lock(made: dict[str, Any]) -> None:
    """From here on nobody changes what the call made: who is at it now is waited for, and then stands in the way."""
    asked: list[tuple[type[Any], Collection[Any]]] = [
        (Dispute, made.get("disputes", [])),
        (InstalmentPlan, [made["plan"]] if "plan" in made else []),
        (Promise, [*([made["promise"]] if "promise" in made else []), *made.get("promises_seen", {})]),
        (Hold, made.get("holds", [])),
        (Contact, [made["contact"]["id"]] if "contact" in made else []),
        (Interaction, made.get("follow_ups", [])),
        (Task, made.get("tasks", [])),
    ]
    for model, ids in asked:
        if ids:
            list(model.objects.select_for_update(of=("self",)).filter(id__in=ids).order_by("id"))
    if made.get("disputes"):
        list(Task.objects.select_for_update(of=("self",)).filter(object_id__in=made["disputes"]).order_by("id"))


def _built_upon(call: Interaction, made: dict[str, Any], *, since: AuditRecord) -> Iterator[Any]:
    """What has happened since with what the call made or settled, a sentence each."""
    parts = list(Promise.objects.filter(plan_id=made["plan"]).values_list("id", flat=True)) if made.get("plan") else []
    disputes = made.get("disputes", [])
    tasks = [*made.get("tasks", []), *Task.objects.filter(object_id__in=disputes).values_list("id", flat=True)]
    asked: list[tuple[Any, Collection[Any]]] = [
        (_("What was to be done next has been done or put off."), [call.id, *made.get("follow_ups", [])]),
        (_("The promise has been changed since."), [made.get("promise"), made.get("plan"), *parts]),
        (_("A promise that the call had settled has been changed since."), made.get("promises_seen", {})),
        (_("The dispute has been worked on since."), disputes),
        (_("The suspension of reminders has been changed since."), made.get("holds", [])),
        (_("The task that the call made has been taken up since."), tasks),
        (_("The contact has been changed since."), [made["contact"]["id"]] if "contact" in made else []),
        (_("The call of the list has been decided anew since."), [made.get("action")]),
    ]
    later = AuditRecord.objects.filter(id__gt=since.id)
    for sentence, ids in asked:
        if later.filter(object_id__in=[one for one in ids if one]).exists():
            yield sentence
    if any(model.objects.filter(object_id__in=disputes).exists() for model in (Comment, Attachment)):
        yield _("Colleagues have said something about the dispute, or attached a file.")
    if made.get("action") and Action.objects.filter(id=made["action"], undo_until__isnull=True).exists():
        yield _("Interest or charges have been claimed with it: waive them first.")


# --- the way back -----------------------------------------------------------------------------------------------------


def _undo(call: Interaction, made: dict[str, Any], *, scope: Scope, actor: Actor, now: datetime, on: date) -> None:
    if "action" in made:
        undo_decision(action_id=UUID(made["action"]), scope=scope, actor=actor, now=now)
    if "promise" in made:
        withdraw_promise(promise_id=UUID(made["promise"]), on=on, actor=actor)
    if "plan" in made:
        withdraw_plan(plan_id=UUID(made["plan"]), on=on, actor=actor)
    for dispute in Dispute.objects.filter(id__in=made.get("disputes", [])).select_related("owner"):
        if not withdraw_notices(dispute=dispute):
            name = dispute.owner.name if dispute.owner else ""
            raise BuiltUpon(_joined([_("The mail to %(name)s about the dispute has left.") % {"name": name}]))
        about = Task.objects.filter(object_id=dispute.id).values_list("id", flat=True)
        unmake_tasks(task_ids=list(about), actor=actor)
        unrecord_dispute(dispute_id=dispute.id, actor=actor)
    for hold_id in made.get("holds", []):
        lift_hold(hold_id=UUID(hold_id), on=on, actor=actor)
    unmake_tasks(task_ids=made.get("tasks", []), actor=actor)
    if "contact" in made:
        _give_back_contact(made["contact"], actor=actor)
    for row in Interaction.objects.select_for_update(of=("self",)).filter(id__in=made.get("follow_ups", [])):
        _change(row, {"next_done_on": None}, actor=actor)
    seen = made.get("promises_seen", {})
    for promise in Promise.objects.select_for_update(of=("self",)).filter(id__in=seen):
        before = seen[str(promise.id)]
        _change(promise, {"handled_on": date.fromisoformat(before) if before else None}, actor=actor)
    Event.objects.create(
        customer_id=call.customer_id,
        kind="call.taken_back",
        on=on,
        member_id=actor.member_id,
        object_type="collection.Interaction",
        object_id=call.id,
    )
    changes = {"outcome": [call.outcome, None], "text": [call.text, None]}
    record(actor=actor, action="collection.call_taken_back", row=call, changes=changes)
    call.delete()


def _give_back_contact(before: dict[str, Any], *, actor: Actor) -> None:
    """The contact as it was. Another primary one that was chosen since would have been a change of this one too."""
    contact = Contact.objects.select_for_update().get(id=before["id"])
    changes = changed(contact, {name: value for name, value in before.items() if name != "id"})
    contact.updated_at = Now()  # type: ignore[assignment]
    contact.save(update_fields=[*changes, "updated_at"])
    record(actor=actor, action="receivables.contact_changed", row=contact, changes=changes)


def _change(row: Interaction | Promise, values: dict[str, Any], *, actor: Actor) -> None:
    changes = changed(row, values)
    if isinstance(row, Promise):
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=[*changes, "updated_at"])
    else:
        row.save(update_fields=[*changes])
    record(actor=actor, action="collection.taken_back", row=row, changes=changes)
