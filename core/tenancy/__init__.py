"""Tenant isolation: Postgres enforces it, Python only says who is asking.

    with tenant_scope(tenant):        # a scope: a context variable, not a transaction
        with transaction.atomic():    # every transaction begun inside is stamped with the tenant
            LedgerItem.objects.all()  # row-level security filters; outside a scope it raises

Only four doors open a scope: the middleware, the task base class, management commands and the test fixture.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import connection

SETTING = "app.tenant_id"
# What a connection calls itself while a transaction of the tenant is open: pg_stat_activity shows it to our own role,
# so lists can end before the oldest transaction of their tenant (core.queries).
CONNECTION_NAME = "encours/"
_current: ContextVar[UUID | None] = ContextVar("tenant", default=None)


class TenantSwitch(RuntimeError):
    """One unit of work belongs to one tenant: a second one inside it is a programming error."""


class NoTenant(RuntimeError):
    """Raised where a tenant is needed and no scope is open."""


def current_tenant_id() -> UUID | None:
    """The id of the tenant in scope, or None outside of every scope."""
    return _current.get()


def require_tenant_id() -> UUID:
    """The id of the tenant in scope. Raises NoTenant outside of every scope."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenant("no tenant scope is open")
    return tenant_id


def stamp(conn: Any) -> None:
    """Write the scope into the open transaction of `conn`.

    SET LOCAL ends with the transaction, so a pooled connection carries nothing over (and a scale-out engine forwards
    it, which it does not do for set_config). The value is the text of a UUID, never a user's text.
    """
    tenant_id = _current.get()
    value = str(UUID(str(tenant_id))) if tenant_id else ""
    name = f"{CONNECTION_NAME}{value}" if value else ""
    with conn.cursor() as cursor:
        cursor.execute(f"SET LOCAL {SETTING} = '{value}'; SET LOCAL application_name = '{name}'")


@contextmanager
def tenant_scope(tenant: Any) -> Iterator[UUID]:
    """Open the scope of `tenant` (a Tenant, a UUID or its text) and restore the outer one at the end.

    Raises TenantSwitch inside the scope of another tenant.
    """
    key = getattr(tenant, "pk", tenant)
    tenant_id = key if isinstance(key, UUID) else UUID(str(key))
    if _current.get() not in (None, tenant_id):
        raise TenantSwitch(f"already inside the scope of {_current.get()}")
    token = _current.set(tenant_id)
    try:
        if connection.in_atomic_block:
            stamp(connection)
        yield tenant_id
    finally:
        _current.reset(token)
        # A broken transaction refuses every statement until it is rolled back, and takes the setting with it.
        if connection.in_atomic_block and not connection.needs_rollback and connection.connection is not None:
            _restamp_unless_aborted()


def _restamp_unless_aborted() -> None:
    from psycopg.pq import TransactionStatus

    if connection.connection.info.transaction_status == TransactionStatus.INTRANS:
        stamp(connection)
