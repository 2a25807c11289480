"""Orders, promises and disputes."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import Formats
from core.lists import Bulk, Column, ListPage, Reader, Row, View, amount, badge, day, page_of, text
from receivables.filters import DisputeFilters, HoldFilters, OrderFilters, PromiseFilters
from receivables.queries.promises import plan_places
from receivables.queries.visible import disputes_in, holds_in, orders_in, promises_in
from receivables.words import DISPUTE_REASONS, HOLD_REASONS, PROMISE_KINDS, PROMISE_STATES

CUSTOMER = text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip")
CUSTOMER_NAMES = {"customer_name": "customer__name", "customer_ref": "customer__ref"}


def _whole_days(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    for row in rows:
        row["late"] = not row["closed_on"] and bool(row["answer_due_on"]) and row["answer_due_on"] < reader.on
        row["open_days"] = ((row["closed_on"] or reader.on) - row["opened_on"]).days
        whole = row["item_open"] or row["item_amount"]  # of what is settled meanwhile, all that it was
        row["contested"] = whole if row["disputed_amount"] is None else row["disputed_amount"]


def _days_left(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """Whether the day has passed, and which part of its plan a promise is. 1 SQL query."""
    places = plan_places(plan_ids={row["plan_id"] for row in rows if row["plan_id"]}, scope=reader.scope)
    for row in rows:
        row["late"] = row["state"] == "OPEN" and row["due_on"] < reader.on
        row["part"] = "{}/{}".format(*places[row["id"]]) if row["id"] in places else ""


def _answer_cell(row: Row, formats: Formats) -> str:
    """The day to answer by; late in red, answered with a word."""
    if row["answered_on"]:
        return str(_("answered"))
    shown = formats.day(row["answer_due_on"])
    return format_html('<span class="is-late">{}</span>', shown) if row["late"] else shown


def _due_cell(row: Row, formats: Formats) -> str:
    shown = formats.day(row["due_on"])
    return format_html('<span class="is-late">{}</span>', shown) if row["late"] else shown


ORDERS = ListPage(
    name="orders",
    title=_("Orders in hand"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: orders_in(scope=reader.scope),
    fields=("number", "customer_id", "order_date", "delivery_date", "amount", "open_amount", "currency"),
    names={**CUSTOMER_NAMES, "entity_code": "entity__code"},
    filters=OrderFilters,
    start={"state": "open"},
    search="q",
    columns=(
        text("number", _("Order"), sort="number"),
        CUSTOMER,
        text("entity_code", _("Company")),
        day("order_date", _("Ordered"), sort="order_date"),
        day("delivery_date", _("Delivery")),
        amount("amount", _("Amount")),
        amount("open_amount", _("Not invoiced"), total=True, strong=True, sort="open_amount"),
        text("currency", _("Currency")),
    ),
    default_sort="-order_date",
    apart={"open_amount": "currency"},
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Mine"), {"state": "open", "mine": "on"}),
        View(_("Delivery overdue"), {"state": "late"}),
        View(_("All"), {"state": "all"}),
    ),
    sum_column="open_amount",
    empty_title=_("No orders in hand"),
    empty_text=_("Orders count towards the exposure of a customer. They come from a file or from your ERP."),
    empty_icon="shopping-cart",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)


PROMISES = ListPage(
    name="promises",
    title=_("Promises to pay"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: promises_in(scope=reader.scope),
    fields=(
        "customer_id", "amount", "currency", "made_on", "due_on", "state", "decided_on", "comment", "plan_id",
        "received_amount",
    ),
    names={**CUSTOMER_NAMES, "entity_code": "entity__code", "member_name": "recorded_by__name"},
    enrich=_days_left,
    filters=PromiseFilters,
    start={"state": "open"},
    search="q",
    columns=(
        CUSTOMER,
        text("entity_code", _("Company")),
        amount("amount", _("Promised"), total=True, strong=True, sort="amount"),
        text("currency", _("Currency")),
        day("made_on", _("Made")),
        Column("due_on", _("Due"), _due_cell, sort="due_on"),
        badge("state", _("State"), labels=PROMISE_STATES, kinds=PROMISE_KINDS),
        text("part", _("Part of a plan")),
        amount("received_amount", _("Came in"), hidden=True),
        text("member_name", _("Recorded by")),
        text("comment", _("Comment"), css="clip"),
    ),
    default_sort="due_on",
    apart={"amount": "currency"},
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Mine"), {"state": "open", "mine": "on"}),
        View(_("Due"), {"state": "due"}),
        View(_("Broken"), {"state": "broken"}, sort="-due_on"),
        View(_("In part"), {"state": "partly"}, sort="-due_on"),
        View(_("Kept"), {"state": "kept"}, sort="-due_on"),
        View(_("All"), {"state": "all"}, sort="-due_on"),
    ),
    bulk=(Bulk(_("Withdraw"), "promises_withdraw", "x", Can.RECORD_PROMISE),),
    sum_column="amount",
    row_link=page_of("customer", "customer_id"),
    template="receivables/promises.html",
    empty_title=_("No promises yet"),
    empty_text=_("Record one on a customer's page: reminders wait until its day, and it is kept or broken by itself."),
    empty_icon="calendar-event",
    empty_url="customers",
    empty_label=_("Go to the customers"),
    empty_can=Can.VIEW_CUSTOMERS,
)  # fmt: skip


def _in_force(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """Whether each keeps reminders back on the reader's day, and what it is on."""
    for row in rows:
        ended = row["lifted_on"] is not None and row["lifted_on"] <= reader.on
        passed = row["until_on"] is not None and row["until_on"] < reader.on
        row["state"] = "OVER" if ended or passed else "AHEAD" if row["from_on"] > reader.on else "IN_FORCE"
        row["what"] = row["number"] or row["group_name"] or str(_("whole customer"))


HOLDS = ListPage(
    name="holds",
    title=_("Suspensions of reminders"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: holds_in(scope=reader.scope),
    fields=("customer_id", "item_id", "group_id", "reason", "note", "from_on", "until_on", "lifted_on"),
    names={
        **CUSTOMER_NAMES,
        "number": "item__number",
        "group_name": "group__name",
        "member_name": "placed_by__name",
        "lifter_name": "lifted_by__name",
    },
    enrich=_in_force,
    filters=HoldFilters,
    start={"state": "in_force"},
    search="q",
    columns=(
        CUSTOMER,
        text("what", _("What"), link=page_of("item", "item_id")),
        badge("reason", _("Reason"), labels=HOLD_REASONS),
        badge(
            "state", _("State"), labels={"IN_FORCE": _("in force"), "AHEAD": _("not begun"), "OVER": _("over")},
            kinds={"IN_FORCE": "bad", "AHEAD": "warn"},
        ),
        day("from_on", _("From"), sort="from_on"),
        day("until_on", _("Until")),
        text("member_name", _("Placed by")),
        day("lifted_on", _("Lifted on")),
        text("lifter_name", _("Lifted by"), hidden=True),
        text("note", _("Note"), css="clip"),
    ),
    default_sort="-from_on",
    views=(
        View(_("In force"), {"state": "in_force"}),
        View(_("Mine"), {"state": "in_force", "mine": "on"}),
        View(_("Insolvency"), {"state": "in_force", "reason": "INSOLVENCY"}),
        View(_("Do not contact"), {"state": "in_force", "reason": "DO_NOT_CONTACT"}),
        View(_("All"), {"state": "all"}),
    ),
    bulk=(Bulk(_("Let reminders go on"), "holds_lift", "player-play", Can.PLACE_HOLD),),
    row_link=page_of("customer", "customer_id"),
    empty_title=_("Nothing is suspended"),
    empty_text=_("Suspend the reminders of an item, a customer or a group from their pages or lists."),
    empty_icon="player-play",
    empty_url="items",
    empty_label=_("Go to the items"),
    empty_can=Can.VIEW_ITEMS,
)  # fmt: skip


DISPUTES = ListPage(
    name="disputes",
    title=_("Disputes"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: disputes_in(scope=reader.scope),
    fields=(
        "customer_id", "item_id", "reason", "disputed_amount", "currency", "opened_on", "closed_on", "comment",
        "answer_due_on", "answered_on",
    ),
    names={
        **CUSTOMER_NAMES,
        "number": "item__number",
        "item_amount": "item__amount",
        "item_open": "item__open_amount",
        "entity_code": "item__entity__code",
        "member_name": "opened_by__name",
        "owner_name": "owner__name",
    },
    enrich=_whole_days,
    filters=DisputeFilters,
    start={"state": "open"},
    search="q",
    columns=(
        text("number", _("Item"), link=page_of("dispute")),
        CUSTOMER,
        text("entity_code", _("Company")),
        badge("reason", _("Reason"), labels=DISPUTE_REASONS, kinds=dict.fromkeys(DISPUTE_REASONS, "dispute")),
        amount("contested", _("Disputed"), strong=True),
        text("currency", _("Currency")),
        day("opened_on", _("Opened"), sort="opened_on"),
        Column(
            "open_days", _("Days"), lambda row, formats: formats.number(row["open_days"]), css="amount",
            head_css="amount",
        ),
        text("owner_name", _("Who answers")),
        Column("answer_due_on", _("Answer until"), _answer_cell, sort="answer_due_on"),
        day("closed_on", _("Closed"), hidden=True),
        text("member_name", _("Opened by"), hidden=True),
        text("comment", _("Comment"), css="clip"),
    ),
    default_sort="opened_on",
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Mine"), {"state": "open", "mine": "on"}),
        View(_("> 30 days"), {"state": "old"}),
        View(_("Closed"), {"state": "closed"}, sort="-opened_on"),
        View(_("All"), {"state": "all"}, sort="-opened_on"),
    ),
    bulk=(Bulk(_("Close…"), "disputes_close", "check", Can.ANSWER_DISPUTE, dialog=True),),
    sum_column="contested",
    row_link=page_of("dispute"),
    empty_title=_("No disputes yet"),
    empty_text=_("Open one from an item: its disputed part is not chased until the dispute is closed."),
    empty_icon="message-report",
    empty_url="items",
    empty_label=_("Go to the items"),
    empty_can=Can.VIEW_ITEMS,
)  # fmt: skip
