"""What every page shares: the mapping of refusals to answers, error pages, and the context of the shell."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import Refusal


class RefusalMiddleware:
    """Turns a named refusal that a view let through into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return render(request, "refusal.html", {"refusal": exception}, status=exception.status)
        return None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"member": getattr(request, "member", None), "organisation": getattr(request, "tenant", None)}
