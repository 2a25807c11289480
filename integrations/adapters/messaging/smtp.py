"""E-mail over SMTP: one connection kept open over a batch, the stable Message-ID, text and HTML."""

import smtplib
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.utils import timezone

from desk.models import Message
from desk.ports import NoConnection, RefusedForGood, RefusedForNow

TENANT_HEADER = "X-Encours-Tenant"
# Refusals of RCPT that are the address's fault; others (blocked sender, full disk, policy) are not.
_WRONG_ADDRESS = {550, 551, 553, 555}


def message_id(message: Message) -> str:
    """`<tenant.message@domain>`: the same each time the row is sent, so that a second copy is recognised as one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "encours.invalid"
    return f"<{message.tenant_id.hex}.{message.id.hex}@{domain}>"


def as_email(message: Message) -> EmailMessage:
    """The message as it goes over the wire. Line breaks in names and subjects become spaces: no header can be added.

    Raises ValueError for an address that no server could take.
    """
    email = EmailMessage(policy=SMTP_POLICY)
    email["Message-ID"] = message_id(message)
    email["Date"] = format_datetime(timezone.now())
    email["From"] = _address(message.sender_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    email["To"] = _address(message.recipient_name, message.recipient)
    if message.cc:
        email["Cc"] = [_address("", copy) for copy in message.cc]
    if message.reply_to:
        email["Reply-To"] = _address(message.sender_name, message.reply_to)
    email["Subject"] = _one_line(message.subject)
    email["Auto-Submitted"] = "auto-generated"
    email[TENANT_HEADER] = str(message.tenant_id)
    email.set_content(message.body_text)
    if message.body_html:
        email.add_alternative(message.body_html, subtype="html")
    return email


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
            payload = email.as_bytes()
        except ValueError as error:
            raise RefusedForGood(str(error), is_address_wrong=True) from error
        sender, recipients = _bare(email, "From"), [*_bare(email, "To"), *_bare(email, "Cc")]
        connection = self._begin(sender[0])
        try:
            for recipient in recipients:
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
            code, answer = connection.data(payload)
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


def _bare(email: EmailMessage, header: str) -> list[str]:
    return [address.addr_spec for address in email[header].addresses] if email[header] else []


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
