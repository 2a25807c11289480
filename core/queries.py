"""What lists ask beside their rows: of the database itself, and which views of a list were saved."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from core.instances import columns_of, instance_of
from core.models import SavedView
from core.prepared import prepared_cursor
from core.tenancy import CONNECTION_NAME, require_tenant_id

# Between reading the clock at its BEGIN and showing it in pg_stat_activity a backend runs a few lines.
_CLOCK_TO_SIGHT = timedelta(milliseconds=5)


def settled_before() -> datetime:
    """The moment before which no change of the tenant in scope can come to light any more. 1 SQL query.

    A changed row carries the start of its transaction, or later, as `updated_at`. So what a transaction that is open now
    will show stands at or after its start, and a list that ends before the oldest one misses nothing. Ask before the
    rows are read, in a statement of its own: a transaction that ended in between is then among them.

    PostgreSQL shows the start of transactions of our own role only, which writes all that lists show. Those of other
    tenants say so in their connection's name and are left out; those that have not said yet whose they are count.
    """
    # The function and not pg_stat_activity, which adds names that nobody asks for: it takes twice as long.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT least(transaction_timestamp(), min(xact_start)) FROM pg_stat_get_activity(NULL)
            WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
              AND backend_type = 'client backend'
              AND (application_name = %s OR NOT starts_with(application_name, %s))
            """,
            [f"{CONNECTION_NAME}{require_tenant_id()}", CONNECTION_NAME],
        )
        [oldest] = cursor.fetchone()
    moment: datetime = oldest - _CLOCK_TO_SIGHT
    return moment


def saved_views(*, owner_id: UUID, list_name: str) -> list[SavedView]:
    """A member's own views of a list and those shared with everybody, by name. 1 SQL query."""
    with prepared_cursor() as cursor:
        cursor.execute(
            f'SELECT {columns_of(SavedView, "v")} FROM "core_savedview" v'
            f" WHERE v.tenant_id = '{require_tenant_id()}'::uuid AND v.list_name = %s"
            " AND (v.owner_id = %s OR v.is_shared) ORDER BY v.name, v.id",
            [list_name, owner_id],
        )
        return [instance_of(SavedView, row)[0] for row in cursor.fetchall()]
