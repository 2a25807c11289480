"""The addresses to which other systems send files and mail, opened by the connection's secret and by nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import business_today
from accounts.middleware import bearer
from core.errors import NotFound, Refusal, TooLarge
from core.rest import PROBLEM
from core.rest_throttle import count_call
from desk.rules.inbound.mail import LARGEST
from integrations.adapters.messaging import posted
from integrations.models import SyncRun
from integrations.services import connections, mailboxes

# What the form of a mail may be larger than the mail itself.
MAIL_SLACK = 64 * 1024
MAIL_FIELDS = ("body-mime", "email", "mime", "message", "file")
_CONTROL = re.compile(r"control_([A-Z]{3})")


class NoMail(Refusal):
    code = "no_mail"
    message = gettext_lazy("Send the mail as it was received, as the body or as a form's field.")


# A program sends no form of ours: the secret in its head is what a token of a form would prove.
@csrf_exempt
@require_POST
def upload(request: HttpRequest, tenant_id: UUID, connection_id: UUID) -> JsonResponse:
    """Take one file (form field `file`; `control_EUR=...`: its total), and have it loaded. 202 with the import's id.

    404 for a wrong secret as for an unknown, switched-off or foreign address; 422 for a file that is not understood.
    The organisation's scope was opened by its id in the address (accounts.middleware), which alone opens nothing.
    """
    secret = bearer(request)
    try:
        if request.tenant is None or not secret:  # type: ignore[attr-defined]
            raise connections.UnknownConnection
        connection = connections.connection_with(connection_id=connection_id, secret=secret)
        file = request.FILES.get("file")
        if file is None or not file.size:
            return _problem(400, "no_file", _("Send the file as the form field 'file'."))
        run = connections.receive_upload(
            connection=connection,
            chunks=file.chunks(),
            file_name=file.name or "upload",
            on=business_today(request.tenant),  # type: ignore[attr-defined]
            control_totals=_control_totals(request) or None,
        )
    except Refusal as refusal:
        return _problem(refusal.status, refusal.code, str(refusal))
    except InvalidOperation:
        return _problem(400, "bad_control_total", _("A control total is not a number."))
    status = 422 if run.state == SyncRun.State.REFUSED else 202
    return JsonResponse({"import": str(run.id), "state": run.state, "error": run.error}, status=status)


@csrf_exempt
@require_POST
def mail_in(request: HttpRequest, tenant_id: UUID, connection_id: UUID) -> JsonResponse:
    """Take one mail as it was received (RFC 5322). 202 with its id, null for one that is known already.

    The mail is the body (`message/rfc822`), or a field of a form: `body-mime`, `email`, `mime` or the file `file`, as
    mail services post it. The secret is a bearer token, or the password of basic authentication, which services keep in
    the address itself. 404 and 413 as above; 429 when more come in a minute than an API key may make calls.
    """
    return _take(request, connection_id, lambda: [_raw_mail(request)])


@csrf_exempt
@require_POST
def mail_in_from(request: HttpRequest, tenant_id: UUID, connection_id: UUID, service: str) -> JsonResponse:
    """Take what a mail service posts in its own shape (posted.SERVICES). Answers as mail_in; 400 for another shape."""
    return _take(request, connection_id, lambda: _posted_mails(request, service))


def _take(request: HttpRequest, connection_id: UUID, mails: Callable[[], list[bytes]]) -> JsonResponse:
    """Verify the secret, then read the mails and take them in."""
    secret = bearer(request) or _basic_password(request)
    try:
        if request.tenant is None or not secret:  # type: ignore[attr-defined]
            raise connections.UnknownConnection
        connection = mailboxes.mail_address_with(connection_id=connection_id, secret=secret)
        count_call(connection.id)
        tenant = request.tenant  # type: ignore[attr-defined]
        now = timezone.now()
        taken = [mailboxes.receive_mail(connection=connection, raw=raw, tenant=tenant, now=now) for raw in mails()]
    except Refusal as refusal:
        return _problem(refusal.status, refusal.code, str(refusal))
    first = next((one for one in taken if one is not None), None)
    return JsonResponse({"mail": str(first.id) if first else None}, status=202)


def _posted_mails(request: HttpRequest, service: str) -> list[bytes]:
    """Raises TooLarge, posted.NotUnderstood, NotFound for a service that is not known here."""
    if service not in posted.SERVICES:
        raise NotFound
    # Files travel as base64, a third longer than they are.
    largest = LARGEST * 4 // 3 + MAIL_SLACK
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise TooLarge
    call = request
    if request.content_type == posted.JSON:
        body = request.read(largest + 1)
        if len(body) > largest:
            raise TooLarge
        call = posted.JsonCall(body)
    mails = posted.mails_in(call, service=service)
    if any(len(raw) > LARGEST for raw in mails):
        raise TooLarge
    return mails


def _basic_password(request: HttpRequest) -> str:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(token, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _raw_mail(request: HttpRequest) -> bytes:
    """The bytes of the mail. Raises TooLarge, NoMail."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST + MAIL_SLACK:
        raise TooLarge
    if request.content_type not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raw: bytes = request.read(LARGEST + 1)
    elif files := [file for name in MAIL_FIELDS for file in request.FILES.getlist(name)]:
        raw = files[0].read(LARGEST + 1)
    else:
        raw = next((str(request.POST[name]) for name in MAIL_FIELDS if name in request.POST), "").encode()
    if len(raw) > LARGEST:
        raise TooLarge
    if not raw.strip():
        raise NoMail
    return raw


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    """The refusal as the API says it (core.rest.problem)."""
    document = {
        "type": f"urn:encours:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return JsonResponse(document, status=status, content_type=PROBLEM)


def _control_totals(request: HttpRequest) -> dict[str, str]:
    """Currency -> total, of the fields control_EUR and the like. Raises InvalidOperation."""
    found = {}
    for name, text in request.POST.items():
        if match := _CONTROL.fullmatch(name):
            value = Decimal(str(text))
            if not value.is_finite():
                raise InvalidOperation
            found[match[1]] = str(value)
    return found
