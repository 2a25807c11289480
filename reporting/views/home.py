"""The first page: what matters today to the one who signs in, with the way to the rows behind each figure."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.access import requires
from accounts.models import Member
from accounts.roles import Can
from collection.services.scenarios import version_in_force
from core import formats
from core.days import add_months, month_end
from core.errors import NotFound
from core.tenancy import current_tenant_id
from core.web import page
from receivables.models import Customer
from reporting.dashboards import Layout, layout_of, panels_of
from reporting.queries.trend import ledger_version, overdue_trend
from reporting.views.panels import PANELS, Home

MONTHS = 12
TREND_SECONDS = 3600


@requires()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page, as what the member may do calls for."""
    member: Member = request.member  # type: ignore[attr-defined]
    shown = Home(request)
    context: dict[str, Any] = {"on": request.on, "start": _start(request)}  # type: ignore[attr-defined]
    if context["start"] is None or context["start"]["has_data"]:
        layout = layout_of(member)
        context |= {"layout": layout.name, "title": _title(layout)}
        for place in ("top", "charts", "wide", "side"):
            names = panels_of(member, getattr(layout, place))
            context[place] = [f"reporting/home/{name}.html" for name in names]
            for name in names:
                context[name] = PANELS[name](shown)
    return page(request, "reporting/home.html", context)


def _title(layout: Layout) -> str:
    return {"collector": _("Your day"), "sales": _("Your customers")}.get(layout.name) or _("Overview")


# --- The trend, asked for by the page once it stands ------------------------------------------------------------------


@requires(Can.VIEW_AGEING)
@require_safe
def home_trend(request: HttpRequest) -> HttpResponse:
    """Open and overdue at the last twelve month ends and today, recomputed from the ledger, in one currency."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    currency = request.GET.get("currency", "").upper()
    first = on.replace(day=1)
    days = [month_end(add_months(first, -n)) for n in range(MONTHS, 0, -1)] + [on]
    points = [point for point in _points(days, scope=scope) if point[1] == currency]
    if not points:
        raise NotFound
    texts = formats.current()
    chart = {
        "kind": "lines",
        "labels": [texts.day(day) for day, *_rest in points],
        "series": [
            {"name": str(_("Overdue")), "values": [float(overdue) for *_rest, overdue in points]},
            {
                "name": str(_("Open")),
                "values": [float(total) for _day, _currency, total, _overdue in points],
                "dashed": True,
            },
        ],
    }
    before, now = points[-2], points[-1]
    change = now[3] - before[3]
    context = {"chart": chart, "currency": currency, "change": change, "before": before[0]}
    return page(request, "reporting/home/trend_chart.html", context)


def _points(days: list[Any], *, scope: Any) -> list[tuple[Any, str, Decimal, Decimal]]:
    """Kept until the ledger changes: computing them reads all of it."""
    named = f"{days}|{sorted(scope.entity_ids)}|{scope.portfolio_of}|{ledger_version()}"
    key = f"{current_tenant_id()}:trend:{hashlib.sha256(named.encode()).hexdigest()[:32]}"
    try:
        found: list[Any] | None = cache.get(key)
    except RedisError:
        found = None
    if found is None:
        found = [tuple(point) for point in overdue_trend(days=days, scope=scope)]
        try:
            cache.set(key, found, TREND_SECONDS)
        except RedisError:
            return found
    return found


# --- The first hour --------------------------------------------------------------------------------------------------


def _start(request: Any) -> dict[str, Any] | None:
    """What to do first, with what is done; None once all is, or for members who set nothing up."""
    member = request.member
    if not (member.can(Can.IMPORT_LEDGER) or member.can(Can.MANAGE_MEMBERS)):
        return None
    has_data = Customer.objects.exists()
    version = version_in_force(on=request.on)
    steps = [
        {
            "name": "import",
            "done": has_data,
            "can": member.can(Can.IMPORT_LEDGER),
            "url_name": "imports",
        },
        {
            "name": "invite",
            "done": Member.objects.filter(is_active=True, user_id__isnull=False).count() > 1,
            "can": member.can(Can.MANAGE_MEMBERS),
            "url_name": "member_invite",
        },
        {
            "name": "scenario",
            "done": version is not None and version.live_from is not None,
            "can": member.can(Can.EDIT_SCENARIOS),
            "url_name": "scenarios",
        },
    ]
    shown = [step for step in steps if step["can"]]
    if all(step["done"] for step in shown):
        return None
    return {"has_data": has_data, "steps": shown, "done": sum(step["done"] for step in shown)}
