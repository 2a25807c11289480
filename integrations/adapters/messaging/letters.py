"""Letters: a PDF per message, archived with its hash, in the tray from which a person prints or a service fetches."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from desk.models import Message
from desk.pdf import PdfFailed, PdfProcess
from desk.ports import RefusedForGood, RefusedForNow


class LetterTray:
    """desk.ports.Transport for letters. The renderer's process is started with the first letter and ends with the batch."""

    def __init__(self) -> None:
        self._renderer: PdfProcess | None = None

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        if self._renderer is None:
            self._renderer = PdfProcess()
        try:
            pdf = self._renderer.render(message.body_html)
        except PdfFailed as error:
            raise (RefusedForGood if error.is_final else RefusedForNow)(str(error)) from error
        path = Path("letters") / message.tenant_id.hex / f"{message.id.hex}.pdf"
        target = Path(settings.DATA_DIR) / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".part")
        temporary.write_bytes(pdf)
        if not hand():
            temporary.unlink(missing_ok=True)
            return False
        temporary.replace(target)
        with transaction.atomic():
            Message.objects.filter(id=message.id, lease_token=message.lease_token).update(
                attachment_path=str(path), attachment_sha256=hashlib.sha256(pdf).hexdigest()
            )
        return True

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
