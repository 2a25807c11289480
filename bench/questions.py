"""Each product query in the ways that pages and jobs ask it. Asked of one organisation of the benchmark's shape."""

from collections.abc import Callable
from datetime import date
from typing import Any

from accounts.access import EVERYTHING, Scope
from accounts.models import Member
from bench.shape import UPTO
from receivables import queries
from receivables.models import Customer, CustomerAccount, Entity
from receivables.queries import Selection
from receivables.queries.as_of import Way
from receivables.rules.ageing import CreditTreatment

MONTH_END = date(2026, 5, 31)  # little was allocated since
PAST = date(2026, 1, 31)
PAGE = 50


def questions() -> dict[str, Callable[[], Any]]:
    """The calls by name, the query's first. Called in a tenant's scope."""
    customer, member = Customer.objects.order_by("ref")[5], Member.objects.filter(source_ref="M7").get()
    one = Selection(customer_id=customer.id)
    entity = Scope(entity_ids=frozenset(Entity.objects.values_list("id", flat=True)))
    portfolio = Scope(portfolio_of=member.id)
    region = CustomerAccount.objects.filter(customer=customer).get().region
    found: dict[str, Callable[[], Any]] = {}

    def add(name: str, query: Any, *, asked: tuple[str, ...], **options: Any) -> None:
        ways = {
            "today": {"on": UPTO, "scope": EVERYTHING},
            "at month end": {"on": MONTH_END, "scope": EVERYTHING, "way": Way.ROLLED_BACK},
            "past": {"on": PAST, "scope": EVERYTHING, "way": Way.SUMMED},
            "as known": {"on": PAST, "known_on": PAST, "scope": EVERYTHING},
            "of a portfolio": {"on": UPTO, "scope": portfolio},
            "of a portfolio, past": {"on": PAST, "scope": portfolio},
            "of entities": {"on": UPTO, "scope": entity},
            "of a region": {"on": UPTO, "scope": EVERYTHING, "selection": Selection(region=region)},
            "of a customer": {"on": UPTO, "scope": EVERYTHING, "selection": one},
            "of a customer, past": {"on": PAST, "scope": EVERYTHING, "selection": one},
        }
        for way in asked:
            found[f"{name} {way}"] = lambda values=ways[way] | options: query(**values)

    every = (
        "today", "at month end", "past", "as known", "of a portfolio", "of a portfolio, past", "of entities", "of a region",
        "of a customer", "of a customer, past",
    )  # fmt: skip
    now = tuple(way for way in every if way != "as known")
    sort = queries.AgeingSort
    add("ageing_by_customer", queries.ageing_by_customer, asked=every, sort=sort.OVERDUE, limit=PAGE)
    add("ageing_by_customer, by name,", queries.ageing_by_customer, asked=("today",), sort=sort.NAME, limit=PAGE)
    add("ageing_totals", queries.ageing_totals, asked=every)
    add("ageing_totals, set off,", queries.ageing_totals, asked=("today",), treatment=CreditTreatment.OLDEST_FIRST)
    add("balances", queries.balances, asked=every, limit=PAGE)
    add("control_totals", queries.control_totals, asked=every)
    add("exposures", queries.exposures, asked=now, limit=PAGE)
    add("open_items", queries.open_items, asked=every, limit=PAGE)
    add("open_items, of a cell,", queries.open_items, asked=("today",), bucket="d31_60", limit=PAGE)
    add("open_items_totals", queries.open_items_totals, asked=every, bucket="overdue")
    for on in (UPTO, PAST):
        found[f"customer_figures {on}"] = lambda on=on: queries.customer_figures(
            customer_id=customer.id, on=on, scope=EVERYTHING
        )
    found["known_from"] = lambda: queries.known_from(scope=EVERYTHING)
    return found
