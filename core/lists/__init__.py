"""The one list page: columns, filters, sort, saved views, totals, bulk actions, export, keyset pages.

A page declares a `ListPage`, its view calls `show(request, PAGE)`; `settings.LISTS` names it for exports and saved views.
"""

from core.lists.columns import Cell, Column, amount, badge, count, day, days_late, page_of, text
from core.lists.filters import (
    ChoiceFilter,
    DayFilter,
    DayInput,
    Filters,
    FlagFilter,
    PrefixFilter,
    RowFilter,
    Select,
)
from core.lists.keyset import BadCursor, QuerySource, Row, Sort, Source, slices
from core.lists.listing import Listing, NothingSelected, selected_ids, show
from core.lists.page import BadFilters, Bulk, ListPage, Reading, View, list_named
from core.lists.reading import Reader

__all__ = [
    "BadCursor",
    "BadFilters",
    "Bulk",
    "Cell",
    "ChoiceFilter",
    "Column",
    "DayFilter",
    "DayInput",
    "Filters",
    "FlagFilter",
    "ListPage",
    "Listing",
    "NothingSelected",
    "PrefixFilter",
    "QuerySource",
    "Reader",
    "Reading",
    "Row",
    "RowFilter",
    "Select",
    "Sort",
    "Source",
    "View",
    "amount",
    "badge",
    "count",
    "day",
    "days_late",
    "list_named",
    "page_of",
    "selected_ids",
    "show",
    "slices",
    "text",
]
