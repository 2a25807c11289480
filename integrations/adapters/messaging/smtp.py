"""E-mail over SMTP: one connection kept open over a batch, the stable Message-ID, text and HTML."""

import binascii
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from desk.models import Message
from desk.ports import NoConnection, RefusedForGood, RefusedForNow

TENANT_HEADER = "X-Encours-Tenant"
# Refusals of RCPT that are the address's fault; others (blocked sender, full disk, policy) are not.
_WRONG_ADDRESS = {550, 551, 553, 555}
# What a header can say as it is: no quotes, no encoding, no folding.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9&'*+/_-]+(?: [A-Za-z0-9&'*+/_-]+)*")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9 .,:;()/#+-]+")
_LONGEST_LINE = 76
_LONGEST_WORD = 39  # bytes: with what stands around them a line stays below the longest one


@dataclass(frozen=True)
class Email:
    """A message as it goes over the wire, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    payload: bytes


def message_id(message: Message) -> str:
    """`<tenant.message@domain>`: the same each time the row is sent, so that a second copy is recognised as one."""
    domain = _own_address(settings.DEFAULT_FROM_EMAIL).partition("@")[2] or "encours.invalid"
    return f"<{message.tenant_id.hex}.{message.id.hex}@{domain}>"


@lru_cache(maxsize=10)
def _own_address(default: str) -> str:
    return parseaddr(default)[1]


def as_email(message: Message) -> Email:
    """The message as it goes over the wire. Line breaks in names and subjects become spaces: no header can be added.

    Written out here: the standard library takes longer to make a message than a server takes to accept it, and loses
    spaces between the words of a long subject. Raises ValueError for an address that no server could take.
    """
    sender = _address(message.sender_name, _own_address(settings.DEFAULT_FROM_EMAIL))
    to = _address(message.recipient_name, message.recipient)
    copies = tuple(_address("", copy) for copy in message.cc)
    lines = [
        f"Message-ID: {message_id(message)}\r\n",
        f"Date: {format_datetime(timezone.now())}\r\n",
        _address_line("From", sender),
        _address_line("To", to),
        _address_line("Cc", *copies) if copies else "",
        _address_line("Reply-To", _address(message.sender_name, message.reply_to)) if message.reply_to else "",
        _text_line("Subject", _one_line(message.subject)),
        f"Auto-Submitted: auto-generated\r\n{TENANT_HEADER}: {message.tenant_id}\r\nMIME-Version: 1.0\r\n",
    ]
    text = _part("plain", message.body_text)
    if message.body_html:
        # No line of quoted-printable can be this: "=" is followed by two digits or ends the line.
        boundary = f"=_{message.id.hex}"
        lines.append(f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n--{boundary}\r\n')
        text += f"\r\n--{boundary}\r\n".encode() + _part("html", message.body_html) + f"\r\n--{boundary}--\r\n".encode()
    recipients = tuple(address.addr_spec for address in (to, *copies))
    return Email(sender.addr_spec, recipients, "".join(lines).encode("ascii") + text)


def _part(subtype: str, body: str) -> bytes:
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    # The encoder breaks long lines as the first one of the text ends: there must be one.
    lines = "\r\n".join([*body.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"), ""])
    # Lone surrogates, which no charset can hold, become question marks.
    return head.encode() + binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)


def _address_line(name: str, *addresses: Address) -> str:
    if len(addresses) == 1:
        (one,) = addresses
        if _PLAIN_ADDRESS.fullmatch(one.addr_spec):
            return _one_address_line(name, one.display_name, one.addr_spec)
    folded: str = SMTP_POLICY.header_factory(name, list(addresses)).fold(policy=SMTP_POLICY)
    return folded


@lru_cache(maxsize=1000)
def _one_address_line(name: str, display_name: str, address: str) -> str:
    line = f"{name}: {display_name} <{address}>"
    if len(line) <= _LONGEST_LINE and _PLAIN_NAME.fullmatch(display_name):
        return f"{line}\r\n"
    # An address may stand on a line of its own, and a name may be encoded whatever it holds.
    return f"{name}: {_encoded(display_name)}\r\n <{address}>\r\n" if display_name else f"{name}: {address}\r\n"


def _text_line(name: str, text: str) -> str:
    if len(name) + 2 + len(text) <= _LONGEST_LINE and _PLAIN_TEXT.fullmatch(text):
        return f"{name}: {text}\r\n"
    return f"{name}: {_encoded(text)}\r\n"


def _encoded(text: str) -> str:
    """The text as encoded words (RFC 2047), one a line: whole characters in each, and the spaces inside."""
    words, word = [], b""
    for mark in text:
        more = mark.encode("utf-8", "replace")
        if len(word) + len(more) > _LONGEST_WORD:
            words.append(word)
            word = b""
        word += more
    return "\r\n ".join(f"=?utf-8?b?{binascii.b2a_base64(one, newline=False).decode()}?=" for one in [*words, word])


@lru_cache(maxsize=1000)
def _address(name: str, address: str) -> Address:
    local, _at, domain = address.rpartition("@")
    unlikely = not local.isascii() or "@" in local or any(mark.isspace() for mark in address)
    if not local or not domain or unlikely:
        raise ValueError(f"{address!r} is no address that mail can be sent to")
    try:
        return Address(_one_line(name), local, domain.encode("idna").decode())
    except Exception as error:  # the parser's own errors have no common base
        raise ValueError(f"{address!r} is no address that mail can be sent to") from error


def _one_line(text: str) -> str:
    """Without line breaks, control characters and lone surrogates, none of which a header can hold."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


class SmtpTransport:
    """desk.ports.Transport for e-mail. The connection opens with the first message and is renewed when it is lost."""

    def __init__(self) -> None:
        self._connection: smtplib.SMTP | None = None

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        try:
            email = as_email(message)
        except ValueError as error:
            raise RefusedForGood(str(error), is_address_wrong=True) from error
        connection = self._begin(email.sender)
        try:
            for recipient in email.recipients:
                _accept(connection.rcpt(recipient), is_address=True)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise RefusedForNow(_said(error)) from error
        except (RefusedForGood, RefusedForNow):
            self._reset()
            raise
        if not hand():
            self._reset()
            return False
        try:
            code, answer = connection.data(email.payload)
        except smtplib.SMTPDataError as refusal:
            code, answer = refusal.smtp_code, _bytes(refusal.smtp_error)
        except (smtplib.SMTPException, OSError):
            # Lost after the point of no return: the server may have it. The lease decides, under the same Message-ID.
            self._drop()
            return False
        _accept((code, answer))
        return True

    def close(self) -> None:
        if self._connection is not None:
            try:
                self._connection.quit()
            except (smtplib.SMTPException, OSError):
                self._connection.close()
            self._connection = None

    def _begin(self, sender: str) -> smtplib.SMTP:
        """A connection that has taken our sender. A kept one that the server has closed meanwhile is opened once more."""
        for attempt in (1, 2):
            was_open = self._connection is not None
            try:
                connection = self._open()
                code, answer = connection.mail(sender)
            except (smtplib.SMTPException, OSError) as error:
                self._drop()
                if was_open and attempt == 1:
                    continue
                raise NoConnection(_said(error)) from error
            if 200 <= code < 300:
                return connection
            self._drop()
            if not was_open:
                # It is us that the server does not want: no message would get through.
                raise NoConnection(f"{code} {answer.decode(errors='replace')}"[:300])
        raise NoConnection("the server closed the connection")

    def _open(self) -> smtplib.SMTP:
        if self._connection is None:
            connection = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT)
            try:
                connection.ehlo_or_helo_if_needed()
                if settings.EMAIL_USE_TLS:
                    connection.starttls()
                    connection.ehlo()
                if settings.EMAIL_HOST_USER:
                    connection.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            except (smtplib.SMTPException, OSError):
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _reset(self) -> None:
        try:
            if self._connection is not None:
                self._connection.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _accept(reply: tuple[int, bytes], *, is_address: bool = False) -> None:
    code, text = reply
    if 200 <= code < 300:
        return
    said = f"{code} {text.decode(errors='replace')}"[:300]
    if 500 <= code < 600:
        raise RefusedForGood(said, is_address_wrong=is_address and code in _WRONG_ADDRESS)
    raise RefusedForNow(said)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
