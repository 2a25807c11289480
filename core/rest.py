"""What every API route shares: how JSON is read and written, and how a refusal is said (problem+json, RFC 9457)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from decimal import Decimal
from http import HTTPStatus
from typing import IO, Any

import orjson
from django.conf import settings
from django.core import signals
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from core.errors import Invalid, NotAllowed, NotFound, Refusal, TooLarge
from core.money import Money

DEEPEST = 100
PROBLEM = "application/problem+json"
logger = logging.getLogger("django.request")

_HOLDS_MORE = (dict, list)
_UNFIT = gettext_lazy("A text holds a character that cannot be stored.")

# What Django REST framework calls by another name than our refusals do.
_CODES = {"permission_denied": NotAllowed.code, "authentication_failed": "not_authenticated"}


class JSONRenderer(BaseRenderer):
    """Decimals as text, money as {"amount", "currency"}, dates and UUIDs by ISO, moments in UTC with Z."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class JSONParser(BaseParser):
    """JSON without surprises: what is no JSON, nested too deep, or a text that no database takes, is a 400.

    Numbers with a point become Decimal, so that an amount is what was written and not the nearest float.
    """

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            body = stream.read(limit + 1)
        except RequestDataTooBig as error:
            raise TooLarge from error
        if len(body) > limit:
            raise TooLarge
        return read_json(body)


def read_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises exceptions.ParseError, which is answered with 400."""
    try:
        value = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise exceptions.ParseError(_("The body is not valid JSON.")) from error
    _check(value, texts=b"\\u" in body)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check(value: Any, *, texts: bool) -> None:
    """Raise ParseError on values nested deeper than DEEPEST and, where `texts`, on characters that no text has.

    Only an escape can bring those (NUL, half of a surrogate pair): without one in the body there is nothing to look at.
    """
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for one in level:
            if type(one) is dict:
                below += one.values() if texts else [inner for inner in one.values() if type(inner) in _HOLDS_MORE]
                if texts and any(map(_is_unfit, one)):
                    raise exceptions.ParseError(_UNFIT)
            elif type(one) is list:
                below += one if texts else [inner for inner in one if type(inner) in _HOLDS_MORE]
            elif texts and type(one) is str and _is_unfit(one):
                raise exceptions.ParseError(_UNFIT)
        depth += 1
        if depth > DEEPEST and any(type(one) in _HOLDS_MORE for one in level):
            raise exceptions.ParseError(_("The body is nested more than %(n)s levels deep.") % {"n": DEEPEST})
        level = below


def _is_unfit(text: str) -> bool:
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def _plain(value: Any) -> Any:
    """What orjson does not know. Raises TypeError on anything else: a new type is decided here, not guessed."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Money):
        return {"amount": format(value.amount, "f"), "currency": value.currency}
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return list(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


# --- Refusals --------------------------------------------------------------------------------------------------------


def problem_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Every error of an API view as one answer: refusals by name, what went wrong by itself as a plain 500.

    The transaction of the request is rolled back.
    """
    from rest_framework.views import (
        set_rollback,
    )  # its views name the classes of this file: importing them first is a circle

    set_rollback()
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, Http404):
        return _refused(NotFound())
    if isinstance(error, PermissionDenied):
        return _refused(NotAllowed())
    if isinstance(error, RequestDataTooBig):
        return _refused(TooLarge())
    if isinstance(error, SuspiciousOperation):
        return _refused(Refusal())
    if isinstance(error, exceptions.APIException):
        return _declined(error)
    request = getattr(context.get("request"), "_request", None)
    logger.error("Internal Server Error: %s", getattr(request, "path", ""), exc_info=error)
    signals.got_request_exception.send(sender=None, request=request)
    return problem(
        status=500,
        code="internal_error",
        detail=_("Something went wrong. The error was recorded, nothing was changed."),
    )


def problem(
    *,
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str | None]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """`errors`: [{"field": "lines.0.amount" or None, "message": ...}], one for each thing that is wrong."""
    body = problem_document(status=status, code=code, detail=detail)
    if errors:
        body["errors"] = errors
    return Response(body, status=status, headers=headers, content_type=PROBLEM)


def problem_document(*, status: int, code: str, detail: str) -> dict[str, Any]:
    """What every refusal says (RFC 9457). `code` is for programs, `detail` for people."""
    return {
        "type": f"urn:encours:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }


def _refused(refusal: Refusal) -> Response:
    seconds = getattr(refusal, "retry_after_seconds", None)
    return problem(
        status=refusal.status,
        code=refusal.code,
        detail=str(refusal.message),
        errors=[
            {"field": name or None, "message": str(message)}
            for name, messages in refusal.fields.items()
            for message in messages
        ],
        headers={"Retry-After": str(seconds)} if seconds else None,
    )


def _declined(error: exceptions.APIException) -> Response:
    """An error of Django REST framework: bad values by field, or a request that was not even looked at."""
    from drf_standardized_errors.formatter import flatten_errors  # imports the views too

    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    if isinstance(error, exceptions.ValidationError):
        errors = [
            {"field": None if one.attr in (None, "non_field_errors") else one.attr, "message": one.detail}
            for one in flatten_errors(error.detail)
        ]
        return problem(status=error.status_code, code=Invalid.code, detail=str(Invalid.message), errors=errors)
    code = getattr(error.detail, "code", error.default_code)
    return problem(
        status=error.status_code, code=_CODES.get(code, code), detail=str(error.detail), headers=headers or None
    )
