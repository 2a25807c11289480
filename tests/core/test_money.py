"""core.money: exact amounts, one rounding."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    BadAmount,
    MixedCurrencies,
    Money,
    UnknownCurrency,
    allocate,
    amount_text,
    exponent,
    has_excess_decimals,
    is_currency,
    parse_amount,
    round_amount,
    total,
    total_by_currency,
)
from tests.examples import examples

stored_amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=4)
currencies = st.sampled_from(["EUR", "USD", "JPY", "TND", "BHD", "RSD"])
moneys = st.builds(Money, stored_amounts, currencies)


def eur(text: str) -> Money:
    return Money(Decimal(text), "EUR")


@pytest.mark.parametrize("row", examples("money", "Rounding"))
def test_amounts_are_rounded_as_documented(row):
    amount = Decimal(row["Amount"])
    rounded = round_amount(amount, row["Currency"])
    assert str(rounded) == row["Rounded"]
    assert has_excess_decimals(amount, row["Currency"]) is (row["Excess decimals"] == "yes")


@pytest.mark.parametrize("row", examples("money", "Splitting"))
def test_money_is_split_as_documented(row):
    money = Money(Decimal(row["Amount"]), row["Currency"])
    parts = allocate(money, [Decimal(weight) for weight in row["Weights"].split()])
    assert [part.amount for part in parts] == [Decimal(part) for part in row["Parts"].split()]


@pytest.mark.parametrize("row", examples("money", "Amounts in texts"))
def test_texts_are_read_and_written_as_documented(row):
    if row["Written back"] == "refused":
        with pytest.raises(BadAmount):
            parse_amount(row["Text"])
    else:
        assert amount_text(parse_amount(row["Text"]), row["Currency"]) == row["Written back"]


@pytest.mark.parametrize("text", ["1\n", " 1", "1 ", "", "-", "--1", "1.2.3", "Infinity", "0x1", "1\u00a0000", "--0"])
def test_other_texts_are_refused(text):
    with pytest.raises(BadAmount):
        parse_amount(text)


@pytest.mark.parametrize("number", [1.5, 1, True, None, Decimal(1)])
def test_only_texts_are_parsed(number):
    with pytest.raises(TypeError):
        parse_amount(number)


@pytest.mark.parametrize("number", [1.5, 1, True, "1", None])
def test_amounts_are_decimals(number):
    with pytest.raises(TypeError):
        Money(number, "EUR")
    with pytest.raises(TypeError):
        round_amount(number, "EUR")
    with pytest.raises(TypeError):
        amount_text(number, "EUR")
    with pytest.raises(TypeError):
        eur("1").percent(number)
    with pytest.raises(TypeError):
        allocate(eur("1"), [number])


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_amounts_are_finite(amount):
    with pytest.raises(ValueError):
        Money(Decimal(amount), "EUR")


@pytest.mark.parametrize("code", ["", "eur", "EU", "EURO", "ZZZ", "XXX", "XAU", "XTS", "XDR", "€"])
def test_currencies_are_those_of_iso_4217(code):
    assert not is_currency(code)
    with pytest.raises(UnknownCurrency):
        Money(Decimal(1), code)


def test_decimals_are_the_legal_ones_not_those_usually_shown():
    # CLDR, which Babel carries, gives 0 for each of the first five.
    assert [exponent(code) for code in ("RSD", "ALL", "IQD", "LBP", "MGA")] == [2, 2, 3, 2, 2]
    assert [exponent(code) for code in ("EUR", "CHF", "JPY", "KRW", "KWD", "CLF", "ISK", "XOF", "HUF")] == [
        2, 2, 0, 0, 3, 4, 0, 0, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "mix",
    [
        lambda one, other: one + other,
        lambda one, other: one - other,
        lambda one, other: one < other,
        lambda one, other: one <= other,
        lambda one, other: one > other,
        lambda one, other: one >= other,
        lambda one, other: max(one, other),
        lambda one, other: total([one, other], currency="EUR"),
    ],
)
def test_two_currencies_are_never_mixed(mix):
    with pytest.raises(MixedCurrencies):
        mix(eur("1"), Money(Decimal(1), "USD"))


@pytest.mark.parametrize("other", [1, Decimal(1), 1.0])
def test_money_goes_with_money_only(other):
    with pytest.raises(TypeError):
        eur("1") + other
    with pytest.raises(TypeError):
        eur("1") < other  # noqa: B015
    assert eur("1") != other


def test_equal_money_is_equal_whatever_its_decimals_and_differs_by_currency():
    assert eur("1.0") == eur("1.00")
    assert hash(eur("1.0")) == hash(eur("1.00"))
    assert eur("0") != Money(Decimal(0), "USD")


def test_arithmetic_is_exact_and_unrounded():
    assert eur("0.1") + eur("0.2") == eur("0.3")
    assert eur("10.005") - eur("0.0001") == eur("10.0049")
    assert -eur("5") == eur("-5")
    assert str(-eur("0")) == "0.00 EUR"
    assert abs(eur("-5")) == eur("5")
    assert not eur("0.00")
    assert eur("0.01")


def test_money_cannot_be_changed():
    with pytest.raises(AttributeError):
        eur("1").amount = Decimal(2)


def test_percentages_are_rounded():
    assert eur("333.33").percent(Decimal(2)) == eur("6.67")
    assert eur("-0.25").percent(Decimal(50)) == eur("-0.13")


def test_sums_are_by_currency_and_empty_sums_have_one():
    assert total([], currency="EUR") == eur("0")
    sums = total_by_currency([Money(Decimal(1), "USD"), eur("2"), eur("3")])
    assert list(sums.items()) == [("EUR", eur("5")), ("USD", Money(Decimal(1), "USD"))]


def test_a_split_needs_a_positive_weight():
    for weights in ([], [Decimal(0)], [Decimal(2), Decimal(-1)]):
        with pytest.raises(ValueError):
            allocate(eur("1"), weights)


def test_a_caller_s_decimal_context_changes_nothing():
    with localcontext() as context:
        context.prec = 3
        context.rounding = "ROUND_DOWN"
        assert eur("123456.78") + eur("0.01") == eur("123456.79")
        assert round_amount(Decimal("123456.785"), "EUR") == Decimal("123456.79")
        assert amount_text(Decimal("123456.7850"), "EUR") == "123456.785"
        assert -eur("123456.78") == eur("-123456.78")


@given(stored_amounts, currencies)
def test_rounding_moves_by_at_most_half_a_unit_and_is_symmetric(amount, currency):
    rounded = round_amount(amount, currency)
    unit = Decimal(1).scaleb(-exponent(currency))
    assert abs(rounded - amount) <= unit / 2
    assert round_amount(-amount, currency) == -rounded
    assert round_amount(rounded, currency) == rounded
    assert not has_excess_decimals(rounded, currency)
    if abs(rounded - amount) == unit / 2:
        assert abs(rounded) > abs(amount)


@given(moneys, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_keep_its_sign(money, weights):
    parts = allocate(money, [Decimal(weight) for weight in weights])
    assert len(parts) == len(weights)
    assert total(parts, currency=money.currency) == money
    assert all(part.amount == 0 or (part.amount > 0) == (money.amount > 0) for part in parts)
    assert not any(has_excess_decimals(part.amount, part.currency) for part in parts[:-1])


@given(stored_amounts, currencies)
def test_what_is_written_is_read_back(amount, currency):
    assert parse_amount(amount_text(amount, currency)) == amount


@given(st.text(max_size=30))
def test_no_text_but_an_amount_is_read(text):
    try:
        amount = parse_amount(text)
    except BadAmount:
        return
    assert text.isascii()
    assert abs(amount) < 10**16
    assert amount == amount.quantize(Decimal("0.0001"))
