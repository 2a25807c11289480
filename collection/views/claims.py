"""Interest and charges: what late items have run up, claiming it, giving it up, and the annex that shows how it comes."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from collection.forms import ClaimForm, WaiveForm
from collection.lists.claims import CLAIMS
from collection.models import Claim
from collection.queries.claims import claims_in
from collection.services import claims
from collection.services.annexes import annex_html, segments
from collection.words import WITHOUT
from core.errors import NotFound, Refusal
from core.lists import show
from core.rows import row_of
from core.web import add_refusal, page
from desk.pdf import PdfFailed, PdfProcess
from receivables.queries.visible import items_in
from receivables.views.drawers import drawer, go_on, is_sent, picked

MOST_IN_ANNEX = 500


@requires(Can.VIEW_ITEMS)
@require_safe
def claim_list(request: MemberRequest) -> HttpResponse:
    """Interest and charges claimed, waived, paid."""
    return show(request, CLAIMS)


@requires(Can.CLAIM_CHARGES)
@require_http_methods(["GET", "POST"])
def claims_new(request: MemberRequest) -> HttpResponse:
    """What picked items have run up until a day, and claiming it."""
    ids = [item.id for item in items_in(scope=request.scope).filter(id__in=picked(request)).only("id")]
    if not ids:
        raise NotFound
    sent = is_sent(request)
    given = request.POST if sent else request.GET
    form = ClaimForm(given if "until" in given else {"until": request.on.isoformat()})
    until = form.cleaned_data["until"] if form.is_valid() else request.on
    if sent and form.is_valid():
        try:
            rows = claims.claim_charges(
                item_ids=ids, until=until, scope=request.scope, actor=request.actor, on=request.on
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext("%(n)d claim made.", "%(n)d claims made.", len(rows)) % {"n": len(rows)}
            return go_on(request, text, fallback="claims")
    charges = claims.late_charges(item_ids=ids, until=min(until, request.on), scope=request.scope)
    context = {
        "form": form,
        "picks": ids,
        "until": until,
        "lines": [
            {"charge": charge, "why": WITHOUT.get(charge.without) if charge.without else ""} for charge in charges
        ],
        "totals": _totals(charges),
        "not_late": len(ids) - len(charges),
    }
    return page(request, "collection/claims_new.html", context, status=422 if sent else 200)


def _totals(charges: list[claims.Charge]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        if charge.interest and not charge.without:
            totals[charge.interest.currency] += charge.interest.total
        if charge.fixed:
            totals[charge.fixed.currency] += charge.fixed.charge
    return dict(sorted(totals.items()))


@requires(Can.WAIVE_CHARGES)
@require_http_methods(["GET", "POST"])
def claims_waive(request: MemberRequest) -> HttpResponse:
    """Give picked claims up, with a reason."""
    ids = [claim.id for claim in claims_in(scope=request.scope).filter(id__in=picked(request))]
    if not ids:
        raise NotFound
    form = WaiveForm(request.POST if is_sent(request) else None)
    if form.is_bound and form.is_valid():
        try:
            rows = claims.waive_claims(
                claim_ids=ids,
                reason=form.cleaned_data["reason"],
                scope=request.scope,
                actor=request.actor,
                on=request.on,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext("%(n)d claim waived.", "%(n)d claims waived.", len(rows)) % {"n": len(rows)}
            return go_on(request, text, fallback="claims")
    title = ngettext("Waive %(n)d claim", "Waive %(n)d claims", len(ids)) % {"n": len(ids)}
    return drawer(request, form, title=title, save=_("Waive"), picks=ids)


@requires(Can.CLAIM_CHARGES)
@require_POST
def claims_paid(request: MemberRequest) -> HttpResponse:
    """Picked claims have been paid."""
    ids = [claim.id for claim in claims_in(scope=request.scope).filter(id__in=picked(request))]
    rows = claims.record_claims_paid(claim_ids=ids, scope=request.scope, actor=request.actor, on=request.on)
    text = ngettext("%(n)d claim paid.", "%(n)d claims paid.", len(rows)) % {"n": len(rows)}
    return go_on(request, text, fallback="claims")


@requires(Can.VIEW_ITEMS)
@require_safe
def claim(request: MemberRequest, claim_id: UUID) -> HttpResponse:
    """A claim with the calculation that it comes from."""
    rows = claims_in(scope=request.scope).select_related("customer", "item", "entity", "document")
    shown = row_of(rows, claim_id)
    context = {
        "claim": shown,
        "segments": segments(shown),
        "others": claims_in(scope=request.scope).filter(item=shown.item).exclude(id=shown.id).order_by("-on", "-id"),
        "can": {
            "waive": request.member.can(Can.WAIVE_CHARGES),  # type: ignore[attr-defined]
            "claim": request.member.can(Can.CLAIM_CHARGES),  # type: ignore[attr-defined]
        },
    }
    return page(request, "collection/claim.html", context)


@requires(Can.VIEW_ITEMS)
@require_safe
def claim_annex(request: MemberRequest, claim_id: UUID) -> HttpResponse:
    """The calculation of all claims in force for the customer at the company, as a PDF in the customer's language."""
    one = row_of(claims_in(scope=request.scope).select_related("customer", "entity"), claim_id)
    rows = claims_in(scope=request.scope).filter(customer=one.customer, entity=one.entity, state=Claim.State.CLAIMED)
    found = list(
        rows.select_related("item", "document").order_by("item__due_date", "item__number", "kind")[:MOST_IN_ANNEX]
    )
    if not found:
        raise NotFound
    renderer = PdfProcess()
    try:
        pdf = renderer.render(annex_html(found, customer=one.customer, entity=one.entity, on=request.on))
    except PdfFailed as failure:
        raise Refusal(_("The annex could not be made.")) from failure
    finally:
        renderer.close()
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="interest-{request.on.isoformat()}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
