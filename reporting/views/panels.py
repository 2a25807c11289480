"""The panels of the first page: each gives its template what it shows, with the way to the rows behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries.replacements import represented_by
from collection.queries.actions import follow_ups_in
from collection.queries.day import reminders_waiting
from collection.queries.disputes import disputes_to_answer
from collection.services.dispute_labels import reason_labels
from core import formats
from core.ports import open_port
from desk.lists import ALERT_KINDS, alert_words
from desk.queries.alerts import alerts_to_see
from receivables.lists.ageing import BUCKET_LABELS, BUCKETS
from receivables.lists.quality import CHECK_WORDS
from receivables.models import CustomerAccount
from receivables.queries import EVERY_ITEM, AgeingSort, Selection, ageing_by_customer, ageing_totals
from receivables.queries.as_of import way_to
from receivables.queries.marks import customer_marks
from receivables.queries.quality import quality_counts
from receivables.words import DISPUTE_REASONS, customer_badges, in_words
from reporting.dashboards import layout_of
from reporting.queries.outlook import WEEKS, cash_due, dispute_sums, promise_sums

LATE_SHOWN = 12
ALERTS_SHOWN = 5


class Home:
    """What the panels ask for; each thing is read once."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.scope, self.on, self.member = request.scope, request.on, request.member
        self._way: Any = None
        self._totals: Any = None

    @property
    def way(self) -> Any:
        if self._way is None:
            self._way = way_to(on=self.on, known_on=None, scope=self.scope, selection=EVERY_ITEM)
        return self._way

    @property
    def totals(self) -> list[Any]:
        """Of each currency, the one with most customers first."""
        if self._totals is None:
            found = ageing_totals(on=self.on, scope=self.scope, way=self.way)
            self._totals = sorted(found, key=lambda one: (-one.customers, one.currency))
        return self._totals  # type: ignore[no-any-return]


def _figures(shown: Home) -> dict[str, Any]:
    """The strip of the main currency, and a line for each other one."""
    if not shown.totals:
        return {}
    main, others = shown.totals[0], shown.totals[1:]
    disputes = [one for one in dispute_sums(scope=shown.scope) if one.currency == main.currency]
    promises = [one for one in promise_sums(on=shown.on, scope=shown.scope) if one.currency == main.currency]
    amounts = dict(zip(BUCKETS, main.amounts, strict=True))
    return {
        "main": main,
        "over_90": amounts["d91_plus"],
        "overdue_pct": _share(main.overdue, main.total),
        "over_90_pct": _share(amounts["d91_plus"], main.total),
        "others": [{"total": one, "pct": _share(one.overdue, one.total)} for one in others],
        "disputed": sum((one.amount for one in disputes), Decimal(0)),
        "disputes": sum(one.disputes for one in disputes),
        "promised": sum((one.week_amount + one.later_amount for one in promises), Decimal(0)),
        "promises": sum(one.week + one.later for one in promises),
    }


def _ageing(shown: Home) -> dict[str, Any]:
    if not shown.totals:
        return {"currency": ""}
    main, texts = shown.totals[0], formats.current()
    links = [
        reverse("ageing_items")
        + "?"
        + urlencode({"on": shown.on.isoformat(), "currency": main.currency, "bucket": name})
        for name in BUCKETS
    ]
    chart = {
        "kind": "ageing",
        "labels": [str(BUCKET_LABELS[name]) for name in BUCKETS],
        "values": [float(amount) for amount in main.amounts],
        "texts": [texts.amount(amount) for amount in main.amounts],
        "links": links,
    }
    return {"chart": chart, "currency": main.currency}


def _trend(shown: Home) -> dict[str, Any]:
    """Only the place of the chart: it reads the whole ledger and comes after the page."""
    return {"currency": shown.totals[0].currency if shown.totals else ""}


def _late(shown: Home, selection: Selection = EVERY_ITEM) -> dict[str, Any]:
    """Who owes most of what is overdue, in the main currency."""
    if not shown.totals:
        return {"rows": [], "currency": ""}
    currency = shown.totals[0].currency
    selection = replace(selection, currency=currency)
    found = ageing_by_customer(
        on=shown.on, scope=shown.scope, selection=selection, sort=AgeingSort.OVERDUE, limit=LATE_SHOWN, way=shown.way
    )
    late = [one for one in found if one.overdue > 0]
    marks = customer_marks(customer_ids=[one.customer_id for one in late], on=shown.on, scope=shown.scope)
    drill = reverse("ageing_items") + f"?on={shown.on.isoformat()}&currency={currency}&customer="
    texts = formats.current()
    return {
        "currency": currency,
        "rows": [
            {
                "row": one,
                "cells": [
                    (index, amount, f"{drill}{one.customer_id}&bucket={name}")
                    for index, (name, amount) in enumerate(zip(BUCKETS, one.amounts, strict=True))
                    if index
                ],
                "link": f"{drill}{one.customer_id}&bucket=overdue",
                "badges": customer_badges(marks.get(one.customer_id), texts),
            }
            for one in late
        ],
        "labels": [BUCKET_LABELS[name] for name in BUCKETS[1:]],
    }


def _mine_late(shown: Home) -> dict[str, Any]:
    """The same of the member's own customers; of all where none is assigned."""
    own = CustomerAccount.objects.filter(collector_id=shown.member.id).exists()
    return _late(shown, Selection(collector_id=shown.member.id) if own else EVERY_ITEM) | {"own": own}


def _cash(shown: Home) -> dict[str, Any]:
    """What falls due in the next weeks, in the main currency."""
    if not shown.totals:
        return {}
    currency, texts = shown.totals[0].currency, formats.current()
    due = {
        one.week: one
        for one in cash_due(on=shown.on, scope=shown.scope, selection=Selection(currency=currency), way=shown.way)
    }
    weeks = range(WEEKS)
    chart = {
        "kind": "columns",
        "labels": [texts.day(shown.on + timedelta(days=7 * week)) for week in weeks],
        "series": [
            {"name": str(_("Due")), "values": [float(due[week].amount) if week in due else 0 for week in weeks]}
        ],
        "links": [
            reverse("items")
            + "?"
            + urlencode(
                {
                    "state": "open",
                    "currency": currency,
                    "due_from": (shown.on + timedelta(days=7 * week)).isoformat(),
                    "due_until": (shown.on + timedelta(days=7 * week + 6)).isoformat(),
                }
            )
            for week in weeks
        ],
    }
    return {"chart": chart, "currency": currency, "total": sum((due[w].amount for w in weeks if w in due), Decimal(0))}


def _work(shown: Home) -> dict[str, Any]:
    found = follow_ups_in(on=shown.on, scope=shown.scope)
    return {
        "actions": reminders_waiting(member_id=shown.member.id, scope=shown.scope, on=shown.on),
        "follow_ups": found.count(),
        "shown": list(found.order_by("next_on", "id")[:4]),
    }


def _promises(shown: Home) -> dict[str, Any]:
    """Lines by what has become of the promises, each in its currencies; a collector's own only."""
    owner = shown.member.id if layout_of(shown.member).name == "collector" else None
    sums = promise_sums(on=shown.on, scope=shown.scope, owner_id=owner)
    mine = {"mine": "on"} if owner else {}
    week = {"due_from": shown.on.isoformat(), "due_until": (shown.on + timedelta(days=6)).isoformat()}
    kinds = (
        ("late", _("past their day"), {"state": "due"}, True),
        ("week", _("due within a week"), {"state": "open", **week}, False),
        ("later", _("later"), {"state": "open", "due_from": (shown.on + timedelta(days=7)).isoformat()}, False),
        ("broken", _("broken in 30 days"), {"state": "broken"}, True),
    )
    return {
        "lines": [
            {
                "label": label,
                "query": urlencode({**query, **mine, "currency": one.currency}),
                "count": getattr(one, name),
                "amount": getattr(one, f"{name}_amount"),
                "currency": one.currency,
                "is_late": is_late,
            }
            for name, label, query, is_late in kinds
            for one in sums
            if getattr(one, name)
        ]
    }


def _disputes(shown: Home) -> dict[str, Any]:
    sums = dispute_sums(scope=shown.scope)
    return {
        "sums": [
            {"row": one, "reason": in_words(DISPUTE_REASONS, one.reason), "days": (shown.on - one.oldest).days}
            for one in sums[:6]
        ],
        "count": sum(one.disputes for one in sums),
    }


def _to_answer(shown: Home) -> dict[str, Any]:
    """Disputes that the member was asked to answer and has not, the most urgent first; at most 4 SQL queries."""
    absent = represented_by(member_id=shown.member.id, on=shown.on)
    asked = disputes_to_answer(member_id=shown.member.id, scope=shown.scope, absent_ids=absent)
    waiting = asked.filter(closed_on__isnull=True, answered_on__isnull=True).select_related("item", "customer")
    labels = reason_labels()
    rows = [
        {
            "row": one,
            "contested": one.item.amount if one.disputed_amount is None else one.disputed_amount,
            "reason": labels.get(one.reason, one.reason),
            "is_late": one.answer_due_on is not None and one.answer_due_on < shown.on,
        }
        for one in waiting.order_by("answer_due_on", "id")[:LATE_SHOWN]
    ]
    return {"rows": rows, "count": waiting.count() if len(rows) == LATE_SHOWN else len(rows)}


def _quality(shown: Home) -> dict[str, Any]:
    counts = [one for one in quality_counts(on=shown.on, scope=shown.scope) if one.customers]
    return {"counts": [{"row": one, "words": CHECK_WORDS[one.check]} for one in counts[:5]]}


def _imports(shown: Home) -> dict[str, Any]:
    return {"waiting": open_port("reporting.imports_waiting")()}


def _alerts(shown: Home) -> dict[str, Any]:
    """The newest alerts that nobody has acknowledged; 2 SQL queries."""
    rows = alerts_to_see(scope=shown.scope, on=shown.on)
    found = rows.order_by("-on", "-id").values("customer_id", "customer__name", "severity", "on", "text", "values")[
        : ALERTS_SHOWN + 1
    ]
    newest = [{**row, "words": alert_words(row), "kind": ALERT_KINDS[row["severity"]]} for row in found]
    more = len(newest) > ALERTS_SHOWN
    return {"rows": newest[:ALERTS_SHOWN], "count": rows.count() if more else len(newest)}


PANELS: dict[str, Callable[[Home], dict[str, Any]]] = {
    "work": _work,
    "alerts": _alerts,
    "figures": _figures,
    "ageing": _ageing,
    "trend": _trend,
    "late": _late,
    "mine_late": _mine_late,
    "cash": _cash,
    "promises": _promises,
    "disputes": _disputes,
    "to_answer": _to_answer,
    "quality": _quality,
    "imports": _imports,
}


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return 100 * part / whole if whole > 0 else None
