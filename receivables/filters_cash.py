"""Filters of cash application's lists, for pages, exports and the API."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core.lists import ChoiceFilter, DayFilter, Filters, PrefixFilter, RowFilter
from receivables.filters import CustomerRowFilter, LedgerSearch
from receivables.models import BankLine, CashAllocation, CashMatch
from receivables.queries.matching import UNCONFIRMED, cash_settings, late_allocations_in
from receivables.queries.visible import entities_in


class BankLineFilters(Filters):
    """Lines of the bank."""

    q = LedgerSearch(numbers=["payer_name", "text", "payer_iban"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("open", _("to match")),
            ("suggested", _("suggested")),
            ("unknown", _("nothing found")),
            ("matched", _("matched")),
            ("automatic", _("matched by itself")),
            ("set_aside", _("set aside")),
            ("all", _("all")),
        ],
        method="in_state",
        label=_("State"),
    )
    customer = CustomerRowFilter()
    entity = RowFilter(rows=lambda reader: entities_in(scope=reader.scope), label=_("Company"))
    currency = django_filters.CharFilter(label=_("Currency"), max_length=3)
    booked_from = DayFilter(field_name="booked_on", lookup_expr="gte", label=_("Booked from"))
    booked_until = DayFilter(field_name="booked_on", lookup_expr="lte", label=_("Booked until"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "all":
            return rows
        if value == "suggested":
            return rows.filter(state=BankLine.State.OPEN, confidence__gt=0)
        if value == "unknown":
            return rows.filter(state=BankLine.State.OPEN, confidence=0)
        if value == "automatic":
            accepted = CashMatch.objects.filter(
                line_id=OuterRef("id"), state=CashMatch.State.ACCEPTED, is_automatic=True
            )
            return rows.filter(Exists(accepted))
        return rows.filter(state=value.upper())


class CashAllocationFilters(Filters):
    """What was set against items here."""

    q = LedgerSearch(numbers=["item__number"], label=_("Search"))
    state = ChoiceFilter(
        choices=[
            ("late", _("to look into")),
            ("waiting", _("not in the books yet")),
            ("confirmed", _("confirmed by the books")),
            ("contradicted", _("contradicted by the books")),
            ("all", _("all")),
        ],
        method="in_state",
        label=_("State"),
    )
    customer = CustomerRowFilter()
    currency = django_filters.CharFilter(label=_("Currency"), max_length=3)

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "late":
            days = cash_settings().confirm_days
            late = late_allocations_in(on=self.reader.on, days=days, scope=self.reader.scope)
            return rows.filter(id__in=late.values("id"))
        if value == "waiting":
            return rows.filter(state__in=UNCONFIRMED)
        return rows.exclude(state=CashAllocation.State.REVERSED) if value == "all" else rows.filter(state=value.upper())


class KnownPayerFilters(Filters):
    """Accounts and names that pay for customers."""

    q = PrefixFilter(numbers=["value"], keys=["customer__name_key"], label=_("Search"))
    customer = CustomerRowFilter()
