"""Alerts: raised once by whoever notices, put off to a day, acknowledged once by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid, NotFound
from core.text import Phrase
from desk.models import Alert


class AlreadyAcknowledged(Conflict):
    code = "already_acknowledged"
    message = _("Somebody has acknowledged this alert already.")


class BadAlertDay(Invalid):
    code = "bad_alert_day"
    message = _("A later day, within a year.")


# An alert is put off for so long at most.
LONGEST_DAYS = 366
POSTPONED = "desk.alert_postponed"


@dataclass(frozen=True)
class NewAlert:
    """What to raise. `kind`, `customer_id` and `key` name it: the same again raises nothing."""

    kind: str
    customer_id: UUID
    key: str
    severity: Alert.Severity
    sentence: Phrase


@transaction.atomic
def raise_alerts(*, alerts: Sequence[NewAlert], on: date, actor: Actor = SYSTEM) -> int:
    """Raise those that were not raised before; how many. 1 SQL query, and 2 for each new one.

    One by one: `bulk_create` does not bring back ids that the database makes, and the audit names them.
    """
    if not alerts:
        return 0
    wanted = {(one.kind, one.customer_id, one.key): one for one in alerts}
    known = set(
        Alert.objects.filter(
            kind__in={one.kind for one in alerts}, customer_id__in={one.customer_id for one in alerts}
        ).values_list("kind", "customer_id", "key")
    )
    raised = [_alert(one, on) for name, one in wanted.items() if name not in known]
    for alert in raised:
        alert.save(force_insert=True)
        record(actor=actor, action="desk.alert_raised", row=alert, changes={"severity": [None, alert.severity]})
    return len(raised)


def _alert(one: NewAlert, on: date) -> Alert:
    plain = one.sentence.plain()
    return Alert(
        customer_id=one.customer_id,
        kind=one.kind,
        key=one.key,
        severity=one.severity,
        on=on,
        text=one.sentence.text,
        values=plain["values"],
    )


@transaction.atomic
def acknowledge_alert(*, alert_id: UUID, note: str, member: Member, on: date, actor: Actor) -> Alert:
    """Say that the alert was seen, perhaps with what follows from it. Raises AlreadyAcknowledged."""
    changed = Alert.objects.filter(id=alert_id, acknowledged_on__isnull=True).update(
        acknowledged_on=on, acknowledged_by=member, note=note, updated_at=Now()
    )
    if not changed:
        raise AlreadyAcknowledged
    alert = Alert.objects.get(id=alert_id)
    record(
        actor=actor,
        action="desk.alert_acknowledged",
        row=alert,
        changes={"acknowledged_on": [None, on], "note": ["", note]},
    )
    return alert


@transaction.atomic
def postpone_alert(*, alert_id: UUID, until: date, on: date, actor: Actor) -> Alert:
    """Look at it on a later day: until then it is in no list of what is to be seen. Raises BadAlertDay, AlreadyAcknowledged."""
    if not on < until <= on + timedelta(days=LONGEST_DAYS):
        raise BadAlertDay(fields={"until": [BadAlertDay.message]})
    alert = _open_alert(alert_id)
    before = alert.postponed_until
    _set_day(alert, until)
    record(actor=actor, action=POSTPONED, row=alert, changes={"postponed_until": [before, until]})
    return alert


@transaction.atomic
def give_back_alert(*, alert_id: UUID, until: date | None) -> Alert:
    """It was put off by mistake: `until` is the day it had before. Whoever takes it back records that.

    Raises AlreadyAcknowledged.
    """
    alert = _open_alert(alert_id)
    _set_day(alert, until)
    return alert


def _set_day(alert: Alert, until: date | None) -> None:
    alert.postponed_until = until
    alert.updated_at = Now()
    alert.save(update_fields=["postponed_until", "updated_at"])


def _open_alert(alert_id: UUID) -> Alert:
    rows = Alert.objects.select_for_update(of=("self",)).select_related("customer")
    alert: Alert | None = rows.filter(id=alert_id, acknowledged_on__isnull=True).first()
    if alert is None:
        raise AlreadyAcknowledged
    return alert


@transaction.atomic
def reopen_alert(*, alert_id: UUID) -> Alert:
    """It was acknowledged by mistake. Whoever takes it back records that. Raises NotFound."""
    changed = Alert.objects.filter(id=alert_id, acknowledged_on__isnull=False).update(
        acknowledged_on=None, acknowledged_by=None, note="", updated_at=Now()
    )
    if not changed:
        raise NotFound
    return Alert.objects.select_related("customer").get(id=alert_id)
