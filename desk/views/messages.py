"""Messages out: the list, one message with what became of it, its letter, and the decision on a doubtful one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import NotFound, Refusal
from core.lists import show
from core.ports import open_port
from core.web import add_refusal, page, say
from desk.forms import ReceiptForm
from desk.lists import KINDS, MESSAGES, WAITING
from desk.models import ON_PAPER, Channel, Message, MessageFile
from desk.queries.messages import message_in_scope
from desk.rules.texting import length
from desk.services import outbox, registered
from desk.services.files import read_file

# What a message may do in the frame that shows it: nothing. It was written from a template, but shows foreign names.
FRAME = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": [],
}


# Why a message exists, by the row that it belongs to.
WHY = {
    "collection.Action": gettext_lazy("a reminder"),
    "collection.DisputeNotice": gettext_lazy("a dispute to answer"),
    "collection.Decision": gettext_lazy("a decision to take"),
    "collection.Statement": gettext_lazy("a statement that was asked for"),
    "collection.Thanks": gettext_lazy("thanks for a payment"),
    "collection.DeliveryNote": gettext_lazy("a new invoice"),
}


@requires(Can.VIEW_MESSAGES)
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """Every message that left, is leaving or did not leave, the last changed first."""
    return show(request, MESSAGES)


@requires(Can.VIEW_MESSAGES)
@require_safe
def message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One message: to whom, why, what became of it, and its words."""
    found = _message(request, message_id)
    facts = [
        {**fact, "due": date.fromisoformat(fact["due_date"]), "amount": Decimal(fact["open_amount"])}
        for fact in found.facts
        if "item" in fact
    ]
    context: dict[str, Any] = {
        "message": found,
        "kind_badge": KINDS.get(found.state, ""),
        "facts": facts,
        "why": WHY.get(found.reason_type, found.reason_type),
        "changed": [_told(one) for one in found.changed],
        "size": length(found.body_text) if found.channel == Channel.SMS else None,
        "is_waiting": found.state in WAITING,
        "letter": found.files.filter(kind=MessageFile.Kind.LETTER).first(),
        "files": list(found.files.filter(position__gt=0).order_by("position")),
        "is_letter": found.channel in ON_PAPER,
        "may_note_receipt": found.channel == Channel.REGISTERED_LETTER and found.state == Message.State.SENT,
        "is_unsure": found.state == Message.State.UNSURE,
        "may_decide": request.member.can(Can.CONFIRM_ACTIONS),  # type: ignore[attr-defined]
    }
    return page(request, "desk/message.html", context)


@requires(Can.VIEW_MESSAGES)  # type: ignore[arg-type]
@require_safe
@xframe_options_sameorigin
@csp(FRAME)  # type: ignore[arg-type]
def message_body(request: HttpRequest, message_id: UUID) -> HttpResponse:  # type: ignore[misc]
    """The HTML as it was sent, for the frame of its page: runs nothing, loads nothing."""
    found = _message(request, message_id)
    if not found.body_html:
        raise NotFound
    return HttpResponse(found.body_html)


@requires(Can.VIEW_MESSAGES)
@require_safe
def message_pdf(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The letter as archived, shown or (`?download=1`) as a file. Raises NotFound, FileChanged."""
    found = _message(request, message_id)
    file = found.files.filter(kind=MessageFile.Kind.LETTER).first()
    if file is None:
        raise NotFound
    name = f"letter-{found.on.isoformat()}-{found.id.hex[-8:]}.pdf"
    return _file_response(read_file(file), name, is_download=bool(request.GET.get("download")))


@requires(Can.VIEW_MESSAGES)
@require_safe
def message_file(request: HttpRequest, message_id: UUID, position: int) -> HttpResponse:
    """What went along with a message, as a file. Raises NotFound, FileChanged."""
    file = _message(request, message_id).files.filter(position=position).first()
    if file is None:
        raise NotFound
    return _file_response(read_file(file), file.file_name, is_download=bool(request.GET.get("download")))


def _file_response(content: bytes, name: str, *, is_download: bool) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(is_download, name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@requires(Can.VIEW_MESSAGES, Can.CONFIRM_ACTIONS)
@require_POST
def message_decide(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """A letter that was perhaps sent: a person says whether it left (`left=yes`) or is to be sent again."""
    found = _message(request, message_id)
    has_left = request.POST.get("left") == "yes"
    outbox.decide_unsure(
        message_id=found.id,
        has_left=has_left,
        reasons=lambda reason_type: open_port(f"desk.reasons/{reason_type}")(on=request.on),  # type: ignore[attr-defined]
        actor=request.actor,  # type: ignore[attr-defined]
    )
    say(request, _("It counts as sent.") if has_left else _("It will be sent again."))
    return redirect("message", message_id)


@requires(Can.VIEW_MESSAGES, Can.CONFIRM_ACTIONS)
@require_http_methods(["GET", "POST"])
def message_receipt(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """A registered letter's number and day of receipt, in the drawer."""
    found = _message(request, message_id)
    if found.channel != Channel.REGISTERED_LETTER:
        raise registered.NotRegistered
    initial = {"tracking_number": found.tracking_number, "received_on": found.received_on}
    form = ReceiptForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            registered.note_receipt(
                message_id=found.id,
                tracking_number=form.cleaned_data["tracking_number"],
                received_on=form.cleaned_data["received_on"],
                on=request.on,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Written down."))
            return redirect("message", found.id)
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "desk/receipt.html", {"form": form, "message": found}, status=status)


def _told(change: dict[str, Any]) -> dict[str, Any]:
    """A change with its amounts as such."""
    if change["what"] != "amount":
        return change
    return change | {"before": Decimal(change["from"]), "now": Decimal(change["to"])}


def _message(request: HttpRequest, message_id: UUID) -> Message:
    return message_in_scope(message_id=message_id, scope=request.scope)  # type: ignore[attr-defined]
