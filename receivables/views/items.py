"""One item, one document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core.rows import row_of
from core.web import page
from receivables.models import Allocation, CashAllocation, LedgerItem
from receivables.queries.codes import causes_in, statuses_in
from receivables.queries.matching import cash_allocations_in
from receivables.queries.one_item import settlements
from receivables.queries.visible import disputes_in, documents_in, holds_in, items_in, promises_in
from receivables.words import DISPUTE_REASONS, ITEM_KINDS, PAYMENT_METHODS, in_words


@requires(Can.VIEW_ITEMS)
@require_safe
def item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """An item: what it says, what was set against it, what it said before, what stands against chasing it."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    rows = items_in(scope=scope).select_related("customer", "account__terms", "entity", "document")
    shown = row_of(rows, item_id)
    holds = holds_in(scope=scope).filter(customer_id=shown.customer_id, lifted_on__isnull=True)
    context = {
        "item": shown,
        "on": on,
        "kind": in_words(ITEM_KINDS, shown.kind),
        "method": in_words(PAYMENT_METHODS, shown.payment_method),
        "days_late": (on - shown.due_date).days if shown.open_amount and shown.due_date < on else 0,
        "settlements": _in_words(settlements(item_id=item_id, scope=scope)),
        "versions": _versions(shown),
        "matched_here": list(
            cash_allocations_in(scope=scope)
            .filter(item_id=item_id)
            .exclude(state=CashAllocation.State.REVERSED)
            .order_by("on", "id")
        ),
        "disputes": [
            {"row": row, "reason": in_words(DISPUTE_REASONS, row.reason)}
            for row in disputes_in(scope=scope).filter(item_id=item_id).order_by("-opened_on", "-id")
        ],
        "promises": list(promises_in(scope=scope).filter(promise_items__item_id=item_id).order_by("-due_on", "-id")),
        "holds": [
            row
            for row in holds.filter(Q(item_id=item_id) | Q(item_id__isnull=True)).order_by("-from_on", "-id")
            if row.until_on is None or row.until_on >= on
        ],
        "statuses": list(
            statuses_in(scope=scope)
            .filter(item_id=item_id)
            .select_related("status", "set_by")
            .order_by("-set_at", "-id")
        ),
        "causes": list(
            causes_in(scope=scope).filter(item_id=item_id).select_related("cause", "set_by").order_by("-set_at", "-id")
        ),
        "can": _rights(request),
    }
    return page(request, "receivables/item.html", context)


def _in_words(found: list[Any]) -> list[dict[str, Any]]:
    reasons, origins = dict(Allocation.Reason.choices), dict(Allocation.Origin.choices)
    return [
        {
            **one._asdict(),
            "reason": in_words(reasons, one.reason),
            "origin": in_words(origins, one.origin) if one.origin == Allocation.Origin.OURS else "",
            "counterpart_kind": in_words(ITEM_KINDS, one.counterpart_kind),
        }
        for one in found
    ]


def _versions(shown: LedgerItem) -> list[dict[str, Any]]:
    """What the item said before each correction, the newest first, with what changed against the next version."""
    names = ("amount", "due_date", "document_date", "posting_date", "vat_amount", "currency")
    later: Any = shown
    out = []
    for version in shown.revisions.order_by("-known_until", "-known_from", "-id"):  # type: ignore[attr-defined]
        changed = {name for name in names if getattr(version, name) != getattr(later, name)}
        out.append({"row": version, "changed": changed})
        later = version
    return out


@requires(Can.VIEW_ITEMS)
@require_safe
def document(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """A document with its due amounts."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    shown = row_of(documents_in(scope=scope).select_related("customer", "account__terms", "entity"), document_id)
    items = list(items_in(scope=scope).filter(document_id=document_id).order_by("due_date", "instalment", "id"))
    context = {
        "document": shown,
        "kind": in_words(ITEM_KINDS, shown.kind),
        "on": on,
        "lines": [
            {"row": row, "days_late": (on - row.due_date).days if row.open_amount and row.due_date < on else 0}
            for row in items
        ],
        "open_amount": sum((row.open_amount for row in items), Decimal(0)),
        "can": _rights(request),
    }
    return page(request, "receivables/document.html", context)


def _rights(request: Any) -> dict[str, bool]:
    member = request.member
    return {
        "hold": member.can(Can.PLACE_HOLD),
        "dispute": member.can(Can.RECORD_DISPUTE),
        "answer": member.can(Can.ANSWER_DISPUTE),
        "codes": member.can(Can.SET_CODES),
        "reminders": member.can(Can.VIEW_ACTIONS),
    }
