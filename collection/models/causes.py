"""By which rule an item gets its root cause unless a person says it."""

from django.db import models
from django.db.models.functions import Now

from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Cause


class CauseRule(TenantModel):
    """One rule: where the fact holds for a late item, it gets the cause. The first rule in the order that holds decides.

    `fact` is one of collection.rules.causes.Fact; `values` narrow it, none means any.
    """

    position = models.PositiveSmallIntegerField()
    fact = models.CharField(max_length=20)
    values = models.JSONField(default=list)
    cause = TenantForeignKey(Cause, models.PROTECT, related_name="rules")
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "position"], name="cause_rule_position_once")]
        indexes = [models.Index(fields=["tenant", "cause"], name="cause_rule_cause")]
