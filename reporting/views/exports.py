"""Exports and saved views of every list that settings.LISTS names."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.access import NoSuchRight, requires
from core.errors import NotFound
from core.lists import ListPage, Reader, Reading, list_named
from core.models import JobRun
from core.rows import row_of
from core.web import page, say
from reporting import tasks
from reporting.models import Export
from reporting.services import exports, saved_views
from reporting.services.spreadsheets import export_columns, export_slices, write_csv, write_xlsx

AT_ONCE = 5_000
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _exportable(request: Any, name: str) -> ListPage:
    """The list of that name, if the member may see and export it."""
    found = list_named(name)
    if found.export_can is None or not (request.member.can(found.can) and request.member.can(found.export_can)):
        raise NoSuchRight
    return found


@requires()
@require_safe
def list_export(request: HttpRequest, name: str) -> HttpResponse:
    """What the address filters, as a file: at once up to 5,000 rows, else written by a worker. Asks the list's rights."""
    found = _exportable(request, name)
    reading = Reading(found, request.GET, Reader.of(request))
    reading.check()
    file_format = request.GET.get("format", "csv")
    if file_format not in TYPES:
        raise NotFound
    if reading.source.count(cap=AT_ONCE + 1) > AT_ONCE:
        return _by_worker(request, found, file_format)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        columns, slices = export_columns(reading), export_slices(reading)
        if file_format == "xlsx":
            write_xlsx(path, columns=columns, slices=slices, title=str(found.title))
        else:
            write_csv(path, columns=columns, slices=slices)
        response = HttpResponse(path.read_bytes(), content_type=TYPES[file_format])
    response["Content-Disposition"] = content_disposition_header(True, _file_name(request, found, file_format))
    return response


def _by_worker(request: Any, found: ListPage, file_format: str) -> HttpResponse:
    export = exports.start_export(
        list_name=found.name,
        query=request.GET.urlencode(),
        file_format=file_format,
        language=get_language() or "en",
        member=request.member,
        on=request.on,
    )
    transaction.on_commit(partial(_ring, request.tenant.id, export.id))
    return redirect("export", export.id)


def _ring(tenant_id: UUID, export_id: UUID) -> None:
    """Send for a worker. Where the queue is away the page rings again."""
    try:
        tasks.write_export.delay(tenant=str(tenant_id), export=str(export_id))
    except OperationalError:
        return


def _file_name(request: Any, found: ListPage, file_format: str) -> str:
    return f"{found.name}-{request.on.isoformat()}.{file_format}"


def _own(request: Any, export_id: UUID) -> Export:
    return row_of(Export.objects.filter(member_id=request.member.id).select_related("run"), export_id)


@requires()
@require_safe
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """How far a file is; asks again by itself until it has ended. Of one's own exports only."""
    shown = _own(request, export_id)
    if exports.is_forgotten(export=shown, now=timezone.now()):
        transaction.on_commit(partial(_ring, request.tenant.id, shown.id))  # type: ignore[attr-defined]
    found = list_named(shown.list_name)
    context = {
        "export": shown,
        "run": shown.run,
        "title": found.title,
        "is_running": shown.run.state == JobRun.State.RUNNING,
        "back": reverse(found.url_name or found.name) + "?" + shown.query,
    }
    return page(request, "reporting/export.html", context, part="reporting/export_state.html")


@requires()
@require_POST
def export_stop(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Stop writing a file."""
    exports.stop_export(export=_own(request, export_id))
    return redirect("export", export_id)


@requires()
@require_safe
def export_file(request: HttpRequest, export_id: UUID) -> Any:
    """The file, once it is whole, for who asked for it."""
    shown = _own(request, export_id)
    path = exports.export_folder() / (shown.file_path or "none")
    if not shown.file_path or not path.is_file():
        raise NotFound(_("The file is no longer there. Export the list again."))
    found = list_named(shown.list_name)
    response = FileResponse(path.open("rb"), content_type=TYPES[shown.file_format])
    response["Content-Disposition"] = content_disposition_header(True, _file_name(request, found, shown.file_format))
    return response


@requires()
@require_POST
def saved_view_new(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the present filters, sort and columns of a list under a name."""
    found = list_named(name)
    if not request.member.can(found.can):  # type: ignore[attr-defined]
        raise NoSuchRight
    view = saved_views.save_view(
        list_name=name,
        name=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
        is_shared="is_shared" in request.POST,
        member_id=request.member.id,  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
    )
    say(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(reverse(found.url_name or found.name) + "?" + view.query)


@requires()
@require_POST
def saved_view_remove(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Forget a view of one's own."""
    view = saved_views.remove_view(view_id=view_id, member_id=request.member.id)  # type: ignore[attr-defined]
    found = list_named(view.list_name)
    say(request, _("The view “%(name)s” is removed.") % {"name": view.name})
    return redirect(found.url_name or found.name)
