"""Late-payment interest: published examples to the cent, and what must hold for any item."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collection.rules.interest import AgreedRate, Interest, Payment, late_interest
from collection.rules.law import PACKS, RATES, RateRow, Series, fixed_sum, pack_for

FR, DE, EU, GB = PACKS["FR"], PACKS["DE"], PACKS["EU"], PACKS["GB"]


def interest(
    amount: str = "10000.00", due: date = date(2024, 5, 31), until: date = date(2024, 9, 15), **other
) -> Interest:
    given = {"currency": "EUR", "payments": (), "pack": FR, "rates": RATES}
    return late_interest(amount=Decimal(amount), due_date=due, until=until, **(given | other))


def test_a_delay_across_the_first_of_july_uses_both_rates():
    found = interest()

    assert [(s.days, s.percent, s.amount) for s in found.segments] == [
        (30, Decimal("14.50"), Decimal("119.18")),
        (77, Decimal("14.25"), Decimal("300.62")),
    ]
    assert found.total == Decimal("419.80")
    assert found.days == 107


def test_published_example_of_the_united_kingdom():
    found = interest(
        "2000", due=date(2024, 1, 31), until=date(2024, 1, 31) + timedelta(days=45), currency="GBP", pack=GB
    )

    assert found.total == Decimal("32.67")


def test_germany_adds_nine_points_to_a_base_rate_that_may_be_negative():
    found = interest("1000.00", due=date(2020, 2, 29), until=date(2020, 3, 30), pack=DE)

    assert [(s.days, s.percent, s.amount) for s in found.segments] == [(30, Decimal("8.12"), Decimal("6.67"))]


def test_the_default_rate_of_france_is_not_lifted_to_three_times_the_legal_rate():
    second_half = interest(due=date(2024, 6, 30), until=date(2024, 7, 31))

    assert [(s.percent, s.is_floor) for s in second_half.segments] == [(Decimal("14.25"), False)]


@pytest.mark.parametrize(
    ("agreed", "percent", "is_floor"), [("12", "14.76", True), ("14.76", "14.76", False), ("18", "18", False)]
)
def test_an_agreed_rate_is_bound_by_the_floor(agreed: str, percent: str, is_floor: bool):
    found = interest(due=date(2024, 6, 30), until=date(2024, 7, 31), agreed=AgreedRate(Decimal(agreed)))

    assert [(s.percent, s.is_floor) for s in found.segments] == [(Decimal(percent), is_floor)]


def test_a_part_payment_lowers_the_principal_from_the_day_after():
    found = interest(
        due=date(2024, 6, 30), until=date(2024, 7, 20), payments=[Payment(date(2024, 7, 10), Decimal("4000.00"))]
    )

    assert [(s.first, s.last, s.principal) for s in found.segments] == [
        (date(2024, 7, 1), date(2024, 7, 10), Decimal("10000.00")),
        (date(2024, 7, 11), date(2024, 7, 20), Decimal("6000.00")),
    ]
    assert found.total == Decimal("39.04") + Decimal("23.42")


def test_a_payment_taken_back_raises_it_again():
    payments = [Payment(date(2024, 7, 10), Decimal(10_000)), Payment(date(2024, 7, 15), Decimal(-10_000))]

    found = interest(due=date(2024, 6, 30), until=date(2024, 7, 20), payments=payments)

    assert [(s.first, s.days) for s in found.segments] == [(date(2024, 7, 1), 10), (date(2024, 7, 16), 5)]


def test_nothing_on_the_due_date_or_when_paid_on_it():
    assert interest(until=date(2024, 5, 31)).segments == ()
    assert interest(payments=[Payment(date(2024, 5, 31), Decimal(10_000))]).total == 0


def test_insolvency_stops_it():
    assert interest(stops_on=date(2024, 7, 1)).total == Decimal("119.18")


def test_days_without_a_known_rate_use_the_last_one_and_say_so():
    rows = [row for row in RATES if row.valid_from <= date(2024, 7, 1)]

    found = interest(due=date(2024, 12, 20), until=date(2025, 2, 28), rates=rows)

    assert {s.percent for s in found.segments} == {Decimal("14.25")}
    assert interest(due=date(2025, 1, 20), until=date(2025, 2, 28), rates=rows).segments[0].is_stale


def test_before_the_first_known_rate_nothing_is_guessed():
    with pytest.raises(ValueError, match="no rate of DE_BASE is known on 2010-01-02"):
        interest(due=date(2010, 1, 1), until=date(2010, 2, 1), pack=DE)


def test_a_row_of_the_organisation_replaces_a_shipped_one():
    own = RateRow(Series.ECB_REFINANCING, date(2024, 7, 1), Decimal("5"), "ours")

    assert interest(rates=(*RATES, own)).segments[1].percent == Decimal(15)


def test_yen_has_no_decimals():
    assert interest("1000000", currency="JPY").total == Decimal(41980)


@pytest.mark.parametrize(
    ("pack", "amount", "currency", "charge"),
    [
        (FR, "10", "EUR", "40"),
        (FR, "10", "USD", "40"),
        (GB, "999.99", "GBP", "40"),
        (GB, "1000", "GBP", "70"),
        (GB, "10000", "GBP", "100"),
        (GB, "10000", "EUR", "40"),
    ],
)
def test_fixed_sum_of_a_document(pack, amount: str, currency: str, charge: str):
    found = fixed_sum(pack=pack, amount=Decimal(amount), currency=currency)

    assert found is not None
    assert found.charge == Decimal(charge)


def test_switzerland_has_no_fixed_sum_and_unknown_countries_no_law():
    assert fixed_sum(pack=PACKS["CH"], amount=Decimal(10), currency="CHF") is None
    assert pack_for("PT") is EU
    assert pack_for("US") is None


_DAYS = st.dates(date(2023, 1, 1), date(2025, 12, 31))
_AMOUNTS = st.decimals("0.01", "1000000", places=2)


@given(amount=_AMOUNTS, due=_DAYS, until=_DAYS, paid=st.lists(st.tuples(_DAYS, _AMOUNTS), max_size=4))
def test_segments_are_in_order_do_not_overlap_and_add_up(amount, due, until, paid):
    payments = [Payment(on, part) for on, part in paid]
    found = interest(str(amount), due=due, until=until, payments=payments)

    assert found.total == sum((s.amount for s in found.segments), Decimal(0))
    ends = [due]
    for segment in found.segments:
        assert segment.first > ends[-1]
        assert segment.last <= until
        assert 0 < segment.principal <= amount
        ends.append(segment.last)
    assert found.days <= max((until - due).days, 0)


@given(amount=_AMOUNTS, due=_DAYS, until=_DAYS, at=_DAYS, part=_AMOUNTS)
def test_paying_never_costs_more_and_waiting_never_less(amount, due, until, at, part):
    without = interest(str(amount), due=due, until=until)
    cent = Decimal("0.02")  # another split rounds once more

    assert interest(str(amount), due=due, until=until, payments=[Payment(at, part)]).total <= without.total + cent
    assert interest(str(amount), due=due, until=until + timedelta(days=30)).total >= without.total - cent


@given(due=_DAYS, days=st.integers(1, 400))
def test_splitting_at_a_rate_that_stays_the_same_changes_nothing(due, days):
    until = due + timedelta(days=days)
    first = RATES[0]
    again = replace(first, valid_from=first.valid_from + timedelta(days=1))

    assert interest(due=due, until=until, rates=(*RATES, again)) == interest(due=due, until=until)
