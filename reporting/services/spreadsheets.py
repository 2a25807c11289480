"""Rows of a list as a CSV or XLSX file: the columns of the page, plain values, cells that no spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.errors import TooLarge
from core.lists import Column, Reading, Row
from core.text import spreadsheet_cell

XLSX_ROWS = 1_048_575  # below the header


class TooLongForExcel(TooLarge):
    code = "too_long_for_excel"
    message = _("A spreadsheet holds at most 1,048,575 rows. Export as CSV, or filter the list first.")


class Dialect(NamedTuple):
    """What the spreadsheets of a language read without being asked."""

    delimiter: str
    decimal: str


_DIALECTS = {"en": Dialect(",", "."), "fr": Dialect(";", ",")}


def export_columns(reading: Reading) -> list[Column]:
    """The columns chosen in the address; without a choice all of the list, those hidden on the page included."""
    if reading.query.get("cols") or reading.query.getlist("col"):
        columns = reading.columns
    else:
        columns = [column for column in reading.page.columns if column.when is None or column.when(reading)]
    return [column for column in columns if column.exported]


def export_slices(reading: Reading) -> Iterator[Sequence[Row]]:
    """All rows of a list, enriched and expanded, slice by slice; each slice is read in a transaction of its own."""
    slices = iter(reading.source.everything(sort=reading.sort))
    while True:
        with transaction.atomic():
            rows: list[Any] = list(next(slices, ()))
            if not rows:
                return
            if reading.page.enrich is not None:
                reading.page.enrich(rows, reading.reader)
        if reading.page.expand is not None:
            rows = [line for row in rows for line in reading.page.expand(row)]
        yield rows


def write_csv(path: Path, *, columns: Sequence[Column], slices: Iterable[Sequence[Row]]) -> int:
    """A CSV file with a header, UTF-8 with a mark that spreadsheets know; how many rows. Memory holds one slice."""
    dialect = _DIALECTS.get((get_language() or "en")[:2], _DIALECTS["en"])
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=dialect.delimiter, lineterminator="\r\n")
        writer.writerow([spreadsheet_cell(str(column.label)) for column in columns])
        for rows in slices:
            writer.writerows([_csv_cell(column.plain(row), dialect.decimal) for column in columns] for row in rows)
            count += len(rows)
    return count


def write_xlsx(path: Path, *, columns: Sequence[Column], slices: Iterable[Sequence[Row]], title: str) -> int:
    """An XLSX file: numbers and days as such, a header that stays in sight. Raises TooLongForExcel."""
    book = xlsxwriter.Workbook(
        str(path),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet = book.add_worksheet(_sheet_name(title))
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {
        Decimal: book.add_format({"num_format": "#,##0.00"}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 32 if place == 0 else 15)
        sheet.write_string(0, place, spreadsheet_cell(str(column.label)), head)
    line = 0
    try:
        for rows in slices:
            if line + len(rows) > XLSX_ROWS:
                raise TooLongForExcel
            for row in rows:
                line += 1
                for place, column in enumerate(columns):
                    _xlsx_cell(sheet, line, place, column.plain(row), formats)
        sheet.autofilter(0, 0, max(line, 1), max(len(columns) - 1, 0))
    finally:
        book.close()
    return line


def _csv_cell(value: Any, decimal: str) -> Any:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = f"{value.normalize():f}" if value else "0"
        whole, _point, cents = text.partition(".")
        return f"{whole}{decimal}{cents.ljust(2, '0')}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return spreadsheet_cell(value if isinstance(value, int | str) else str(value))


def _xlsx_cell(sheet: Any, line: int, place: int, value: Any, formats: dict[type, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal):
        sheet.write_number(line, place, float(value), formats[Decimal])
    elif isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int):
        sheet.write_number(line, place, value)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, formats[date])
    else:
        sheet.write_string(line, place, str(spreadsheet_cell(str(value))))


def _sheet_name(title: str) -> str:
    """At most 31 characters, none of []:*?/\\."""
    return "".join(" " if sign in "[]:*?/\\'" else sign for sign in title)[:31].strip() or "Export"
