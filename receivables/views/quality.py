"""Data quality: what is wrong with which customers, and the forms that repair it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core.lists import Reading, show
from receivables.lists.quality import CHECK_WORDS, QUALITY
from receivables.queries.quality import quality_counts


@requires(Can.FIX_DATA)
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """The checks with how many customers each finds, and the customers of the chosen one."""
    return show(request, QUALITY, context=_context)


def _context(reading: Reading) -> dict[str, Any]:
    chosen = reading.query.get("check", "")
    counts = quality_counts(on=reading.reader.on, scope=reading.reader.scope)
    return {
        "checks": [
            {
                "name": one.check,
                "words": CHECK_WORDS[one.check],
                "customers": one.customers,
                "current": one.check == chosen,
            }
            for one in counts
        ],
        "words": CHECK_WORDS.get(chosen),
        "left": sum(one.customers for one in counts),
    }
