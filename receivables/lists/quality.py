"""Customers whose data need repair, by what is wrong with them."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Can
from core.formats import Formats
from core.lists import Column, ListPage, QuerySource, Reader, Reading, Row, Sort, page_of, text
from receivables.filters import QualityFilters
from receivables.models import Contact, Customer
from receivables.queries.visible import accounts_in, contacts_in, customers_in
from receivables.words import country_name


class CheckWords(NamedTuple):
    """What a check is called, why it matters, and which form repairs it (a URL name)."""

    title: str | Promise
    why: str | Promise
    repair: str


FIELDS = ("ref", "name", "name_key", "country", "city", "siren", "vat_number", "registration_number", "email", "phone")

CHECK_WORDS = {
    "no_identifier": CheckWords(
        gettext_lazy("No legal identifier"),
        gettext_lazy("Without SIREN, VAT number, LEI or register number a customer cannot be matched to a company."),
        "identifiers",
    ),
    "conflict": CheckWords(
        gettext_lazy("Identifiers contradict each other"),
        gettext_lazy("The VAT number or SIRET belongs to another SIREN. Members of a VAT group may be right."),
        "identifiers",
    ),
    "duplicate": CheckWords(
        gettext_lazy("Perhaps twice in the books"),
        gettext_lazy("Another customer has the same SIREN or VAT number: limits and reminders then see only a part."),
        "identifiers",
    ),
    "no_email": CheckWords(
        gettext_lazy("Nobody to write to"),
        gettext_lazy("No person with a working e-mail address and no address of the company: reminders cannot leave."),
        "contact_new",
    ),
    "bounced": CheckWords(
        gettext_lazy("E-mail refused"),
        gettext_lazy("The recipient's server refused a message: the address is wrong or the person has left."),
        "contact",
    ),
    "no_decider": CheckWords(
        gettext_lazy("Large debtor without decision maker"),
        gettext_lazy("Of the 50 largest debtors we should know somebody who decides about payments."),
        "contact_new",
    ),
    "no_terms": CheckWords(
        gettext_lazy("No payment terms"),
        gettext_lazy("Due dates cannot be checked against what was agreed."),
        "account_terms",
    ),
    "no_collector": CheckWords(
        gettext_lazy("Nobody looks after it"),
        gettext_lazy("Without a collector it is on nobody's list."),
        "customers_assign",
    ),
    "no_address": CheckWords(
        gettext_lazy("Address incomplete"), gettext_lazy("Letters need street, city and country."), "address"
    ),
    "stale": CheckWords(
        gettext_lazy("Open, but asleep"),
        gettext_lazy("Something is open and nothing was issued for a year: ask whether the company still exists."),
        "address",
    ),
}


def _facts(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """What the forms need: a bounced person, an account without terms, and who shares a number. 3 SQL queries."""
    ids = [row["id"] for row in rows]
    bounced = contacts_in(scope=reader.scope).filter(
        customer_id__in=ids, is_active=True, email_bounced_at__isnull=False
    )
    persons: dict[Any, Contact] = {one.customer_id: one for one in bounced}
    without = accounts_in(scope=reader.scope).filter(customer_id__in=ids, terms_id__isnull=True)
    accounts = dict(without.values_list("customer_id", "id"))
    twins = _twins(rows)
    for row in rows:
        row["bounced"] = persons.get(row["id"])
        row["account_id"] = accounts.get(row["id"])
        row["twins"] = [one for one in twins if one["id"] != row["id"] and _share_a_number(one, row)]


def _twins(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Customers with a SIREN or VAT number of these rows."""
    sirens = {row["siren"] for row in rows if row["siren"]}
    vat_numbers = {row["vat_number"] for row in rows if row["vat_number"]}
    found = Customer.objects.filter(Q(siren__in=sirens) | Q(vat_number__in=vat_numbers))
    return [dict(one) for one in found.values("id", "name", "ref", "siren", "vat_number")]


def _share_a_number(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(one[name] and one[name] == other[name] for name in ("siren", "vat_number"))


def _found(row: Row, formats: Formats) -> str:
    """What is known, so that one sees what is missing."""
    if row["bounced"] is not None:
        return f"{row['bounced']} · {row['bounced'].email}"
    links = [(page_of("customer")(one), one["name"], one["ref"]) for one in row["twins"]]
    if links:
        return format_html("{} {}", _("same as"), format_html_join(", ", '<a href="{}" title="{}">{}</a>', links))
    return ""


def _repair(row: Row, formats: Formats) -> str:
    """The button that opens the form of the check."""
    return format_html(
        '<button type="button" class="btn btn-s" hx-get="{}" hx-target="#drawer-content">{}</button>',
        _repair_url(row, row["check"]),
        _("Repair…"),
    )


def _repair_url(row: Row, check: str) -> str:
    name = CHECK_WORDS[check].repair
    if name == "contact":
        return (
            reverse("contact", args=[row["bounced"].id]) if row["bounced"] else reverse("contact_new", args=[row["id"]])
        )
    if name == "account_terms" and row["account_id"]:
        return reverse("account_terms", args=[row["account_id"]])
    if name == "customers_assign":
        return reverse("customers_assign") + "?" + urlencode({"pick": row["id"]})
    return reverse("address" if name == "account_terms" else name, args=[row["id"]])


class QualitySource(QuerySource):
    """Customers that a check finds; each row says which check it was."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading.filterset.qs, fields=FIELDS)
        self.check = reading.query.get("check", "")

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        rows = super().slice(sort=sort, after=after, before=before, limit=limit)
        return [{**row, "check": self.check} for row in rows]


def _checks(*names: str) -> Any:
    """Whether the list is of one of these checks."""
    return lambda reading: reading.query.get("check") in names


QUALITY = ListPage(
    name="quality",
    title=gettext_lazy("Data quality"),
    can=Can.FIX_DATA,
    export_can=Can.EXPORT,
    rows=lambda reader: customers_in(scope=reader.scope),
    source=QualitySource,
    enrich=_facts,
    filters=QualityFilters,
    start={"check": "no_identifier"},
    kept=("check",),
    search="q",
    template="receivables/quality.html",
    columns=(
        text("name", gettext_lazy("Customer"), link=page_of("customer"), ref="ref", sort="name_key"),
        text("ref", gettext_lazy("Reference"), hidden=True),
        Column("country", gettext_lazy("Country"), lambda row, formats: country_name(row["country"], formats)),
        text("city", gettext_lazy("City")),
        text("siren", gettext_lazy("SIREN"), when=_checks("conflict", "duplicate")),
        text("vat_number", gettext_lazy("VAT number"), when=_checks("conflict", "duplicate")),
        text("registration_number", gettext_lazy("Register"), hidden=True),
        text("email", gettext_lazy("E-mail"), css="clip", when=_checks("bounced", "no_decider", "stale")),
        Column(
            "found", gettext_lazy("Found"), _found, value=lambda row: ", ".join(one["ref"] for one in row["twins"]),
            when=_checks("duplicate", "bounced"),
        ),
        Column("repair", gettext_lazy("Repair"), _repair, css="actions", exported=False),
    ),
    default_sort="name_key",
    empty_title=gettext_lazy("Nothing to repair here"),
    empty_text=gettext_lazy("Every customer passes this check."),
    empty_icon="circle-check",
)  # fmt: skip
