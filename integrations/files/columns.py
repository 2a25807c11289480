"""Readers: the cells of one column, a batch at a time, become values. Pure.

A value that cannot be read is a `Bad` in its place, a blank cell is None. Cells of a workbook may be numbers or dates.
Most columns repeat themselves (dates, codes), so a reader remembers what it has seen, up to a limit; amounts and
references do not, so whole batches of plain ones are read without looking at each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from core.text import Phrase, gettext_noop
from integrations.files import amounts, words
from integrations.files.dates import expected_date, parse_date, serial_date
from integrations.files.fields import Field, Type
from integrations.files.sheets import Cell
from integrations.files.table import cell_text

_REMEMBERED = 50_000
_SHOWN = 60
_SOFT_EXAMPLES = 20

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028\u2029\ufeff]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\ufeff]")
# A text that a spreadsheet would have run carries an apostrophe, and a number that was to stay a text ="007".
_PROTECTED = re.compile(r"'(?=[=+\-@])")
_AS_FORMULA = re.compile(r'="([^"]*)"')
_BETWEEN = re.compile(r"[\s.\-/]")
# An amount in so many characters has no more digits than can be stored.
_PLAIN_LENGTH = 16
# A workbook's number of more digits is no longer the one that was typed.
_EXACT_WHOLE = 1e15


class Bad(NamedTuple):
    """What was found in a cell, and what was expected."""

    found: str
    expected: Phrase


class Reader:
    """Reads a column batch by batch. After each, `failed` says whether a Bad is among the values.

    `plain` says, of amounts, that all are there or none is, and that none has more than two decimals. `soft` holds, for fields that do not decide
    anything, texts that were not understood (the value is None) or were too long (they are cut).
    """

    def __init__(self, read_one: Callable[[Cell], Any]) -> None:
        self._memory = _Memory(read_one)
        self.failed = False
        self.plain = False
        self.soft: list[str] = []

    def read(self, cells: Sequence[Cell]) -> Sequence[Any]:
        memory = self._memory
        if len(memory) > _REMEMBERED:
            memory.clear()
        memory.failed = False
        values = list(map(memory.__getitem__, cells))
        self.failed = memory.failed
        return values

    def note(self, text: str) -> None:
        if len(self.soft) < _SOFT_EXAMPLES and text not in self.soft:
            self.soft.append(text[:_SHOWN])


class _Memory(dict[Cell, Any]):
    """Cell -> value. What is Bad is not remembered, so that it is seen each time."""

    def __init__(self, read_one: Callable[[Cell], Any]) -> None:
        super().__init__()
        self.read_one = read_one
        self.failed = False

    def __missing__(self, cell: Cell) -> Any:
        value = self.read_one(cell)
        if value.__class__ is Bad:
            self.failed = True
        else:
            self[cell] = value
        return value


class _CodeReader(Reader):
    """References and texts. A batch of ordinary ones is only trimmed."""

    def __init__(self, read_one: Callable[[Cell], Any], max_length: int) -> None:
        super().__init__(read_one)
        self.max_length = max_length

    def read(self, cells: Sequence[Cell]) -> Sequence[Any]:
        try:
            together = "".join(cells)  # type: ignore[arg-type]
        except TypeError:
            return super().read(cells)
        if (
            max(map(len, cells)) > self.max_length  # type: ignore[arg-type]
            or "'" in together
            or '="' in together
            or not (together.isprintable() or not _CONTROL.search(together))
        ):
            return super().read(cells)
        self.failed = False
        if together.isascii() and " " not in together and "" not in cells:
            return cells
        return [cell.strip() or None for cell in cells]  # type: ignore[union-attr]


class _AmountReader(Reader):
    """Amounts. A batch of nothing but digits, the decimal mark and minus signs in front is read in one go."""

    def __init__(self, read_one: Callable[[Cell], Any], decimal: str) -> None:
        super().__init__(read_one)
        self._decimal = decimal
        self._unusual = {mark: re.compile(rf"[^0-9{mark}\n-]|-0|[{mark}][0-9]{{3}}") for mark in amounts.MARKS}

    def read(self, cells: Sequence[Cell]) -> Sequence[Any]:
        self.plain = False
        decimal, texts = self._decimal, cells
        kinds = set(map(type, cells))
        if kinds == {float}:
            decimal, texts = ".", list(map(repr, cells))
        elif kinds != {str}:
            return super().read(cells)
        together = "\n".join(texts)  # type: ignore[arg-type]
        if not together.strip("\n"):
            self.failed, self.plain = False, True
            return [None] * len(cells)
        if max(map(len, texts)) > _PLAIN_LENGTH or self._unusual[decimal].search(together):  # type: ignore[arg-type]
            return super().read(cells)
        if decimal == ",":
            texts = together.replace(",", ".").split("\n")
        try:
            values = list(map(Decimal, texts))  # type: ignore[arg-type]
        except InvalidOperation:
            return super().read(cells)
        self.failed, self.plain = False, True
        return values


def reader_for(field: Field, *, order: str, two_digit_years: bool, decimal: str) -> Reader:
    """The reader of one field's column. `order`, `decimal`: how this column is written."""
    if field.type is Type.AMOUNT:
        return _AmountReader(lambda cell: _amount(cell, decimal), decimal)
    if field.type is Type.DATE:
        return Reader(lambda cell: _date(cell, order, two_digit_years))
    if field.type is Type.CODE:
        return _CodeReader(lambda cell: _code(cell, field.max_length), field.max_length)
    if field.type is Type.COMPACT:
        return Reader(lambda cell: _compact(cell, field.max_length))
    if field.type is Type.WHOLE:
        return Reader(_whole)
    if field.type is Type.TEXT:
        text_reader = _CodeReader(lambda cell: _text(cell, field.max_length, text_reader), field.max_length)
        return text_reader
    read, expected = _WORDS[field.type]
    if expected is None:
        soft_reader = Reader(lambda cell: _soft_word(cell, read, soft_reader))
        return soft_reader
    return Reader(lambda cell: _word(cell, read, expected))


def expected_of(field: Field, *, order: str, decimal: str) -> Phrase:
    """What should have stood in an empty cell of a required field."""
    if field.type is Type.DATE:
        return expected_date(order)
    if field.type is Type.AMOUNT:
        return amounts.expected_amount(decimal)
    return Phrase(gettext_noop("a text"))


def _amount(cell: Cell, decimal: str) -> Decimal | Bad | None:
    if isinstance(cell, str):
        value = amounts.parse_amount(cell, decimal=decimal)
    elif isinstance(cell, date):
        value = amounts.expected_amount(decimal)
    else:
        value = amounts.from_number(cell)
    return _bad(cell, value) if isinstance(value, Phrase) else value


def _date(cell: Cell, order: str, two_digit_years: bool) -> date | Bad | None:
    if isinstance(cell, date):
        cell = cell.isoformat()
    if isinstance(cell, str):
        value = parse_date(cell, order=order, two_digit_years=two_digit_years)
        return _bad(cell, value) if isinstance(value, Phrase) else value
    if cell == 0:
        return None
    # 20260131 as a number is a date without its dashes, 46053 are the days that a spreadsheet counts.
    if cell >= 1e7:
        return _date(cell_text(cell), order, two_digit_years)
    day = serial_date(cell)
    if day is None:
        return _date(cell_text(cell), order, two_digit_years)
    return day


def _code(cell: Cell, max_length: int) -> str | Bad | None:
    if isinstance(cell, float) and abs(cell) >= _EXACT_WHOLE:
        return _bad(cell, Phrase(gettext_noop("a text: of a number, a workbook keeps 15 digits only")))
    text = _unwrapped(cell_text(cell))
    if _CONTROL.search(text):
        return _bad(text, Phrase(gettext_noop("one line, without control characters")))
    if len(text) > max_length:
        return _bad(text, _at_most(max_length))
    return text or None


def _compact(cell: Cell, max_length: int) -> str | Bad | None:
    text = _code(cell, max_length + 20)
    if not isinstance(text, str):
        return text
    text = _BETWEEN.sub("", text).upper()
    return _bad(cell, _at_most(max_length)) if len(text) > max_length else text or None


def _text(cell: Cell, max_length: int, reader: Reader) -> str | None:
    text = " ".join(_CONTROL.sub(" ", _unwrapped(cell_text(cell))).split())
    if len(text) > max_length:
        reader.note(text)
        text = text[:max_length].rstrip()
    return text or None


def _whole(cell: Cell) -> int | Bad | None:
    text = cell_text(cell).strip()
    if not text:
        return None
    digits = text.split("/")[0].strip() if re.fullmatch(r"[0-9]{1,5} ?/ ?[0-9]{1,5}", text) else text
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 32767:
        return _bad(cell, Phrase(gettext_noop("a whole number from 1 to 32767")))
    return int(digits)


def _word(cell: Cell, read: Callable[[str], Any], expected: Phrase) -> Any:
    text = cell_text(cell).strip()
    if not text:
        return None
    value = read(text)
    return _bad(cell, expected) if value is None else value


def _soft_word(cell: Cell, read: Callable[[str], Any], reader: Reader) -> Any:
    text = cell_text(cell).strip()
    value = read(text) if text else None
    if text and value is None:
        reader.note(text)
    return value


def _unwrapped(text: str) -> str:
    text = _INVISIBLE.sub("", text).strip()
    if text.startswith('="') and (match := _AS_FORMULA.fullmatch(text)):
        text = match[1].strip()
    return _PROTECTED.sub("", text, count=1) if text.startswith("'") else text


def _bad(cell: Cell, expected: Phrase) -> Bad:
    text = " ".join(cell_text(cell).split())
    return Bad(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", expected)


def _at_most(length: int) -> Phrase:
    return Phrase(gettext_noop("at most %(count)s characters"), {"count": length})


_Words = dict[Type, tuple[Callable[[str], Any], Phrase | None]]
_WORDS: _Words = {
    Type.CURRENCY: (words.currency, Phrase(gettext_noop("the code of a currency, such as EUR"))),
    Type.YES_NO: (words.yes_no, Phrase(gettext_noop("yes or no"))),
    Type.ITEM_KIND: (words.item_kind, Phrase(gettext_noop("a kind such as invoice, credit note or payment"))),
    Type.COUNTRY: (words.country, None),
    Type.LANGUAGE: (words.language, None),
    Type.ROLE: (words.role, None),
    Type.INFLUENCE: (words.influence, None),
}


def sign_reader() -> Reader:
    """Debit or credit as 1 or -1."""
    expected = Phrase(gettext_noop("debit or credit"))
    return Reader(lambda cell: _word(cell, words.sign, expected))
