"""The aged balance by customer, and the items behind its cells, on any day."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.lists import (
    BadCursor,
    Bulk,
    Column,
    ListPage,
    Reader,
    Reading,
    Row,
    Sort,
    View,
    amount,
    badge,
    day,
    days_late,
    page_of,
    text,
)
from core.lists.keyset import SLICE_ROWS, decode, encode
from receivables.forms import AgeingForm, OpenItemsForm
from receivables.lists.items import state_cell, state_value
from receivables.queries import (
    AgeingSort,
    AgeingTotal,
    CustomerAgeing,
    ageing_by_customer,
    ageing_totals,
    open_items,
)
from receivables.queries.as_of import Way, way_to
from receivables.queries.beside import item_marks
from receivables.queries.marks import customer_marks
from receivables.rules.ageing import DEFAULT_BUCKETS, CreditTreatment
from receivables.words import ITEM_KINDS, customer_badges, short_names

BUCKETS = DEFAULT_BUCKETS.names
BUCKET_LABELS: dict[str, str | Promise] = {
    "not_due": _("Not due"),
    "d1_30": _("1–30 days"),
    "d31_60": _("31–60 days"),
    "d61_90": _("61–90 days"),
    "d91_plus": _("> 90 days"),
}
ALL_CURRENCIES = "ALL"
SORTS = {
    "name": AgeingSort.NAME, "ref": AgeingSort.REF, "total": AgeingSort.TOTAL, "overdue": AgeingSort.OVERDUE,
}  # fmt: skip
BY_AMOUNT = (AgeingSort.TOTAL, AgeingSort.OVERDUE)
# Of the address, what the items behind a cell are asked with too.
PASSED_ON = (
    "on", "known_on", "credits", "entity", "collector", "salesperson", "sector", "region", "product", "group", "mine",
)  # fmt: skip


class Figures:
    """What an address asks of the aged balance: the day, what was known, the part of the ledger, and its totals."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.form, self.reader = reading, reading.filterset, reading.reader
        self.form.is_valid()
        given = self.form.cleaned_data
        self.on: date = given.get("on") or self.reader.on
        self.known_on: date | None = given.get("known_on")
        self.treatment: CreditTreatment = self.form.treatment
        self.asked_currency: str = given.get("currency", "").upper()
        self.everywhere = self.form.selection()

    @cached_property
    def way(self) -> Way:
        return way_to(on=self.on, known_on=self.known_on, scope=self.reader.scope, selection=self.everywhere)

    @property
    def asked(self) -> dict[str, Any]:
        """What every query of the aged balance is given."""
        return {
            "on": self.on,
            "known_on": self.known_on,
            "scope": self.reader.scope,
            "treatment": self.treatment,
            "way": self.way,
        }

    @cached_property
    def by_currency(self) -> list[AgeingTotal]:
        """Totals of each currency, the one with the most customers first. 1 SQL query."""
        found = ageing_totals(**self.asked, selection=self.everywhere)
        return sorted(found, key=lambda total: (-total.customers, total.currency))

    @cached_property
    def currency(self) -> str:
        """The currency that is shown: the one asked for, else the one with the most customers; "" for all of them."""
        if self.asked_currency == ALL_CURRENCIES:
            return ""
        return self.asked_currency or (self.by_currency[0].currency if self.by_currency else "")

    @property
    def totals(self) -> list[AgeingTotal]:
        return [total for total in self.by_currency if not self.currency or total.currency == self.currency]

    @property
    def selection(self) -> Any:
        return replace(self.everywhere, currency=self.currency)

    @cached_property
    def drill(self) -> str:
        """The address of the items behind, still without customer, currency and bucket."""
        given = {name: self.reading.filters[name] for name in PASSED_ON if name in self.reading.filters}
        return reverse("ageing_items") + "?" + urlencode({**given, "on": self.on.isoformat()})

    def behind(self, *, bucket: str = "", currency: str = "", customer_id: UUID | None = None) -> str:
        """The address of the items behind a figure. Set off against the oldest, a cell has no items of its own."""
        if self.treatment is CreditTreatment.OLDEST_FIRST:
            bucket = ""
        parts = {"currency": currency, "customer": customer_id or "", "bucket": bucket}
        return self.drill + "&" + urlencode({name: value for name, value in parts.items() if value})


class AgeingSource:
    """Customers' aged balances. 1 SQL query a call, and one for the totals, whose currencies come first."""

    def __init__(self, reading: Reading) -> None:
        self.figures = Figures(reading)

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        kind = SORTS.get(sort.field, AgeingSort.TOTAL)
        found = ageing_by_customer(
            **self.figures.asked,
            selection=self.figures.selection,
            sort=kind,
            # Its amounts run downwards by themselves.
            reverse=sort.descending if kind not in BY_AMOUNT else not sort.descending,
            after=_position(after, kind) if after else None,
            before=_position(before, kind) if before and not after else None,
            limit=limit,
        )
        return [self._row(one, kind) for one in found]

    def _row(self, one: CustomerAgeing, kind: AgeingSort) -> dict[str, Any]:
        row = one._asdict()
        row.update(zip(BUCKETS, row.pop("amounts"), strict=True))
        row["id"] = one.customer_id
        row["position"] = one.position(kind)
        row["behind"] = lambda bucket: self.figures.behind(
            bucket=bucket, currency=one.currency, customer_id=one.customer_id
        )
        return row

    def marker(self, row: Row, sort: Sort) -> str:
        return base64.urlsafe_b64encode(json.dumps(row["position"]).encode()).decode().rstrip("=")

    def count(self, *, cap: int) -> int:
        return min(cap, sum(total.customers for total in self.figures.totals))

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        return [self._total(total) for total in self.figures.totals]

    def _total(self, total: AgeingTotal) -> dict[str, Any]:
        return {
            "currency": total.currency,
            "row_count": total.customers,
            **dict(zip(BUCKETS, total.amounts, strict=True)),
            "credits": total.credits,
            "overdue": total.overdue,
            "total": total.total,
            "behind": lambda bucket: self.figures.behind(bucket=bucket, currency=total.currency),
        }

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        """In one query: each slice would sum up the whole ledger again."""
        kind = SORTS.get(sort.field, AgeingSort.TOTAL)
        reverse_ = sort.descending if kind not in BY_AMOUNT else not sort.descending
        found = ageing_by_customer(
            **self.figures.asked, selection=self.figures.selection, sort=kind, reverse=reverse_, limit=None
        )
        for start in range(0, len(found), SLICE_ROWS):
            yield [self._row(one, kind) for one in found[start : start + SLICE_ROWS]]


def _position(token: str, kind: AgeingSort) -> tuple[str, str, str]:
    """A row's place, from its marker. Raises BadCursor, also on the marker of another sort."""
    try:
        first, second, third = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if kind in BY_AMOUNT:
            if not Decimal(second).is_finite():
                raise BadCursor
            UUID(third)
        else:
            UUID(second)
        if "\x00" in first + second + third:
            raise BadCursor
        return first, second, third
    except (ValueError, TypeError, ArithmeticError, AttributeError, binascii.Error, RecursionError) as error:
        raise BadCursor from error


def _badges(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """Collectors, and what stands against chasing them today. 1 SQL query."""
    marks = customer_marks(customer_ids=[row["id"] for row in rows], on=reader.on, scope=reader.scope)
    for row in rows:
        row["marks"] = marks.get(row["id"])
        row["collectors"] = short_names(row["marks"].collectors) if row["marks"] else ""


def _bucket(name: str, index: int) -> Column:
    def behind(row: Row) -> str:
        return str(row["behind"](name))

    return amount(
        name,
        BUCKET_LABELS[name],
        total=True,
        link=behind,
        total_link=behind,
        css=(lambda row: f"age{index}" if row[name] > 0 else "") if index else "",
    )


AGEING = ListPage(
    name="ageing",
    title=_("Aged balance"),
    count_cap=10_000,  # its sums are those of the page's head, which are asked for anyway
    can=Can.VIEW_AGEING,
    export_can=Can.EXPORT,
    source=AgeingSource,
    enrich=_badges,
    filters=AgeingForm,
    kept=("on", "known_on", "currency", "credits"),
    no_chips=("on", "currency"),
    template="receivables/ageing.html",
    narrow="",
    columns=(
        text(
            "name", _("Customer"), link=page_of("customer"), ref="ref",
            mark=lambda row, formats: customer_badges(row["marks"], formats), sort="name",
        ),
        text("ref", _("Reference"), sort="ref", hidden=True),
        text(
            "collectors", _("Collector"), css="clip", when=lambda reading: bool(reading.source.figures.currency),
        ),
        *(_bucket(name, index) for index, name in enumerate(BUCKETS)),
        amount(
            "credits", _("Credits"), total=True, link=lambda row: row["behind"]("credits"),
            total_link=lambda row: row["behind"]("credits"),
            when=lambda reading: reading.source.figures.treatment is not CreditTreatment.IN_BUCKETS,
        ),
        amount(
            "overdue", _("Overdue"), total=True, sort="overdue", link=lambda row: row["behind"]("overdue"),
            total_link=lambda row: row["behind"]("overdue"),
        ),
        amount(
            "total", _("Total"), total=True, sort="total", strong=True, link=lambda row: row["behind"](""),
            total_link=lambda row: row["behind"](""),
        ),
        text("currency", _("Currency"), when=lambda reading: not reading.source.figures.currency),
    ),
    default_sort="-total",
    views=(View(_("All")), View(_("Mine"), {"mine": "on"})),
    bulk=(
        Bulk(_("Assign…"), "customers_assign", "user-check", Can.EDIT_CUSTOMERS, dialog=True),
        Bulk(_("Suspend reminders…"), "customer_holds_new", "player-pause", Can.PLACE_HOLD, dialog=True),
        Bulk(_("Review on…"), "review_new", "calendar-event", Can.ACKNOWLEDGE_ALERTS, dialog=True),
    ),
    sum_column="total",
    row_link=page_of("customer"),
    empty_title=_("Nothing is open"),
    empty_text=_("Import a file of your open items, or connect your ERP: the aged balance follows at once."),
    empty_icon="table",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)  # fmt: skip


class OpenItemsSource:
    """The items behind a figure of the aged balance, the oldest due first. Pages go forwards only."""

    one_way = True

    def __init__(self, reading: Reading) -> None:
        self.figures = Figures(reading)
        self.bucket: str = self.figures.form.cleaned_data.get("bucket", "")

    def _found(self, *, after: Any = None, limit: int | None) -> list[Any]:
        figures = self.figures
        return open_items(
            on=figures.on,
            known_on=figures.known_on,
            scope=figures.reader.scope,
            selection=replace(figures.everywhere, currency=figures.asked_currency),
            bucket=self.bucket or None,
            credits_apart=figures.treatment is not CreditTreatment.IN_BUCKETS,
            after=after,
            limit=limit,
            way=figures.way,
        )

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        place = decode(after) if after else None
        if place is not None and not isinstance(place[0], date):
            raise BadCursor
        return [{"id": one.item_id, **one._asdict()} for one in self._found(after=place, limit=limit)]

    def marker(self, row: Row, sort: Sort) -> str:
        return encode(row["due_date"], row["id"])

    def count(self, *, cap: int) -> int:
        return len(self._found(limit=cap))

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        """The very figures that were clicked on, where no name is searched for."""
        sums: dict[str, dict[str, Any]] = {}
        for one in self._found(limit=None):
            total = sums.setdefault(one.currency, {"currency": one.currency, "row_count": 0, "open_amount": Decimal(0)})
            total["row_count"] += 1
            total["open_amount"] += one.open_amount
        return [sums[currency] for currency in sorted(sums)]

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        found = self._found(limit=None)
        for start in range(0, len(found), SLICE_ROWS):
            yield [{"id": one.item_id, **one._asdict()} for one in found[start : start + SLICE_ROWS]]


def _item_badges(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    marks = item_marks(item_ids=[row["id"] for row in rows], on=reader.on, scope=reader.scope)
    for row in rows:
        row["marks"] = marks.get(row["id"])


_open: Callable[[Row], str] = page_of("item")
OPEN_ITEMS = ListPage(
    name="ageing_items",
    title=_("Items behind the aged balance"),
    can=Can.VIEW_AGEING,
    export_can=Can.EXPORT,
    source=OpenItemsSource,
    enrich=_item_badges,
    filters=OpenItemsForm,
    kept=("on", "known_on"),
    no_chips=("on",),
    template="receivables/ageing_items.html",
    columns=(
        text("number", _("Number"), link=_open),
        text("customer_name", _("Customer"), link=page_of("customer", "customer_id"), ref="customer_ref", css="clip"),
        badge("kind", _("Kind"), labels=ITEM_KINDS),
        text("entity_code", _("Company")),
        day("document_date", _("Issued")),
        day("due_date", _("Due"), sort="due_date"),
        days_late("days_overdue", _("Days late")),
        amount("amount", _("Amount")),
        amount("open_amount", _("Open that day"), total=True, strong=True, link=_open),
        text("currency", _("Currency")),
        Column("state", _("State today"), state_cell, value=state_value),
    ),
    default_sort="due_date",
    bulk=(
        Bulk(_("Suspend reminders…"), "holds_new", "player-pause", Can.PLACE_HOLD, dialog=True),
        Bulk(_("Dispute…"), "disputes_new", "message-report", Can.RECORD_DISPUTE, dialog=True),
    ),
    sum_column="open_amount",
    row_link=_open,
    empty_title=_("No open items"),
    empty_text=_("Nothing was open on this day."),
    empty_icon="file-off",
)
