"""Payer profiles in the reader's scope: of the customers that the reader sees."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.access import Scope
from receivables.queries.marks import account_conditions
from receivables.queries.statement import look_up
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


class Classed(NamedTuple):
    """How a customer pays, in short: fields of PayerProfile."""

    payer_class: str
    payment_index: int | None
    late_days: Decimal | None
    trend: str


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


def classes_of(*, customer_ids: Sequence[UUID], scope: Scope) -> dict[UUID, Classed]:
    """What a list shows of the newest profile of each of these customers; those without are left out. 1 SQL query."""
    if not customer_ids:
        return {}
    narrowed = ""
    params: dict[str, Any] = {}
    if not scope.is_everything:
        accounts, params = account_conditions(scope=scope)
        narrowed = (
            " AND EXISTS (SELECT FROM receivables_customeraccount a"
            f" WHERE a.tenant_id = %(tenant)s AND a.customer_id = p.customer_id{accounts})"
        )
    sql = (
        "SELECT p.customer_id, p.payer_class, p.payment_index, p.late_days, p.trend FROM risk_payerprofile p"
        f" WHERE p.tenant_id = %(tenant)s AND p.valid_to IS NULL AND p.customer_id = ANY(%(ids)s::uuid[]){narrowed}"
    )
    return {row[0]: Classed(*row[1:]) for row in look_up(sql, params, ids=customer_ids)}


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
