"""Ctrl K: customers, items and documents by how they begin, and what one may do."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core import formats
from core.text import search_key
from core.web import page, settings_pages
from receivables.queries.visible import customers_in, items_in
from receivables.words import ITEM_KINDS, in_words

FOUND = 6
SHORTEST = 2
# Customers whose names are looked through for a word inside, in the order of their names: a bounded scan.
LOOKED_THROUGH = 5_000

# What one may do from anywhere: label, icon, URL name, right, further words that find it.
ACTIONS = (
    (gettext_lazy("Import a file"), "file-import", "imports", Can.IMPORT_LEDGER, "csv xlsx upload"),
    (gettext_lazy("Invite a colleague"), "user-plus", "member_invite", Can.MANAGE_MEMBERS, "member user"),
    (gettext_lazy("Confirm today's reminders"), "checklist", "worklist", Can.VIEW_ACTIONS, "action dunning"),
    (gettext_lazy("Repair customer data"), "stethoscope", "quality", Can.FIX_DATA, "duplicate siren vat contact"),
    (gettext_lazy("Aged balance at a past day"), "calendar-stats", "ageing", Can.VIEW_AGEING, "as of date history"),
)


@requires()
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What begins as typed, in groups. At most 3 SQL queries of its own."""
    typed = request.GET.get("q", "").strip()[:80]
    context: dict[str, Any] = {"groups": [], "typed": typed}
    if len(typed) >= SHORTEST:
        found = [(_("Customers"), _customers(request, typed)), (_("Items"), _items(request, typed))]
        found.append((_("Actions"), _actions(request, typed)))
        found.append((_("Settings"), _settings(request, typed)))
        context["groups"] = [(title, rows) for title, rows in found if rows]
    return page(request, "reporting/search_page.html", context, part="reporting/search.html")


def _customers(request: Any, typed: str) -> list[dict[str, Any]]:
    key = search_key(typed)
    if not key or not request.member.can(Can.VIEW_CUSTOMERS):
        return []
    fields = ("id", "name", "ref", "city")
    visible = customers_in(scope=request.scope).order_by("name_key", "id")
    rows = list(visible.filter(Q(name_key__prefix=key) | Q(ref_key__prefix=key)).values(*fields)[:FOUND])
    if len(rows) < FOUND:
        some = visible.values("id", "name_key")[:LOOKED_THROUGH]
        inside = [one["id"] for one in some if f" {key}" in one["name_key"]] if len(key) > SHORTEST else []
        known = {row["id"] for row in rows}
        wanted = [row_id for row_id in inside if row_id not in known][: FOUND - len(rows)]
        rows += list(visible.filter(id__in=wanted).values(*fields)) if wanted else []
    return [
        {
            "icon": "users",
            "url": reverse("customer", args=[row["id"]]),
            "text": row["name"],
            "hint": " · ".join(filter(None, (row["ref"], row["city"]))),
        }
        for row in rows
    ]


def _items(request: Any, typed: str) -> list[dict[str, Any]]:
    """By number, as typed and in capitals."""
    if not request.member.can(Can.VIEW_ITEMS):
        return []
    forms = Q()
    for form in {typed, typed.upper()}:
        forms |= Q(number__prefix=form)
    found = items_in(scope=request.scope).filter(forms).order_by("number", "id")
    shown = formats.current()
    return [
        {
            "icon": "file-invoice",
            "url": reverse("item", args=[row["id"]]),
            "text": row["number"],
            "hint": " · ".join(
                (
                    row["customer__name"],
                    in_words(ITEM_KINDS, row["kind"]),
                    shown.money(row["open_amount"], row["currency"]) if row["open_amount"] else _("settled"),
                )
            ),
        }
        for row in found.values("id", "number", "kind", "open_amount", "currency", "customer__name")[:FOUND]
    ]


def _actions(request: Any, typed: str) -> list[dict[str, Any]]:
    words = search_key(typed).split()
    out = []
    for label, icon, url_name, can, further in ACTIONS:
        text = f"{search_key(str(label))} {further}"
        if words and all(word in text for word in words) and request.member.can(can):
            try:
                out.append({"icon": icon, "url": reverse(url_name), "text": str(label), "hint": ""})
            except NoReverseMatch:
                continue
    return out


def _settings(request: Any, typed: str) -> list[dict[str, Any]]:
    """Pages that the sidebar does not have, by a word of their name or of what they are for."""
    words = search_key(typed).split()
    return [
        {"icon": link.icon, "url": link.url, "text": link.label, "hint": link.about}
        for group in settings_pages(request)
        for link in group.links
        if words and all(word in search_key(f"{link.label} {link.about}") for word in words)
    ][:FOUND]
