"""The dossier of a case: one ZIP with a PDF of all pieces, the same as data (JSON) and as a workbook (XLSX), and files.

Kept below the files folder with its hash: what was handed over can be shown again, byte for byte.
"""

import hashlib
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import xlsxwriter
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.access import Scope
from collection.models import LegalCase
from collection.queries.terminal import cases_in
from collection.services.dossier_data import Data, gather
from collection.services.terminal import AlreadyDecided
from core.audit import Actor, record
from core.errors import NotFound, Refusal
from core.formats import of
from core.tenancy import require_tenant_id
from core.text import spreadsheet_cell
from desk.models import Attachment
from desk.pdf import PdfFailed, PdfProcess
from desk.queries.templates import language_of
from desk.services.comments import content_of

# Up to so many items it is made while one waits; more are a job.
AT_ONCE = 200
PDF_SECONDS = 300
# So many items, and texts of messages, are printed; all of them stand in the data and the workbook.
PRINTED_ITEMS, PRINTED_TEXTS = 1_500, 60
LARGEST_FILES = 100 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)


class DossierFailed(Refusal):
    code = "dossier_failed"
    message = gettext_lazy("The dossier could not be made.")


def make_dossier(*, case_id: UUID, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """Make the dossier of a prepared case as of the day `on`; an older one of it is replaced. Two short transactions.

    Made again from the same facts it holds the same bytes but for the PDF's own stamps. Killed in between, nothing
    has changed. Raises NotFound, AlreadyDecided, DossierFailed.
    """
    with transaction.atomic():
        rows = cases_in(scope=scope).select_related("customer", "entity", "agency")
        row = rows.filter(id=case_id).first()
        if row is None:
            raise NotFound
        if row.state != LegalCase.State.PREPARED:
            raise AlreadyDecided
        language = language_of("", row.entity.language)
        with override(language):
            data = gather(case=row, on=on)
        attachments = list(Attachment.objects.filter(id__in=[one["id"] for one in data["files"]]))
    with override(language):
        content = packed(data, attachments, language=language)
    path = f"dossiers/{require_tenant_id()}/{uuid4()}.zip"
    place = _files() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    try:
        return _kept(case_id, path=path, content=content, actor=actor, on=on)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


@transaction.atomic
def _kept(case_id: UUID, *, path: str, content: bytes, actor: Actor, on: date) -> LegalCase:
    row = LegalCase.objects.select_for_update(of=("self",)).get(id=case_id)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    former = row.path
    row.path, row.size, row.made_on = path, len(content), on
    row.sha256 = hashlib.sha256(content).hexdigest()
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["path", "size", "made_on", "sha256", "updated_at"])
    record(actor=actor, action="collection.dossier_made", row=row, changes={"sha256": ["", row.sha256]})
    if former:
        transaction.on_commit(lambda: (_files() / former).unlink(missing_ok=True))
    return row


def dossier_content(case: LegalCase) -> bytes:
    """The ZIP as it was made. Raises NotFound when it is gone or is not what it was."""
    path = (_files() / case.path).resolve()
    if not case.path or not path.is_relative_to(_files().resolve()) or not path.is_file():
        raise NotFound
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != case.sha256:
        raise NotFound
    return content


def packed(data: Data, attachments: list[Attachment], *, language: str) -> bytes:
    """The ZIP of these values, in the language that is active. Raises DossierFailed."""
    out = BytesIO()
    files = {str(one.id): one for one in attachments}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, _("dossier") + ".pdf", pdf_of(data, language=language))
        _add(archive, "data.json", json.dumps(plain(data), indent=1, ensure_ascii=False).encode())
        _add(archive, _("dossier") + ".xlsx", workbook_of(data))
        total = 0
        for one in data["files"]:
            try:
                content = content_of(files[one["id"]])
            except (KeyError, NotFound):
                continue  # a proof that is gone is named in the data, with its hash
            total += len(content)
            if total > LARGEST_FILES:
                break
            _add(archive, f"files/{one['name']}", content)
    return out.getvalue()


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


def _files() -> Path:
    return Path(settings.DATA_DIR) / "files"
