"""What the forms in the drawer share: which rows they are about, and where the person goes on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from core.lists import NothingSelected
from core.web import page, say

PICKED_MAX = 1000


def picked(request: HttpRequest) -> list[UUID]:
    """The ids in `pick`, of the form or the address. Raises NothingSelected; ignores what is no id."""
    ids: dict[UUID, None] = {}
    for text in [*request.POST.getlist("pick"), *request.GET.getlist("pick")][:PICKED_MAX]:
        try:
            ids[UUID(text)] = None
        except ValueError:
            continue
    if not ids:
        raise NothingSelected
    return list(ids)


def is_sent(request: HttpRequest) -> bool:
    """Whether the drawer's own form was sent, not the list's selection that opens it."""
    return request.method == "POST" and "sent" in request.POST


def drawer(request: HttpRequest, form: Form, **context: Any) -> HttpResponse:
    """The form in the drawer. Context: title, save (label of the button), lead, picks, danger."""
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "receivables/drawer.html", {"form": form, **context}, status=status)


def go_on(request: HttpRequest, text: str, *, fallback: str, undo: str = "") -> HttpResponse:
    """Back to the page that the drawer was opened on, which then says what was done."""
    say(request, text, undo=undo)
    current = request.headers.get("HX-Current-URL", "")
    if url_has_allowed_host_and_scheme(current, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(current)
        return redirect(parts.path + (f"?{parts.query}" if parts.query else ""))
    return redirect(fallback)
