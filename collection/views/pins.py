"""Which scenario an item follows, and having items stay with a version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MemberRequest, requires
from accounts.roles import Can
from collection.models import ItemPin, ScenarioVersion
from collection.rule_forms import PinForm
from collection.services.following import following
from collection.services.pinning import pin_items, pins_of, unpin_items
from collection.words import why_words
from core.errors import NotFound, Refusal
from core.rows import row_of
from core.web import add_refusal, page
from receivables.queries.visible import items_in
from receivables.views.drawers import go_on, is_sent, picked


@requires(Can.VIEW_ACTIONS)
@require_safe
def item_scenario(request: MemberRequest, item_id: UUID) -> HttpResponse:
    """For the item's page: its scenario and why, the steps done, what comes next."""
    item = row_of(items_in(scope=request.scope).select_related("entity"), item_id)
    found = following(item=item, on=request.on)
    context = {
        "item": item,
        "found": found,
        "why": why_words(found.why) if found and found.why else "",
        "pins": list(
            ItemPin.objects.filter(item=item)
            .select_related("version__scenario", "pinned_by", "ended_by")
            .order_by("-created_at")
        ),
        "may_pin": request.member.can(Can.EDIT_SCENARIOS),
        "on": request.on,
    }
    return page(request, "collection/item_scenario.html", context)


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def items_pin(request: MemberRequest) -> HttpResponse:
    """Have picked items stay with a version, or follow the rules again."""
    items = list(items_in(scope=request.scope).filter(id__in=picked(request)).order_by("due_date", "number"))
    if not items:
        raise NotFound
    ids, versions = [item.id for item in items], _versions(request)
    pins = pins_of(item_ids=ids)
    form = PinForm(request.POST if is_sent(request) else None, versions=versions, is_pinned=bool(pins))
    if form.is_bound and form.is_valid():
        chosen = next((one for one in versions if str(one.id) == form.cleaned_data["version"]), None)
        common: dict[str, Any] = {"item_ids": ids, "scope": request.scope, "on": request.on, "by": request.member}
        try:
            if chosen is None:
                count = unpin_items(**common, actor=request.actor)
                text = ngettext("%(n)d item follows the rules again.", "%(n)d items follow the rules again.", count)
            else:
                count = len(
                    pin_items(**common, version=chosen, reason=form.cleaned_data["reason"], actor=request.actor)
                )
                text = ngettext("%(n)d item pinned.", "%(n)d items pinned.", count)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return go_on(request, text % {"n": count}, fallback="items")
    context = {
        "form": form,
        "picks": ids,
        "lines": [(item, pins.get(item.id)) for item in items[:_SHOWN]],
        "more": max(len(items) - _SHOWN, 0),
        "title": ngettext("Scenario of %(n)d item", "Scenario of %(n)d items", len(ids)) % {"n": len(ids)},
    }
    return page(request, "collection/items_pin.html", context, status=422 if form.is_bound else 200)


_SHOWN = 20


def _versions(request: MemberRequest) -> list[ScenarioVersion]:
    """Those that items may stay with: published, of scenarios in use; by scenario, the newest first."""
    rows = ScenarioVersion.objects.filter(
        Q(scenario__archived_on__isnull=True) | Q(scenario__archived_on__gt=request.on), valid_from__isnull=False
    )
    return list(rows.select_related("scenario").order_by("scenario__name", "-number"))
