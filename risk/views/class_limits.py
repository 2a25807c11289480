"""The limits of the payer classes: what the organisation has chosen, and how its customers fall into them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.roles import Can
from core.errors import Refusal
from core.web import add_refusal, page, say
from risk.forms import ClassLimitsForm
from risk.models import PayerProfile
from risk.queries.profiles import LIMIT_NAMES, class_counts, class_limits, newest_limits
from risk.rules.profile import ClassLimits
from risk.services.class_limits import set_class_limits
from risk.words import CLASS_KINDS


@requires(Can.EDIT_CLASS_LIMITS)
@require_http_methods(["GET", "POST"])
def payer_classes(request: HttpRequest) -> HttpResponse:
    """The limits, changed from tomorrow; beside them how many customers have which class today."""
    on = request.on  # type: ignore[attr-defined]
    newest = newest_limits()
    limits = ClassLimits(**{n: getattr(newest, n) for n in LIMIT_NAMES}) if newest else class_limits(on=on)
    form = ClassLimitsForm(request.POST or None, limits=limits)
    if request.method == "POST" and form.is_valid():
        try:
            set_class_limits(
                values=form.cleaned_data,
                on=on,
                set_by=request.member,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Saved. The limits apply from tomorrow; the next night judges every customer anew."))
            return redirect("payer_classes")
    counts = class_counts(scope=request.scope)  # type: ignore[attr-defined]
    context = {
        "form": form,
        "starts": newest.valid_from if newest and newest.valid_from > on else None,
        "is_default": newest is None,
        "counts": [
            {"code": code, "label": label, "kind": CLASS_KINDS.get(code, ""), "count": counts.get(code, 0)}
            for code, label in PayerProfile.Class.choices
        ],
    }
    return page(request, "risk/payer_classes.html", context, status=422 if form.is_bound else 200)
