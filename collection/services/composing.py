"""From a plan to the words: one message per customer and entity, the same for preview, sending and the re-check."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from babel import Locale
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from accounts.models import Member
from collection.rules.grouping import Credit, Line, Plan
from collection.rules.steps import LeftOut
from core.formats import Formats, of
from desk.models import ON_PAPER, Channel
from desk.queries.templates import Texts, language_of
from desk.rules.recipients import Person, email_recipient, named_recipient, text_recipient
from desk.rules.templates import fill_html, fill_line, fill_text, inert, text_table
from desk.rules.texting import MOST_SEGMENTS, Length, length, mobile_number, plain
from desk.texts import WORDS, Text, Words
from receivables.models import Contact, Customer, Entity

# So many disputed items are named in a text.
MOST_NAMED = 10


class Wording(NamedTuple):
    """What the recipient reads."""

    subject: str
    body_text: str
    body_html: str


@dataclass(frozen=True)
class Draft:
    """A message as it would leave now. Without `recipient` it cannot leave; `missing` says what is lacking.

    `facts`: what it speaks of, an entry per item, as stored with the message. The words are made when they are asked
    for: just before a message leaves its facts are compared, and nearly always nothing has changed.
    """

    channel: str
    language: str
    recipient: str
    recipient_name: str
    contact_id: UUID | None
    word: Callable[[], Wording]
    facts: list[dict[str, Any]] = field(default_factory=list)
    missing: str = ""

    @cached_property
    def wording(self) -> Wording:
        """Subject and bodies; made once."""
        return self.word()

    @property
    def size(self) -> Length | None:
        """Of a text message: what it takes."""
        return length(self.body_text) if self.channel == Channel.SMS else None

    @property
    def subject(self) -> str:
        return self.wording.subject

    @property
    def body_text(self) -> str:
        return self.wording.body_text

    @property
    def body_html(self) -> str:
        return self.wording.body_html


@dataclass(frozen=True)
class Parties:
    """Who writes to whom. `persons`: the customer's active contacts; `bounced`: addresses and numbers that refused a
    message; `can_text`: whether somebody carries text messages.
    """

    customer: Customer
    entity: Entity
    persons: Sequence[Person]
    sender: Member | None
    bounced: Collection[str] = ()
    can_text: bool = True


@dataclass(frozen=True)
class _Voice:
    """In which language, and with whom, a message speaks."""

    language: str
    formats: Formats
    words: Words
    person: Person | None


def persons_of(
    contacts: Sequence[Contact], *, country: str | None = None, refused: Collection[str] = ()
) -> list[Person]:
    """The active contacts as the rule of recipients takes them.

    `country`: where their mobile numbers are at home; None: nobody is sent a text message, and they are not looked at.
    """
    return [
        Person(
            contact_id=contact.id,
            name=str(contact),
            role=contact.role,
            email=contact.email,
            language=contact.language,
            is_primary=contact.is_primary,
            bounced=contact.email_bounced_at is not None,
            mobile="" if country is None else _mobile_of(contact, country, refused),
        )
        for contact in contacts
        if contact.is_active
    ]


def _mobile_of(contact: Contact, country: str, refused: Collection[str]) -> str:
    """The mobile number, else the telephone's if that is one that takes text messages."""
    numbers = (mobile_number(text, country) for text in (contact.mobile, contact.phone) if text)
    return next((number for number in numbers if number and number not in refused), "")


_PERSON = {Channel.EMAIL: email_recipient, Channel.SMS: text_recipient}


def compose(
    *, parties: Parties, plan: Plan, channel: str, template_code: str, on: date, texts: Texts, language: str = ""
) -> Draft:
    """The message for a plan with at least one line. Reads no rows but the texts. Amounts are open and not disputed.

    `language`: to look at it in that one, whatever the recipient's is. Raises KeyError for a template code that nobody has a text for.
    """
    person = _PERSON.get(Channel(channel), named_recipient)(parties.persons)
    wishes = (person.language if person else "", parties.customer.language, parties.entity.language)
    language = language or language_of(*wishes)
    voice = _Voice(language, of(language), WORDS[language], person)
    try:
        text = texts.find(code=template_code, channel=channel, language=language)
    except KeyError:
        if channel != Channel.SMS:
            raise
        text, unworded = Text("", ""), gettext("There is no text for a text message here: write one among the texts.")
    else:
        unworded = ""
    lines = sorted(plan.lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
    recipient, name, missing = _recipient(channel, parties, voice)

    def word() -> Wording:
        values = _values(parties, plan, on, voice)
        holds = _holds(values, plan, on)
        blocks = _blocks(lines, on, voice.formats)
        _add_credits(blocks, plan, voice)
        subject = fill_line(text.subject, values, holds)[:250]
        if channel == Channel.SMS:
            return Wording(subject, plain(fill_text(text.body, values, items="", holds=holds)), "")
        table = render_to_string("messages/items.html", {"blocks": blocks, "words": voice.words})
        body = fill_html(text.body, values, items=table, holds=holds)
        return Wording(
            subject=subject,
            body_text=fill_text(text.body, values, items=_text_blocks(blocks, voice.words), holds=holds),
            body_html=_framed(channel, subject, body, parties, on, voice),
        )

    draft = Draft(
        channel=channel,
        language=language,
        recipient=recipient,
        recipient_name=name,
        contact_id=person.contact_id if person and recipient and channel not in ON_PAPER else None,
        word=word,
        facts=[*(_fact(line) for line in lines), *(_credit_fact(credit) for credit in plan.credits)],
        missing=missing or unworded,
    )
    if draft.size and draft.size.is_too_long:
        too_long = gettext("The text message is too long: at most %(most)d parts can be sent.") % {
            "most": MOST_SEGMENTS
        }
        return replace(draft, missing=draft.missing or too_long)
    return draft


def _fact(line: Line) -> dict[str, Any]:
    return {
        "item": str(line.item.item_id),
        "number": line.item.number,
        "due_date": line.item.due_date.isoformat(),
        "open_amount": str(line.item.chased_amount),
        "currency": line.item.currency,
        "step_key": line.step.step_key,
    }


def _credit_fact(credit: Credit) -> dict[str, Any]:
    return {
        "item": str(credit.item_id),
        "number": credit.number,
        "due_date": credit.document_date.isoformat(),
        "open_amount": str(-credit.amount),
        "currency": credit.currency,
        "step_key": "",
    }


def _values(parties: Parties, plan: Plan, on: date, voice: _Voice) -> dict[str, str]:
    entity, customer, formats = parties.entity, parties.customer, voice.formats
    oldest = min(line.item.due_date for line in plan.lines)
    totals = [formats.money(amount, currency) for currency, amount in plan.amounts.items()]
    iban = " ".join(entity.iban[start : start + 4] for start in range(0, len(entity.iban), 4))
    account = f"IBAN {iban}, BIC {entity.bic}" if entity.bic else f"IBAN {iban}"
    disputed = [out.item.number for out in plan.excluded if out.reason is LeftOut.DISPUTED]
    credits: dict[str, Decimal] = {}
    for one in plan.credits:
        credits[one.currency] = credits.get(one.currency, Decimal(0)) + one.amount
    return {
        "contact_name": voice.person.name if voice.person else customer.name,
        "customer_name": customer.name,
        "customer_ref": customer.ref,
        "entity_name": entity.name,
        "entity_phone": entity.phone,
        "entity_email": entity.email,
        "entity_iban": iban,
        "entity_bic": entity.bic,
        "bank_details": account if iban else voice.words.usual_account,
        "sender_name": parties.sender.name if parties.sender else "",
        "total": " + ".join(totals),
        "item_count": formats.number(len(plan.lines)),
        "disputed_items": ", ".join(disputed[:MOST_NAMED]) + (" …" if len(disputed) > MOST_NAMED else ""),
        "credits_total": " + ".join(formats.money(amount, currency) for currency, amount in sorted(credits.items())),
        "oldest_due_date": formats.day_long(oldest),
        "oldest_days_late": formats.number(max((on - oldest).days, 0)),
        "today": formats.day_long(on),
    }


def _holds(values: Mapping[str, str], plan: Plan, on: date) -> dict[str, bool]:
    """Which of the conditions that a text may name hold (desk.rules.templates.CONDITIONS)."""
    return {
        "several_items": len(plan.lines) > 1,
        "overdue": any(line.item.due_date < on for line in plan.lines),
        "dispute": bool(values["disputed_items"]),
        "credits": bool(values["credits_total"]),
        "contact": values["contact_name"] != values["customer_name"],
        "sender": bool(values["sender_name"]),
        "phone": bool(values["entity_phone"]),
        "bank_details": bool(values["entity_iban"]),
    }


def _blocks(lines: Sequence[Line], on: date, formats: Formats) -> list[dict[str, Any]]:
    """One block per currency: formatted rows and the total. Sums of different currencies never mix."""
    blocks: dict[str, dict[str, Any]] = {}
    for line in lines:
        item = line.item
        block = blocks.setdefault(item.currency, {"currency": item.currency, "rows": [], "sum": Decimal(0)})
        block["sum"] += item.chased_amount
        block["rows"].append(
            {
                "number": inert(item.number),
                "document_date": formats.day(item.document_date),
                "due_date": formats.day(item.due_date),
                "days_late": formats.number(max((on - item.due_date).days, 0)),
                "amount": formats.amount2(item.chased_amount, item.currency),
            }
        )
    for block in blocks.values():
        block["total"] = formats.amount2(block["sum"], block["currency"])
    return list(blocks.values())


def _add_credits(blocks: Sequence[dict[str, Any]], plan: Plan, voice: _Voice) -> None:
    """What is in credit, below the total: each piece, and what is left to pay where the message deducts it.

    A message that deducts a part only, as others deduct the rest, says that part in one line.
    """
    formats = voice.formats
    for block in blocks:
        currency = block["currency"]
        credits = [credit for credit in plan.credits if credit.currency == currency]
        netted = plan.netted.get(currency)
        rows = [(inert(one.number), formats.day(one.document_date), -one.amount) for one in credits]
        if netted is not None and sum(one.amount for one in credits) != netted:
            rows = [("", "", -netted)]
        block["credits"] = [
            {"number": number, "day": day, "amount": formats.amount2(amount, currency)} for number, day, amount in rows
        ]
        if netted is not None:
            block["to_pay"] = formats.amount2(block["sum"] - netted, currency)


def _text_blocks(blocks: Sequence[dict[str, Any]], words: Words) -> str:
    out = []
    for block in blocks:
        head = [words.document, words.due_date, f"{words.open_amount} ({block['currency']})"]
        rows = [[row["number"], row["due_date"], row["amount"]] for row in block["rows"]]
        rows.append([words.total, "", block["total"]])
        if block["credits"]:
            rows.append([words.credits, "", ""])
            rows += [[row["number"], row["day"], row["amount"]] for row in block["credits"]]
        if "to_pay" in block:
            rows.append([words.to_pay, "", block["to_pay"]])
        out.append(text_table([head, *rows]))
    return "\n\n".join(out)


def _framed(channel: str, subject: str, body: str, parties: Parties, on: date, voice: _Voice) -> str:
    entity = parties.entity
    # Everything in the body was escaped by fill_html or rendered by our own template.
    context = {"subject": subject, "body": mark_safe(body), "language": voice.language, "entity": entity}  # noqa: S308
    if channel not in ON_PAPER:
        return render_to_string("messages/email.html", context)
    footer = " · ".join(filter(None, [entity.name, entity.legal_identifier, entity.vat_number]))
    dated = voice.words.letter_date.format(day=voice.formats.day_long(on))
    context |= {
        "registered": voice.words.registered if channel == Channel.REGISTERED_LETTER else "",
        "address": "\n".join(_address(parties, voice.language)),
        "place_and_date": f"{entity.city}, {dated}" if entity.city else dated,
        "footer": _css_text(footer),
    }
    return render_to_string("messages/letter.html", context)


def _css_text(text: str) -> SafeString:
    """A text for a CSS string: whatever is no letter, digit or space as its number, so that nothing can end the string."""
    return mark_safe("".join(mark if mark.isalnum() or mark == " " else f"\\{ord(mark):06x}" for mark in text))  # noqa: S308


def _address(parties: Parties, language: str) -> list[str]:
    """The lines of the postal address; the country, in the sender's own language and capitals, only when abroad."""
    customer, entity = parties.customer, parties.entity
    lines = [customer.name, customer.street, f"{customer.postal_code} {customer.city}".strip()]
    if customer.country and customer.country != entity.country:
        lines.append(_country(customer.country, language_of(entity.language, language)).upper())
    return [" ".join(inert(line).split()) for line in lines if line.strip()]


@lru_cache(maxsize=1000)
def _country(code: str, language: str) -> str:
    return Locale(language).territories.get(code, code)


def _recipient(channel: str, parties: Parties, voice: _Voice) -> tuple[str, str, str]:
    """(recipient, name, what is missing)."""
    customer, person = parties.customer, voice.person
    if channel == Channel.CALL:
        return "", customer.name, gettext("A call is made by a person.")
    if channel in ON_PAPER:
        if not (customer.street and customer.city):
            return "", customer.name, gettext("The customer has no postal address.")
        return ", ".join(_address(parties, voice.language))[:320], customer.name, ""
    if channel == Channel.SMS:
        return _number(parties, person)
    if person:
        return person.email, person.name, ""
    if not customer.email:
        return "", customer.name, gettext("The customer has no e-mail address.")
    if customer.email in parties.bounced:
        return "", customer.name, gettext("The customer's e-mail address has refused a message.")
    return customer.email, customer.name, ""


def _number(parties: Parties, person: Person | None) -> tuple[str, str, str]:
    """Where a text message goes: the person's mobile number, else the customer's if it is one."""
    customer = parties.customer
    number = person.mobile if person else mobile_number(customer.phone, customer.country or parties.entity.country)
    name = person.name if person else customer.name
    if not parties.can_text:
        return "", name, gettext("Nobody is set up to carry text messages.")
    if not number:
        return "", name, gettext("Neither a contact nor the customer has a mobile number.")
    if number in parties.bounced:
        return "", name, gettext("The customer's mobile number has refused a message.")
    return number, name, ""
