"""A mailbox over IMAP: which mails are new, each as it was received, and what is to become of it there.

The standard library's client, kept within limits: it connects to the address that was checked, always encrypted, waits
for no answer longer than half a minute and reads no answer longer than a mail may be. Source: RFC 3501, 6851, 4315.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from integrations.hosts import checked_address

TIMEOUT_SECONDS = 30
# Above the largest mail that is read whole: what a server says in one piece.
LARGEST_ANSWER = 32 * 1024 * 1024
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')


class MailboxAway(Exception):
    """The server cannot be reached, does not let us in, or stopped answering: nothing was lost, it is tried again."""


class Refused(MailboxAway):
    """The server said no to one thing; the connection goes on."""


@dataclass(frozen=True)
class Access:
    """Where a mailbox is and how it is entered."""

    host: str
    port: int
    starttls: bool
    user_name: str
    password: str
    folder: str


@dataclass(frozen=True)
class Entry:
    """A mail on the server: its number there, its size in bytes, and when the server received it."""

    uid: int
    size: int
    received_at: datetime | None


class _Limits:
    """What both clients have in common: the checked address, and no endless answers."""

    host: str
    port: int
    address: str

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return socket.create_connection((self.address, self.port), TIMEOUT_SECONDS)

    def read(self, size: int) -> bytes:
        if size > LARGEST_ANSWER:
            raise imaplib.IMAP4.abort(f"an answer of {size} bytes")
        return super().read(size)  # type: ignore[misc]


class _Plain(_Limits, imaplib.IMAP4):
    def __init__(self, address: str, host: str, port: int) -> None:
        self.address = address
        imaplib.IMAP4.__init__(self, host, port, timeout=TIMEOUT_SECONDS)


class _Tls(_Limits, imaplib.IMAP4_SSL):
    def __init__(self, address: str, host: str, port: int, context: ssl.SSLContext) -> None:
        self.address = address
        imaplib.IMAP4_SSL.__init__(self, host, port, ssl_context=context, timeout=TIMEOUT_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self.ssl_context.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class Imap:
    """An open folder of a mailbox. Use `opened`."""

    def __init__(self, client: imaplib.IMAP4, folder: str) -> None:
        self._client = client
        self.count = int(self._answer(*client.select(_quoted(folder)))[0] or 0)
        validity = client.response("UIDVALIDITY")[1]
        self.uid_validity = int(validity[0]) if validity and validity[0] else 0

    def uids(self, *, since: date, after: int) -> list[int]:
        """Numbers of the mails that the server received since a day, above `after`, the oldest first."""
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        found = self._answer(*self._client.uid("SEARCH", "UID", f"{after + 1}:*", "SINCE", day))
        # "n:*" names the last mail even when it is older than n.
        return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > after)

    def entry(self, uid: int) -> Entry | None:
        """Size and time of a mail; None when it is gone."""
        for line in self._answer(*self._client.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)")):
            text = line[0] if isinstance(line, tuple) else line
            if text and (size := _SIZE.search(text)):
                stamp = _DATE.search(text)
                return Entry(uid, int(size[1]), _moment(stamp[1]) if stamp else None)
        return None

    def read(self, uid: int, *, head_only: bool = False) -> bytes | None:
        """The mail as it was received, or only its head; it does not count as read by that. None when it is gone."""
        part = "BODY.PEEK[HEADER]" if head_only else "BODY.PEEK[]"
        for line in self._answer(*self._client.uid("FETCH", str(uid), f"({part})")):
            if isinstance(line, tuple):
                return bytes(line[1])
        return None

    def flag(self, uid: int) -> None:
        """Mark as read, as a person's program does."""
        self._answer(*self._client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)"))

    def move(self, uid: int, folder: str) -> None:
        """Move to another folder of the mailbox, which is made where it is missing."""
        target = _quoted(folder)
        self._client.create(target)  # NO where it exists
        if "MOVE" in self._client.capabilities:
            self._answer(*self._client.uid("MOVE", str(uid), target))
            return
        self._answer(*self._client.uid("COPY", str(uid), target))
        self._answer(*self._client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen \\Deleted)"))
        if "UIDPLUS" in self._client.capabilities:
            # Without it other people's deleted mails would go too: the copy stays marked as deleted then.
            self._answer(*self._client.uid("EXPUNGE", str(uid)))

    @staticmethod
    def _answer(state: str, lines: Any) -> Any:
        if state != "OK":
            raise Refused(_shown(lines[0] if lines else b""))
        return lines


@contextmanager
def opened(access: Access, *, context: ssl.SSLContext | None = None) -> Iterator[Imap]:
    """The folder, entered over an encrypted connection whose certificate fits the host. Raises MailboxAway, BadHost."""
    client: imaplib.IMAP4 | None = None
    secure = context or ssl.create_default_context()
    address = checked_address(access.host, access.port)
    try:
        if access.starttls:
            client = _Plain(address, access.host, access.port)
            client.starttls(secure)
        else:
            client = _Tls(address, access.host, access.port, secure)
        _log_in(client, access)
        yield Imap(client, access.folder)
    except MailboxAway:
        raise
    except (imaplib.IMAP4.error, OSError, EOFError) as error:
        raise MailboxAway(_shown(error)) from error
    finally:
        if client is not None:
            _leave(client)


def _log_in(client: imaplib.IMAP4, access: Access) -> None:
    """By SASL PLAIN, which takes any letters, else by LOGIN. Only ever over an encrypted connection."""
    if "AUTH=PLAIN" in client.capabilities:
        words = f"\0{access.user_name}\0{access.password}".encode()
        client.authenticate("PLAIN", lambda _challenge: words)
    else:
        # The client's own method sends the user's name as it stands, blanks and all.
        state, said = client._simple_command("LOGIN", _quoted(access.user_name), _quoted(access.password))  # type: ignore[attr-defined]
        if state != "OK":
            raise MailboxAway(_shown(said[0]))
        client.state = "AUTH"
    # What a server can do is often said only to those whom it knows.
    state, said = client.capability()
    if state == "OK" and said[0]:
        client.capabilities = tuple(said[0].decode("ascii", "replace").upper().split())


def _leave(client: imaplib.IMAP4) -> None:
    """As it should be done where that is possible; a connection that is broken has been left already."""
    try:
        client.logout()
    except (imaplib.IMAP4.error, OSError, EOFError):
        with suppress(OSError):
            client.shutdown()


def _quoted(text: str) -> str:
    """A name as IMAP takes it: modified UTF-7, quoted. No control character ever comes so far (BadMailbox)."""
    if any(ord(mark) < 32 or ord(mark) == 127 for mark in text):
        raise Refused("a name with control characters")
    encoded = re.sub(r"[^\x20-\x7e]+", _utf7, text.replace("&", "&-"))
    escaped = encoded.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _utf7(found: re.Match[str]) -> str:
    code = b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{code}-"


def _moment(stamp: bytes) -> datetime | None:
    try:
        return datetime.strptime(stamp.decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def _shown(said: object) -> str:
    """What a server or a socket said, on one line and short enough to be kept."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:280] or type(said).__name__
