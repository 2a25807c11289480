"""Payer profiles over the API: how each customer pays, and since when; and customers to review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import JSONField as JSONColumn
from django.db.models import QuerySet, Value
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    IntegerField,
    JSONField,
    ListField,
    UUIDField,
)
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from core.errors import NotFound
from core.rest_lists import Resource
from receivables.queries.visible import customers_in
from risk.queries.profiles import current_profiles, profiles_in
from risk.queries.reviews import review_in_scope, reviews_in
from risk.services.reviews import MOST_AT_ONCE, ask_reviews, end_review, move_review

NO_AMOUNTS = Value([], output_field=JSONColumn())


class Days(DecimalField):
    """Days to a tenth, as a text; null where nothing was paid or overdue."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=7, decimal_places=1, allow_null=True, **kwargs)


class ProfileOut(serializers.Serializer[Any]):
    """How a customer pays at all companies together. Days are counted after the due date."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    valid_from = DateField()
    valid_to = DateField(allow_null=True, help_text="The day on which the next profile begins; null: in force.")
    payer_class = CharField(help_text="PROMPT, SLIGHT, SLOW, VERY_SLOW, DEFAULTING or NOT_KNOWN.")
    rule = CharField(help_text="Which rule gave the class: INSOLVENCY, TOO_FEW, AT_MOST or ABOVE_ALL.")
    payment_index = IntegerField(allow_null=True, help_text="0-100; 80 is on terms.")
    days_beyond_terms = Days(help_text="Amount-weighted; early payments count as negative days.")
    late_days = Days(help_text="Amount-weighted; early payments count as 0 days.")
    late_pct = DecimalField(max_digits=4, decimal_places=1, allow_null=True, help_text="Share of the amount paid late.")
    trend = CharField(help_text="IMPROVING, STABLE, WORSENING or NOT_KNOWN.")
    trend_days = Days(help_text="Days beyond terms: the recent ones less those before.")
    worst_days = IntegerField(allow_null=True)
    median_days = IntegerField(allow_null=True)
    instalments = IntegerField()
    part_payments = IntegerField()
    broken_promises = IntegerField()
    disputes = IntegerField()
    rejected_debits = IntegerField()
    is_insolvent = BooleanField()
    currencies = JSONField(
        source="explanation.currencies",
        help_text="By currency: instalments, amounts settled, late and overdue, and means. Empty for a key that does not "
        "see all companies.",
    )
    updated_at = DateTimeField()


class ProfileOutOfSome(ProfileOut):
    """The same for a key that does not see all companies: the amounts are of all of them."""

    currencies = JSONField(source="no_amounts")


class Profiles(Resource):
    """Profiles in force; with `updated_since` also those that have ended since."""

    tag = "profiles"
    capabilities = {"list": Can.VIEW_PROFILES, "retrieve": Can.VIEW_PROFILES}
    Out = ProfileOut
    exact = {"customer_ref": "customer__ref", "payer_class": "payer_class", "trend": "trend"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.caller.scope.entity_ids:
            self.Out = ProfileOutOfSome  # type: ignore[misc]

    def rows(self) -> QuerySet[Any]:
        return current_profiles(scope=self.caller.scope).annotate(no_amounts=NO_AMOUNTS)

    def changed_rows(self) -> QuerySet[Any]:
        return profiles_in(scope=self.caller.scope).annotate(no_amounts=NO_AMOUNTS)


class ReviewOut(serializers.Serializer[Any]):
    """A customer to review."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    source = CharField(  # type: ignore[assignment]  # the field's name, not the serializer's own source
        help_text="HAND, ALERT (after an alert) or SILENCE (nobody was in touch)."
    )
    state = CharField(help_text="OPEN, DONE or OVER (no longer needed).")
    due_on = DateField()
    text = CharField(help_text="Why: a person's words, or an English sentence with places for `values`.")
    values = JSONField()
    asked_on = DateField()
    asked_by = UUIDField(source="asked_by_id", allow_null=True)
    ended_on = DateField(allow_null=True)
    ended_by = UUIDField(source="ended_by_id", allow_null=True)
    note = CharField()
    updated_at = DateTimeField()


class ReviewIn(serializers.Serializer[Any]):
    """Which customers are to be reviewed when, and why: all of them or none."""

    customer_refs = ListField(child=CharField(max_length=80), min_length=1, max_length=MOST_AT_ONCE)
    due_on = DateField()
    reason = CharField(max_length=300)


class ReviewsOut(serializers.Serializer[Any]):
    """The reviews that were asked for. One that was asked for before was moved."""

    results = ReviewOut(many=True)


class ReviewDoneIn(serializers.Serializer[Any]):
    """What came of it."""

    note = CharField(max_length=300, allow_blank=True, default="")


class ReviewMoveIn(serializers.Serializer[Any]):
    """The later day."""

    until = DateField()


class Reviews(Resource):
    """Customers to review."""

    tag = "reviews"
    capabilities = {
        "list": Can.VIEW_ALERTS,
        "retrieve": Can.VIEW_ALERTS,
        "create": (Can.VIEW_ALERTS, Can.ACKNOWLEDGE_ALERTS),
        "done": (Can.VIEW_ALERTS, Can.ACKNOWLEDGE_ALERTS),
        "move": (Can.VIEW_ALERTS, Can.ACKNOWLEDGE_ALERTS),
    }
    Out = ReviewOut
    exact = {"customer_ref": "customer__ref", "state": "state", "source": "source"}

    def rows(self) -> QuerySet[Any]:
        return reviews_in(scope=self.caller.scope)

    @extend_schema(request=ReviewIn, responses={201: ReviewsOut}, summary="Have customers reviewed on a day")
    def create(self, request: Request) -> Response:
        values, caller = self.read(ReviewIn), self.caller
        wanted = set(values["customer_refs"])
        if any("\0" in ref for ref in wanted):
            raise NotFound
        ids = list(customers_in(scope=caller.scope).filter(ref__in=wanted).values_list("id", flat=True))
        if len(ids) != len(wanted):
            raise NotFound
        rows, _moved = ask_reviews(
            customer_ids=ids, due_on=values["due_on"], reason=values["reason"], actor=caller.actor, on=caller.on
        )
        return Response({"results": [self.one(row.id) for row in rows]}, status=201)

    @extend_schema(request=ReviewDoneIn, responses={200: ReviewOut}, summary="The customer has been reviewed")
    @action(detail=True, methods=["post"])
    def done(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(ReviewDoneIn), self.caller
        row = review_in_scope(review_id=id, scope=caller.scope)
        end_review(review_id=row.id, note=values["note"], actor=caller.actor, on=caller.on)
        return Response(self.one(id))

    @extend_schema(request=ReviewMoveIn, responses={200: ReviewOut}, summary="Review the customer on a later day")
    @action(detail=True, methods=["post"])
    def move(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(ReviewMoveIn), self.caller
        row = review_in_scope(review_id=id, scope=caller.scope)
        move_review(review_id=row.id, until=values["until"], actor=caller.actor, on=caller.on)
        return Response(self.one(id))
