"""Dates as files write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Phrase
from integrations.files.dates import date_evidence, parse_date, serial_date

DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2199, 12, 31))


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("31/12/2025", "dmy", date(2025, 12, 31)),
        ("12/31/2025", "mdy", date(2025, 12, 31)),
        ("03/04/2025", "dmy", date(2025, 4, 3)),
        ("03/04/2025", "mdy", date(2025, 3, 4)),
        ("3.4.2025", "dmy", date(2025, 4, 3)),
        ("31-12-2025", "dmy", date(2025, 12, 31)),
        ("31 12 2025", "dmy", date(2025, 12, 31)),
        ("2025-12-31", "dmy", date(2025, 12, 31)),
        ("2025/12/31", "mdy", date(2025, 12, 31)),
        ("2025.12.31", "serial", date(2025, 12, 31)),
        ("20251231", "dmy", date(2025, 12, 31)),
        ("31122025", "dmy", date(2025, 12, 31)),
        ("12312025", "mdy", date(2025, 12, 31)),
        ("2025-12-31 00:00:00", "dmy", date(2025, 12, 31)),
        ("2025-12-31T23:30:00Z", "dmy", date(2025, 12, 31)),
        ("2025-12-31T23:30:00.000+02:00", "dmy", date(2025, 12, 31)),
        ("31/12/2025 11:59 PM", "dmy", date(2025, 12, 31)),
        ("20251231 12:00", "dmy", date(2025, 12, 31)),
        ("31-Dec-2025", "mdy", date(2025, 12, 31)),
        ("31 décembre 2025", "ymd", date(2025, 12, 31)),
        ("1er février 2025", "dmy", date(2025, 2, 1)),
        ("3. März 2025", "dmy", date(2025, 3, 3)),
        ("15 de enero 2025".replace("de ", ""), "dmy", date(2025, 1, 15)),
        ("Dec 31, 2025", "dmy", date(2025, 12, 31)),
        ("46022", "serial", date(2025, 12, 31)),
        ("46022.75", "serial", date(2025, 12, 31)),
        ("  31/12/2025\u00a0", "dmy", date(2025, 12, 31)),
    ],
)
def test_dates_are_read(text, order, day):
    assert parse_date(text, order=order) == day


@pytest.mark.parametrize(
    "text", ["", "  ", "00/00/0000", "0000-00-00", "00.00.0000", "0", "00000000", "-", "--", "/ /"]
)
def test_nothing_and_zeros_are_no_date(text):
    assert parse_date(text, order="dmy") is None


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31/12/2025", "mdy"),
        ("12/31/2025", "dmy"),
        ("30/02/2025", "dmy"),
        ("2025-02-30", "dmy"),
        ("31/12/25", "dmy"),
        ("31-Dec-25", "dmy"),
        ("46022", "dmy"),
        ("9999-12-31", "dmy"),
        ("01/01/1900", "dmy"),
        ("31/12", "dmy"),
        ("12/2025", "dmy"),
        ("31/12-2025", "dmy"),
        ("yesterday", "dmy"),
        ("31 Foo 2025", "dmy"),
        ("３１/１２/２０２５", "dmy"),
        ("31/12/2025x", "dmy"),
        ("1" * 100, "dmy"),
    ],
)
def test_what_is_no_date_in_this_order_says_what_was_expected(text, order):
    assert isinstance(parse_date(text, order=order), Phrase)


def test_two_digit_years_are_read_when_chosen():
    assert parse_date("31/12/69", order="dmy", two_digit_years=True) == date(2069, 12, 31)
    assert parse_date("31/12/70", order="dmy", two_digit_years=True) == date(1970, 12, 31)
    assert parse_date("25-12-31", order="ymd", two_digit_years=True) == date(2025, 12, 31)


@given(day=DAYS, order=st.sampled_from(["dmy", "mdy"]), sign=st.sampled_from("/.- "), padded=st.booleans())
def test_a_date_written_in_an_order_is_read_back_in_that_order(day, order, sign, padded):
    first, second = (day.day, day.month) if order == "dmy" else (day.month, day.day)
    text = f"{first:02d}{sign}{second:02d}{sign}{day.year}" if padded else f"{first}{sign}{second}{sign}{day.year}"
    assert parse_date(text, order=order) == day


@given(day=DAYS, order=st.sampled_from(["dmy", "mdy", "ymd", "serial"]))
def test_a_date_that_begins_with_its_year_needs_no_order(day, order):
    assert parse_date(day.isoformat(), order=order) == day
    if 1950 <= day.year <= 2199:
        assert parse_date(day.strftime("%Y%m%d"), order=order) == day


@given(day=DAYS, order=st.sampled_from(["dmy", "mdy"]))
def test_eight_digits_are_never_both_year_first_and_year_last(day, order):
    text = day.strftime("%d%m%Y" if order == "dmy" else "%m%d%Y")
    assert parse_date(text, order=order) == day


@given(st.text(max_size=80), st.sampled_from(["dmy", "mdy", "ymd", "serial"]), st.booleans())
def test_any_text_is_a_date_nothing_or_a_reason(text, order, two_digits):
    assert isinstance(parse_date(text, order=order, two_digit_years=two_digits), date | Phrase | None)


@given(st.integers(20_000, 99_999))
def test_spreadsheet_days_count_from_the_same_day(number):
    assert serial_date(float(number)) == date(1899, 12, 30) + timedelta(days=number)
    assert parse_date(str(number), order="serial") == serial_date(number)


@pytest.mark.parametrize(
    ("texts", "order", "mixed"),
    [
        (["03/04/2025", "31/12/2025"], "dmy", False),
        (["03/04/2025", "12/31/2025"], "mdy", False),
        (["03/04/2025", "04/03/2025"], "", False),
        (["2025-04-03", "2025-12-31"], "ymd", False),
        (["31/12/2025", "30/12/2025", "12/31/2025"], "dmy", True),
        (["46022", "46023"], "serial", False),
        (["nothing", "at all"], "", False),
        (["31-Dec-2025"], "ymd", False),
    ],
)
def test_cells_prove_an_order_or_do_not(texts, order, mixed):
    found = date_evidence((text, 1) for text in texts)
    assert (found.order, found.is_mixed) == (order, mixed)


def test_evidence_carries_a_cell_that_proves_it():
    found = date_evidence([("03/04/2025", 7), ("31/12/2025", 2), ("x", 1), ("00/00/0000", 5)])
    assert found.examples["day_first"] == "31/12/2025"
    assert (found.cells, found.dates, found.either, found.day_first) == (10, 9, 7, 2)
