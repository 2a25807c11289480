"""The bank's lines with what is proposed for them, what the books have not followed yet, and who was learned to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Can
from core.formats import Formats
from core.lists import Bulk, Column, ListPage, Reader, Row, View, amount, badge, day, page_of, text
from receivables.filters_cash import BankLineFilters, CashAllocationFilters, KnownPayerFilters
from receivables.models import BankLine, CashAllocation, KnownPayer
from receivables.queries.matching import bank_lines_in, cash_allocations_in, known_payers_in
from receivables.words_cash import reasons_in_words, sureness

_CUSTOMER = {"customer_name": "customer__name", "customer_ref": "customer__ref"}
LINE_STATES = dict(BankLine.State.choices)
ALLOCATION_STATES = dict(CashAllocation.State.choices)
ALLOCATION_KINDS = {"CONFIRMED": "good", "CONTRADICTED": "bad", "PROPOSED": "info", "EXPORTED": "info", "REVERSED": ""}


def _explain(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    for row in rows:
        waits = row["state"] == BankLine.State.OPEN
        row["why"] = reasons_in_words(row["proposal"], row["currency"])[:2] if waits else []
        row["sure"] = sureness(row["confidence"]) if waits else ""


def _payer_cell(row: Row, formats: Formats) -> str:
    """Opens the line in the drawer: what it says, what is proposed, and what can be done."""
    address = page_of("cash_line")(row)
    shown = row["payer_name"] or row["text"][:60] or "–"
    return format_html('<a href="{0}" hx-get="{0}" hx-target="#drawer-content">{1}</a>', address, shown)


def _sure_cell(row: Row, formats: Formats) -> str:
    if row["state"] != BankLine.State.OPEN:
        return str(LINE_STATES[row["state"]])
    if not row["confidence"]:
        return format_html('<span class="muted">{}</span>', _("nothing found"))
    kind = "good" if row["confidence"] >= 0.8 else "warn" if row["confidence"] >= 0.5 else "info"
    return format_html(
        '<span class="badge badge-{}">{}</span> {}', kind, formats.pct(row["confidence"] * 100), row["sure"]
    )


BANK_LINES = ListPage(
    name="cash",
    title=_("Payments received"),
    can=Can.APPLY_CASH,
    export_can=Can.EXPORT,
    rows=lambda reader: bank_lines_in(scope=reader.scope),
    fields=(
        "booked_on", "payer_name", "text", "amount", "remaining_amount", "currency", "state", "confidence", "proposal",
        "customer_id", "set_aside_reason",
    ),
    names=_CUSTOMER,
    enrich=_explain,
    filters=BankLineFilters,
    start={"state": "open"},
    search="q",
    columns=(
        day("booked_on", _("Booked"), sort="booked_on"),
        Column("payer_name", _("Payer"), _payer_cell, css="clip"),
        text("text", pgettext_lazy("of a payment", "Text"), css="clip"),
        amount("amount", _("Amount")),
        amount("remaining_amount", _("To match"), total=True, strong=True, sort="remaining_amount"),
        text("currency", _("Currency")),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        Column("confidence", _("Proposal"), _sure_cell, sort="confidence", value=lambda row: row["confidence"]),
        Column(
            "why", _("Why"), lambda row, formats: " ".join(row["why"]), css="clip",
            value=lambda row: " ".join(row["why"]),
        ),
        text("set_aside_reason", _("Set aside because"), hidden=True),
    ),
    default_sort="-booked_on",
    apart={"remaining_amount": "currency"},
    views=(
        View(_("To match"), {"state": "open"}),
        View(_("Suggested"), {"state": "suggested"}, sort="-confidence"),
        View(_("Nothing found"), {"state": "unknown"}),
        View(_("Matched"), {"state": "matched"}),
        View(_("By itself"), {"state": "automatic"}),
        View(_("Set aside"), {"state": "set_aside"}),
        View(_("All"), {"state": "all"}),
    ),
    bulk=(
        Bulk(_("Confirm"), "cash_confirm", "check", Can.APPLY_CASH),
        Bulk(_("Refuse"), "cash_refuse", "x", Can.APPLY_CASH),
        Bulk(_("Set aside…"), "cash_aside", "archive", Can.APPLY_CASH, dialog=True),
        Bulk(_("Take back"), "cash_reverse", "arrow-back-up", Can.APPLY_CASH),
    ),
    sum_column="remaining_amount",
    template="receivables/cash.html",
    row_link=page_of("cash_line"),
    empty_title=_("Nothing to match"),
    empty_text=_("Import a statement of the bank: its lines are matched to open items each night, or at once."),
    empty_icon="building-bank",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)  # fmt: skip


CASH_ALLOCATIONS = ListPage(
    name="cash_books",
    title=_("Not in the books yet"),
    can=Can.APPLY_CASH,
    export_can=Can.EXPORT,
    rows=lambda reader: cash_allocations_in(scope=reader.scope),
    fields=(
        "item_id", "customer_id", "cash_amount", "difference_amount", "difference", "currency", "on", "state",
        "state_on", "leaves_amount",
    ),
    names={
        **_CUSTOMER,
        "number": "item__number",
        "book_amount": "item__open_amount",
        "line_id": "match__line_id",
        "booked_on": "match__line__booked_on",
        "payer_name": "match__line__payer_name",
        "entity_code": "item__entity__code",
    },
    filters=CashAllocationFilters,
    start={"state": "late"},
    search="q",
    columns=(
        text("number", _("Item"), link=page_of("item", "item_id")),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        text("entity_code", _("Company")),
        day("booked_on", _("Booked")),
        text("payer_name", _("Payer"), css="clip"),
        amount("cash_amount", _("Paid"), total=True, strong=True),
        amount("difference_amount", _("Given up")),
        text("currency", _("Currency")),
        amount("book_amount", _("Open in the books")),
        amount("leaves_amount", _("Should be open")),
        day("on", _("Matched"), sort="on"),
        badge("state", _("State"), labels=ALLOCATION_STATES, kinds=ALLOCATION_KINDS),
        day("state_on", _("Since")),
    ),
    default_sort="on",
    views=(
        View(_("To look into"), {"state": "late"}),
        View(_("Not in the books yet"), {"state": "waiting"}),
        View(_("Contradicted"), {"state": "contradicted"}),
        View(_("Confirmed"), {"state": "confirmed"}, sort="-on"),
        View(_("All"), {"state": "all"}, sort="-on"),
    ),
    bulk=(Bulk(_("Mark as sent to the books"), "cash_exported", "send", Can.APPLY_CASH),),
    sum_column="cash_amount",
    apart={"cash_amount": "currency"},
    row_link=page_of("item", "item_id"),
    empty_title=_("The books have followed"),
    empty_text=_("What is matched here and not in the books after some days stands here."),
    empty_icon="check",
    empty_url="cash",
    empty_label=_("Go to the payments received"),
    empty_can=Can.APPLY_CASH,
)  # fmt: skip


KNOWN_PAYERS = ListPage(
    name="known_payers",
    title=_("Known payers"),
    can=Can.APPLY_CASH,
    rows=lambda reader: known_payers_in(scope=reader.scope),
    fields=("kind", "value", "customer_id", "confirmed_on"),
    names={**_CUSTOMER, "member_name": "confirmed_by__name"},
    filters=KnownPayerFilters,
    search="q",
    columns=(
        text("value", _("Account or name"), css="clip"),
        badge("kind", _("Kind"), labels=dict(KnownPayer.Kind.choices)),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        text("member_name", _("Confirmed by")),
        day("confirmed_on", _("Confirmed"), sort="confirmed_on"),
    ),
    default_sort="-confirmed_on",
    views=(View(_("All"), {}),),
    bulk=(Bulk(_("Revoke"), "payers_revoke", "x", Can.APPLY_CASH),),
    row_link=page_of("customer", "customer_id"),
    empty_title=_("Nobody yet"),
    empty_text=_("Confirm whose a payment is: its bank account or name is then known."),
    empty_icon="building-bank",
    empty_url="cash",
    empty_label=_("Go to the payments received"),
    empty_can=Can.APPLY_CASH,
)
