"""Messages that are no reminders: which of them an organisation sends, and who wants none."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer


class Notice(models.TextChoices):
    """What may be sent beside reminders. To customers: thanks and delivery notes; to members: digests, and what
    waits for their decision."""

    THANKS = "THANKS", _("thank-you for a payment")
    DELIVERY = "DELIVERY", _("invoice delivery note")
    SALES_DIGEST = "SALES", _("late customers, to their salesperson")
    DAY_DIGEST = "DAY", _("the day, to collectors and managers")
    DECISION = "DECISION", _("decisions to take, to who may take them")


class NoticeSetting(TenantModel):
    """Whether an organisation sends a kind of notice. No row, or no `since`: it does not."""

    kind = models.CharField(max_length=10, choices=Notice)
    since = models.DateTimeField(null=True)  # what was learned before is left alone
    every_days = models.PositiveSmallIntegerField(default=0)  # at most one to a customer within so many days
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "kind"], name="notice_setting_once")]
        indexes = [models.Index(fields=["tenant", "set_by"], name="notice_setting_set_by")]


class NoticeOptOut(TenantModel):
    """A customer, or a member, that wants no notices of a kind."""

    kind = models.CharField(max_length=10, choices=Notice)
    customer = TenantForeignKey(Customer, models.PROTECT, null=True, related_name="notice_opt_outs")
    member = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "customer"],
                name="notice_opt_out_customer_once",
                condition=Q(customer__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["tenant", "kind", "member"],
                name="notice_opt_out_member_once",
                condition=Q(member__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_opt_out_of_one",
                condition=Q(customer__isnull=True, member__isnull=False)
                | Q(customer__isnull=False, member__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="notice_opt_out_customer"),
            models.Index(fields=["tenant", "member"], name="notice_opt_out_member"),
            models.Index(fields=["tenant", "by"], name="notice_opt_out_by"),
        ]
