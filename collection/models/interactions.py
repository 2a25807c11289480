"""Calls and notes, logged by a person."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
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
