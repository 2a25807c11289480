"""Payer profiles in the reader's scope: of the customers that the reader sees."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from receivables.queries.visible import accounts_in
from risk.models import PayerClassLimits, PayerProfile
from risk.rules.profile import DEFAULT_LIMITS, ClassLimits

LIMIT_NAMES = (
    "window_days",
    "recent_days",
    "minimum_instalments",
    "prompt_days",
    "slight_days",
    "slow_days",
    "very_slow_days",
    "trend_days",
)


def profiles_in(*, scope: Scope) -> "QuerySet[PayerProfile]":
    """Every row of the history."""
    rows: QuerySet[PayerProfile] = PayerProfile.objects.all()
    if scope.is_everything:
        return rows
    return rows.filter(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))


def current_profiles(*, scope: Scope) -> "QuerySet[PayerProfile]":
    """The newest profile of each customer."""
    return profiles_in(scope=scope).filter(valid_to__isnull=True)


def profiles_of(*, customer_ids: Sequence[UUID], scope: Scope) -> dict[UUID, PayerProfile]:
    """The newest profile of each of these customers; those without are left out. 1 SQL query."""
    if not customer_ids:
        return {}
    return {row.customer_id: row for row in current_profiles(scope=scope).filter(customer_id__in=customer_ids)}


def history_of(*, customer_id: UUID, scope: Scope, limit: int = 400) -> list[PayerProfile]:
    """The customer's profiles, the newest first. 1 SQL query."""
    rows = profiles_in(scope=scope).filter(customer_id=customer_id).order_by("-valid_from")
    return list(rows.defer("explanation")[:limit])


def limits_row(*, on: date) -> PayerClassLimits | None:
    """The organisation's own limits in force on a day; None while it has none. 1 SQL query."""
    in_force = Q(valid_to__isnull=True) | Q(valid_to__gt=on)
    return PayerClassLimits.objects.filter(in_force, valid_from__lte=on).first()


def class_limits(*, on: date) -> ClassLimits:
    """The limits that classes are given by on a day: the organisation's own, or the defaults. 1 SQL query."""
    row = limits_row(on=on)
    return ClassLimits(**{name: getattr(row, name) for name in LIMIT_NAMES}) if row else DEFAULT_LIMITS


def newest_limits() -> PayerClassLimits | None:
    """The organisation's last limits, in force or from tomorrow. 1 SQL query."""
    return PayerClassLimits.objects.filter(valid_to__isnull=True).first()


def class_counts(*, scope: Scope) -> dict[str, int]:
    """How many customers have which class now. 1 SQL query."""
    rows = current_profiles(scope=scope).order_by("payer_class").values_list("payer_class")
    return dict(rows.annotate(customers=Count("id")))
