"""Letters: a PDF per message, archived with its hash, in the tray from which a person prints or a service fetches."""

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from desk.models import Channel, Message, MessageFile
from desk.pdf import PdfFailed, PdfProcess
from desk.ports import RefusedForGood, RefusedForNow


class LetterTray:
    """desk.ports.Transport for letters. The renderer's process is started with the first letter and ends with the batch.

    While a letter is archived and recorded, the process is at the next one.
    """

    def __init__(self) -> None:
        self._renderer = PdfProcess()
        self._following: dict[UUID, str] = {}

    def expect(self, messages: Sequence[Message]) -> None:
        self._following = {message.id: following.body_html for message, following in pairwise(messages)}

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        try:
            pdf = self._renderer.render(message.body_html, following=self._following.get(message.id, ""))
        except PdfFailed as error:
            raise (RefusedForGood if error.is_final else RefusedForNow)(str(error)) from error
        path = letter_path(message)
        target = Path(settings.DATA_DIR) / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(f".{message.lease_token}.part")
        _write(temporary, pdf)
        _note(message, path=path, pdf=pdf)
        if not hand():
            temporary.unlink(missing_ok=True)
            return False
        temporary.replace(target)
        _keep_names(target.parent)
        return True

    def close(self) -> None:
        self._renderer.close()


def letter_path(message: Message) -> Path:
    """Where the letter lies, below the files folder: registered ones in a tray of their own."""
    tray = "letters-registered" if message.channel == Channel.REGISTERED_LETTER else "letters"
    return Path(tray) / message.tenant_id.hex / f"{message.id.hex}.pdf"


def _write(path: Path, content: bytes) -> None:
    """Onto the disk itself: a letter that is recorded as sent must be there after a power cut."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@transaction.atomic
def _note(message: Message, *, path: Path, pdf: bytes) -> None:
    """Path and hash before the letter is handed over: an archived letter without its hash cannot be."""
    if Message.objects.filter(id=message.id, lease_token=message.lease_token).exists():
        MessageFile.objects.update_or_create(
            message_id=message.id,
            position=0,
            defaults={
                "kind": MessageFile.Kind.LETTER,
                "file_name": "letter.pdf",
                "size": len(pdf),
                "sha256": hashlib.sha256(pdf).hexdigest(),
                "path": str(path),
            },
        )
