"""Cash application: lines of the bank, what was decided about them, and what they pay before the books say so.

The ERP keeps the books. What we set against an item is no `Allocation`, which is the books' word: it is a
`CashAllocation`, which lowers what is chased until the books have followed. See docs/decisions/ours-beside-the-books.md.
"""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models.customers import Customer, Entity
from receivables.models.ledger import AMOUNT, LedgerItem


class CashSettings(TenantModel):
    """How an organisation matches. Without a row the defaults count. Amounts are in each payment's own currency."""

    # At this confidence (0-1) and above a match is carried out by itself.
    threshold = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal("0.900"))
    tolerance_amount = models.DecimalField(**AMOUNT, default=Decimal("1"))
    tolerance_pct = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("0.50"))
    grace_days = models.PositiveSmallIntegerField(default=3)  # after the last day of a discount
    confirm_days = models.PositiveSmallIntegerField(default=7)  # so long the books may take to follow
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="cash_settings_once"),
            models.CheckConstraint(
                name="cash_settings_sensible",
                condition=Q(threshold__gte=0, threshold__lte=1, tolerance_amount__gte=0, tolerance_pct__gte=0)
                & Q(tolerance_pct__lte=100),
            ),
        ]


class BankLine(TenantModel):
    """A line of a bank statement, as received. Positive: money came in. `remaining_amount` is set against nothing yet.

    `proposal`: what is suggested now, or why nothing is (receivables.services.matching writes and reads it).
    """

    needs_analyze = True

    class State(models.TextChoices):
        OPEN = "OPEN", _("to match")
        MATCHED = "MATCHED", _("matched")
        SET_ASIDE = "SET_ASIDE", _("set aside")

    source = models.CharField(max_length=40, default="file")
    # The bank's own reference, or a fingerprint of the line and which of its equals it is: loaded once.
    source_ref = models.CharField(max_length=140, db_collation="C")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    own_iban = models.CharField(max_length=34, blank=True)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    remaining_amount = models.DecimalField(**AMOUNT)
    payer_name = models.CharField(max_length=200, blank=True)
    payer_iban = models.CharField(max_length=34, blank=True)
    text = models.TextField(blank=True)
    structured_ref = models.CharField(max_length=140, blank=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    set_aside_reason = models.CharField(max_length=200, blank=True)
    # Whose payment it is: as a person said, or as the last match found.
    customer = TenantForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="bank_lines")
    said_by = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    proposal = models.JSONField(default=dict)
    confidence = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal(0))
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "source_ref"], name="bank_line_once"),
            models.CheckConstraint(
                name="bank_line_remaining_within_amount",
                condition=Q(amount__gte=0, remaining_amount__gte=0, remaining_amount__lte=models.F("amount"))
                | Q(amount__lte=0, remaining_amount__lte=0, remaining_amount__gte=models.F("amount")),
            ),
            models.CheckConstraint(
                name="bank_line_matched_wholly", condition=~Q(state="MATCHED") | Q(remaining_amount=0)
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-booked_on", "id"], name="bank_line_state"),
            models.Index(fields=["tenant", "customer"], name="bank_line_customer"),
            models.Index(fields=["tenant", "entity"], name="bank_line_entity"),
            models.Index(fields=["tenant", "said_by"], name="bank_line_said_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="bank_line_updated"),
        ]


class CashMatch(TenantModel):
    """A decision about a line: what it pays, or that a proposal was wrong. Reversed, never deleted."""

    class State(models.TextChoices):
        ACCEPTED = "ACCEPTED", _("matched")
        REFUSED = "REFUSED", _("refused")
        REVERSED = "REVERSED", _("taken back")

    line = TenantForeignKey(BankLine, models.PROTECT, related_name="matches")
    # Of the largest piece; None for a refused proposal of nobody.
    customer = TenantForeignKey(Customer, models.PROTECT, null=True, related_name="cash_matches")
    state = models.CharField(max_length=10, choices=State)
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    is_automatic = models.BooleanField(default=False)
    confidence = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal(0))
    proposal = models.JSONField(default=dict)
    on = models.DateField()
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(db_default=Now(), editable=False)
    reversed_on = models.DateField(null=True)
    reversed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="cash_match_reversed_on",
                condition=Q(state="REVERSED", reversed_on__isnull=False) | ~Q(state="REVERSED") & Q(reversed_on=None),
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "line"], name="cash_match_line"),
            models.Index(fields=["tenant", "customer"], name="cash_match_customer"),
            models.Index(fields=["tenant", "state", "-on", "id"], name="cash_match_state"),
            models.Index(fields=["tenant", "decided_by"], name="cash_match_decided_by"),
            models.Index(fields=["tenant", "reversed_by"], name="cash_match_reversed_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="cash_match_updated"),
        ]


class CashAllocation(TenantModel):
    """Part of a line set against an item, in the item's sign and currency, until the books say the same.

    The item is lowered by `cash_amount` + `difference_amount` (a discount or a tolerated difference). `leaves_amount`:
    what the books should show as open once they have followed this one and all before it.
    """

    needs_analyze = True

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("not in the books yet")
        EXPORTED = "EXPORTED", _("sent to the books")
        CONFIRMED = "CONFIRMED", _("confirmed by the books")
        CONTRADICTED = "CONTRADICTED", _("contradicted by the books")
        REVERSED = "REVERSED", _("taken back")

    class Difference(models.TextChoices):
        NONE = "", _("none")
        DISCOUNT = "DISCOUNT", _("discount")
        TOLERANCE = "TOLERANCE", _("tolerated difference")

    match = TenantForeignKey(CashMatch, models.PROTECT, related_name="allocations")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="cash_allocations")
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="cash_allocations", implied_by="item")
    cash_amount = models.DecimalField(**AMOUNT)
    difference_amount = models.DecimalField(**AMOUNT, default=Decimal(0))
    difference = models.CharField(max_length=10, choices=Difference, default=Difference.NONE, blank=True)
    currency = models.CharField(max_length=3)
    leaves_amount = models.DecimalField(**AMOUNT)
    on = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    state_on = models.DateField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "match", "item"], name="cash_allocation_once"),
            models.CheckConstraint(name="cash_allocation_not_nothing", condition=~Q(cash_amount=0)),
        ]
        indexes = [
            models.Index(fields=["tenant", "item"], name="cash_allocation_item"),
            models.Index(fields=["tenant", "customer"], name="cash_allocation_customer"),
            models.Index(
                fields=["tenant", "state", "on", "id"],
                condition=Q(state__in=["PROPOSED", "EXPORTED", "CONTRADICTED"]),
                name="cash_allocation_pending",
            ),
            models.Index(fields=["tenant", "updated_at", "id"], name="cash_allocation_updated"),
        ]


class KnownPayer(TenantModel):
    """A bank account or a name that pays for a customer, as a person confirmed. Revoked, never deleted."""

    class Kind(models.TextChoices):
        IBAN = "IBAN", _("bank account")
        NAME = "NAME", _("name")

    kind = models.CharField(max_length=4, choices=Kind)
    # An IBAN, compact, or the key of a name (receivables.rules.matching.payers.name_key).
    value = models.CharField(max_length=200, db_collation="C")
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="known_payers")
    confirmed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    confirmed_on = models.DateField()
    revoked_on = models.DateField(null=True)
    revoked_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "value", "customer"],
                condition=Q(revoked_on__isnull=True),
                name="known_payer_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="known_payer_customer"),
            models.Index(fields=["tenant", "confirmed_by"], name="known_payer_confirmed_by"),
            models.Index(fields=["tenant", "revoked_by"], name="known_payer_revoked_by"),
        ]
