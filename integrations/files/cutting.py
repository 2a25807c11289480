"""Text into rows and cells, a batch of lines at a time.

Three ways, the first that is exact for a stretch of lines: without quotation marks its columns are split as a whole
(three times as fast as row by row, and without an object for each row); with marks that stay within their lines it goes
through `csv` alone; else `csv` goes on from there to the end, since a cell may then span any number of lines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from integrations.files.sheets import Cell

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
# Stands between lines while they are split: no cell of a stretch can be a line break, all of them having become this.
_MARK = "\n"


class Broken(NamedTuple):
    """Lines that the quotation marks make unreadable: the first and the last of them."""

    first: int
    last: int


class Chunk:
    """Up to a batch of rows that are not blank, with their numbers; and what could not be cut into rows.

    Made of rows, or of lines that hold nothing but cells and delimiters; these are cut when and as somebody asks.
    """

    __slots__ = ("_columns", "_delimiter", "_lines", "_rows", "broken", "numbers")

    def __init__(
        self,
        numbers: Sequence[int],
        rows: list[list[Cell]] | None = None,
        broken: Sequence[Broken] = (),
        *,
        lines: Sequence[str] = (),
        delimiter: str = "",
    ) -> None:
        self.numbers = numbers
        self.broken = broken
        self._rows = rows
        self._lines = lines
        self._delimiter = delimiter
        self._columns: list[Sequence[Cell]] | None = None

    def __len__(self) -> int:
        """How many rows."""
        return len(self.numbers)

    @property
    def rows(self) -> list[list[Cell]]:
        if self._rows is None:
            self._rows = self.pick(slice(None))
        return self._rows

    def row(self, position: int) -> list[Cell]:
        """The cells of one row."""
        return self._rows[position] if self._rows is not None else self._cells(self._lines[position])

    def pick(self, which: slice) -> list[list[Cell]]:
        """The cells of some rows."""
        return self._rows[which] if self._rows is not None else list(map(self._cells, self._lines[which]))

    def columns(self, width: int) -> list[Sequence[Cell]] | None:
        """The cells by column, if every row has `width` of them."""
        if self._columns is None and self._lines:
            self._columns = _split(self._lines, self._delimiter, width)
        elif self._columns is None and self._rows and set(map(len, self._rows)) == {width}:
            self._columns = list(zip(*self._rows, strict=True))
        return self._columns

    def _cells(self, line: str) -> list[Cell]:
        return line.removesuffix("\n").removesuffix("\r").split(self._delimiter)  # type: ignore[return-value]


def _split(lines: Sequence[str], delimiter: str, width: int) -> list[Sequence[Cell]] | None:
    """The lines split at every delimiter at once; None unless all are `width` wide."""
    text = "".join(lines).replace("\r\n", "\n")
    if text[-1] != "\n":
        text += "\n"
    cells = text.replace("\n", f"{delimiter}{_MARK}{delimiter}").split(delimiter)
    cells.pop()  # what follows the last line
    # As many marks as lines, each where it stands when all lines have so many cells: then all of them have.
    if len(cells) != len(lines) * (width + 1) or cells[width :: width + 1] != [_MARK] * len(lines):
        return None
    return [cells[place :: width + 1] for place in range(width)]


def cut_text(file: IO[str], *, delimiter: str, quote: str, header_row: int, width: int, size: int) -> Iterator[Chunk]:
    """The rows below the header (0: there is none) of an open text, in chunks of up to `size`.

    A quotation mark in a place where none can stand makes its lines `Broken`, not the file.
    """
    last = max(header_row - 1, 0)
    lines = islice(file, last, None)
    if header_row:
        header = _reader(lines, delimiter, quote)
        with suppress(csv.Error):
            next(header, None)
        last += header.line_num
    while stretch := list(islice(lines, size)):
        chunk = _plain(stretch, delimiter, quote, last) or _line_by_line(stretch, delimiter, quote, last)
        if chunk is None:
            yield from cut(chain(stretch, lines), delimiter=delimiter, quote=quote, after=last, width=width, size=size)
            return
        last += len(stretch)
        yield chunk


def _plain(stretch: list[str], delimiter: str, quote: str, after: int) -> Chunk | None:
    """The lines as they are, if each is a row and every delimiter in them is one; None where that must be looked at."""
    text = "".join(stretch)
    if (quote and quote in text) or text.count("\r") != text.count("\r\n"):
        return None
    if max(map(len, stretch)) > csv.field_size_limit() or "\n" in stretch or "\r\n" in stretch:
        return None
    return Chunk(range(after + 1, after + 1 + len(stretch)), lines=stretch, delimiter=delimiter)


def _line_by_line(stretch: list[str], delimiter: str, quote: str, after: int) -> Chunk | None:
    """The lines cut by `csv`, blank ones left out; None where a cell spans lines or a quotation mark is misplaced."""
    reader = _reader(iter(stretch), delimiter, quote)
    try:
        rows: list[list[Cell]] = list(reader)  # type: ignore[arg-type]
    except csv.Error:
        return None
    if len(rows) != len(stretch):
        return None
    numbers: Sequence[int] = range(after + 1, after + 1 + len(rows))
    if [] in rows:
        numbers = [number for number, row in zip(numbers, rows, strict=True) if row]
        rows = [row for row in rows if row]
    return Chunk(numbers, rows)


def _reader(lines: Iterator[str], delimiter: str, quote: str) -> Any:
    return csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )


def cut(lines: Iterator[str], *, delimiter: str, quote: str, after: int, width: int, size: int) -> Iterator[Chunk]:
    """Cut the lines behind number `after` into rows, whatever spans lines in them."""
    reader = _reader(lines, delimiter, quote)
    last = after
    while True:
        rows: list[list[Cell]] = []
        broken: list[Broken] = []
        start, failed = last, False
        try:
            rows.extend(islice(reader, size))  # type: ignore[arg-type]
        except csv.Error:
            failed = True  # and the rows before it are in the list
        last = after + reader.line_num
        if not rows and not failed:
            return
        numbers: Sequence[int] = range(start + 1, start + 1 + len(rows))
        if failed or last - start != len(rows) or [] in rows:
            numbers, rows, end = _numbered(rows, start, delimiter, width, broken)
            if failed:
                broken.append(Broken(end + 1, last))
        yield Chunk(numbers, rows, broken)


def _numbered(
    rows: list[list[Cell]], start: int, delimiter: str, width: int, broken: list[Broken]
) -> tuple[list[int], list[list[Cell]], int]:
    """The rows with the number of their first line, without the blank ones; and the last line of the last one.

    A cell that spans lines and holds as many delimiters as a whole row has swallowed the next ones: a quotation mark
    was opened in a text that did not mean it. Such a row looks whole, and would lose the rows inside without a word.
    """
    numbers: list[int] = []
    kept: list[list[Cell]] = []
    end = start
    for row in rows:
        first, end = end + 1, end + 1 + sum(len(_LINE_BREAK.findall(str(cell))) for cell in row)
        if not row:
            continue
        if (
            end > first
            and width > 1
            and any("\n" in cell and cell.count(delimiter) >= width - 1 for cell in map(str, row))
        ):
            broken.append(Broken(first, end))
            continue
        numbers.append(first)
        kept.append(row)
    return numbers, kept, end
