"""Figures of the ledger, right to the cent on any day. Each function answers one question with one statement.

All take `scope` (what the reader may see) and most a `selection` (what the reader asked for); `on` is the day a figure
speaks of, `known_on` the day on which it is asked (None: everything known now).
"""

from receivables.queries.ageing import (
    AgeingSort,
    AgeingTotal,
    CustomerAgeing,
    UnknownBucket,
    ageing_by_customer,
    ageing_totals,
)
from receivables.queries.balances import (
    Balance,
    ControlTotal,
    balances,
    control_totals,
)
from receivables.queries.exposure import CustomerFigures, Exposure, customer_figures, exposures
from receivables.queries.items import ItemsTotal, OpenItem, open_items, open_items_totals
from receivables.queries.known import KnownFrom, known_from
from receivables.queries.selection import EVERY_ITEM, Selection

__all__ = [
    "EVERY_ITEM",
    "AgeingSort",
    "AgeingTotal",
    "Balance",
    "ControlTotal",
    "CustomerAgeing",
    "CustomerFigures",
    "Exposure",
    "ItemsTotal",
    "KnownFrom",
    "OpenItem",
    "Selection",
    "UnknownBucket",
    "ageing_by_customer",
    "ageing_totals",
    "balances",
    "control_totals",
    "customer_figures",
    "exposures",
    "known_from",
    "open_items",
    "open_items_totals",
]
