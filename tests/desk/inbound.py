"""Mails as they come in, made by hand."""

from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import count
from typing import Any

from desk.models import InboundMessage, Message
from desk.services.inbound import Arrival, take_in
from tests.make import TODAY

_number = count(1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def make_sent(customer: Any, **fields: Any) -> Message:
    """A reminder that has left."""
    n = next(_number)
    values = {
        "reason_type": "test.Reason", "reason_id": f"00000000-0000-7000-8000-{n:012d}", "on": TODAY, "channel": "EMAIL",
        "recipient": f"ap{n}@durand.example", "language": "fr", "subject": "Relance", "body_text": "Bonjour",
        "state": "SENT", "sent_at": NOON,
    }  # fmt: skip
    return Message.objects.create(customer=customer, **{**values, **fields})


def id_of(message: Message) -> str:
    return f"<{message.tenant_id.hex}.{message.id.hex}@encours.example>"


def mail(
    text: str = "Bonjour,\nbien reçu.\n",
    *,
    sender: str = "Claire Martin <claire@durand.example>",
    subject: str = "Re: Relance",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """A mail of one text. Headers as keywords: `In_Reply_To="<..>"`."""
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = sender, "credit@nordis.example", subject
    email["Message-ID"] = message_id or f"<{next(_number)}@durand.example>"
    email["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    for name, value in headers.items():
        email[name.replace("_", "-")] = value
    email.set_content(text)
    return email.as_bytes()


def receipt(message_id: str, *, disposition: str = "manual-action/MDN-sent-manually; displayed") -> bytes:
    """What a mail program writes when its user has opened a message and agrees to say so (RFC 8098)."""
    return f"""From: Claire Martin <claire@durand.example>\r
To: credit@nordis.example\r
Subject: Lu : Relance\r
Message-ID: <mdn{next(_number)}@durand.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Votre message a ete lu. Nous paierons le 15 mars.\r
--b\r
Content-Type: message/disposition-notification\r
\r
Reporting-UA: mail.durand.example; Thunderbird\r
Final-Recipient: rfc822;claire@durand.example\r
Original-Message-ID: {message_id}\r
Disposition: {disposition}\r
\r
--b--\r
""".encode()


def bounce(message_id: str, recipient: str, *, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery report as servers write it (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example\r
To: no-reply@encours.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <dsn{next(_number)}@mx.example>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
I'm sorry to have to inform you that your message could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected: User unknown\r
\r
--b\r
Content-Type: message/rfc822\r
\r
Message-ID: {message_id}\r
Subject: Relance\r
\r
Bonjour\r
--b--\r
""".encode()


def take(raw: bytes, **fields: Any) -> InboundMessage | None:
    return take_in(Arrival(raw=raw, received_at=NOON, on=TODAY, **fields))
