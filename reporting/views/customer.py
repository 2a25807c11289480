"""A customer's page: what it owes, what happened, whom to call, and the message being prepared."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from collection.queries.provision import overrides_in_force
from collection.queries.terminal import cases_in, customer_states, notices_in, stops_in, write_offs_in
from collection.words import TERMINAL_MARKS
from core import formats
from core.days import add_months
from core.errors import NotFound
from core.web import page, wants_part
from receivables.models import Contact
from receivables.queries import EVERY_ITEM, customer_figures, open_items
from receivables.queries.as_of import way_to
from receivables.queries.beside import item_marks
from receivables.queries.customer_head import CustomerHead, customer_head
from receivables.queries.promises import kept_rate, plan_places
from receivables.queries.visible import (
    contacts_in,
    disputes_in,
    documents_in,
    holds_in,
    items_in,
    orders_in,
    promises_in,
)
from receivables.words import (
    DISPUTE_REASONS,
    HOLD_REASONS,
    ITEM_KINDS,
    PAYMENT_METHODS,
    PROMISE_KINDS,
    country_name,
    in_words,
    item_badges,
)
from reporting.queries.timeline import Happening, Place, Sort, timeline
from reporting.words import SORTS, line_of

ROWS = 100
LINES = 20
TABS = (
    ("items", _("Items"), ""),
    ("documents", _("Documents"), ""),
    ("orders", _("Orders"), "orders"),
    ("disputes", _("Disputes"), "disputes"),
    ("promises", _("Promises"), "promises"),
    ("holds", _("Suspensions"), ""),
    ("litigation", _("Litigation"), ""),
    ("contacts", _("Contacts"), "contacts"),
    ("accounts", _("Accounts"), ""),
)


@requires(Can.VIEW_CUSTOMERS)
@require_safe
def customer(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """The page; for htmx one of its tabs."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    head = customer_head(customer_id=customer_id, on=on, scope=scope)
    if head is None:
        raise NotFound
    wanted = request.GET.get("tab", "")
    name = wanted if wanted in {tab[0] for tab in TABS} else "items"
    if not request.member.can(Can.VIEW_ITEMS) and name not in ("contacts", "accounts"):  # type: ignore[attr-defined]
        name = "contacts"
    context = {
        "customer": head,
        "on": on,
        "tab": name,
        "tabs": _tabs(request, head, name),
        "tab_template": f"reporting/customer/{name}.html",
        "can": _rights(request),
        **_TAB[name](request, head),
    }
    if wants_part(request):
        return page(request, "reporting/customer.html", context, part="reporting/customer/tabs.html")
    context.update(_figures(request, head))
    context["country"] = country_name(head.country, formats.current())
    context["hold_words"] = [in_words(HOLD_REASONS, reason) for reason in head.holds]
    marks = customer_states(customer_id=head.id, scope=request.scope)  # type: ignore[attr-defined]
    context["terminal_words"] = [in_words(TERMINAL_MARKS, mark) for mark in marks]
    context["roles"] = dict(Contact.Role.choices)
    context.update(_lines(request, head.id, before=None))
    return page(request, "reporting/customer.html", context)


@requires(Can.VIEW_CUSTOMERS)
@require_safe
def customer_timeline(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Older lines of the timeline, before a place in it."""
    scope, on = request.scope, request.on  # type: ignore[attr-defined]
    head = customer_head(customer_id=customer_id, on=on, scope=scope)
    if head is None:
        raise NotFound
    context = {"customer": head, **_lines(request, head.id, before=_place(request.GET.get("before", "")))}
    return page(request, "reporting/customer/timeline.html", context)


def _tabs(request: Any, head: CustomerHead, current: str) -> list[dict[str, Any]]:
    sees_items = request.member.can(Can.VIEW_ITEMS)
    return [
        {
            "name": name,
            "label": label,
            "count": getattr(head, counted) if counted else "",
            "current": name == current,
        }
        for name, label, counted in TABS
        if sees_items or name in ("contacts", "accounts")
    ]


def _figures(request: Any, head: CustomerHead) -> dict[str, Any]:
    """The strips of figures, one per currency, the one with most open items first."""
    if not request.member.can(Can.VIEW_ITEMS):
        return {"figures": []}
    found = customer_figures(
        customer_id=head.id, on=request.on, scope=request.scope, way=_way(request, request.on, head)
    )
    out = []
    for one in sorted(found, key=lambda figures: (-figures.open_items, figures.currency)):
        late = (request.on - one.oldest_due).days if one.oldest_due else 0
        out.append(
            {
                "row": one,
                "days_late": max(late, 0),
                "overdue_pct": 100 * one.overdue_amount / one.open_amount if one.open_amount > 0 else None,
                "delay": one.average_delay_days,
            }
        )
    return {"figures": out}


def _way(request: Any, on: date, head: CustomerHead) -> Any:
    """Asked of the database once for the figures and the items of one day."""
    known = request.__dict__.setdefault("_ways", {})
    if on not in known:
        selection = EVERY_ITEM.of_customer(head.id)
        known[on] = way_to(on=on, known_on=None, scope=request.scope, selection=selection)
    return known[on]


def _items(request: Any, head: CustomerHead) -> dict[str, Any]:
    """Open items on a day, or all items. At most 100: the list of items has the rest."""
    shown, scope = formats.current(), request.scope
    on = parse_date_or(request.GET.get("as_of", ""), request.on)
    everything = request.GET.get("show") == "all"
    if everything:
        rows: list[Any] = [
            {
                "item_id": row["id"],
                **row,
                "days_overdue": max(0, (on - row["due_date"]).days) if row["open_amount"] else 0,
            }
            for row in items_in(scope=scope)
            .filter(customer_id=head.id)
            .order_by("-document_date", "-id")
            .values(
                "id", "number", "kind", "document_date", "due_date", "currency", "amount", "open_amount", "entity__code"
            )[: ROWS + 1]
        ]
        for row in rows:
            row["entity_code"] = row["entity__code"]
    else:
        selection = EVERY_ITEM.of_customer(head.id)
        found = open_items(on=on, scope=scope, selection=selection, limit=ROWS + 1, way=_way(request, on, head))
        rows = [one._asdict() for one in found]
    marks = item_marks(item_ids=[row["item_id"] for row in rows[:ROWS]], on=request.on, scope=scope)
    for row in rows:
        row["kind_words"] = in_words(ITEM_KINDS, row["kind"])
        row["badges"] = item_badges(marks.get(row["item_id"]), shown, row["currency"]) if row["open_amount"] else ""
        row["days_overdue"] = row["days_overdue"] if row["open_amount"] > 0 else 0  # a credit is never late
        row["age"] = _age(row["days_overdue"])
    return {
        "rows": rows[:ROWS],
        "more": len(rows) > ROWS,
        "everything": everything,
        "as_of": on,
        "several_currencies": len({row["currency"] for row in rows}) > 1,
        "several_entities": len(head.accounts) > 1,
        "sums": _sums(rows[:ROWS]) if len(rows) <= ROWS else [],
    }


def _sums(rows: list[Any]) -> list[tuple[str, Any]]:
    sums: dict[str, Any] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["open_amount"]
    return sorted(sums.items())


def _age(days: int) -> int:
    return 0 if days <= 0 else 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4


def parse_date_or(text: str, otherwise: date) -> date:
    """The ISO date, or the other one for what is none."""
    try:
        return parse_date(text) or otherwise
    except ValueError:
        return otherwise


def _documents(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = list(
        documents_in(scope=request.scope)
        .filter(customer_id=head.id)
        .select_related("entity")
        .order_by("-document_date", "-id")[: ROWS + 1]
    )
    return {
        "rows": [{"row": row, "kind": in_words(ITEM_KINDS, row.kind)} for row in rows[:ROWS]],
        "more": len(rows) > ROWS,
    }


def _orders(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = orders_in(scope=request.scope).filter(customer_id=head.id).exclude(open_amount=0).select_related("entity")
    return {"rows": list(rows.order_by("-order_date", "-id")[:ROWS])}


def _disputes(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = disputes_in(scope=request.scope).filter(customer_id=head.id).select_related("item")
    return {
        "rows": [
            {
                "row": row,
                "reason": in_words(DISPUTE_REASONS, row.reason),
                "amount": row.disputed_amount or row.item.open_amount or row.item.amount,
                "days": ((row.closed_on or request.on) - row.opened_on).days,
            }
            for row in rows.order_by(F("closed_on").desc(nulls_first=True), "-opened_on", "-id")[:ROWS]
        ]
    }


def _promises(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = promises_in(scope=request.scope).filter(customer_id=head.id).select_related("entity", "recorded_by")
    found = list(rows.order_by("-due_on", "-id")[:ROWS])
    places = plan_places(plan_ids={row.plan_id for row in found if row.plan_id}, scope=request.scope)
    return {
        "rows": [{"row": row, "kind": PROMISE_KINDS[row.state], "place": places.get(row.id)} for row in found],
        "rate": kept_rate(scope=request.scope, since=add_months(request.on, -12), customer_id=head.id),
    }


def _holds(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = holds_in(scope=request.scope).filter(customer_id=head.id).select_related("item", "placed_by")
    on = request.on
    return {
        "rows": [
            {
                "row": row,
                "in_force": row.from_on <= on
                and (row.until_on is None or row.until_on >= on)
                and (row.lifted_on is None or row.lifted_on > on),
            }
            for row in rows.order_by("-from_on", "-id")[:ROWS]
        ]
    }


def _litigation(request: Any, head: CustomerHead) -> dict[str, Any]:
    """What was asked for beyond reminders: stops of deliveries, formal notices, cases, write-offs. 5 SQL queries."""
    of: dict[str, Any] = {"customer_id": head.id}
    scope = request.scope
    lists = [
        (_("Stop of deliveries"), "delivery_stop", stops_in(scope=scope)),
        (_("Formal notice"), "formal_notice", notices_in(scope=scope)),
        (_("Case"), "legal_case", cases_in(scope=scope)),
        (_("Write-off"), "write_off", write_offs_in(scope=scope)),
    ]
    rows = [
        {"kind": kind, "url": reverse(page_name, args=[row.id]), "row": row}
        for kind, page_name, found in lists
        for row in found.filter(**of).order_by("-on", "-id")[:ROWS]
    ]
    member = request.member
    return {
        "rows": sorted(rows, key=lambda one: one["row"].on, reverse=True),
        "own_rate": overrides_in_force(on=request.on).get(head.id),
        "may_ask": member.can(Can.ASK_TERMINAL),
        "may_set": member.can(Can.SET_PROVISION),
    }


def _contacts(request: Any, head: CustomerHead) -> dict[str, Any]:
    rows = contacts_in(scope=request.scope).filter(customer_id=head.id)
    return {"rows": list(rows.order_by("-is_active", "-is_primary", "last_name", "first_name", "id")[:ROWS])}


def _accounts(request: Any, head: CustomerHead) -> dict[str, Any]:
    return {"rows": [{**account, "method": in_words(PAYMENT_METHODS, account["method"])} for account in head.accounts]}


_TAB = {
    "items": _items,
    "documents": _documents,
    "orders": _orders,
    "disputes": _disputes,
    "promises": _promises,
    "holds": _holds,
    "litigation": _litigation,
    "contacts": _contacts,
    "accounts": _accounts,
}


def _lines(request: Any, customer_id: UUID, *, before: Place | None) -> dict[str, Any]:
    """A page of the history, narrowed as the address says: `?history=messages` and `?about=F-1` (an item's number)."""
    may = _sorts(request)
    wanted = request.GET.get("history", "")
    sorts = [sort for sort in may if sort == wanted] or may
    about = request.GET.get("about", "").strip()[:80]
    found: list[Happening] = []
    if item_id := _item_of(request, customer_id, about):
        found = timeline(
            customer_id=customer_id, scope=request.scope, before=before, limit=LINES + 1, sorts=sorts, item_id=item_id
        )
    elif not about:
        found = timeline(customer_id=customer_id, scope=request.scope, before=before, limit=LINES + 1, sorts=sorts)
    last = found[LINES - 1] if len(found) > LINES else None
    narrowed = {"history": wanted if len(sorts) < len(may) else "", "about": about}
    older = ""
    if last:
        place = f"{last.on.isoformat()}~{last.at.isoformat()}~{last.id.hex}~{last.kind}"
        older = urlencode({"before": place} | {name: value for name, value in narrowed.items() if value})
    reads = request.member.can(Can.VIEW_MESSAGES)
    return {
        "lines": [line_of(one, customer_id=customer_id, reads_messages=reads) for one in found[:LINES]],
        "older": older,
        "sorts": [(sort.value, SORTS[sort]) for sort in may],
        "narrowed": narrowed,
        "is_narrowed": any(narrowed.values()),
    }


def _sorts(request: Any) -> list[Sort]:
    """What of the history the reader may see."""
    needed = {
        Sort.PAYMENTS: Can.VIEW_ITEMS,
        Sort.PROMISES: Can.VIEW_ITEMS,
        Sort.DISPUTES: Can.VIEW_ITEMS,
        Sort.DECISIONS: Can.VIEW_ACTIONS,
        Sort.LITIGATION: Can.VIEW_ITEMS,
        Sort.PROFILE: Can.VIEW_PROFILES,
    }
    return [sort for sort in Sort if sort not in needed or request.member.can(needed[sort])]


def _item_of(request: Any, customer_id: UUID, number: str) -> UUID | None:
    """The customer's item of that number, the newest of several; None for no number and for one that there is not."""
    if not number or not request.member.can(Can.VIEW_ITEMS):
        return None
    rows = items_in(scope=request.scope).filter(customer_id=customer_id, number=number)
    return rows.order_by("-document_date", "-id").values_list("id", flat=True).first()


def _place(text: str) -> Place | None:
    """The place in the timeline that an address names; the newest for one that is none."""
    day, _tilde, rest = text.partition("~")
    at, _tilde, rest = rest.partition("~")
    row_id, _tilde, kind = rest.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        place = (date.fromisoformat(day), moment, UUID(row_id), kind)
    except ValueError:
        return None
    return place if moment.utcoffset() is not None and len(kind) <= 80 and "\0" not in kind else None


def _rights(request: Any) -> dict[str, bool]:
    member = request.member
    return {
        "items": member.can(Can.VIEW_ITEMS),
        "call": member.can(Can.LOG_CALLS),
        "promise": member.can(Can.RECORD_PROMISE),
        "dispute": member.can(Can.RECORD_DISPUTE),
        "answer": member.can(Can.ANSWER_DISPUTE),
        "hold": member.can(Can.PLACE_HOLD),
        "edit": member.can(Can.EDIT_CUSTOMERS),
        "fix": member.can(Can.FIX_DATA),
        "messages": member.can(Can.VIEW_ACTIONS),
        "profile": member.can(Can.VIEW_PROFILES),
    }
