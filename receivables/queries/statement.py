"""Running the statements of this package: the tenant is filled in, rows come out in slices."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from core.tenancy import require_tenant_id

# Rows taken from the database's answer at a time.
FETCH = 5_000


def fetch(sql: str, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of one statement. `%(tenant)s` is the tenant in scope, beside the policy: it gives the right plans.

    Raises NoTenant outside of every scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {**params, "tenant": require_tenant_id()})
        while rows := cursor.fetchmany(FETCH):
            yield from rows


def fetch_one(sql: str, params: Mapping[str, Any]) -> tuple[Any, ...]:
    """The only row of a statement that always has one."""
    (row,) = fetch(sql, params)
    return row
