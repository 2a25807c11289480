"""The provision on any day, its rates, and the rates of single customers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.lists.provision import PROVISION, STANDING_WORDS
from collection.models import ProvisionOverride
from collection.queries.provision import rates_in_force
from collection.rules.provision import BUCKETS, SUGGESTED, Standing
from collection.services import provisions
from collection.terminal_forms import OverrideForm
from collection.views.terminal import asked, sent, who
from core import formats
from core.errors import Refusal
from core.lists import Reading, show
from core.rows import row_of
from core.web import page, say
from receivables.lists.ageing import BUCKET_LABELS
from receivables.queries.visible import customers_in


@requires(Can.VIEW_AGEING)
@require_safe
def provision(request: HttpRequest) -> HttpResponse:
    """What is expected to be lost, by customer, on any day."""
    return show(request, PROVISION, context=_context)


def _context(reading: Reading) -> dict[str, Any]:
    on = reading.source.on  # type: ignore[attr-defined]
    may = reading.reader.may
    return {
        "sub": _("as of %(day)s") % {"day": formats.current().day(on)},
        "on": on,
        "can_set": bool(may and may(Can.SET_PROVISION)),
    }


@requires(Can.SET_PROVISION)
@require_http_methods(["GET", "POST"])
def provision_rates(request: Any) -> HttpResponse:
    """The rates by standing and age bracket."""
    rates = {(one.value, bucket): rate for (one, bucket), rate in rates_in_force(on=request.on).items()}
    shown = {key: f"{rate.normalize():f}" for key, rate in rates.items()}
    errors: dict[str, str] = {}
    if request.method == "POST":
        wanted = {}
        for key in rates:
            shown[key] = request.POST.get(f"{key[0]}-{key[1]}", "").strip()
            try:
                wanted[key] = Decimal(shown[key].replace(",", "."))
            except InvalidOperation:
                errors[f"{key[0]}-{key[1]}"] = _("Not a number.")
        if not errors:
            try:
                provisions.set_provision_rates(rates=wanted, actor=request.actor, on=request.on)
            except Refusal as refusal:
                errors = {name: str(texts[0]) for name, texts in refusal.fields.items()} or {"": str(refusal)}
            else:
                say(request, _("Saved: they count from today."))
                return redirect("provision_rates")
    lines = [
        (
            STANDING_WORDS[one],
            [
                (f"{one.value}-{bucket}", shown[(one.value, bucket)], SUGGESTED[(one, bucket)],
                 errors.get(f"{one.value}-{bucket}", ""), BUCKET_LABELS[bucket])
                for bucket in BUCKETS
            ],
        )
        for one in Standing
    ]  # fmt: skip
    context = {"lines": lines, "buckets": [BUCKET_LABELS[bucket] for bucket in BUCKETS], "errors": errors}
    return page(request, "collection/provision_rates.html", context, status=422 if errors else 200)


@requires(Can.SET_PROVISION)
@require_http_methods(["GET", "POST"])
def provision_override(request: Any, customer_id: UUID) -> HttpResponse:
    """The rate of one customer."""
    customer = row_of(customers_in(scope=request.scope), customer_id)
    former = ProvisionOverride.objects.filter(customer=customer, ended_on=None).first()
    initial = {"percent": former.percent, "reason": former.reason} if former else None
    return asked(
        request,
        OverrideForm(sent(request), initial=initial),
        lambda given: provisions.override_provision(
            customer_id=customer.id, percent=given["percent"], reason=given["reason"], **who(request)
        ),
        done=_("Saved."),
        to=reverse("customer", args=[customer.id]),
        title=_("Rate of provision of %(name)s") % {"name": customer.name},
    )
