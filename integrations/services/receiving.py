"""A file comes in: kept as it was received, before anybody reads it, with a run that says what became of it."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from core.audit import Actor, record
from core.tenancy import require_tenant_id
from integrations.files import spool
from integrations.models import Connection, SyncRun
from receivables.models import Entity

_BLOCK = 1 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a megabyte at a time."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def spooled_path(run: SyncRun) -> Path:
    """Where the file of a run lies."""
    return Path(settings.SPOOL_DIR) / run.spool_path


def receive(
    *,
    chunks: Iterable[bytes],
    file_name: str,
    as_of: date,
    actor: Actor,
    source: str = "file",
    kind: str = "",
    mode: str = "",
    entity_code: str = "",
    control_totals: dict[str, str] | None = None,
    all_or_nothing: bool = True,
    connection: Connection | None = None,
) -> SyncRun:
    """Keep what arrives below the spool folder, while counting and hashing it, and make its run (RECEIVED).

    `as_of`: the business day of what the file says. `kind`, `mode` and `entity_code` (of rows that name no company)
    where somebody knows them. Raises FileTooLarge; nothing is left then.
    """
    run_id = uuid4()
    relative = f"{require_tenant_id()}/{run_id}"
    path = Path(settings.SPOOL_DIR) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    sha = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for chunk in chunks:
            sha.update(chunk)
            yield chunk

    size = spool(hashed(), path=path)
    try:
        return _make_run(
            run_id=run_id,
            actor=actor,
            connection=connection,
            source=source,
            entity_code=entity_code,
            kind=kind,
            mode=mode,
            as_of=as_of,
            file_name=PurePosixPath(file_name.replace("\\", "/")).name[:200] or "file",
            file_size=size,
            sha256=sha.hexdigest(),
            spool_path=relative,
            all_or_nothing=all_or_nothing,
            options={"entity": entity_code, "control_totals": control_totals or {}},
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@transaction.atomic
def _make_run(*, run_id: UUID, actor: Actor, entity_code: str, **fields: Any) -> SyncRun:
    entity = Entity.objects.filter(code=entity_code).first() if entity_code else None
    run = SyncRun.objects.create(id=run_id, entity=entity, started_by_id=actor.member_id, **fields)
    record(actor=actor, action="integrations.file_received", row=run, changes={"sha256": ["", run.sha256]})
    return run


@transaction.atomic
def delete_payloads(*, received_before: date) -> int:
    """Delete the kept files of finished runs received before the day; the runs stay. How many were deleted."""
    over = (SyncRun.State.APPLIED, SyncRun.State.UNCHANGED, SyncRun.State.REFUSED, SyncRun.State.FAILED,
            SyncRun.State.STOPPED, SyncRun.State.UNDONE)  # fmt: skip
    runs = SyncRun.objects.filter(received_at__date__lt=received_before, state__in=over).exclude(spool_path="")
    count = 0
    for run in runs:
        spooled_path(run).unlink(missing_ok=True)
        SyncRun.objects.filter(id=run.id).update(spool_path="")
        count += 1
    return count
