"""The list of messages, as a declaration: its view shows it, settings.LISTS names it for exports."""

from typing import Any

from django.db.models import QuerySet
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
from desk.models import Channel, Message
from desk.queries.messages import messages_in
from receivables.filters import CustomerRowFilter
from receivables.queries.visible import entities_in

State = Message.State
WAITING = (State.DUE, State.CLAIMED, State.HANDED)
PROBLEMS = (State.BOUNCED, State.FAILED, State.UNSURE)
KINDS: dict[str, str] = {
    State.SENT: "good",
    State.BOUNCED: "bad",
    State.FAILED: "bad",
    State.UNSURE: "warn",
    State.DUE: "info",
    State.CLAIMED: "info",
    State.HANDED: "info",
}


class MessageFilters(Filters):
    """Messages out."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("waiting", _("waiting to leave")),
            ("sent", _("sent")),
            ("problems", _("not arrived, or unsure")),
            ("cancelled", _("cancelled")),
        ],
        method="in_state",
        label=_("State"),
    )
    channel = ChoiceFilter(choices=Channel.choices, label=_("Channel"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    on_from = DayFilter(field_name="on", lookup_expr="gte", label=_("From"))
    on_until = DayFilter(field_name="on", lookup_expr="lte", label=_("Until"))

    def in_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        groups = {"waiting": WAITING, "problems": PROBLEMS, "sent": (State.SENT,), "cancelled": (State.CANCELLED,)}
        return rows.filter(state__in=groups[value])


def _state_cell(row: ListRow, formats: Formats) -> str:
    """The state, and where something went wrong the server's own words."""
    label = State(row["state"]).label
    kind = KINDS.get(row["state"])
    shown = format_html('<span class="badge badge-{}">{}</span>', kind, label) if kind else str(label)
    if row["error"] and row["state"] in (*PROBLEMS, State.CANCELLED):
        return format_html('{} <span class="muted small">{}</span>', shown, row["error"][:80])
    return shown


def _left_cell(row: ListRow, formats: Formats) -> str:
    return formats.moment(row["sent_at"]) if row["sent_at"] else ""


MESSAGES = ListPage(
    name="messages",
    title=_("Messages"),
    can=Can.VIEW_MESSAGES,
    export_can=Can.EXPORT,
    rows=lambda reader: messages_in(scope=reader.scope),
    fields=("customer_id", "on", "channel", "recipient", "subject", "state", "error", "sent_at", "updated_at"),
    names={"customer_name": "customer__name", "customer_ref": "customer__ref", "entity_code": "entity__code"},
    filters=MessageFilters,
    search="q",
    columns=(
        text("subject", _("Subject"), link=page_of("message"), css="clip"),
        text("customer_name", _("Customer"), ref="customer_ref", css="clip"),
        text("entity_code", _("Company")),
        badge("channel", _("Channel"), labels=dict(Channel.choices)),
        text("recipient", _("To"), css="clip"),
        Column(
            "state",
            _("State"),
            _state_cell,
            value=lambda row: str(State(row["state"]).label),
        ),
        day("on", _("Day")),
        Column("sent_at", _("Sent at"), _left_cell),
        text("error", _("Error"), hidden=True),
        Column(
            "updated_at",
            _("Last change"),
            lambda row, formats: formats.moment(row["updated_at"]),
            sort="updated_at",
        ),
    ),
    default_sort="-updated_at",
    views=(
        View(_("All")),
        View(_("Waiting"), {"state": "waiting"}),
        View(_("Sent"), {"state": "sent"}),
        View(_("Problems"), {"state": "problems"}),
        View(_("Letters"), {"channel": Channel.LETTER}),
    ),
    row_link=page_of("message"),
    empty_title=_("No message has been written yet"),
    empty_text=_("Confirmed reminders become messages: they wait 30 seconds, are looked at once more, and leave."),
    empty_icon="mail-forward",
    empty_url="worklist",
    empty_label=_("See today's actions"),
    empty_can=Can.VIEW_ACTIONS,
)
