"""E-mail over SMTP: one connection kept open over a batch, the stable Message-ID, text and HTML."""

import logging
import re
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.header import Header
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from desk.models import Message, MessageFile
from desk.ports import NoConnection, RefusedForGood, RefusedForNow
from desk.services.files import enclosed

TENANT_HEADER = "X-Encours-Tenant"
log = logging.getLogger(__name__)
# Refusals of RCPT that are the address's fault; others (blocked sender, full disk, policy) are not.
_WRONG_ADDRESS = {550, 551, 553, 555}
# What a header can say as it is, in words short enough for its lines to be folded between them.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9&'*+/_-]{1,50}(?: [A-Za-z0-9&'*+/_-]{1,50})*")
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9.,:;()/#+-]{1,50}(?: [A-Za-z0-9.,:;()/#+-]{1,50})*")
# Texts as quoted-printable, which spam filters like better than base64.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
# Headers are folded where they are encoded: a Message-ID that does not fit into a line stays whole.
_WIRE = compat32.clone(linesep="\r\n", max_line_length=None)


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


def as_email(
    message: Message,
    files: Sequence[tuple[MessageFile, bytes]] = (),
    *,
    asks_receipt: bool = False,
    return_address: str = "",
) -> Email:
    """The message as it goes over the wire, to be returned to `return_address` ("": our own) where it cannot be delivered.

    Line breaks in names and subjects become spaces: no header can be added.

    `asks_receipt`: the reader's program is asked to say when it was displayed (RFC 8098); colleagues never are.

    Made of the standard library's older classes: `EmailMessage` takes more than twice as long, and loses spaces between
    the words of a long subject. Raises ValueError for an address that no server could take.
    """
    sender = _address(message.sender_name, _own_address(settings.DEFAULT_FROM_EMAIL))
    to = _address(message.recipient_name, message.recipient)
    copies = [_address("", copy) for copy in message.cc]
    email = _with_files(message, files) if files else _content(message)
    email["Message-ID"] = message_id(message)
    email["Date"] = format_datetime(timezone.now())
    email["From"] = _mailbox("From", sender)
    email["To"] = _mailbox("To", to)
    if copies:
        email["Cc"] = Header(", ".join(copy.addr_spec for copy in copies), header_name="Cc").encode()
    if message.reply_to:
        email["Reply-To"] = _mailbox("Reply-To", _address(message.sender_name, message.reply_to))
    if asks_receipt and message.customer_id and not message.member_id:
        email["Disposition-Notification-To"] = email["Reply-To"] or email["From"]
    subject = _one_line(message.subject)
    email["Subject"] = Header(subject, _charset(subject, _PLAIN_TEXT), header_name="Subject").encode()
    if message.in_reply_to:
        # Written by a person; the recipient's program shows it below what it answers.
        email["In-Reply-To"] = email["References"] = f"<{_one_line(message.in_reply_to)}>"
    else:
        email["Auto-Submitted"] = "auto-generated"
    email[TENANT_HEADER] = str(message.tenant_id)
    recipients = tuple(address.addr_spec for address in (to, *copies))
    return Email(return_address or sender.addr_spec, recipients, email.as_bytes(policy=_WIRE))


def _content(message: Message) -> MIMEMultipart | MIMENonMultipart:
    text = _part("plain", message.body_text)
    if not message.body_html:
        return text
    # No line of quoted-printable can be this: "=" is followed by two digits or ends the line.
    boundary = f"=_{message.id.hex}"
    return MIMEMultipart("alternative", boundary, [text, _part("html", message.body_html)])


def _with_files(message: Message, files: Sequence[tuple[MessageFile, bytes]]) -> MIMEMultipart:
    parts: list[MIMEBase] = [_content(message)]
    for file, content in files:
        kind, _slash, subtype = file.content_type.partition("/")
        part = MIMEBase(kind, subtype)
        part.set_payload(content)
        encode_base64(part)
        # Encoded as RFC 2231 says, so that no name ends the header.
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", _one_line(file.file_name)))
        parts.append(part)
    # Base64 has no underscore.
    return MIMEMultipart("mixed", f"=__{message.id.hex}", parts)


def _part(subtype: str, body: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    # Lone surrogates, which no charset can hold, become question marks.
    part.set_payload(body.encode("utf-8", "replace").decode(), _UTF8)
    return part


def _mailbox(header_name: str, address: Address) -> str:
    """Name and address; a name that would have to be quoted is encoded instead."""
    header = Header(header_name=header_name)
    if address.display_name:
        header.append(address.display_name, _charset(address.display_name, _PLAIN_NAME))
        header.append(f"<{address.addr_spec}>", "us-ascii")
    else:
        header.append(address.addr_spec, "us-ascii")
    return header.encode()


def _charset(text: str, plain: re.Pattern[str]) -> str:
    return "us-ascii" if plain.fullmatch(text) else "utf-8"


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
    """desk.ports.Transport for e-mail. The connection opens with the first message and is renewed when it is lost.

    `return_addresses`: by company (None: all others) where the organisation reads what could not be delivered.
    `asks_receipts`: whether the organisation wishes to hear that its messages were read.
    """

    def __init__(
        self, return_addresses: Mapping[UUID | None, str] | None = None, *, asks_receipts: bool = False
    ) -> None:
        self._connection: smtplib.SMTP | None = None
        self._asks_receipts = asks_receipts
        self._return_addresses = dict(return_addresses or {})

    def expect(self, messages: Sequence[Message]) -> None:
        """Nothing is done ahead: making an e-mail takes less time than its transmission."""

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        try:
            returned_to = self._returned_to(message)
            email = as_email(message, enclosed(message), asks_receipt=self._asks_receipts, return_address=returned_to)
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

    def _returned_to(self, message: Message) -> str:
        known = self._return_addresses
        return known.get(message.entity_id) or known.get(None, "")

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
            own = _own_address(settings.DEFAULT_FROM_EMAIL)
            if sender != own:
                # Mail that leaves under our own address is better than mail that stays: it is asked for this slice only.
                log.warning("mail server refuses %s as the sender: %s", sender.partition("@")[2], code)
                self._return_addresses.clear()
                return self._begin(own)
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
