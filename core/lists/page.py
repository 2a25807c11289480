"""What a list page is and how a request becomes one: filters and sort from the address, rows, totals, views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.forms import BaseForm, ModelMultipleChoiceField, MultipleChoiceField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import formats
from core.errors import Invalid
from core.lists.columns import Column, Row
from core.lists.keyset import Sort, Source, encode
from core.models import SavedView
from core.web import page as render_page

PAGE_ROWS = 50
COUNT_CAP = 10_000
TOTALS_CAP = 100_000
# Of the address, what is not a filter.
CONTROL = ("sort", "after", "before", "cols", "col", "format")


class NothingSelected(Invalid):
    code = "nothing_selected"
    message = _("Select at least one row first.")


@dataclass(frozen=True)
class View:
    """A tab: a name and the filters it stands for, such as {"state": "OPEN"}. `""` filters: everything."""

    label: str | Promise
    query: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""


@dataclass(frozen=True)
class Bulk:
    """What can be done with selected rows: a form that posts their ids to `url`. `can`: shown to those only."""

    label: str | Promise
    url: str
    icon: str = ""
    can: Any = None
    dialog: bool = False  # opens a form in the drawer first


@dataclass(frozen=True)
class ListPage:
    """A list: its name (for saved views and exports), columns, filters and views.

    `filters`: a django-filter FilterSet class; its form makes the chips. `default_sort` as in the address. `template`
    may extend lists/list.html. `narrow`: "cards" turns rows into cards on phones. `export_can`: the capability that
    lets a member export, None: no export.
    """

    name: str
    title: str | Promise
    columns: tuple[Column, ...]
    default_sort: str
    views: tuple[View, ...] = ()
    bulk: tuple[Bulk, ...] = ()
    sum_column: str = ""  # what the bulk bar adds up
    row_link: Callable[[Row], str] | None = None
    template: str = "lists/list.html"
    narrow: str = ""
    search: str = ""  # the filter that the search box fills
    export_can: Any = None
    empty_title: str | Promise = ""
    empty_text: str | Promise = ""
    empty_icon: str = "inbox"


@dataclass
class Chip:
    label: str
    value: str
    remove: str  # the address without it


@dataclass
class Tab:
    label: str
    url: str
    current: bool
    view_id: str = ""  # of a saved view: may be removed


class Listing:
    """A list page as one request shows it. Computes each part once, when the template asks for it."""

    def __init__(
        self, request: HttpRequest, page: ListPage, source: Source, *, form: BaseForm | None = None, on: Any = None
    ) -> None:
        self.request, self.page, self.source, self.form, self.on = request, page, source, form, on
        self.query = request.GET
        self.formats = formats.current()

    @cached_property
    def columns(self) -> list[Column]:
        """Those chosen in the address, else those not hidden."""
        chosen = [name for name in self.query.get("cols", "").split(",") if name] or self.query.getlist("col")
        if not chosen:
            return [column for column in self.page.columns if not column.hidden]
        return [column for column in self.page.columns if column.name in chosen] or list(self.page.columns)

    @cached_property
    def sort(self) -> Sort:
        asked = Sort.parse(self.query.get("sort", ""))
        allowed = {column.sort for column in self.page.columns if column.sort}
        default = Sort.parse(self.page.default_sort)
        return asked if asked.field in allowed | {default.field} else default

    @cached_property
    def rows(self) -> list["ShownRow"]:
        after, before = self.query.get("after", ""), self.query.get("before", "")
        found = self.source.slice(sort=self.sort, after=after, before=before, limit=PAGE_ROWS + 1)
        backwards = bool(before) and not after
        self._more_after = backwards or len(found) > PAGE_ROWS
        self._more_before = bool(after) or (backwards and len(found) > PAGE_ROWS)
        found = (found[1:] if backwards else found[:-1]) if len(found) > PAGE_ROWS else found
        return [ShownRow(self, row) for row in found]

    @property
    def next_url(self) -> str:
        rows = self.rows
        return self._with(after=self._marker(rows[-1].row), before=None) if rows and self._more_after else ""

    @property
    def previous_url(self) -> str:
        rows = self.rows
        return self._with(before=self._marker(rows[0].row), after=None) if rows and self._more_before else ""

    def _marker(self, row: Row) -> str:
        value = row["sort_value"] if "sort_value" in row else row[self.sort.field]
        return encode(value, row["id"])

    @cached_property
    def count(self) -> int:
        return self.source.count(cap=COUNT_CAP + 1)

    @property
    def count_text(self) -> str:
        return self.formats.number(min(self.count, COUNT_CAP)) + ("+" if self.count > COUNT_CAP else "")

    @cached_property
    def totals(self) -> Sequence[Row]:
        """Sums by currency of everything that is filtered, not of the page. Left out for very long lists."""
        names = [column.name for column in self.page.columns if column.total]
        if not names or not self.rows or self.count > COUNT_CAP:
            return []
        return self.source.totals(columns=names)

    @property
    def total_rows(self) -> list[list[tuple[str, str]]]:
        """Footer rows: (css, text) for each column, the first says how many rows and which currency."""
        out = []
        for total in self.totals:
            cells: list[tuple[str, str]] = []
            for number, column in enumerate(self.columns):
                if column.total:
                    cells.append(("amount total", self.formats.amount2(total[column.name] or 0, total["currency"])))
                elif number == 0:
                    cells.append(("", f"{self.formats.number(total['row_count'])} · {total['currency']}"))
                else:
                    cells.append(("", ""))
            out.append(cells)
        return out

    @cached_property
    def chips(self) -> list[Chip]:
        if self.form is None or not self.form.is_valid():
            return []
        return [
            Chip(str(bound.label), text, self._without(bound.name))
            for bound in self.form
            if bound.name != self.page.search and (text := _shown_value(bound))
        ]

    @property
    def filter_errors(self) -> list[str]:
        """What is wrong with the filters in the address, by field."""
        if self.form is None or self.form.is_valid():
            return []
        return [f"{self.form[name].label}: {' '.join(map(str, texts))}" for name, texts in self.form.errors.items()]

    @cached_property
    def tabs(self) -> list[Tab]:
        """The list's own views, then the member's saved ones and those shared with them. 1 SQL query."""
        now = self._filters(self.query)
        tabs = [
            Tab(str(view.label), self._address(view.query, view.sort), now == dict(view.query))
            for view in self.page.views
        ]
        for saved in SavedView.objects.visible_to(self.request.member.id, self.page.name):  # type: ignore[attr-defined]
            filters = self._filters(QueryDict(saved.query))
            tabs.append(Tab(saved.name, f"?{saved.query}", now == filters, view_id=str(saved.id)))
        return tabs

    @property
    def is_filtered(self) -> bool:
        return bool(self._filters(self.query))

    @property
    def can_export(self) -> bool:
        can = self.page.export_can
        return can is not None and self.request.member.can(can)  # type: ignore[attr-defined]

    @property
    def bulk(self) -> list[Bulk]:
        member = self.request.member  # type: ignore[attr-defined]
        return [bulk for bulk in self.page.bulk if bulk.can is None or member.can(bulk.can)]

    @property
    def search_text(self) -> str:
        return self.query.get(self.page.search, "") if self.page.search else ""

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Header cells: label, css, and for sortable ones the address that sorts and the present direction."""
        out = []
        for column in self.columns:
            head: dict[str, Any] = {"label": column.label, "css": column.head_css, "url": "", "direction": ""}
            if column.sort:
                is_current = self.sort.field == column.sort
                head["direction"] = ("descending" if self.sort.descending else "ascending") if is_current else ""
                flipped = Sort(column.sort, not self.sort.descending if is_current else column.head_css == "amount")
                head["url"] = self._with(sort=flipped.text, after=None, before=None)
            out.append(head)
        return out

    @property
    def column_choices(self) -> list[tuple[str, str, bool]]:
        shown = {column.name for column in self.columns}
        return [(column.name, str(column.label), column.name in shown) for column in self.page.columns]

    @property
    def kept_parameters(self) -> list[tuple[str, str]]:
        """Of the address, what a form on the page must keep: all but the page markers."""
        return [(k, v) for k, values in self.query.lists() if k not in ("after", "before") for v in values]

    @staticmethod
    def _filters(query: QueryDict) -> dict[str, str]:
        return {k: ",".join(values) for k, values in query.lists() if k not in CONTROL and any(values)}

    @staticmethod
    def _address(query: Mapping[str, str], sort: str) -> str:
        return "?" + urlencode({**query, **({"sort": sort} if sort else {})})

    def _with(self, **changes: str | None) -> str:
        query = self.query.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        return "?" + query.urlencode()

    def _without(self, name: str) -> str:
        query = self.query.copy()
        for key in [k for k in query if k == name or k.startswith((f"{name}_", f"{name}__"))] + ["after", "before"]:
            query.pop(key, None)
        return "?" + query.urlencode()


class ShownRow:
    """A row with its cells formatted for the page."""

    def __init__(self, listing: Listing, row: Row) -> None:
        self.row = row
        self.id = row["id"]
        self.link = listing.page.row_link(row) if listing.page.row_link else ""
        self.sum = row.get(listing.page.sum_column) if listing.page.sum_column else None
        self.currency = row.get("currency", "")
        self.cells = [
            (column.css_of(row), column.cell(row, listing.formats), column.label) for column in listing.columns
        ]


def _shown_value(bound: Any) -> str:
    """How a filter's value reads in a chip; "" when it filters nothing."""
    value = bound.form.cleaned_data.get(bound.name)
    if value in (None, "", [], False) or (hasattr(value, "__len__") and not len(value)):
        return ""
    if isinstance(value, slice):
        ends = [
            formats.current().day(end) if hasattr(end, "year") else str(end) for end in (value.start, value.stop) if end
        ]
        return " – ".join(ends)
    if value is True:
        return str(_("yes"))
    bound_field: Any = bound.field
    if isinstance(bound_field, ModelMultipleChoiceField | MultipleChoiceField):
        labels = dict(bound_field.choices) if isinstance(bound_field, MultipleChoiceField) else {}
        return ", ".join(str(labels.get(one, one)) for one in value)
    if hasattr(bound_field, "choices") and not hasattr(value, "pk"):
        labels = {str(key): label for key, label in bound_field.choices}
        return str(labels.get(str(value), value))
    return formats.current().day(value) if hasattr(value, "year") else str(value)


def show(
    request: HttpRequest,
    page: ListPage,
    source: Source,
    *,
    form: BaseForm | None = None,
    on: Any = None,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The list as a page, or its table only when htmx asks for a part."""
    listing = Listing(request, page, source, form=form, on=on)
    return render_page(request, page.template, {"listing": listing, **(context or {})}, part="lists/table.html")


def selected_ids(request: HttpRequest, *, limit: int = 1000) -> list[UUID]:
    """The ids of the rows that were ticked. Raises NothingSelected; ignores what is no id."""
    ids = []
    for text in request.POST.getlist("pick")[:limit]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    if not ids:
        raise NothingSelected
    return ids
