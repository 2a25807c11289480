"""collection.rules.day, by the numbered examples of docs/rules/worklist.md."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collection.rules.day import Band, rank
from tests.examples import examples


@pytest.mark.parametrize("example", examples("worklist", "What comes first"))
def test_what_comes_first(example):
    found = rank(
        amount=Decimal(example["Amount"]),
        chance=Decimal(example["Chance"]),
        is_broken="broken" in example["What"],
        is_awaited="agreed" in example["What"],
    )
    band, cents = example["Rank"].split(", ")
    assert (found.band, found.cents) == ({"first": Band.FIRST, "by money": Band.BY_MONEY}[band], int(cents))


@given(
    amount=st.decimals(0, 10**7, places=2),
    more=st.decimals(0, 10**7, places=2),
    chance=st.decimals(0, 1, places=3),
)
def test_more_money_never_stands_behind_less_and_broken_never_behind_money(amount, more, chance):
    assert rank(amount=amount + more, chance=chance) >= rank(amount=amount, chance=chance)
    assert rank(amount=Decimal(0), chance=chance, is_broken=True) > rank(amount=amount, chance=chance)
