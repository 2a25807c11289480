"""Connections with the last file that each brought."""

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from integrations.models import Connection, SyncRun


@dataclass(frozen=True)
class ConnectionLine:
    """A connection and its newest run, None before the first file."""

    connection: Connection
    last: SyncRun | None


def connection_lines() -> list[ConnectionLine]:
    """All connections by name, the active ones first. 2 SQL queries."""
    newest = SyncRun.objects.filter(connection=OuterRef("pk")).order_by("-received_at", "id").values("id")[:1]
    rows = list(
        Connection.objects.select_related("entity", "created_by")
        .annotate(last_id=Subquery(newest))
        .order_by("-is_active", "name", "id")
    )
    runs = SyncRun.objects.in_bulk([row.last_id for row in rows if row.last_id])
    return [ConnectionLine(row, runs.get(row.last_id)) for row in rows]
