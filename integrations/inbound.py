"""The upload address of a connection: POST /in/<tenant>/<connection>/ with its secret as bearer token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import business_today
from accounts.middleware import bearer
from core.errors import Invalid
from core.rest_lists import as_http
from integrations.api import control_totals
from integrations.services.connections import UnknownConnection, connection_with, receive_upload

_BLOCK = 1 << 20


class AnyBody(BaseParser):
    """Whatever is sent, a block at a time: files are kept as they come."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return iter(lambda: stream.read(_BLOCK), b"")


@extend_schema(exclude=True)
class Inbound(APIView):
    """Takes a file: the body itself (`?name=` says what it is called), or the field `file` of a form.

    Answers 202 with the run, and 404 alike for an unknown organisation, an unknown connection and a wrong secret.
    """

    authentication_classes = []
    permission_classes = []
    parser_classes = [MultiPartParser, AnyBody]

    def post(self, request: Request, tenant: UUID, connection: UUID) -> HttpResponse:
        secret = bearer(request._request)
        if not secret:
            raise NotAuthenticated(_("The secret of the connection is needed: Authorization: Bearer ..."))
        organisation = getattr(request._request, "tenant", None)
        if organisation is None or not secret.isascii():
            raise UnknownConnection
        found = connection_with(connection_id=connection, secret=secret)
        name, chunks = _file(request)
        run = receive_upload(
            connection=found,
            chunks=chunks,
            file_name=name,
            on=business_today(organisation),
            control_totals=control_totals(request.query_params.get("totals", "")),
        )
        return as_http({"id": run.id, "state": run.state, "error": run.error}, status=202)

    def put(self, request: Request, tenant: UUID, connection: UUID) -> HttpResponse:
        return self.post(request, tenant, connection)

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="encours"'


def _file(request: Request) -> tuple[str, Iterator[bytes]]:
    """The name and the bytes. Raises Invalid where there is no file."""
    if (request.content_type or "").startswith("multipart/"):
        upload = request.FILES.get("file")
        if upload is None or not upload.size:
            raise Invalid(fields={"file": _("Send a file that is not empty.")})
        return upload.name or "upload", upload.chunks()
    body = request.data
    if not isinstance(body, Iterator):
        raise Invalid(fields={"file": _("Send a file that is not empty.")})
    return request.query_params.get("name", "").replace("\0", "")[:200] or "upload", body
