"""The demo mailbox: what would have reached customers, kept as files for the mailbox page.

A sandbox's mail goes here and nowhere else. In local mode a real SMTP server on this machine fills the same folder
(integrations.mailbox_server). The newest 2,000 messages of an organisation are kept.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from desk.models import Message
from desk.ports import RefusedForGood
from desk.rules.texting import Length, length, plain
from desk.services.files import enclosed
from integrations.adapters.messaging.smtp import as_email, message_id

LONGEST_LIST = 500
# Of what is no e-mail.
CHANNEL_HEADER = "X-Encours-Channel"
KEPT = 2000


@dataclass(frozen=True)
class Arrived:
    """A message in the mailbox. `name` is its file's, unique in the organisation."""

    name: str
    at: datetime | None
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    copies: int
    channel: str = "EMAIL"
    files: tuple[str, ...] = ()  # names of what came along
    size: Length | None = None  # of a text message


def folder(tenant_id: UUID) -> Path:
    return Path(settings.DATA_DIR) / "mailbox" / tenant_id.hex


def keep(*, tenant_id: UUID, payload: bytes, name: str) -> None:
    """Store a message under its Message-ID; one that arrives again adds a dot to its counter, not a second file."""
    place = folder(tenant_id)
    place.mkdir(parents=True, exist_ok=True)
    target = place / f"{_safe(name)}.eml"
    is_new = not target.exists()
    handle, temporary = tempfile.mkstemp(dir=place)
    with os.fdopen(handle, "wb") as file:
        file.write(payload)
    Path(temporary).replace(target)
    with target.with_suffix(".copies").open("ab") as counter:
        counter.write(b".")
    if is_new:
        _forget_oldest(place)


def _forget_oldest(place: Path) -> None:
    files = list(place.glob("*.eml"))
    if len(files) > KEPT:
        files.sort(key=lambda path: path.stat().st_mtime)
        for path in files[: len(files) - KEPT]:
            path.with_suffix(".copies").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def arrived(tenant_id: UUID) -> Iterator[Arrived]:
    """The newest messages first, at most 500."""
    place = folder(tenant_id)
    if not place.is_dir():
        return
    files = sorted(place.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[:LONGEST_LIST]:
        yield _read(path)


def one(tenant_id: UUID, name: str) -> Arrived | None:
    """The message of this name; None when there is none."""
    path = folder(tenant_id) / f"{_safe(name)}.eml"
    return _read(path) if path.is_file() else None


def _safe(name: str) -> str:
    return "".join(mark for mark in name if mark.isalnum() or mark in "-_.@")[:200].lstrip(".") or "message"


def _read(path: Path) -> Arrived:
    email = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(email, EmailMessage)
    counter = path.with_suffix(".copies")
    channel, text = str(email[CHANNEL_HEADER] or "EMAIL"), _part(email, "plain")
    return Arrived(
        name=path.stem,
        at=_date(email),
        sender=str(email["From"] or ""),
        recipient=str(email["To"] or ""),
        subject=str(email["Subject"] or ""),
        text=text,
        html=_part(email, "html"),
        copies=counter.stat().st_size if counter.exists() else 1,
        channel=channel,
        files=tuple(str(part.get_filename() or "") for part in email.iter_attachments()) if channel == "EMAIL" else (),
        size=length(plain(text)) if channel == "SMS" else None,
    )


def _date(email: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(email["Date"]))
    except (TypeError, ValueError):
        return None


def _part(email: EmailMessage, kind: str) -> str:
    part = email.get_body(preferencelist=(kind,))
    try:
        return str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError):
        return ""


class MailboxTransport:
    """desk.ports.Transport that leaves this machine never. `asks_receipts`: as in SmtpTransport."""

    def __init__(self, *, asks_receipts: bool = False) -> None:
        self._asks_receipts = asks_receipts

    def expect(self, messages: Sequence[Message]) -> None:
        """Nothing is done ahead: what it takes is a file."""

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        try:
            payload = as_email(message, enclosed(message), asks_receipt=self._asks_receipts).payload
        except ValueError as error:
            raise RefusedForGood(str(error), is_address_wrong=True) from error
        if not hand():
            return False
        keep(tenant_id=message.tenant_id, payload=payload, name=message_id(message).strip("<>"))
        return True

    def close(self) -> None:
        pass
