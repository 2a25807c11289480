"""How fresh is the ledger, and did today's files all come in? System queries: they see the whole tenant."""

from datetime import date
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from integrations.models import ImportKind, SyncRun
from receivables.models import Entity

State = SyncRun.State
LOADED = (State.APPLIED, State.UNCHANGED)


def ledger_as_of() -> dict[UUID, date]:
    """Entity -> business day of the last load of invoices and payments. 2 SQL queries.

    A file that names no one company counts for all; entities without any load are not in the answer.
    """
    loads = SyncRun.objects.filter(kind=ImportKind.ITEMS, state__in=LOADED)
    found = dict(loads.values_list("entity_id").annotate(last=Max("as_of")))
    for_all = found.pop(None, None)
    if for_all is not None:
        for entity_id in Entity.objects.values_list("id", flat=True):
            found[entity_id] = max(for_all, found.get(entity_id, for_all))
    return found


def unfinished(*, on: date) -> list[SyncRun]:
    """Files of connections, received for the business day, that are not in the ledger: refused, waiting, under way.

    One is settled by a later file of its connection and kind that was loaded; one whose columns were not recognised by
    any later one. The oldest first. 1 SQL query.
    """
    later = SyncRun.objects.filter(
        connection=OuterRef("connection"), received_at__gt=OuterRef("received_at"), state__in=LOADED
    )
    runs = SyncRun.objects.filter(connection__isnull=False, as_of=on).exclude(state__in=[*LOADED, State.UNDONE])
    not_recognised = Q(state=State.REFUSED, started_at__isnull=True)
    settled = Exists(later.filter(kind=OuterRef("kind"))) | (not_recognised & Exists(later))
    return list(runs.exclude(settled).select_related("connection").order_by("received_at", "id"))
