"""Claims that a reader may see."""

from django.db.models import Q, QuerySet

from accounts.access import Scope
from collection.models import Claim


def claims_in(*, scope: Scope) -> "QuerySet[Claim]":
    """Claims, seen with their item."""
    rows: QuerySet[Claim] = Claim.objects.all()
    if scope.entity_ids:
        rows = rows.filter(entity_id__in=scope.entity_ids)
    if scope.portfolio_of:
        rows = rows.filter(
            Q(item__account__salesperson_id=scope.portfolio_of) | Q(item__account__collector_id=scope.portfolio_of)
        )
    return rows
