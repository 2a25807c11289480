"""Customers: who they are, who looks after them, and what they owe today."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.roles import Can
from core.formats import ZERO_CELL, Formats
from core.lists import Bulk, Column, ListPage, QuerySource, Reader, Reading, Row, Sort, View, page_of, text
from core.lists.columns import html_of
from receivables.filters import CustomerFilters
from receivables.lists.by_amount import CENTS, ByAmount
from receivables.models import Customer
from receivables.queries.marks import customer_lines, customer_marks
from receivables.queries.visible import customers_in, items_in
from receivables.words import country_name, customer_badges, short_names

FIGURES = ("open_amount", "overdue_amount")
FIELDS = ("ref", "name", "name_key", "ref_key", "country", "city", "siren", "vat_number", "group_id")
NAMES = {"group_name": "group__name"}


def customer_states(rows: Sequence[dict[str, Any]], reader: Reader) -> None:
    """What each customer owes today by currency, who looks after it and what stands against it. 2 SQL queries."""
    ids = [row["id"] for row in rows]
    lines = customer_lines(customer_ids=ids, on=reader.on, scope=reader.scope)
    marks = customer_marks(customer_ids=ids, on=reader.on, scope=reader.scope)
    for row in rows:
        row["lines"], row["marks"], row["on"] = lines.get(row["id"], []), marks.get(row["id"]), reader.on
        row["collectors"] = short_names(row["marks"].collectors) if row["marks"] else ""
        row["entities"] = row["marks"].entities if row["marks"] else ""


def by_currency(row: Row) -> list[dict[str, Any]]:
    """A line for each currency in which the customer owes, for exports and sums; one without figures if it owes nothing."""
    plain = {key: row[key] for key in row if key != "lines"}
    empty = {"currency": "", "open_amount": None, "overdue_amount": None, "oldest_due": None, "items": 0}
    if not row["lines"]:
        return [{**plain, **empty}]
    return [{**plain, **line._asdict()} for line in row["lines"]]


def _stacked(name: str, shown: Callable[[Any, Any, Formats], Any]) -> Callable[[Row, Formats], str]:
    """A cell with one line for each currency: amounts of two currencies are not summed."""

    def cell(row: Row, formats: Formats) -> str:
        lines = row["lines"]
        if not lines:
            return ZERO_CELL if name in FIGURES else ""
        if len(lines) == 1:
            return shown(lines[0], row, formats)
        return format_html_join("", "<div>{}</div>", ((shown(line, row, formats),) for line in lines))

    return cell


@cache
def _items() -> str:
    return reverse("items")


def _amount(name: str) -> Callable[[Any, Any, Formats], Any]:
    state = "overdue" if name == "overdue_amount" else "open"

    def shown(line: Any, row: Row, formats: Formats) -> Any:
        value = getattr(line, name)
        if not value:
            return ZERO_CELL
        address = f"{_items()}?state={state}&amp;customer={row['id']}&amp;currency={html_of(line.currency)}"
        exact = html_of(formats.amount2(value, line.currency))
        return SafeString(f'<a href="{address}" title="{exact}">{html_of(formats.cell(value))}</a>')

    return shown


def _days_late(line: Any, row: Row, formats: Formats) -> str:
    days = (row["on"] - line.oldest_due).days if line.oldest_due else 0
    return formats.number(days) if days > 0 else ""


def _late_css(row: Row) -> str:
    oldest = min((line.oldest_due for line in row["lines"] if line.oldest_due), default=None)
    days = (row["on"] - oldest).days if oldest else 0
    bucket = 0 if days <= 0 else 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4
    return f"amount age{bucket}" if bucket else "amount"


def _late_value(row: Row) -> int | None:
    return max(0, (row["on"] - row["oldest_due"]).days) if row["oldest_due"] else None


class CustomerSource(QuerySource):
    """Customers; totals are of the items behind the filtered customers, on the reader's day."""

    def __init__(self, reading: Reading) -> None:
        def rows() -> QuerySet[Customer]:
            found: QuerySet[Customer] = (
                reading.filterset.qs if reading.filters else customers_in(scope=self.reader.scope)
            )
            return found

        super().__init__(rows, key=reading.key, fields=FIELDS, names=NAMES)
        self.reader = reading.reader
        self._rankings: dict[str, ByAmount] = {}

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        if sort.field not in CENTS:
            return super().slice(sort=sort, after=after, before=before, limit=limit)
        return self._by_amount(sort.field).slice(descending=sort.descending, after=after, before=before, limit=limit)

    def marker(self, row: Row, sort: Sort) -> str:
        return self._by_amount(sort.field).marker(row) if sort.field in CENTS else super().marker(row, sort)

    def _by_amount(self, field: str) -> ByAmount:
        if field not in self._rankings:
            self._rankings[field] = ByAmount(self.queryset, field=field, reader=self.reader, fields=FIELDS, names=NAMES)
        return self._rankings[field]

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        overdue = Q(due_date__lt=self.reader.on)
        items = items_in(scope=self.reader.scope).filter(is_open=True, posting_date__lte=self.reader.on)
        rows = (
            items.filter(customer_id__in=self.queryset.order_by().values("id"))
            .order_by("currency")
            .values("currency")
            .annotate(
                open_sum=Sum("open_amount"),
                overdue_sum=Sum("open_amount", filter=overdue),
                row_count=Count("customer_id", distinct=True),
            )
        )
        return [
            {
                "currency": row["currency"],
                "row_count": row["row_count"],
                "open_amount": row["open_sum"],
                "overdue_amount": row["overdue_sum"] or 0,
            }
            for row in rows
        ]


CUSTOMERS = ListPage(
    name="customers",
    title=_("Customers"),
    can=Can.VIEW_CUSTOMERS,
    export_can=Can.EXPORT,
    source=CustomerSource,
    rows=lambda reader: customers_in(scope=reader.scope),
    enrich=customer_states,
    expand=by_currency,
    filters=CustomerFilters,
    search="q",
    columns=(
        text(
            "name",
            _("Customer"),
            link=page_of("customer"),
            ref="ref",
            mark=lambda row, formats: customer_badges(row["marks"], formats),
            sort="name_key",
        ),
        text("ref", _("Reference"), sort="ref_key", hidden=True),
        text("group_name", _("Group"), css="clip"),
        Column("country", _("Country"), lambda row, formats: country_name(row["country"], formats)),
        text("city", _("City"), hidden=True),
        text("siren", _("SIREN"), hidden=True),
        text("vat_number", _("VAT number"), hidden=True),
        text("entities", _("Company")),
        text("collectors", _("Collector"), css="clip"),
        Column(
            "open_amount", _("Open"), _stacked("open_amount", _amount("open_amount")), css="amount total",
            head_css="amount", total=True, sort="open_amount",
        ),
        Column(
            "overdue_amount", _("Overdue"), _stacked("overdue_amount", _amount("overdue_amount")), css="amount",
            head_css="amount", total=True, sort="overdue_amount",
        ),
        Column(
            "days_overdue", _("Days late"), _stacked("oldest_due", _days_late), value=_late_value,
            css=_late_css, head_css="amount",
        ),
        Column("currency", _("Currency"), _stacked("currency", lambda line, row, formats: line.currency)),
    ),
    default_sort="name_key",
    views=(
        View(_("All")),
        View(_("Mine"), {"mine": "on"}),
        View(_("Overdue"), {"state": "overdue"}, sort="-overdue_amount"),
        View(_("> 60 days"), {"state": "late"}),
        View(_("Disputed"), {"state": "disputed"}),
        View(_("Suspended"), {"state": "held"}),
    ),
    bulk=(
        Bulk(_("Assign…"), "customers_assign", "user-check", Can.EDIT_CUSTOMERS, dialog=True),
        Bulk(_("Suspend reminders…"), "customer_holds_new", "player-pause", Can.PLACE_HOLD, dialog=True),
        Bulk(_("Review on…"), "review_new", "calendar-event", Can.ACKNOWLEDGE_ALERTS, dialog=True),
        Bulk(_("Formal notice…"), "customers_notices_ask", "gavel", Can.ASK_TERMINAL, dialog=True),
    ),
    row_link=page_of("customer"),
    empty_title=_("No customers yet"),
    empty_text=_("Import a file of customers or of open items, or connect your ERP."),
    empty_icon="users",
    empty_url="imports",
    empty_label=_("Import a file"),
    empty_can=Can.IMPORT_LEDGER,
)  # fmt: skip
