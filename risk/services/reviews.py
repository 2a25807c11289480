"""Customers to review: asked for by a person, looked at or put off, and said to be over."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, changed, record
from core.errors import Conflict, Invalid
from core.text import Phrase
from desk.models import Event
from risk.models import Review, ReviewRules
from risk.queries.reviews import review_rules

LONGEST_DAYS = 366
MOST_AT_ONCE = 500
ENDED, MOVED = "risk.review_ended", "risk.review_moved"
OBJECT = "risk.Review"


class BadReview(Invalid):
    code = "bad_review"
    message = _("The review cannot be asked for like this.")


class ReviewOver(Conflict):
    code = "review_over"
    message = _("Somebody has reviewed this customer already, or it is no longer needed.")


class ReviewAsked(Conflict):
    code = "review_asked"
    message = _("Somebody has asked for this review at the same moment. Load the page again.")


class BadReviewRules(Invalid):
    code = "bad_review_rules"
    message = _("The rules cannot be set like this.")


@transaction.atomic
def ask_reviews(
    *, customer_ids: Collection[UUID], due_on: date, reason: str, actor: Actor, on: date
) -> tuple[list[Review], int]:
    """Have customers reviewed on a day, all or none; one that was asked for by hand already is moved there.

    The rows, and how many of them were moved. The caller has made sure that the customers are in scope. Raises BadReview,
    ReviewAsked.
    """
    wrong: dict[str, Any] = {}
    if not on <= due_on <= on + timedelta(days=LONGEST_DAYS):
        wrong["due_on"] = [_("A day from today on, within a year.")]
    if not reason.strip():
        wrong["reason"] = [_("Say why.")]
    if not 0 < len(customer_ids) <= MOST_AT_ONCE:
        wrong["customers"] = [_("Choose 1 to %(most)d customers.") % {"most": MOST_AT_ONCE}]
    if wrong:
        raise BadReview(fields=wrong)
    known = Review.objects.select_for_update(of=("self",)).filter(
        customer_id__in=customer_ids, source=Review.Source.HAND, state=Review.State.OPEN
    )
    by_customer = {row.customer_id: row for row in known.order_by("id")}
    rows = []
    for customer_id in sorted(set(customer_ids)):
        if row := by_customer.get(customer_id):
            values = {"due_on": due_on, "text": reason.strip()[:300], "asked_on": on, "asked_by_id": actor.member_id}
            _change(row, values, actor=actor, action=MOVED)
        else:
            row = _ask(Review(customer_id=customer_id, source=Review.Source.HAND, due_on=due_on,
                              text=reason.strip()[:300], asked_on=on, asked_by_id=actor.member_id), actor=actor)  # fmt: skip
        _tell(row, "asked", actor=actor, on=on)
        rows.append(row)
    return rows, len(by_customer)


def ask_by_rule(*, customer_id: UUID, source: str, due_on: date, sentence: Phrase, actor: Actor, on: date) -> Review:
    """A review that a rule asks for. The caller has made sure that none is open. Raises ReviewAsked."""
    plain: dict[str, Any] = sentence.plain()
    row = Review(
        customer_id=customer_id, source=source, due_on=due_on, text=plain["text"], values=plain["values"], asked_on=on
    )
    return _ask(row, actor=actor)


def _ask(row: Review, *, actor: Actor) -> Review:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ReviewAsked from error
    changes: dict[str, list[Any]] = {
        "due_on": [None, row.due_on],
        "source": [None, row.source],
        "text": [None, row.text],
    }
    record(actor=actor, action="risk.review_asked", row=row, changes=changes)
    return row


@transaction.atomic
def end_review(*, review_id: UUID, note: str = "", actor: Actor, on: date) -> Review:
    """Somebody has looked at the customer; perhaps with what came of it. Raises ReviewOver."""
    row = _open(review_id)
    values = {"state": Review.State.DONE, "ended_on": on, "ended_by_id": actor.member_id, "note": note.strip()[:300]}
    _change(row, values, actor=actor, action=ENDED)
    _tell(row, "done", actor=actor, on=on)
    return row


def check_later(*, until: date, on: date) -> None:
    """Raises BadReview for a day that a review cannot be put off to."""
    if not on < until <= on + timedelta(days=LONGEST_DAYS):
        raise BadReview(fields={"until": [_("A later day, within a year.")]})


@transaction.atomic
def move_review(*, review_id: UUID, until: date, actor: Actor, on: date) -> Review:
    """Review it on a later day. Raises ReviewOver, BadReview."""
    check_later(until=until, on=on)
    row = _open(review_id)
    _change(row, {"due_on": until}, actor=actor, action=MOVED)
    return row


@transaction.atomic
def give_back(*, review_id: UUID, changes: dict[str, Any]) -> Review:
    """What was recorded as changed was a mistake. Whoever takes it back records that. Raises ReviewOver."""
    row = Review.objects.select_for_update(of=("self",)).select_related("customer").filter(id=review_id).first()
    if row is None:
        raise ReviewOver
    for name, (before, _after) in changes.items():
        is_day = name.endswith("_on") and before is not None
        setattr(row, name, date.fromisoformat(before) if is_day else before)
    row.updated_at = Now()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # another has been asked for since
        raise ReviewOver from error
    return row


def _open(review_id: UUID) -> Review:
    row = Review.objects.select_for_update(of=("self",)).select_related("customer").filter(id=review_id).first()
    if row is None or row.state != Review.State.OPEN:
        raise ReviewOver
    return row


def _change(row: Review, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    changes = changed(row, values)
    row.updated_at = Now()
    row.save(update_fields=[*(name.removesuffix("_id") for name in changes), "updated_at"])
    record(actor=actor, action=action, row=row, changes=changes)


def _tell(row: Review, what: str, *, actor: Actor, on: date) -> None:
    Event.objects.create(
        customer_id=row.customer_id,
        kind=f"review.{what}",
        on=on,
        member_id=actor.member_id,
        object_type=OBJECT,
        object_id=row.id,
        data={"text": row.note if what == "done" else row.text, "next_on": None if what == "done" else row.due_on.isoformat()},
    )  # fmt: skip


@transaction.atomic
def set_review_rules(*, after_alert_days: int, silence_days: int, silence_amount: Decimal, actor: Actor) -> ReviewRules:
    """When customers are to be reviewed by themselves, from the next night on; 0 days: never. Raises BadReviewRules."""
    values = {
        "after_alert_days": after_alert_days,
        "silence_days": silence_days,
        "silence_amount": silence_amount,
    }
    if not (0 <= after_alert_days <= 365 and 0 <= silence_days <= 365) or silence_amount < 0:
        raise BadReviewRules
    row = ReviewRules.objects.select_for_update().first() or review_rules()
    changes = changed(row, values)
    row.updated_at = Now()
    row.save()
    record(actor=actor, action="risk.review_rules_set", row=row, changes=changes)
    return row
