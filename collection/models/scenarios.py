"""Dunning scenarios with dated versions and their steps; items that stay with a version."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from desk.models import Channel
from receivables.models import Customer, LedgerItem


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

    class Credits(models.TextChoices):
        """What becomes of credit notes and of money that is set against nothing."""

        HIDE = "HIDE", _("not mentioned")
        SHOW = "SHOW", _("listed, not deducted")
        NET = "NET", _("listed and deducted")

    scenario = TenantForeignKey(Scenario, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField(null=True)  # null: a draft, one for each scenario
    valid_to = models.DateField(null=True)
    minimum_delay_days = models.PositiveSmallIntegerField(default=5)  # between two messages to a customer at an entity
    minimum_item_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # in the item's currency
    minimum_total_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # per message and currency
    grouping = models.CharField(max_length=8, choices=Grouping, default=Grouping.HIGHEST)
    credits = models.CharField(max_length=4, choices=Credits, default=Credits.HIDE)
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

    def __str__(self) -> str:
        return f"{self.scenario} {self.number}"

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
    """One step of a version: when it is reached, what is done then, by whom, and with what words.

    A task is for a colleague: nothing leaves, so it has no channel. What ends the usual way of reminding (`kind`) and
    calls are never done without a person.
    """

    class Mode(models.TextChoices):
        AUTOMATIC = "AUTOMATIC", _("automatic")
        TO_CONFIRM = "TO_CONFIRM", _("to confirm")
        TASK = "TASK", _("task")

    class Kind(models.TextChoices):
        REMINDER = "REMINDER", _("reminder")
        STOP_DELIVERIES = "STOP_DELIVERIES", _("request to stop deliveries")
        FORMAL_NOTICE = "FORMAL_NOTICE", _("formal notice")
        HAND_OVER = "HAND_OVER", _("hand-over to an agency or a lawyer")

    class Anchor(models.TextChoices):
        DUE_DATE = "DUE_DATE", _("due date")
        ISSUE_DATE = "ISSUE_DATE", _("issue date")
        END_OF_MONTH = "END_OF_MONTH", _("end of the month of due date plus days")
        PREVIOUS_STEP = "PREVIOUS_STEP", _("previous step")

    class Sender(models.TextChoices):
        COLLECTOR = "COLLECTOR", _("the customer's collector")
        ENTITY = "ENTITY", _("the company")

    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="steps")
    # Survives versions: "what was done for this item" is remembered under it.
    step_key = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.REMINDER)
    anchor = models.CharField(max_length=15, choices=Anchor, default=Anchor.DUE_DATE)
    offset_days = models.SmallIntegerField()
    in_working_days = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, choices=Channel, blank=True)  # "" for a task
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.TO_CONFIRM)
    template_code = models.SlugField(max_length=40, blank=True)  # "" for a task and for a call
    # What the colleague has to do, or to say on the telephone.
    instruction = models.CharField(max_length=300, blank=True, default="", db_default="")
    # An item below it waits at this step, in the item's currency.
    minimum_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    # The message asks to pay within so many days of its own day; the due date stays as it is. Null: it asks for none.
    new_deadline_days = models.PositiveSmallIntegerField(null=True)
    # Roles of contacts (receivables Contact.Role), the first that somebody has; empty: the usual order.
    recipient_roles = models.JSONField(default=list)
    cc_salesperson = models.BooleanField(default=False)
    sender = models.CharField(max_length=10, choices=Sender, default=Sender.COLLECTOR)
    attach_invoices = models.BooleanField(default=False)
    attach_statement = models.BooleanField(default=False)
    attach_interest = models.BooleanField(default=False)  # the calculation of interest and charges
    # When it is done, interest and recovery charges of its items are claimed.
    claims = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "step_key"], name="step_key_once"),
            models.UniqueConstraint(fields=["tenant", "version", "position"], name="step_position_once"),
            models.CheckConstraint(
                name="step_by_a_person", condition=~Q(mode="AUTOMATIC") | (Q(kind="REMINDER") & ~Q(channel="CALL"))
            ),
            models.CheckConstraint(
                name="step_task_without_channel",
                condition=Q(mode="TASK", channel="") | (~Q(mode="TASK") & ~Q(channel="")),
            ),
        ]

    @property
    def is_before_due(self) -> bool:
        return self.offset_days < 0

    @property
    def is_terminal(self) -> bool:
        """Whether it ends the usual way of reminding: a person decides it, by itself."""
        return self.kind != self.Kind.REMINDER


class ItemPin(TenantModel):
    """An item stays with a version of a scenario, whatever follows that version and whatever the rules say.

    In force from `from_on` until the day before `ended_on`.
    """

    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="pins")
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="+", implied_by="item")
    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="pins")
    reason = models.CharField(max_length=200)
    from_on = models.DateField()
    pinned_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField(null=True)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "item"], name="item_pin_one_active", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(name="item_pin_with_reason", condition=~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["tenant", "item"], name="item_pin_item"),
            models.Index(fields=["tenant", "customer"], name="item_pin_customer"),
            models.Index(fields=["tenant", "version"], name="item_pin_version"),
            models.Index(fields=["tenant", "pinned_by"], name="item_pin_pinned_by"),
            models.Index(fields=["tenant", "ended_by"], name="item_pin_ended_by"),
        ]
