"""Late-payment law: what applies in each company's country, the rates known, and what was agreed instead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.forms import LateTermsForm, RateForm
from collection.models import LateTerms, ReferenceRate
from collection.rules.law import Series, pack_for, rate_rows
from collection.services import claims
from collection.words import SERIES
from core.errors import Refusal
from core.web import add_refusal, page, say
from receivables.queries.visible import entities_in


@requires(Can.EDIT_SCENARIOS)
@require_safe
def law(request: HttpRequest) -> HttpResponse:
    """By company its law and terms; by series the rates, the newest first."""
    rates = claims.all_rates()
    own = set(ReferenceRate.objects.values_list("series", "valid_from"))
    terms: dict[object, list[LateTerms]] = {}
    for row in LateTerms.objects.order_by("-valid_from"):
        terms.setdefault(row.entity_id, []).append(row)
    entities = entities_in(scope=request.scope)  # type: ignore[attr-defined]
    context = {
        "companies": [
            {"entity": entity, "pack": pack_for(entity.country), "terms": terms.get(entity.id, [])}
            for entity in entities
        ],
        "series": [
            {
                "name": SERIES[series],
                "rows": [(row, (row.series, row.valid_from) in own) for row in reversed(rate_rows(rates, series))],
            }
            for series in Series
        ],
        "series_names": SERIES,
    }
    return page(request, "collection/law.html", context)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def rate_new(request: HttpRequest) -> HttpResponse:
    """A rate as it was published."""
    form = RateForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            claims.add_rate(**form.cleaned_data, actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Rate added."))
            return redirect("law")
    return _form(request, form, _("Add a rate"))


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def late_terms_new(request: HttpRequest) -> HttpResponse:
    """What a company's terms say about late payment."""
    entities = entities_in(scope=request.scope)  # type: ignore[attr-defined]
    form = LateTermsForm(request.POST or None, entities=[(str(one.id), one.name) for one in entities])
    if form.is_bound and form.is_valid():
        try:
            claims.agree_late_terms(**form.values(), actor=request.actor)  # type: ignore[attr-defined]
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Terms recorded."))
            return redirect("law")
    return _form(request, form, _("Agreed terms"))


def _form(request: HttpRequest, form: object, title: str) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/interaction.html", {"form": form, "title": title}, status=status)
