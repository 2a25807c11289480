"""The payer profile, computed by hand: docs/rules/payer-profile.md names these examples by their numbers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Phrase
from risk.rules.profile import (
    CLASS_WORDS,
    ClassLimits,
    Part,
    PayerClass,
    PayerFacts,
    Rule,
    Trend,
    by_currency,
    facts_of,
    is_deterioration,
    payer_profile,
    payment_index,
    trend_of,
)

WADBT = [("1000", 0), ("5000", 10), ("500", 60), ("2000", -5)]


def parts(*amounts_and_days, currency="EUR", ago=10):
    return [
        Part(f"{currency}{n}", currency, Decimal(amount), days, ago)
        for n, (amount, days) in enumerate(amounts_and_days)
    ]


def profile(given_parts, *, limits=None, **others):
    return payer_profile(facts=facts_of(given_parts, others=others), limits=limits or ClassLimits())


def test_the_published_example_of_weighted_days_beyond_terms():
    """8.24 signed and 9.41 late-only, to a tenth."""
    found = profile(parts(*WADBT), limits=ClassLimits(minimum_instalments=4))
    assert (found.days_beyond_terms, found.late_days, found.late_pct) == (
        Decimal("8.2"),
        Decimal("9.4"),
        Decimal("64.7"),
    )
    assert (found.payer_class, found.rule, found.payment_index) == (PayerClass.SLIGHT, Rule.AT_MOST, 75)
    assert (found.worst_days, found.median_days) == (60, 0)
    assert str(found.why) == ("On average 9.4 days late, weighted by amount: up to 10 days is slightly late.")


def test_what_is_overdue_counts_with_its_days_else_a_defaulter_looks_good():
    """Example 1: (500, 100 days, open) more: 120,000 / 9,000 and 130,000 / 9,000."""
    found = profile([*parts(*WADBT), Part("open", "EUR", Decimal(500), 100)])
    assert (found.days_beyond_terms, found.late_days, found.late_pct) == (
        Decimal("13.3"),
        Decimal("14.4"),
        Decimal("66.7"),
    )
    assert (found.payer_class, found.payment_index, found.worst_days) == (PayerClass.SLOW, 71, 100)


@pytest.mark.parametrize(
    ("days", "payer_class", "rule"),
    [
        (-20, PayerClass.PROMPT, Rule.AT_MOST),
        (0, PayerClass.PROMPT, Rule.AT_MOST),
        (1, PayerClass.SLIGHT, Rule.AT_MOST),
        (10, PayerClass.SLIGHT, Rule.AT_MOST),
        (11, PayerClass.SLOW, Rule.AT_MOST),
        (30, PayerClass.SLOW, Rule.AT_MOST),
        (60, PayerClass.VERY_SLOW, Rule.AT_MOST),
        (61, PayerClass.DEFAULTING, Rule.ABOVE_ALL),
    ],
)
def test_a_limit_belongs_to_its_class(days, payer_class, rule):
    """Example 2."""
    found = profile(parts(*[("100", days)] * 5))
    assert (found.payer_class, found.rule) == (payer_class, rule)


def test_what_is_shown_is_what_decides():
    """Example 3: 10.04 days are shown as 10.0 and are slight, 10.05 as 10.1 and are slow."""
    for late_share, shown, payer_class in (("40", "10.0", PayerClass.SLIGHT), ("50", "10.1", PayerClass.SLOW)):
        rest = str(1000 - int(late_share) - 3)
        found = profile(parts((late_share, 11), (rest, 10), *[("1", 10)] * 3))
        assert (found.late_days, found.payer_class) == (Decimal(shown), payer_class)


def test_too_few_instalments_give_no_class_and_no_index():
    """Example 4: the figures are shown all the same."""
    found = profile(parts(*[("100", 40)] * 4))
    assert (found.payer_class, found.rule, found.payment_index) == (PayerClass.NOT_KNOWN, Rule.TOO_FEW, None)
    assert (found.late_days, found.instalments, found.trend) == (Decimal("40.0"), 4, Trend.NOT_KNOWN)
    assert str(found.why) == "Instalments paid or overdue within 365 days: 4. From 5 on a class is given."
    nothing = payer_profile(facts=PayerFacts())
    assert (nothing.payer_class, nothing.days_beyond_terms, nothing.worst_days) == (PayerClass.NOT_KNOWN, None, None)


def test_an_insolvency_is_defaulting_whatever_was_paid():
    """Example 5."""
    found = profile(parts(*[("100", 0)] * 6), is_insolvent=True)
    assert (found.payer_class, found.rule, found.payment_index) == (PayerClass.DEFAULTING, Rule.INSOLVENCY, 0)
    assert profile([], is_insolvent=True).payer_class is PayerClass.DEFAULTING


def test_currencies_are_weighed_by_their_instalments_and_never_summed():
    """Example 6: 3 instalments in EUR 10 days late, 1 in JPY 50 days late: (3 x 10 + 1 x 50) / 4."""
    mixed = [*parts(*[("100", 10)] * 3), *parts(("1000000", 50), currency="JPY")]
    found = profile(mixed, limits=ClassLimits(minimum_instalments=4))
    assert (found.late_days, found.instalments) == (Decimal("20.0"), 4)
    lines = by_currency(facts_of(mixed).sums)
    assert [(line.currency, line.late_days, line.settled_amount) for line in lines] == [
        ("EUR", Decimal("10.0"), Decimal(300)),
        ("JPY", Decimal("50.0"), Decimal(1_000_000)),
    ]


def test_the_trend_is_the_recent_days_less_those_before():
    """Example 7: 20 days late in the last 90 days, 5 before: +15, worsening."""
    both = [*parts(*[("100", 20)] * 3), *[replace(part, instalment=f"b{n}") for n, part in enumerate(parts(*[("100", 5)] * 3, ago=200))]]  # fmt: skip
    found = profile(both)
    assert (found.trend_days, found.trend) == (Decimal("15.0"), Trend.WORSENING)
    assert profile(parts(*[("100", 20)] * 6)).trend is Trend.NOT_KNOWN  # nothing before
    assert [trend_of(Decimal(days)) for days in ("-5.1", "-5.0", "5.0", "5.1")] == [
        Trend.IMPROVING,
        Trend.STABLE,
        Trend.STABLE,
        Trend.WORSENING,
    ]


@pytest.mark.parametrize(
    ("days", "index"),
    [
        ("-99", 100), ("-30", 100), ("-15", 90), ("-5", 83), ("0", 80), ("8.2", 75), ("15", 70), ("22", 60),
        ("30", 50), ("45", 45), ("60", 40), ("90", 30), ("120", 20), ("180", 10), ("240", 0), ("9999", 0),
    ],
)  # fmt: skip
def test_the_index_lies_on_straight_lines_between_its_anchors(days, index):
    """Example 8."""
    assert payment_index(Decimal(days)) == index


def test_the_window_ends_on_the_day_and_leaves_its_first_day_out():
    """Example 9: paid 364 days ago counts, 365 days ago does not; 89 days ago is recent, 90 is not."""
    [sums] = facts_of([Part(str(ago), "EUR", Decimal(1), 0, ago) for ago in (0, 89, 90, 364, 365)]).sums
    assert (sums.instalments, sums.recent_instalments, sums.earlier_instalments) == (4, 2, 2)


def test_an_instalment_paid_in_parts_is_one_instalment():
    found = facts_of([Part("1", "EUR", Decimal(60), 5, 40), Part("1", "EUR", Decimal(40), 45)])
    assert (found.part_payments, found.sums[0].instalments, found.worst_days) == (1, 1, 45)


@pytest.mark.parametrize(
    ("before", "now", "is_worse"),
    [
        ("PROMPT", "SLIGHT", True),
        ("SLOW", "SLIGHT", False),
        ("NOT_KNOWN", "SLOW", False),
        ("NOT_KNOWN", "DEFAULTING", True),
        ("DEFAULTING", "NOT_KNOWN", False),
        ("SLOW", "SLOW", False),
    ],
)
def test_what_is_worth_an_alert(before, now, is_worse):
    assert is_deterioration(before=PayerClass(before), now=PayerClass(now)) is is_worse


@pytest.mark.parametrize(
    "limits", [{"slight_days": 0}, {"slow_days": 10}, {"recent_days": 365}, {"prompt_days": -1}, {"recent_days": 0}]
)
def test_limits_that_do_not_rise_are_refused(limits):
    with pytest.raises(ValueError, match=r"rise|part of the window"):
        ClassLimits(**limits)


def test_a_sentence_survives_its_storage():
    found = profile(parts(*[("100", 12)] * 5)).why
    again = Phrase.read(found.plain())
    assert str(again) == str(found)
    assert again.values["payer_class"] == Phrase(CLASS_WORDS[PayerClass.SLOW])


AMOUNTS = st.decimals(min_value="0.01", max_value="999999", places=2)
PARTS = st.lists(
    st.builds(
        Part,
        instalment=st.integers(0, 12).map(str),
        currency=st.sampled_from(["EUR", "USD"]),
        amount=AMOUNTS,
        days=st.integers(-200, 400),
        paid_days_ago=st.one_of(st.none(), st.integers(0, 400)),
    ).map(lambda part: part if part.paid_days_ago is not None else replace(part, days=abs(part.days) + 1)),
    max_size=14,
)


@given(PARTS, st.booleans())
def test_every_profile_keeps_its_bounds(some, is_insolvent):
    found = profile(some, is_insolvent=is_insolvent)
    assert found.payment_index is None or 0 <= found.payment_index <= 100
    assert (found.payment_index is None) == (found.payer_class is PayerClass.NOT_KNOWN)
    if found.late_days is not None:
        assert found.late_days >= max(found.days_beyond_terms, 0)
        assert 0 <= found.late_pct <= 100
        assert found.worst_days >= found.median_days
    assert profile(list(reversed(some)), is_insolvent=is_insolvent) == found


@given(PARTS.filter(bool), st.data())
def test_a_later_payment_never_improves_the_profile(some, data):
    """Paid later within the window, or not at all: no figure, index or class gets better."""
    limits = ClassLimits(minimum_instalments=1)
    counted = [part for part in some if part.paid_days_ago is not None and 0 < part.paid_days_ago < limits.window_days]
    if not counted:
        return
    part = data.draw(st.sampled_from(counted))
    later = data.draw(st.integers(1, part.paid_days_ago))
    worse = replace(part, days=part.days + later, paid_days_ago=part.paid_days_ago - later)
    if data.draw(st.booleans()) and part.days + part.paid_days_ago > 0:
        worse = replace(part, days=part.days + part.paid_days_ago, paid_days_ago=None)
    place = some.index(part)
    before, after = profile(some, limits=limits), profile([*some[:place], worse, *some[place + 1 :]], limits=limits)
    assert after.days_beyond_terms >= before.days_beyond_terms
    assert after.late_days >= before.late_days
    assert after.late_pct >= before.late_pct
    assert after.worst_days >= before.worst_days
    assert after.payment_index <= before.payment_index
    assert not is_deterioration(before=after.payer_class, now=before.payer_class)
