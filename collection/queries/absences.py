"""Absences: who stands in for whom, and what the replacement does not see."""

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.access import Scope
from accounts.models import Replacement
from receivables.models import CustomerAccount
from receivables.queries.visible import accounts_in


def replacements_from(*, on: date, member_id: UUID | None = None) -> "QuerySet[Replacement]":
    """Those in force and to come, the next first; of a member, or where the member stands in."""
    rows = Replacement.objects.filter(until_on__gte=on, ended_on__isnull=True)
    if member_id is not None:
        rows = rows.filter(Q(member_id=member_id) | Q(replacement_id=member_id))
    return rows.select_related("member", "replacement__role").order_by("from_on", "id")


def unseen_customers(*, member_id: UUID, scope: Scope) -> int:
    """How many customers of a collector somebody of this scope does not see. 1 SQL query."""
    own = CustomerAccount.objects.filter(collector_id=member_id)
    if scope.is_everything:
        return 0
    seen = accounts_in(scope=scope).filter(collector_id=member_id).values("customer_id")
    return own.exclude(customer_id__in=seen).values("customer_id").distinct().count()
