"""Disputes that a member answers or may see."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.access import Scope
from receivables.models import Dispute
from receivables.queries.visible import disputes_in


def disputes_of(*, member_id: UUID, sees_items: bool, scope: Scope) -> "QuerySet[Dispute]":
    """Those in scope for who sees items, and those that the member was asked to answer, whoever's the customer is."""
    own: QuerySet[Dispute] = Dispute.objects.filter(owner_id=member_id)
    if not sees_items:
        return own
    return Dispute.objects.filter(Q(id__in=disputes_in(scope=scope).values("id")) | Q(owner_id=member_id))
