"""Amounts as files write them: exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Phrase
from integrations.files.amounts import currency_in, from_number, number_evidence, parse_amount

AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=2)


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("1234.56", ".", "1234.56"),
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1 234,56", ",", "1234.56"),
        ("1\u00a0234,56", ",", "1234.56"),
        ("1\u202f234\u202f567,8", ",", "1234567.8"),
        ("1'234.56", ".", "1234.56"),
        ("1’234.56", ".", "1234.56"),
        ("-1234.56", ".", "-1234.56"),
        ("1234.56-", ".", "-1234.56"),
        ("(1,234.56)", ".", "-1234.56"),
        ("\u22121234,56", ",", "-1234.56"),
        ("+5", ".", "5"),
        ("€ 1.234,56", ",", "1234.56"),
        ("1 234,56 €", ",", "1234.56"),
        ("-$12.50", ".", "-12.50"),
        ("$-12.50", ".", "-12.50"),
        ("EUR 12,50", ",", "12.50"),
        ("12.50 CHF", ".", "12.50"),
        ("12,50 CR", ",", "-12.50"),
        ("12,50 D", ",", "12.50"),
        ("12,50 H", ",", "-12.50"),
        (".5", ".", "0.5"),
        ("12,", ",", "12"),
        ("-", ".", "0"),
        ("-0.00", ".", "0"),
        ("9999999999999999.99", ".", "9999999999999999.99"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
    ],
)
def test_amounts_are_read_exactly(text, decimal, amount):
    result = parse_amount(text, decimal=decimal)
    assert result == Decimal(amount)
    assert not (result == 0 and result.is_signed())


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("12.50", ","),
        ("1,23.45", "."),
        ("1,2345", "."),
        ("12,34,567.00", "."),
        ("1.234.56", ","),
        ("1 23", ","),
        ("1e5", "."),
        ("1_000", "."),
        ("NaN", "."),
        ("Infinity", "."),
        ("１２", "."),
        ("٣", "."),
        ("--5", "."),
        ("-(5)", "."),
        ("-5-", "."),
        ("INV12", "."),
        ("ABC 12.00", "."),
        ("12.00 12.00", "."),
        ("10000000000000000", "."),
        ("#N/A", "."),
        ("1" * 61, "."),
    ],
)
def test_what_is_no_amount_says_what_was_expected(text, decimal):
    assert isinstance(parse_amount(text, decimal=decimal), Phrase)


def test_blank_is_no_amount():
    assert parse_amount(" \u00a0", decimal=".") is None


@given(AMOUNTS)
def test_every_way_of_writing_an_amount_reads_back_to_it(amount):
    plain = f"{amount:.2f}"
    grouped = f"{amount:,.2f}"
    swapped = grouped.translate(str.maketrans(",.", ".,"))
    assert parse_amount(plain, decimal=".") == amount
    assert parse_amount(grouped, decimal=".") == amount
    assert parse_amount(swapped, decimal=",") == amount
    for blank in " \u00a0\u202f'":
        assert parse_amount(grouped.replace(",", blank), decimal=".") == amount
    if amount < 0:
        assert parse_amount(f"{-amount:.2f}-", decimal=".") == amount
        assert parse_amount(f"({-amount:,.2f})", decimal=".") == amount


@given(st.text(max_size=80), st.sampled_from(".,"))
def test_any_text_is_an_amount_nothing_or_a_reason(text, decimal):
    result = parse_amount(text, decimal=decimal)
    assert result is None or isinstance(result, Phrase) or (result.is_finite() and abs(result) < 10**16)


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        (1234.5600000001, "1234.56"),
        (0.1 + 0.2, "0.3"),
        (64982.589, "64982.589"),
        (123456789012.34001, "123456789012.34"),
        (-0.0, "0"),
        (12.0, "12"),
        (1.005, "1.005"),
        (999999999999999.0, "999999999999999"),
    ],
)
def test_number_cells_lose_the_noise_of_binary_fractions(number, amount):
    assert from_number(number) == Decimal(amount)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e16, -1e300])
def test_numbers_that_are_no_amount_are_refused(number):
    assert isinstance(from_number(number), Phrase)


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=4))
def test_what_was_typed_into_a_workbook_is_what_is_read(amount):
    assert from_number(float(amount)) == amount


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.234", "12.50"], "."),
        (["1.234", "12,50"], ","),
        (["1,234.56"], "."),
        (["1.234,56"], ","),
        (["1.234.567"], ","),
        (["1.234", "12.500"], ""),
        (["12", "13"], ""),
    ],
)
def test_cells_prove_a_decimal_mark_or_do_not(texts, mark):
    assert number_evidence((text, 1) for text in texts).decimal == mark


def test_texts_with_numbers_in_them_are_no_numbers():
    assert number_evidence([("INV0001", 5), ("REF12", 5), ("-", 3)]).numbers == 0


@pytest.mark.parametrize(("text", "code"), [("12 €", "EUR"), ("$5", "USD"), ("5 CHF", "CHF"), ("5 ABC", ""), ("5", "")])
def test_the_currency_beside_a_number(text, code):
    assert currency_in(text) == code
