"""receivables.rules.promises, by the numbered examples of docs/rules/promises.md."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money
from receivables.rules.promises import Every, Outcome, Tolerance, equal_parts, promise_outcome
from tests.examples import examples

FIRST = date(2026, 3, 1)


def day(number: str) -> date:
    return FIRST + timedelta(days=int(number))


@pytest.mark.parametrize("example", examples("promises", "What has become of a promise"))
def test_a_promise_is_decided_by_what_came_in(example):
    days, percent, amount = example["Passes"].split(" / ")
    outcome = promise_outcome(
        promised=Decimal(example["Promised"]),
        received=Decimal(example["Came in by then"]),
        due_on=day("5"),
        on=day(example["Night"]),
        tolerance=Tolerance(int(days), Decimal(percent), Decimal(amount)),
    )
    assert outcome == example["Outcome"]


@pytest.mark.parametrize("example", examples("promises", "Equal parts"))
def test_a_sum_in_equal_parts(example):
    parts = equal_parts(
        money=Money(Decimal(example["Sum"]), "EUR"),
        count=int(example["Parts"]),
        first_on=date.fromisoformat(example["First"]),
        every=Every(example["Every"]),
    )
    assert [part.due_on.isoformat() for part in parts] == example["Days"].split()
    assert [str(part.amount) for part in parts] == example["Amounts"].split()


@given(cents=st.integers(6000, 10**9), count=st.integers(2, 60), every=st.sampled_from(Every))
def test_parts_sum_to_the_cent_on_days_that_follow_each_other(cents, count, every):
    sum_ = Decimal(cents) / 100
    parts = equal_parts(money=Money(sum_, "EUR"), count=count, first_on=FIRST, every=every)
    assert sum(part.amount for part in parts) == sum_
    assert all(part.amount > 0 for part in parts)
    assert all(one.due_on < later.due_on for one, later in pairwise(parts))


@pytest.mark.parametrize(("amount", "count"), [("100.00", 1), ("100.00", 61), ("0.01", 2)])
def test_a_plan_that_cannot_be(amount, count):
    with pytest.raises(ValueError):
        equal_parts(money=Money(Decimal(amount), "EUR"), count=count, first_on=FIRST, every=Every.WEEK)


@given(
    promised=st.decimals("0.01", 1000, places=2),
    received=st.decimals(0, 1000, places=2),
    late_days=st.integers(0, 30),
    on=st.integers(0, 60),
)
def test_a_promise_is_open_only_while_it_may_still_be_kept(promised, received, late_days, on):
    outcome = promise_outcome(
        promised=promised,
        received=received,
        due_on=FIRST,
        on=FIRST + timedelta(days=on),
        tolerance=Tolerance(late_days=late_days),
    )
    if received >= promised:
        assert outcome is Outcome.KEPT
    else:
        assert (outcome is Outcome.OPEN) == (on <= late_days)
