"""Why items are late, summed by what one asks, and the items behind a sum, on any day."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from collection.queries.cause_statistics import VIEWS, CauseSum, cause_sums, late_ones
from collection.words import CAUSE_ORIGINS, CAUSE_SIDES
from core.lists import (
    BadCursor,
    Bulk,
    Column,
    DayInput,
    ListPage,
    Reading,
    Row,
    Select,
    Sort,
    View,
    amount,
    badge,
    count,
    day,
    days_late,
    page_of,
    text,
)
from core.lists.keyset import SLICE_ROWS, decode, encode
from receivables.forms import SelectionForm
from receivables.models import Cause

VIEW_WORDS = {
    "cause": _("cause"),
    "side": _("whose doing"),
    "entity": _("company"),
    "biller": _("biller"),
    "product": _("product"),
    "site": _("site"),
    "month": _("month of the due date"),
    "salesperson": _("salesperson"),
    "collector": _("collector"),
}
NOTHING = "-"  # in an address: what has no value
MOST_GROUPS = 2_000


def _causes() -> list[tuple[str, Any]]:
    """The organisation's causes by code, those below others too. 1 SQL query, when the form shows."""
    codes = Cause.objects.order_by("position", "label").values_list("code", "label")
    return [("", _("any")), (NOTHING, _("not known")), *codes]


class CauseForm(SelectionForm):
    """The day, what to sum by, and to what the sums are narrowed."""

    on = forms.DateField(label=_("As of"), required=False, widget=DayInput())
    by = forms.ChoiceField(label=_("By"), required=False, widget=Select(), choices=list(VIEW_WORDS.items()))
    then = forms.ChoiceField(
        label=_("and by"), required=False, widget=Select(), choices=[("", "–"), *VIEW_WORDS.items()]
    )
    only_cause = forms.ChoiceField(label=_("Cause"), required=False, widget=Select(), choices=_causes)
    only_side = forms.ChoiceField(
        label=_("Whose doing"), required=False, widget=Select(), choices=[("", _("any")), *CAUSE_SIDES.items()]
    )
    only_biller = forms.CharField(label=_("Biller"), required=False, max_length=80)
    only_site = forms.CharField(label=_("Site"), required=False, max_length=60)
    only_product = forms.CharField(label=_("Product"), required=False, max_length=60)
    only_month = forms.RegexField(r"^[0-9]{4}-[0-9]{2}$", label=_("Month of the due date"), required=False)
    only_entity = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput())
    only_salesperson = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput())
    only_collector = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput())
    currency = forms.CharField(label=_("Currency"), required=False, max_length=3)

    field_order = ("on", "by", "then")

    def only(self) -> dict[str, str]:
        """To which groups it is narrowed, by view."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        found = {view: given.get(f"only_{view}") or "" for view in VIEWS}
        return {view: "" if value == NOTHING else value for view, value in found.items() if value}


class _Asked:
    """What an address asks for."""

    one_way = True

    def __init__(self, reading: Reading) -> None:
        self.reading, self.form = reading, reading.filterset
        self.form.is_valid()
        given = getattr(self.form, "cleaned_data", {})
        self.on: date = given.get("on") or reading.reader.on
        self.by: str = given.get("by") or "cause"
        self.then: str = given.get("then") or ""
        if self.then == self.by:
            self.then = ""
        self.asked: dict[str, Any] = {
            "on": self.on,
            "scope": reading.reader.scope,
            "selection": self.form.selection(currency=(given.get("currency") or "").upper()),
            "only": self.form.only(),
        }


class SumSource(_Asked):
    """Groups with their sums: few enough to be read at once. 1 SQL query and a probe."""

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        found = cause_sums(**self.asked, by=self.by, then=self.then)[:MOST_GROUPS]
        whole: dict[str, Decimal] = {}
        for one in found:
            whole[one.currency] = whole.get(one.currency, Decimal(0)) + one.amount
        return [self._row(one, whole[one.currency]) for one in found]

    def _row(self, one: CauseSum, whole: Decimal) -> dict[str, Any]:
        narrowed = {f"only_{self.by}": one.key or NOTHING, "currency": one.currency, "on": self.on.isoformat()}
        if self.then:
            narrowed[f"only_{self.then}"] = one.then_key or NOTHING
        kept = {k: v for k, v in self.reading.filters.items() if k not in ("by", "then", "on", "currency")}
        return {
            **one._asdict(),
            "id": uuid5(NAMESPACE_URL, f"{self.by}|{one.key}|{self.then}|{one.then_key}|{one.currency}"),
            "label": _label(self.by, one.label),
            "then_label": _label(self.then, one.then_label) if self.then else "",
            "share": one.amount * 100 / whole,
            "behind": reverse("late_items") + "?" + urlencode({**kept, **narrowed}),
        }

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        rows = self._sorted(sort)
        start = 0
        if after:
            _value, place = decode(after)
            ids = [row["id"] for row in rows]
            if place not in ids:
                raise BadCursor
            start = ids.index(place) + 1
        return rows[start : start + limit]

    def _sorted(self, sort: Sort) -> list[dict[str, Any]]:
        if sort.field not in ("amount", "items", "customers"):
            return self.rows
        rows = sorted(self.rows, key=lambda row: row[sort.field], reverse=sort.descending)
        return sorted(rows, key=lambda row: str(row["currency"]))

    def marker(self, row: Row, sort: Sort) -> str:
        return encode("", row["id"])

    def count(self, *, cap: int) -> int:
        return min(cap, len(self.rows))

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        sums: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            total = sums.setdefault(
                row["currency"], {"currency": row["currency"], "row_count": 0, "amount": Decimal(0)}
            )
            total["row_count"] += 1
            total["amount"] += row["amount"]
        return [sums[currency] for currency in sorted(sums)]

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        yield self._sorted(sort)


def _label(view: str, label: str) -> str:
    if view == "side" and label:
        return str(CAUSE_SIDES[label])
    return label or _now("not known")


CAUSE_STATISTICS = ListPage(
    name="cause_statistics",
    title=_("Why items are late"),
    can=Can.VIEW_AGEING,
    export_can=Can.EXPORT,
    source=SumSource,
    filters=CauseForm,
    kept=("on", "currency"),
    template="collection/cause_statistics.html",
    columns=(
        text("label", _("Group"), link=lambda row: str(row["behind"])),
        text("then_label", _("and"), when=lambda reading: bool(reading.source.then)),
        count("items", _("Items"), sort="items"),
        count("customers", _("Customers"), sort="customers"),
        amount("amount", _("Late amount"), total=True, strong=True, sort="amount", link=lambda row: str(row["behind"])),
        Column(
            "share",
            _("Share"),
            lambda row, formats: f"{formats.number(row['share'], 1)} %",
            css="amount",
            head_css="amount",
        ),
        Column(
            "mean_days",
            _("Days late, weighted"),
            lambda row, formats: formats.number(row["mean_days"], 1),
            css="amount",
            head_css="amount",
        ),
        text("currency", _("Currency")),
    ),
    default_sort="group",  # the largest group first, its parts below it
    views=(
        View(_("By cause"), {"by": "cause"}),
        View(_("Whose doing"), {"by": "side"}),
        View(_("By company"), {"by": "entity", "then": "cause"}),
        View(_("By biller"), {"by": "biller", "then": "cause"}),
        View(_("By product"), {"by": "product", "then": "cause"}),
        View(_("By site"), {"by": "site", "then": "cause"}),
        View(_("By month"), {"by": "month", "then": "cause"}),
    ),
    empty_title=_("Nothing is late"),
    empty_text=_("On this day no debit was open after its due date."),
    empty_icon="circle-check",
)


class LateSource(_Asked):
    """The items behind a sum, the oldest due first. Pages go forwards only."""

    def _found(self, *, after: Any = None, limit: int | None) -> list[dict[str, Any]]:
        return [one._asdict() for one in late_ones(**self.asked, after=after, limit=limit)]

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        place = decode(after) if after else None
        if place is not None and not isinstance(place[0], date):
            raise BadCursor
        return self._found(after=place, limit=limit)

    def marker(self, row: Row, sort: Sort) -> str:
        return encode(row["due_date"], row["id"])

    def count(self, *, cap: int) -> int:
        return len(self._found(limit=cap))

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        sums = cause_sums(**self.asked, by="side")
        out: dict[str, dict[str, Any]] = {}
        for one in sums:
            total = out.setdefault(one.currency, {"currency": one.currency, "row_count": 0, "open_amount": Decimal(0)})
            total["row_count"] += one.items
            total["open_amount"] += one.amount
        return [out[currency] for currency in sorted(out)]

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        found = self._found(limit=None)
        for start in range(0, len(found), SLICE_ROWS):
            yield found[start : start + SLICE_ROWS]


LATE_ITEMS = ListPage(
    name="late_items",
    title=_("Late items and their causes"),
    can=Can.VIEW_AGEING,
    export_can=Can.EXPORT,
    source=LateSource,
    filters=CauseForm,
    kept=("on",),
    template="collection/late_items.html",
    columns=(
        text("number", _("Number"), link=page_of("item")),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        text("entity_code", _("Company")),
        day("due_date", _("Due"), sort="due_date"),
        days_late("days_overdue", _("Days late")),
        amount("open_amount", _("Open that day"), total=True, strong=True, link=page_of("item")),
        text("currency", _("Currency")),
        text("cause", _("Cause")),
        badge("origin", _("Said"), labels=CAUSE_ORIGINS),
        text("biller", _("Biller"), hidden=True),
        text("product", _("Product"), hidden=True),
        text("site", _("Site"), hidden=True),
    ),
    default_sort="due_date",
    bulk=(
        Bulk(_("Set cause…"), "item_cause_set", "help-circle", Can.SET_CODES, dialog=True),
        Bulk(_("Set status…"), "item_status_set", "tag", Can.SET_CODES, dialog=True),
    ),
    sum_column="open_amount",
    row_link=page_of("item"),
    empty_title=_("No late items"),
    empty_text=_("On this day nothing was late here."),
    empty_icon="circle-check",
)
