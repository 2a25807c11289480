"""Ticking off what stands on the day's list, putting it off, and taking that back for 30 seconds."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Member
from collection.models import Interaction
from collection.queries.actions import in_scope_of_customer
from collection.services.calls import look_after_promises
from collection.services.deciding import UNDO_SECONDS, NothingToUndo
from core.audit import Actor, record
from core.errors import Invalid, NotFound
from core.models import AuditRecord
from desk.models import Alert, Task
from desk.queries.alerts import alert_in_scope
from desk.services.alerts import POSTPONED, acknowledge_alert, give_back_alert, postpone_alert, reopen_alert
from desk.services.tasks import reopen_task
from receivables.models import Promise
from receivables.queries.visible import promises_in
from risk.queries.reviews import review_in_scope
from risk.services.reviews import ENDED, MOVED, give_back

# The browser shows the way back for 30 seconds; the answer may be some seconds on its way.
SLACK = timedelta(seconds=5)
LONGEST_DAYS = 90


class BadDay(Invalid):
    code = "bad_day"
    message = _("Choose a later day, at most 90 days from today.")


@transaction.atomic
def look_after_promise(*, promise_id: UUID, scope: Scope, actor: Actor, on: date) -> Promise:
    """Somebody has looked at a promise that is due or was not kept: it leaves the list until it changes.

    Raises NotFound.
    """
    promise: Promise | None = promises_in(scope=scope).select_related("customer").filter(id=promise_id).first()
    if promise is None:
        raise NotFound
    look_after_promises(customer_id=promise.customer_id, promise_id=promise.id, actor=actor, on=on)
    return promise


@transaction.atomic
def move_follow_up(
    *, interaction_id: UUID, until: date, at: time | None = None, scope: Scope, actor: Actor, on: date
) -> Interaction:
    """Do it on a later day. Raises NotFound, BadDay."""
    if not on < until <= on + timedelta(days=LONGEST_DAYS):
        raise BadDay(fields={"until": [BadDay.message]})
    row = _open_follow_up(interaction_id, scope=scope)
    before, row.next_on, row.next_time = row.next_on, until, at
    row.save(update_fields=["next_on", "next_time"])
    record(actor=actor, action="collection.follow_up_moved", row=row, changes={"next_on": [before, until]})
    return row


def _open_follow_up(interaction_id: UUID, *, scope: Scope) -> Interaction:
    rows = Interaction.objects.select_for_update(of=("self",)).select_related("customer")
    row = rows.filter(id=interaction_id, next_on__isnull=False, next_done_on__isnull=True).first()
    if row is None or not in_scope_of_customer(row.customer_id, scope=scope):
        raise NotFound
    return row


@transaction.atomic
def see_alert(*, alert_id: UUID, member: Member, scope: Scope, actor: Actor, on: date) -> Alert:
    """A deterioration was seen. Raises NotFound, AlreadyAcknowledged."""
    alert = alert_in_scope(alert_id=alert_id, scope=scope)
    return acknowledge_alert(alert_id=alert.id, note="", member=member, on=on, actor=actor)


@transaction.atomic
def move_alert(*, alert_id: UUID, until: date, scope: Scope, actor: Actor, on: date) -> Alert:
    """Look at a deterioration on a later day. Raises NotFound, AlreadyAcknowledged, BadAlertDay."""
    alert = alert_in_scope(alert_id=alert_id, scope=scope)
    return postpone_alert(alert_id=alert.id, until=until, on=on, actor=actor)


# --- taking back ------------------------------------------------------------------------------------------------------


def _reopen_follow_up(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    row = Interaction.objects.select_for_update(of=("self",)).filter(id=row_id).first()
    if row is None or not in_scope_of_customer(row.customer_id, scope=scope):
        raise NotFound
    if "next_on" in changes:
        row.next_on = date.fromisoformat(changes["next_on"][0])
        row.save(update_fields=["next_on"])
    else:
        row.next_done_on = None
        row.save(update_fields=["next_done_on"])
    return row


def _reopen_promise(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    row = promises_in(scope=scope).select_for_update(of=("self",)).filter(id=row_id).first()
    if row is None:
        raise NotFound
    before = changes["handled_on"][0]
    row.handled_on = date.fromisoformat(before) if before else None
    row.updated_at = Now()
    row.save(update_fields=["handled_on", "updated_at"])
    return row


def _reopen_task(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    # What a step asked for has been counted as done: the scenario goes on from there.
    task = Task.objects.filter(id=row_id).exclude(kind=Task.Kind.STEP).first()
    if task is None:
        raise NothingToUndo
    return reopen_task(task_id=task.id)


def _reopen_alert(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    return reopen_alert(alert_id=alert_in_scope(alert_id=row_id, scope=scope).id)


def _move_alert_back(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    before = changes["postponed_until"][0]
    alert = alert_in_scope(alert_id=row_id, scope=scope)
    return give_back_alert(alert_id=alert.id, until=date.fromisoformat(before) if before else None)


def _reopen_review(row_id: UUID, changes: dict[str, Any], scope: Scope) -> Any:
    return give_back(review_id=review_in_scope(review_id=row_id, scope=scope).id, changes=changes)


# What can be taken back, by what was recorded of it.
_WAYS_BACK: dict[str, Callable[[UUID, dict[str, Any], Scope], Any]] = {
    "collection.follow_up_done": _reopen_follow_up,
    "collection.follow_up_moved": _reopen_follow_up,
    "collection.promise_looked_after": _reopen_promise,
    "desk.task_done": _reopen_task,
    "desk.alert_acknowledged": _reopen_alert,
    POSTPONED: _move_alert_back,
    ENDED: _reopen_review,
    MOVED: _reopen_review,
}


@transaction.atomic
def take_back(*, row_id: UUID, scope: Scope, actor: Actor, now: datetime) -> Any:
    """Take back what the same person ticked off or put off within 30 seconds. The row. Raises NothingToUndo, NotFound."""
    last = (
        AuditRecord.objects.filter(object_id=row_id, at__gte=now - timedelta(seconds=UNDO_SECONDS) - SLACK)
        .order_by("-at", "-id")
        .first()
    )
    if last is None or last.actor_id != actor.id or last.action not in _WAYS_BACK:
        raise NothingToUndo
    row = _WAYS_BACK[last.action](row_id, last.changes, scope)
    record(actor=actor, action="collection.taken_back", row=row, changes={"action": [last.action, None]})
    return row
