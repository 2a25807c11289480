"""What a late payer owes beside its invoices: interest and fixed charges, and the terms and rates they come from."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer, Document, Entity, LedgerItem
from receivables.models.ledger import AMOUNT


class ReferenceRate(TenantModel):
    """A dated row of a series of rates (collection.rules.law.Series), beside those that are shipped or instead of one."""

    series = models.CharField(max_length=20)
    valid_from = models.DateField()
    percent = models.DecimalField(max_digits=6, decimal_places=3)  # a year
    source = models.CharField(max_length=200)
    added_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "series", "valid_from"], name="reference_rate_once"),
            models.CheckConstraint(name="reference_rate_range", condition=Q(percent__gte=-20, percent__lte=100)),
        ]
        indexes = [models.Index(fields=["tenant", "added_by"], name="reference_rate_added_by")]


class LateTerms(TenantModel):
    """What a company has agreed about late payment, for documents dated from `valid_from` on.

    Without a row: the statutory rate of its country, and the fixed charge where the law has one.
    """

    entity = TenantForeignKey(Entity, models.PROTECT, related_name="late_terms")
    valid_from = models.DateField()
    agreed_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)  # a year; null: statutory
    with_fixed_charge = models.BooleanField(default=True)
    added_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entity", "valid_from"], name="late_terms_once"),
            models.CheckConstraint(
                name="late_terms_percent_range",
                condition=Q(agreed_percent__isnull=True) | Q(agreed_percent__gte=0, agreed_percent__lte=100),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "added_by"], name="late_terms_added_by")]


class Claim(TenantModel):
    """Interest of an item for its late days until a day, or the fixed charge of a document. Apart from the ledger.

    A later claim for the same item replaces the one before it; one that was waived or paid stays, and the next begins
    on the day after it.
    """

    class Kind(models.TextChoices):
        INTEREST = "INTEREST", _("late-payment interest")
        FIXED_CHARGE = "FIXED", _("fixed recovery charge")

    class State(models.TextChoices):
        CLAIMED = "CLAIMED", _("claimed")
        REPLACED = "REPLACED", _("replaced by a later one")
        WAIVED = "WAIVED", _("waived")
        PAID = "PAID", _("paid")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="claims", implied_by="item")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="claims")
    document = TenantForeignKey(Document, models.PROTECT, null=True, related_name="claims")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.CLAIMED)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(**AMOUNT)
    # Interest: the first and the last day it is for.
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    law = models.CharField(max_length=4)
    # Interest: its segments as the annex prints them; a charge: the article.
    calculation = models.JSONField(default=dict)
    on = models.DateField()
    claimed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)  # why it was waived
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="claim_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="claim_interest_has_days",
                condition=Q(kind="FIXED", from_on__isnull=True, until_on__isnull=True)
                | Q(kind="INTEREST", until_on__gte=F("from_on")),
            ),
            models.CheckConstraint(name="claim_waived_with_reason", condition=~Q(state="WAIVED") | ~Q(reason="")),
            models.UniqueConstraint(
                fields=["tenant", "item"], name="claim_interest_once", condition=Q(kind="INTEREST", state="CLAIMED")
            ),
            # Once for each document, whatever became of it; by its item where the source names no document.
            models.UniqueConstraint(
                fields=["tenant", "document"],
                name="claim_charge_once",
                condition=Q(kind="FIXED", document__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["tenant", "item"],
                name="claim_item_charge_once",
                condition=Q(kind="FIXED", document__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "-on"], name="claim_customer"),
            models.Index(fields=["tenant", "item"], name="claim_item"),
            models.Index(fields=["tenant", "document"], name="claim_document"),
            models.Index(fields=["tenant", "entity"], name="claim_entity"),
            models.Index(fields=["tenant", "claimed_by"], name="claim_claimed_by"),
            models.Index(fields=["tenant", "decided_by"], name="claim_decided_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="claim_updated"),
        ]
