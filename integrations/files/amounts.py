"""Amounts as files write them. Pure.

Digits are 0-9: those of other scripts, exponents, `1_000` and `NaN`, all of which Decimal takes, are refused. The
decimal mark is chosen for the file; the other of point and comma, blanks of all widths and the apostrophe may separate
groups of three digits. The minus may stand before or behind, or the amount in parentheses; a currency may stand beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal

from core.money import is_currency
from core.text import Phrase, gettext_noop

MARKS = (".", ",")

# Amounts are stored with 16 digits before the point; what Excel computes carries 15 digits and then noise.
LIMIT = Decimal(10) ** 16
_EXACT = Context(prec=60)
_EXCEL_DIGITS = Context(prec=15)
_EXCEL_GRID = Decimal("0.0001")
_EXCEL_NOISE = Decimal("0.000001")

DASHES = ("-", "–", "—")
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS"}
_UNIT = r"(?:[€$£¥₹₽₺₩₪]|[A-Z]{3}|US\$|C\$|A\$|kr\.?|Fr\.?|zł|Kč|Ft|lei)"
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_BLANK = " \u00a0\u202f\u2009\u2007"
_WRITTEN = re.compile(
    rf"(?:{_UNIT}[{_BLANK}]?)?(?P<sign>[-+\u2212]?)[{_BLANK}]?(?:{_UNIT}[{_BLANK}]?)?"
    rf"(?P<number>[0-9](?:[0-9.,'\u2019{_BLANK}]*[0-9])?[.,]?|[.,][0-9]+)"
    rf"[{_BLANK}]?(?P<behind>-|\u2212|CR|Cr|C|DR|Dr|D|H|S)?(?:[{_BLANK}]?{_UNIT})?"
)
# Most cells of a file are one of these, and can be told without trying each way of writing: no number in any
# (2026-01-31, F00017), and a number with one or two decimals, which are no thousands.
_NEVER = re.compile(r"[0-9]+[-/][0-9]|[A-Za-z][0-9]")
_TWO_DECIMALS = re.compile(r"-?[0-9]{1,15}([.,])([0-9]{1,2})")
_BEHIND = {"": "", "-": "-", "\u2212": "-", "CR": "-", "Cr": "-", "C": "-", "H": "-"}
_PLAIN = {mark: re.compile(rf"-?[0-9]+(?:[{mark}][0-9]+)?") for mark in MARKS}
_GROUPED = {
    mark: re.compile(
        rf"(?:[0-9]+|[0-9]{{1,3}}(?P<by>[{other}'\u2019{_BLANK}])[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*)?(?:[{mark}](?P<decimals>[0-9]*))?"
    )
    for mark, other in ((".", ","), (",", "."))
}
_DROP = {
    mark: str.maketrans({mark: ".", **dict.fromkeys(f"{other}'\u2019{_BLANK}")})
    for mark, other in ((".", ","), (",", "."))
}


def parse_amount(text: str, *, decimal: str) -> Decimal | Phrase | None:
    """The exact amount in a cell; None when it is empty; a Phrase that says what was expected when it is none.

    A single dash, alone, is an accountant's zero. `C`, `CR` and `H` behind the number make it negative.
    """
    text = text.strip()
    if not text:
        return None
    if text in DASHES:
        return Decimal(0)
    if len(text) > 60:
        return expected_amount(decimal)
    if not _PLAIN[decimal].fullmatch(text):
        body, parentheses = text, False
        if body[0] == "(" and body[-1] == ")":
            body, parentheses = body[1:-1].strip(), True
        match = _WRITTEN.fullmatch(body)
        code = _CODE.search(body)
        if (code and not is_currency(code[0])) or not match or not _GROUPED[decimal].fullmatch(match["number"]):
            return expected_amount(decimal)
        behind = _BEHIND.get(match["behind"] or "", "")
        marks = [mark for mark in (match["sign"].strip("+"), behind, "-" if parentheses else "") if mark]
        if len(marks) > 1:
            return expected_amount(decimal)
        text = ("-" if marks else "") + match["number"]
    amount = Decimal(text.translate(_DROP[decimal]))
    return within_range(amount)


def within_range(amount: Decimal) -> Decimal | Phrase:
    """The amount itself, zero without a sign, or what was expected when it has more than 16 digits before the point."""
    if abs(amount) >= LIMIT:
        return Phrase(gettext_noop("an amount of at most 16 digits"))
    return amount if amount else Decimal(0)


def from_number(number: float) -> Decimal | Phrase:
    """The amount in a spreadsheet's number cell: what was typed, without the noise of binary fractions.

    Excel keeps 15 digits. A number that is not further than a millionth from one with four decimals is that one:
    1234.5600000001 is 1234.56, and 64982.589 stays.
    """
    if number != number or number in (float("inf"), float("-inf")):
        return Phrase(gettext_noop("a number"))
    text = repr(number)
    if len(text) <= 15 and "e" not in text and len(text) - text.index(".") <= 5:
        return Decimal(text) + 0  # at most four decimals: as typed
    amount = _EXCEL_DIGITS.create_decimal(text)
    if abs(amount) < LIMIT:
        near = amount.quantize(_EXCEL_GRID, context=_EXACT)
        if near != amount and abs(near - amount) < _EXCEL_NOISE:
            amount = near
    return within_range(amount)


def currency_in(text: str) -> str:
    """The currency that stands beside a number, by sign or code; empty when there is none. `$` is taken for USD."""
    if match := _CODE.search(text):
        return match[0] if is_currency(match[0]) else ""
    return next((SIGNS[letter] for letter in text if letter in SIGNS), "")


def expected_amount(decimal: str) -> Phrase:
    """What should have stood in a cell of amounts."""
    return Phrase(
        gettext_noop("an amount such as %(example)s"), {"example": "1234.56" if decimal == "." else "1234,56"}
    )


@dataclass(slots=True)
class NumberEvidence:
    """How a column's cells can be read as amounts: numbers of cells, and cells that prove the decimal mark.

    `point` and `comma` count the cells that can be read with that mark alone (1,234.56 or 12.5), `either` those that
    mean something else with each (1.234; `either_by` says with which mark), `whole` those without any mark. `decimals`
    counts the cells of the first two kinds by how many decimals they have.
    """

    cells: int = 0
    numbers: int = 0
    point: int = 0
    comma: int = 0
    either: int = 0
    whole: int = 0
    negative: int = 0
    zero: int = 0
    decimals: dict[int, int] = field(default_factory=dict)
    either_by: dict[str, int] = field(default_factory=dict)
    currencies: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def decimal(self) -> str:
        """The mark that the cells prove; empty where they prove none."""
        if self.point or self.comma:
            return "." if self.point >= self.comma else ","
        return ""

    @property
    def is_mixed(self) -> bool:
        return bool(self.point and self.comma)

    @property
    def share(self) -> float:
        """Which part of the cells that hold something are numbers."""
        return self.numbers / self.cells if self.cells else 0.0

    @property
    def is_whole(self) -> bool:
        """No cell has decimals: a number of something rather than an amount, perhaps."""
        return self.numbers > 0 and self.whole == self.numbers


def number_evidence(values: Iterable[tuple[str, int]]) -> NumberEvidence:
    """What distinct texts (with how often each occurs) say about their decimal mark."""
    found = NumberEvidence()
    for text, count in values:
        text = text.strip()
        if text in DASHES:
            continue  # a zero among amounts, nothing among texts: no evidence
        found.cells += count
        if _NEVER.match(text):
            continue
        by_point: Decimal | Phrase | None = None
        by_comma: Decimal | Phrase | None = None
        plain = _TWO_DECIMALS.fullmatch(text)
        if not plain or plain[1] == ".":
            by_point = parse_amount(text, decimal=".")
        if not plain or plain[1] == ",":
            by_comma = parse_amount(text, decimal=",")
        point, comma = isinstance(by_point, Decimal), isinstance(by_comma, Decimal)
        if not (point or comma):
            continue
        amount = by_point if isinstance(by_point, Decimal) else by_comma
        what = "whole"
        if point != comma:
            what = "point" if point else "comma"
        elif by_point != by_comma:
            what = "either"
        found.numbers += count
        setattr(found, what, getattr(found, what) + count)
        found.examples.setdefault(what, text)
        if what in ("point", "comma"):
            assert isinstance(amount, Decimal)
            decimals = max(0, -int(amount.as_tuple().exponent))
            found.decimals[decimals] = found.decimals.get(decimals, 0) + count
        elif what == "either":
            mark = "." if "." in text else ","
            found.either_by[mark] = found.either_by.get(mark, 0) + count
        if not amount:
            found.zero += count
        elif amount < 0:  # type: ignore[operator]
            found.negative += count
        if not plain and (currency := currency_in(text)):
            found.currencies[currency] = found.currencies.get(currency, 0) + count
    return found
