"""The ZIP of a dossier: the files first, then a PDF of all pieces, the same as data (JSON) and as a workbook (XLSX).

Written onto the disk piece by piece: what is kept in memory is one file.
"""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from collection.services.dossier_data import Data
from core.errors import NotFound, Refusal
from core.formats import of
from core.text import spreadsheet_cell
from desk.models import Attachment
from desk.pdf import PdfFailed, PdfProcess
from desk.services.comments import content_of

PDF_SECONDS = 300
# So many items, and texts of messages, are printed; all of them stand in the data and the workbook.
PRINTED_ITEMS, PRINTED_TEXTS = 1_500, 60
_EPOCH = (1980, 1, 1, 0, 0, 0)
# How far it is: pieces done, of so many.
Progress = Callable[[int, int], object]


class DossierFailed(Refusal):
    code = "dossier_failed"
    message = gettext_lazy("The dossier could not be made.")


def write_archive(place: Path, data: Data, attachments: list[Attachment], *, language: str, progress: Progress) -> None:
    """The ZIP of these values at a place, in the language that is active. Raises DossierFailed.

    A file that is gone from the disk, or is not what it was, is named as missing in all three papers.
    """
    files = {str(one.id): one for one in attachments}
    data = {**data, "files": [dict(one) for one in data["files"]]}
    total = len(data["files"]) + 3
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, one in enumerate(data["files"]):
            progress(done, total)
            if one["missing"] or one["name"] in archive.NameToInfo:  # the same file of two documents
                continue
            try:
                _add(archive, one["name"], content_of(files[one["id"]]))
            except (KeyError, NotFound):
                one["missing"] = "gone"
        progress(total - 3, total)
        _add(archive, _("dossier") + ".pdf", pdf_of(data, language=language))
        progress(total - 2, total)
        _add(archive, "data.json", json.dumps(plain(data), indent=1, ensure_ascii=False).encode())
        _add(archive, _("dossier") + ".xlsx", workbook_of(data))
        progress(total, total)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, date_time=_EPOCH), content, compress_type=zipfile.ZIP_DEFLATED)


def plain(value: Any) -> Any:
    """The same for JSON: amounts as texts, days and moments as ISO."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def pdf_of(data: Data, *, language: str) -> bytes:
    """All pieces on paper. Raises DossierFailed."""
    context = {
        "data": data,
        "language": language,
        "formats": of(language),
        "printed": data["items"][:PRINTED_ITEMS],
        "not_printed": max(len(data["items"]) - PRINTED_ITEMS, 0),
        "texts": data["messages"][:PRINTED_TEXTS],
    }
    renderer = PdfProcess(seconds=PDF_SECONDS)
    try:
        return renderer.render(render_to_string("messages/dossier.html", context))
    except PdfFailed as failure:
        raise DossierFailed from failure
    finally:
        renderer.close()


def workbook_of(data: Data) -> bytes:
    """A sheet for each kind of piece; texts that a spreadsheet would run are quoted, amounts and days stay such."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": datetime(2020, 1, 1, tzinfo=UTC)})
    kinds = {
        Decimal: book.add_format({"num_format": "#,##0.00"}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    payments = [{"number": item["number"], **one} for item in data["items"] for one in item["payments"]]
    segments = [
        {"number": item["number"], "currency": item["currency"], **one}
        for item in data["items"]
        for one in item["segments"]
    ]
    sheets = {
        _("Items"): data["items"],
        _("Payments"): payments,
        _("Interest"): segments,
        _("Claims"): data["claims"],
        _("Statement"): data["others"],
        _("Messages"): data["messages"],
        _("Calls"): data["calls"],
        _("Promises"): data["promises"],
        _("Disputes"): data["disputes"],
        _("Contacts"): data["contacts"],
        _("Files"): data["files"],
    }
    for title, rows in sheets.items():
        sheet = book.add_worksheet(title[:31])
        names = [name for name, value in rows[0].items() if not isinstance(value, list | dict)] if rows else []
        for place, name in enumerate(names):
            sheet.write_string(0, place, name)
        for line, row in enumerate(rows, start=1):
            for place, name in enumerate(names):
                _cell(sheet, line, place, row[name], kinds)
    book.close()
    return out.getvalue()


def _cell(sheet: Any, line: int, place: int, value: Any, kinds: dict[type, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal):
        sheet.write_number(line, place, float(value), kinds[Decimal])
    elif isinstance(value, datetime):
        sheet.write_string(line, place, value.isoformat())
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, kinds[date])
    elif isinstance(value, int):
        sheet.write_number(line, place, value)
    else:
        sheet.write_string(line, place, str(spreadsheet_cell(str(value)))[:32_000])
