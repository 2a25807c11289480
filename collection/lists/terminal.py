"""Lists of terminal steps: stops of deliveries, formal notices, cases, write-offs."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from collection.models import Agency, DeliveryStop, FormalNotice, LegalCase, WriteOff
from collection.queries.terminal import cases_in, notices_in, notices_to_ask, stops_in, write_offs_in
from collection.services.terminal import in_one_line
from core.formats import Formats
from core.lists import (
    Bulk,
    ChoiceFilter,
    Column,
    DayFilter,
    Filters,
    ListPage,
    PrefixFilter,
    Row,
    RowFilter,
    View,
    amount,
    badge,
    count,
    day,
    page_of,
    text,
)
from receivables.filters import CustomerRowFilter
from receivables.queries.visible import entities_in

_CUSTOMER_NAMES = {"customer_name": "customer__name", "customer_ref": "customer__ref", "entity_code": "entity__code"}
_CUSTOMER = text(
    "customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"
)
STATE_KINDS = {
    "REQUESTED": "warn", "ACCEPTED": "bad", "APPROVED": "good", "REFUSED": "", "LIFTED": "good", "WITHDRAWN": "",
    "SPENT": "good", "REPLACED": "", "PREPARED": "warn", "HANDED_OVER": "bad", "CLOSED": "", "POSTED": "good", "OVERTAKEN": "good",
}  # fmt: skip


class TerminalFilters(Filters):
    """What all of them may be asked for."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    state = ChoiceFilter(choices=[("open", _("open")), ("all", _("all"))], method="in_state", label=_("State"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    on_from = DayFilter(field_name="on", lookup_expr="gte", label=_("From"))
    on_until = DayFilter(field_name="on", lookup_expr="lte", label=_("Until"))

    open_states: tuple[str, ...] = ("REQUESTED", "ACCEPTED", "APPROVED", "PREPARED", "HANDED_OVER")

    def in_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        match value:
            case "all":
                return rows
            case "open":
                return rows.filter(state__in=self.open_states)
        return rows.filter(state=value.upper())


class StopFilters(TerminalFilters):
    """Stops of deliveries."""

    state = ChoiceFilter(
        choices=[("open", _("open")), *((v.lower(), w) for v, w in DeliveryStop.State.choices), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )


class NoticeFilters(TerminalFilters):
    """Approvals of formal notices."""

    state = ChoiceFilter(
        choices=[("open", _("open")), *((v.lower(), w) for v, w in FormalNotice.State.choices), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )


class CaseFilters(TerminalFilters):
    """Cases."""

    state = ChoiceFilter(
        choices=[("open", _("open")), *((v.lower(), w) for v, w in LegalCase.State.choices), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )
    agency = RowFilter(rows=lambda reader: Agency.objects.order_by("name"), label=_("Who collects"))


class WriteOffFilters(TerminalFilters):
    """Write-offs."""

    state = ChoiceFilter(
        choices=[("open", _("open")), *((v.lower(), w) for v, w in WriteOff.State.choices), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )


def _sums(name: str, label: Any) -> Column:
    def cell(row: Row, formats: Formats) -> str:
        return ", ".join(formats.money(Decimal(text), currency) for currency, text in row[name].items())

    return Column(name, label, cell, css="amount", head_css="amount", value=lambda row: in_one_line(row[name]))


DELIVERY_STOPS = ListPage(
    name="delivery_stops",
    title=_("Stops of deliveries"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: stops_in(scope=reader.scope),
    fields=("customer_id", "state", "reason", "amounts", "on", "decided_on", "answer", "ended_on"),
    names={**_CUSTOMER_NAMES, "asked_by": "requested_by__name", "decider": "decided_by__name"},
    filters=StopFilters,
    start={"state": "open"},
    search="q",
    columns=(
        _CUSTOMER,
        text("entity_code", _("Company"), value=lambda row: row["entity_code"] or str(_("all"))),
        badge("state", _("State"), labels=dict(DeliveryStop.State.choices), kinds=STATE_KINDS),
        _sums("amounts", _("Overdue then")),
        text("reason", _("Why"), css="clip"),
        day("on", _("Asked on"), sort="on"),
        text("asked_by", _("By")),
        day("decided_on", _("Decided on")),
        text("decider", _("By whom")),
        day("ended_on", _("Ended on")),
    ),
    default_sort="-on",
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("To decide"), {"state": "requested"}),
        View(_("Stopped"), {"state": "accepted"}),
        View(_("All"), {"state": "all"}),
    ),
    row_link=page_of("delivery_stop"),
    empty_title=_("No stop of deliveries"),
    empty_text=_("Ask for one on a customer's page: whoever decides about deliveries gets it as a task."),
    empty_icon="ban",
    empty_url="customers",
    empty_label=_("Go to the customers"),
    empty_can=Can.VIEW_CUSTOMERS,
)

FORMAL_NOTICES = ListPage(
    name="formal_notices",
    title=_("Formal notices to approve"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: notices_in(scope=reader.scope),
    fields=("customer_id", "state", "note", "amounts", "on", "decided_on", "answer"),
    names={**_CUSTOMER_NAMES, "asked_by": "requested_by__name", "decider": "decided_by__name"},
    filters=NoticeFilters,
    start={"state": "open"},
    search="q",
    columns=(
        _CUSTOMER,
        text("entity_code", _("Company")),
        badge("state", _("State"), labels=dict(FormalNotice.State.choices), kinds=STATE_KINDS),
        _sums("amounts", _("Amount")),
        text("note", _("Note"), css="clip"),
        day("on", _("Asked on"), sort="on"),
        text("asked_by", _("By")),
        day("decided_on", _("Decided on")),
        text("decider", _("By whom")),
    ),
    default_sort="-on",
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("To approve"), {"state": "requested"}),
        View(_("All"), {"state": "all"}),
    ),
    bulk=(Bulk(_("Read and approve…"), "formal_notices_read", "check", Can.APPROVE_TERMINAL),),
    sum_column="amounts",
    template="collection/formal_notices.html",
    row_link=page_of("formal_notice"),
    empty_title=_("No formal notice waits"),
    empty_text=_(
        "Where a scenario has reached a formal notice, its approval is asked for among the actions of the day."
    ),
    empty_icon="gavel",
)


class ProposedNoticeFilters(Filters):
    """Formal notices that are proposed."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))


NOTICES_TO_ASK = ListPage(
    name="notices_to_ask",
    title=_("Formal notices to ask for"),
    can=Can.VIEW_ACTIONS,
    export_can=Can.EXPORT,
    rows=lambda reader: notices_to_ask(scope=reader.scope),
    fields=("customer_id", "amounts", "on", "proposed_since"),
    names={**_CUSTOMER_NAMES, "step_name": "step__name"},
    filters=ProposedNoticeFilters,
    search="q",
    columns=(
        _CUSTOMER,
        text("entity_code", _("Company")),
        text("step_name", _("Step"), link=page_of("action"), css="clip"),
        _sums("amounts", _("Amount")),
        day("proposed_since", _("Proposed since"), sort="proposed_since"),
    ),
    default_sort="proposed_since",
    bulk=(Bulk(_("Ask for the approval…"), "formal_notices_ask", "gavel", Can.ASK_TERMINAL, dialog=True),),
    sum_column="amounts",
    template="collection/notices_to_ask.html",
    row_link=page_of("action"),
    empty_title=_("No formal notice to ask for"),
    empty_text=_("Those that scenarios have reached stand here until their approval is asked for."),
    empty_icon="gavel",
)

LEGAL_CASES = ListPage(
    name="legal_cases",
    title=_("Cases with agencies and lawyers"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: cases_in(scope=reader.scope),
    fields=("customer_id", "number", "state", "agency_ref", "on", "decided_on", "closed_on", "outcome"),
    names={**_CUSTOMER_NAMES, "agency_name": "agency__name"},
    filters=CaseFilters,
    start={"state": "open"},
    search="q",
    columns=(
        count("number", _("Case"), sort="number"),
        _CUSTOMER,
        text("entity_code", _("Company")),
        badge("state", _("State"), labels=dict(LegalCase.State.choices), kinds=STATE_KINDS),
        text("agency_name", _("Who collects"), value=lambda row: row["agency_name"] or str(_("not chosen yet"))),
        text("agency_ref", _("Their reference")),
        day("on", _("Prepared on"), sort="on"),
        day("decided_on", _("Handed over on")),
        day("closed_on", _("Closed on")),
        badge("outcome", _("Outcome"), labels=dict(LegalCase.Outcome.choices)),
    ),
    default_sort="-number",
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("Prepared"), {"state": "prepared"}),
        View(_("Handed over"), {"state": "handed_over"}),
        View(_("Closed"), {"state": "closed"}),
        View(_("All"), {"state": "all"}),
    ),
    row_link=page_of("legal_case"),
    empty_title=_("No case yet"),
    empty_text=_("Prepare one on a customer's page: its dossier holds all pieces that an agency or a lawyer asks for."),
    empty_icon="briefcase",
    empty_url="customers",
    empty_label=_("Go to the customers"),
    empty_can=Can.VIEW_CUSTOMERS,
)

WRITE_OFFS = ListPage(
    name="write_offs",
    title=_("Write-offs"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: write_offs_in(scope=reader.scope),
    fields=("customer_id", "state", "reason", "amount", "currency", "on", "decided_on", "ended_on"),
    names={**_CUSTOMER_NAMES, "asked_by": "requested_by__name", "decider": "decided_by__name"},
    filters=WriteOffFilters,
    start={"state": "open"},
    search="q",
    columns=(
        _CUSTOMER,
        text("entity_code", _("Company")),
        amount("amount", _("Amount"), total=True, strong=True, sort="amount"),
        text("currency", _("Currency")),
        badge("state", _("State"), labels=dict(WriteOff.State.choices), kinds=STATE_KINDS),
        text("reason", _("Why"), css="clip"),
        day("on", _("Asked on"), sort="on"),
        text("asked_by", _("By")),
        day("decided_on", _("Decided on")),
        text("decider", _("By whom")),
        day("ended_on", _("Ended on")),
    ),
    default_sort="-on",
    apart={"amount": "currency"},
    views=(
        View(_("Open"), {"state": "open"}),
        View(_("To approve"), {"state": "requested"}),
        View(_("To post in the ERP"), {"state": "approved"}),
        View(_("Posted"), {"state": "posted"}),
        View(_("All"), {"state": "all"}),
    ),
    sum_column="amount",
    row_link=page_of("write_off"),
    empty_title=_("Nothing is given up"),
    empty_text=_("Select items and ask for their write-off; somebody else approves it."),
    empty_icon="file-off",
    empty_url="items",
    empty_label=_("Go to the items"),
    empty_can=Can.VIEW_ITEMS,
)
