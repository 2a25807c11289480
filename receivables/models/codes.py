"""What an organisation says about single items in its own codes: where each stands, and why it is late."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models.customers import Customer
from receivables.models.ledger import LedgerItem


class StatusCode(TenantModel):
    """A mark that an organisation sets on items, with what it does to their reminders (docs/rules/status-codes.md)."""

    class Behaviour(models.TextChoices):
        WAIT = "WAIT", _("no reminder for some days")
        STOP = "STOP", _("no reminder while it is set")
        TASK = "TASK", _("makes a task")
        NONE = "NONE", _("a mark only")

    code = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    behaviour = models.CharField(max_length=4, choices=Behaviour, default=Behaviour.NONE)
    wait_days = models.PositiveSmallIntegerField(null=True)  # calendar days that a WAIT lasts unless said otherwise
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="status_code_once"),
            models.CheckConstraint(
                name="status_code_wait_days",
                condition=Q(behaviour="WAIT", wait_days__gte=1, wait_days__lte=365)
                | ~Q(behaviour="WAIT") & Q(wait_days__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ItemStatus(TenantModel):
    """A status code on an item from `from_on` until before `ended_on`: the rows of an item are its history.

    `until_on`: of a WAIT, the last day (included) on which no reminder leaves; afterwards it is a mark only.
    """

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="+", implied_by="item")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="statuses")
    status = TenantForeignKey(StatusCode, models.PROTECT, related_name="+")
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    note = models.CharField(max_length=300, blank=True)
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "item"], name="item_status_one_set", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="item_status_days",
                condition=(Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")))
                & (Q(ended_on__isnull=True) | Q(ended_on__gte=F("from_on"))),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="item_status_customer"),
            models.Index(fields=["tenant", "item"], name="item_status_item"),
            models.Index(fields=["tenant", "status"], name="item_status_status"),
            models.Index(fields=["tenant", "set_by"], name="item_status_set_by"),
            models.Index(fields=["tenant", "ended_by"], name="item_status_ended_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="item_status_updated"),
        ]


class Cause(TenantModel):
    """Why an item is late, in the organisation's own words: a tree of codes, each the customer's doing or our own."""

    class Side(models.TextChoices):
        CUSTOMER = "CUSTOMER", _("the customer's")
        OURS = "OURS", _("our own")

    code = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    parent = TenantForeignKey("self", models.PROTECT, null=True, related_name="children")
    side = models.CharField(max_length=8, choices=Side)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="cause_code_once")]
        indexes = [models.Index(fields=["tenant", "parent"], name="cause_parent")]

    def __str__(self) -> str:
        return self.label


class ItemCause(TenantModel):
    """Why an item is late, from `from_on` until before `ended_on`: by a rule, or by hand and then no rule's business."""

    needs_analyze = True

    class Origin(models.TextChoices):
        RULE = "RULE", _("by rule")
        HAND = "HAND", _("by hand")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="+", implied_by="item")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="causes")
    cause = TenantForeignKey(Cause, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=4, choices=Origin)
    rule_name = models.CharField(max_length=80, blank=True)
    from_on = models.DateField()
    ended_on = models.DateField(null=True)
    note = models.CharField(max_length=300, blank=True)
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "item"], name="item_cause_one_set", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="item_cause_days", condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("from_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="item_cause_customer"),
            models.Index(fields=["tenant", "item"], name="item_cause_item"),
            models.Index(fields=["tenant", "cause"], name="item_cause_cause"),
            models.Index(fields=["tenant", "set_by"], name="item_cause_set_by"),
            models.Index(fields=["tenant", "ended_by"], name="item_cause_ended_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="item_cause_updated"),
        ]
