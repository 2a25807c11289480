"""The lists of the ledger. What they show stands in receivables.lists."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import requires
from accounts.roles import Can
from core.lists import list_named, show
from receivables.lists.items import DOCUMENTS, ITEMS
from receivables.lists.standing import DISPUTES, ORDERS


@requires(Can.VIEW_CUSTOMERS)
@require_safe
def customers(request: HttpRequest) -> HttpResponse:
    """Customers with what they owe today, and what the apps above the ledger add: the list is found by its name."""
    return show(request, list_named("customers"))


@requires(Can.VIEW_ITEMS)
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """Ledger items, the open ones first."""
    return show(request, ITEMS)


@requires(Can.VIEW_ITEMS)
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    """Invoices, credit notes and payments as documents."""
    return show(request, DOCUMENTS)


@requires(Can.VIEW_ITEMS)
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Orders not yet invoiced."""
    return show(request, ORDERS)


@requires(Can.VIEW_ITEMS)
@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """Disputes, the oldest first."""
    return show(request, DISPUTES)
