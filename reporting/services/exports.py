"""Exports of what is too long to wait for: asked for, written by a worker, fetched by who asked."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.access import business_today, scope_of
from accounts.models import Member, Tenant
from core import jobs
from core.audit import Actor, record
from core.errors import Conflict, NotAllowed, NotFound, Refusal
from core.lists import Reader, Reading, Row, list_named
from core.models import JobRun
from core.tenancy import require_tenant_id
from reporting.models import Export
from reporting.services.spreadsheets import export_columns, export_slices, write_csv, write_xlsx

JOB = "export"
# A running export that gave no sign of life for so long has died.
DEAD_AFTER = timedelta(minutes=10)
KEPT_DAYS = 7
# An export that no worker has begun for so long: the message was lost, send another.

RING_AGAIN_AFTER = timedelta(seconds=20)


class ExportRunning(Conflict):
    code = "export_running"
    message = _("Another export of your organisation is being written. Start this one when it has ended.")


class _Stopped(Exception):
    pass


def export_folder() -> Path:
    """Where the tenant's files lie. Made when needed."""
    folder = Path(settings.DATA_DIR) / "files" / "exports" / str(require_tenant_id())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@transaction.atomic
def start_export(*, list_name: str, query: str, file_format: str, language: str, member: Member, on: date) -> Export:
    """Ask for an export; the caller sends for a worker once this is committed. Raises ExportRunning, NotFound."""
    list_named(list_name)
    jobs.lock("export-start")
    running = JobRun.objects.filter(job=JOB, state=JobRun.State.RUNNING)
    for run in running:
        if run.heartbeat_at > timezone.now() - DEAD_AFTER:
            raise ExportRunning
        jobs.finish(run=run, state=JobRun.State.FAILED, error="no sign of life")
    _remove_old()
    run = jobs.start_numbered(job=JOB, on=on)
    export = Export.objects.create(
        run=run, member=member, list_name=list_name, query=query, file_format=file_format, language=language
    )
    record(
        actor=Actor.member(member),
        action="reporting.export_started",
        row=export,
        changes={"list_name": [None, list_name], "file_format": [None, file_format]},
    )
    return export


def write_export(*, export_id: UUID) -> Export:
    """Write the file, as the member who asked may see the rows now. Does nothing when it is written or being written."""
    with transaction.atomic():
        export = Export.objects.select_related("run", "member__role").filter(id=export_id).first()
        if export is None:
            raise NotFound
        taken = JobRun.objects.filter(id=export.run_id, state=JobRun.State.RUNNING, total_count__isnull=True).update(
            total_count=0
        )
        if not taken:
            return export
        reading = _reading(export)
    path = export_folder() / f"{export.id}.{export.file_format}"
    try:
        with override(export.language):
            rows = _write(export, reading, path)
    except _Stopped:
        path.unlink(missing_ok=True)
        jobs.finish(run=export.run, state=JobRun.State.STOPPED)
    except Refusal as refusal:
        path.unlink(missing_ok=True)
        jobs.finish(run=export.run, state=JobRun.State.FAILED, error=str(refusal))
    except Exception as error:
        path.unlink(missing_ok=True)
        jobs.finish(run=export.run, state=JobRun.State.FAILED, error=type(error).__name__)
        raise
    else:
        with transaction.atomic():
            Export.objects.filter(id=export.id).update(file_path=path.name, row_count=rows)
            jobs.finish(run=export.run)
    export.refresh_from_db()
    return export


def _reading(export: Export) -> Reading:
    page, member = list_named(export.list_name), export.member
    if not (member.can(page.can) and page.export_can is not None and member.can(page.export_can)):
        raise NotAllowed
    on = business_today(Tenant.objects.get(id=require_tenant_id()))
    reader = Reader(scope=scope_of(member), on=on, member_id=member.id, may=member.can)
    reading = Reading(page, QueryDict(export.query), reader)
    reading.check()
    return reading


def _write(export: Export, reading: Reading, path: Path) -> int:
    with transaction.atomic():
        columns = export_columns(reading)
        expected = reading.source.count(cap=10_000_000)
    jobs.progress(run_id=export.run_id, done=0, total=expected)
    slices = _told(export_slices(reading), export.run_id)
    if export.file_format == Export.Format.XLSX:
        return write_xlsx(path, columns=columns, slices=slices, title=str(reading.page.title))
    return write_csv(path, columns=columns, slices=slices)


def _told(slices: Iterable[Sequence[Row]], run_id: UUID) -> Iterator[Sequence[Row]]:
    """The slices, while the run hears how far it is. Raises _Stopped when somebody asked for it."""
    done = 0
    for rows in slices:
        yield rows
        done += len(rows)
        if not jobs.progress(run_id=run_id, done=done):
            raise _Stopped


@transaction.atomic
def is_forgotten(*, export: Export, now: datetime) -> bool:
    """Whether no worker has begun it for a while. True once in each such while, so that one message is sent."""
    waiting = JobRun.objects.filter(
        id=export.run_id,
        state=JobRun.State.RUNNING,
        total_count__isnull=True,
        heartbeat_at__lt=now - RING_AGAIN_AFTER,
    )
    return bool(waiting.update(heartbeat_at=now))


@transaction.atomic
def stop_export(*, export: Export) -> None:
    """Have the worker stop at the next slice; what has not begun ends at once."""
    begun = JobRun.objects.filter(id=export.run_id, state=JobRun.State.RUNNING, total_count__isnull=False)
    if not begun.update(stop_requested=True):
        jobs.finish(run=export.run, state=JobRun.State.STOPPED)


def _remove_old() -> None:
    """Forget files older than a week; their rows stay."""
    old: Any = Export.objects.filter(created_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).exclude(file_path="")
    for export in old:
        (export_folder() / export.file_path).unlink(missing_ok=True)
        Export.objects.filter(id=export.id).update(file_path="")
