"""A file's rows in canonical form: batches of plain tuples, ready to be copied into a staging table.

    with convert(source, mapping, default_currency="EUR") as conversion:
        for batch in conversion:
            batch.numbers, batch.columns    line numbers, and values by fields.field_names(mapping.kind), in that order
            batch.rows                      the same on their feet: [(line_no, *values), ...]
            batch.bad                       [BadRow, ...]
        conversion.summary

Columns, not cells, are what is converted: a batch comes or is turned on its side, and each column goes through one
reader (`columns.py`). Nothing is made for each row, unless it is bad. One batch is held at a time.

Amounts that are handed over are on their currency's grid: rounded row by row, half away from zero, or their rows are
bad, as the mapping says; `Summary` tells both sums. What the file itself claims at its end is checked after its last
row: WrongTotal and Truncated are raised then, when the rows before were handed over already. Commit nothing earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core.text import Phrase, gettext_noop
from integrations.files import settle
from integrations.files.columns import Bad, Reader, expected_of, reader_for, sign_reader
from integrations.files.cutting import Chunk
from integrations.files.endings import Ending
from integrations.files.fields import FIELDS, SIGN_COLUMNS, Field, has_amount
from integrations.files.mapping import Mapping
from integrations.files.refusals import InvalidMapping
from integrations.files.settle import Problem
from integrations.files.sheets import Cell
from integrations.files.source import Source
from integrations.files.table import BATCH, Layout, cell_text, find_layout, open_rows
from integrations.files.trailers import Trailer


class BadRow(NamedTuple):
    """A row that is not handed over. `values` are its cells as they are in the file; empty where it cannot be cut."""

    line_no: int
    problems: tuple[Problem, ...]
    values: list[str]

    @property
    def field(self) -> str:
        """The first field that is wrong; empty when it is the row as a whole."""
        return self.problems[0].field

    def reason(self, translate: Callable[[str], str] = str) -> str:
        """Of the first problem; the others follow with the name of their field."""
        first, *others = self.problems
        return "; ".join([first.reason(translate), *(f"{one.field}: {one.reason(translate)}" for one in others)])


class Batch(NamedTuple):
    """Rows as columns, one for each field of the kind, and the rows of the same stretch that could not be read."""

    numbers: Sequence[int]
    columns: list[Sequence[Any]]
    bad: list[BadRow]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """(line_no, *values) of each."""
        return list(zip(self.numbers, *self.columns, strict=True))


@dataclass(slots=True)
class Summary:
    """What was read so far; complete after the last batch. Sums are by currency.

    `totals` are of the rows handed over, `exact_totals` of the same rows before rounding, `rejected_totals` of bad rows
    as far as their amount could be read. `rounded` counts amounts that were rounded, `rounding` is totals minus
    exact_totals. `skipped` counts totals, subtotals and repeated headers. `soft`: by field, texts that were not
    understood (left empty) or too long (cut) and that no row is refused for. `new_columns`: labels that the mapping
    neither reads nor ignores: the source has got them since.
    """

    rows: int = 0
    bad: int = 0
    skipped: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    exact_totals: dict[str, Decimal] = field(default_factory=dict)
    rejected_totals: dict[str, Decimal] = field(default_factory=dict)
    rounded: dict[str, int] = field(default_factory=dict)
    rounding: dict[str, Decimal] = field(default_factory=dict)
    soft: dict[str, list[str]] = field(default_factory=dict)
    new_columns: list[str] = field(default_factory=list)
    trailer: Trailer | None = None


@contextmanager
def convert(
    source: Source,
    mapping: Mapping,
    *,
    default_currency: str,
    entity_currencies: AnyMapping[str, str] | None = None,
    batch_size: int = BATCH,
    accept_unfinished: bool = False,
) -> Iterator[Conversion]:
    """Open a file for reading as the mapping says.

    A row without a currency is in that of its entity (`entity_currencies`: code -> currency) or in `default_currency`.
    `accept_unfinished`: somebody has looked at the end of a file whose last line does not end, and it is whole.
    Raises UnknownColumns when the mapping does not fit the file's header; NotATable, BrokenWorkbook ... as `open_rows`.
    """
    layout = layout_for(source, mapping)
    mapping.check_against(layout.labels)
    with open_rows(source, layout, size=batch_size) as chunks:
        yield Conversion(
            chunks,
            layout,
            mapping,
            default_currency=default_currency,
            entity_currencies=entity_currencies or {},
            ending=Ending(source, layout, mapping, accept_unfinished=accept_unfinished),
        )


def layout_for(source: Source, mapping: Mapping) -> Layout:
    """Where the table is in this file, given what the mapping prescribes."""
    return find_layout(
        source,
        delimiter=mapping.delimiter,
        quote=mapping.quote,
        sheet=mapping.sheet or None,
        header_row=mapping.header_row,
    )


class Conversion:
    """An iterator of batches, and the summary of those given so far. To be iterated once."""

    def __init__(
        self,
        chunks: Iterator[Chunk],
        layout: Layout,
        mapping: Mapping,
        *,
        default_currency: str,
        entity_currencies: AnyMapping[str, str],
        ending: Ending,
    ) -> None:
        """Raises InvalidMapping on a constant that its field could not hold."""
        seen = {*mapping.columns.values(), *mapping.ignored}
        self.summary = Summary(new_columns=[label for label in layout.labels if label not in seen])
        self._chunks = chunks
        self._mapping = mapping
        self._width = layout.width
        self._ending = ending
        self._fields = FIELDS[mapping.kind]
        self._has_amount = has_amount(mapping.kind)
        self._currencies = settle.Currencies(default_currency, entity_currencies)
        wanted = (*self._fields, *SIGN_COLUMNS.values()) if self._has_amount else self._fields
        self._readers = [
            (one, layout.labels.index(mapping.columns[one.name]), self._reader(one))
            for one in wanted
            if one.name in mapping.columns
        ]
        self._constants = {one.name: self._constant(one) for one in self._fields if one.name in mapping.constants}

    def __iter__(self) -> Iterator[Batch]:
        for chunk in self._chunks:
            yield self._batch(chunk)
        summary = self.summary
        self._ending.check(rows=summary.rows, bad=summary.bad, currencies=len(summary.totals))
        self.summary.trailer = self._ending.trailer

    def _reader(self, one: Field) -> Reader:
        if one.name == "sign":
            return sign_reader()
        order, decimal = self._format(one)
        return reader_for(one, order=order, two_digit_years=self._mapping.two_digit_years, decimal=decimal)

    def _format(self, one: Field) -> tuple[str, str]:
        """Order of dates and decimal mark of one field's column."""
        own = self._mapping.formats.get(self._mapping.columns.get(one.name, ""))
        order = (own and own.date_order) or self._mapping.date_order
        return order, (own and own.decimal) or self._mapping.decimal

    def _constant(self, one: Field) -> Any:
        value = self._reader(one).read([self._mapping.constants[one.name]])[0]
        if isinstance(value, Bad):
            raise InvalidMapping(fields={one.name: _("This is no value for it.")})
        return value

    def _batch(self, chunk: Chunk) -> Batch:
        bad = [_broken_row(first, last) for first, last in chunk.broken]
        sides = chunk.columns(self._width)
        whole = chunk
        if sides is None and len(chunk):
            whole = self._of_width(chunk, bad)
            sides = whole.columns(self._width)
        numbers: Sequence[int] = []
        handed: list[Sequence[Any]] = [[] for _field in self._fields]
        if sides:
            columns, exact, problems = self._read(sides)
            dropped = self._drop(whole, columns, exact, problems, bad)
            self._count(columns, exact, dropped)
            numbers, handed = whole.numbers, list(columns.values())
            if dropped:
                kept = [position not in dropped for position in range(len(whole))]
                numbers = list(compress(numbers, kept))
                handed = [list(compress(values, kept)) for values in handed]
        bad.sort(key=lambda row: row.line_no)
        self._ending.saw(chunk, bad, last_good=numbers[-1] if numbers else 0)
        self.summary.rows += len(numbers)
        self.summary.bad += len(bad)
        return Batch(numbers, handed, bad)

    def _of_width(self, chunk: Chunk, bad: list[BadRow]) -> Chunk:
        """The rows that are as wide as the header; blank cells too many are cut off. Others are bad, or an end mark."""
        kept_numbers: list[int] = []
        kept: list[list[Cell]] = []
        for number, row in zip(chunk.numbers, chunk.rows, strict=True):
            if len(row) > self._width and not any(str(cell).strip() for cell in row[self._width :]):
                row = row[: self._width]
            if len(row) == self._width:
                kept_numbers.append(number)
                kept.append(row)
            elif self._ending.is_trailer(number, row):
                self.summary.skipped += 1
            else:
                expected = Phrase(gettext_noop("%(count)s cells in the row"), {"count": self._width})
                bad.append(_bad_row(number, [Problem("", str(len(row)), expected)], row))
        return Chunk(kept_numbers, kept)

    def _read(
        self, sides: list[Sequence[Cell]]
    ) -> tuple[dict[str, Sequence[Any]], Sequence[Any] | None, dict[int, list[Problem]]]:
        """Values by field in the fields' order, the amounts before rounding, and what is wrong by position."""
        count = len(sides[0])
        problems: dict[int, list[Problem]] = {}
        found: dict[str, Sequence[Any]] = {}
        plain: set[str] = set()
        for one, position, reader in self._readers:
            values = reader.read(sides[position])
            if reader.failed:
                values = settle.take_out_bad(one.name, values, problems)
            found[one.name] = values
            if reader.plain:
                plain.add(one.name)
            if reader.soft:
                self.summary.soft[one.name] = reader.soft
        settle.fill(found, self._constants, count)
        exact = None
        if self._has_amount:
            settle.apply_sign(found, self._mapping.sign, count, problems)
            exact = found.get("amount")
            if self._mapping.kind == "items":
                settle.fill_due_dates_of_credits(found)
            self._currencies.fill(found, count)
            if {"debit", "credit"} <= plain:
                plain.add("amount")
            if not self._currencies.all_have_two_decimals(found["currency"]):
                plain.clear()
            if unusual := [name for name in settle.AMOUNTS if name in found and name not in plain]:
                rounded = settle.round_amounts(found, unusual, self._mapping.extra_decimals, problems)
                for currency, times in rounded.items():
                    self.summary.rounded[currency] = self.summary.rounded.get(currency, 0) + times
        nothing = [None] * count
        columns = {one.name: found.get(one.name, nothing) for one in self._fields}
        for one in self._fields:
            if one.required and settle.has_blank(columns[one.name]):
                order, decimal = self._format(one)
                expected = expected_of(one, order=order, decimal=decimal)
                settle.require(one.name, columns[one.name], expected, problems)
        return columns, exact, problems

    def _drop(
        self,
        chunk: Chunk,
        columns: dict[str, Sequence[Any]],
        exact: Sequence[Any] | None,
        problems: dict[int, list[Problem]],
        bad: list[BadRow],
    ) -> set[int]:
        """The positions that are not handed over: bad rows, which go to `bad`, and rows that are none."""
        for position in sorted(problems):
            number, row = chunk.numbers[position], chunk.row(position)
            amount = exact[position] if exact is not None else None
            if self._ending.is_no_row(number, row, amount, columns, position):
                self.summary.skipped += 1
            else:
                bad.append(_bad_row(number, problems[position], row))
                if amount is not None and "currency" in columns:
                    _add(self.summary.rejected_totals, columns["currency"][position], amount)
        return set(problems)

    def _count(self, columns: dict[str, Sequence[Any]], exact: Sequence[Any] | None, dropped: set[int]) -> None:
        """Add the kept rows' amounts to the sums, by currency."""
        if exact is None or "currency" not in columns:
            return
        currencies, amounts = columns["currency"], columns["amount"]
        before = exact
        if dropped:
            kept = [position for position in range(len(exact)) if position not in dropped]
            currencies, amounts, exact = ([values[one] for one in kept] for values in (currencies, amounts, exact))
        summary = self.summary
        sums = settle.sums(currencies, amounts)
        exact_sums = sums if amounts is exact else settle.sums(currencies, exact)
        for currency, total in sums.items():
            _add(summary.totals, currency, total)
        for currency, total in exact_sums.items():
            _add(summary.exact_totals, currency, total)
            summary.rounding[currency] = summary.totals[currency] - summary.exact_totals[currency]
        self._ending.add(before, dropped, sum(exact_sums.values(), Decimal(0)))


def _add(sums: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    sums[currency] = sums.get(currency, Decimal(0)) + amount


def _bad_row(number: int, problems: list[Problem], row: Sequence[Cell]) -> BadRow:
    return BadRow(number, tuple(problems), [cell_text(cell) for cell in row])


def _broken_row(first: int, last: int) -> BadRow:
    expected = Phrase(gettext_noop("quotation marks that enclose whole cells"))
    return BadRow(first, (Problem("", f"{first}-{last}", expected),), [])
