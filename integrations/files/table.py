"""Where the table is in a file, and its rows in batches: delimiter, quotes, title lines, header row; sheet.

Reading keeps one batch in memory. Rows are counted as the file counts them: lines of a CSV (a row that spans several
has the number of its first), rows of a sheet; the first is 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from integrations.files import amounts, dates
from integrations.files.cutting import Chunk, cut, cut_text
from integrations.files.refusals import EmptyFile, FileTooLarge, InvalidMapping, NotATable
from integrations.files.sheets import Cell, Sheet, open_sheet
from integrations.files.source import LIMITS, Source
from integrations.files.vocabulary import concepts

BATCH = 5000
# The order decides between delimiters that cut equally well.
DELIMITERS = ("\t", ";", "|", ",")
QUOTES = ('"', "'", "")
_HEAD_LINES = 200
_HEADER_WITHIN = 40
_SEPARATOR_HINT = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to cut a file into rows and cells. `header_row` 0: there is none, and columns are called (1), (2), ...

    `quote` is empty where quotation marks mean nothing. `labels` are as in the file, without line breaks; an empty one
    is its number in parentheses, a second one of the same name is `name (2)`.
    """

    labels: tuple[str, ...]
    header_row: int
    delimiter: str = ""
    quote: str = '"'
    sheet: str = ""
    sheets: tuple[Sheet, ...] = ()
    sheet_rows: int = 0

    @property
    def width(self) -> int:
        return len(self.labels)


def find_layout(
    source: Source,
    *,
    delimiter: str = "auto",
    quote: str = "auto",
    sheet: str | None = None,
    header_row: int | None = None,
) -> Layout:
    """Look at the first lines. What is not `auto` or None was chosen. Raises NotATable, EmptyFile, BrokenWorkbook."""
    if source.format == "xlsx":
        return _sheet_layout(source, sheet, header_row)
    with _text(source) as file:
        lines = list(islice(file, _HEAD_LINES))
    if delimiter == "auto":
        delimiter = _delimiter(lines)
    elif len(delimiter) != 1:
        raise InvalidMapping(_("The delimiter is one character."))
    if quote == "auto":
        quote = _quote(lines, delimiter)
    rows: list[tuple[int, list[Cell]]] = []
    for chunk in _cut_head(lines, delimiter, quote):
        rows.extend(zip(chunk.numbers, chunk.rows, strict=True))
    number, labels = _header(rows, header_row)
    if len(labels) < 2:
        raise NotATable(_("No columns were found: no comma, semicolon, tab or bar separates them in every line."))
    return Layout(labels=labels, header_row=number, delimiter=delimiter, quote=quote)


def _sheet_layout(source: Source, sheet: str | None, header_row: int | None) -> Layout:
    with open_sheet(source.path, sheet=sheet, max_rows=_HEAD_LINES) as opened:
        rows = [(number, row) for number, row in opened.rows if any(cell != "" for cell in row)]
    if not rows:
        raise EmptyFile(_("The sheet %(name)s is empty.") % {"name": opened.name})
    number, labels = _header(rows, header_row)
    if len(labels) < 2:
        raise NotATable(_("The sheet %(name)s has one column only.") % {"name": opened.name})
    return Layout(
        labels=labels, header_row=number, sheet=opened.name, sheets=tuple(opened.sheets), sheet_rows=opened.height
    )


@contextmanager
def open_rows(source: Source, layout: Layout, *, size: int = BATCH) -> Iterator[Iterator[Chunk]]:
    """The rows below the header, in chunks of up to `size`; blank rows are left out.

    Rows come as they are cut: shorter and longer ones than the header too.
    """
    if source.format == "xlsx":
        with open_sheet(source.path, sheet=layout.sheet) as opened:
            yield _sheet_chunks(opened.rows, layout.header_row, size)
    else:
        with _text(source) as file:
            yield cut_text(
                file,
                delimiter=layout.delimiter,
                quote=layout.quote,
                header_row=layout.header_row,
                width=layout.width,
                size=size,
            )


def _cut_head(lines: list[str], delimiter: str, quote: str, width: int = 0) -> Iterator[Chunk]:
    return cut(iter(lines), delimiter=delimiter, quote=quote, after=0, width=width, size=_HEAD_LINES)


@contextmanager
def _text(source: Source) -> Iterator[IO[str]]:
    with source.path.open(encoding=source.codec, newline="") as file:
        yield file


def _sheet_chunks(rows: Iterator[tuple[int, list[Cell]]], header_row: int, size: int) -> Iterator[Chunk]:
    numbers: list[int] = []
    cells: list[list[Cell]] = []
    for number, row in rows:
        if number <= header_row or row.count("") == len(row):
            continue
        numbers.append(number)
        cells.append(row)
        if len(cells) == size:
            yield Chunk(numbers, cells)
            numbers, cells = [], []
    if cells:
        yield Chunk(numbers, cells)


def _delimiter(lines: list[str]) -> str:
    """The one that cuts most lines into the same number of cells, and into many."""
    if lines and (hint := _SEPARATOR_HINT.fullmatch(lines[0])):
        return hint[1]
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        widths: Counter[int] = Counter()
        for chunk in _cut_head(lines, delimiter, '"'):
            widths.update(len(row) for row in chunk.rows)
            widths.update(0 for _broken in chunk.broken)
        if not widths:
            continue
        usual, count = max(((w, n) for w, n in widths.items() if w > 1), key=lambda wn: wn[1] * wn[0], default=(0, 0))
        score = (count / widths.total()) ** 2 * (usual - 1)
        if score > best_score:
            best, best_score = delimiter, score
    if not best:
        raise NotATable(_("No columns were found: no comma, semicolon, tab or bar separates them in every line."))
    return best


def _quote(lines: list[str], delimiter: str) -> str:
    """Double quotes, unless they stand where they cannot enclose a cell; single ones where half of the cells have them."""
    by_line = [line.rstrip("\r\n").split(delimiter) for line in lines]
    cells = [cell.strip() for line in by_line for cell in line]
    filled = [cell for cell in cells if cell]
    if sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in filled) * 2 > len(filled):
        return "'"
    if not any('"' in cell for cell in filled):
        return '"'
    enclosed = any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in filled)
    width = Counter(map(len, by_line)).most_common(1)[0][0]
    broken = any(chunk.broken for chunk in _cut_head(lines, delimiter, '"', width))
    return "" if broken and not enclosed else '"'


def _header(rows: list[tuple[int, list[Cell]]], chosen: int | None) -> tuple[int, tuple[str, ...]]:
    """The header's row number (0: none) and its labels.

    Title lines have fewer cells than the table; a header has no dates and hardly a number. Of two such rows the one
    whose words are known better is the header (the other groups columns).
    """
    rows = [(number, row) for number, row in rows if any(str(cell).strip() for cell in row)]
    if not rows:
        raise EmptyFile
    if chosen is not None and chosen > 0:
        for number, row in rows:
            if number == chosen:
                return number, _labels(row)
        raise InvalidMapping(_("There is no header in row %(row)s.") % {"row": chosen})
    width = Counter(len(row) for _number, row in rows).most_common(1)[0][0]
    if chosen == 0:
        return 0, _labels([""] * width)
    best: tuple[int, list[Cell]] | None = None
    for number, row in rows[:_HEADER_WITHIN]:
        filled = [cell for cell in row if str(cell).strip()]
        if len(filled) < max(2, 0.6 * width):
            if best:
                break
            continue
        if sum(_is_value(cell) for cell in filled) > 0.2 * len(filled):
            break
        if best and _known(row) <= _known(best[1]):
            break
        best = (number, row)
    if best is None:
        return 0, _labels([""] * width)
    row = best[1]
    while len(row) > 1 and not str(row[-1]).strip() and len(row) > width:
        row = row[:-1]
    return best[0], _labels(row)


def _labels(row: list[Cell]) -> tuple[str, ...]:
    if len(row) > LIMITS.columns:
        raise FileTooLarge(_("The table has more than %(count)s columns.") % {"count": LIMITS.columns})
    labels: dict[str, None] = {}
    times: Counter[str] = Counter()
    for position, cell in enumerate(row, 1):
        name = label = " ".join(cell_text(cell).split())[:200] or f"({position})"
        times[name] += 1
        while label in labels:
            label = f"{name} ({max(times[name], 2)})"
            times[name] += 1
        labels[label] = None
    return tuple(labels)


def _is_value(cell: Cell) -> bool:
    """A number or a date: what stands below a header, not in it."""
    if not isinstance(cell, str):
        return True
    if any(isinstance(amounts.parse_amount(cell, decimal=mark), Decimal) for mark in amounts.MARKS):
        return True
    return any(isinstance(dates.parse_date(cell, order=o, two_digit_years=True), date) for o in ("dmy", "mdy"))


def _known(row: list[Cell]) -> int:
    return sum(1 for cell in row if concepts(str(cell)) - {"UNKNOWN", "DIGITS"})


def cell_text(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, dates as ISO. A reference typed as a number is that number."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()
    if abs(cell) < 1e300 and cell == int(cell):
        return str(int(cell))
    return repr(cell)
