"""No figure may lose its index, nor cost more because the policy watches: read from the plans, without a clock.

One larger organisation stands among forty small ones. Each query is explained under the runtime role, with the policy,
and under the owner role, without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.models import Tenant
from bench.questions import questions
from bench.shape import UPTO, make_ledger
from core.tenancy import tenant_scope
from receivables import queries
from tests.conftest import _owner_connection, _truncate_as_owner
from tests.make import make_entity, make_tenant

MOST_WITH_POLICY = 1.25
BIG_TABLES = {"receivables_ledgeritem", "receivables_allocation"}


Statement = tuple[str, dict[str, Any]]


@dataclass
class Ledger:
    """An organisation, and what each query sends for it, in order."""

    tenant: Tenant
    sent: dict[str, list[Statement]]


@pytest.fixture(scope="module")
def ledgers(django_db_setup, django_db_blocker) -> Iterator[dict[str, Ledger]]:
    """Committed, since statistics are; taken away again by the owner role."""
    with django_db_blocker.unblock():
        _truncate_as_owner(None)  # type: ignore[arg-type]
        try:
            tenants = [make_tenant(sandbox_on=UPTO) for _ in range(41)]
            with _owner_connection(settings.DATABASES["owner"]["NAME"]) as owner:
                for number, tenant in enumerate(tenants):
                    with tenant_scope(tenant), transaction.atomic():
                        entity = make_entity(code="E1")
                    size = (3_000, 30_000) if number == 20 else (20, 200)
                    with owner.transaction():
                        make_ledger(owner, tenant=tenant.id, entity=entity.id, customers=size[0], invoices=size[1])
                owner.execute("VACUUM (ANALYZE)")
            yield {"large": asked_of(tenants[20]), "small": asked_of(tenants[3])}
        finally:
            _truncate_as_owner(None)  # type: ignore[arg-type]
            connection.close()


def asked_of(tenant: Tenant) -> Ledger:
    with tenant_scope(tenant), transaction.atomic():
        return Ledger(tenant, {name: statements_of(call, tenant) for name, call in questions().items()})


def statements_of(call: Any, tenant: Tenant) -> list[Statement]:
    sent = []

    def record(execute, sql, params, many, context):
        sent.append((sql, {**params, "tenant": tenant.id}))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        call()
    return sent


@dataclass
class Plan:
    """A plan as EXPLAIN gives it."""

    tree: dict[str, Any]

    @property
    def cost(self) -> float:
        return self.tree["Total Cost"]

    def nodes(self, node: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        node = node or self.tree
        yield node
        for child in node.get("Plans", ()):
            yield from self.nodes(child)

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes() if "Index Name" in node}

    @property
    def scanned(self) -> set[str]:
        """Tables read from end to end."""
        return {node["Relation Name"] for node in self.nodes() if node["Node Type"] == "Seq Scan"}


def with_policy(statement: Statement) -> Plan:
    """The plan under the runtime role. In a tenant's scope."""
    sql, params = statement
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return Plan(cursor.fetchone()[0][0]["Plan"])


def without_policy(statement: Statement, *, after: str = "") -> Plan:
    """The plan under the owner role; `after` a statement that is rolled back."""
    sql, params = statement
    with (
        _owner_connection(settings.DATABASES["owner"]["NAME"]) as owner,
        psycopg.ClientCursor(owner) as cursor,
        owner.transaction(force_rollback=True),
    ):
        if after:
            cursor.execute(after)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return Plan(cursor.fetchone()[0][0]["Plan"])


# What answers the large organisation's questions of today: the small index of open items.
BY_OPEN_INDEX = (
    "ageing_by_customer today",
    "ageing_by_customer of a portfolio",
    "ageing_by_customer of entities",
    "ageing_by_customer of a region",
    "ageing_by_customer of a customer",
    "ageing_totals today",
    "balances today",
    "control_totals today",
    "exposures today",
    "open_items of a customer",
    "customer_figures 2026-06-30",
)


def test_every_query_stands_here(ledgers, db):
    asked = {name.split()[0].rstrip(",") for name in ledgers["small"].sent}
    assert {name for name in queries.__all__ if name[0].islower()} == asked


@pytest.mark.parametrize("size", ["large", "small"])
def test_the_policy_costs_at_most_a_quarter_more(ledgers, db, size):
    too_dear = []
    with tenant_scope(ledgers[size].tenant):
        for name, statements in ledgers[size].sent.items():
            for statement in statements:
                watched, free = with_policy(statement).cost, without_policy(statement).cost
                if watched > MOST_WITH_POLICY * free:
                    too_dear.append(f"{name}: {watched:.1f} with the policy, {free:.1f} without")
    assert too_dear == []


def test_a_small_organisation_reads_no_big_table_from_end_to_end(ledgers, db):
    with tenant_scope(ledgers["small"].tenant):
        scanning = {
            name: found
            for name, statements in ledgers["small"].sent.items()
            for statement in statements
            if (found := with_policy(statement).scanned & BIG_TABLES)
        }
    assert scanning == {}


def test_todays_figures_are_read_from_the_index_of_open_items(ledgers, db):
    elsewhere = {}
    with tenant_scope(ledgers["large"].tenant):
        for name in BY_OPEN_INDEX:
            plan = with_policy(ledgers["large"].sent[name][-1])
            if "ledger_item_open" not in plan.indexes or plan.scanned & BIG_TABLES:
                elsewhere[name] = (plan.indexes, plan.scanned)
    assert elsewhere == {}


def test_month_ends_are_rolled_back_by_the_index_of_days(ledgers, db):
    with tenant_scope(ledgers["large"].tenant):
        for name in ("ageing_by_customer at month end", "ageing_totals at month end", "balances at month end"):
            plan = with_policy(ledgers["large"].sent[name][-1])
            assert plan.indexes >= {"allocation_on", "ledger_item_open"}, name


def test_past_figures_are_summed_in_the_order_of_two_indexes(ledgers, db):
    with tenant_scope(ledgers["large"].tenant):
        for name in ("ageing_by_customer past", "ageing_by_customer of a customer, past", "balances as known"):
            plan = with_policy(ledgers["large"].sent[name][-1])
            assert plan.indexes >= {"allocation_debit", "allocation_credit"}, name


def test_the_probe_reads_one_index(ledgers, db):
    with tenant_scope(ledgers["large"].tenant):
        plan = with_policy(ledgers["large"].sent["ageing_totals today"][0])
    assert plan.indexes == {"allocation_on"}
    assert plan.cost < 10


@pytest.mark.parametrize(
    ("index", "name", "place"),
    [
        ("ledger_item_open", "ageing_by_customer today", -1),
        ("ledger_item_open", "open_items of a customer", -1),
        ("allocation_on", "ageing_by_customer today", 0),
        ("allocation_debit", "ageing_by_customer of a customer, past", -1),
        ("allocation_credit", "ageing_by_customer of a customer, past", -1),
    ],
)
def test_a_lost_index_would_be_noticed(ledgers, db, index, name, place):
    """Without it the same statement has another plan, which the tests above refuse."""
    statement = ledgers["large"].sent[name][place]
    assert index in without_policy(statement).indexes
    assert index not in without_policy(statement, after=f"DROP INDEX {index}").indexes
