"""The list of claims, as a declaration."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from collection.models import Claim
from collection.queries.claims import claims_in
from collection.words import CLAIM_KINDS, CLAIM_STATE_KINDS, CLAIM_STATES
from core.lists import (
    Bulk,
    ChoiceFilter,
    DayFilter,
    Filters,
    ListPage,
    PrefixFilter,
    RowFilter,
    View,
    amount,
    badge,
    day,
    page_of,
    text,
)
from receivables.filters import CustomerRowFilter
from receivables.queries.visible import entities_in


class ClaimFilters(Filters):
    """Claims."""

    q = PrefixFilter(keys=["customer__name_key", "customer__ref_key"], label=_("Search"))
    state = ChoiceFilter(
        choices=[("claimed", _("claimed")), ("waived", _("waived")), ("paid", _("paid")), ("all", _("all"))],
        method="in_state",
        label=_("State"),
    )
    kind = ChoiceFilter(choices=Claim.Kind.choices, label=_("Kind"))
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    on_from = DayFilter(field_name="on", lookup_expr="gte", label=_("From"))
    on_until = DayFilter(field_name="on", lookup_expr="lte", label=_("Until"))

    def in_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        return rows if value == "all" else rows.filter(state=value.upper())


CLAIMS = ListPage(
    name="claims",
    title=_("Interest and charges"),
    can=Can.VIEW_ITEMS,
    export_can=Can.EXPORT,
    rows=lambda reader: claims_in(scope=reader.scope),
    fields=(
        "customer_id",
        "item_id",
        "kind",
        "state",
        "currency",
        "amount",
        "from_on",
        "until_on",
        "law",
        "on",
        "reason",
    ),
    names={
        "customer_name": "customer__name",
        "customer_ref": "customer__ref",
        "number": "item__number",
        "entity_code": "entity__code",
        "member_name": "claimed_by__name",
    },
    filters=ClaimFilters,
    start={"state": "claimed"},
    search="q",
    columns=(
        text("number", _("Item"), link=page_of("claim")),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        text("entity_code", _("Company")),
        badge("kind", _("Kind"), labels=CLAIM_KINDS),
        amount("amount", _("Amount"), total=True, strong=True, sort="amount"),
        text("currency", _("Currency")),
        day("from_on", _("From")),
        day("until_on", _("Until")),
        text("law", _("Law")),
        badge("state", _("State"), labels=CLAIM_STATES, kinds=CLAIM_STATE_KINDS),
        day("on", _("Claimed on"), sort="on"),
        text("member_name", _("Claimed by"), hidden=True),
        text("reason", _("Reason"), css="clip", hidden=True),
    ),
    default_sort="-on",
    apart={"amount": "currency"},
    views=(
        View(_("Claimed"), {"state": "claimed"}),
        View(_("Waived"), {"state": "waived"}),
        View(_("Paid"), {"state": "paid"}),
        View(_("All"), {"state": "all"}),
    ),
    bulk=(
        Bulk(_("Waive…"), "claims_waive", "x", Can.WAIVE_CHARGES, dialog=True),
        Bulk(_("Paid"), "claims_paid", "check", Can.CLAIM_CHARGES),
    ),
    sum_column="amount",
    row_link=page_of("claim"),
    empty_title=_("Nothing has been claimed yet"),
    empty_text=_(
        "Select late items and claim interest and the fixed recovery charge: the law of the company's country decides."
    ),
    empty_icon="percentage",
    empty_url="items",
    empty_label=_("Go to the items"),
    empty_can=Can.VIEW_ITEMS,
)
