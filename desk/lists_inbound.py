"""The list of mail that came in, as a declaration."""

from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import Formats
from core.lists import (
    ChoiceFilter,
    Column,
    DayFilter,
    Filters,
    ListPage,
    PrefixFilter,
    RowFilter,
    View,
    badge,
    day,
    page_of,
    text,
)
from core.lists import Row as ListRow
from desk.models import InboundMessage
from desk.queries.inbound import inbound_in
from receivables.filters import CustomerRowFilter
from receivables.queries.visible import entities_in

Kind, State = InboundMessage.Kind, InboundMessage.State
BADGES: dict[str, str] = {State.NEW: "warn", State.READ: "info", State.DONE: "good"}


class InboundFilters(Filters):
    """Mail that came in."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    state = ChoiceFilter(
        choices=[("open", _("to be dealt with")), ("nobodys", _("whose is it?")), ("done", _("done"))],
        method="in_state",
        label=_("State"),
    )
    kind = ChoiceFilter(choices=Kind.choices, label=_("Kind"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    on_from = DayFilter(field_name="on", lookup_expr="gte", label=_("From"))
    on_until = DayFilter(field_name="on", lookup_expr="lte", label=_("Until"))

    def in_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        if value == "done":
            return rows.filter(state=State.DONE)
        waiting = rows.exclude(state=State.DONE)
        return waiting.filter(customer__isnull=True) if value == "nobodys" else waiting


def _customer_cell(row: ListRow, formats: Formats) -> str:
    if row["customer_name"]:
        return str(row["customer_name"])
    return format_html('<span class="badge badge-warn">{}</span>', _("whose is it?"))


def _proposals_cell(row: ListRow, formats: Formats) -> str:
    """What it may mean and nobody has decided about."""
    waiting = [
        PROPOSALS[one["kind"]] for one in row["proposals"] if one["state"] == "OPEN" and one["kind"] in PROPOSALS
    ]
    return ", ".join(dict.fromkeys(str(label) for label in waiting))


KINDS: dict[str, str | Promise] = {
    Kind.REPLY: _("reply"),
    Kind.BOUNCE: _("not delivered"),
    Kind.OUT_OF_OFFICE: _("automatic answer"),
    Kind.RECEIPT: _("read receipt"),
}
PROPOSALS = {
    "PROMISE": _("promise"),
    "DISPUTE": _("dispute"),
    "PAYMENT": _("payment announced"),
    "OTHER_PERSON": _("another person"),
}

REPLIES = ListPage(
    name="replies",
    title=_("Replies"),
    can=Can.VIEW_MESSAGES,
    export_can=Can.EXPORT,
    rows=lambda reader: inbound_in(scope=reader.scope),
    fields=("customer_id", "on", "kind", "sender", "subject", "state", "proposals", "received_at", "matched_by"),
    names={"customer_name": "customer__name", "customer_ref": "customer__ref", "entity_code": "entity__code"},
    filters=InboundFilters,
    search="q",
    columns=(
        text("subject", _("Subject"), link=page_of("reply"), css="clip"),
        Column("customer_name", _("Customer"), _customer_cell, value=lambda row: row["customer_name"] or ""),
        text("sender", _("From"), css="clip"),
        badge("kind", _("Kind"), labels=KINDS),
        Column("proposals", _("May mean"), _proposals_cell, value=lambda row: _proposals_cell(row, None)),  # type: ignore[arg-type]
        badge("state", _("State"), labels=dict(State.choices), kinds=BADGES),
        text("entity_code", _("Company"), hidden=True),
        day("on", _("Day"), hidden=True),
        Column(
            "received_at",
            _("Received at"),
            lambda row, formats: formats.moment(row["received_at"]),
            sort="received_at",
        ),
    ),
    default_sort="-received_at",
    views=(
        View(_("To be dealt with"), {"state": "open"}),
        View(_("Whose is it?"), {"state": "nobodys"}),
        View(_("Bounced"), {"kind": Kind.BOUNCE}),
        View(_("Automatic"), {"kind": Kind.OUT_OF_OFFICE}),
        View(_("All")),
    ),
    start={"state": "open"},
    row_link=page_of("reply"),
    empty_title=_("No mail has come in yet"),
    empty_text=_("Replies, bounces and automatic answers stand here once a mailbox is connected."),
    empty_icon="mailbox",
    empty_url="connections",
    empty_label=_("Connect a mailbox"),
    empty_can=Can.MANAGE_CONNECTIONS,
)
