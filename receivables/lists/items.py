"""Items and documents."""

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import Formats
from core.lists import Bulk, Column, ListPage, Reader, Row, View, amount, badge, day, days_late, page_of, text
from receivables.filters import DocumentFilters, ItemFilters
from receivables.queries.beside import beside_items
from receivables.queries.visible import documents_in, items_in
from receivables.words import ITEM_KINDS, item_badges


def item_states(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """Days late on the reader's day (credits are never late), what is disputed, promised or held, codes. 1 SQL query."""
    states = beside_items(item_ids=[row["id"] for row in rows], on=reader.on, scope=reader.scope)
    for row in rows:
        row["days_overdue"] = max(0, (reader.on - row["due_date"]).days) if row["open_amount"] > 0 else 0
        beside = states.get(row["id"])
        row["marks"], row["status"], row["cause"] = beside or (None, "", "")


def state_cell(row: Row, formats: Formats) -> str:
    if not row["open_amount"]:
        return SafeString('<span class="zero">') + str(_("settled")) + SafeString("</span>")
    return item_badges(row["marks"], formats, row["currency"], status=row.get("status", ""))


def state_value(row: Row) -> str:
    """The same for exports."""
    if not row["open_amount"]:
        return str(_("settled"))
    marks = row["marks"]
    if marks is None:
        return str(_("open"))
    words = [
        *([_("disputed")] if marks.disputed is not None else []),
        *([_("promised")] if marks.promise_due else []),
        *([_("held")] if marks.hold else []),
    ]
    return ", ".join(map(str, words))


ITEM_COLUMNS = (
    text("number", _("Number"), link=page_of("item"), sort="number"),
    text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
    text("customer_ref", _("Customer reference"), hidden=True),
    badge("kind", _("Kind"), labels=ITEM_KINDS),
    text("entity_code", _("Company")),
    day("document_date", _("Issued")),
    day("due_date", _("Due"), sort="due_date"),
    days_late("days_overdue", _("Days late")),
    amount("amount", _("Amount")),
    amount("open_amount", _("Open"), sort="open_amount", total=True, strong=True, link=page_of("item")),
    text("currency", _("Currency")),
    Column("state", _("State"), state_cell, value=state_value),
    text("status", _("Status code"), hidden=True),
    text("cause", _("Cause"), hidden=True, when=lambda reading: "cause" in reading.filters),
    text("payment_method", _("Payment method"), hidden=True),
    text("order_ref", _("Order"), hidden=True),
    day("posting_date", _("Posted"), hidden=True),
    day("known_on", _("Known since"), hidden=True),
)

ITEMS = ListPage(
    name="items",
    title=_("Items"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: items_in(scope=reader.scope),
    fields=(
        "number", "kind", "instalment", "customer_id", "document_date", "due_date", "posting_date", "known_on",
        "amount", "open_amount", "currency", "payment_method",
    ),
    names={
        "customer_name": "customer__name",
        "customer_ref": "customer__ref",
        "entity_code": "entity__code",
        "order_ref": "document__order_ref",
    },
    enrich=item_states,
    filters=ItemFilters,
    start={"state": "open"},
    search="q",
    columns=ITEM_COLUMNS,
    default_sort="due_date",
    apart={"open_amount": "currency"},
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Mine"), {"state": "open", "mine": "on"}),
        View(_("Overdue"), {"state": "overdue"}),
        View(_("> 60 days"), {"state": "open", "late": "60"}),
        View(_("Disputed"), {"state": "open", "standing": "disputed"}),
        View(_("Credits"), {"state": "credits"}),
        View(_("All"), {"state": "all"}, sort="-due_date"),
    ),
    bulk=(
        Bulk(_("Suspend reminders…"), "holds_new", "player-pause", Can.PLACE_HOLD, dialog=True),
        Bulk(_("Dispute…"), "disputes_new", "message-report", Can.RECORD_DISPUTE, dialog=True),
        Bulk(_("Set status…"), "item_status_set", "tag", Can.SET_CODES, dialog=True),
        Bulk(_("Set cause…"), "item_cause_set", "help-circle", Can.SET_CODES, dialog=True),
        Bulk(_("Write off…"), "write_offs_new", "file-off", Can.ASK_TERMINAL, dialog=True),
        Bulk(_("Claim interest…"), "claims_new", "percentage", Can.CLAIM_CHARGES, dialog=True),
        Bulk(_("Scenario…"), "items_pin", "pin", Can.EDIT_SCENARIOS, dialog=True),
    ),
    sum_column="open_amount",
    row_link=page_of("item"),
    empty_title=_("No invoices or payments yet"),
    empty_text=_("Import a file of your open items, or connect your ERP: they then show here with their age."),
    empty_icon="file-invoice",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)  # fmt: skip


DOCUMENTS = ListPage(
    name="documents",
    title=_("Documents"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: documents_in(scope=reader.scope),
    fields=(
        "number", "kind", "customer_id", "document_date", "total_amount", "vat_amount", "currency", "order_ref",
        "project_ref", "biller", "product", "site",
    ),
    names={"customer_name": "customer__name", "customer_ref": "customer__ref", "entity_code": "entity__code"},
    filters=DocumentFilters,
    search="q",
    columns=(
        text("number", _("Number"), link=page_of("document"), sort="number"),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        badge("kind", _("Kind"), labels=ITEM_KINDS),
        text("entity_code", _("Company")),
        day("document_date", _("Issued"), sort="document_date"),
        amount("total_amount", _("Total"), total=True, strong=True, link=page_of("document"), sort="total_amount"),
        amount("vat_amount", _("VAT")),
        text("currency", _("Currency")),
        text("order_ref", _("Order")),
        text("project_ref", _("Project"), hidden=True),
        text("product", _("Product"), hidden=True),
        text("site", _("Site"), hidden=True),
        text("biller", _("Biller"), hidden=True),
    ),
    default_sort="-document_date",
    apart={"total_amount": "currency"},
    views=(
        View(_("All")),
        View(_("Mine"), {"mine": "on"}),
        View(_("Open"), {"state": "open"}),
        View(_("Overdue"), {"state": "overdue"}),
        View(_("Invoices"), {"kind": "INVOICE"}),
        View(_("Credit notes"), {"kind": "CREDIT_NOTE"}),
        View(_("Payments"), {"kind": "PAYMENT"}),
    ),
    row_link=page_of("document"),
    empty_title=_("No documents yet"),
    empty_text=_("They come with the items: import a file, or connect your ERP."),
    empty_icon="files",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)  # fmt: skip
