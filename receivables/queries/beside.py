"""What stands beside the items of a page, marks and codes together: every list of items asks for both."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.codes import CAUSE_AT, STATUS_AT
from receivables.queries.marks import MARK_COLUMNS, ItemMarks
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import fetch

# Asked for in the SELECT and not joined: that is planned in half the time.
_CODES = (
    " (SELECT (SELECT code.label FROM receivables_statuscode code"
    " WHERE code.tenant_id = %(tenant)s AND code.id = s.status_id)"
    f" FROM receivables_itemstatus s WHERE {STATUS_AT} LIMIT 1) AS status,"
    " (SELECT (SELECT cause.label FROM receivables_cause cause"
    " WHERE cause.tenant_id = %(tenant)s AND cause.id = c.cause_id)"
    f" FROM receivables_itemcause c WHERE {CAUSE_AT} LIMIT 1) AS cause"
)

_UNMARKED = [None, None, ""]


class Beside(NamedTuple):
    """What stands beside an item: its marks, if any, and the labels of its status and its cause, "" without."""

    marks: ItemMarks | None
    status: str
    cause: str


def beside_items(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, Beside]:
    """What stands beside each of these items on the day; those without anything are left out. 1 SQL query."""
    if not item_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    # OFFSET 0 keeps PostgreSQL from asking each of the questions a second time, for the condition.
    sql = (
        f"SELECT * FROM (SELECT i.id, {MARK_COLUMNS},{_CODES} FROM receivables_ledgeritem i{narrowed.join}"
        f" WHERE i.tenant_id = %(tenant)s AND i.id = ANY(%(ids)s){narrowed.where} OFFSET 0) s"
        " WHERE s.disputed IS NOT NULL OR s.promise_due IS NOT NULL OR s.hold <> ''"
        " OR s.status IS NOT NULL OR s.cause IS NOT NULL"
    )
    rows = fetch(sql, {**narrowed.params, "on": on, "ids": list(item_ids)})
    return {
        row_id: Beside(ItemMarks(*marks) if marks != _UNMARKED else None, status or "", cause or "")
        for row_id, *marks, status, cause in rows
    }
