"""Dunning scenarios with dated versions and their steps."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from desk.models import Channel


class DateRange(Func):
    function = "DATERANGE"


class Scenario(TenantModel):
    """A dunning scenario. What it does on a day is its version in force on that day.

    The default one applies to what no assignment rule and no choice for a customer gives to another one.
    """

    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True)
    is_default = models.BooleanField(default=False)
    archived_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="scenario_default_is_kept", condition=Q(is_default=False) | Q(archived_on__isnull=True)
            ),
            models.UniqueConstraint(fields=["tenant", "name"], name="scenario_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "is_default"], name="scenario_one_default", condition=Q(is_default=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioVersion(TenantModel):
    """The steps and limits of a scenario from `valid_from` until the day before `valid_to`; without days a draft.

    Nothing leaves before go-live: `live_from` is set when somebody approves a dry run.
    """

    class OldItems(models.TextChoices):
        FIRST_STEP = "FIRST_STEP", _("old items start at the first step")
        REACHED_STEP = "REACHED_STEP", _("old items start at the step reached")
        NONE = "NONE", _("old items are left out")

    class Grouping(models.TextChoices):
        HIGHEST = "HIGHEST", _("one message, in the words of the highest step")
        BY_LEVEL = "BY_LEVEL", _("a message for each step")
        PER_ITEM = "PER_ITEM", _("a message for each item")

    scenario = TenantForeignKey(Scenario, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField(null=True)  # null: a draft, one for each scenario
    valid_to = models.DateField(null=True)
    minimum_delay_days = models.PositiveSmallIntegerField(default=5)  # between two messages to a customer at an entity
    minimum_item_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # in the item's currency
    minimum_total_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # per message and currency
    grouping = models.CharField(max_length=8, choices=Grouping, default=Grouping.HIGHEST)
    stale_after_days = models.PositiveSmallIntegerField(null=True)  # no reminder on an older ledger; null: unchecked
    working_days_only = models.BooleanField(default=True)
    live_from = models.DateField(null=True)
    old_items = models.CharField(max_length=12, choices=OldItems, default=OldItems.FIRST_STEP)
    approved_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "scenario", "number"], name="scenario_version_once"),
            models.UniqueConstraint(
                fields=["tenant", "scenario"], name="scenario_one_draft", condition=Q(valid_from__isnull=True)
            ),
            ExclusionConstraint(
                name="scenario_version_in_force_once",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("scenario", RangeOperators.EQUAL),
                    (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ],
                condition=Q(valid_from__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "approved_by"], name="scenario_version_approver")]

    @property
    def is_draft(self) -> bool:
        return self.valid_from is None


class GoLiveApproval(TenantModel):
    """Who let messages leave, when, and the dry run that they were shown: its fingerprint, counts and sums."""

    append_only = True

    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="approvals")
    approved_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(db_default=Now(), editable=False)
    on = models.DateField()
    old_items = models.CharField(max_length=12, choices=ScenarioVersion.OldItems)
    fingerprint = models.CharField(max_length=64)
    message_count = models.PositiveIntegerField()
    item_count = models.PositiveIntegerField()
    # {"EUR": "1200.00"}: what the messages ask for.
    amounts = models.JSONField(default=dict)
    # {"reminder_1": 12}: messages by step.
    by_step = models.JSONField(default=dict)
    # {"HELD": 3}: items left out by reason.
    left_out = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "version"], name="go_live_approved_once")]
        indexes = [models.Index(fields=["tenant", "approved_by"], name="go_live_approved_by")]


class Step(TenantModel):
    """One step of a version: so many days after the due date (negative: before), through which channel."""

    class Mode(models.TextChoices):
        AUTOMATIC = "AUTOMATIC", _("automatic")
        TO_CONFIRM = "TO_CONFIRM", _("to confirm")

    class Anchor(models.TextChoices):
        DUE_DATE = "DUE_DATE", _("due date")
        ISSUE_DATE = "ISSUE_DATE", _("issue date")
        END_OF_MONTH = "END_OF_MONTH", _("end of the month of due date plus days")
        PREVIOUS_STEP = "PREVIOUS_STEP", _("previous step")

    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="steps")
    # Survives versions: "what was done for this item" is remembered under it.
    step_key = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    anchor = models.CharField(max_length=15, choices=Anchor, default=Anchor.DUE_DATE)
    offset_days = models.SmallIntegerField()
    in_working_days = models.BooleanField(default=False)
    channel = models.CharField(max_length=10, choices=Channel)
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.TO_CONFIRM)
    template_code = models.SlugField(max_length=40)
    # An item below it waits at this step, in the item's currency.
    minimum_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "step_key"], name="step_key_once"),
            models.UniqueConstraint(fields=["tenant", "version", "position"], name="step_position_once"),
        ]

    @property
    def is_before_due(self) -> bool:
        return self.offset_days < 0
