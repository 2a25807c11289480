"""The aged balance on any day, and the items behind its figures."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.access import Scope, requires
from accounts.roles import Can
from core import formats
from core.days import add_months, month_end
from core.lists import Reading, show
from core.tenancy import current_tenant_id
from receivables.lists.ageing import AGEING, BUCKET_LABELS, BUCKETS, OPEN_ITEMS, Figures
from receivables.queries import AgeingSort, AgeingTotal, KnownFrom, ageing_by_customer, known_from
from receivables.queries.visible import entities_in

KNOWN_SECONDS = 300
LARGEST = 6


@requires(Can.VIEW_AGEING)
@require_safe
def ageing(request: HttpRequest) -> HttpResponse:
    """Open amounts by customer and age; every amount leads to the items behind it."""
    return show(request, AGEING, context=_context, parts={"largest": "receivables/ageing_largest.html"})


@requires(Can.VIEW_AGEING)
@require_safe
def ageing_items(request: HttpRequest) -> HttpResponse:
    """The items behind a figure of the aged balance, as they stood that day."""
    return show(request, OPEN_ITEMS, context=_items_context)


def _context(reading: Reading) -> dict[str, Any]:
    figures: Figures = reading.source.figures  # type: ignore[attr-defined]
    if reading.given.get("part") == "largest":
        return {"largest": _largest(figures)}
    strips = [_strip(figures, total) for total in figures.totals]
    return {
        "figures": figures,
        "strips": strips,
        "sub": _sub(figures, len(entities_in(scope=reading.reader.scope))),
        "chart": _chart(figures, strips[0]["amounts"]) if figures.currency and strips else None,
        "days": _days(reading.reader.on, figures.on),
        "is_ahead": figures.on > reading.reader.on,
        "unknown": [one for one in known_since(reading.reader.scope) if one.known_from > figures.on],
    }


def _items_context(reading: Reading) -> dict[str, Any]:
    figures: Figures = reading.source.figures  # type: ignore[attr-defined]
    kept: dict[str, str] = {
        k: reading.filters[k] for k in ("on", "known_on", "credits", "currency") if k in reading.filters
    }
    return {"figures": figures, "sub": _sub(figures), "back": urlencode(kept)}


def _sub(figures: Figures, entities: int = 0) -> str:
    """What stands beside the title: the day, what was known, the currency, how many companies."""
    shown = formats.current()
    parts = [_("as of %(day)s") % {"day": shown.day(figures.on)}]
    if figures.known_on:
        parts.append(_("as known on %(day)s") % {"day": shown.day(figures.known_on)})
    if entities:
        parts += [figures.currency] if figures.currency else []
        parts.append(ngettext("%(n)d company", "%(n)d companies", entities) % {"n": entities})
    return " · ".join(parts)


def _strip(figures: Figures, total: AgeingTotal) -> dict[str, Any]:
    """The figures of one currency: amounts and shares by bucket, and where each leads."""
    amounts = dict(zip(BUCKETS, total.amounts, strict=True))
    return {
        "total": total,
        "amounts": amounts,
        "shares": {name: _share(part, total.total) for name, part in {**amounts, "overdue": total.overdue}.items()},
        "links": {
            name or "all": figures.behind(bucket=name, currency=total.currency) for name in (*BUCKETS, "overdue", "")
        },
    }


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Per cent; None where the whole is not above 0."""
    return 100 * part / whole if whole > 0 else None


def _chart(figures: Figures, amounts: dict[str, Decimal]) -> dict[str, Any]:
    shown = formats.current()
    return {
        "kind": "ageing",
        "labels": [str(BUCKET_LABELS[name]) for name in BUCKETS],
        "values": [float(amounts.get(name, 0)) for name in BUCKETS],
        "texts": [shown.amount(amounts.get(name, Decimal(0))) for name in BUCKETS],
        "links": [figures.behind(bucket=name, currency=figures.currency) for name in BUCKETS],
    }


def _largest(figures: Figures) -> list[dict[str, Any]]:
    """Who owes most of what is overdue, with its share of it."""
    total = next((one for one in figures.by_currency if one.currency == figures.currency), None)
    if total is None or not figures.currency:
        return []
    found = ageing_by_customer(**figures.asked, selection=figures.selection, sort=AgeingSort.OVERDUE, limit=LARGEST)
    return [
        {
            "row": one,
            "share": _share(one.overdue, total.overdue),
            "length": _share(one.overdue, found[0].overdue),
            "link": figures.behind(bucket="overdue", currency=one.currency, customer_id=one.customer_id),
        }
        for one in found
        if one.overdue > 0
    ]


def _days(today: date, shown: date) -> list[tuple[str, date]]:
    """The last month ends, to choose from in one click."""
    ends = [month_end(add_months(today.replace(day=1), -n)) for n in range(1, 4)]
    out = [(formats.current().day(end), end) for end in ends if end != shown]
    return [(formats.current().day(today), today), *out] if shown != today else out


def known_since(scope: Scope) -> list[KnownFrom]:
    """From when on figures are known, by entity and source; kept for some minutes, since all items must be read."""
    named = f"{sorted(scope.entity_ids)}|{scope.portfolio_of}"
    key = f"{current_tenant_id()}:known-from:{hashlib.sha256(named.encode()).hexdigest()[:24]}"
    try:
        found: list[KnownFrom] | None = cache.get(key)
    except RedisError:
        found = None
    if found is None:
        found = known_from(scope=scope)
        if found:  # an empty ledger may be filled in the next minute
            try:
                cache.set(key, found, KNOWN_SECONDS)
            except RedisError:
                return found
    return found
