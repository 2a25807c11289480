"""Follow-ups, promises, tasks and alerts of the day's list: looked at, ticked off, put off, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.queries.replacements import represented_by
from accounts.roles import Can
from collection.forms_calls import LaterForm
from collection.forms_reviews import LaterReviewForm
from collection.models import Interaction
from collection.queries.actions import in_scope_of_customer
from collection.services import day as services
from collection.services import interactions
from collection.services.deciding import NothingToUndo
from collection.views.panel import back_to_page
from collection.views.panels import panel_of
from collection.views.worklist import worklist_body, worklist_context
from core.errors import NotFound, Refusal
from core.ports import open_port
from core.rows import row_of
from core.web import add_refusal, close_dialog, page, say
from desk.models import Alert, Task
from desk.queries.alerts import alert_in_scope
from desk.queries.tasks import tasks_of
from desk.services.tasks import finish_task
from receivables.models import Promise
from receivables.queries.visible import promises_in


def panel_response(request: Any, row: Any, source: str) -> HttpResponse:
    """The panel alone for htmx, else the whole day with it chosen."""
    if getattr(request, "htmx", None) and not request.htmx.boosted:
        return page(request, "collection/day_panel.html", panel_of(request, row))
    context = worklist_context(request, chosen=f"{source}-{row.id}")
    if not context["is_chosen"]:
        context |= {**panel_of(request, row), "is_chosen": True}
    return page(request, "collection/worklist.html", context)


def ticked(request: Any, row_id: UUID, text: str) -> HttpResponse:
    """The list without the line, and a toast that takes it back."""
    say(request, text, undo=reverse("day_undo") + "?" + urlencode({"row": row_id}))
    return close_dialog(worklist_body(request))


@requires(Can.VIEW_ACTIONS)
@require_GET
def follow_up(request: Any, interaction_id: UUID) -> HttpResponse:
    """What a call or a note left to do."""
    return panel_response(request, _interaction(request, interaction_id), "follow_up")


def _interaction(request: Any, interaction_id: UUID) -> Interaction:
    row = Interaction.objects.select_related("customer").filter(id=interaction_id, next_on__isnull=False).first()
    if row is None or not in_scope_of_customer(row.customer_id, scope=request.scope):
        raise NotFound
    return row


@requires(Can.LOG_CALLS)
@require_POST
def follow_up_done(request: Any, interaction_id: UUID) -> HttpResponse:
    """Tick off a follow-up."""
    row = interactions.finish_follow_up(
        interaction_id=interaction_id, scope=request.scope, actor=request.actor, on=request.on
    )
    return ticked(request, row.id, _("Done."))


@requires(Can.LOG_CALLS)
@require_http_methods(["GET", "POST"])
def follow_up_later(request: Any, interaction_id: UUID) -> HttpResponse:
    """Do it on another day."""
    row = _interaction(request, interaction_id)
    initial = {"until": request.on + timedelta(days=1)}
    form = LaterForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.move_follow_up(
                interaction_id=row.id,
                until=form.cleaned_data["until"],
                at=form.cleaned_data["at"],
                scope=request.scope,
                actor=request.actor,
                on=request.on,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return ticked(request, row.id, _("Put off."))
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/later.html", {"form": form, "row": row}, status=status)


@requires(Can.VIEW_ACTIONS, Can.VIEW_ITEMS)
@require_GET
def day_promise(request: Any, promise_id: UUID) -> HttpResponse:
    """A promise that is due or was not kept."""
    row: Promise = row_of(promises_in(scope=request.scope).select_related("customer", "entity"), promise_id)
    return panel_response(request, row, "promise")


@requires(Can.VIEW_ACTIONS, Can.RECORD_PROMISE)
@require_POST
def promise_seen(request: Any, promise_id: UUID) -> HttpResponse:
    """Somebody has looked after it."""
    row = services.look_after_promise(promise_id=promise_id, scope=request.scope, actor=request.actor, on=request.on)
    return ticked(request, row.id, _("Looked after: it comes back when it changes."))


@requires(Can.VIEW_ACTIONS)
@require_GET
def day_task(request: Any, task_id: UUID) -> HttpResponse:
    """A task and its customer."""
    return panel_response(request, _task(request, task_id), "task")


def _task(request: Any, task_id: UUID) -> Task:
    rows = tasks_of(
        member_id=request.member.id,
        absent_ids=represented_by(member_id=request.member.id, on=request.on),
        with_unassigned=True,
        scope=request.scope,
    )
    return row_of(rows.select_related("customer"), task_id)


@requires(Can.VIEW_ACTIONS)
@require_POST
def day_task_done(request: Any, task_id: UUID) -> HttpResponse:
    """Tick a task off."""
    task = finish_task(task_id=_task(request, task_id).id, actor=request.actor, on=request.on)
    if (port := f"desk.task_done/{task.object_type}") in settings.PORTS:
        open_port(port)(task=task, actor=request.actor, on=request.on)
    if task.kind == Task.Kind.STEP:  # the scenario goes on from there
        say(request, _("Done."))
        return worklist_body(request)
    return ticked(request, task.id, _("Done."))


@requires(Can.VIEW_ACTIONS, Can.VIEW_ALERTS)
@require_GET
def day_alert(request: Any, alert_id: UUID) -> HttpResponse:
    """A customer that has begun to pay worse."""
    row: Alert = alert_in_scope(alert_id=alert_id, scope=request.scope)
    return panel_response(request, row, "alert")


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_POST
def day_alert_seen(request: Any, alert_id: UUID) -> HttpResponse:
    """It was seen."""
    row = services.see_alert(
        alert_id=alert_id, member=request.member, scope=request.scope, actor=request.actor, on=request.on
    )
    return ticked(request, row.id, _("Seen."))


@requires(Can.VIEW_ACTIONS, Can.ACKNOWLEDGE_ALERTS)
@require_http_methods(["GET", "POST"])
def day_alert_later(request: Any, alert_id: UUID) -> HttpResponse:
    """Look at it on another day."""
    row: Alert = alert_in_scope(alert_id=alert_id, scope=request.scope)
    form = LaterReviewForm(request.POST or None, initial={"until": request.on + timedelta(days=7)})
    if request.method == "POST" and form.is_valid():
        try:
            services.move_alert(
                alert_id=row.id,
                until=form.cleaned_data["until"],
                scope=request.scope,
                actor=request.actor,
                on=request.on,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return ticked(request, row.id, _("Put off."))
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/later.html", {"form": form, "row": row}, status=status)


@requires(Can.VIEW_ACTIONS)
@require_POST
def day_undo(request: HttpRequest) -> HttpResponse:
    """Take back what one has ticked off or put off within 30 seconds."""
    try:
        row_id = UUID(request.GET.get("row", ""))
    except ValueError as error:
        raise NothingToUndo from error
    services.take_back(
        row_id=row_id,
        scope=request.scope,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
        now=timezone.now(),
    )
    say(request, _("Taken back."), level="info")
    return back_to_page(request)
