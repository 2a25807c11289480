"""Hypothesis strategies for payment terms."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import strategies as st

from core.money import Money
from receivables.rules.terms import (
    CASH_IN_ADVANCE,
    CASH_ON_DELIVERY,
    CountsFrom,
    Days,
    Due,
    EarlyDiscount,
    EndOfMonth,
    Fixed,
    Months,
    OnDay,
    Part,
    PaymentTerm,
    PctOfRemainder,
    PctOfTotal,
)

steps = st.one_of(
    st.builds(Days, st.integers(1, 400)),
    st.builds(Months, st.integers(1, 99)),
    st.builds(OnDay, st.integers(1, 31)),
    st.just(EndOfMonth()),
)
percentages = st.decimals(min_value=Decimal("0.01"), max_value=99, places=2).map(lambda pct: pct.normalize())
shares = st.one_of(
    percentages.map(PctOfTotal),
    percentages.map(PctOfRemainder),
    st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2).map(lambda amount: Fixed(Money(amount, "EUR"))),
)


def _no_kind_twice_in_a_row(chain: list) -> bool:
    return all(type(one) is not type(other) for one, other in pairwise(chain))


dues = st.one_of(
    st.just(CASH_IN_ADVANCE),
    st.just(CASH_ON_DELIVERY),
    st.builds(
        lambda chain, counts_from: Due(tuple(chain), counts_from),
        st.lists(steps, max_size=5).filter(_no_kind_twice_in_a_row),
        st.sampled_from(CountsFrom),
    ),
)


@st.composite
def discounts(draw: st.DrawFn) -> tuple[EarlyDiscount, ...]:
    count = draw(st.integers(0, 3))
    pcts = draw(st.lists(percentages, min_size=count, max_size=count, unique=True))
    within = draw(st.lists(st.integers(0, 90), min_size=count, max_size=count, unique=True))
    pairs = zip(sorted(pcts, reverse=True), sorted(within), strict=True)
    return tuple(EarlyDiscount(pct, days) for pct, days in pairs)


@st.composite
def terms(draw: st.DrawFn) -> PaymentTerm:
    before = draw(st.lists(st.builds(Part, dues, shares), max_size=4))
    return PaymentTerm((*before, Part(draw(dues))), draw(discounts()))
