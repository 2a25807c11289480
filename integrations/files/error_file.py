"""The file that goes back to whoever sent one: the rows that were not taken, as they came, with the reason.

It can be corrected and sent again: the columns are the original ones, in their order, followed by two that no mapping
asks for. Cells that a spreadsheet would run are quoted (`core.text.spreadsheet_cell`), which the reader undoes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO, NamedTuple

import xlsxwriter
from django.utils.translation import gettext as _

from core.text import spreadsheet_cell


class ErrorRow(NamedTuple):
    """One refused row: its number in the file, the reason in the reader's language, its cells."""

    line_no: int
    reason: str
    values: Sequence[str]


def write_errors_csv(out: BinaryIO, *, labels: Sequence[str], rows: Iterable[ErrorRow], delimiter: str = ";") -> int:
    """Write a CSV in UTF-8 with its mark, so that spreadsheets open it right. Returns how many rows were written."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter)
    count = 0
    for row in _table(labels, rows):
        writer.writerow(row)
        count += 1
    text.detach()
    return count - 1


def write_errors_xlsx(out: BinaryIO, *, labels: Sequence[str], rows: Iterable[ErrorRow]) -> int:
    """Write a workbook, every cell as text: nothing is computed, no leading zero is lost. Returns how many rows."""
    workbook = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = workbook.add_worksheet()
    count = 0
    for count, row in enumerate(_table(labels, rows)):
        for position, cell in enumerate(row):
            sheet.write_string(count, position, cell[:32_767])
    workbook.close()
    return count


def _table(labels: Sequence[str], rows: Iterable[ErrorRow]) -> Iterable[list[str]]:
    """Header and rows. Cells beyond the header's width stand behind the reason, where they fall under no column."""
    width = len(labels)
    yield [*map(str, map(spreadsheet_cell, labels)), _("Row"), _("Reason")]
    for row in rows:
        cells = [str(spreadsheet_cell(value)) for value in row.values]
        padded = cells[:width] + [""] * (width - len(cells))
        yield [*padded, str(row.line_no), str(spreadsheet_cell(row.reason)), *cells[width:]]
