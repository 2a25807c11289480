"""What one has to do: asked by colleagues, or made by what happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import requires
from accounts.queries.replacements import represented_by
from accounts.roles import Can
from core.phrases import in_words
from core.ports import open_port
from core.rows import row_of
from core.web import page, say
from desk.models import Task
from desk.queries.tasks import tasks_of
from desk.services.tasks import finish_task
from desk.task_pages import task_page

SHOWN, DONE_SHOWN = 200, 30


@requires()
@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """Open tasks, the most urgent first; what was done lately below."""
    rows = _tasks(request).select_related("customer", "assignee")
    waiting = rows.filter(done_on__isnull=True).order_by("due_on", "id")
    done = rows.filter(done_on__isnull=False).order_by("-done_on", "-id")
    context = {
        "waiting": [_shown(row) for row in waiting[:SHOWN]],
        "done": [_shown(row) for row in done[:DONE_SHOWN]],
        "on": request.on,  # type: ignore[attr-defined]
    }
    return page(request, "desk/tasks.html", context)


@requires()
@require_POST
def task_done(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Tick a task off."""
    actor, on = request.actor, request.on  # type: ignore[attr-defined]
    task = finish_task(task_id=row_of(_tasks(request), task_id).id, actor=actor, on=on)
    if (port := f"desk.task_done/{task.object_type}") in settings.PORTS:
        open_port(port)(task=task, actor=actor, on=on)
    say(request, _("Done."))
    return redirect("tasks")


def _tasks(request: Any) -> QuerySet[Task]:
    return tasks_of(
        member_id=request.member.id,
        absent_ids=represented_by(member_id=request.member.id, on=request.on),
        with_unassigned=request.member.can(Can.VIEW_ACTIONS),
        scope=request.scope,
    )


def _shown(task: Task) -> dict[str, Any]:
    return {"row": task, "text": in_words({"text": task.text, "values": task.values}), "url": task_page(task)}
