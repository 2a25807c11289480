"""Calls and notes, logged by a person, and questions to the credit manager."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from collection.models.actions import Action
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Contact, Customer


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
        DISPUTED = "DISPUTED", pgettext_lazy("of a call", "disputes")
        PAYMENT_ANNOUNCED = "PAYMENT_ANNOUNCED", _("says it has paid")
        CALL_BACK = "CALL_BACK", _("call back")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="interactions")
    contact = TenantForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    text = models.TextField(blank=True)
    on = models.DateField()
    # The call of the worklist that it answers.
    action = TenantForeignKey(Action, models.PROTECT, null=True, related_name="interactions")
    next_on = models.DateField(null=True, blank=True)
    next_time = models.TimeField(null=True)  # of the organisation's clock, where an hour was agreed
    next_text = models.CharField(max_length=200, blank=True)
    next_done_on = models.DateField(null=True, blank=True)
    logged_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    logged_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer", "-logged_at"], name="interaction_customer"),
            models.Index(fields=["tenant", "contact"], name="interaction_contact"),
            models.Index(fields=["tenant", "logged_by"], name="interaction_logged_by"),
            models.Index(fields=["tenant", "action"], name="interaction_action", condition=Q(action__isnull=False)),
            models.Index(
                fields=["tenant", "next_on"],
                condition=Q(next_on__isnull=False, next_done_on__isnull=True),
                name="interaction_next",
            ),
        ]


class Escalation(TenantModel):
    """A collector asks the credit manager about a customer, or about an action of it; answered once."""

    class Outcome(models.TextChoices):
        ANSWERED = "ANSWERED", _("answered")
        CONFIRMED = "CONFIRMED", _("send it")
        SKIPPED = "SKIPPED", _("do not send it")
        SCENARIO = "SCENARIO", _("another scenario")

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="escalations")
    action = TenantForeignKey(Action, models.PROTECT, null=True, related_name="escalations")
    question = models.TextField()
    asked_by = TenantForeignKey(Member, models.PROTECT, related_name="+")
    asked_on = models.DateField()
    # Who is asked; None: whoever may answer.
    manager = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    answered_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    answered_on = models.DateField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="escalation_answered_by_somebody",
                condition=Q(answered_on__isnull=True, answered_by__isnull=True)
                | Q(answered_on__isnull=False, answered_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "-created_at"], name="escalation_customer"),
            models.Index(fields=["tenant", "action"], name="escalation_action"),
            models.Index(fields=["tenant", "asked_by"], name="escalation_asked_by"),
            models.Index(fields=["tenant", "manager"], name="escalation_manager"),
            models.Index(fields=["tenant", "answered_by"], name="escalation_answered_by"),
            models.Index(fields=["tenant", "updated_at", "id"], name="escalation_updated"),
        ]
