"""Workbooks (XLSX): what their archive claims is checked first, then another process reads them (`sheet_reader`).

A cell arrives as text, as float where Excel holds a number, or as datetime.date where the cell is formatted as a date.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from integrations.files.refusals import BrokenWorkbook, FileTooLarge, NotATable

if TYPE_CHECKING:
    from integrations.files.source import Limits

Cell = str | float | date

READER = Path(__file__).with_name("sheet_reader.py")
# 100 MB of XML take 190 MB in the reader; the rest is for workbooks made of very small texts.
READER_MEMORY = 1536 << 20
READER_SECONDS = 60


class Sheet(NamedTuple):
    name: str
    visible: bool


class OpenSheet(NamedTuple):
    """`rows` gives (row number as Excel counts, cells); all of them, blank ones too, each as wide as the sheet."""

    name: str
    sheets: list[Sheet]
    height: int
    rows: Iterator[tuple[int, list[Cell]]]


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse what is no XLSX, and what would unpack to more than the limits, by the archive's own directory."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BrokenWorkbook(_("The workbook is damaged: %(why)s.") % {"why": error}) from error
    names = {entry.filename.lower() for entry in entries}
    if "xl/workbook.xml" not in names:
        if "xl/workbook.bin" in names or "content.xml" in names:
            raise NotATable(_("Workbooks are read in the XLSX format only. Save it as XLSX."))
        raise NotATable(_("This is an archive. Unpack it and send the table inside."))
    if any(entry.flag_bits & 1 for entry in entries):
        raise BrokenWorkbook(_("The workbook is protected by a password. Save it without one."))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise FileTooLarge(
            _("The workbook unpacks to %(size)s MB; at most %(limit)s MB are read. Save it as CSV.")
            % {"size": unpacked >> 20, "limit": limits.unpacked_bytes >> 20}
        )
    # Small entries may be packed as tightly as they like: a style sheet of blanks harms nobody.
    if len(entries) > limits.entries or any(
        entry.file_size > 1 << 20 and entry.file_size > limits.unpacked_ratio * max(entry.compress_size, 1)
        for entry in entries
    ):
        raise FileTooLarge(_("The workbook is packed in a way that no spreadsheet program packs. Save it as CSV."))


@contextmanager
def open_sheet(path: Path, *, sheet: str | None = None, max_rows: int = 0) -> Iterator[OpenSheet]:
    """Read a sheet (the largest visible one by default) in another process, which ends with the block.

    Raises BrokenWorkbook: damaged, more than the reader may use, or no such sheet. `max_rows` 0 means all.
    """
    command = [sys.executable, "-I", str(READER), str(path.resolve()), sheet or ""]
    command += [str(max_rows), str(READER_MEMORY), str(READER_SECONDS)]
    reader = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1 << 20
    )
    try:
        assert reader.stdout is not None
        first = _next(reader.stdout)
        if not isinstance(first, dict) or "sheet" not in first:
            raise _broken(first)
        sheets = [Sheet(name, visible) for name, visible in first["sheets"]]
        yield OpenSheet(first["sheet"], sheets, first["height"], _rows(reader.stdout))
    finally:
        reader.kill()
        if reader.stdout is not None:
            reader.stdout.close()
        reader.wait()


class _Days(dict[str, date]):
    """ISO text -> day, each made once."""

    def __missing__(self, text: str) -> date:
        day = self[text] = date.fromisoformat(text)
        return day


def _rows(lines: IO[bytes]) -> Iterator[tuple[int, list[Cell]]]:
    days = _Days()
    while True:
        part = _next(lines)
        if isinstance(part, dict) and "end" in part:
            return
        if not isinstance(part, list):
            raise _broken(part)
        start, rows = part
        for number, row in enumerate(rows, start):
            yield number, [days[cell[1]] if type(cell) is list else cell for cell in row]


def _next(lines: IO[bytes]) -> object:
    """The reader's next document; None when it died without a word (out of memory, out of time)."""
    line = lines.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def _broken(answer: object) -> BrokenWorkbook:
    if not isinstance(answer, dict):
        return BrokenWorkbook(_("The workbook needs more memory or time than is given to it. Save it as CSV."))
    if answer.get("error") == "no_sheet":
        return BrokenWorkbook(_("The workbook has no such sheet; it has: %(names)s.") % {"names": answer["detail"]})
    return BrokenWorkbook(_("The workbook is damaged: %(why)s.") % {"why": answer.get("detail", "")})
