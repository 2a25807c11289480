"""How much may they owe? What the nightly run knows of how each customer pays, and the limits that it judges by."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer


class DateRange(Func):
    function = "DATERANGE"


class PayerProfile(TenantModel):
    """How a customer pays, from `valid_from` until the day before `valid_to`; a new row only where something changed.

    Of the customer at all companies of the organisation: the same debtor pays all of them. Days are counted after the
    due date, to a tenth. `explanation`: {"why": sentence, "currencies": [figures and amounts by currency], "limits"}.
    """

    needs_analyze = True

    class Class(models.TextChoices):
        PROMPT = "PROMPT", _("prompt")
        SLIGHT = "SLIGHT", _("slightly late")
        SLOW = "SLOW", _("slow")
        VERY_SLOW = "VERY_SLOW", _("very slow")
        DEFAULTING = "DEFAULTING", _("defaulting")
        NOT_KNOWN = "NOT_KNOWN", _("not known")

    class Trend(models.TextChoices):
        IMPROVING = "IMPROVING", _("improving")
        STABLE = "STABLE", _("stable")
        WORSENING = "WORSENING", _("worsening")
        NOT_KNOWN = "NOT_KNOWN", _("trend not known")

    customer = TenantForeignKey(Customer, models.CASCADE, related_name="payer_profiles")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    payer_class = models.CharField(max_length=12, choices=Class)
    rule = models.CharField(max_length=12)  # risk.rules.profile.Rule: which one gave the class
    payment_index = models.SmallIntegerField(null=True)  # 0-100, 80 is on terms
    days_beyond_terms = models.DecimalField(max_digits=7, decimal_places=1, null=True)  # early payments negative
    late_days = models.DecimalField(max_digits=7, decimal_places=1, null=True)  # early payments as 0
    late_pct = models.DecimalField(max_digits=4, decimal_places=1, null=True)  # share of the amount, 0-100
    trend = models.CharField(max_length=10, choices=Trend)
    trend_days = models.DecimalField(max_digits=7, decimal_places=1, null=True)
    worst_days = models.IntegerField(null=True)
    median_days = models.IntegerField(null=True)
    instalments = models.PositiveIntegerField()
    part_payments = models.PositiveIntegerField()
    broken_promises = models.PositiveIntegerField()
    disputes = models.PositiveIntegerField()
    rejected_debits = models.PositiveIntegerField()
    is_insolvent = models.BooleanField()
    explanation = models.JSONField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="payer_profile_one_in_force",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("customer", RangeOperators.EQUAL),
                    (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(
                fields=["tenant", "customer"], name="payer_profile_current_once", condition=Q(valid_to__isnull=True)
            ),
            models.CheckConstraint(
                name="payer_profile_index_in_range",
                condition=Q(payment_index__isnull=True) | Q(payment_index__gte=0, payment_index__lte=100),
            ),
            models.CheckConstraint(
                name="payer_profile_known_has_index",
                condition=Q(payer_class="NOT_KNOWN", payment_index__isnull=True)
                | ~Q(payer_class="NOT_KNOWN") & Q(payment_index__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "-valid_from"], name="payer_profile_customer"),
            models.Index(
                fields=["tenant", "payer_class", "customer"],
                condition=Q(valid_to__isnull=True),
                name="payer_profile_class",
            ),
            models.Index(fields=["tenant", "updated_at", "id"], name="payer_profile_updated"),
        ]


class PayerClassLimits(TenantModel):
    """The organisation's limits of the classes (risk.rules.profile.ClassLimits), from `valid_from` on. None: defaults."""

    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    window_days = models.PositiveSmallIntegerField()
    recent_days = models.PositiveSmallIntegerField()
    minimum_instalments = models.PositiveSmallIntegerField()
    prompt_days = models.PositiveSmallIntegerField()
    slight_days = models.PositiveSmallIntegerField()
    slow_days = models.PositiveSmallIntegerField()
    very_slow_days = models.PositiveSmallIntegerField()
    trend_days = models.PositiveSmallIntegerField()
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="payer_class_limits_one_in_force",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="payer_class_limits_rise",
                condition=Q(prompt_days__lt=F("slight_days"))
                & Q(slight_days__lt=F("slow_days"))
                & Q(slow_days__lt=F("very_slow_days")),
            ),
            models.CheckConstraint(
                name="payer_class_limits_window",
                condition=Q(recent_days__gt=0) & Q(recent_days__lt=F("window_days")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "set_by"], name="payer_class_limits_set_by")]


class Review(TenantModel):
    """A customer to look at again on a day, because a person or one of the organisation's rules asks for it.

    Open until somebody has looked, or what it was asked for is over. At most one open for each customer and source: who
    asks again moves it. `text` and `values` are a sentence of the catalogue (core.text.Phrase); of one asked for by hand
    `text` is what the person wrote.
    """

    class Source(models.TextChoices):
        HAND = "HAND", _("asked for by hand")
        ALERT = "ALERT", _("after an alert")
        SILENCE = "SILENCE", _("nobody was in touch")

    class State(models.TextChoices):
        OPEN = "OPEN", _("to review")
        DONE = "DONE", _("reviewed")
        OVER = "OVER", _("no longer needed")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="reviews")
    source = models.CharField(max_length=8, choices=Source)
    state = models.CharField(max_length=5, choices=State, default=State.OPEN)
    due_on = models.DateField()
    text = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    asked_on = models.DateField()
    asked_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField(null=True)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="", db_default="")  # what came of it
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "source"], condition=Q(state="OPEN"), name="review_open_once"
            ),
            models.CheckConstraint(
                name="review_ended_on_a_day",
                condition=Q(state="OPEN", ended_on__isnull=True, ended_by__isnull=True)
                | ~Q(state="OPEN") & Q(ended_on__isnull=False),
            ),
            models.CheckConstraint(name="review_due_after_asked", condition=Q(due_on__gte=F("asked_on"))),
        ]
        indexes = [
            models.Index(fields=["tenant", "due_on", "id"], condition=Q(state="OPEN"), name="review_due"),
            models.Index(fields=["tenant", "customer", "-asked_on"], name="review_customer"),
            models.Index(fields=["tenant", "asked_by"], name="review_asked_by"),
            models.Index(fields=["tenant", "ended_by"], name="review_ended_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="review_updated"),
        ]


class ReviewRules(TenantModel):
    """When an organisation wants customers reviewed by itself: one row, or none for never. 0: that rule is off."""

    after_alert_days = models.PositiveSmallIntegerField(default=0)  # working days after an alert about how it pays
    silence_days = models.PositiveSmallIntegerField(default=0)  # days without contact to a customer that owes overdue
    # At least so much overdue, in the organisation's currency.
    silence_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="review_rules_once"),
            models.CheckConstraint(
                name="review_rules_in_range",
                condition=Q(after_alert_days__lte=365, silence_days__lte=365, silence_amount__gte=0),
            ),
        ]
