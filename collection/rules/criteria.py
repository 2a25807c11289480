"""Which scenario an item follows: ordered rules on a list of criteria, with the reason (docs/rules/assignment.md).

A criterion compares one fact of the item, its customer or its account with values. A fact that is not known matches
nothing, not even "is none of": the answer then says which fact is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What a fact is: it decides which operators and values there are."""

    CHOICE = "CHOICE"  # one of a list of codes
    REFERENCE = "REFERENCE"  # a row of the organisation, by id
    TEXT = "TEXT"
    TREE = "TREE"  # a code of the organisation that stands below others
    COUNT = "COUNT"  # whole days, points, pieces
    MONEY = "MONEY"  # in the organisation's currency
    YES_NO = "YES_NO"


class Operator(StrEnum):
    """How a fact is compared. Limits are included in AT_LEAST and AT_MOST."""

    IN = "IN"
    NOT_IN = "NOT_IN"
    WITHIN = "WITHIN"  # one of them, or anything below
    NOT_WITHIN = "NOT_WITHIN"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    IS = "IS"


class Subject(StrEnum):
    """Of what a fact speaks. Rules that name facts of accounts only are decided once for all items of an account."""

    ACCOUNT = "ACCOUNT"
    ITEM = "ITEM"


@dataclass(frozen=True)
class Fact:
    """A fact that a rule may name."""

    name: str
    kind: Kind
    subject: Subject


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("entity", Kind.REFERENCE, Subject.ACCOUNT),
        Fact("payer_class", Kind.CHOICE, Subject.ACCOUNT),
        Fact("payer_index", Kind.COUNT, Subject.ACCOUNT),
        Fact("days_beyond_terms", Kind.COUNT, Subject.ACCOUNT),
        Fact("broken_promises", Kind.COUNT, Subject.ACCOUNT),
        Fact("risk_class", Kind.CHOICE, Subject.ACCOUNT),
        Fact("is_insured", Kind.YES_NO, Subject.ACCOUNT),
        Fact("country", Kind.CHOICE, Subject.ACCOUNT),
        Fact("language", Kind.CHOICE, Subject.ACCOUNT),
        Fact("group", Kind.REFERENCE, Subject.ACCOUNT),
        Fact("sector", Kind.TEXT, Subject.ACCOUNT),
        Fact("region", Kind.TEXT, Subject.ACCOUNT),
        Fact("product_line", Kind.TEXT, Subject.ACCOUNT),
        Fact("salesperson", Kind.REFERENCE, Subject.ACCOUNT),
        Fact("collector", Kind.REFERENCE, Subject.ACCOUNT),
        Fact("payment_method", Kind.TEXT, Subject.ACCOUNT),
        Fact("open_amount", Kind.MONEY, Subject.ACCOUNT),
        Fact("overdue_amount", Kind.MONEY, Subject.ACCOUNT),
        Fact("oldest_days_late", Kind.COUNT, Subject.ACCOUNT),
        Fact("item_amount", Kind.MONEY, Subject.ITEM),
        Fact("item_days_late", Kind.COUNT, Subject.ITEM),
        Fact("item_kind", Kind.CHOICE, Subject.ITEM),
        Fact("currency", Kind.CHOICE, Subject.ITEM),
        Fact("cause", Kind.TREE, Subject.ITEM),
        Fact("status_code", Kind.TEXT, Subject.ITEM),
        Fact("product", Kind.TEXT, Subject.ITEM),
        Fact("site", Kind.TEXT, Subject.ITEM),
        Fact("biller", Kind.TEXT, Subject.ITEM),
    )
}

OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    Kind.CHOICE: (Operator.IN, Operator.NOT_IN),
    Kind.REFERENCE: (Operator.IN, Operator.NOT_IN),
    Kind.TEXT: (Operator.IN, Operator.NOT_IN),
    Kind.TREE: (Operator.WITHIN, Operator.NOT_WITHIN, Operator.IN, Operator.NOT_IN),
    Kind.COUNT: (Operator.AT_LEAST, Operator.AT_MOST),
    Kind.MONEY: (Operator.AT_LEAST, Operator.AT_MOST),
    Kind.YES_NO: (Operator.IS,),
}

# Those that are compared with several values.
SEVERAL = frozenset({Operator.IN, Operator.NOT_IN, Operator.WITHIN, Operator.NOT_WITHIN})

Value = str | Decimal | UUID | bool
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Criterion:
    """`fact` compared by `operator` with `values`: several for those of SEVERAL, one otherwise."""

    fact: str
    operator: Operator
    values: tuple[Value, ...]


class BadCriterion(ValueError):
    """A stored or sent criterion that cannot be read; `problem` is a code, `found` what was given."""

    def __init__(self, problem: str, found: str) -> None:
        super().__init__(f"{problem}: {found}")
        self.problem, self.found = problem, found


def read_criterion(data: Any) -> Criterion:
    """{"fact": "country", "operator": "IN", "values": ["FR"]} as a Criterion. Raises BadCriterion."""
    if not isinstance(data, dict) or set(data) != {"fact", "operator", "values"}:
        raise BadCriterion("shape", repr(data)[:80])
    fact = FACTS.get(data["fact"]) if isinstance(data["fact"], str) else None
    if fact is None:
        raise BadCriterion("unknown_fact", str(data["fact"])[:80])
    if data["operator"] not in OPERATORS[fact.kind]:
        raise BadCriterion("unknown_operator", str(data["operator"])[:80])
    operator = Operator(data["operator"])
    given = data["values"]
    if not isinstance(given, list) or not given or (len(given) > 1 and operator not in SEVERAL) or len(given) > 200:
        raise BadCriterion("values", repr(given)[:80])
    return Criterion(fact.name, operator, tuple(_read_value(fact.kind, value) for value in given))


def _read_value(kind: Kind, value: Any) -> Value:
    try:
        if kind is Kind.YES_NO and isinstance(value, bool):
            return value
        if kind is Kind.REFERENCE:
            return UUID(value)
        if kind in (Kind.COUNT, Kind.MONEY) and isinstance(value, str | int) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite():
                return number
        if kind in (Kind.CHOICE, Kind.TEXT, Kind.TREE) and isinstance(value, str) and 0 < len(value.strip()) <= 80:
            return value.strip() if kind is Kind.CHOICE else value.strip().casefold()
    except (ValueError, InvalidOperation, TypeError, AttributeError):
        pass
    raise BadCriterion("value", repr(value)[:80])


def written(criterion: Criterion) -> dict[str, Any]:
    """The criterion as it is stored; read_criterion() gives it back."""
    values = [value if isinstance(value, bool) else str(value) for value in criterion.values]
    return {"fact": criterion.fact, "operator": str(criterion.operator), "values": values}


@dataclass(frozen=True)
class AssignmentRule:
    """All criteria must hold; without criteria it holds for everything. `target`: what it assigns (a scenario's id)."""

    rule_id: UUID | str
    target: UUID | str
    criteria: tuple[Criterion, ...]
    name: str = ""

    @property
    def speaks_of_items(self) -> bool:
        return any(FACTS[criterion.fact].subject is Subject.ITEM for criterion in self.criteria)


@dataclass(frozen=True)
class Assigned:
    """The rule that decided (None: none did, the default scenario applies), and the facts that were missing for
    rules before it."""

    rule: AssignmentRule | None
    not_known: tuple[str, ...] = ()


def holds(criterion: Criterion, facts: Facts) -> bool | None:
    """Whether it holds; None when the fact is not known."""
    value = facts.get(criterion.fact)
    return None if value is None or value == "" else _TESTS[criterion.operator](value, criterion.values)


_TESTS: Mapping[Operator, Callable[[Any, tuple[Value, ...]], bool]] = {
    Operator.IN: lambda value, values: value in values,
    Operator.NOT_IN: lambda value, values: value not in values,
    # What is below them stands among the values by then (with_branches).
    Operator.WITHIN: lambda value, values: value in values,
    Operator.NOT_WITHIN: lambda value, values: value not in values,
    Operator.AT_LEAST: lambda value, values: value >= values[0],
    Operator.AT_MOST: lambda value, values: value <= values[0],
    Operator.IS: lambda value, values: value is values[0],
}


def with_branches(rules: Sequence[AssignmentRule], branches: Mapping[str, Sequence[str]]) -> list[AssignmentRule]:
    """The rules with what stands below the codes that they name. `branches`: code -> itself and all below, casefolded.

    A code that there is none of stands for itself.
    """

    def spread(one: Criterion) -> Criterion:
        if one.operator not in (Operator.WITHIN, Operator.NOT_WITHIN):
            return one
        codes = [code for value in one.values for code in branches.get(str(value), (str(value),))]
        return replace(one, values=tuple(dict.fromkeys(codes)))

    return [replace(rule, criteria=tuple(spread(one) for one in rule.criteria)) for rule in rules]


def assign(rules: Sequence[AssignmentRule], facts: Facts) -> Assigned:
    """The first rule that holds, in order. TEXT and TREE facts are given casefolded."""
    missing: list[str] = []
    for rule in rules:
        answers = [(criterion, holds(criterion, facts)) for criterion in rule.criteria]
        if all(answer for _criterion, answer in answers):
            return Assigned(rule, tuple(missing))
        if not any(answer is False for _criterion, answer in answers):
            missing += [one.fact for one, answer in answers if answer is None and one.fact not in missing]
    return Assigned(None, tuple(missing))


def unreachable(rules: Sequence[AssignmentRule]) -> list[AssignmentRule]:
    """Rules that can never decide because an earlier one asks for a part of what they ask for."""
    return [
        rule
        for place, rule in enumerate(rules)
        if any(set(earlier.criteria) <= set(rule.criteria) for earlier in rules[:place])
    ]
