"""The ledgers that are measured: one large organisation beside many small ones."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import psycopg
from django.db import transaction

from accounts.models import Tenant
from accounts.services.organisations import create_organisation
from bench.database import as_owner
from core.tenancy import tenant_scope
from receivables.models import Entity

UPTO = date(2026, 6, 30)  # the last day of every ledger
MEMBERS = 50  # salespersons and collectors; each customer has one of each
SHAPE = (Path(__file__).parent / "shape.sql").read_text()


@dataclass(frozen=True)
class Size:
    """How large: the customers and invoices of the large organisation, and how many small ones stand beside it."""

    name: str
    customers: int
    invoices: int
    small_tenants: int = 99
    small_customers: int = 20
    small_invoices: int = 200


SIZES = {
    size.name: size
    for size in (
        Size("TINY", customers=200, invoices=2_000, small_tenants=3),
        Size("SMALL", customers=10_000, invoices=100_000),
        Size("FULL", customers=100_000, invoices=1_000_000, small_customers=100, small_invoices=1_000),
    )
}


def tenant_slug(number: int) -> str:
    """`large` is number 0, then `other-1` ..."""
    return "large" if number == 0 else f"other-{number}"


def fill(size: Size) -> None:
    """Make the ledgers, then let PostgreSQL count them. The large one comes in the middle, as in life."""
    half = size.small_tenants // 2
    _small(size, range(1, half + 1))
    _one(0, customers=size.customers, invoices=size.invoices)
    _small(size, range(half + 1, size.small_tenants + 1))
    settle()


def fill_small(size: Size) -> None:
    """Make the small ledgers alone."""
    _small(size, range(1, size.small_tenants + 1))
    settle()


def settle() -> None:
    """Statistics and visibility map as after a quiet night: no figure here measures the autovacuum."""
    with as_owner(autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")


def add_invoices_of_others(size: Size) -> None:
    """Nine times the invoices of the small ones once more, all of other organisations: ten times as many (P20)."""
    for number in range(1001, 1010):
        _one(
            number,
            customers=size.small_tenants * size.small_customers,
            invoices=size.small_tenants * size.small_invoices,
        )
    settle()


def _small(size: Size, numbers: range) -> None:
    for number in numbers:
        _one(number, customers=size.small_customers, invoices=size.small_invoices)


def _one(number: int, *, customers: int, invoices: int) -> None:
    if Tenant.objects.filter(slug=tenant_slug(number)).exists():
        return
    tenant = create_organisation(slug=tenant_slug(number), name=f"Organisation {number}", sandbox_on=UPTO)
    with tenant_scope(tenant), transaction.atomic():
        entity = Entity.objects.create(code="E1", name="Entity 1", currency="EUR")
    with as_owner() as owner:
        make_ledger(owner, tenant=tenant.id, entity=entity.id, customers=customers, invoices=invoices)


def make_ledger(owner: psycopg.Connection, *, tenant: UUID, entity: UUID, customers: int, invoices: int) -> None:
    """Fill the ledger of a new organisation with 24 months up to UPTO, as the owner role."""
    values = {
        "tenant": tenant,
        "entity": entity,
        "currency": "EUR",
        "upto": UPTO,
        "customers": customers,
        "invoices": invoices,
        "members": MEMBERS,
    }
    with psycopg.ClientCursor(owner) as cursor:
        for statement in statements(SHAPE):
            cursor.execute(statement, values)
            if statement.startswith("CREATE TEMP TABLE"):
                cursor.execute("ANALYZE " + re.findall(r"shape_\w+", statement)[0])


def statements(sql: str) -> list[str]:
    """The statements of a file, without its comments."""
    without_comments = re.sub(r"^--.*\n", "", sql, flags=re.M)
    return [part.strip() for part in re.split(r";\n", without_comments) if part.strip()]
