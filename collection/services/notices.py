"""Messages to customers that are no reminders: their words, and how each is written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext

from collection.services.addressing import Parties, person_for, persons_of, recipient_of, sender_of
from collection.services.composing import Draft
from collection.services.papers import bank_account_of, iban_of
from collection.services.sending import bounced_addresses
from collection.services.wording import Voice, Wording, framed
from core.audit import Actor
from core.formats import Formats, of
from desk.models import Channel, Message
from desk.ports import FileSource, Verdict
from desk.queries.templates import Texts, language_of
from desk.rules.templates import fill_html, fill_line, fill_text
from desk.texts import WORDS
from receivables.models import Contact, Customer, CustomerAccount, Entity

Told = Callable[[Formats], tuple[Mapping[str, str], Mapping[str, bool]]]


@dataclass(frozen=True)
class Notice:
    """What a message says beside the names that every text knows: `told` gives values and conditions for a language."""

    code: str
    told: Told
    facts: list[dict[str, Any]] = field(default_factory=list)
    enclosures: list[dict[str, Any]] = field(default_factory=list)
    files: Callable[[str], list[FileSource]] = lambda language: []


def parties_of(*, customer: Customer, entity: Entity, sender: Any = None) -> Parties:
    """Who writes to whom. 3 SQL queries."""
    contacts = Contact.objects.filter(customer=customer, is_active=True)
    accounts = CustomerAccount.objects.filter(customer=customer, entity=entity)
    return Parties(
        customer=customer,
        entity=entity,
        persons=persons_of(list(contacts)),
        sender=sender,
        bounced=bounced_addresses([customer.id]),
        accounts=list(accounts.select_related("collector__user", "salesperson__user").order_by("id")),
    )


def draft_notice(
    notice: Notice,
    *,
    parties: Parties,
    on: date,
    texts: Texts,
    roles: Sequence[str] = (),
    contact_id: UUID | None = None,
    language: str = "",
) -> Draft:
    """The message as it would leave now, by e-mail. `contact_id`: the person it is for, if a working address is known.

    `language`: to look at it in that one, whatever the recipient's is.
    """
    chosen = [one for one in parties.persons if one.contact_id == contact_id and one.email and not one.bounced]
    person = chosen[0] if chosen else person_for(Channel.EMAIL, parties, roles)
    entity, customer = parties.entity, parties.customer
    language = language or language_of(person.language if person else "", customer.language, entity.language)
    to = recipient_of(Channel.EMAIL, parties, person=person, language=language)
    sender = sender_of(parties, channel=Channel.EMAIL, is_from_collector=True, cc_salesperson=False, to=to.address)
    voice = Voice(language, of(language), WORDS[language], person, sender.signs)
    text = texts.find(code=notice.code, channel=Channel.EMAIL, language=language)

    def word() -> Wording:
        own, conditions = notice.told(voice.formats)
        values = {**_usual(parties, on, voice), **own}
        holds = {
            "contact": person is not None,
            "sender": bool(sender.signs),
            "phone": bool(entity.phone),
            "bank_details": bool(entity.iban),
            **conditions,
        }
        subject = fill_line(text.subject, values, holds)[:250]
        body = fill_html(text.body, values, items="", holds=holds)
        return Wording(
            subject=subject,
            body_text=fill_text(text.body, values, items="", holds=holds),
            body_html=framed(channel=Channel.EMAIL, subject=subject, body=body, parties=parties, on=on, voice=voice),
        )

    return Draft(
        channel=Channel.EMAIL,
        language=language,
        recipient=to.address,
        recipient_name=to.name,
        contact_id=person.contact_id if person and to.address else None,
        word=word,
        facts=notice.facts,
        missing=to.missing,
        sender_name=sender.shown,
        reply_to=sender.reply_to,
        enclosures=notice.enclosures,
        make_files=lambda: notice.files(language),
    )


def _usual(parties: Parties, on: date, voice: Voice) -> dict[str, str]:
    entity, customer = parties.entity, parties.customer
    return {
        "contact_name": voice.person.name if voice.person else customer.name,
        "customer_name": customer.name,
        "customer_ref": customer.ref,
        "entity_name": entity.name,
        "entity_phone": entity.phone,
        "entity_email": entity.email,
        "entity_iban": iban_of(entity),
        "entity_bic": entity.bic,
        "bank_details": bank_account_of(entity, voice.words),
        "sender_name": voice.sender_name,
        "today": voice.formats.day_long(on),
    }


def notice_message(
    draft: Draft,
    *,
    reason_type: str,
    reason_id: UUID,
    customer: Customer,
    entity: Entity,
    on: date,
    not_before: datetime,
    actor: Actor,
) -> Message:
    """The row of the outbox; the caller queues it."""
    return Message(
        customer_id=customer.id,
        entity_id=entity.id,
        contact_id=draft.contact_id,
        reason_type=reason_type,
        reason_id=reason_id,
        on=on,
        channel=draft.channel,
        recipient=draft.recipient,
        recipient_name=draft.recipient_name,
        reply_to=draft.reply_to,
        sender_name=draft.sender_name,
        language=draft.language,
        **draft.wording._asdict(),
        facts=draft.facts,
        enclosures=draft.enclosures,
        not_before=not_before,
        created_by_id=actor.member_id,
    )


class NoticeReasons:
    """What the outbox asks about a kind of notice (desk.ports.Reasons): `verdict` is the kind's own second look."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        return [self.verdict(message) for message in messages]

    def verdict(self, message: Message) -> Verdict:
        raise NotImplementedError

    @staticmethod
    def again(message: Message, draft: Draft) -> Verdict:
        """Send it as it would be written now; it does not leave where nobody can receive it any more."""
        if draft.missing:
            return Verdict(send=False, reason=draft.missing)
        files = draft.make_files() if draft.enclosures else ()
        wording = draft.wording._asdict()
        now = wording | {
            name: getattr(draft, name)
            for name in ("recipient", "recipient_name", "contact_id", "language", "facts", "enclosures", "reply_to")
        }
        changes = {name: value for name, value in now.items() if value != getattr(message, name)}
        return Verdict(send=True, changes=changes, files=files)

    @staticmethod
    def no_longer(reason: str = "") -> Verdict:
        return Verdict(send=False, reason=reason or gettext("What it speaks of has been taken back."))

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """An address that does not work is marked, so that another person is written to."""
        if is_address_wrong and message.contact_id:
            Contact.objects.filter(id=message.contact_id).update(email_bounced_at=Now(), updated_at=Now())
