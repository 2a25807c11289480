"""Connections with the last file that each brought."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Subquery

from core.errors import NotFound
from integrations.models import Connection, Mailbox, SyncRun


@dataclass(frozen=True)
class ConnectionLine:
    """A connection, its newest run (None before the first file), and of a mailbox how it is read."""

    connection: Connection
    last: SyncRun | None
    mailbox: Mailbox | None = None


def mailbox_of(connection_id: UUID) -> Mailbox:
    """How a connection's mailbox is read. Raises NotFound for one that has none. 1 SQL query."""
    found = Mailbox.objects.select_related("connection").filter(connection_id=connection_id).first()
    if found is None:
        raise NotFound
    return found


def connection_lines() -> list[ConnectionLine]:
    """All connections by name, the active ones first. 3 SQL queries."""
    newest = SyncRun.objects.filter(connection=OuterRef("pk")).order_by("-received_at", "id").values("id")[:1]
    rows = list(
        Connection.objects.select_related("entity", "created_by")
        .annotate(last_id=Subquery(newest))
        .order_by("-is_active", "name", "id")
    )
    runs = SyncRun.objects.in_bulk([row.last_id for row in rows if row.last_id])
    mailboxes = {box.connection_id: box for box in Mailbox.objects.all()}
    return [ConnectionLine(row, runs.get(row.last_id), mailboxes.get(row.id)) for row in rows]


def return_addresses() -> dict[UUID | None, str]:
    """Company (None: all others) -> where what cannot be delivered is returned to, a mailbox that is read. 1 SQL query."""
    boxes = Mailbox.objects.filter(connection__is_active=True).exclude(return_address="").order_by("-connection_id")
    return dict(boxes.values_list("connection__entity_id", "return_address"))
