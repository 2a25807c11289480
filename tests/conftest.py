"""The test database is migrated by the owner role; tests run under the runtime role, so isolation is on in all of them."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from core.tenancy import tenant_scope
from tests.make import make_member, make_tenant

# A deadline per example measures the machine's load, not the code.
hypothesis_settings.register_profile("encours", deadline=None)
hypothesis_settings.load_profile("encours")


def pytest_configure(config: pytest.Config) -> None:
    from creditmgmt import startup
    from creditmgmt.local import ensure_servers

    if startup.uses_local_servers():
        ensure_servers()


def _test_database_name() -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return f"{settings.TEST_DATABASE}_{worker}" if worker else settings.TEST_DATABASE


def _owner_connection(database: str) -> psycopg.Connection:
    owner = settings.DATABASES["owner"]
    return psycopg.connect(
        dbname=database,
        user=owner["USER"],
        password=owner["PASSWORD"] or None,
        host=owner["HOST"] or None,
        port=owner["PORT"] or None,
        autocommit=True,
    )


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """A database of its own per worker, made and migrated by the owner role (kept with --reuse-db)."""
    name, keep = _test_database_name(), request.config.getvalue("reuse_db")
    with _owner_connection("postgres") as maintenance:
        exists = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if exists and not keep:
            maintenance.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            exists = None
        if not exists:
            maintenance.execute(f'CREATE DATABASE "{name}"')
    with django_db_blocker.unblock():
        for alias in ("default", "owner"):
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
            settings.DATABASES[alias]["NAME"] = name
        call_command("migrate", verbosity=0)
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
    if not keep:
        with _owner_connection("postgres") as maintenance:
            maintenance.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _truncate_as_owner(self: TransactionTestCase) -> None:
    """The runtime role may not truncate (row-level security would not see it): the owner cleans up."""
    with _owner_connection(settings.DATABASES["owner"]["NAME"]) as owner:
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename NOT IN ('django_migrations', 'django_content_type')"
            ).fetchall()
        ]
        _truncate(owner, "TRUNCATE " + ", ".join(f'"{table}"' for table in tables) + " CASCADE")


def _truncate(owner: psycopg.Connection, statement: str) -> None:
    """A part of a browser's page may still be read by the server: its connection is ended then, and we try again."""
    owner.execute("SET lock_timeout = '10s'")
    for _attempt in range(5):
        try:
            owner.execute(statement)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
            connections.close_all()
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        else:
            return
    owner.execute(statement)


TransactionTestCase._fixture_teardown = _truncate_as_owner  # type: ignore[method-assign]


@pytest.fixture
def organisation(db):
    """An organisation without open scope, for tests that come in through a door (client, command, task)."""
    return make_tenant()


@pytest.fixture
def tenant(organisation):
    """An organisation whose scope is open during the test."""
    with tenant_scope(organisation):
        yield organisation


@pytest.fixture
def credit_manager(tenant):
    return make_member(role="credit_manager")


@pytest.fixture
def collector(tenant):
    return make_member(role="collector")


@pytest.fixture
def salesperson(tenant):
    return make_member(role="sales")
