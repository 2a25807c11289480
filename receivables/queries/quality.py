"""Which customers lack something, contradict themselves or stand in the books twice.

Loads and forms keep well-formed identifiers only (receivables.rules.identifiers), so what is left to find is what is
missing, what contradicts another field, and what two customers share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Substr
from django.db.models.lookups import Exact

from accounts.access import Scope
from receivables.models import Contact, Customer, CustomerAccount, LedgerItem
from receivables.queries.ageing import AgeingSort, ageing_by_customer, ageing_totals
from receivables.queries.selection import Selection
from receivables.queries.visible import accounts_in, customers_in, items_in

CHECKS = (
    "no_identifier",
    "conflict",
    "duplicate",
    "no_email",
    "bounced",
    "no_decider",
    "no_terms",
    "no_collector",
    "no_address",
    "stale",
)
# Reminders of so many of the largest debtors need a person there who decides.
LARGEST = 50
STALE_DAYS = 365


@dataclass(frozen=True)
class QualityCount:
    """How many customers a check finds."""

    check: str
    customers: int


def condition(check: str, *, on: date, scope: Scope) -> Q:
    """What a check finds, as a condition on customers. A few SQL queries for no_decider. KeyError on no check."""
    conditions: dict[str, Callable[[], Q]] = {
        "no_identifier": lambda: Q(siren="", vat_number="", lei="", registration_number=""),
        "conflict": _conflict,
        "duplicate": _duplicate,
        "no_email": lambda: Q(email="") & _without(_persons().exclude(email="").filter(email_bounced_at__isnull=True)),
        "bounced": lambda: Q(Exists(_persons().filter(email_bounced_at__isnull=False))),
        "no_decider": lambda: (
            Q(id__in=_largest(on=on, scope=scope)) & _without(_persons().filter(influence=Contact.Influence.DECIDES))
        ),
        "no_terms": lambda: Q(Exists(_accounts(scope).filter(terms_id__isnull=True))),
        "no_collector": lambda: Q(Exists(_accounts(scope).filter(collector_id__isnull=True))),
        "no_address": lambda: Q(street="") | Q(city="") | Q(country=""),
        "stale": lambda: _stale(on=on, scope=scope),
    }
    return conditions[check]()


def quality_counts(*, on: date, scope: Scope) -> list[QualityCount]:
    """How many customers each check finds, in the order of CHECKS. 1 SQL query, and those of no_decider."""
    wanted = {check: Count("id", filter=condition(check, on=on, scope=scope)) for check in CHECKS}
    found = customers_in(scope=scope).aggregate(**wanted)
    return [QualityCount(check, found[check]) for check in CHECKS]


def _without(rows: "QuerySet[Any]") -> Q:
    return Q(~Exists(rows))


def _persons() -> "QuerySet[Contact]":
    return Contact.objects.filter(customer_id=OuterRef("id"), is_active=True)


def _accounts(scope: Scope) -> "QuerySet[CustomerAccount]":
    return accounts_in(scope=scope).filter(customer_id=OuterRef("id"))


def _conflict() -> Q:
    """A French VAT number or a SIRET of another SIREN than the one beside it (a member of a VAT group may be right)."""
    in_vat_number = Substr(F("vat_number"), 5, 9)
    # A number of Monaco holds no SIREN: 000 stands in its place.
    monaco = Q(Exact(Substr(F("vat_number"), 5, 3), Value("000")))
    french = Q(vat_number__prefix="FR") & ~Q(siren="") & ~Q(siren=in_vat_number)
    other_siret = ~Q(siret="") & ~Q(siren="") & ~Q(siren=Substr(F("siret"), 1, 9))
    return (french & ~monaco) | other_siret


def _duplicate() -> Q:
    others = Customer.objects.exclude(id=OuterRef("id"))
    same_siren = Q(Exists(others.filter(siren=OuterRef("siren")).exclude(siren=""))) & ~Q(siren="")
    same_vat = Q(Exists(others.filter(vat_number=OuterRef("vat_number")).exclude(vat_number=""))) & ~Q(vat_number="")
    return same_siren | same_vat


def _largest(*, on: date, scope: Scope) -> list[UUID]:
    """The customers that owe most, of each currency."""
    found = [
        row.customer_id
        for total in ageing_totals(on=on, scope=scope)
        for row in ageing_by_customer(
            on=on, scope=scope, selection=Selection(currency=total.currency), sort=AgeingSort.TOTAL, limit=LARGEST
        )
    ]
    return list(dict.fromkeys(found))


def _stale(*, on: date, scope: Scope) -> Q:
    """Something is open, and nothing was issued for a year."""
    of_customer = items_in(scope=scope).filter(customer_id=OuterRef("id"))
    recent = LedgerItem.objects.filter(
        customer_id=OuterRef("id"), void_on__isnull=True, document_date__gt=on - timedelta(days=STALE_DAYS)
    )
    return Q(Exists(of_customer.filter(is_open=True))) & _without(recent)
