"""Reminders of a day, and the lines that make each step happen once for each item."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from collection.models.scenarios import ScenarioVersion, Step
from core.tenancy.models import TenantForeignKey, TenantModel
from desk.models import Channel
from receivables.models import Customer, Entity, LedgerItem
from receivables.models.ledger import tenant_by_reference


class Action(TenantModel):
    """One reminder to one customer of one entity on one day, or a part of one: proposed, decided by a person or by its mode, sent."""

    needs_analyze = True

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("to confirm")
        ASSIGNED = "ASSIGNED", _("given to a colleague as a task")
        CONFIRMED = "CONFIRMED", _("confirmed")  # queued; undone until undo_until
        SENT = "SENT", _("sent")
        DONE = "DONE", _("done")  # a call that was made, a task that was finished: nothing left the house
        SKIPPED = "SKIPPED", _("skipped")
        POSTPONED = "POSTPONED", _("postponed")
        CANCELLED = "CANCELLED", _("no longer needed")

    tenant = tenant_by_reference()
    customer = TenantForeignKey(Customer, models.PROTECT, related_name="actions")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    version = TenantForeignKey(ScenarioVersion, models.PROTECT, related_name="actions", implied_by="step")
    on = models.DateField()
    # Of several messages to a customer of an entity: the step's key, or the item's id; "" where there is one. Those of
    # tasks begin with "task:".
    part = models.CharField(max_length=50, default="", db_default="")
    step = TenantForeignKey(Step, models.PROTECT, related_name="+")  # the highest of its lines
    channel = models.CharField(max_length=20, choices=Channel, blank=True)  # "" for a task
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    # {"EUR": "1200.00"}: what the message asks for, by currency, when planned.
    amounts = models.JSONField(default=dict)
    # {"EUR": "50.00"}: credits that these amounts are less by, where the scenario deducts them.
    netted = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # Asked for in the message; the due dates of the items stay.
    new_deadline = models.DateField(null=True)
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
            models.UniqueConstraint(
                fields=["tenant", "customer", "entity", "version", "on", "part"], name="action_part_once"
            ),
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

    needs_analyze = True

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
