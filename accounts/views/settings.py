"""Settings: one page that leads to all places where something is laid down."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import requires
from core.web import settings_pages


@requires()
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """The settings that the member may open, in groups."""
    return render(request, "accounts/settings.html", {"groups": settings_pages(request)})
