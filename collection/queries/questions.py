"""Questions to the credit manager, as a reader may see them."""

from django.db.models import QuerySet

from accounts.access import Scope
from collection.models import Escalation
from receivables.queries.visible import customers_in


def questions_in(*, scope: Scope) -> "QuerySet[Escalation]":
    """Questions about customers that the reader sees."""
    rows: QuerySet[Escalation] = Escalation.objects.all()
    return rows if scope.is_everything else rows.filter(customer__in=customers_in(scope=scope))
