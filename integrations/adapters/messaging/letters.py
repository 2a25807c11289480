"""Letters: a PDF per message, archived with its hash, in the tray from which a person prints or a service fetches.

What is enclosed lies beside it under the same name, numbered: `<message>.pdf`, `<message>.1.pdf`.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from django.db import transaction

from desk.models import Channel, Message, MessageFile
from desk.pdf import PdfFailed, PdfProcess
from desk.ports import RefusedForGood, RefusedForNow
from desk.services.files import enclosed, files_folder, keep_names, write_durably


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
        target = files_folder() / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(f".{message.lease_token}.part")
        write_durably(temporary, pdf)
        _note(message, path=path, pdf=pdf)
        along = enclosed(message)
        if not hand():
            temporary.unlink(missing_ok=True)
            return False
        for file, content in along:
            write_durably(target.with_suffix(f".{file.position}.pdf"), content)
        # The letter last: when it lies in the tray, what goes along does too.
        temporary.replace(target)
        keep_names(target.parent)
        return True

    def close(self) -> None:
        self._renderer.close()


def letter_path(message: Message) -> Path:
    """Where the letter lies, below the files folder: registered ones in a tray of their own."""
    tray = "letters-registered" if message.channel == Channel.REGISTERED_LETTER else "letters"
    return Path(tray) / message.tenant_id.hex / f"{message.id.hex}.pdf"


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
