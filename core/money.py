"""Money: an exact amount and its currency, and the one function that rounds.

Amounts are `Decimal`, never float. How many decimals a currency has is its ISO 4217 exponent: EUR 2,
JPY 0, TND 3. Everything that rounds money goes through `round_amount`, because Django would round
half to even on saving and PostgreSQL half away from zero. Source: docs/rules/money.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

from babel.numbers import get_currency_precision, list_currencies

# Wide enough that no product of two stored amounts (20 digits each) is cut before it is rounded.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_ZERO = Decimal(0)

# The API's decimals. [0-9] and not \d, which takes the digits of every script.
_API_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,4})?")

# Babel carries the decimals of CLDR, which says how amounts are *shown* today: it drops the minor unit
# where inflation took it out of use. Invoices and banks still carry it, so here is ISO 4217's exponent.
_ISO_EXPONENT = {
    "AFN": 2, "ALL": 2, "IQD": 3, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2, "MGA": 2,
    "MMK": 2, "RSD": 2, "SLL": 2, "SOS": 2, "SYP": 2, "YER": 2,
}  # fmt: skip

# Units in which nobody owes us: metals, bond units, drawing rights, "test" and "no currency".
_NOT_MONEY = {
    "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XEU", "XFO", "XFU", "XPD", "XPT", "XRE", "XSU", "XTS",
    "XUA", "XXX",
}  # fmt: skip


class MixedCurrencies(ValueError):
    """Two currencies met in one sum or comparison. Convert first, at a dated rate, or keep them apart."""


class UnknownCurrency(ValueError):
    """Not the code of a currency: three capital letters of ISO 4217, such as EUR."""


class BadAmount(ValueError):
    """A text that is no amount: digits, at most 16, then perhaps a point and 1 to 4 decimals."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; positive = owed to us, where the amount is a debt.

    Raises TypeError when the amount is not a Decimal (floats and whole numbers included), ValueError
    when it is infinite or not a number, UnknownCurrency on a code ISO 4217 does not know.
    Equal when amount and currency are: 1.0 EUR equals 1.00 EUR, and 0 EUR is not 0 USD.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        _require_decimal(self.amount)
        exponent(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._beside(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._beside(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(_plain_zero(_EXACT.minus(self.amount)), self.currency)

    def __abs__(self) -> Money:
        return Money(_EXACT.abs(self.amount), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._beside(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._beside(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._beside(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._beside(other)

    def __str__(self) -> str:
        return f"{amount_text(self.amount, self.currency)} {self.currency}"

    def rounded(self) -> Money:
        """The same money on its currency's grid; see `round_amount`."""
        return Money(round_amount(self.amount, self.currency), self.currency)

    def percent(self, pct: Decimal) -> Money:
        """`pct` per cent of it (0-100, may be more or negative), rounded."""
        _require_decimal(pct)
        share = _EXACT.divide(_EXACT.multiply(self.amount, pct), Decimal(100))
        return Money(round_amount(share, self.currency), self.currency)

    def _beside(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise TypeError(f"money goes with money, not with {type(other).__name__}")
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency}")
        return other.amount


def zero(currency: str) -> Money:
    """Nothing, in that currency."""
    return Money(_ZERO, currency)


def total(moneys: Iterable[Money], *, currency: str) -> Money:
    """The exact sum; zero in `currency` when there is none. Raises MixedCurrencies on any other one."""
    result = zero(currency)
    for money in moneys:
        result += money
    return result


def total_by_currency(moneys: Iterable[Money]) -> dict[str, Money]:
    """One exact sum per currency, by currency code."""
    sums: dict[str, Money] = {}
    for money in moneys:
        sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return dict(sorted(sums.items()))


@cache
def exponent(currency: str) -> int:
    """How many decimals the currency has by ISO 4217: EUR 2, JPY 0, KWD 3.

    Not what coins exist (CHF is 2 although cash goes by 0.05) and not what is usually shown (RSD is 2).
    Former currencies are known too. Raises UnknownCurrency on anything else.
    """
    if currency not in _currencies():
        raise UnknownCurrency(f"{currency!r} is not the code of a currency")
    return _ISO_EXPONENT.get(currency, get_currency_precision(currency))


def is_currency(code: str) -> bool:
    """Whether amounts may be in it."""
    return code in _currencies()


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount on its currency's grid, half away from zero: 0.125 EUR is 0.13, -0.125 is -0.13.

    The only rounding of money in the product. Never gives a negative zero. Raises TypeError on floats.
    """
    _require_decimal(amount)
    grid = Decimal(1).scaleb(-exponent(currency))
    return _plain_zero(amount.quantize(grid, context=_EXACT))


def has_excess_decimals(amount: Decimal, currency: str) -> bool:
    """Whether rounding would change it: 10.005 EUR and 0.5 JPY, but not 10.000 EUR."""
    return round_amount(amount, currency) != amount


def allocate(money: Money, weights: Sequence[Decimal]) -> tuple[Money, ...]:
    """Split by weights into rounded parts that sum to the money exactly; the last takes the rounding.

    Weights are 0 or more and need not sum to anything. No part is ever of the other sign: 0.05 in ten
    equal parts is five of 0.01, then nothing. Where the money itself has excess decimals, the last part
    has them too. Raises ValueError without a positive weight. Source: docs/rules/money.md, 11-15.
    """
    for weight in weights:
        _require_decimal(weight)
    whole = sum(weights, _ZERO)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("shares need weights of 0 or more, at least one above 0")
    left = money
    parts = []
    for weight in weights[:-1]:
        share = _EXACT.divide(_EXACT.multiply(money.amount, weight), whole)
        part = Money(round_amount(share, money.currency), money.currency)
        parts.append(part if abs(part) <= abs(left) else _whole_units(left))
        left -= parts[-1]
    return (*parts, left)


def parse_amount(text: str) -> Decimal:
    """The amount in a text of the API: optional minus, 1 to 16 digits, then perhaps 1 to 4 decimals.

    Refuses what Decimal itself would take: spaces, a plus, an exponent, `1_000`, digits of other scripts,
    NaN. Raises BadAmount (a ValueError), or TypeError when it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"an amount is sent as a text, not as {type(text).__name__}")
    if not _API_DECIMAL.fullmatch(text):
        raise BadAmount(f"not an amount: {text[:40]!r}")
    return _plain_zero(Decimal(text))


def amount_text(amount: Decimal, currency: str) -> str:
    """The amount as the API and files write it: `1200.00`, `-5`, `0.125`; never an exponent.

    At least the currency's decimals; more where the amount has them, since cutting them would lie.
    """
    _require_decimal(amount)
    decimals = max(exponent(currency), -int(amount.normalize(_EXACT).as_tuple().exponent))
    return f"{_plain_zero(amount):.{decimals}f}"


def _whole_units(money: Money) -> Money:
    """As much of it as its currency can express: 0.015 EUR has 0.01."""
    grid = Decimal(1).scaleb(-exponent(money.currency))
    return Money(_EXACT.multiply(_EXACT.divide_int(money.amount, grid), grid), money.currency)


def _plain_zero(amount: Decimal) -> Decimal:
    return amount if amount else amount.copy_abs()


def _require_decimal(amount: Decimal) -> None:
    if not isinstance(amount, Decimal):
        raise TypeError(f"an amount is a Decimal, not {type(amount).__name__}")
    if not amount.is_finite():
        raise ValueError(f"an amount is finite, not {amount}")


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - _NOT_MONEY
