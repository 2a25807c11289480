"""To whom each scenario applies today."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from collection.models import Scenario, ScenarioVersion
from collection.queries.candidates import candidates
from collection.rules.criteria import AssignmentRule
from collection.services.assigning import assignments, pinned_versions
from collection.services.playbooks import is_live, versions_in_force


@dataclass(frozen=True)
class Covered:
    """A scenario with its version in force and its draft, and the open items that it applies to on the day.

    While it is not live: what it would apply to if it were.
    """

    scenario: Scenario
    version: ScenarioVersion | None
    draft: ScenarioVersion | None
    is_live: bool
    customers: int
    items: int


@transaction.atomic
def covered_by_rules(*, on: date, rules: Sequence[AssignmentRule]) -> dict[str, tuple[int, int]]:
    """Rule id -> (customers, open items) that it would take today if every scenario that is kept were live."""
    kept = {str(row_id) for row_id in Scenario.objects.filter(archived_on__isnull=True).values_list("id", flat=True)}
    assigned = assignments(on=on, known=kept, rules=rules, versions=pinned_versions(on=on))
    items: Counter[str] = Counter()
    customers: dict[str, set[object]] = {}
    for item in candidates(on=on, due_until=date.max):
        rule = assigned.of(item).rule
        if rule is not None:
            items[str(rule.rule_id)] += 1
            customers.setdefault(str(rule.rule_id), set()).add(item.customer_id)
    return {rule_id: (len(customers[rule_id]), count) for rule_id, count in items.items()}


@transaction.atomic
def coverage(*, on: date) -> list[Covered]:
    """Every scenario: the default one last, the others by name. At most 17 SQL queries, whatever their number."""
    scenarios = list(Scenario.objects.order_by("is_default", "name"))
    versions = {version.scenario_id: version for version in versions_in_force(on=on)}
    drafts = {row.scenario_id: row for row in ScenarioVersion.objects.filter(valid_from__isnull=True)}
    live = {str(scenario_id) for scenario_id, version in versions.items() if is_live(version, on=on)}
    kept = {str(one.id) for one in scenarios if one.archived_on is None}
    pinned = pinned_versions(on=on)
    today = assignments(on=on, known=live, versions=pinned)
    all_live = assignments(on=on, known=kept, versions=pinned)
    items: Counter[str] = Counter()
    customers: dict[str, set[object]] = {}
    for item in candidates(on=on, due_until=date.max):
        of_today, of_all = today.of(item).scenario_id, all_live.of(item).scenario_id
        # One that is not live is counted as if it were; those that are, as they are.
        for scenario_id in {of_today} | ({of_all} if of_all not in live else set()):
            if scenario_id is not None:
                items[scenario_id] += 1
                customers.setdefault(scenario_id, set()).add(item.customer_id)
    return [
        Covered(
            scenario=one,
            version=versions.get(one.id),
            draft=drafts.get(one.id),
            is_live=str(one.id) in live,
            customers=len(customers.get(str(one.id), ())),
            items=items[str(one.id)],
        )
        for one in scenarios
    ]
