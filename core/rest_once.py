"""Idempotency-Key: a write that is sent again gets the answer of the first time, byte for byte, and is not done again."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response

from core.errors import Invalid
from core.services import Answer, Claim, claim_key, keep_answer

if TYPE_CHECKING:
    from rest_framework.request import Request

_SAFE = ("GET", "HEAD", "OPTIONS")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class BadKey(Invalid):
    code = "bad_idempotency_key"
    message = _("An Idempotency-Key has 1 to 200 visible ASCII characters.")


class Answered(Exception):
    """Ends a call whose answer is known already."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


class OnceMixin:
    """For API views: writes that carry an Idempotency-Key happen once. Mixed in before the view class.

    The key is claimed in the call's own transaction, after the caller's rights were checked. A refused call is rolled
    back with its claim: it changed nothing, and is looked at anew when it is sent again.
    """

    _claim: Claim | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method in _SAFE:
            return
        if not _KEY.fullmatch(key):
            raise BadKey(fields={"Idempotency-Key": BadKey.message})
        caller: Any = request.user
        found = claim_key(key_id=caller.pk, key=key, fingerprint=fingerprint(request))
        if isinstance(found, Answer):
            raise Answered(found)
        self._claim = found

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Answered):
            answer = exc.answer
            response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type or None)
            response["Idempotency-Replayed"] = "true"
            return response
        return super().handle_exception(exc)  # type: ignore[misc]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        claim, self._claim = self._claim, None
        if claim is not None and response.status_code < 400:
            if isinstance(response, Response):
                response.render()
            keep_answer(
                claim=claim,
                answer=Answer(response.status_code, response.headers.get("Content-Type", ""), bytes(response.content)),
            )
        return response


def fingerprint(request: Request) -> str:
    """What makes two calls the same: method, address and body. Of a form its values and files, not its boundary."""
    sha = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        form: Any = request._request
        for name, values in sorted(form.POST.lists()):
            sha.update(repr((name, values)).encode())
        for name, upload in sorted(form.FILES.items()):
            sha.update(repr((name, upload.name, upload.size)).encode())
            for chunk in upload.chunks():
                sha.update(chunk)
            upload.seek(0)
    else:
        sha.update(request.body)
    return sha.hexdigest()
