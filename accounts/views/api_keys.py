"""API keys."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.forms import ApiKeyForm
from accounts.queries import members as queries
from accounts.roles import Can
from accounts.services import api_keys as services
from core.errors import Refusal
from core.web import add_refusal, page, say


@requires(Can.MANAGE_API_KEYS)
@require_safe
def api_keys(request: HttpRequest) -> HttpResponse:
    """All keys, those that work first."""
    return page(request, "accounts/api_keys.html", {"lines": queries.key_lines(now=timezone.now())})


@requires(Can.MANAGE_API_KEYS)
@never_cache
@require_http_methods(["GET", "POST"])
def api_key_new(request: HttpRequest) -> HttpResponse:
    """Make a key. Its text is in this answer and nowhere else: there is no page to come back to."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        days = int(form.cleaned_data["valid_for"])
        try:
            new = services.create_api_key(
                name=form.cleaned_data["name"],
                role_id=form.cleaned_data["role"],
                scopes=form.cleaned_data["scopes"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return page(request, "accounts/api_key_made.html", {"new": new})
    return page(request, "accounts/api_key_new.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.MANAGE_API_KEYS)
@require_POST
def api_key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End a key at once."""
    key = services.revoke_api_key(key_id=key_id, actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("The key %(name)s opens nothing any more.") % {"name": key.name})
    return redirect("api_keys")
