"""E-mail over SMTP: one connection kept open over a batch, the stable Message-ID, text and HTML."""

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.utils import timezone

from desk.models import Message
from desk.ports import RefusedForGood, RefusedForNow

TENANT_HEADER = "X-Encours-Tenant"


def message_id(message: Message) -> str:
    """`<tenant.message@domain>`: the same each time the row is sent, so that a second copy is recognised as one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "encours.invalid"
    return f"<{message.tenant_id.hex}.{message.id.hex}@{domain}>"


def as_email(message: Message) -> EmailMessage:
    """The message as it goes over the wire. Names and subject hold no line breaks (the policy refuses them)."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    email = EmailMessage(policy=SMTP_POLICY)
    email["Message-ID"] = message_id(message)
    email["Date"] = format_datetime(timezone.now())
    email["From"] = formataddr((message.sender_name, address))
    email["To"] = formataddr((message.recipient_name, message.recipient))
    if message.cc:
        email["Cc"] = ", ".join(message.cc)
    if message.reply_to:
        email["Reply-To"] = message.reply_to
    email["Subject"] = message.subject
    email["Auto-Submitted"] = "auto-generated"
    email[TENANT_HEADER] = str(message.tenant_id)
    email.set_content(message.body_text)
    if message.body_html:
        email.add_alternative(message.body_html, subtype="html")
    return email


class SmtpTransport:
    """desk.ports.Transport for e-mail. The connection opens with the first message and is renewed when it is lost."""

    def __init__(self) -> None:
        self._connection: smtplib.SMTP | None = None

    def deliver(self, message: Message, *, hand: Callable[[], bool]) -> bool:
        payload = as_email(message).as_bytes()
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        try:
            connection = self._open()
            _expect(connection.mail(sender))
            for recipient in (message.recipient, *message.cc):
                _expect(connection.rcpt(recipient))
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
        _expect((code, answer))
        return True

    def close(self) -> None:
        if self._connection is not None:
            try:
                self._connection.quit()
            except (smtplib.SMTPException, OSError):
                self._connection.close()
            self._connection = None

    def _open(self) -> smtplib.SMTP:
        if self._connection is None:
            connection = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT)
            connection.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                connection.starttls()
                connection.ehlo()
            if settings.EMAIL_HOST_USER:
                connection.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
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


def _expect(reply: tuple[int, bytes]) -> None:
    code, text = reply
    if 200 <= code < 300:
        return
    said = f"{code} {text.decode(errors='replace')}"[:300]
    if 500 <= code < 600:
        raise RefusedForGood(said)
    raise RefusedForNow(said)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
