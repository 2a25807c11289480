"""How a customer pays: a card of its page, with the rule that decided, the amounts behind it and the history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core.errors import NotFound
from core.money import parse_amount
from core.web import page
from receivables.queries.visible import customers_in
from risk.queries.profiles import history_of, profiles_of
from risk.queries.reviews import reviews_of
from risk.words import (
    CLASS_KINDS,
    CLASSES,
    HEIGHT,
    TREND_MOODS,
    TRENDS,
    WIDTH,
    class_changes,
    index_line,
    review_words,
    why,
)

# Of a customer's reviews so many are shown, the open ones first.
REVIEWS = 5


@requires(Can.VIEW_PROFILES)
@require_safe
def customer_profile(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """The card. 5 SQL queries beside the member's."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    if not customers_in(scope=scope).filter(id=customer_id).exists():
        raise NotFound
    profile = profiles_of(customer_ids=[customer_id], scope=scope).get(customer_id)
    member = request.member  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "profile": profile,
        "customer_id": customer_id,
        "may_review": member.can(Can.ACKNOWLEDGE_ALERTS),
        "reviews": [
            {"row": row, "text": review_words(row)}
            for row in (
                reviews_of(customer_id=customer_id, scope=scope, limit=REVIEWS) if member.can(Can.VIEW_ALERTS) else ()
            )
        ],
    }
    if profile is not None:
        history = history_of(customer_id=customer_id, scope=scope)
        context |= {
            "label": CLASSES[profile.payer_class],
            "kind": CLASS_KINDS.get(profile.payer_class, ""),
            "why": why(profile.explanation),
            "trend": TRENDS[profile.trend],
            "mood": TREND_MOODS.get(profile.trend, ""),
            # The amounts of other companies are not for a reader who does not see those.
            "currencies": [] if scope.entity_ids else _lines(profile.explanation["currencies"]),
            "window_days": profile.explanation["window_days"],
            "line": index_line(history, on=on),
            "box": {"width": WIDTH, "height": HEIGHT},
            "first": history[-1].valid_from,
            "changes": class_changes(history),
            "may_edit": request.member.can(Can.EDIT_CLASS_LIMITS),  # type: ignore[attr-defined]
        }
    return page(request, "risk/profile.html", context)


def _lines(currencies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "currency": line["currency"],
            "settled": parse_amount(line["settled_amount"]["amount"]),
            "late": parse_amount(line["late_amount"]["amount"]),
            "overdue": parse_amount(line["overdue_amount"]["amount"]),
        }
        for line in currencies
    ]
