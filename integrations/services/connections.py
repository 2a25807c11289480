"""Connections that bring files: a folder that the night empties, an address to which files are sent."""

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import doorbells
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid, NotFound, Refusal
from core.tenancy import require_tenant_id
from integrations.files import KINDS
from integrations.models import Connection, SyncRun
from integrations.services.mappings import mapping_for
from integrations.services.receiving import blocks, receive
from integrations.services.runs import State, apply, choose_mapping, get_run, look_at, os_said, queue
from receivables.models import Entity

log = logging.getLogger(__name__)

# A file that nobody has written to for so long is complete; what programs name while they write is never taken.
SETTLE_SECONDS = 60
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_DONE, _FAILED = "done", "failed"
# The bell of mailboxes, which are read in integrations.services.mailboxes.
MAIL_BELL = "mail"


class BadConnection(Invalid):
    code = "bad_connection"
    message = _("The connection cannot be saved like this.")


class ConnectionTaken(Conflict):
    code = "connection_taken"
    message = _("There is a connection with this name or folder already.")


class UnknownConnection(NotFound):
    code = "unknown_connection"
    message = _("There is no such connection.")


@dataclass
class Emptied:
    """What a sync brought: how many files were taken, and the runs in the order in which they were loaded."""

    taken: int = 0
    runs: list[UUID] = field(default_factory=list)


@transaction.atomic
def create_connection(
    *, name: str, kind: str, source: str, actor: Actor, folder: str = "", entity_id: UUID | None = None
) -> tuple[Connection, str]:
    """A new connection, and for an upload address its secret, which is shown once and stored hashed.

    Raises BadConnection, ConnectionTaken.
    """
    if kind not in (Connection.Kind.FOLDER, Connection.Kind.UPLOAD) or not name.strip() or not source.strip():
        raise BadConnection
    if kind == Connection.Kind.FOLDER and not _FOLDER.fullmatch(folder):
        raise BadConnection(fields={"folder": [_("Letters, digits, hyphens and underscores only, 80 at most.")]})
    if entity_id is not None and not Entity.objects.filter(id=entity_id).exists():
        raise BadConnection(fields={"entity": [_("There is no such company.")]})
    secret = secrets.token_hex(32) if kind == Connection.Kind.UPLOAD else ""
    try:
        with transaction.atomic():
            connection = Connection.objects.create(
                name=name.strip(),
                kind=kind,
                source=source.strip(),
                folder=folder if kind == Connection.Kind.FOLDER else "",
                secret_hash=_hash(secret) if secret else "",
                entity_id=entity_id,
                created_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise ConnectionTaken from error
    record(actor=actor, action="integrations.connection_created", row=connection)
    if kind == Connection.Kind.FOLDER:
        inbox(connection).mkdir(parents=True, exist_ok=True)
    return connection, secret


@transaction.atomic
def set_active(*, connection_id: UUID, is_active: bool, actor: Actor) -> Connection:
    """Switch a connection on or off. Raises UnknownConnection."""
    connection = Connection.objects.select_for_update().filter(id=connection_id).first()
    if connection is None:
        raise UnknownConnection
    if connection.is_active != is_active:
        Connection.objects.filter(id=connection_id).update(is_active=is_active, updated_at=Now())
        changes = {"is_active": [connection.is_active, is_active]}
        record(actor=actor, action="integrations.connection_switched", row=connection, changes=changes)
        if is_active and connection.kind == Connection.Kind.IMAP:
            doorbells.ring(MAIL_BELL)
        connection.is_active = is_active
    return connection


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def connection_with(*, connection_id: UUID, secret: str) -> Connection:
    """The active upload address that the secret opens. Raises UnknownConnection, whichever of the two is wrong."""
    found = Connection.objects.filter(id=connection_id, kind=Connection.Kind.UPLOAD, is_active=True).first()
    if found is None or not hmac.compare_digest(found.secret_hash, _hash(secret)):
        raise UnknownConnection
    return found


def receive_upload(
    *,
    connection: Connection,
    chunks: Iterable[bytes],
    file_name: str,
    on: date,
    control_totals: dict[str, str] | None = None,
) -> SyncRun:
    """Keep a file sent to an upload address and have it loaded by the worker for long jobs; its run.

    A file whose columns are not recognised is REFUSED at once. Rows that cannot be read are set aside.
    """
    run = _received(connection, chunks=chunks, file_name=file_name, on=on, control_totals=control_totals)
    if _prepare(run):
        return queue(run_id=run.id, actor=SYSTEM)
    return get_run(run.id)


def _received(
    connection: Connection,
    *,
    chunks: Iterable[bytes],
    file_name: str,
    on: date,
    control_totals: dict[str, str] | None = None,
) -> SyncRun:
    return receive(
        chunks=chunks,
        file_name=file_name,
        as_of=on,
        actor=SYSTEM,
        source=connection.source,
        entity_code=connection.entity.code if connection.entity else "",
        control_totals=control_totals,
        all_or_nothing=False,
        connection=connection,
    )


def _prepare(run: SyncRun) -> bool:
    """Recognise the columns; False, with the run REFUSED, where a person must look."""
    try:
        inspection, _mapping, _guess = look_at(run_id=run.id)
        mapping = mapping_for(inspection, source=run.source)
        choose_mapping(run_id=run.id, mapping=mapping, actor=SYSTEM)
    except Refusal as refused:
        with transaction.atomic():
            SyncRun.objects.filter(id=run.id).update(state=State.REFUSED, error=str(refused)[:2000], finished_at=Now())
        return False
    return True


def inbox(connection: Connection) -> Path:
    """The folder that a FOLDER connection empties: below the organisation's own inbox, whatever the row says."""
    if not _FOLDER.fullmatch(connection.folder):
        raise BadConnection
    return Path(settings.SPOOL_DIR) / "inbox" / str(require_tenant_id()) / connection.folder


def sync_connections(*, on: date, settle_seconds: int = SETTLE_SECONDS) -> Emptied:
    """Take every complete file out of the folders of active connections and load it as of the business day `on`.

    Of one folder, customers come before items and items before allocations, then the older file first. A loaded file
    goes to `done`, another one to `failed`; one that is still being written stays. Run again, it takes what is left.
    A folder that cannot be read or emptied keeps why, and stops no other.
    """
    with transaction.atomic():
        found = list(
            Connection.objects.select_related("entity")
            .filter(kind=Connection.Kind.FOLDER, is_active=True)
            .order_by("name")
        )
    emptied = Emptied()
    for connection in found:
        said = ""
        try:
            _empty(connection, emptied, on=on, settle_seconds=settle_seconds)
        except OSError as error:
            said = os_said(error)
            log.warning("the folder of connection %s cannot be emptied: %s", connection.id, said)
        with transaction.atomic():
            Connection.objects.filter(id=connection.id).exclude(error=said[:300]).update(error=said[:300])
    return emptied


def _empty(connection: Connection, emptied: Emptied, *, on: date, settle_seconds: int) -> None:
    """Load what lies in one folder. Raises OSError where the folder or a file in it cannot be read or moved."""
    folder = inbox(connection)
    prepared = [_take(connection, path, on=on) for path in _complete_files(folder, settle_seconds=settle_seconds)]
    known = [(run, path) for run, path in prepared if run is not None]
    for run, path in sorted(known, key=lambda pair: KINDS.index(pair[0].kind) if pair[0].kind in KINDS else len(KINDS)):
        ended = run if run.state == State.REFUSED else apply(run_id=run.id)
        _move(path, folder / (_DONE if ended.state in (State.APPLIED, State.UNCHANGED) else _FAILED), run=ended)
        emptied.taken += 1
        emptied.runs.append(ended.id)


def _complete_files(folder: Path, *, settle_seconds: int) -> list[Path]:
    """Files that nobody writes to any more, the oldest first. Links and folders are left alone. Raises OSError."""
    before = time.time() - settle_seconds
    files = [
        (path.stat().st_mtime, path.name, path)
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and not path.name.lower().endswith(_UNFINISHED)
        and not path.is_symlink()
        and path.is_file()
    ]
    return [path for changed_at, _name, path in sorted(files) if changed_at <= before]


def _take(connection: Connection, path: Path, *, on: date) -> tuple[SyncRun | None, Path]:
    """Receive and recognise one file; None where it changed while it was read."""
    before = path.stat()
    try:
        run = _received(connection, chunks=blocks(path), file_name=path.name, on=on)
    except Refusal:
        (path.parent / _FAILED).mkdir(exist_ok=True)
        path.rename(path.parent / _FAILED / f"{time.time_ns()}_{path.name}")
        return None, path
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        with transaction.atomic():
            SyncRun.objects.filter(id=run.id).update(
                state=State.STOPPED, error=str(_("The file was still being written.")), finished_at=Now()
            )
        return None, path
    _prepare(run)
    return get_run(run.id), path


def _move(path: Path, folder: Path, *, run: SyncRun) -> None:
    folder.mkdir(exist_ok=True)
    path.rename(folder / f"{run.as_of:%Y%m%d}_{str(run.id)[-12:]}_{path.name}")
