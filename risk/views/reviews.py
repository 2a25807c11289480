"""The organisation's rules of reviews."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.roles import Can
from core.errors import Refusal
from core.web import add_refusal, page, say
from risk.forms import ReviewRulesForm
from risk.queries.reviews import review_rules as rules_of
from risk.services.reviews import set_review_rules

NAMES = ("after_alert_days", "silence_days", "silence_amount")


@requires(Can.EDIT_CLASS_LIMITS)
@require_http_methods(["GET", "POST"])
def review_rules(request: HttpRequest) -> HttpResponse:
    """When customers are to be reviewed by themselves."""
    rules = rules_of()
    form = ReviewRulesForm(request.POST or None, initial={name: getattr(rules, name) for name in NAMES})
    if request.method == "POST" and form.is_valid():
        try:
            set_review_rules(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved. The next night goes by it."))
            return redirect("review_rules")
    return page(request, "risk/review_rules.html", {"form": form}, status=422 if form.is_bound else 200)
