"""The files of messages: written so that they outlive a power cut, read only as they were written."""

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound
from desk.models import Attachment, Message, MessageFile
from desk.pdf import PdfFailed, PdfProcess
from desk.ports import FileSource, RefusedForGood, RefusedForNow

# All files of one message together: what mail servers commonly take, less the third that their transport adds.
LARGEST = 9 * 1024 * 1024


class FileChanged(Conflict):
    code = "letter_changed"
    message = _("The archived file is not the one that was sent: its checksum differs.")


def files_folder() -> Path:
    return Path(settings.DATA_DIR) / "files"


def read_file(file: MessageFile | Attachment) -> bytes:
    """Its content, as it was when it was kept. Raises NotFound, FileChanged."""
    return read_path(file.path, sha256=file.sha256)


def read_path(path: str, *, sha256: str) -> bytes:
    """What lies at a path below the files folder. Raises NotFound, FileChanged."""
    place = (files_folder() / path).resolve()
    if not path or not place.is_relative_to(files_folder().resolve()) or not place.is_file():
        raise NotFound
    content = place.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileChanged
    return content


def write_durably(path: Path, content: bytes) -> None:
    """Onto the disk itself: what is recorded as sent must be there after a power cut. Its name: `keep_names`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def keep_names(folder: Path) -> None:
    """The names of a folder's files onto the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def safe_name(text: str, ending: str = "") -> str:
    """A file name for other people's computers: no path, nothing unseen, nothing that a system keeps for itself."""
    kept = "".join(mark if mark.isprintable() and mark not in '/\\:*?"<>|' else "-" for mark in text)
    return (" ".join(kept.split()).strip(". ")[: 120 - len(ending)] or "file") + ending


def enclose(message: Message, sources: list[FileSource], *, renderer: PdfProcess) -> None:
    """Make the files that go along with a message, and record them as its files in place of former ones.

    Raises RefusedForGood (cannot be made, too large, gone) and RefusedForNow. No transaction may be open.
    """
    _record(message, _made(message, sources, renderer=renderer, mark=str(message.lease_token)))


def enclose_now(message: Message, sources: list[FileSource]) -> None:
    """Make the files of a message that waits, while the one who sends it waits too: `kept_files` gives them when it leaves.

    Raises what `enclose` does.
    """
    renderer = PdfProcess()
    try:
        MessageFile.objects.bulk_create(_made(message, sources, renderer=renderer, mark=uuid4().hex))
    finally:
        renderer.close()


def kept_files(messages: Collection[Message]) -> dict[UUID, list[FileSource]]:
    """By message the files that were made when it was written. 1 SQL query."""
    out: dict[UUID, list[FileSource]] = {}
    rows = MessageFile.objects.filter(message__in=[one.id for one in messages], position__gt=0)
    for row in rows.order_by("message_id", "position"):
        source = FileSource(MessageFile.Kind(row.kind), row.file_name, path=row.path, sha256=row.sha256)
        out.setdefault(row.message_id, []).append(source)
    return out


def _made(message: Message, sources: list[FileSource], *, renderer: PdfProcess, mark: str) -> list[MessageFile]:
    """The files on the disk, and their rows to be kept. `mark`: of this try, so that two write to no file together."""
    made, size = [], 0
    for position, source in enumerate(sources, start=1):
        try:
            content = renderer.render(source.html) if source.html else read_path(source.path, sha256=source.sha256)
        except PdfFailed as error:
            raise (RefusedForGood if error.is_final else RefusedForNow)(str(error)) from error
        except (NotFound, FileChanged) as error:
            raise RefusedForGood(f"{source.file_name}: {error}") from error
        size += len(content)
        if size > LARGEST:
            raise RefusedForGood(f"the files that go along have more than {LARGEST} bytes")
        path = source.path
        if source.html:
            path = f"enclosures/{message.tenant_id.hex}/{message.id.hex}.{position}.pdf"
            part = (files_folder() / path).with_suffix(f".{mark}.part")
            write_durably(part, content)
            part.replace(files_folder() / path)
            keep_names(part.parent)
        made.append(
            MessageFile(
                message_id=message.id,
                position=position,
                kind=source.kind,
                file_name=source.file_name,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                path=path,
            )
        )
    return made


@transaction.atomic
def _record(message: Message, files: list[MessageFile]) -> None:
    """Unless the message is somebody else's by now."""
    if Message.objects.filter(id=message.id, lease_token=message.lease_token).exists():
        MessageFile.objects.filter(message_id=message.id, position__gt=0).delete()
        MessageFile.objects.bulk_create(files)


def enclosed(message: Message) -> list[tuple[MessageFile, bytes]]:
    """What goes along with a message, with its content. 1 SQL query where something does. Raises RefusedForGood."""
    if not message.enclosures:
        return []
    try:
        with transaction.atomic():
            return [(file, read_file(file)) for file in message.files.filter(position__gt=0).order_by("position")]
    except (NotFound, FileChanged) as error:
        raise RefusedForGood(str(error)) from error
