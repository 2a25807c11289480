"""Alerts: raised once, found again by their audit rows."""

from datetime import date

import pytest

from core.models import AuditRecord
from core.text import Phrase
from desk.models import Alert
from desk.services.alerts import NewAlert, raise_alerts
from tests.make import make_customer

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 2)


def alert_of(customer_id, key: str = "C/2026-03") -> NewAlert:
    return NewAlert("risk.payer_class", customer_id, key, Alert.Severity.WARNING, Phrase("Pays worse."))


def test_the_audit_names_each_alert_by_its_id(tenant):
    customers = [make_customer(), make_customer()]

    assert raise_alerts(alerts=[alert_of(customer.id) for customer in customers], on=ON) == 2

    audited = AuditRecord.objects.filter(action="desk.alert_raised")
    assert {(row.object_id, row.customer_id) for row in audited} == {
        (alert.id, alert.customer_id) for alert in Alert.objects.all()
    }
    assert {alert.customer_id for alert in Alert.objects.all()} == {customer.id for customer in customers}


def test_what_was_raised_is_not_raised_again(tenant):
    customer = make_customer()
    first, other = alert_of(customer.id), alert_of(customer.id, key="D/2026-03")
    assert raise_alerts(alerts=[first, first], on=ON) == 1

    assert raise_alerts(alerts=[first, other], on=ON) == 1

    assert sorted(Alert.objects.values_list("key", flat=True)) == ["C/2026-03", "D/2026-03"]
    assert AuditRecord.objects.filter(action="desk.alert_raised").count() == 2
