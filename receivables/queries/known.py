"""From which day on figures are known. Before it, a page says so: nothing there is not the same as nothing owed."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.selection import EVERY_ITEM, Selection, item_conditions
from receivables.queries.statement import fetch


class KnownFrom(NamedTuple):
    """The first day for which an entity's figures from a source are known.

    A source that brought its history is known from its first posting; one that gives what is open, from the day of
    its first file.
    """

    entity_id: UUID
    entity_code: str
    source: str
    known_from: date


def known_from(*, scope: Scope, selection: Selection = EVERY_ITEM) -> list[KnownFrom]:
    """One row per entity and source with items, by code and source. 1 SQL query; it reads all the items."""
    narrowed = item_conditions(scope=scope, selection=selection)
    sql = (
        "SELECT e.id, e.code, s.source, s.known_from FROM ("
        "SELECT i.entity_id, i.source,"
        " coalesce(min(i.posting_date) FILTER (WHERE i.is_history), min(i.known_on)) AS known_from"
        f" FROM receivables_ledgeritem i{narrowed.join}"
        f" WHERE i.tenant_id = %(tenant)s AND i.void_on IS NULL{narrowed.where} GROUP BY i.entity_id, i.source) s"
        " JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = s.entity_id"
        " ORDER BY e.code, s.source"
    )
    return [KnownFrom(*row) for row in fetch(sql, narrowed.params)]
