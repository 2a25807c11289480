"""The one list page: columns, filters, sort, saved views, totals, bulk actions, export, keyset pages.

A page declares a `ListPage` and calls `show(request, page, source)`; the API and exports read the same source.
"""

from core.lists.columns import Column, amount, badge, count, day, days_late, text
from core.lists.keyset import BadCursor, QuerySource, Sort, Source
from core.lists.page import Bulk, ListPage, View, selected_ids, show

__all__ = [
    "BadCursor",
    "Bulk",
    "Column",
    "ListPage",
    "QuerySource",
    "Sort",
    "Source",
    "View",
    "amount",
    "badge",
    "count",
    "day",
    "days_late",
    "selected_ids",
    "show",
    "text",
]
