"""What happened to one item: what was set against it, and what it said before."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import fetch


class Settlement(NamedTuple):
    """A part taken from an item on a day, and the item it was set against (None: the source names no counterpart).

    `amount` is in the item's currency and has the item's sign when it lowers what is open; a part taken back has the
    other one. `left` is what was open after it.
    """

    on: date
    known_on: date
    amount: Decimal
    left: Decimal
    reason: str
    origin: str
    counterpart_id: UUID | None
    counterpart_number: str
    counterpart_kind: str


def settlements(*, item_id: UUID, scope: Scope) -> list[Settlement]:
    """All allocations of an item, the oldest first. 1 SQL query. Empty for an item out of scope."""
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    sql = (
        "SELECT s.on_day, s.known_on, s.amount,"
        " s.item_amount - sum(s.amount) OVER (ORDER BY s.on_day, s.recorded_at, s.id), s.reason, s.origin,"
        " o.id, coalesce(o.number, ''), coalesce(o.kind, '') FROM ("
        'SELECT a.id, a."on" AS on_day, a.known_on, a.debit_amount AS amount, i.amount AS item_amount, a.reason,'
        " a.origin, a.recorded_at, a.credit_item_id AS other_id FROM receivables_allocation a"
        f" JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = a.debit_item_id{narrowed.join}"
        f" WHERE a.tenant_id = %(tenant)s AND a.debit_item_id = %(item)s{narrowed.where}"
        ' UNION ALL SELECT a.id, a."on", a.known_on, -a.credit_amount, i.amount, a.reason, a.origin, a.recorded_at,'
        " a.debit_item_id FROM receivables_allocation a"
        f" JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = a.credit_item_id{narrowed.join}"
        f" WHERE a.tenant_id = %(tenant)s AND a.credit_item_id = %(item)s{narrowed.where}"
        ") s LEFT JOIN receivables_ledgeritem o ON o.tenant_id = %(tenant)s AND o.id = s.other_id"
        " ORDER BY s.on_day, s.recorded_at, s.id"
    )
    return [Settlement(*row) for row in fetch(sql, {**narrowed.params, "item": item_id})]
