"""Customers in the order of what they owe: those with a balance in the organisation's currency, then all others.

Amounts of two currencies are not ranked among each other, so one currency orders; who owes nothing in it comes last, by
name, whichever way the amounts run.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.access import Scope
from accounts.models import Tenant
from core.lists import QuerySource, Reader, Row, Sort
from core.lists.keyset import decode
from core.tenancy import current_tenant_id
from receivables.models import Customer
from receivables.queries.visible import items_in

# Field of the list: the column of the balance, whole cents, that orders it.
CENTS = {"open_amount": "open_cents", "overdue_amount": "overdue_cents"}

# Before a marker: of which half the row is. A full stop is no character of a marker.
OWING, OTHERS = "o.", "r."
BY_NAME = Sort("name_key")


class ByAmount:
    """Pages of `customers` by one amount. A page costs at most 3 SQL queries, whichever it is.

    Readers of everything are served from the stored balances; for others the items that they see are summed.
    """

    def __init__(
        self, customers: QuerySet[Customer], *, field: str, reader: Reader, fields: Sequence[str], names: dict[str, str]
    ) -> None:
        self.options: dict[str, Any] = {"fields": fields, "names": names}
        tenant_id: Any = current_tenant_id()
        currency = Tenant.objects.values_list("currency", flat=True).get(id=tenant_id)
        if reader.scope.is_everything:
            having = Q(balances__currency=currency)
            balances: QuerySet[Any] = customers.annotate(balance=FilteredRelation("balances", condition=having))
            self.owing: QuerySet[Any] = balances.filter(balance__isnull=False).annotate(
                ranked=F(f"balance__{CENTS[field]}")
            )
            self.others: QuerySet[Any] = balances.filter(balance__isnull=True)
        else:
            summed: QuerySet[Any] = customers.annotate(ranked=_sum_seen(field, currency, reader.scope, reader.on))
            self.owing, self.others = summed.filter(ranked__isnull=False), summed.filter(ranked__isnull=True)

    def slice(self, *, descending: bool, after: str, before: str, limit: int) -> list[Row]:
        """Rows after (or before) the row of a marker, as core.lists.Source.slice gives them. Raises BadCursor."""
        sort = Sort("ranked", descending)
        if before and not after:
            if before.startswith(OTHERS):
                rows = list(self._others().slice(sort=BY_NAME, after="", before=before[2:], limit=limit))
                return self._last_owing(sort, limit - len(rows)) + rows
            return list(self._owing(before, not descending).slice(sort=sort, after="", before=before[2:], limit=limit))
        if after.startswith(OTHERS):
            return list(self._others().slice(sort=BY_NAME, after=after[2:], before="", limit=limit))
        rows = list(self._owing(after, descending).slice(sort=sort, after=after[2:], before="", limit=limit))
        if len(rows) < limit:
            rows += self._others().slice(sort=BY_NAME, after="", before="", limit=limit - len(rows))
        return rows

    def marker(self, row: Row) -> str:
        if "sort_value" in row:
            return OWING + self._owing("", False).marker(row, Sort("ranked"))
        return OTHERS + self._others().marker(row, BY_NAME)

    def _owing(self, marker: str, descending: bool) -> QuerySource:
        """Those beyond a marker. The amount alone is asked for too: that finds the place in the index of balances."""
        rows = self.owing
        if marker:
            value, _id = decode(marker[2:])
            rows = rows.filter(**{f"ranked__{'lte' if descending else 'gte'}": value})
        return QuerySource(rows, **self.options)

    def _others(self) -> QuerySource:
        return QuerySource(self.others, **self.options)

    def _last_owing(self, sort: Sort, limit: int) -> list[Row]:
        if not limit:
            return []
        backwards = Sort(sort.field, not sort.descending)
        return list(self._owing("", False).slice(sort=backwards, after="", before="", limit=limit))[::-1]


def _sum_seen(field: str, currency: str, scope: Scope, on: Any) -> Subquery:
    """What a customer owes in one currency of the items that the reader sees; NULL where there are none."""
    items = items_in(scope=scope).filter(
        customer_id=OuterRef("id"), currency=currency, is_open=True, posting_date__lte=on
    )
    if field == "overdue_amount":
        items = items.filter(due_date__lt=on)
    return Subquery(items.order_by().values("customer_id").annotate(total=Sum("open_amount")).values("total"))
