"""An answer to a mail that came in: written by a person, sent by the outbox, shown as one conversation there."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor, record
from core.errors import Invalid, NotFound
from core.formats import of
from core.text import Phrase, gettext_noop
from desk.models import Channel, InboundMessage, Message, Task
from desk.ports import Verdict
from desk.queries.templates import language_of
from desk.services import outbox, sending_hours
from desk.services.inbound import OBJECT
from desk.services.tasks import NewTask, make_tasks
from receivables.models import Contact, CustomerAccount, Entity

LONGEST = 20_000
QUOTED_LINES = 60
# Before what is repeated of the mail that is answered.
_WROTE = {
    "en": "On %(day)s, %(name)s wrote:",
    "fr": "Le %(day)s, %(name)s a écrit :",
    "de": "Am %(day)s schrieb %(name)s:",
}


class BadAnswerMail(Invalid):
    code = "bad_answer_mail"
    message = _("The answer cannot be sent like this.")


@transaction.atomic
def answer(*, inbound_id: UUID, subject: str, text: str, actor: Actor, on: date, now: datetime) -> Message:
    """Write back to the sender of a mail; it leaves after 30 seconds, within the sending hours. Raises BadAnswerMail,
    NotFound. The same words to the same mail are one message, however often they are sent.
    """
    row = InboundMessage.objects.select_for_update(of=("self",)).filter(id=inbound_id).first()
    if row is None or row.customer_id is None or row.customer is None:
        raise NotFound
    wrong: dict[str, list[Any]] = {}
    if not text.strip() or len(text) > LONGEST:
        wrong["text"] = [_("Write something, at most %(most)d characters.") % {"most": LONGEST}]
    if not row.sender or row.kind != InboundMessage.Kind.REPLY:
        wrong[""] = [_("There is nobody to write back to.")]
    entity = _entity(row)
    if entity is None:
        wrong[""] = [_("The customer has no account at a company that could write.")]
    if wrong or entity is None:
        raise BadAnswerMail(fields=wrong)
    language = language_of(row.contact.language if row.contact else "", row.customer.language, entity.language)
    reason_id = uuid5(NAMESPACE_URL, f"{row.id}:{text.strip()}")
    message = Message(
        customer_id=row.customer_id,
        entity=entity,
        contact_id=row.contact_id if row.contact and row.contact.email.lower() == row.sender else None,
        reason_type=OBJECT,
        reason_id=reason_id,
        on=on,
        channel=Channel.EMAIL,
        recipient=row.sender,
        recipient_name=row.sender_name,
        reply_to=entity.email,
        sender_name=entity.name,
        in_reply_to=row.mail_id.partition("#")[0],
        language=language,
        subject=" ".join(subject.split())[:250] or answer_subject(row),
        body_text=f"{text.strip()}\n\n{_repeated(row, language)}",
        not_before=sending_hours.leaving()(now + timedelta(seconds=sending_hours.UNDO_SECONDS), entity.country),
        created_by_id=actor.member_id,
    )
    outbox.queue([message])
    queued = Message.objects.get(reason_type=OBJECT, reason_id=reason_id)
    if row.state == InboundMessage.State.NEW:
        InboundMessage.objects.filter(id=row.id).update(state=InboundMessage.State.READ, updated_at=Now())
    record(actor=actor, action="desk.mail_answered", row=row, changes={"message": [None, queued.id]})
    return queued


def _entity(row: InboundMessage) -> Entity | None:
    """The company that was written to, else one that the customer has an account at."""
    if row.entity is not None:
        return row.entity
    accounts = CustomerAccount.objects.filter(customer=row.customer).select_related("entity")
    account = accounts.order_by("id").first() if row.customer_id else None
    return account.entity if account else None


def answer_subject(row: InboundMessage) -> str:
    """The subject with one "Re:" before it."""
    subject = row.subject.strip()
    return subject if subject[:3].lower() in ("re:", "aw:") or subject[:4].lower() == "re :" else f"Re: {subject}"


def _repeated(row: InboundMessage, language: str) -> str:
    """The beginning of the mail, marked line by line, as mail programs do."""
    lines = row.text.splitlines()[:QUOTED_LINES]
    head = _WROTE.get(language, _WROTE["en"]) % {
        "day": of(language).day_long(row.on), "name": row.sender_name or row.sender,
    }  # fmt: skip
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)]) + "\n"


def answers_to(row: InboundMessage) -> "QuerySet[Message]":
    """What was written back to a mail, the newest first."""
    rows = (
        Message.objects.filter(reason_type=OBJECT, customer=row.customer) if row.customer_id else Message.objects.none()
    )
    return rows.filter(in_reply_to=row.mail_id.partition("#")[0]).select_related("created_by").order_by("-created_at")


class AnswerReasons:
    """What the outbox asks about answers (desk.ports.Reasons): they leave as they were written."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        """A person's words speak of no amounts that could have changed."""
        return [Verdict(send=True) for _message in messages]

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """The answer did not arrive: somebody finds another way."""
        if message.customer_id is None:
            return
        if is_address_wrong and message.contact_id:
            Contact.objects.filter(id=message.contact_id).update(email_bounced_at=Now(), updated_at=Now())
        sentence = Phrase(
            gettext_noop("A message to %(recipient)s came back: find another way"), {"recipient": message.recipient}
        )
        task = NewTask(
            kind=Task.Kind.BOUNCE,
            key=f"{message.id}:{message.recipient}"[:120],
            customer_id=message.customer_id,
            sentence=sentence,
            due_on=self.on,
        )
        make_tasks(tasks=[task], on=self.on, actor=SYSTEM)
