"""What stands beside the items of a page, marks and codes together: every list of items asks for both."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.codes import CAUSE_AT, STATUS_AT
from receivables.queries.marks import HOLD_AT
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import look_up


class ItemMarks(NamedTuple):
    """`disputed`: what is contested of the item, all of it where the dispute names no amount; None without dispute.

    `promise_due`: the next day an open promise is due, or None; `hold`: the reason of a hold in force, or "".
    """

    disputed: Decimal | None
    promise_due: date | None
    hold: str


class Beside(NamedTuple):
    """What stands beside an item: its marks, if any, and the labels of its status and its cause, "" without."""

    marks: ItemMarks | None
    status: str
    cause: str


# Rows of (item, what, amount, day, text); of holds the first of an item counts.
_SQL = """
WITH asked AS MATERIALIZED (
    SELECT i.id, i.customer_id, i.open_amount FROM receivables_ledgeritem i{join}
    WHERE i.tenant_id = %(tenant)s AND i.id = ANY(%(ids)s::uuid[]){where}
)
SELECT i.id, 'disputed', least(i.open_amount, sum(coalesce(d.disputed_amount, i.open_amount))), NULL::date, ''
FROM asked i JOIN receivables_dispute d ON d.tenant_id = %(tenant)s AND d.item_id = i.id AND d.closed_on IS NULL
GROUP BY i.id, i.open_amount
UNION ALL
SELECT i.id, 'promise_due', NULL, min(p.due_on), ''
FROM asked i JOIN receivables_promiseitem pi ON pi.tenant_id = %(tenant)s AND pi.item_id = i.id
JOIN receivables_promise p ON p.tenant_id = %(tenant)s AND p.id = pi.promise_id AND p.state = 'OPEN'
GROUP BY i.id
UNION ALL
(SELECT DISTINCT ON (i.id) i.id, 'hold', NULL::numeric, h.from_on, h.reason
 FROM asked i JOIN receivables_hold h ON h.tenant_id = %(tenant)s AND h.customer_id = i.customer_id
     AND (h.item_id = i.id OR h.item_id IS NULL) AND {hold_at}
 ORDER BY i.id, h.from_on)
UNION ALL
SELECT i.id, 'status', NULL, NULL, code.label
FROM asked i JOIN receivables_itemstatus s ON {status_at}
JOIN receivables_statuscode code ON code.tenant_id = %(tenant)s AND code.id = s.status_id
UNION ALL
SELECT i.id, 'cause', NULL, NULL, cause.label
FROM asked i JOIN receivables_itemcause c ON {cause_at}
JOIN receivables_cause cause ON cause.tenant_id = %(tenant)s AND cause.id = c.cause_id
"""


def beside_items(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, Beside]:
    """What stands beside each of these items on the day; those without anything are left out. 1 SQL query."""
    if not item_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    sql = _SQL.format(join=narrowed.join, where=narrowed.where, hold_at=HOLD_AT, status_at=STATUS_AT, cause_at=CAUSE_AT)
    found: dict[UUID, dict[str, Any]] = {}
    for item_id, what, amount, day, text in look_up(sql, {**narrowed.params, "on": on}, ids=item_ids):
        found.setdefault(item_id, {})[what] = amount if what == "disputed" else day if what == "promise_due" else text
    return {item_id: _beside(facts) for item_id, facts in found.items()}


def _beside(facts: dict[str, Any]) -> Beside:
    marks = ItemMarks(facts.get("disputed"), facts.get("promise_due"), facts.get("hold", ""))
    return Beside(
        marks if any(marks) or marks.disputed is not None else None, facts.get("status", ""), facts.get("cause", "")
    )


def item_marks(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, ItemMarks]:
    """Disputes, promises and holds of each of these items; those without any are left out. 1 SQL query."""
    found = beside_items(item_ids=item_ids, on=on, scope=scope)
    return {item_id: beside.marks for item_id, beside in found.items() if beside.marks is not None}
