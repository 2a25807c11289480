"""The sample company of one's own: loaded with one click, removed with one click."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import signed_in
from accounts.middleware import SESSION_KEY
from core.days import today_in
from core.errors import NotFound
from core.web import page, say
from integrations.services import sample_company


@signed_in
@require_safe
def sample(request: Any) -> HttpResponse:
    """What the sample company is, the button that makes it, and the sandboxes that one may remove."""
    sandboxes = sample_company.administered_sandboxes(user=request.user)
    own = sample_company.own_sample_slug(request.user)
    context = {"sandboxes": sandboxes, "own": next((one for one in sandboxes if one.slug == own), None)}
    return page(request, "integrations/sample.html", context)


@signed_in
@require_POST
def sample_load(request: Any) -> HttpResponse:
    """Make it (some seconds), and work in it from now on."""
    tenant = sample_company.load_own_sample(user=request.user, on=today_in(sample_company.ZONE, timezone.now()))
    request.session[SESSION_KEY] = str(tenant.pk)
    say(request, _("You are in %(name)s now: look around, nothing here reaches anybody.") % {"name": tenant.name})
    return redirect(settings.LOGIN_REDIRECT_URL)


@signed_in
@require_POST
def sample_remove(request: Any) -> HttpResponse:
    """Close a sandbox that one administers, for everybody in it."""
    try:
        wanted = UUID(request.POST.get("organisation", ""))
    except ValueError:
        raise NotFound from None
    removed = sample_company.remove_own_sandbox(user=request.user, tenant_id=wanted)
    if request.session.get(SESSION_KEY) == str(removed.pk):
        del request.session[SESSION_KEY]
    say(request, _("%(name)s has been removed.") % {"name": removed.name})
    return redirect("organisations")
