"""Customers to review, in the asker's scope."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.access import Scope
from core.errors import NotFound
from receivables.queries.visible import accounts_in
from risk.models import Review, ReviewRules


def reviews_in(*, scope: Scope) -> "QuerySet[Review]":
    """Those of customers that the asker sees."""
    rows: QuerySet[Review] = Review.objects.all()
    if scope.is_everything:
        return rows
    return rows.filter(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))


def review_in_scope(*, review_id: UUID, scope: Scope) -> Review:
    """The review with its customer and who asked. Raises NotFound for an unknown one and one out of scope."""
    row = reviews_in(scope=scope).select_related("customer", "asked_by", "ended_by").filter(id=review_id).first()
    if row is None:
        raise NotFound
    return row


def reviews_of(*, customer_id: UUID, scope: Scope, limit: int = 10) -> list[Review]:
    """A customer's reviews, the open ones first, then the newest. 1 SQL query."""
    rows = reviews_in(scope=scope).filter(customer_id=customer_id).select_related("asked_by", "ended_by")
    return list(rows.order_by(F("ended_on").desc(nulls_first=True), "due_on", "id")[:limit])


def review_rules() -> ReviewRules:
    """The organisation's rules: its row, or one with the defaults that is not stored. 1 SQL query."""
    return ReviewRules.objects.first() or ReviewRules()
