"""Whatever goes wrong under /api/ is problem+json: also what no API view has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed, NotFound, Refusal, TooLarge, TooMany, Unavailable
from core.rest import PROBLEM, JSONRenderer, problem_document

_API: Final = "/api/"
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
_REFUSALS: dict[int, type[Refusal]] = {
    one.status: one for one in (Refusal, NotAllowed, NotFound, TooLarge, TooMany, Unavailable)
}
_OTHERS: dict[int, tuple[str, Any]] = {
    405: ("method_not_allowed", _("This address has not this method.")),
    500: ("internal_error", _("Something went wrong. The error was recorded, nothing was changed.")),
}


class ProblemMiddleware:
    """The outermost one: an error page of Django, of another middleware or of a plain view becomes a problem.

    A host that is not ours, a method that a plain view has not, an error in the middlewares or in what views do after
    their answer. Answers of API views are problems already and pass.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            response.status_code < 400
            or not request.path_info.startswith(_API)
            or response.headers.get("Content-Type") == PROBLEM
        ):
            return response
        return as_problem(response)


def as_problem(response: HttpResponse) -> HttpResponse:
    """The refusal of the same status, without the page that was made for people."""
    status = response.status_code
    code, detail = _OTHERS.get(status) or _said_by(_REFUSALS.get(status, Refusal))
    body = JSONRenderer().render(problem_document(status=status, code=code, detail=str(detail)))
    answer = HttpResponse(body, status=status, content_type=PROBLEM)
    for name in _KEPT_HEADERS:
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


def _said_by(refusal: type[Refusal]) -> tuple[str, Any]:
    return refusal.code, refusal.message
