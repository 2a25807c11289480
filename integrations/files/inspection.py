"""What a file is like: its layout, how many rows, and a profile of each column made from a sample of them.

The file is read once from end to end (about a million rows per second and a half), but only some 6,000 rows, the first
2,000 and then every n-th, are looked at closely. `Inspection.to_json` is what a page shows and a run keeps.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from core.text import Phrase, gettext_noop, search_key
from integrations.files import amounts, dates, phrases
from integrations.files.sheets import Cell
from integrations.files.source import Source
from integrations.files.table import Layout, cell_text, find_layout, open_rows
from integrations.files.trailers import looks_like_end

HEAD_ROWS = 2000
SAMPLE_ROWS = 4_000
SHOWN_ROWS = 20
_USUAL_WIDTH = 40
_MOST_COMMON = 300


@dataclass(slots=True)
class ColumnProfile:
    """What the sample's cells of one column are like. Counts are of cells in the sample."""

    label: str
    position: int  # from 0
    cells: int = 0
    blank: int = 0
    distinct: int = 0
    longest: int = 0
    spaced: int = 0  # letters and a blank inside, as names have
    lettered: int = 0
    ascending: bool = False  # whole numbers that grow from row to row: the row number of some export
    dates: dates.DateEvidence = field(default_factory=dates.DateEvidence)
    numbers: amounts.NumberEvidence = field(default_factory=amounts.NumberEvidence)
    typed_dates: int = 0
    typed_numbers: int = 0
    common: dict[str, int] = field(default_factory=dict)

    @property
    def filled(self) -> int:
        return self.cells - self.blank

    @property
    def is_empty(self) -> bool:
        return self.cells > 0 and not self.filled

    @property
    def is_date(self) -> bool:
        return self.filled > 0 and self.dates.share >= 0.9

    @property
    def is_serial_date(self) -> bool:
        """Could be days as spreadsheets count them; so could any five digits: the header must say that it is a date."""
        return self.filled > 0 and self.dates.dates >= 0.9 * self.filled and self.dates.serial > 0

    @property
    def is_number(self) -> bool:
        return self.filled > 0 and self.numbers.share >= 0.9

    @property
    def has_decimals(self) -> bool:
        return self.is_number and not self.numbers.is_whole

    @property
    def uniqueness(self) -> float:
        """Distinct values among the filled cells: 1.0 where no value repeats."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def guess(self) -> str:
        """One word for a page: empty, date, amount, whole, text."""
        if not self.filled:
            return "empty"
        if self.is_date:
            return "date"
        if self.is_number:
            return "amount" if self.has_decimals else "whole"
        return "text"

    def examples(self, count: int = 5) -> list[str]:
        return list(self.common)[:count]


@dataclass(slots=True)
class Inspection:
    """A file looked at: layout, rows, profiles, the first rows, and what a reader should know of it."""

    source: Source
    layout: Layout
    row_count: int
    columns: list[ColumnProfile]
    first_rows: list[tuple[int, list[str]]]
    sample: list[list[Cell]]
    trailer: str
    warnings: list[Phrase]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.layout.labels)

    def column(self, label: str) -> ColumnProfile | None:
        return next((column for column in self.columns if column.label == label), None)

    def to_json(self) -> dict[str, Any]:
        """For a page or a stored run. Phrases as `phrases.to_json` gives them."""
        return {
            "format": self.source.format,
            "size": self.source.size,
            "sha256": self.source.sha256,
            "encoding": self.source.encoding,
            "encoding_why": self.source.encoding_why,
            "delimiter": self.layout.delimiter,
            "quote": self.layout.quote,
            "sheet": self.layout.sheet,
            "sheets": [{"name": sheet.name, "visible": sheet.visible} for sheet in self.layout.sheets],
            "header_row": self.layout.header_row,
            "fingerprint": self.fingerprint,
            "row_count": self.row_count,
            "trailer": self.trailer,
            "labels": list(self.layout.labels),
            "first_rows": [{"line": line, "cells": cells} for line, cells in self.first_rows],
            "columns": [_column_json(column) for column in self.columns],
            "warnings": [phrases.to_json(warning) for warning in self.warnings],
        }


def _column_json(column: ColumnProfile) -> dict[str, Any]:
    found = column.dates
    return {
        "label": column.label,
        "guess": column.guess,
        "filled": column.filled,
        "blank": column.blank,
        "distinct": column.distinct,
        "examples": column.examples(),
        "date_order": found.order if column.is_date else "",
        "date_evidence": dict(found.examples) if column.is_date else {},
        "decimal": column.numbers.decimal if column.is_number else "",
        "decimal_evidence": dict(column.numbers.examples) if column.is_number else {},
    }


def fingerprint(labels: Iterable[str]) -> str:
    """A name for a header, the same when columns change places or capitals: SHA-256 of the sorted labels, 64 signs."""
    keys = sorted(search_key(label) or label for label in labels)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def inspect(
    source: Source,
    *,
    delimiter: str = "auto",
    quote: str = "auto",
    sheet: str | None = None,
    header_row: int | None = None,
) -> Inspection:
    """Look at a whole file, whatever its shape. What is not `auto` or None was chosen by somebody.

    Raises NotATable, EmptyFile, FileTooLarge, BrokenWorkbook or InvalidMapping (a chosen header row that is not there).
    Takes about 1.5 seconds and 40 MB for a million rows of 12 columns.
    """
    layout = find_layout(source, delimiter=delimiter, quote=quote, sheet=sheet, header_row=header_row)
    sample: list[list[Cell]] = []
    first: list[tuple[int, list[str]]] = []
    last: deque[list[Cell]] = deque(maxlen=3)
    count = broken = 0
    head, step = _sampling(source, layout)
    with open_rows(source, layout) as chunks:
        for chunk in chunks:
            if len(first) < SHOWN_ROWS:
                shown = slice(SHOWN_ROWS - len(first))
                pairs = zip(chunk.numbers[shown], chunk.pick(shown), strict=True)
                first.extend((number, [cell_text(cell) for cell in row]) for number, row in pairs)
            room = max(0, head - len(sample)) if count < head else 0
            sample.extend(chunk.pick(slice(room)))
            sample.extend(chunk.pick(slice(room, None, step)))
            count += len(chunk)
            broken += len(chunk.broken)
            last.extend([row for row in chunk.pick(slice(-50, None)) if any(str(cell).strip() for cell in row)])
    trailer = next((word for row in last if (word := looks_like_end(row))), "")
    sample = [row for row in sample if not looks_like_end(row)]
    columns = [_profile(label, position, sample) for position, label in enumerate(layout.labels)]
    return Inspection(
        source=source,
        layout=layout,
        row_count=count - (1 if trailer else 0),
        columns=columns,
        first_rows=first,
        sample=sample,
        trailer=trailer,
        warnings=_warnings(source, layout, broken),
    )


def _sampling(source: Source, layout: Layout) -> tuple[int, int]:
    """How many rows of the beginning are looked at, and then every which one: some SAMPLE_ROWS if cells have some seven
    characters. Fewer of very wide tables."""
    share = min(1.0, _USUAL_WIDTH / layout.width)
    rows = layout.sheet_rows or source.size // (7 * layout.width)
    return int(HEAD_ROWS * share), max(1, int(rows / (SAMPLE_ROWS * share)))


def _profile(label: str, position: int, sample: list[list[Cell]]) -> ColumnProfile:
    cells = [row[position] if position < len(row) else "" for row in sample]
    profile = ColumnProfile(label=label, position=position, cells=len(cells))
    all_text = set(map(type, cells)) == {str}
    texts: Counter[str] = Counter(map(str.strip, cells)) if all_text else Counter()  # type: ignore[arg-type]
    numbers: Counter[float] = Counter()
    for cell in () if all_text else cells:
        if isinstance(cell, str):
            texts[cell.strip()] += 1
        elif isinstance(cell, date):
            texts[cell.isoformat()] += 1
            profile.typed_dates += 1
        else:
            numbers[cell] += 1
            profile.typed_numbers += 1
    profile.blank = texts.pop("", 0)
    profile.distinct = len(texts) + len(numbers)
    profile.dates = dates.date_evidence(texts.items())
    profile.numbers = amounts.number_evidence(texts.items())
    _add_numbers(profile, numbers)
    for text, times in texts.items():
        profile.longest = max(profile.longest, len(text))
        if not text.isdecimal() and any(map(str.isalpha, text)):
            profile.lettered += times
            profile.spaced += times if " " in text else 0
    profile.ascending = _is_ascending(cells)
    for number, times in numbers.items():
        texts[cell_text(number)] += times
    profile.common = dict(texts.most_common(_MOST_COMMON))
    return profile


def _add_numbers(profile: ColumnProfile, numbers: Counter[float]) -> None:
    """Number cells of a workbook: no mark to guess, but they may be amounts, or dates that were never formatted."""
    found, days = profile.numbers, profile.dates
    for number, times in numbers.items():
        found.cells += times
        days.cells += times
        amount = amounts.from_number(number)
        if not isinstance(amount, Decimal):
            continue
        found.numbers += times
        if amount == amount.to_integral_value():
            found.whole += times
            if dates.serial_date(number):
                days.dates += times
                days.serial += times
        found.negative += times if amount < 0 else 0
        found.zero += times if not amount else 0


def _is_ascending(cells: list[Cell]) -> bool:
    """Whole numbers, each greater than the one before, by small steps on the whole: what a data frame's index is."""
    if len(cells) < 3:
        return False
    values: list[int] = []
    for cell in cells:
        text = cell_text(cell)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            return False
        values.append(int(text))
    return values[0] < 1000 and all(a < b for a, b in pairwise(values))


def _warnings(source: Source, layout: Layout, broken: int) -> list[Phrase]:
    found: list[Phrase] = []
    if not layout.header_row:
        found.append(Phrase(gettext_noop("No header was found: columns are called (1), (2) and so on.")))
    if source.stray_utf8:
        found.append(
            Phrase(
                gettext_noop("%(count)s letters look like UTF-8 in a file that is not: it was put together from two."),
                {"count": source.stray_utf8},
            )
        )
    if broken:
        found.append(
            Phrase(
                gettext_noop("In %(count)s places a quotation mark is opened and not closed as it should be."),
                {"count": broken},
            )
        )
    return found
