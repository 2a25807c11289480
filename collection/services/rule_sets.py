"""Assignment rules, set all at once from a day on, so that any past day can be replayed; and choices for customers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from collection.models import AssignmentRule, RuleSet, Scenario, ScenarioOverride
from collection.rules.criteria import BadCriterion, read_criterion, written
from collection.services.assigning import live_scenario_ids
from core.audit import Actor, record
from core.errors import Conflict, Invalid
from receivables.models import Customer, Entity

MOST_RULES = 50


class BadRules(Invalid):
    code = "bad_rules"
    message = _("The rules cannot be saved like this.")


class BadOverride(Invalid):
    code = "bad_override"
    message = _("The scenario cannot be chosen like this.")


class RulesChanged(Conflict):
    code = "rules_changed"
    message = _("Somebody has changed the rules meanwhile. Load the page again.")


@dataclass(frozen=True)
class RuleValues:
    """A rule as an editor gives it, in the order of the list. `criteria`: as collection.rules.criteria reads them."""

    name: str
    scenario_id: UUID
    criteria: list[Any] = field(default_factory=list)


def starts_on(*, on: date) -> date:
    """From when changed rules apply: from tomorrow; at once while nothing is live. 1 SQL query."""
    return on + timedelta(days=1) if live_scenario_ids(on=on) else on


def newest_rules() -> RuleSet | None:
    """The rules in force, or those that come into force last. 1 SQL query."""
    return RuleSet.objects.filter(valid_to__isnull=True).first()


@transaction.atomic
def set_rules(
    *,
    rules: Sequence[RuleValues],
    from_on: date | None = None,
    on: date,
    by: Member | None,
    actor: Actor,
    seen: int | None = None,
) -> RuleSet:
    """These rules, in this order, from `from_on` on (None: as starts_on says). The former ones stay for earlier days.

    `seen`: number of the set that was edited, 0 for none. Raises BadRules (fields "<name>-<place>"), RulesChanged.
    """
    former = RuleSet.objects.select_for_update().filter(valid_to__isnull=True).first()
    if seen is not None and seen != (former.number if former else 0):
        raise RulesChanged
    criteria = _checked(rules)
    starts = from_on or starts_on(on=on)
    if former and former.valid_from > starts:
        starts = former.valid_from
    before = _as_values(former)
    if former and former.valid_from == starts:
        # Has not been in force on any day before: it is replaced.
        former.rules.all().delete()
        made = former
        made.set_by = by
        made.save(update_fields=["set_by"])
    else:
        if former:
            former.valid_to = starts
            former.save(update_fields=["valid_to"])
        made = RuleSet.objects.create(number=(former.number if former else 0) + 1, valid_from=starts, set_by=by)
    AssignmentRule.objects.bulk_create(
        AssignmentRule(
            rule_set=made, position=place, name=rule.name.strip(), scenario_id=rule.scenario_id, criteria=texts
        )
        for place, (rule, texts) in enumerate(zip(rules, criteria, strict=True), start=1)
    )
    record(
        actor=actor,
        action="collection.rules_set",
        row=made,
        changes={"rules": [before, _as_values(made)], "valid_from": [None, starts]},
    )
    return made


def _as_values(rule_set: RuleSet | None) -> list[Any] | None:
    if rule_set is None:
        return None
    rows = rule_set.rules.select_related("scenario").order_by("position")
    return [[row.name, row.scenario.name, row.criteria] for row in rows]


def _checked(rules: Sequence[RuleValues]) -> list[list[dict[str, Any]]]:
    problems: dict[str, list[Any]] = {}
    if len(rules) > MOST_RULES:
        problems[""] = [_("At most %(n)d rules.") % {"n": MOST_RULES}]
    known = {one.id for one in Scenario.objects.filter(archived_on__isnull=True)}
    out = []
    for place, rule in enumerate(rules):
        if not rule.name.strip():
            problems[f"name-{place}"] = [_("Give it a name, please.")]
        if rule.scenario_id not in known:
            problems[f"scenario-{place}"] = [_("Choose a scenario that is in use.")]
        texts = []
        for number, one in enumerate(rule.criteria):
            try:
                texts.append(written(read_criterion(one)))
            except BadCriterion:
                problems[f"values-{place}-{number}"] = [_("This value does not fit.")]
        out.append(texts)
    if problems:
        raise BadRules(fields=problems)
    return out


@transaction.atomic
def choose_scenario(
    *,
    customer: Customer,
    scenario: Scenario,
    reason: str,
    until_on: date | None = None,
    entity: Entity | None = None,
    on: date,
    by: Member | None,
    actor: Actor,
) -> ScenarioOverride:
    """The scenario for a customer, before every rule, from today until a day (included; None: until it is ended).

    A former choice for the same place ends. Raises BadOverride.
    """
    if not reason.strip():
        raise BadOverride(fields={"reason": [_("Say why, please.")]})
    if until_on is not None and until_on < on:
        raise BadOverride(fields={"until_on": [_("Choose today or a later day.")]})
    if scenario.archived_on is not None:
        raise BadOverride(fields={"scenario": [_("Choose a scenario that is in use.")]})
    for former in ScenarioOverride.objects.select_for_update().filter(
        customer=customer, entity=entity, ended_on__isnull=True
    ):
        _end(former, on=on, by=by, actor=actor)
    made = ScenarioOverride.objects.create(
        customer=customer,
        entity=entity,
        scenario=scenario,
        reason=reason.strip(),
        from_on=on,
        until_on=until_on,
        placed_by=by,
    )
    record(
        actor=actor,
        action="collection.scenario_chosen",
        row=made,
        customer_id=customer.id,
        changes={"scenario": [None, scenario.name], "reason": [None, made.reason], "until_on": [None, until_on]},
    )
    return made


@transaction.atomic
def end_choice(*, override: ScenarioOverride, on: date, by: Member | None, actor: Actor) -> None:
    """The rules apply to the customer again from the day `on`."""
    locked = ScenarioOverride.objects.select_for_update().get(id=override.id)
    if locked.ended_on is None:
        _end(locked, on=on, by=by, actor=actor)


def _end(one: ScenarioOverride, *, on: date, by: Member | None, actor: Actor) -> None:
    one.ended_on, one.ended_by = on, by
    one.save(update_fields=["ended_on", "ended_by"])
    record(
        actor=actor,
        action="collection.scenario_choice_ended",
        row=one,
        customer_id=one.customer_id,
        changes={"ended_on": [None, on]},
    )
