"""Whom do we chase, when, how? Scenarios with dated versions, actions of a day, calls and notes."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from desk.models import Channel
from receivables.models import Contact, Customer, Entity, LedgerItem
from receivables.models.ledger import tenant_by_reference


class DateRange(Func):
    function = "DATERANGE"


class Scenario(TenantModel):
    """A dunning scenario. What it does on a day is its version in force on that day."""

    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="scenario_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "is_default"], name="scenario_one_default", condition=Q(is_default=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioVersion(TenantModel):
    """The steps and limits of a scenario from `valid_from` until the day before `valid_to`.

    Nothing leaves before go-live: `live_from` is set when somebody approves a dry run.
    """

    class OldItems(models.TextChoices):
        FIRST_STEP = "FIRST_STEP", _("old items start at the first step")
        REACHED_STEP = "REACHED_STEP", _("old items start at the step reached")
        NONE = "NONE", _("old items are left out")

    scenario = TenantForeignKey(Scenario, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    minimum_delay_days = models.PositiveSmallIntegerField(default=5)  # between two messages to a customer at an entity
    minimum_item_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # in the item's currency
    minimum_total_amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)  # per message and currency
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
            ExclusionConstraint(
                name="scenario_version_one_in_force",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("scenario", RangeOperators.EQUAL),
                    (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["tenant", "approved_by"], name="scenario_version_approver")]


class Step(TenantModel):
    """One step of a version: so many days after the due date (negative: before), through which channel."""

    class Mode(models.TextChoices):
        AUTOMATIC = "AUTOMATIC", _("automatic")
        TO_CONFIRM = "TO_CONFIRM", _("to confirm")

    class Anchor(models.TextChoices):
        DUE_DATE = "DUE_DATE", _("due date")
        END_OF_MONTH = "END_OF_MONTH", _("end of the month of due date plus days")
        PREVIOUS_STEP = "PREVIOUS_STEP", _("previous step")

    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="steps")
    # Survives versions: "what was done for this item" is remembered under it.
    step_key = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    anchor = models.CharField(max_length=15, choices=Anchor, default=Anchor.DUE_DATE)
    offset_days = models.SmallIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.TO_CONFIRM)
    template_code = models.SlugField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "step_key"], name="step_key_once"),
            models.UniqueConstraint(fields=["tenant", "version", "position"], name="step_position_once"),
        ]

    @property
    def is_before_due(self) -> bool:
        return self.offset_days < 0


class Action(TenantModel):
    """One reminder to one customer of one entity on one day: proposed, decided by a person or by its mode, sent."""

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("to confirm")
        CONFIRMED = "CONFIRMED", _("confirmed")  # queued; undone until undo_until
        SENT = "SENT", _("sent")
        SKIPPED = "SKIPPED", _("skipped")
        POSTPONED = "POSTPONED", _("postponed")
        CANCELLED = "CANCELLED", _("no longer needed")

    tenant = tenant_by_reference()
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="actions")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="actions", implied_by="step")
    on = models.DateField()
    step = TenantForeignKey(Step, models.PROTECT, related_name="+")  # the highest of its lines
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    # {"EUR": "1200.00"}: what the message asks for, by currency, when planned.
    amounts = models.JSONField(default=dict)
    # Ranking: what the action is expected to bring in, in cents of the organisation's currency, and why.
    priority_cents = models.BigIntegerField(default=0)
    priority_reason = models.JSONField(default=dict)
    # A proposal that nobody decided is made anew from the facts each night; this is the day of the first one.
    proposed_since = models.DateField()
    postponed_until = models.DateField(null=True)
    undo_until = models.DateTimeField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer", "entity", "version", "on"], name="action_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "-priority_cents", "id"], condition=Q(state="PROPOSED"), name="action_to_confirm"
            ),
            models.Index(fields=["tenant", "entity"], name="action_entity"),
            models.Index(fields=["tenant", "step"], name="action_step"),
            models.Index(
                fields=["tenant", "decided_by"], condition=Q(decided_by__isnull=False), name="action_decided_by"
            ),
            models.Index(fields=["tenant", "updated_at", "id"], name="action_updated"),
        ]


class ActionLine(TenantModel):
    """An item in an action, at its step: the row that makes "this step for this item" happen once.

    A line without action records a step that lapsed, or that go-live set as done for an old item.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("planned")
        DONE = "DONE", _("done")
        SKIPPED = "SKIPPED", _("skipped")
        LAPSED = "LAPSED", _("lapsed")
        SET_BY_GO_LIVE = "GO_LIVE", _("set when sending began")

    tenant = tenant_by_reference()
    action = TenantForeignKey(Action, models.PROTECT, null=True, related_name="lines")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="action_lines")
    customer_id = models.UUIDField()
    step_key = models.SlugField(max_length=40)
    on = models.DateField()
    currency = models.CharField(max_length=3)
    open_amount = models.DecimalField(max_digits=20, decimal_places=4)  # when planned
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "item", "step_key"], name="action_line_once")]
        indexes = [models.Index(fields=["tenant", "action"], name="action_line_action")]


class Interaction(TenantModel):
    """A call, visit or note, logged by a person, with its outcome and what comes next."""

    class Kind(models.TextChoices):
        CALL = "CALL", _("call")
        NOTE = "NOTE", _("note")

    class Outcome(models.TextChoices):
        REACHED = "REACHED", _("reached")
        NO_ANSWER = "NO_ANSWER", _("no answer")
        WRONG_CONTACT = "WRONG_CONTACT", _("wrong contact")
        PROMISED = "PROMISED", _("promised to pay")
        DISPUTED = "DISPUTED", _("disputes")
        PAYMENT_ANNOUNCED = "PAYMENT_ANNOUNCED", _("says it has paid")
        CALL_BACK = "CALL_BACK", _("call back")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="interactions")
    contact = TenantForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    text = models.TextField(blank=True)
    on = models.DateField()
    next_on = models.DateField(null=True, blank=True)
    next_text = models.CharField(max_length=200, blank=True)
    next_done_on = models.DateField(null=True, blank=True)
    logged_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    logged_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer", "-logged_at"], name="interaction_customer"),
            models.Index(fields=["tenant", "contact"], name="interaction_contact"),
            models.Index(fields=["tenant", "logged_by"], name="interaction_logged_by"),
            models.Index(
                fields=["tenant", "next_on"],
                condition=Q(next_on__isnull=False, next_done_on__isnull=True),
                name="interaction_next",
            ),
        ]
