"""Status codes and causes of items, for the rows of a page or an export, on any day."""

from django.db.models import QuerySet

from accounts.access import Scope
from receivables.models import ItemCause, ItemStatus
from receivables.queries.visible import items_in

# The status `s` and the cause `c` that an item `i` bears on the day %(on)s.
STATUS_AT = "s.tenant_id = %(tenant)s AND s.item_id = i.id AND s.from_on <= %(on)s AND (s.ended_on IS NULL OR s.ended_on > %(on)s)"
CAUSE_AT = "c.tenant_id = %(tenant)s AND c.item_id = i.id AND c.from_on <= %(on)s AND (c.ended_on IS NULL OR c.ended_on > %(on)s)"


def statuses_in(*, scope: Scope) -> "QuerySet[ItemStatus]":
    """Statuses of items, those of before too, seen with their item."""
    rows: QuerySet[ItemStatus] = ItemStatus.objects.all()
    return rows if scope.is_everything else rows.filter(item__in=items_in(scope=scope))


def causes_in(*, scope: Scope) -> "QuerySet[ItemCause]":
    """Causes of items, those of before too, seen with their item."""
    rows: QuerySet[ItemCause] = ItemCause.objects.all()
    return rows if scope.is_everything else rows.filter(item__in=items_in(scope=scope))
