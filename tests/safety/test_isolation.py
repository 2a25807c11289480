"""Isolation is on: the tests run as the runtime role, and the database itself keeps organisations apart."""

import pytest
from django.db import DatabaseError, connection, transaction

from core.tenancy import TenantSwitch, tenant_scope
from core.tenancy.checks import role_problems
from receivables.models import Customer
from tests.make import make_customer, make_tenant


def test_the_tests_run_under_the_runtime_role(db):
    """The canary: every other test would prove nothing under a role that bypasses the policy."""
    assert role_problems(connection) == []


def test_reading_without_a_scope_raises(organisation):
    with pytest.raises(DatabaseError, match=r"invalid input syntax|unrecognized configuration"), transaction.atomic():
        list(Customer.objects.all())


def test_a_row_is_seen_in_its_own_organisation_only(db):
    mine, other = make_tenant(), make_tenant()
    with tenant_scope(mine):
        customer = make_customer(ref="C1")
    with tenant_scope(other):
        assert not Customer._base_manager.filter(id=customer.id).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM receivables_customer")
            assert cursor.fetchone() == (0,)
            cursor.execute("UPDATE receivables_customer SET name = 'stolen' WHERE id = %s", [customer.id])
            assert cursor.rowcount == 0
    with tenant_scope(mine):
        assert Customer.objects.get().name == customer.name


def test_writing_a_row_into_another_organisation_is_refused(db):
    mine, other = make_tenant(), make_tenant()
    with tenant_scope(mine), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Customer.objects.create(tenant=other, ref="X", name="X", name_key="x")


def test_a_scope_inside_the_scope_of_another_raises(db):
    mine, other = make_tenant(), make_tenant()
    with tenant_scope(mine), pytest.raises(TenantSwitch), tenant_scope(other):
        pass


def test_the_audit_trail_cannot_be_shortened(db):
    with tenant_scope(make_tenant()):
        with (
            connection.cursor() as cursor,
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            cursor.execute("DELETE FROM core_auditrecord")
        with (
            connection.cursor() as cursor,
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            cursor.execute("UPDATE core_auditrecord SET action = 'nothing happened'")
