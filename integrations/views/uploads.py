"""The address to which another system sends files, opened by the connection's secret and by nothing else."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import business_today
from accounts.middleware import bearer
from core.errors import Refusal
from core.rest import PROBLEM
from integrations.models import SyncRun
from integrations.services import connections

_CONTROL = re.compile(r"control_([A-Z]{3})")


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
