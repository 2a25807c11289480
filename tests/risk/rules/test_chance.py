"""The chance of being paid soon: docs/rules/payer-profile.md, examples 10-13."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.rules.chance import Habit, chance_within


@pytest.mark.parametrize(
    ("days", "days_overdue", "median", "share"),
    [
        (7, 30, 12, "0.143"),  # 10: 7 / (12 + 30 + 7)
        (7, 0, 7, "0.500"),  # 11: the median customer, half of the time
        (7, -3, 10, "0.286"),  # 12: four of the seven days lie after the due date: 4 / (10 + 0 + 4)
        (7, -7, 10, "0.000"),  # 12: none of them
        (7, 0, -20, "0.875"),  # 13: who pays early is not certain to pay: no median below a day
    ],
)
def test_worked_examples(days, days_overdue, median, share):
    assert chance_within(days=days, days_overdue=days_overdue, habit=Habit(median)).share == Decimal(share)


def test_the_reason_says_whose_habit_it_is():
    own = chance_within(days=7, days_overdue=30, habit=Habit(12)).why
    assert str(own) == "usually pays 12 days after the due date, 30 days late now: 14 % within 7 days"
    usual = chance_within(days=7, days_overdue=30, habit=Habit(12, is_own=False)).why
    assert str(usual).startswith("too little history of its own, customers usually pay 12 days after the due date")


def test_a_chance_looks_ahead():
    with pytest.raises(ValueError, match="ahead"):
        chance_within(days=-1, days_overdue=0, habit=Habit(1))


DAYS = st.integers(0, 400)


@given(DAYS, st.integers(-400, 400), st.integers(-50, 400), DAYS)
def test_more_days_help_and_waiting_or_a_slower_habit_does_not(days, days_overdue, median, more):
    def share(days, days_overdue, median):
        return chance_within(days=days, days_overdue=days_overdue, habit=Habit(median)).share

    found = share(days, days_overdue, median)
    assert 0 <= found <= 1
    assert share(days + more, days_overdue, median) >= found
    assert share(days, days_overdue, median + more) <= found
    if days_overdue >= 0:
        assert share(days, days_overdue + more, median) <= found
