"""Papers on demand: what would go along with a reminder."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from collection.queries.actions import action_in_scope
from collection.views.panel import prepared_for
from core.errors import NotFound, Refusal
from desk.pdf import PdfFailed, PdfProcess
from desk.ports import FileSource
from desk.services.files import read_path


@requires(Can.VIEW_ACTIONS)
@require_safe
def action_enclosure(request: MemberRequest, action_id: UUID, place: int) -> HttpResponse:
    """What would go along with the message, as it would be made now. Raises NotFound for what is missing."""
    action = action_in_scope(action_id=action_id, scope=request.scope)
    draft = prepared_for(request, [action])[0].draft
    listed = draft.enclosures if draft else []
    if draft is None or place >= len(listed) or "missing" in listed[place]:
        raise NotFound
    there = [one for one in listed if "missing" not in one]
    return paper_response(draft.make_files()[there.index(listed[place])])


def paper_response(source: FileSource) -> HttpResponse:
    """A paper shown in the browser, made as the outbox makes it."""
    if source.html:
        content = rendered(source.html)
    else:
        content = read_path(source.path, sha256=source.sha256)
    return file_response(content, name=source.file_name, content_type="application/pdf")


def rendered(html: str) -> bytes:
    """The PDF of a paper. Raises Refusal."""
    renderer = PdfProcess()
    try:
        return renderer.render(html)
    except PdfFailed as failure:
        raise Refusal(_("The paper could not be made.")) from failure
    finally:
        renderer.close()


def file_response(content: bytes, *, name: str, content_type: str, as_file: bool = False) -> HttpResponse:
    """A file made for this reader alone."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_file, name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
