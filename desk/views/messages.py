"""Messages out: the list, one message with what became of it, its letter, and the decision on a doubtful one."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import Conflict, NotFound, Refusal
from core.lists import show
from core.ports import open_port
from core.web import add_refusal, page, say
from desk.forms import ReceiptForm
from desk.lists import KINDS, MESSAGES, WAITING
from desk.models import ON_PAPER, Channel, Message, MessageFile
from desk.queries.messages import message_in_scope
from desk.rules.texting import length
from desk.services import outbox, registered

# What a message may do in the frame that shows it: nothing. It was written from a template, but shows foreign names.
FRAME = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": [],
}


class LetterChanged(Conflict):
    code = "letter_changed"
    message = gettext_lazy("The archived letter is not the one that was sent: its checksum differs.")


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
    ]
    context: dict[str, Any] = {
        "message": found,
        "kind_badge": KINDS.get(found.state, ""),
        "facts": facts,
        "size": length(found.body_text) if found.channel == Channel.SMS else None,
        "is_waiting": found.state in WAITING,
        "letter": found.files.filter(kind=MessageFile.Kind.LETTER).first(),
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
    """The letter as archived, shown or (`?download=1`) as a file. Raises NotFound, LetterChanged."""
    found = _message(request, message_id)
    file = found.files.filter(kind=MessageFile.Kind.LETTER).first()
    if file is None:
        raise NotFound
    archive = Path(settings.DATA_DIR) / "files"
    path = (archive / file.path).resolve()
    if not path.is_relative_to(archive.resolve()) or not path.is_file():
        raise NotFound
    letter = path.read_bytes()
    if hashlib.sha256(letter).hexdigest() != file.sha256:
        raise LetterChanged
    response = HttpResponse(letter, content_type="application/pdf")
    way = "attachment" if request.GET.get("download") else "inline"
    response["Content-Disposition"] = f'{way}; filename="letter-{found.on.isoformat()}-{found.id.hex[-8:]}.pdf"'
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


def _message(request: HttpRequest, message_id: UUID) -> Message:
    return message_in_scope(message_id=message_id, scope=request.scope)  # type: ignore[attr-defined]
