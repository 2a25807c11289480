"""The dossier of a case: made at once where it is short, else by a worker whose progress is shown; kept with its hash.

Kept below the files folder: what was handed over can be shown again, byte for byte.
"""

import hashlib
import logging
import time
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils.translation import override

from accounts import doorbells
from accounts.access import EVERYTHING, Scope
from accounts.models import Member
from collection.models import LegalCase
from collection.queries.terminal import cases_in
from collection.services.dossier_archive import Progress, write_archive
from collection.services.dossier_data import attachments_of, gather
from collection.services.legal_cases import DOSSIERS
from collection.services.terminal import AlreadyDecided
from core import jobs
from core.audit import SYSTEM, Actor, record
from core.errors import NotFound, Refusal
from core.models import JobRun
from core.tenancy import require_tenant_id
from desk.models import Attachment
from desk.queries.templates import language_of

# Up to so many items, with so many bytes of files, it is made while one waits; more are the worker's.
AT_ONCE = 200
AT_ONCE_BYTES = 5 * 1024 * 1024
# A worker begins no other one after this time, well before its task is ended from outside.
SLICE_SECONDS = 1200.0

log = logging.getLogger(__name__)


def is_short(case: LegalCase) -> bool:
    """Whether the dossier is made while one waits. 3 SQL queries."""
    items = list(case.case_items.values_list("item_id", flat=True)[: AT_ONCE + 1])  # type: ignore[attr-defined]
    size = attachments_of(items).aggregate(size=Sum("size"))["size"] if len(items) <= AT_ONCE else None
    return len(items) <= AT_ONCE and (size or 0) <= AT_ONCE_BYTES


def make_dossier(
    *, case_id: UUID, scope: Scope, actor: Actor, on: date, run: JobRun | None = None, progress: Progress | None = None
) -> LegalCase:
    """Make the dossier of a prepared case as of the day `on`; an older one of it is replaced. Two short transactions.

    Made again from the same facts it holds the same bytes but for the PDF's own stamps. Killed anywhere, the case has
    the dossier that it had, and what was left on the disk goes with the next one. `run`: of the worker that makes it.
    Raises NotFound, AlreadyDecided, DossierFailed, AlreadyRunning.
    """
    with jobs.exclusive(f"dossier/{case_id}"):
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
            attachments = list(Attachment.objects.filter(id__in=[one["id"] for one in data["files"] if one["id"]]))
        folder = _files() / f"dossiers/{require_tenant_id()}"
        folder.mkdir(parents=True, exist_ok=True)
        part, name = folder / f"{row.id}.part", f"{row.id}-{uuid4().hex}.zip"
        try:
            with override(language):
                write_archive(part, data, attachments, language=language, progress=progress or _silently)
            part.replace(folder / name)
            kept = _kept(row.id, path=f"dossiers/{require_tenant_id()}/{name}", actor=actor, on=on, run=run)
        except BaseException:
            part.unlink(missing_ok=True)
            (folder / name).unlink(missing_ok=True)
            raise
        transaction.on_commit(lambda: _remove_others(folder, row.id, name))
        return kept


def _silently(done: int, total: int) -> None:
    """Nobody watches."""


@transaction.atomic
def _kept(case_id: UUID, *, path: str, actor: Actor, on: date, run: JobRun | None) -> LegalCase:
    row = LegalCase.objects.select_for_update(of=("self",)).get(id=case_id)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    place = _files() / path
    row.path, row.size, row.made_on, row.sha256 = path, place.stat().st_size, on, _sha256(place)
    if row.run_id == (run.id if run else None):
        row.wanted_on = None  # wanted anew meanwhile, as somebody else is to collect, it is made once more
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["path", "size", "made_on", "sha256", "wanted_on", "updated_at"])
    record(actor=actor, action="collection.dossier_made", row=row, changes={"sha256": ["", row.sha256]})
    return row


def _remove_others(folder: Path, case_id: UUID, kept: str) -> None:
    """The former dossier, and what killed workers have left."""
    for path in folder.glob(f"{case_id}*"):
        if path.name != kept:
            path.unlink(missing_ok=True)


def dossier_file(case: LegalCase) -> Path:
    """Where the ZIP lies, as it was made. Raises NotFound when it is gone or is not what it was."""
    path = (_files() / case.path).resolve()
    if not case.path or not path.is_relative_to(_files().resolve()) or not path.is_file():
        raise NotFound
    if _sha256(path) != case.sha256:
        raise NotFound
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files() -> Path:
    return Path(settings.DATA_DIR) / "files"


# --- The worker -------------------------------------------------------------------------------------------------------


def make_wanted_dossiers() -> int:
    """Make the dossiers that are wanted, one after the other; how many. Answers the bell of DOSSIERS.

    One worker of an organisation at a time. Killed, it is begun anew when the bell rings again; one that cannot be made
    is not tried again by itself: its run says why.
    """
    count, end = 0, time.monotonic() + SLICE_SECONDS
    try:
        with jobs.exclusive(DOSSIERS):
            while time.monotonic() < end and (case := _begin()) is not None:
                count += _try(case)
    except jobs.AlreadyRunning:
        return count
    _rest()
    return count


@transaction.atomic
def _begin() -> LegalCase | None:
    """The next one, with a run of its own; the run of a worker that died is ended."""
    wanted = LegalCase.objects.select_for_update(of=("self",)).filter(
        wanted_on__isnull=False, state=LegalCase.State.PREPARED
    )
    case = wanted.order_by("number").first()
    if case is None or case.wanted_on is None:
        return None
    if case.run is not None:
        jobs.finish(run=case.run, state=JobRun.State.FAILED, error="no sign of life")
    case.run = jobs.start_numbered(job=DOSSIERS, on=case.wanted_on)
    case.save(update_fields=["run"])
    return case


def _try(case: LegalCase) -> int:
    run, on = case.run, case.wanted_on
    assert run is not None
    assert on is not None
    with transaction.atomic():
        member = Member.objects.filter(id=case.wanted_by_id).first() if case.wanted_by_id else None
    try:
        make_dossier(
            case_id=case.id,
            scope=EVERYTHING,
            actor=Actor.member(member) if member else SYSTEM,
            on=on,
            run=run,
            progress=lambda done, total: jobs.progress(run_id=run.id, done=done, total=total),
        )
    except Exception as error:
        if not isinstance(error, Refusal):
            log.exception("dossier of case %s", case.id)
        with transaction.atomic():
            jobs.finish(run=run, state=JobRun.State.FAILED, error=type(error).__name__)
            LegalCase.objects.filter(id=case.id, run=run).update(wanted_on=None)
        return 0
    jobs.finish(run=run)
    return 1


@transaction.atomic
def _rest() -> None:
    doorbells.hold(DOSSIERS)
    if not LegalCase.objects.filter(wanted_on__isnull=False, state=LegalCase.State.PREPARED).exists():
        doorbells.rest(DOSSIERS, until=None)


def progress_of(case: LegalCase) -> dict[str, Any]:
    """What the page shows of a dossier that is wanted, or could not be made. 1 SQL query."""
    run = case.run
    is_failed = case.wanted_on is None and run is not None and run.state == JobRun.State.FAILED
    return {"run": run, "is_wanted": case.wanted_on is not None, "is_failed": is_failed}
