"""Running the statements of this package: the tenant is filled in, rows come out in slices."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from core.prepared import prepared_cursor
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


def look_up(sql: str, params: Mapping[str, Any], *, ids: Iterable[UUID] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement that finds few by keys, such as `= ANY(%(ids)s::uuid[])`: planned once per connection.

    Planning such a statement takes several times as long as its answer. Each tenant has a plan of its own: one for all
    would be made for a tenant of average size, and read the whole of a large one through the wrong index.
    """
    # As one text: the driver takes half a microsecond for each id in a list, and PostgreSQL reads either the same.
    listed = "{" + ",".join([one.hex for one in ids]) + "}"
    with prepared_cursor() as cursor:
        cursor.execute(sql.replace("%(tenant)s", f"'{require_tenant_id()}'::uuid"), {**params, "ids": listed})
        return cursor.fetchall()  # type: ignore[no-any-return]


def fetch_one(sql: str, params: Mapping[str, Any]) -> tuple[Any, ...]:
    """The only row of a statement that always has one."""
    (row,) = fetch(sql, params)
    return row
