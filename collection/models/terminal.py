"""Steps after which nothing is as before: deliveries stop, a formal notice leaves. Asked for, decided by a person."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from collection.models.actions import Action
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer, Entity


def other_than_requester(name: str) -> models.CheckConstraint:
    """Four eyes where the organisation asks for them: `four_eyes` is kept on the row as it was when it was asked for."""
    return models.CheckConstraint(
        name=name,
        condition=Q(four_eyes=False) | Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
    )


class TerminalSettings(TenantModel):
    """Which decisions need a second person. Without a row the defaults count."""

    four_eyes_notice = models.BooleanField(default=True)
    four_eyes_hand_over = models.BooleanField(default=False)
    four_eyes_write_off = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="terminal_settings_once")]


class DeliveryStop(TenantModel):
    """Collection asks the company to stop deliveries to a customer, at one entity or all. Answered; lifted when paid."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("asked for")
        ACCEPTED = "ACCEPTED", _("deliveries stopped")
        REFUSED = "REFUSED", _("refused")
        LIFTED = "LIFTED", _("lifted")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="delivery_stops")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=300)
    # {"EUR": "1200.00"}: what was overdue when it was asked for; of a step, what its items owe.
    amounts = models.JSONField(default=dict)
    # Where a scenario asks for it: the action of its step, and the ids of the items that have reached it.
    action = TenantForeignKey(Action, models.PROTECT, null=True, related_name="+")
    items = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    on = models.DateField()
    # Null: a scenario, or the API.
    requested_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=300, blank=True)
    ended_on = models.DateField(null=True)
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "entity"],
                name="delivery_stop_one_open",
                condition=Q(state__in=["REQUESTED", "ACCEPTED"]),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(fields=["tenant", "action"], name="delivery_stop_action_once"),
            models.CheckConstraint(
                name="delivery_stop_refused_with_reason", condition=~Q(state="REFUSED") | ~Q(answer="")
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="delivery_stop_customer"),
            models.Index(fields=["tenant", "entity"], name="delivery_stop_entity"),
            models.Index(fields=["tenant", "requested_by"], name="delivery_stop_requested_by"),
            models.Index(fields=["tenant", "decided_by"], name="delivery_stop_decided_by"),
            models.Index(fields=["tenant", "ended_by"], name="delivery_stop_ended_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="delivery_stop_updated"),
        ]


class FormalNotice(TenantModel):
    """A formal notice may leave once somebody has approved it: for a customer, an entity and a step, on certain items.

    Proposals are made anew each night, so the approval names the step and not the proposal. It is spent by the letter,
    and replaced by a new request once the letter speaks of more than it does.
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("to approve")
        APPROVED = "APPROVED", _("approved")
        REFUSED = "REFUSED", _("refused")
        SPENT = "SPENT", _("letter confirmed")
        REPLACED = "REPLACED", _("asked for anew")

    # Of these there is one for a customer, an entity and a step.
    OPEN = (State.REQUESTED, State.APPROVED)

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="+")
    entity = TenantForeignKey(Entity, models.PROTECT, related_name="+")
    step_key = models.CharField(max_length=40)
    items = models.JSONField(default=list)  # ids: the letter may speak of these and no others
    amounts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    note = models.CharField(max_length=300, blank=True)
    four_eyes = models.BooleanField()
    on = models.DateField()
    requested_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    decided_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=300, blank=True)
    action_id = models.UUIDField(null=True)  # the confirmed action that spent it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "entity", "step_key"],
                name="formal_notice_one_open",
                condition=Q(state__in=["REQUESTED", "APPROVED"]),
            ),
            other_than_requester("formal_notice_four_eyes"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="formal_notice_customer"),
            models.Index(fields=["tenant", "entity"], name="formal_notice_entity"),
            models.Index(fields=["tenant", "requested_by"], name="formal_notice_requested_by"),
            models.Index(fields=["tenant", "decided_by"], name="formal_notice_decided_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="formal_notice_updated"),
        ]
