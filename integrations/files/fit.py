"""How well the cells of a column fit a field, whatever the header says. Pure.

0: the column cannot be it (no dates in a due date); 1: nothing speaks against it. In a file without rows everything fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from statistics import mean

from integrations.files import words
from integrations.files.dates import parse_date
from integrations.files.fields import Type, fields_by_name
from integrations.files.inspection import ColumnProfile

# A clear header goes before cells of which many are wrong: those are bad rows, each with its reason.
_MOSTLY_BAD = 0.65
# How much of a column must be words we know before it is taken for a column of such words.
_WORDS: dict[Type, tuple[Callable[[str], object], float]] = {
    Type.CURRENCY: (words.currency, 0.95),
    Type.COUNTRY: (words.country, 0.9),
    Type.LANGUAGE: (words.language, 0.9),
    Type.YES_NO: (words.yes_no, 0.95),
    Type.ITEM_KIND: (words.item_kind, 0.95),
    Type.ROLE: (words.role, 0.4),
    Type.INFLUENCE: (words.influence, 0.4),
}


def fit(kind: str, field: str, column: ColumnProfile) -> float:
    """0 to 1."""
    if not column.cells:
        return 1.0
    if not column.filled:
        return 0.0
    spec = fields_by_name(kind)[field]
    if field in _OWN:
        return _OWN[field](column)
    if spec.type in _WORDS:
        read, least = _WORDS[spec.type]
        return 1.0 if known_share(column, read) >= least else 0.0
    return _BY_TYPE.get(spec.type, _fits_text)(column)


def known_share(column: ColumnProfile, read: Callable[[str], object]) -> float:
    """Which part of the column's most common values a reader of words understands."""
    seen = sum(column.common.values())
    return sum(times for text, times in column.common.items() if read(text) is not None) / seen if seen else 0.0


def _fits_date(column: ColumnProfile) -> float:
    if column.is_date:
        return 1.0
    if column.is_serial_date and not column.has_decimals:
        return 0.7
    return _MOSTLY_BAD if column.dates.share >= 0.3 else 0.0


def _fits_amount(column: ColumnProfile) -> float:
    if column.is_date and not column.has_decimals:
        return 0.2
    if column.is_number:
        return 0.9 if column.numbers.is_whole else 1.0
    return _MOSTLY_BAD if column.numbers.share >= 0.3 else 0.0


def _fits_instalment(column: ColumnProfile) -> float:
    """First, second, third: small and the same again and again. A counter of the file's lines is neither."""
    if not column.is_number or not column.numbers.is_whole or column.ascending or column.longest > 3:
        return 0.0
    return 1.0 if column.distinct <= 99 and (column.filled < 20 or column.uniqueness <= 0.5) else 0.0


def _fits_text(column: ColumnProfile) -> float:
    if column.is_date:
        return 0.2
    return 0.3 if column.has_decimals else 1.0


def _fits_number(column: ColumnProfile) -> float:
    """A document's number: hardly ever repeats, has no decimals, is more than a row counter."""
    if column.is_date or column.has_decimals or column.ascending:
        return 0.1
    if column.uniqueness >= 0.99:
        return 1.0
    return 0.9 if column.uniqueness >= 0.3 else 0.6 if column.uniqueness >= 0.05 or column.filled < 20 else 0.2


def _fits_customer_ref(column: ColumnProfile) -> float:
    if column.is_date or column.has_decimals:
        return 0.1
    return 0.9 if column.ascending else 1.0


def _fits_name(column: ColumnProfile) -> float:
    lettered = column.lettered / column.filled
    return 0.0 if column.is_date or column.is_number else 1.0 if lettered >= 0.7 else 0.4


def _fits_entity(column: ColumnProfile) -> float:
    if column.is_date or column.has_decimals:
        return 0.0
    return 1.0 if column.distinct <= max(60, 0.05 * column.filled) and column.longest <= 40 else 0.3


def _fits_sign(column: ColumnProfile) -> float:
    return 1.0 if known_share(column, words.sign) >= 0.95 and column.distinct <= 4 else 0.0


def _fits_email(column: ColumnProfile) -> float:
    return 1.0 if known_share(column, lambda text: True if "@" in text else None) >= 0.8 else 0.0


_BY_TYPE = {Type.DATE: _fits_date, Type.AMOUNT: _fits_amount}
_OWN: dict[str, Callable[[ColumnProfile], float]] = {
    "number": _fits_number,
    "debit_number": _fits_customer_ref,
    "credit_number": _fits_customer_ref,
    "customer_ref": _fits_customer_ref,
    "customer_name": _fits_name,
    "name": _fits_name,
    "last_name": _fits_name,
    "first_name": _fits_name,
    "entity_code": _fits_entity,
    "sign": _fits_sign,
    "instalment": _fits_instalment,
    "email": _fits_email,
}


def read_dates(texts: Sequence[str], *, order: str) -> list[date | None]:
    """The dates in cells, with None for whatever is no date in that order."""
    days = {text: parse_date(text, order=order, two_digit_years=True) for text in set(texts)}
    return [day if isinstance(day := days[text], date) else None for text in texts]


class Gaps:
    """How the dates of one column lie after those of another, row by row. Days."""

    def __init__(self, before: Sequence[date | None], after: Sequence[date | None]) -> None:
        self.days: list[int] = []
        self.months: list[tuple[int, int]] = []
        for start, end in zip(before, after, strict=True):
            if start and end:
                self.days.append((end - start).days)
                self.months.append(((end.year - start.year) * 12 + end.month - start.month, end.day - start.day))

    @property
    def share_after(self) -> float:
        """Which part is on the same day or later."""
        return sum(day >= 0 for day in self.days) / len(self.days) if self.days else 0.0

    @property
    def regularity(self) -> float:
        """1 when all gaps are one length, in days or in months, as agreed terms are; near 0 when each is another, as
        payments are."""
        lengths = min(len(set(self.days)), len(set(self.months)))
        return 1 - (lengths - 1) / len(self.days) if self.days else 0.0

    @property
    def average(self) -> float:
        return mean(self.days) if self.days else 0.0
