"""A list as one request shows it: rows with formatted cells, totals, chips, tabs with counts, pages."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.forms import HiddenInput, ModelMultipleChoiceField, MultipleChoiceField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import formats
from core.errors import Invalid
from core.lists.columns import Column, Row
from core.lists.keyset import Sort
from core.lists.page import CONTROL, Bulk, ListPage, Reading, filters_of
from core.lists.reading import Reader
from core.lists.rows import ShownRow, body_of, choices_of, heads_of
from core.queries import saved_views
from core.tenancy import current_tenant_id
from core.web import expect_kept, keep, kept, wants_part
from core.web import page as render_page

PAGE_ROWS = 50
# Rows of which the totals are made when asked for at all.
TOTALS_CAP = 10_000
TAB_CAP = 999
TAB_SECONDS = 60


class NothingSelected(Invalid):
    code = "nothing_selected"
    message = gettext_lazy("Select at least one row first.")


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
    query: str
    filters: Mapping[str, str]
    view_id: str = ""  # of a saved view
    own: bool = False  # a saved view of the member: may be removed
    count: str = ""


class Listing:
    """Computes each part once, when the template asks for it."""

    def __init__(self, request: HttpRequest, reading: Reading, *, on: Any = None) -> None:
        self.request, self.reading, self.page, self.on = request, reading, reading.page, on
        self.query = reading.query
        self.formats = formats.current()

    @property
    def columns(self) -> list[Column]:
        return self.reading.columns

    @cached_property
    def body(self) -> SafeString:
        """The rows as they stand in the table."""
        return body_of(self.rows, self.columns, self.formats, pick=bool(self.bulk))

    @cached_property
    def rows(self) -> list[ShownRow]:
        after, before = self.query.get("after", ""), self.query.get("before", "")
        found = self.reading.rows(after=after, before=before, limit=PAGE_ROWS + 1, count_along=self._cap + 1)
        backwards = bool(before) and not after
        more = len(found) > PAGE_ROWS
        self._more_after = backwards or more
        self._more_before = bool(after) or (backwards and more)
        if more:
            found = found[1:] if backwards else found[:-1]
        return [ShownRow(self.page, row) for row in found]

    @property
    def is_whole(self) -> bool:
        """Whether the page shows all rows there are: then count and totals are on it."""
        return bool(self.rows is not None and not self._more_after and not self._more_before)

    @cached_property
    def next_url(self) -> str:
        rows = self.rows
        return self._with(after=self._marker(rows[-1].row), before=None) if rows and self._more_after else ""

    @cached_property
    def previous_url(self) -> str:
        rows = self.rows
        if getattr(self.reading.source, "one_way", False):
            return ""
        return self._with(before=self._marker(rows[0].row), after=None) if rows and self._more_before else ""

    @cached_property
    def first_url(self) -> str:
        return self._with(before=None, after=None) if self.rows and self._more_before else ""

    def _marker(self, row: Row) -> str:
        return self.reading.source.marker(row, self.reading.sort)

    @cached_property
    def count(self) -> int:
        if self.is_whole:
            return len(self.rows)
        return self.reading.source.count(cap=self._cap + 1)

    @property
    def _cap(self) -> int:
        """As far as rows are counted: little for the page, more where it asks for its totals afterwards."""
        return TOTALS_CAP if self.request.GET.get("part") == "totals" else self.page.count_cap

    @cached_property
    def count_text(self) -> str:
        return self.formats.number(min(self.count, self._cap)) + ("+" if self.count > self._cap else "")

    @cached_property
    def totals(self) -> Sequence[Row]:
        """Sums by currency of everything that is filtered, not of the page. Left out for very long lists."""
        names = [column.name for column in self.page.columns if column.total]
        if not names or not self.rows or self.count > self._cap:
            return []
        # A sum that leads to the rows behind it needs what only the source knows of it.
        if self.is_whole and not any(column.total_link for column in self.page.columns):
            expand = self.page.expand or (lambda row: [row])
            return _summed([line for row in self.rows for line in expand(row.row)], names)
        return self.reading.source.totals(columns=names)

    @property
    def totals_to_come(self) -> bool:
        """Whether the browser should ask for the totals: of so many rows they take longer than the whole page."""
        summed = any(column.total for column in self.columns)
        return summed and bool(self.rows) and self.page.count_cap < min(self.count, TOTALS_CAP)

    @cached_property
    def total_rows(self) -> list[list[tuple[str, str]]]:
        """Footer rows: (css, text) for each column, the first says how many rows and which currency."""
        out = []
        for total in self.totals:
            cells: list[tuple[str, str]] = []
            for number, column in enumerate(self.columns):
                if column.total:
                    shown = self.formats.amount2(total[column.name] or 0, total["currency"])
                    if column.total_link and total[column.name]:
                        shown = format_html('<a href="{}">{}</a>', column.total_link(total), shown)
                    cells.append(("amount total", shown))
                elif number == 0:
                    cells.append(("", f"{self.formats.number(total['row_count'])} · {total['currency']}"))
                else:
                    cells.append(("", ""))
            out.append(cells)
        return out

    @property
    def _asked_form(self) -> Any:
        """The form of what stands in the address itself; a list's start needs no look."""
        return self.reading.form if filters_of(self.reading.given) else None

    @cached_property
    def chips(self) -> list[Chip]:
        form = self._asked_form
        if form is None:
            return []
        form.is_valid()
        return [
            Chip(str(bound.label), text, self._without(bound.name))
            for bound in form
            if bound.name != self.page.search
            and bound.name in self.reading.filters
            and bound.name not in self.page.start
            and bound.name not in self.page.no_chips
            and (text := shown_value(bound))
        ]

    @cached_property
    def filter_errors(self) -> list[str]:
        """What is wrong with the filters in the address, by field."""
        form = self._asked_form
        if form is None or form.is_valid():
            return []
        return [f"{form[name].label}: {' '.join(map(str, texts))}" for name, texts in form.errors.items()]

    @cached_property
    def tabs(self) -> list[Tab]:
        """The list's own views, then the member's saved ones and those shared with them. 1 SQL query."""
        self._fill_counts()
        return self._tabs

    @cached_property
    def _tabs(self) -> list[Tab]:
        """Without their counts."""
        now = self._told_apart(self.reading.filters)
        tabs = []
        for view in self.page.views:
            wanted = {**view.query, **self._kept}
            current = now == dict(view.query)
            tabs.append(Tab(str(view.label), self._address(wanted, view.sort), current, urlencode(wanted), wanted))
        member_id = self.reading.reader.member_id
        if member_id is not None:
            for saved in saved_views(owner_id=member_id, list_name=self.page.name):
                filters = filters_of(QueryDict(saved.query))
                current = now == self._told_apart(filters)
                own = saved.owner_id == member_id
                tabs.append(
                    Tab(saved.name, f"?{saved.query}", current, saved.query, filters, view_id=str(saved.id), own=own)
                )
        return tabs

    @property
    def tabs_to_count(self) -> bool:
        """Whether the browser should ask for the counts: they are not part of the page, which need not wait for them."""
        return any(tab.count == "" for tab in self.tabs)

    def expect_counts(self) -> None:
        """Have the cache asked for the tabs' counts together with what the shell around the list asks it."""
        expect_kept(self.request, self._count_keys)

    def _fill_counts(self) -> None:
        """Those known since a minute at most; with `part=tabs` in the address the others are counted now."""
        keys = self._count_keys
        known = kept(self.request, keys)
        fresh = {}
        if self.request.GET.get("part") == "tabs":
            for key, tab in keys.items():
                if key not in known:
                    reading = Reading(self.page, QueryDict(tab.query), self.reading.reader)
                    fresh[key] = known[key] = reading.source.count(cap=TAB_CAP + 1)
        for key, tab in keys.items():
            if key in known:
                tab.count = self.formats.number(min(known[key], TAB_CAP)) + ("+" if known[key] > TAB_CAP else "")
        keep(fresh, seconds=TAB_SECONDS)

    @cached_property
    def _count_keys(self) -> dict[str, Tab]:
        """The tabs by the keys under which their counts are kept."""
        reader = self.reading.reader
        before, named = f"{current_tenant_id()}:list:", f"{reader.member_id}|{reader.on}|{self.page.name}|"
        return {
            before + hashlib.sha256(f"{named}{sorted(tab.filters.items())}".encode()).hexdigest()[:32]: tab
            for tab in self._tabs
        }

    def _told_apart(self, filters: Mapping[str, str]) -> dict[str, str]:
        """The filters that tell one view from another."""
        same = {self.page.search, *self.page.kept}
        return {name: value for name, value in filters.items() if name not in same}

    @property
    def _kept(self) -> dict[str, str]:
        return {name: str(self.query[name]) for name in self.page.kept if self.query.get(name)}

    @property
    def is_filtered(self) -> bool:
        """Whether filters left rows out that the list's start, or the day that was chosen, would show."""
        kept = set(self.page.kept)
        asked = {name: value for name, value in self.reading.filters.items() if name not in kept}
        return asked != {name: value for name, value in self.page.start.items() if name not in kept}

    @cached_property
    def can_save(self) -> bool:
        changed = self.reading.filters != dict(self.page.start)
        return bool(self.page.views) and changed and not any(t.current and not self.search_text for t in self.tabs)

    @property
    def has_filters(self) -> bool:
        """Whether there is something to choose in the menu of filters."""
        filters = getattr(self.page.filters, "base_filters", None)
        if filters is None:
            return self.page.filters is not None
        return any(not isinstance(one.extra.get("widget"), HiddenInput) for one in filters.values())

    @property
    def sub(self) -> str:
        """The as-of date beside the title."""
        return _("as of %(day)s") % {"day": self.formats.day(self.on)} if self.on else ""

    @property
    def can_export(self) -> bool:
        return self.page.export_can is not None and self._may(self.page.export_can)

    @cached_property
    def bulk(self) -> list[Bulk]:
        return [bulk for bulk in self.page.bulk if bulk.can is None or self._may(bulk.can)]

    @property
    def is_plain(self) -> bool:
        """Whether the page's address asks for nothing."""
        return not self.request.GET

    @property
    def buttons_key(self) -> tuple[Any, ...]:
        """All that the buttons above a list show whose address asks for nothing."""
        shown = tuple(column.name for column in self.columns)
        return (self.request.path, self.page.name, self.can_export, shown)

    @property
    def bulk_key(self) -> tuple[Any, ...]:
        """All that the bar of what can be done with selected rows shows."""
        return (self.page.name, bool(self.page.sum_column), *(bulk.url for bulk in self.bulk))

    @property
    def may_start(self) -> bool:
        """Whether an empty list shows the button of the next step."""
        return bool(self.page.empty_url) and (self.page.empty_can is None or self._may(self.page.empty_can))

    def _may(self, capability: Any) -> bool:
        return bool(self.reading.reader.may and self.reading.reader.may(capability))

    @property
    def search_text(self) -> str:
        return self.query.get(self.page.search, "") if self.page.search else ""

    @cached_property
    def heads(self) -> SafeString:
        """Header cells: label, css, and for sortable ones the address that sorts and the present direction."""
        out = []
        sort = self.reading.sort
        for column in self.columns:
            head: dict[str, Any] = {"label": column.label, "css": column.head_css, "url": "", "direction": ""}
            if column.sort:
                is_current = sort.field == column.sort
                head["direction"] = ("descending" if sort.descending else "ascending") if is_current else ""
                flipped = Sort(column.sort, not sort.descending if is_current else column.head_css == "amount")
                head["url"] = self._with(sort=flipped.text, after=None, before=None)
            out.append(head)
        return heads_of(out)

    @cached_property
    def column_choices(self) -> SafeString:
        shown = {column.name for column in self.columns}
        return choices_of((column.name, str(column.label), column.name in shown) for column in self.page.columns)

    @cached_property
    def kept_parameters(self) -> list[tuple[str, str]]:
        """Of the address, what a form on the page must keep: all but the page markers."""
        left_out = ("after", "before", "part")
        return [(k, v) for k, values in self.query.lists() if k not in left_out for v in values]

    @property
    def saved_query(self) -> str:
        """What a saved view keeps: filters, sort and columns, not the page."""
        query = self.query.copy()
        for name in ("after", "before", "part", "format"):
            query.pop(name, None)
        return query.urlencode()

    @staticmethod
    def _address(query: Mapping[str, str], sort: str) -> str:
        return "?" + urlencode({**query, **({"sort": sort} if sort else {})})

    def _with(self, **changes: str | None) -> str:
        gone = {*changes, "part"}
        pairs = [(name, value) for name, values in self.query.lists() if name not in gone for value in values]
        pairs += [(name, value) for name, value in changes.items() if value is not None]
        return "?" + urlencode(pairs)

    def _without(self, name: str) -> str:
        query = self.query.copy()
        for key in [name, "after", "before", "part"]:
            query.pop(key, None)
        if not filters_of(query):
            for key, value in self.page.start.items():
                query[key] = value
        return "?" + query.urlencode()


def _summed(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """What a source's `totals` gives, of rows at hand."""
    sums: dict[str, dict[str, Any]] = {}
    for row in rows:
        total = sums.setdefault(row["currency"] or "", {"row_count": 0, **dict.fromkeys(names, Decimal(0))})
        total["row_count"] += 1
        for name in names:
            total[name] += row[name] or 0
    return [{"currency": currency, **sums[currency]} for currency in sorted(sums) if currency]


def shown_value(bound: Any) -> str:
    """How a filter's value reads in a chip; "" when it filters nothing."""
    value = getattr(bound.form, "cleaned_data", {}).get(bound.name)
    if value in (None, "", [], False) or (hasattr(value, "__len__") and not len(value)):
        return ""
    if value is True:
        return _("yes")
    field: Any = bound.field
    if isinstance(field, ModelMultipleChoiceField | MultipleChoiceField):
        choices: Any = field.choices if isinstance(field, MultipleChoiceField) else ()
        labels = dict(choices)
        return ", ".join(str(labels.get(one, one)) for one in value)
    if hasattr(field, "choices") and not hasattr(value, "pk"):
        labels = {str(key): label for key, label in field.choices}
        return str(labels.get(str(value), value))
    if isinstance(value, Decimal):
        return formats.current().number(value, 0 if value == value.to_integral_value() else 2)
    return formats.current().day(value) if hasattr(value, "year") else str(value)


def show(
    request: HttpRequest,
    page: ListPage,
    *,
    context: Callable[[Reading], Mapping[str, Any]] | None = None,
    parts: Mapping[str, str] | None = None,
    on: Any = None,
) -> HttpResponse:
    """The list as a page; when htmx asks, a part of it: the table, or what `part` in the address names.

    `context` gives what the page's template needs beside the list; `parts` are further templates by name of part.
    """
    reading = Reading(page, request.GET, Reader.of(request))
    listing = Listing(request, reading, on=on or reading.reader.on)
    values: dict[str, Any] = {"listing": listing}
    if not wants_part(request):
        listing.expect_counts()
    part = request.GET.get("part", "") if wants_part(request) else ""
    if context is not None and (not wants_part(request) or part in (parts or {})):
        values.update(context(reading))
    named = {"tabs": "lists/tabs.html", "filters": "lists/filters.html", "totals": "lists/totals.html", **(parts or {})}
    template = named.get(part)
    return render_page(request, page.template, values, part=template or "lists/table.html")


def selected_ids(request: HttpRequest, *, limit: int = 1000) -> list[UUID]:
    """The ids of the rows that were ticked. Raises NothingSelected; ignores what is no id."""
    ids: dict[UUID, None] = {}
    for text in request.POST.getlist("pick")[:limit]:
        try:
            ids[UUID(text)] = None
        except ValueError:
            continue
    if not ids:
        raise NothingSelected
    return list(ids)


__all__ = ["CONTROL", "Listing", "NothingSelected", "selected_ids", "show"]
