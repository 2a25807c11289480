"""Alerts in the asker's scope."""

from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.access import Scope
from core.errors import NotFound
from desk.models import Alert
from receivables.queries.visible import accounts_in


def alerts_in(*, scope: Scope) -> "QuerySet[Alert]":
    """Those about customers that the asker sees."""
    rows: QuerySet[Alert] = Alert.objects.all()
    if scope.is_everything:
        return rows
    return rows.filter(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))


def alerts_to_see(*, scope: Scope, on: date) -> "QuerySet[Alert]":
    """Those that nobody has acknowledged, but for what is put off until a later day than `on`."""
    return alerts_in(scope=scope).filter(acknowledged_on__isnull=True).exclude(postponed_until__gt=on)


def alert_in_scope(*, alert_id: UUID, scope: Scope) -> Alert:
    """The alert with its customer. Raises NotFound for an unknown one and one out of scope."""
    alert = alerts_in(scope=scope).select_related("customer", "acknowledged_by").filter(id=alert_id).first()
    if alert is None:
        raise NotFound
    return alert
