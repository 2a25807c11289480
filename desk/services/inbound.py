"""Mail comes in: kept as received, taken once, matched, and made known. Nothing is decided for a person.

A reply makes a task; a bounce marks message and address; an automatic answer is a line of the timeline.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from accounts.models import Member
from core.audit import SYSTEM, Actor, record
from core.errors import Refusal
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.models import Event, InboundMessage, Message, ReplyRules, Task
from desk.rules.inbound.mail import UNREADABLE, Mail, read_head, read_mail
from desk.rules.inbound.meaning import proposals_in
from desk.rules.inbound.quotes import cut, without_signature
from desk.rules.inbound.reports import Delivery, delivery_of, is_automatic, returns_on
from desk.services.comments import attach_file
from desk.services.inbound_matching import Match, match, our_message
from desk.services.tasks import NewTask, make_tasks
from receivables.models import Contact, Hold
from receivables.services.standing import place_hold

OBJECT = "desk.InboundMessage"
Kind, State = InboundMessage.Kind, InboundMessage.State

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrival:
    """A mail as it arrived. `connection_id` brought it, for `entity_id` where the connection is one company's."""

    raw: bytes
    received_at: datetime
    on: date
    connection_id: UUID | None = None
    entity_id: UUID | None = None
    size: int = 0  # of the mail where `raw` is only its head


def take_in(arrival: Arrival) -> InboundMessage | None:
    """Keep a mail and do what follows from it; None for one that is known already, and for a copy of our own.

    May run any number of times, at once too, and be killed anywhere: the mail is kept under its hash before its row
    is written, and the row has what follows in its transaction.
    """
    mail = read_mail(arrival.raw, size=arrival.size)
    try:
        return _take(arrival, mail)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Our own mistake with this one mail must not stop the others, nor may the mail be lost: its head is kept.
        log.exception("inbound mail of %s bytes", len(arrival.raw))
        return _take(arrival, read_head(arrival.raw, problem=UNREADABLE))


def _take(arrival: Arrival, mail: Mail) -> InboundMessage | None:
    new, quoted = cut(mail.text)
    sha256 = hashlib.sha256(arrival.raw).hexdigest()
    path = f"inbound/{require_tenant_id().hex}/{sha256}.eml"
    _keep(path, arrival.raw)
    try:
        with transaction.atomic():
            mail_id = _mail_id(mail, new, sha256=sha256)
            if mail_id is None:
                return None
            row = _row(arrival, mail, new=new, quoted=quoted)
            row.mail_id, row.raw_path, row.raw_sha256, row.raw_size = (
                mail_id,
                path,
                sha256,
                arrival.size or len(arrival.raw),
            )
            row.save(force_insert=True)
            record(actor=SYSTEM, action="desk.mail_received", row=row, changes={"kind": [None, row.kind]})
            _follow(row, mail)
    except IntegrityError:
        # Another worker was at it at the same time.
        with transaction.atomic():
            if not InboundMessage.objects.filter(mail_id=mail.mail_id).exists():
                raise
        return None
    return row


def _mail_id(mail: Mail, new: str, *, sha256: str) -> str | None:
    """Under which name it is kept; None for a known one. Another mail under a known Message-ID gets a name of its own."""
    if our_message([mail.mail_id]) is not None:
        return None
    known = InboundMessage.objects.filter(mail_id=mail.mail_id).values_list("sender", "subject", "text").first()
    if known is None:
        return mail.mail_id
    if known == (mail.sender, mail.subject, new):
        return None
    name = f"{mail.mail_id[:230]}#{sha256[:16]}"
    return None if InboundMessage.objects.filter(mail_id=name).exists() else name


def _row(arrival: Arrival, mail: Mail, *, new: str, quoted: str) -> InboundMessage:
    delivery = delivery_of(mail)
    said = without_signature(new)
    found = match(mail, new_text=said)
    report: dict[str, Any] = {}
    kind = Kind.REPLY
    if delivery is not None:
        kind, report = Kind.BOUNCE, _reported(delivery)
    elif mail.receipt == "displayed":
        kind = Kind.RECEIPT
    elif mail.receipt or is_automatic(mail, said):
        back = returns_on(said, on=arrival.on)
        kind, report = Kind.OUT_OF_OFFICE, {"returns_on": back.isoformat() if back else None}
    return InboundMessage(
        connection_id=arrival.connection_id,
        in_reply_to=mail.in_reply_to,
        references=list(mail.references),
        kind=kind,
        state=State.DONE if _needs_nobody(kind, found, delivery) else State.NEW,
        done_on=arrival.on if _needs_nobody(kind, found, delivery) else None,
        sender=mail.sender,
        sender_name=mail.sender_name,
        recipients=list(mail.recipients),
        subject=mail.subject,
        text=new,
        quoted=quoted,
        sent_at=mail.sent_at,
        received_at=arrival.received_at,
        on=arrival.on,
        customer_id=found.customer_id,
        entity_id=_entity(found) or arrival.entity_id,
        contact_id=found.contact_id,
        answers=found.message,
        matched_by=found.by,
        items=[str(item.id) for item in found.items],
        proposals=proposed(said, on=arrival.on) if kind == Kind.REPLY and not _is_colleague(mail.sender) else [],
        report=report,
        files=[{"name": one.name, "size": len(one.content), "kept": False, "why": ""} for one in mail.files],
        problem=_problem(mail),
    )


def proposed(text: str, *, on: date) -> list[dict[str, Any]]:
    """What the words of a mail may mean, as its row keeps it: each waits for a person, OPEN, ACCEPTED or DISMISSED."""
    return [
        {
            "kind": one.kind.value,
            "sentence": one.sentence,
            "due": one.due.isoformat() if one.due else None,
            "amount": str(one.amount) if one.amount is not None else None,
            "currency": one.currency,
            "reason": one.reason,
            "state": "OPEN",
        }
        for one in proposals_in(text, on=on)
    ]


def _problem(mail: Mail) -> dict[str, Any]:
    return mail.problem.plain() if mail.problem else {}


def _needs_nobody(kind: str, found: Match, delivery: Delivery | None) -> bool:
    """Automatic answers, read receipts, and reports of a server that still tries."""
    return kind in (Kind.OUT_OF_OFFICE, Kind.RECEIPT) or (delivery is not None and not delivery.is_final)


def _entity(found: Match) -> UUID | None:
    """The company that was written to, or the one at which all named items are."""
    if found.message is not None and found.message.entity_id:
        return found.message.entity_id
    entities = {item.entity_id for item in found.items}
    return entities.pop() if len(entities) == 1 else None


def _reported(delivery: Delivery) -> dict[str, Any]:
    return {
        "recipient": delivery.recipient,
        "status": delivery.status,
        "is_final": delivery.is_final,
        "is_hard": delivery.is_hard,
        "text": delivery.text,
    }


def _keep(path: str, raw: bytes) -> None:
    """Onto the disk before the row: a row without its mail cannot be. The same mail again is the same file."""
    target = Path(settings.DATA_DIR) / "files" / path
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{uuid4().hex}.part")
    with temporary.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def raw_of(row: InboundMessage) -> bytes | None:
    """The mail as it was received; None when it is gone or changed."""
    root = (Path(settings.DATA_DIR) / "files").resolve()
    path = (root / row.raw_path).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return None
    raw = path.read_bytes()
    return raw if hashlib.sha256(raw).hexdigest() == row.raw_sha256 else None


def _follow(row: InboundMessage, mail: Mail) -> None:
    """What follows from a mail whose customer is known. For one that nobody's is, a person says so first."""
    if row.customer_id is None:
        return
    attach(row, mail)
    if row.kind == Kind.BOUNCE:
        _bounced(row)
    elif row.kind == Kind.OUT_OF_OFFICE:
        _tell(row, "reply.automatic", returns_on=row.report.get("returns_on"))
    elif row.kind == Kind.RECEIPT:
        # Only where it names our own Message-ID, which nobody else knows.
        if row.answers is not None:
            _tell(row, "message.opened.email", recipient=row.sender)
    else:
        replied(row)


def replied(row: InboundMessage) -> None:
    """A person has written: a line of the timeline, a task for the collector, and the hold that the rules ask for."""
    assert row.customer_id is not None
    _tell(row, "reply.received")
    sentence = Phrase(
        gettext_noop("Read the reply of %(name)s: %(subject)s"),
        {"name": row.sender_name or row.sender or "?", "subject": row.subject[:120] or "–"},
    )
    _task(row, Task.Kind.REPLY, key=str(row.id), sentence=sentence)
    days = ReplyRules.objects.values_list("hold_days", flat=True).first() or 0
    if days and not _is_colleague(row.sender):
        place_hold(
            reason=Hold.Reason.REPLY,
            customer_id=row.customer_id,
            from_on=row.on,
            until_on=row.on + timedelta(days=days - 1),
            note=row.subject,
            actor=SYSTEM,
        )


def _is_colleague(sender: str) -> bool:
    return Member.objects.filter(email__iexact=sender).exists()


def _bounced(row: InboundMessage) -> None:
    """A server could not deliver: the message says so, an address that is wrong is not used again, somebody looks.

    Only for a report that names our own Message-ID, which nobody else knows: anybody could send a report.
    """
    if not row.report["is_final"]:
        _tell(row, "message.delayed.email", recipient=row.report["recipient"])
        return
    message, recipient = row.answers, row.report["recipient"]
    said = " ".join(filter(None, (row.report["status"], row.report["text"])))[:300]
    if message is not None and recipient == message.recipient.lower():
        is_hard = row.report["is_hard"]
        state = Message.State.BOUNCED if is_hard else Message.State.FAILED
        sent = Message.objects.filter(id=message.id, state__in=(Message.State.SENT, Message.State.HANDED))
        sent.update(state=state, lease_token=None, error=said, updated_at=Now())
        if is_hard and message.contact_id:
            contact = Contact.objects.filter(id=message.contact_id, email__iexact=recipient, email_bounced_at=None)
            contact.update(email_bounced_at=Now(), updated_at=Now())
    _tell(row, "message.bounced.email", recipient=recipient, error=said)
    sentence = Phrase(gettext_noop("A message to %(recipient)s came back: find another way"), {"recipient": recipient})
    key = f"{message.id}:{recipient}" if message is not None else str(row.id)
    _task(row, Task.Kind.BOUNCE, key=key[:120], sentence=sentence)


def _tell(row: InboundMessage, kind: str, **data: Any) -> None:
    assert row.customer_id is not None
    Event.objects.create(
        customer_id=row.customer_id,
        kind=kind,
        on=row.on,
        object_type=OBJECT,
        object_id=row.id,
        data={
            "mail": str(row.id),
            "subject": row.subject,
            "sender": row.sender_name or row.sender,
            "text": row.text[:500],
            **data,
        },
    )


def _task(row: InboundMessage, kind: Task.Kind, *, key: str, sentence: Phrase) -> None:
    assert row.customer_id is not None
    task = NewTask(
        kind=kind,
        key=key,
        customer_id=row.customer_id,
        sentence=sentence,
        due_on=row.on,
        object_type=OBJECT,
        object_id=row.id,
    )
    make_tasks(tasks=[task], on=row.on)


def attach(row: InboundMessage, mail: Mail, *, actor: Actor = SYSTEM) -> None:
    """The files of a mail as attachments of its row: of known kinds and sizes, given out as downloads only."""
    assert row.customer_id is not None
    files = []
    for part in mail.files:
        entry = {"name": part.name, "size": len(part.content), "kept": True, "why": ""}
        try:
            with transaction.atomic():
                attach_file(
                    customer_id=row.customer_id,
                    object_type=OBJECT,
                    object_id=row.id,
                    file_name=part.name,
                    chunks=[part.content],
                    on=row.on,
                    actor=actor,
                )
        except Refusal as refusal:
            entry |= {"kept": False, "why": type(refusal).code}
        files.append(entry)
    if files:
        row.files = files
        row.save(update_fields=["files"])
