"""Tasks that somebody has to do."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from desk.models import Task
from receivables.queries.visible import accounts_in


def tasks_of(*, member_id: UUID, with_unassigned: bool, scope: Scope) -> "QuerySet[Task]":
    """A member's own tasks, whoever's the customer is, and where asked for those that are nobody's, in scope."""
    own = Q(assignee_id=member_id)
    if not with_unassigned:
        return Task.objects.filter(own)
    nobodys = Q(assignee_id__isnull=True)
    if not scope.is_everything:
        nobodys &= Q(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))
    return Task.objects.filter(own | nobodys)
