"""Status codes and causes of items, for the rows of a page or an export, on any day."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from accounts.access import Scope
from receivables.models import ItemCause, ItemStatus
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import look_up
from receivables.queries.visible import items_in


class ItemCodes(NamedTuple):
    """What an organisation says of an item: status and cause, "" where it says nothing.

    `until_on`: the last day without reminder of a status that waits. `is_by_hand`: a person said the cause.
    """

    status: str
    behaviour: str
    until_on: date | None
    cause: str
    is_by_hand: bool


# The status `s` and the cause `c` that an item `i` bears on the day %(on)s.
STATUS_AT = "s.tenant_id = %(tenant)s AND s.item_id = i.id AND s.from_on <= %(on)s AND (s.ended_on IS NULL OR s.ended_on > %(on)s)"
CAUSE_AT = "c.tenant_id = %(tenant)s AND c.item_id = i.id AND c.from_on <= %(on)s AND (c.ended_on IS NULL OR c.ended_on > %(on)s)"


def item_codes(*, item_ids: Sequence[UUID], on: date, scope: Scope) -> dict[UUID, ItemCodes]:
    """The codes that items bear on the day `on`; those without are left out. 1 SQL query."""
    if not item_ids:
        return {}
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    sql = (
        "SELECT i.id, coalesce(code.label, ''), coalesce(code.behaviour, ''), s.until_on, coalesce(cause.label, ''),"
        " coalesce(c.origin = 'HAND', false)"
        f" FROM receivables_ledgeritem i{narrowed.join}"
        f" LEFT JOIN receivables_itemstatus s ON {STATUS_AT}"
        " LEFT JOIN receivables_statuscode code ON code.tenant_id = %(tenant)s AND code.id = s.status_id"
        f" LEFT JOIN receivables_itemcause c ON {CAUSE_AT}"
        " LEFT JOIN receivables_cause cause ON cause.tenant_id = %(tenant)s AND cause.id = c.cause_id"
        f" WHERE i.tenant_id = %(tenant)s AND i.id = ANY(%(ids)s::uuid[]){narrowed.where}"
        " AND (s.id IS NOT NULL OR c.id IS NOT NULL)"
    )
    rows = look_up(sql, {**narrowed.params, "on": on}, ids=item_ids)
    return {row[0]: ItemCodes(*row[1:]) for row in rows}


def statuses_in(*, scope: Scope) -> "QuerySet[ItemStatus]":
    """Statuses of items, those of before too, seen with their item."""
    rows: QuerySet[ItemStatus] = ItemStatus.objects.all()
    return rows if scope.is_everything else rows.filter(item__in=items_in(scope=scope))


def causes_in(*, scope: Scope) -> "QuerySet[ItemCause]":
    """Causes of items, those of before too, seen with their item."""
    rows: QuerySet[ItemCause] = ItemCause.objects.all()
    return rows if scope.is_everything else rows.filter(item__in=items_in(scope=scope))
