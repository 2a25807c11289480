"""The list of customers with what is known of how they pay: the ledger's list, widened."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import Formats
from core.lists import ChoiceFilter, Column, Reader, Reading, Row, View
from receivables.filters import CustomerFilters
from receivables.lists.customers import CUSTOMERS as LEDGER_CUSTOMERS
from receivables.lists.customers import customer_states
from risk.models import PayerProfile
from risk.queries.profiles import classes_of
from risk.words import CLASS_KINDS, CLASSES, TRENDS

LATE_CLASSES = (PayerProfile.Class.SLOW, PayerProfile.Class.VERY_SLOW, PayerProfile.Class.DEFAULTING)
_FIELDS = ("payer_class", "payment_index", "late_days", "trend")


class PayerFilters(CustomerFilters):
    """Customers, also by how they pay. For readers who may not see profiles these filters find nobody."""

    payer = ChoiceFilter(
        choices=[*PayerProfile.Class.choices, ("late", _("slow or worse"))], method="of_class", label=_("Payer class")
    )
    trend = ChoiceFilter(choices=PayerProfile.Trend.choices, method="of_trend", label=_("Trend"))
    index_most = django_filters.NumberFilter(
        method="of_index", min_value=0, max_value=100, label=_("Payment index, at most")
    )

    def of_class(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = LATE_CLASSES if value == "late" else (value,)
        return self._with(rows, payer_class__in=wanted)

    def of_trend(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._with(rows, trend=value)

    def of_index(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return self._with(rows, payment_index__lte=int(value))

    def _with(self, rows: QuerySet[Any], **conditions: Any) -> QuerySet[Any]:
        if not _may_see(self.reader):
            return rows.none()
        # Who sees the customer sees its profile: the scope is that of the rows.
        profiles = PayerProfile.objects.filter(valid_to__isnull=True, customer_id=OuterRef("id"), **conditions)
        return rows.filter(Exists(profiles))


def _may_see(reader: Reader) -> bool:
    return reader.may is not None and reader.may(Can.VIEW_PROFILES)


def customer_profiles(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """What the ledger's list shows, and each customer's newest profile. 1 SQL query more."""
    customer_states(rows, reader)
    found = classes_of(customer_ids=[row["id"] for row in rows], scope=reader.scope) if _may_see(reader) else {}
    for row in rows:
        profile = found.get(row["id"])
        for name in _FIELDS:
            row[name] = getattr(profile, name, None)


def _class_cell(row: Row, formats: Formats) -> str:
    code = row["payer_class"]
    if not code or code == PayerProfile.Class.NOT_KNOWN:
        return ""
    return format_html('<span class="badge badge-{}">{}</span>', CLASS_KINDS[code], CLASSES[code])


def _shown(reading: Reading) -> bool:
    return _may_see(reading.reader)


_COLUMNS = (
    Column(
        "payer_class",
        _("Pays"),
        _class_cell,
        value=lambda row: str(CLASSES.get(row["payer_class"], "")),
        when=_shown,
    ),
    Column(
        "payment_index",
        _("Index"),
        lambda row, formats: "" if row["payment_index"] is None else formats.number(row["payment_index"]),
        css="amount",
        head_css="amount",
        when=_shown,
    ),
    Column(
        "late_days",
        _("Average delay"),
        lambda row, formats: "" if row["late_days"] is None else formats.number(row["late_days"], 1),
        css="amount",
        head_css="amount",
        hidden=True,
    ),
    Column(
        "trend",
        _("Trend"),
        lambda row, formats: str(TRENDS.get(row["trend"], "")) if row["trend"] != "NOT_KNOWN" else "",
        value=lambda row: str(TRENDS.get(row["trend"], "")),
        hidden=True,
    ),
)

CUSTOMERS = replace(
    LEDGER_CUSTOMERS,
    filters=PayerFilters,
    enrich=customer_profiles,
    columns=(*LEDGER_CUSTOMERS.columns, *_COLUMNS),
    views=(*LEDGER_CUSTOMERS.views, View(_("Slow payers"), {"payer": "late"})),
)
