"""Take a guard away and the test that names it must fail: a test that cannot fail guards nothing.

Each case removes one guard as the owner, runs the named test, and puts the guard back with `install`.
"""

import inspect
from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connections, transaction

from core.models import AuditRecord
from core.tenancy import SETTING, install, require_tenant_id, tenant_scope
from tests.make import make_tenant
from tests.safety import test_isolation, test_pool_stress

FAILURES = (AssertionError, DatabaseError, pytest.fail.Exception)


@pytest.fixture
def owner(transactional_db, django_db_blocker) -> Iterator:
    connection = connections["owner"]
    with connection.cursor() as cursor:
        yield cursor
    install.install(connection)
    connection.close()


def run(test: Callable[..., None]) -> None:
    """The named test's body in a transaction of its own, undone at the end."""
    with transaction.atomic():
        test(None)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("sabotage", "named_test"),
    [
        (
            "DROP POLICY tenant ON receivables_customer; CREATE POLICY tenant ON receivables_customer USING (true)",
            test_isolation.test_a_row_is_seen_in_its_own_organisation_only,
        ),
        (
            "ALTER TABLE receivables_customer DISABLE ROW LEVEL SECURITY",
            test_isolation.test_a_row_is_seen_in_its_own_organisation_only,
        ),
        (
            "ALTER TABLE receivables_customer DISABLE ROW LEVEL SECURITY",
            test_isolation.test_writing_a_row_into_another_organisation_is_refused,
        ),
        (
            "ALTER TABLE receivables_customer DISABLE ROW LEVEL SECURITY",
            test_isolation.test_reading_without_a_scope_raises,
        ),
        (
            "REVOKE SELECT ON receivables_customer FROM encours_app",
            test_isolation.test_a_row_is_seen_in_its_own_organisation_only,
        ),
        ("GRANT DELETE ON core_auditrecord TO encours_app", test_isolation.test_the_audit_trail_cannot_be_shortened),
    ],
    ids=[
        "policy lets all through",
        "no policy read",
        "no policy write",
        "no policy unscoped",
        "grant missing",
        "audit deletable",
    ],
)
def test_removed_guard_is_noticed(owner, sabotage, named_test):
    run(named_test)  # holds as it is
    try:
        owner.execute(sabotage)
        with pytest.raises(FAILURES):
            run(named_test)
    finally:
        if "POLICY tenant" in sabotage:
            owner.execute("DROP POLICY tenant ON receivables_customer")


@pytest.mark.django_db(transaction=True)
def test_without_the_stamp_nothing_is_readable(monkeypatch):
    """The scope alone protects nothing and grants nothing: without SET LOCAL the database refuses."""
    mine = make_tenant()
    monkeypatch.setattr("core.tenancy.backend.base.stamp", lambda connection: None)
    with tenant_scope(mine), pytest.raises(DatabaseError):
        list(AuditRecord.objects.all())


def test_the_installer_is_what_grants():
    """Grants come after the policies in the installer: reordering them would open a table that missed its policy."""
    source = inspect.getsource(install.install)
    assert source.index("_add_missing_policies(cursor") < source.index("_grant(cursor")


@pytest.mark.django_db(transaction=True)
def test_a_setting_that_outlives_the_transaction_is_noticed(monkeypatch):
    """SET instead of SET LOCAL: the pooled connection carries the organisation to whoever gets it next."""

    def stamp_session(conn) -> None:
        with conn.cursor() as cursor:
            cursor.execute(f"SET {SETTING} = '{require_tenant_id()}'")

    monkeypatch.setattr("core.tenancy.backend.base.stamp", stamp_session)
    assert test_pool_stress.stress(threads=4) != []
