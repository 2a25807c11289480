"""Files of documents: the invoice itself, as it was issued, to be enclosed with messages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from core.errors import NotAllowed, Refusal
from core.rows import row_of
from core.web import page, say
from desk.models import Attachment
from desk.services import comments
from receivables.models import Document
from receivables.queries.visible import documents_in

# What desk.Attachment.object_type says of them.
OBJECT = "receivables.Document"


@requires(Can.VIEW_ITEMS)
@require_http_methods(["GET", "POST"])
def document_files(request: MemberRequest, document_id: UUID) -> HttpResponse:
    """The files of a document, a part of its page; another one is added."""
    shown = _document(request, document_id)
    may_add = request.member.can(Can.EDIT_ITEMS)
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if not may_add:
            raise NotAllowed
        try:
            if upload is not None:
                comments.attach_file(
                    customer_id=shown.customer_id,
                    object_type=OBJECT,
                    object_id=shown.id,
                    file_name=upload.name or "",
                    chunks=upload.chunks(),
                    on=request.on,
                    actor=request.actor,
                )
                say(request, _("The file is kept."))
        except Refusal as refusal:
            error = next((str(text) for texts in refusal.fields.values() for text in texts), str(refusal.message))
    context = {"document": shown, "files": _files(shown), "may_add": may_add, "error": error}
    return page(request, "desk/document_files.html", context, status=422 if error else 200)


@requires(Can.VIEW_ITEMS)
@require_safe
def document_file(request: MemberRequest, document_id: UUID, attachment_id: UUID) -> HttpResponse:
    """A file of a document, for saving: the browser neither shows nor runs it."""
    found = row_of(_files(_document(request, document_id)), attachment_id)
    response = HttpResponse(comments.content_of(found), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.file_name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _document(request: MemberRequest, document_id: UUID) -> Document:
    return row_of(documents_in(scope=request.scope), document_id)


def _files(document: Document):  # type: ignore[no-untyped-def]
    return Attachment.objects.filter(object_type=OBJECT, object_id=document.id).order_by("-at", "-id")
