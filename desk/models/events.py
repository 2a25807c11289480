"""What happened, and what somebody should look at."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer


class Event(TenantModel):
    """Something that happened with a customer: one line of its timeline. Append-only."""

    append_only = True

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)  # "message.sent", "call.logged", "hold.placed" ...
    on = models.DateField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    member_id = models.UUIDField(null=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)  # what the line needs: numbers, amounts, a note

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer", "-at", "-id"], name="event_customer")]


class Alert(TenantModel):
    """Something about a customer that a person should look at. Raised once (`kind`, customer, `key`), then acknowledged.

    `text` and `values` are a sentence of the catalogue (core.text.Phrase), put in words where it is shown.
    """

    class Severity(models.TextChoices):
        NOTICE = "NOTICE", _("notice")
        WARNING = "WARNING", _("warning")
        CRITICAL = "CRITICAL", _("critical")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=40)  # who raises it and why, e.g. "risk.payer_class"
    key = models.CharField(max_length=80)  # the same event again raises nothing
    severity = models.CharField(max_length=10, choices=Severity)
    on = models.DateField()  # business date
    text = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    raised_at = models.DateTimeField(db_default=Now(), editable=False)
    postponed_until = models.DateField(null=True)  # somebody wants to look at it on that day: until then it waits
    acknowledged_on = models.DateField(null=True)
    acknowledged_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="", db_default="")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "customer", "key"], name="alert_once"),
            models.CheckConstraint(
                name="alert_acknowledged_by_somebody",
                condition=Q(acknowledged_on__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_on__isnull=False, acknowledged_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-on", "-id"], condition=Q(acknowledged_on__isnull=True), name="alert_open"),
            models.Index(fields=["tenant", "customer", "-on"], name="alert_customer"),
            models.Index(fields=["tenant", "acknowledged_by"], name="alert_acknowledged_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="alert_updated"),
        ]
