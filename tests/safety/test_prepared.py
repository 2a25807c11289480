"""Statements that are planned once keep tenants apart, and survive what a connection goes through."""

import pytest
from django.db import DataError, connection, transaction

from accounts.access import EVERYTHING
from core.prepared import prepared_cursor
from core.tenancy import tenant_scope
from receivables.models import Customer
from receivables.queries.marks import customer_marks
from receivables.queries.statement import look_up
from tests.make import TODAY as ON
from tests.make import make_account, make_customer, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

# More often than PostgreSQL tries plans for the parameters at hand before it keeps one for all.
OFTEN = 8


def two_tenants():
    found = []
    for slug in ("one", "two"):
        with transaction.atomic():
            tenant = make_tenant(slug=slug)
        with tenant_scope(tenant), transaction.atomic():
            found.append((tenant, make_account(customer=make_customer(ref=slug)).customer_id))
    return found


def kept_plans():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE generic_plans > 0")
        return cursor.fetchone()[0]


def test_each_tenant_is_answered_from_its_own_rows_however_often_it_asks():
    (one, first), (two, second) = two_tenants()
    for _ in range(OFTEN):
        for tenant, own, other in ((one, first, second), (two, second, first)):
            with tenant_scope(tenant), transaction.atomic():
                assert set(customer_marks(customer_ids=[own, other], on=ON, scope=EVERYTHING)) == {own}
    assert kept_plans() >= 2


def test_a_plan_that_names_another_tenant_finds_nothing():
    (one, first), (two, _second) = two_tenants()
    sql = f"SELECT id FROM receivables_customer WHERE tenant_id = '{one.id}'::uuid AND id = ANY(%(ids)s::uuid[])"
    for tenant, found in [(one, [(first,)])] * OFTEN + [(two, [])] * OFTEN:
        with tenant_scope(tenant), transaction.atomic():
            assert look_up(sql, {}, ids=[first]) == found


def test_outside_of_every_scope_a_kept_plan_is_refused():
    (one, first), _other = two_tenants()
    sql = f"SELECT id FROM receivables_customer WHERE tenant_id = '{one.id}'::uuid AND id = %s"

    def ask():
        with prepared_cursor() as cursor:
            cursor.execute(sql, [first])
            return cursor.fetchall()

    for _ in range(OFTEN):
        with tenant_scope(one), transaction.atomic():
            assert ask() == [(first,)]
    with pytest.raises(DataError), transaction.atomic():
        ask()


def test_a_rolled_back_transaction_and_a_new_connection_change_nothing():
    (one, first), _other = two_tenants()
    for again in range(3):
        with tenant_scope(one), transaction.atomic():
            assert set(customer_marks(customer_ids=[first], on=ON, scope=EVERYTHING)) == {first}
            Customer.objects.filter(id=first).update(name=f"Name {again}")
            transaction.set_rollback(True)
    connection.close()
    with tenant_scope(one), transaction.atomic():
        assert set(customer_marks(customer_ids=[first], on=ON, scope=EVERYTHING)) == {first}


def test_other_statements_are_not_prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        before = cursor.fetchone()
        for number in range(OFTEN):
            cursor.execute("SELECT %s", [number])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == before
