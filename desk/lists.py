"""The lists of messages and of alerts, as declarations: views show them, settings.LISTS names them for exports."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import Formats
from core.lists import (
    Bulk,
    ChoiceFilter,
    Column,
    DayFilter,
    Filters,
    FlagFilter,
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
from core.phrases import in_words
from desk.models import Alert, Channel, Message
from desk.queries.alerts import alerts_in
from desk.queries.messages import messages_in
from receivables.filters import CustomerRowFilter
from receivables.queries.visible import accounts_in, entities_in

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
        Column("sent_at", _("Sent at"), _left_cell, hidden=True),
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


class AlertFilters(Filters):
    """Alerts about customers."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("open", _("to be seen")),
            ("postponed", _("put off")),
            ("acknowledged", _("acknowledged")),
            ("all", _("all")),
        ],
        method="in_state",
        label=_("State"),
    )
    severity = ChoiceFilter(choices=Alert.Severity.choices, label=_("Severity"))
    mine = FlagFilter(method="of_mine", label=_("Mine"))
    customer = CustomerRowFilter()

    def in_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        on = self.reader.on
        match value:
            case "open":
                return rows.filter(acknowledged_on__isnull=True).exclude(postponed_until__gt=on)
            case "postponed":
                return rows.filter(postponed_until__gt=on, acknowledged_on__isnull=True)
            case "acknowledged":
                return rows.filter(acknowledged_on__isnull=False)
        return rows

    def of_mine(self, rows: "QuerySet[Any]", name: str, value: bool) -> "QuerySet[Any]":
        member = self.reader.member_id
        if member is None:
            return rows.none()
        accounts = accounts_in(scope=self.reader.scope).filter(customer_id=OuterRef("customer_id"))
        return rows.filter(Exists(accounts.filter(Q(collector_id=member) | Q(salesperson_id=member))))


ALERT_KINDS: dict[str, str] = {
    Alert.Severity.WARNING: "warn",
    Alert.Severity.CRITICAL: "bad",
    Alert.Severity.NOTICE: "info",
}


def alert_words(row: Any) -> str:
    """The sentence of an alert, in the reader's language."""
    return in_words({"text": row["text"], "values": row["values"]})


def _seen_cell(row: ListRow, formats: Formats) -> str:
    if row["acknowledged_on"] is None:
        return ""
    shown = f"{formats.day(row['acknowledged_on'])} {row['member_name'] or ''}"
    return f"{shown} · {row['note']}" if row["note"] else shown


ALERTS = ListPage(
    name="alerts",
    title=_("Alerts"),
    can=Can.VIEW_ALERTS,
    export_can=Can.EXPORT,
    rows=lambda reader: alerts_in(scope=reader.scope),
    fields=("customer_id", "severity", "on", "text", "values", "postponed_until", "acknowledged_on", "note"),
    names={
        "customer_name": "customer__name",
        "customer_ref": "customer__ref",
        "member_name": "acknowledged_by__name",
    },
    filters=AlertFilters,
    start={"state": "open"},
    search="q",
    columns=(
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        day("on", _("Day"), sort="on"),
        badge("severity", _("Severity"), labels=dict(Alert.Severity.choices), kinds=ALERT_KINDS),
        Column(
            "postponed_until",
            _("Put off until"),
            lambda row, formats: formats.day(row["postponed_until"]),
            when=lambda reading: reading.filters.get("state") in ("postponed", "all"),
        ),
        Column("text", _("What happened"), lambda row, formats: alert_words(row), value=alert_words),
        Column("acknowledged_on", _("Acknowledged"), _seen_cell),
        text("note", _("What follows"), hidden=True),
    ),
    default_sort="-on",
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Mine"), {"state": "open", "mine": "on"}),
        View(_("Critical"), {"state": "open", "severity": Alert.Severity.CRITICAL}),
        View(_("Postponed"), {"state": "postponed"}),
        View(_("Acknowledged"), {"state": "acknowledged"}),
        View(_("All"), {"state": "all"}),
    ),
    bulk=(
        Bulk(_("Acknowledge…"), "alerts_acknowledge", "check", Can.ACKNOWLEDGE_ALERTS, dialog=True),
        Bulk(_("Put off…"), "alerts_postpone", "clock-pause", Can.ACKNOWLEDGE_ALERTS, dialog=True),
    ),
    row_link=page_of("customer", "customer_id"),
    empty_title=_("Nothing to be seen"),
    empty_text=_("A customer that pays worse than before appears here the morning after."),
    empty_icon="bell",
)
