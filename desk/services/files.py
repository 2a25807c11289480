"""The files of messages: written so that they outlive a power cut, read only as they were written."""

import hashlib
import os
from pathlib import Path

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
            part = (files_folder() / path).with_suffix(f".{message.lease_token}.part")
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
    _record(message, made)


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
