"""Rules that choose a scenario: what holds, what is not known, which rule decides."""

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collection.rules.criteria import (
    FACTS,
    OPERATORS,
    AssignmentRule,
    BadCriterion,
    Criterion,
    Kind,
    Operator,
    assign,
    holds,
    read_criterion,
    unreachable,
    with_branches,
    written,
)

FRANCE = Criterion("country", Operator.IN, ("FR",))
LARGE = Criterion("overdue_amount", Operator.AT_LEAST, (Decimal(10_000),))
LATE = Criterion("payer_class", Operator.IN, ("SLOW", "VERY_SLOW"))
INSURED = Criterion("is_insured", Operator.IS, (True,))


@pytest.mark.parametrize(
    ("criterion", "facts", "answer"),
    [
        (FRANCE, {"country": "FR"}, True),
        (FRANCE, {"country": "DE"}, False),
        (FRANCE, {"country": ""}, None),
        (LARGE, {"overdue_amount": Decimal("10000.00")}, True),
        (LARGE, {"overdue_amount": Decimal("9999.99")}, False),
        (LARGE, {"overdue_amount": Decimal(0)}, False),
        (Criterion("payer_index", Operator.AT_MOST, (Decimal(40),)), {"payer_index": 40}, True),
        (Criterion("country", Operator.NOT_IN, ("FR",)), {"country": "DE"}, True),
        (Criterion("country", Operator.NOT_IN, ("FR",)), {}, None),
        (INSURED, {"is_insured": None}, None),
        (INSURED, {"is_insured": False}, False),
    ],
)
def test_a_criterion(criterion: Criterion, facts, answer):
    assert holds(criterion, facts) is answer


def rule(name: str, *criteria: Criterion) -> AssignmentRule:
    return AssignmentRule(name, name, criteria)


def test_the_first_rule_that_holds_decides():
    rules = [rule("large late, France", LATE, LARGE, FRANCE), rule("France", FRANCE), rule("rest")]

    assert assign(rules, {"country": "FR", "payer_class": "SLOW", "overdue_amount": Decimal(20_000)}).rule is rules[0]
    assert assign(rules, {"country": "FR", "payer_class": "PROMPT", "overdue_amount": Decimal(1)}).rule is rules[1]
    assert assign(rules, {"country": "DE"}).rule is rules[2]
    assert assign(rules[:2], {"country": "DE"}).rule is None


def test_what_is_not_known_matches_nothing_and_is_named():
    found = assign([rule("insured", INSURED), rule("insured, large", INSURED, LARGE)], {"overdue_amount": Decimal(1)})

    assert found.rule is None
    assert found.not_known == ("is_insured",)


def test_a_missing_fact_is_not_named_where_another_criterion_says_no():
    assert assign([rule("insured France", INSURED, FRANCE)], {"country": "DE"}).not_known == ()


def test_a_rule_behind_a_wider_one_never_decides():
    rules = [rule("France", FRANCE), rule("large, France", FRANCE, LARGE), rule("large", LARGE)]

    assert unreachable(rules) == [rules[1]]


def test_a_rule_speaks_of_items_when_one_of_its_facts_does():
    assert rule("cause", FRANCE, Criterion("cause", Operator.IN, ("x",))).speaks_of_items
    assert not rule("France", FRANCE).speaks_of_items


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "shape"),
        ({"fact": "country"}, "shape"),
        ({"fact": "password", "operator": "IN", "values": ["x"]}, "unknown_fact"),
        ({"fact": ["country"], "operator": "IN", "values": ["x"]}, "unknown_fact"),
        ({"fact": "country", "operator": "AT_LEAST", "values": ["x"]}, "unknown_operator"),
        ({"fact": "country", "operator": "IN", "values": []}, "values"),
        ({"fact": "country", "operator": "IN", "values": "FR"}, "values"),
        ({"fact": "overdue_amount", "operator": "AT_LEAST", "values": ["1", "2"]}, "values"),
        ({"fact": "overdue_amount", "operator": "AT_LEAST", "values": ["NaN"]}, "value"),
        ({"fact": "overdue_amount", "operator": "AT_LEAST", "values": ["a lot"]}, "value"),
        ({"fact": "overdue_amount", "operator": "AT_LEAST", "values": [True]}, "value"),
        ({"fact": "collector", "operator": "IN", "values": ["nobody"]}, "value"),
        ({"fact": "collector", "operator": "IN", "values": [7]}, "value"),
        ({"fact": "is_insured", "operator": "IS", "values": ["true"]}, "value"),
        ({"fact": "sector", "operator": "IN", "values": [" "]}, "value"),
    ],
)
def test_what_cannot_be_read_is_refused(data, problem: str):
    with pytest.raises(BadCriterion) as refusal:
        read_criterion(data)

    assert refusal.value.problem == problem


def _values(kind: Kind) -> st.SearchStrategy:
    return {
        Kind.CHOICE: st.sampled_from(["FR", "DE"]),
        Kind.TEXT: st.sampled_from(["bakery", "steel"]),
        Kind.TREE: st.sampled_from(["logistics", "price"]),
        Kind.REFERENCE: st.just(str(uuid4())),
        Kind.COUNT: st.integers(-100, 100).map(str),
        Kind.MONEY: st.decimals(-1000, 1000, places=2).map(str),
        Kind.YES_NO: st.booleans(),
    }[kind]


@given(st.data())
def test_every_fact_and_operator_is_read_and_written_back(data):
    fact = data.draw(st.sampled_from(list(FACTS.values())))
    operator = data.draw(st.sampled_from(OPERATORS[fact.kind]))
    given_data = {"fact": fact.name, "operator": str(operator), "values": [data.draw(_values(fact.kind))]}

    assert written(read_criterion(given_data)) == given_data


_SMALL = st.sampled_from(["FR", "BE", "DE"])
_CRITERIA = st.lists(
    st.one_of(
        st.builds(lambda op, codes: Criterion("country", op, tuple(codes)),
                  st.sampled_from([Operator.IN, Operator.NOT_IN]), st.lists(_SMALL, min_size=1, max_size=2)),
        st.builds(lambda op, n: Criterion("open_amount", op, (Decimal(n),)),
                  st.sampled_from([Operator.AT_LEAST, Operator.AT_MOST]), st.integers(0, 4)),
        st.just(Criterion("risk_class", Operator.IN, ("A",))),
    ),
    max_size=3,
)  # fmt: skip


@given(
    criteria=st.lists(_CRITERIA, max_size=6),
    country=st.one_of(st.none(), _SMALL),
    amount=st.one_of(st.none(), st.integers(0, 4).map(Decimal)),
)
def test_the_first_rule_in_order_decides_and_rules_behind_it_change_nothing(criteria, country, amount):
    rules = [AssignmentRule(str(place), "target", tuple(one)) for place, one in enumerate(criteria)]
    facts = {"country": country, "open_amount": amount}
    decided = assign(rules, facts).rule
    holding = [rule for rule in rules if all(holds(criterion, facts) for criterion in rule.criteria)]
    assert decided == (holding[0] if holding else None)
    place = rules.index(decided) if decided else len(rules)
    assert assign([*rules[: place + 1], *reversed(rules[place + 1 :])], facts).rule == decided
    assert assign([*reversed(rules[:place]), *rules[place:]], facts).rule == decided
    assert not set(unreachable(rules)) & {decided}


BRANCHES = {"logistics": ["logistics", "late", "lost"], "late": ["late"], "lost": ["lost"], "price": ["price"]}


@pytest.mark.parametrize(
    ("operator", "cause", "answer"),
    [
        (Operator.WITHIN, "logistics", True),
        (Operator.WITHIN, "lost", True),
        (Operator.WITHIN, "price", False),
        (Operator.NOT_WITHIN, "late", False),
        (Operator.NOT_WITHIN, "price", True),
        (Operator.WITHIN, None, None),
        (Operator.NOT_WITHIN, None, None),
        (Operator.IN, "lost", False),
    ],
)
def test_a_branch_of_a_tree_is_the_code_and_all_below(operator, cause, answer):
    [spread] = with_branches([rule("x", Criterion("cause", operator, ("logistics",)))], BRANCHES)
    assert holds(spread.criteria[0], {"cause": cause}) is answer


def test_a_code_that_is_gone_stands_for_itself_and_other_criteria_stay_as_they_are():
    rules = [rule("x", FRANCE, Criterion("cause", Operator.WITHIN, ("gone", "late")))]
    [spread] = with_branches(rules, BRANCHES)
    assert spread.criteria == (FRANCE, Criterion("cause", Operator.WITHIN, ("gone", "late")))
