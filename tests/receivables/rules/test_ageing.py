"""receivables.rules.ageing: buckets with inclusive upper bounds that always sum to the balance."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money
from receivables.rules.ageing import DEFAULT_BUCKETS, Buckets, CreditTreatment, OpenItem, aged, bucket, totals
from tests.examples import examples

AS_OF = date(2025, 3, 31)


def item(amount: str, days_late: int, customer: str = "C1", currency: str = "EUR") -> OpenItem:
    return OpenItem(customer, AS_OF - timedelta(days_late), Money(Decimal(amount), currency))


@pytest.mark.parametrize("row", examples("ageing", "Buckets"))
def test_buckets_are_as_documented(row):
    bounds = [int(bound) for bound in row["Bounds"].split()]
    found = bucket(date.fromisoformat(row["As of"]), date.fromisoformat(row["Due"]), bounds)
    assert found == row["Bucket"]


@pytest.mark.parametrize("row", examples("ageing", "Credits"))
def test_credits_stand_where_documented(row):
    items = [item("100", -5), item("200", 10), item("300", 100), item(row["Credit"], 40)]
    treatment = CreditTreatment[row["Treatment"].replace(" ", "_").upper()]
    [found] = aged(items, on=AS_OF, treatment=treatment)
    assert found.amounts == tuple(Decimal(row[name]) for name in DEFAULT_BUCKETS.names)
    assert (found.credits, found.total) == (Decimal(row["Column"]), Decimal(row["Balance"]))


def test_bucket_names_follow_the_bounds():
    assert Buckets().names == ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
    assert Buckets((7,)).names == ("not_due", "d1_7", "d8_plus")


@pytest.mark.parametrize("bounds", [(), (0,), (-1, 30), (30, 30), (60, 30)])
def test_bounds_rise_from_one(bounds):
    with pytest.raises(ValueError):
        Buckets(bounds)


def test_rows_are_by_customer_and_currency_and_currencies_are_never_added():
    rows = aged(
        [item("5", 1, "C2"), item("7", 1, "C1", "USD"), item("1", 1), item("2", 40), item("4", 0, "C2")], on=AS_OF
    )
    assert [(row.customer_ref, row.currency, row.total) for row in rows] == [
        ("C1", "EUR", 3),
        ("C1", "USD", 7),
        ("C2", "EUR", 9),
    ]
    assert [(row.customer_ref, row.currency, row.amounts) for row in totals(rows)] == [
        ("", "EUR", (4, 6, 2, 0, 0)),
        ("", "USD", (0, 7, 0, 0, 0)),
    ]


def test_no_items_no_rows():
    assert aged([], on=AS_OF) == []
    assert totals([]) == []


items_of_some_customers = st.lists(
    st.builds(
        OpenItem,
        st.sampled_from(["C1", "C2", "C3"]),
        st.dates(date(2024, 6, 1), date(2025, 12, 31)),
        st.builds(
            Money,
            st.decimals(min_value=-(10**9), max_value=10**9, places=4),
            st.sampled_from(["EUR", "USD"]),
        ),
    ),
    max_size=30,
)
rising_bounds = st.lists(st.integers(1, 400), min_size=1, max_size=6, unique=True).map(sorted).map(tuple)


@given(items_of_some_customers, rising_bounds, st.sampled_from(CreditTreatment))
def test_buckets_and_credits_sum_to_the_balance(items, bounds, treatment):
    rows = aged(items, on=AS_OF, buckets=Buckets(bounds), treatment=treatment)
    balances: dict = {}
    for one in items:
        key = (one.customer_ref, one.money.currency)
        balances[key] = balances.get(key, Decimal(0)) + one.money.amount
    assert {(row.customer_ref, row.currency): row.total for row in rows} == balances
    for row in rows:
        assert row.total == sum(row.amounts) + row.credits
        assert len(row.amounts) == len(bounds) + 2
        assert row.credits <= 0
        if treatment is not CreditTreatment.IN_BUCKETS:
            assert min(row.amounts) >= 0


@given(items_of_some_customers)
def test_credits_oldest_first_never_leave_an_older_debt_above_a_lowered_younger_one(items):
    before = aged(items, on=AS_OF, treatment=CreditTreatment.OWN_COLUMN)
    after = aged(items, on=AS_OF, treatment=CreditTreatment.OLDEST_FIRST)
    for own, netted in zip(before, after, strict=True):
        lowered = [n for n, (one, other) in enumerate(zip(own.amounts, netted.amounts, strict=True)) if other < one]
        assert all(netted.amounts[older] == 0 for n in lowered for older in range(n + 1, len(netted.amounts)))
        assert netted.credits == 0 or not any(netted.amounts)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-500, 500), rising_bounds)
def test_one_more_day_never_moves_to_a_younger_bucket(on, days, bounds):
    buckets = Buckets(bounds)
    due = on - timedelta(days)
    here, tomorrow = buckets.index(due, on=on), buckets.index(due, on=on + timedelta(1))
    assert tomorrow - here in (0, 1)
    assert (tomorrow > here) == (days in (0, *bounds))
