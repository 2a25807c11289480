"""For the customer's page: the message being prepared, or what would be said next, when, and what stays out."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import Scope, requires
from accounts.roles import Can
from collection.queries.actions import action_in_scope, worklist
from collection.services.assigning import live_scenario_ids
from collection.services.upcoming import holds_of, upcoming
from collection.views.panel import EXCLUDED_SHOWN, excluded_words, panel, prepared_for
from collection.views.templates import pdf_response
from collection.words import why_words
from core.errors import NotFound
from core.web import page
from desk.models import ON_PAPER
from receivables.models import Promise
from receivables.queries.visible import customers_in, promises_in

# Of the address of a decision (`?place=`): it was taken on the customer's page, whose preview is the answer.
AT_CUSTOMER = "customer"


@requires(Can.VIEW_ACTIONS)
@require_GET
def customer_preview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """For the customer's page: the message being prepared, or what would be said next, when, and what stays out."""
    return preview_part(request, customer_id)


@requires(Can.VIEW_ACTIONS)
@require_GET
def action_letter(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The letter of a reminder as the tray would make it now."""
    action = action_in_scope(action_id=action_id, scope=request.scope)  # type: ignore[attr-defined]
    draft = prepared_for(request, [action])[0].draft
    if draft is None or draft.channel not in ON_PAPER:
        raise NotFound
    return pdf_response(draft.body_html, name=f"letter-{action.customer.ref}.pdf")


def preview_part(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    customer = customers_in(scope=scope).filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    proposed = list(worklist(scope=scope).filter(customer_id=customer_id).select_related("version"))
    decided = {action.entity_id for action in proposed}
    context = {
        "customer": customer,
        "panels": [panel(request, one) for one in prepared_for(request, proposed)],
        "upcoming": [
            {
                "next": one,
                "why": why_words(one.why) if one.why else "",
                "is_chosen": bool(one.why and one.why.override),
                "excluded": [excluded_words(out) for out in one.excluded[:EXCLUDED_SHOWN]],
                "excluded_more": max(len(one.excluded) - EXCLUDED_SHOWN, 0),
            }
            for one in upcoming(customer_id=customer_id, scope=scope, on=on)
            if one.entity.id not in decided
        ],
        "holds": holds_of(customer=customer, on=on),
        "promises": _next_promises(customer_id, scope=scope),
        "is_live": bool(live_scenario_ids(on=on)),
        "may_choose": request.member.can(Can.EDIT_SCENARIOS),  # type: ignore[attr-defined]
        "place": AT_CUSTOMER,
        "on": on,
    }
    return page(request, "collection/preview.html", context)


def _next_promises(customer_id: UUID, *, scope: Scope) -> list[Promise]:
    """Open promises, the earliest first; of a plan its next part."""
    rows = promises_in(scope=scope).filter(customer_id=customer_id, state=Promise.State.OPEN).select_related("entity")
    found: dict[UUID, Promise] = {}
    for row in rows.order_by("due_on", "id"):
        found.setdefault(row.plan_id or row.id, row)
    return list(found.values())
