"""Which scenario applies to whom: ordered rules, versioned as a set, and choices for single customers."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Member
from collection.models.scenarios import DateRange, Scenario
from core.tenancy.models import TenantForeignKey, TenantModel
from receivables.models import Customer, Entity


class RuleSet(TenantModel):
    """All assignment rules in their order, from `valid_from` until the day before `valid_to`."""

    number = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    set_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="rule_set_once"),
            ExclusionConstraint(
                name="rule_set_one_in_force",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["tenant", "set_by"], name="rule_set_set_by")]


class AssignmentRule(TenantModel):
    """One rule of a set: where all criteria hold, the scenario applies. The first rule that holds decides.

    `criteria`: a list as collection.rules.criteria.written() gives it.
    """

    rule_set = TenantForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    scenario = TenantForeignKey(Scenario, models.PROTECT, related_name="rules")
    criteria = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "rule_set", "position"], name="assignment_rule_position_once")
        ]
        indexes = [models.Index(fields=["tenant", "scenario"], name="assignment_rule_scenario")]


class ScenarioOverride(TenantModel):
    """A person's choice of the scenario for a customer, at one entity or at all: it goes before every rule.

    In force from `from_on` until `until_on` (included; None: until it is ended), and before `ended_on`.
    """

    needs_analyze = True

    customer = TenantForeignKey(Customer, models.PROTECT, related_name="scenario_overrides")
    entity = TenantForeignKey(Entity, models.PROTECT, null=True, related_name="+")
    scenario = TenantForeignKey(Scenario, models.PROTECT, related_name="overrides")
    reason = models.CharField(max_length=200)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    placed_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    ended_by = TenantForeignKey(Member, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="scenario_override_days",
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="scenario_override_customer"),
            models.Index(fields=["tenant", "scenario"], name="scenario_override_scenario"),
            models.Index(fields=["tenant", "entity"], name="scenario_override_entity"),
            models.Index(fields=["tenant", "placed_by"], name="scenario_override_placed_by"),
            models.Index(fields=["tenant", "ended_by"], name="scenario_override_ended_by"),
        ]
