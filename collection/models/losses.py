"""What is given up and what is expected to be lost: write-offs asked for and approved, rates of provision."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Role
from collection.models.terminal import other_than_requester
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer, Entity, Hold, LedgerItem
from receivables.models.ledger import AMOUNT


class WriteOff(TenantModel):
    """Items of a customer at an entity that we give up. Approved, it is a proposal to the ERP, which keeps the books.

    It is POSTED once the books no longer hold the amounts, OVERTAKEN when they were paid or credited instead.
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("to approve")
        APPROVED = "APPROVED", _("approved, to post in the ERP")
        REFUSED = "REFUSED", _("refused")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")
        POSTED = "POSTED", _("posted")
        OVERTAKEN = "OVERTAKEN", _("paid or credited instead")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="write_offs")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)  # of all its items
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=300)
    four_eyes = models.BooleanField()
    on = models.DateField()
    requested_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=300, blank=True)
    ended_on = models.DateField(null=True)  # the books have followed, or it was withdrawn
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="write_off_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="write_off_with_reason", condition=~Q(reason="")),
            other_than_requester("write_off_four_eyes"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="write_off_customer"),
            models.Index(fields=["tenant", "entity"], name="write_off_entity"),
            models.Index(fields=["tenant", "requested_by"], name="write_off_requested_by"),
            models.Index(fields=["tenant", "decided_by"], name="write_off_decided_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="write_off_updated"),
        ]


class WriteOffItem(TenantModel):
    """What is given up of an item: all that was open of it. In one write-off at a time."""

    write_off = TenantForeignKey(WriteOff, models.PROTECT, related_name="write_off_items")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="+")
    amount = models.DecimalField(**AMOUNT)
    is_active = models.BooleanField(default=True)
    hold = TenantForeignKey(Hold, models.PROTECT, null=True, related_name="+")  # once approved

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "write_off", "item"], name="write_off_item_once"),
            models.UniqueConstraint(
                fields=["tenant", "item"], name="write_off_item_one_open", condition=Q(is_active=True)
            ),
            models.CheckConstraint(name="write_off_item_amount_positive", condition=Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["tenant", "item"], name="write_off_item_item"),
            models.Index(fields=["tenant", "hold"], name="write_off_item_hold"),
        ]


class WriteOffLimit(TenantModel):
    """The most that members of a role approve in one write-off, in the organisation's currency. No row: no limit."""

    role = TenantForeignKey(Role, models.PROTECT, related_name="+")
    amount = models.DecimalField(**AMOUNT)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "role"], name="write_off_limit_once"),
            models.CheckConstraint(name="write_off_limit_not_negative", condition=Q(amount__gte=0)),
        ]


class ProvisionRate(TenantModel):
    """The expected loss of what stands in an age bracket and a standing, in percent, from a day on."""

    standing = models.CharField(max_length=12)  # collection.rules.provision.Standing
    bucket = models.CharField(max_length=12)  # a bracket of receivables.rules.ageing
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    valid_from = models.DateField()
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "standing", "bucket", "valid_from"], name="provision_rate_once"),
            models.CheckConstraint(name="provision_rate_percent", condition=Q(percent__gte=0, percent__lte=100)),
        ]
        indexes = [models.Index(fields=["tenant", "set_by"], name="provision_rate_set_by")]


class ProvisionOverride(TenantModel):
    """A rate for one customer, whatever its age brackets say, from a day until before `ended_on`, with the reason."""

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="+")
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    reason = models.CharField(max_length=300)
    from_on = models.DateField()
    ended_on = models.DateField(null=True)
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer"], name="provision_override_one", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="provision_override_sensible",
                condition=Q(percent__gte=0, percent__lte=100)
                & ~Q(reason="")
                & (Q(ended_on__isnull=True) | Q(ended_on__gte=F("from_on"))),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="provision_override_customer"),
            models.Index(fields=["tenant", "set_by"], name="provision_override_set_by"),
            models.Index(fields=["tenant", "ended_by"], name="provision_override_ended_by"),
        ]
