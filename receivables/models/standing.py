"""Facts that change what is chased: disputes, promises, holds."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models.customers import Customer, CustomerGroup, Entity
from receivables.models.ledger import AMOUNT, LedgerItem


class DisputeReason(TenantModel):
    """Why a customer contests, in the organisation's own words: a tree of codes, each with who answers and how soon.

    A code that a source brings and nobody has described is shown as it is.
    """

    code = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    parent = TenantForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    owner = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    answer_days = models.PositiveSmallIntegerField(default=5)  # working days
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="dispute_reason_code_once")]
        indexes = [
            models.Index(fields=["tenant", "parent"], name="dispute_reason_parent"),
            models.Index(fields=["tenant", "owner"], name="dispute_reason_owner"),
        ]

    def __str__(self) -> str:
        return self.label


class Dispute(TenantModel):
    """The customer contests an item, wholly or in part; the disputed part is not chased until it is closed.

    `owner` answers it until `answer_due_on`; `answer` is what they found, `outcome` how it ended.
    """

    needs_analyze = True

    class Outcome(models.TextChoices):
        CREDIT_NOTE = "CREDIT_NOTE", _("credit note")
        PAYMENT = "PAYMENT", _("the customer pays")
        REJECTED = "REJECTED", _("rejected: the customer owes it")
        WITHDRAWN = "WITHDRAWN", _("withdrawn by the customer")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="disputes")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="disputes")
    reason = models.CharField(max_length=60)
    disputed_amount = models.DecimalField(**AMOUNT, null=True)  # null: the whole item
    currency = models.CharField(max_length=3)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
    comment = models.TextField(blank=True)
    run_id = models.UUIDField(null=True)
    opened_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    owner = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer_due_on = models.DateField(null=True)
    answer = models.TextField(blank=True, default="", db_default="")
    proposed_outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default="", db_default="")
    expected_credit = models.DecimalField(**AMOUNT, null=True)  # the credit note to come, in the item's currency
    answered_on = models.DateField(null=True)
    answered_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default="", db_default="")
    credit_note_number = models.CharField(max_length=80, blank=True, default="", db_default="")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="dispute_expected_credit_positive",
                condition=Q(expected_credit__isnull=True) | Q(expected_credit__gt=0),
            ),
            models.CheckConstraint(
                name="dispute_closed_after_opened",
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
            ),
            models.UniqueConstraint(fields=["tenant", "item", "opened_on", "reason"], name="dispute_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="dispute_customer"),
            models.Index(fields=["tenant", "item"], name="dispute_item"),
            models.Index(fields=["tenant", "opened_by"], name="dispute_opened_by"),
            models.Index(fields=["tenant", "owner", "answer_due_on"], name="dispute_owner"),
            models.Index(fields=["tenant", "answered_by"], name="dispute_answered_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="dispute_updated"),
        ]


class PromiseSettings(TenantModel):
    """What an organisation lets pass before it calls a promise broken; without a row nothing.

    A promise is kept with what comes in until `late_days` (calendar days) after its day, and where no more is missing
    than `missing_pct` of it or `missing_amount` (in its currency), whichever is more.
    """

    late_days = models.PositiveSmallIntegerField(default=0)
    missing_pct = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    missing_amount = models.DecimalField(**AMOUNT, default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="promise_settings_once"),
            models.CheckConstraint(
                name="promise_settings_in_range",
                condition=Q(late_days__lte=30, missing_pct__gte=0, missing_pct__lte=20, missing_amount__gte=0),
            ),
        ]


class InstalmentPlan(TenantModel):
    """What a customer agreed to pay in parts: its promises, the earliest first. One part broken breaks the plan."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("open")
        KEPT = "KEPT", _("kept")
        BROKEN = "BROKEN", _("broken")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="instalment_plans")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(**AMOUNT)  # the sum of its parts
    currency = models.CharField(max_length=3)
    agreed_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_on = models.DateField(null=True)
    comment = models.TextField(blank=True)
    recorded_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="instalment_plan_amount_positive", condition=Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="instalment_plan_customer"),
            models.Index(fields=["tenant", "entity"], name="instalment_plan_entity"),
            models.Index(fields=["tenant", "recorded_by"], name="instalment_plan_recorded_by"),
        ]


class Promise(TenantModel):
    """The customer says that it pays `amount` by `due_on`, perhaps as a part of a plan; reminders wait until then."""

    needs_analyze = True

    class State(models.TextChoices):
        OPEN = "OPEN", _("open")
        KEPT = "KEPT", _("kept")
        PARTLY = "PARTLY", _("kept in part")
        BROKEN = "BROKEN", _("broken")
        LAPSED = "LAPSED", _("lapsed with its plan")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="promises")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    made_on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_on = models.DateField(null=True, blank=True)
    received_amount = models.DecimalField(**AMOUNT, null=True)  # what had come in for it when it was decided
    plan = TenantForeignKey(InstalmentPlan, models.PROTECT, null=True, related_name="promises")
    # The day on which somebody looked after it: the worklist shows it no more until it changes.
    handled_on = models.DateField(null=True)
    comment = models.TextField(blank=True)
    run_id = models.UUIDField(null=True)
    recorded_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="promise_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="promise_due_after_made", condition=Q(due_on__gte=F("made_on"))),
            models.UniqueConstraint(
                fields=["tenant", "customer", "currency", "made_on", "due_on", "amount"], name="promise_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="promise_customer"),
            models.Index(fields=["tenant", "entity"], name="promise_entity"),
            models.Index(fields=["tenant", "recorded_by"], name="promise_recorded_by"),
            models.Index(fields=["tenant", "due_on"], name="promise_open_due", condition=Q(state="OPEN")),
            models.Index(fields=["tenant", "plan"], name="promise_plan", condition=Q(plan__isnull=False)),
            models.Index(
                fields=["tenant", "decided_on"],
                name="promise_not_kept",
                condition=Q(state__in=["BROKEN", "PARTLY"]),
            ),
            models.Index(fields=["tenant", "updated_at", "id"], name="promise_updated"),
        ]


class PromiseItem(TenantModel):
    """An item that a promise speaks of."""

    needs_analyze = True

    promise = TenantForeignKey(Promise, models.CASCADE, related_name="promise_items")
    item = TenantForeignKey(LedgerItem, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "promise", "item"], name="promise_item_once")]
        indexes = [models.Index(fields=["tenant", "item"], name="promise_item_item")]


class Hold(TenantModel):
    """Takes an item, a customer or a group out of dunning, with a reason, from a day until a day (included) or open."""

    needs_analyze = True

    class Reason(models.TextChoices):
        DISPUTE = "DISPUTE", _("dispute")
        PROMISE = "PROMISE", _("promise")
        PLAN = "PLAN", _("instalment plan")
        PAYMENT_ANNOUNCED = "PAYMENT_ANNOUNCED", _("payment announced")
        INSOLVENCY = "INSOLVENCY", _("insolvency")
        LITIGATION = "LITIGATION", _("litigation")
        FACTORED = "FACTORED", _("factored")
        COMMERCIAL = "COMMERCIAL", _("commercial")
        DO_NOT_CONTACT = "DO_NOT_CONTACT", _("do not contact")
        REPLY = "REPLY", _("reply to read")
        WRITE_OFF = "WRITE_OFF", _("write-off decided")

    # customer is empty only for a hold on a whole group.
    customer = TenantForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="holds")
    item = TenantForeignKey(LedgerItem, models.PROTECT, null=True, blank=True, related_name="holds")
    group = TenantForeignKey(CustomerGroup, models.PROTECT, null=True, blank=True, related_name="holds")
    reason = models.CharField(max_length=20, choices=Reason)
    note = models.TextField(blank=True)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    placed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_on = models.DateField(null=True, blank=True)
    lifted_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hold_one_scope",
                condition=Q(group__isnull=False, customer__isnull=True, item__isnull=True)
                | Q(group__isnull=True, customer__isnull=False),
            ),
            models.CheckConstraint(
                name="hold_until_after_from", condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="hold_customer"),
            models.Index(fields=["tenant", "item"], name="hold_item"),
            models.Index(fields=["tenant", "group"], name="hold_group"),
            models.Index(fields=["tenant", "placed_by"], name="hold_placed_by"),
            models.Index(fields=["tenant", "lifted_by"], name="hold_lifted_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="hold_updated"),
        ]
