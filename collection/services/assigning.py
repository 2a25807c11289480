"""Which scenario applies to each open item on a day, and why: a pin, a person's choice, else the rules, else the default."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.db.models import Q

from accounts.models import Tenant
from collection.models import AssignmentRule as RuleRow
from collection.models import ItemPin, RuleSet, Scenario, ScenarioOverride, ScenarioVersion
from collection.queries.facts import (
    OF_DOCUMENTS,
    Account,
    account_facts,
    cause_branches,
    item_facts,
    values_of_currencies,
)
from collection.rules.criteria import (
    FACTS,
    AssignmentRule,
    Criterion,
    Kind,
    Subject,
    assign,
    read_criterion,
    with_branches,
)
from core.tenancy import require_tenant_id


class Why(NamedTuple):
    """The scenario of an item (its id as text; None: none applies), and what gave it.

    `pin`: the item stays with a version; else `override`: a person's choice; else `rule`; without any the default
    scenario. `not_known`: facts that rules asked for which nobody knows. `pinned_to`: the version, as text, where it is
    not the one in force.
    """

    scenario_id: str | None
    rule: AssignmentRule | None = None
    override: ScenarioOverride | None = None
    not_known: tuple[str, ...] = ()
    pin: ItemPin | None = None
    pinned_to: str | None = None

    @property
    def book(self) -> str | None:
        """Which of the playbooks of the day says what is done: by scenario, or by version for a pin to a former one."""
        return self.pinned_to or self.scenario_id


class Assignable(Protocol):
    """What is asked of an item beside its account (collection.queries.candidates.Candidate)."""

    @property
    def item_id(self) -> Any: ...
    @property
    def customer_id(self) -> Any: ...
    @property
    def entity_id(self) -> Any: ...
    @property
    def currency(self) -> str: ...
    @property
    def due_date(self) -> date: ...
    @property
    def chased_amount(self) -> Decimal: ...


@dataclass
class Assignments:
    """Answers for one day. Of rules on facts of accounts only, the answer is found once for an account."""

    on: date
    default: str | None
    rules: Sequence[AssignmentRule] = ()
    # By customer and entity; entity "" for all of them.
    overrides: Mapping[Account, ScenarioOverride] = field(default_factory=dict)
    accounts: Mapping[Account, Mapping[str, Any]] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    values: Mapping[str, Decimal] = field(default_factory=dict)
    pins: Mapping[str, Why] = field(default_factory=dict)  # by item

    def __post_init__(self) -> None:
        self.depends_on_items = any(rule.speaks_of_items for rule in self.rules)
        self._default = Why(self.default)
        self._known: dict[Account, Why] = {}

    def of(self, item: Assignable) -> Why:
        """The scenario of an open item, with the reason."""
        if self.pins and (pinned := self.pins.get(str(item.item_id))) is not None:
            return pinned
        if not self.rules and not self.overrides:
            return self._default
        account = (str(item.customer_id), str(item.entity_id))
        known = self._known.get(account)
        if known is None:
            known = self._of_account(account)
            if known is not None:
                self._known[account] = known
        return known or self._decided(account, self._facts_of(item))

    def _of_account(self, account: Account) -> Why | None:
        """The answer for all items of an account; None when it differs by item."""
        override = self.overrides.get(account) or self.overrides.get((account[0], ""))
        if override is not None:
            return Why(str(override.scenario_id), override=override)
        return None if self.depends_on_items else self._decided(account, {})

    def _decided(self, account: Account, of_item: Mapping[str, Any]) -> Why:
        decision = assign(self.rules, {**self.accounts.get(account, {}), **of_item})
        target = str(decision.rule.target) if decision.rule else self.default
        return Why(target, decision.rule, None, decision.not_known)

    def _facts_of(self, item: Assignable) -> dict[str, Any]:
        value = self.values.get(item.currency)
        return {
            **self.items.get(str(item.item_id), {}),
            "item_amount": item.chased_amount * value if value is not None else None,
            "item_days_late": (self.on - item.due_date).days,
            "currency": item.currency,
        }


def rule_set_in_force(*, on: date) -> RuleSet | None:
    """The rules that apply on the day. 1 SQL query."""
    return RuleSet.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on).first()


def criteria_of(row: RuleRow) -> tuple[Criterion, ...]:
    """The stored criteria as the rule takes them."""
    return tuple(read_criterion(one) for one in row.criteria)


def rules_of(rule_set: RuleSet | None) -> list[AssignmentRule]:
    """The rules of a set in their order, as the rule takes them. 1 SQL query."""
    if rule_set is None:
        return []
    rows = rule_set.rules.order_by("position")
    return [AssignmentRule(row.id, str(row.scenario_id), criteria_of(row), row.name) for row in rows]


def assignments(
    *,
    on: date,
    known: Collection[str],
    customer_ids: Collection[UUID] | None = None,
    rules: Sequence[AssignmentRule] | None = None,
    versions: Collection[ScenarioVersion] = (),
) -> Assignments:
    """For the day `on`, among the scenarios `known` (ids as texts: those that are live, or tried out). At most 8 queries.

    A rule or a choice that names another scenario is passed over: what it would take stays with the next one that
    applies until that scenario is live. `rules`: in place of those in force, to try them out. `versions`: those that
    items may be pinned to; a pin to another one is passed over.
    """
    ordered = rules_of(rule_set_in_force(on=on)) if rules is None else list(rules)
    ordered = [rule for rule in ordered if str(rule.target) in known]
    default = Scenario.objects.filter(is_default=True).values_list("id", flat=True).first()
    out = Assignments(
        on=on,
        default=str(default) if default and str(default) in known else None,
        rules=ordered,
        overrides=_overrides(on=on, known=known, customer_ids=customer_ids),
        pins=_pins(on=on, known=known, versions=versions, customer_ids=customer_ids) if versions else {},
    )
    if not ordered:
        return out
    asked = {criterion.fact for rule in ordered for criterion in rule.criteria}
    if any(FACTS[name].kind is Kind.TREE for name in asked):
        out.rules = ordered = with_branches(ordered, cause_branches())
    tenant = Tenant.objects.get(id=require_tenant_id())
    out.values = values_of_currencies(currency=tenant.currency, on=on)
    if any(FACTS[name].subject is Subject.ACCOUNT for name in asked):
        out.accounts = account_facts(on=on, names=asked, values=dict(out.values), customer_ids=customer_ids)
    if not OF_DOCUMENTS.isdisjoint(asked):
        out.items = item_facts(on=on, customer_ids=customer_ids)
    return out


def live_scenario_ids(*, on: date) -> set[str]:
    """The scenarios, as texts, whose messages leave on the day. 1 SQL query."""
    rows = ScenarioVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=on),
        Q(scenario__archived_on__isnull=True) | Q(scenario__archived_on__gt=on),
        valid_from__lte=on,
        live_from__lte=on,
    )
    return {str(scenario_id) for scenario_id in rows.values_list("scenario_id", flat=True)}


def overrides_in_force(*, on: date, customer_ids: Collection[UUID] | None = None) -> list[ScenarioOverride]:
    """Choices that people made for customers, in force on the day, the oldest first. 1 SQL query."""
    rows = ScenarioOverride.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on), Q(ended_on__isnull=True) | Q(ended_on__gt=on), from_on__lte=on
    )
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    return list(rows.order_by("from_on", "id"))


def _overrides(
    *, on: date, known: Collection[str], customer_ids: Collection[UUID] | None
) -> dict[Account, ScenarioOverride]:
    """By account; of several the one made last."""
    return {
        (str(one.customer_id), str(one.entity_id) if one.entity_id else ""): one
        for one in overrides_in_force(on=on, customer_ids=customer_ids)
        if str(one.scenario_id) in known
    }


def pins_in_force(*, on: date, customer_ids: Collection[UUID] | None = None) -> list[ItemPin]:
    """Items that stay with a version on the day, the oldest first. 1 SQL query."""
    rows = ItemPin.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), from_on__lte=on)
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    return list(rows.order_by("from_on", "id"))


def pinned_versions(*, on: date) -> list[ScenarioVersion]:
    """The versions that items stay with on the day. 1 SQL query."""
    pins = ItemPin.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), from_on__lte=on)
    return list(ScenarioVersion.objects.filter(id__in=pins.values("version_id")).select_related("scenario"))


def _pins(
    *, on: date, known: Collection[str], versions: Collection[ScenarioVersion], customer_ids: Collection[UUID] | None
) -> dict[str, Why]:
    """By item. A version that is among `known` by its own id is not the one that its scenario follows."""
    scenarios = {version.id: str(version.scenario_id) for version in versions}
    out = {}
    for pin in pins_in_force(on=on, customer_ids=customer_ids):
        scenario_id, own = scenarios.get(pin.version_id), str(pin.version_id)
        if scenario_id is not None and (scenario_id in known or own in known):
            out[str(pin.item_id)] = Why(scenario_id, pin=pin, pinned_to=own if own in known else None)
    return out
