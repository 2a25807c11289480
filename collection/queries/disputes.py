"""Disputes that a member answers or may see."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.access import Scope
from receivables.models import Dispute
from receivables.queries.visible import disputes_in


def disputes_to_answer(*, member_id: UUID, scope: Scope, absent_ids: Collection[UUID] = ()) -> "QuerySet[Dispute]":
    """Those that the member was asked to answer, whoever's the customer is; in scope those of absent colleagues whose
    work the member does.
    """
    own = Q(owner_id=member_id)
    if not absent_ids:
        return Dispute.objects.filter(own)
    theirs = Q(owner_id__in=list(absent_ids), id__in=disputes_in(scope=scope).values("id"))
    return Dispute.objects.filter(own | theirs)


def disputes_of(
    *, member_id: UUID, sees_items: bool, scope: Scope, absent_ids: Collection[UUID] = ()
) -> "QuerySet[Dispute]":
    """Those in scope for who sees items, and those that the member answers."""
    own = disputes_to_answer(member_id=member_id, scope=scope, absent_ids=absent_ids)
    if not sees_items:
        return own
    return Dispute.objects.filter(Q(id__in=disputes_in(scope=scope).values("id")) | Q(id__in=own.values("id")))
