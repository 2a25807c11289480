"""Why items are late: sums and the items behind them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.lists.causes import CAUSE_STATISTICS, LATE_ITEMS
from core import formats
from core.lists import Reading, show


@requires(Can.VIEW_AGEING)
@require_safe
def cause_statistics(request: HttpRequest) -> HttpResponse:
    """What is late by cause, company, biller, product, site or month, on any day."""
    return show(request, CAUSE_STATISTICS, context=_context)


@requires(Can.VIEW_AGEING)
@require_safe
def late_items(request: HttpRequest) -> HttpResponse:
    """The items behind a sum of late amounts."""
    return show(request, LATE_ITEMS, context=_context)


def _context(reading: Reading) -> dict[str, Any]:
    on = reading.source.on  # type: ignore[attr-defined]
    return {"sub": _("as of %(day)s") % {"day": formats.current().day(on)}, "on": on}
