"""Amounts, dates and times as readers of a language expect them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from timeit import timeit

import pytest
from django.utils import timezone, translation

from core import formats
from core.money import UnknownCurrency

NNBSP, NBSP = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("en", "1234567.49", "1,234,567"),
        ("en", "0.5", "1"),
        ("en", "-0.5", "-1"),
        ("en", "-0.4", "0"),
        ("en", "999.5", "1,000"),
        ("fr", "1234567.5", f"1{NNBSP}234{NNBSP}568"),
        ("fr", "-1200", f"-1{NNBSP}200"),
        ("de", "1234567", "1.234.567"),
        ("en", "99999999999999999.4999", "99,999,999,999,999,999"),
    ],
)
def test_whole_units_round_half_away_from_zero(language, value, text):
    assert formats.of(language).amount(Decimal(value)) == text


@pytest.mark.parametrize(
    ("language", "value", "currency", "text"),
    [
        ("en", "1234.565", "EUR", "1,234.57"),
        ("fr", "1234.5", "EUR", f"1{NNBSP}234,50"),
        ("fr", "1234.5", "JPY", f"1{NNBSP}235"),
        ("en", "1234.5", "TND", "1,234.500"),
        ("en", "0", "EUR", "0.00"),
    ],
)
def test_cents_follow_the_currency(language, value, currency, text):
    assert formats.of(language).amount2(Decimal(value), currency) == text


def test_money_carries_its_sign_where_the_language_writes_it():
    english, french = formats.of("en"), formats.of("fr")
    assert english.money(Decimal("-1200"), "EUR") == "-€1,200.00"
    assert english.money(Decimal(5), "CHF") == f"CHF{NBSP}5.00"
    assert french.money(Decimal("1200"), "EUR") == f"1{NNBSP}200,00{NBSP}€"
    assert french.money(Decimal("1200"), "EUR", 0) == f"1{NNBSP}200{NBSP}€"


def test_a_cell_is_a_pale_dash_for_zero_only():
    english = formats.of("en")
    assert english.cell(Decimal("0.0000")) == '<span class="zero">–</span>'
    assert english.cell(Decimal("0.3")) == "0"
    assert english.cell(None) == ""


def test_nothing_is_shown_for_an_unknown_value():
    english = formats.of("en")
    assert [english.amount(None), english.amount2(None), english.money(None, "EUR"), english.pct(None)] == [""] * 4
    assert [english.day(None), english.day_long(None), english.moment(None), english.ago(None, now=NOW)] == [""] * 4


def test_floats_and_unknown_currencies_are_refused():
    with pytest.raises(TypeError):
        formats.of("en").amount(1.5)
    with pytest.raises(UnknownCurrency):
        formats.of("en").money(Decimal(1), "")


def test_days_can_not_be_mistaken():
    assert formats.of("en").day(date(2026, 4, 3)) == "3 Apr 2026"
    assert formats.of("fr").day(date(2026, 4, 3)) == "03/04/2026"
    assert formats.of("fr").day_long(date(2026, 4, 3)) == "3 avril 2026"


def test_a_stamp_shows_the_day_and_time_of_the_reader_s_zone():
    with timezone.override("Asia/Tokyo"):
        late = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
        assert formats.of("en").day(late) == "22 Nov 2026"
        assert formats.of("en").moment(late) == "22 Nov 2026, 05:30"


@pytest.mark.parametrize(
    ("language", "gap", "text"),
    [
        ("en", timedelta(seconds=-5), "just now"),
        ("en", timedelta(minutes=-12), "12 min ago"),
        ("en", timedelta(days=-1), "1 day ago"),
        ("fr", timedelta(minutes=-12), f"il y a 12{NBSP}min"),
        ("en", timedelta(hours=3), "in 3 hr"),
    ],
)
def test_how_long_ago(language, gap, text):
    with translation.override(language):
        assert formats.current().ago(NOW + gap, now=NOW) == text


def test_percentages_are_given_on_the_scale_of_100():
    assert formats.of("en").pct(Decimal("78.4")) == "78%"
    assert formats.of("fr").pct(Decimal("2.15"), 1) == f"2,2{NBSP}%"


def test_an_unknown_language_reads_english():
    assert formats.of("xx").amount(Decimal(1000)) == "1,000"
    with translation.override("fr"):
        assert formats.current().language == "fr"


def test_a_cell_costs_microseconds():
    """A page of 200 rows and 12 amounts must not spend its time here: 10 times the usual cost is still allowed."""
    french, value = formats.of("fr"), Decimal("1234567.56")
    assert min(timeit(lambda: french.cell(value), number=2000) for _ in range(5)) / 2000 < 10e-6
