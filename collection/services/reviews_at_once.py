"""Customers to review, several at once: looked at, or put off to a day. Reviews and alerts alike, as the day's list has them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Member
from core.audit import Actor
from core.errors import Invalid, NotFound, Refusal
from desk.models import Alert
from desk.queries.alerts import alerts_in
from desk.services.alerts import AlreadyAcknowledged, acknowledge_alert, postpone_alert
from receivables.models import Customer
from risk.models import Review
from risk.queries.reviews import reviews_in
from risk.services.reviews import ReviewOver, check_later, end_review, move_review

MOST_AT_ONCE = 200


class TooManyReviews(Invalid):
    code = "too_many_reviews"
    message = _("Choose at most 200 at once.")


@dataclass(frozen=True)
class Picked:
    """What was chosen on the list: rows in scope, by id."""

    reviews: list[Review]
    alerts: list[Alert]

    @property
    def customers(self) -> list[Customer]:
        """Whom they are about, each once, by name."""
        rows: list[Review | Alert] = [*self.reviews, *self.alerts]
        found = {row.customer_id: row.customer for row in rows}
        return sorted(found.values(), key=lambda one: (one.name, str(one.id)))

    def __len__(self) -> int:
        return len(self.reviews) + len(self.alerts)


@dataclass(frozen=True)
class Outcome:
    """How many were done, and what could not be: whose it is, and why."""

    done: int = 0
    refused: list[tuple[Customer, Refusal]] = field(default_factory=list)


def pick_reviews(*, review_ids: Collection[UUID], alert_ids: Collection[UUID], scope: Scope) -> Picked:
    """The chosen ones that the asker sees. 2 SQL queries. Raises TooManyReviews, NotFound where there are none."""
    if len(review_ids) + len(alert_ids) > MOST_AT_ONCE:
        raise TooManyReviews
    reviews = reviews_in(scope=scope).filter(id__in=review_ids).select_related("customer").order_by("id")
    alerts = alerts_in(scope=scope).filter(id__in=alert_ids).select_related("customer").order_by("id")
    found = Picked(list(reviews), list(alerts))
    if not len(found):
        raise NotFound
    return found


@transaction.atomic
def end_reviews(*, picked: Picked, note: str, member: Member, actor: Actor, on: date) -> Outcome:
    """Somebody has looked at these customers. What is over already is refused by name, and stops no other."""
    return _each(
        picked,
        review=lambda row: end_review(review_id=row.id, note=note, actor=actor, on=on),
        alert=lambda row: acknowledge_alert(
            alert_id=row.id, note=note.strip()[:300], member=member, on=on, actor=actor
        ),
    )


@transaction.atomic
def move_reviews(*, picked: Picked, until: date, actor: Actor, on: date) -> Outcome:
    """Look at these customers on a later day. What is over already is refused by name. Raises BadReview: nothing is moved."""
    check_later(until=until, on=on)
    return _each(
        picked,
        review=lambda row: move_review(review_id=row.id, until=until, actor=actor, on=on),
        alert=lambda row: postpone_alert(alert_id=row.id, until=until, on=on, actor=actor),
    )


def _each(picked: Picked, *, review: Callable[[Review], object], alert: Callable[[Alert], object]) -> Outcome:
    """Each in order of id, so that two who choose the same do not wait for each other."""
    done = 0
    refused: list[tuple[Customer, Refusal]] = []
    rows: list[Review | Alert] = [*picked.reviews, *picked.alerts]
    for row in rows:
        try:
            with transaction.atomic():
                review(row) if isinstance(row, Review) else alert(row)
            done += 1
        except (ReviewOver, AlreadyAcknowledged) as refusal:
            refused.append((row.customer, refusal))
    return Outcome(done, refused)
