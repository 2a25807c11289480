"""Tasks that somebody has to do."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from desk.models import Task
from receivables.queries.visible import accounts_in


def tasks_of(
    *, member_id: UUID, with_unassigned: bool, scope: Scope, absent_ids: Collection[UUID] = ()
) -> "QuerySet[Task]":
    """A member's own tasks, whoever's the customer is; in scope those of absent colleagues whose work the member does,
    and where asked for those that are nobody's.
    """
    others = Q(assignee_id__in=list(absent_ids))
    if with_unassigned:
        others |= Q(assignee_id__isnull=True)
    if not scope.is_everything:
        others &= Q(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))
    return Task.objects.filter(Q(assignee_id=member_id) | others)
