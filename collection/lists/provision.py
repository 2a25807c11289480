"""The provision by customer on any day, with its totals by currency."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from collection.queries.provision import provision_by_customer
from collection.rules.provision import BUCKETS, Standing
from core.lists import (
    BadCursor,
    Column,
    DayInput,
    ListPage,
    Reading,
    Row,
    Sort,
    View,
    amount,
    page_of,
    text,
)
from core.lists.keyset import SLICE_ROWS, decode, encode
from receivables.forms import SelectionForm
from receivables.lists.ageing import BUCKET_LABELS

STANDING_WORDS = {
    Standing.INSOLVENCY: _("insolvent"),
    Standing.LITIGATION: _("in litigation or handed over"),
    Standing.DOUBTFUL: _("doubtful"),
    Standing.DISPUTED: _("in dispute"),
    Standing.NORMAL: _("none of these"),
}
_SORTS = ("provision", "amount", "base")


class ProvisionForm(SelectionForm):
    """The day and the part of the ledger."""

    on = forms.DateField(label=_("As of"), required=False, widget=DayInput())
    currency = forms.CharField(label=_("Currency"), required=False, max_length=3)
    only = forms.BooleanField(label=_("With a rate of their own"), required=False)

    field_order = ("on", "currency")


class ProvisionSource:
    """A row for each customer and currency. 4 SQL queries, whatever the number of customers."""

    one_way = True

    def __init__(self, reading: Reading) -> None:
        self.reading, self.form = reading, reading.filterset
        self.form.is_valid()
        given = getattr(self.form, "cleaned_data", {})
        self.on: date = given.get("on") or reading.reader.on
        self.only_overridden: bool = bool(given.get("only"))
        self.selection = self.form.selection(currency=(given.get("currency") or "").upper())

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        found = provision_by_customer(on=self.on, scope=self.reading.reader.scope, selection=self.selection)
        rows = [row for row in found if not self.only_overridden or row["own_percent"] is not None]
        for row in rows:
            row["id"] = uuid5(NAMESPACE_URL, f"{row['customer_id']}|{row['currency']}")
            row["standing"] = "" if row["worst"] is Standing.NORMAL else STANDING_WORDS[row["worst"]]
            row["percent"] = row["provision"] * 100 / row["base"] if row["base"] > 0 else Decimal(0)
        return sorted(rows, key=lambda row: (row["currency"], -row["provision"], row["name"], row["id"]))

    def _sorted(self, sort: Sort) -> list[dict[str, Any]]:
        if sort.field not in _SORTS:
            return self.rows
        rows = sorted(self.rows, key=lambda row: row[sort.field], reverse=sort.descending)
        return sorted(rows, key=lambda row: str(row["currency"]))

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        rows = self._sorted(sort)
        start = 0
        if after:
            _value, place = decode(after)
            start = next((n for n, row in enumerate(rows, start=1) if row["id"] == place), -1)
            if start < 0:
                raise BadCursor
        return rows[start : start + limit]

    def marker(self, row: Row, sort: Sort) -> str:
        return encode("", row["id"])

    def count(self, *, cap: int) -> int:
        return min(cap, len(self.rows))

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        sums: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            start = {"currency": row["currency"], "row_count": 0, **dict.fromkeys(columns, Decimal(0))}
            total = sums.setdefault(row["currency"], start)
            total["row_count"] += 1
            for name in columns:
                total[name] += row[name]
        return [sums[currency] for currency in sorted(sums)]

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        rows = self._sorted(sort)
        for start in range(0, len(rows), SLICE_ROWS):
            yield rows[start : start + SLICE_ROWS]


PROVISION = ListPage(
    name="provision",
    title=_("Provision"),
    count_cap=100_000,
    can=Can.VIEW_AGEING,
    export_can=Can.EXPORT,
    source=ProvisionSource,
    filters=ProvisionForm,
    kept=("on", "currency"),
    no_chips=("on",),
    template="collection/provision.html",
    columns=(
        text("name", _("Customer"), link=page_of("customer", "customer_id"), ref="ref", css="clip"),
        text("standing", _("Standing")),
        amount("provision", _("Provision"), total=True, strong=True, sort="provision"),
        Column(
            "percent",
            _("Percent"),
            lambda row, formats: formats.number(row["percent"], 1),
            css="amount",
            head_css="amount",
        ),
        amount("base", _("Without VAT"), total=True, sort="base"),
        amount("amount", _("Open"), total=True, sort="amount"),
        *(amount(name, BUCKET_LABELS[name], total=True) for name in BUCKETS),
        text("currency", _("Currency")),
        text("reason", _("Rate of its own"), css="clip"),
    ),
    default_sort="-provision",
    views=(View(_("All")), View(_("With a rate of their own"), {"only": "on"})),
    sum_column="provision",
    row_link=page_of("customer", "customer_id"),
    empty_title=_("Nothing is open"),
    empty_text=_("On this day nothing was open: there is nothing to provide for."),
    empty_icon="table",
)
