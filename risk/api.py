"""Payer profiles over the API: how each customer pays, and since when."""

from __future__ import annotations

from typing import Any

from django.db.models import JSONField as JSONColumn
from django.db.models import QuerySet, Value
from rest_framework import serializers
from rest_framework.fields import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    IntegerField,
    JSONField,
    UUIDField,
)
from rest_framework.request import Request

from accounts.roles import Can
from core.rest_lists import Resource
from risk.queries.profiles import current_profiles, profiles_in

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
