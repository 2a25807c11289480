"""From a plan to the words: one message per customer and entity, the same for preview, sending and the re-check."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, override

from accounts.models import Member
from collection.rules.grouping import Line, Plan
from core.formats import Formats, of
from desk.models import Channel
from desk.queries.templates import Texts, language_of
from desk.rules.recipients import Person, email_recipient
from desk.rules.templates import fill_html, fill_line, fill_text, text_table
from receivables.models import Contact, Customer, Entity, LedgerItem


@dataclass(frozen=True)
class Draft:
    """A message as it would leave now. Without `recipient` it cannot leave; `missing` says what is lacking.

    `facts`: what it speaks of, an entry per item, as stored with the message.
    """

    channel: str
    language: str
    recipient: str
    recipient_name: str
    contact_id: UUID | None
    subject: str
    body_text: str
    body_html: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    missing: str = ""


@dataclass(frozen=True)
class Parties:
    """Who writes to whom. `persons`: the customer's active contacts."""

    customer: Customer
    entity: Entity
    persons: Sequence[Person]
    sender: Member | None


def persons_of(contacts: Sequence[Contact]) -> list[Person]:
    return [
        Person(
            contact_id=contact.id,
            name=str(contact),
            role=contact.role,
            email=contact.email,
            language=contact.language,
            is_primary=contact.is_primary,
            bounced=contact.email_bounced_at is not None,
        )
        for contact in contacts
        if contact.is_active
    ]


def compose(
    *,
    parties: Parties,
    plan: Plan,
    channel: str,
    template_code: str,
    on: date,
    texts: Texts,
    documents: dict[UUID, LedgerItem],
) -> Draft:
    """The message for a plan with at least one line. Pure but for the texts: reads no other rows.

    `documents`: the ledger items of the plan's lines, for their dates. Amounts are what is open and not disputed.
    """
    person = email_recipient(parties.persons)
    language = language_of(
        person.language if person else "", parties.customer.language, parties.entity.language or "", "en"
    )
    formats = of(language)
    text = texts.find(code=template_code, channel=channel, language=language)
    lines = sorted(plan.lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
    with override(language):
        values = _values(parties, plan, person, on, formats)
        blocks = _blocks(lines, documents, on, formats)
        subject = fill_line(text.subject, values)
        body = fill_html(text.body, values, items=render_to_string("messages/items.html", {"blocks": blocks}))
        html = _frame(channel, subject, body, language, parties, person, on, formats)
        plain = fill_text(text.body, values, items=_text_blocks(blocks))
    recipient, name, missing = _recipient(channel, parties, person)
    return Draft(
        channel=channel,
        language=language,
        recipient=recipient,
        recipient_name=name,
        contact_id=person.contact_id if person and channel == Channel.EMAIL else None,
        subject=subject,
        body_text=plain,
        body_html=html,
        facts=[_fact(line) for line in lines],
        missing=missing,
    )


def _fact(line: Line) -> dict[str, Any]:
    return {
        "item": str(line.item.item_id),
        "number": line.item.number,
        "due_date": line.item.due_date.isoformat(),
        "open_amount": str(line.item.chased_amount),
        "currency": line.item.currency,
        "step_key": line.step.step_key,
    }


def _values(parties: Parties, plan: Plan, person: Person | None, on: date, formats: Formats) -> dict[str, str]:
    entity, customer = parties.entity, parties.customer
    oldest = min(line.item.due_date for line in plan.lines)
    totals = [formats.money(amount, currency) for currency, amount in plan.amounts.items()]
    return {
        "contact_name": person.name if person else customer.name,
        "customer_name": customer.name,
        "customer_ref": customer.ref,
        "entity_name": entity.name,
        "entity_phone": entity.phone,
        "entity_email": entity.email,
        "entity_iban": _grouped(entity.iban),
        "entity_bic": entity.bic,
        "sender_name": parties.sender.name if parties.sender else entity.name,
        "total": " + ".join(totals),
        "oldest_due_date": formats.day_long(oldest),
        "oldest_days_late": formats.number(max((on - oldest).days, 0)),
        "today": formats.day_long(on),
    }


def _grouped(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _blocks(
    lines: Sequence[Line], documents: dict[UUID, LedgerItem], on: date, formats: Formats
) -> list[dict[str, Any]]:
    """One block per currency: formatted rows and the total. Sums of different currencies never mix."""
    blocks: dict[str, dict[str, Any]] = {}
    for line in lines:
        item = line.item
        block = blocks.setdefault(item.currency, {"currency": item.currency, "rows": [], "sum": Decimal(0)})
        block["sum"] += item.chased_amount
        known = documents.get(item.item_id)
        block["rows"].append(
            {
                "number": item.number,
                "document_date": formats.day(known.document_date) if known else "",
                "due_date": formats.day(item.due_date),
                "days_late": formats.number(max((on - item.due_date).days, 0)),
                "amount": formats.amount2(item.chased_amount, item.currency),
            }
        )
    for block in blocks.values():
        block["total"] = formats.amount2(block["sum"], block["currency"])
    return list(blocks.values())


def _text_blocks(blocks: Sequence[dict[str, Any]]) -> str:
    out = []
    for block in blocks:
        head = [gettext("Document"), gettext("Due date"), f"{gettext('Open amount')} ({block['currency']})"]
        rows = [[row["number"], row["due_date"], row["amount"]] for row in block["rows"]]
        out.append(text_table([head, *rows, [gettext("Total"), "", block["total"]]]))
    return "\n\n".join(out)


def _frame(
    channel: str,
    subject: str,
    body: str,
    language: str,
    parties: Parties,
    person: Person | None,
    on: date,
    formats: Formats,
) -> str:
    entity = parties.entity
    # Everything in the body was escaped by fill_html or rendered by our own template.
    context = {"subject": subject, "body": mark_safe(body), "language": language, "entity": entity}  # noqa: S308
    if channel != Channel.LETTER:
        return render_to_string("messages/email.html", context)
    city = f"{entity.city}, " if entity.city else ""
    context |= {
        "address": _address(parties.customer),
        "place_and_date": f"{city}{formats.day_long(on)}",
        # Into a CSS string of the page's margin: quotes and backslashes would end it.
        "footer": " · ".join(filter(None, [entity.name, entity.legal_identifier, entity.vat_number]))
        .replace("\\", "")
        .replace('"', "")
        .replace("\n", " "),
    }
    return render_to_string("messages/letter.html", context)


def _address(customer: Customer) -> str:
    return "\n".join(
        filter(
            None, [customer.name, customer.street, f"{customer.postal_code} {customer.city}".strip(), customer.country]
        )
    )


def _recipient(channel: str, parties: Parties, person: Person | None) -> tuple[str, str, str]:
    """(recipient, name, what is missing)."""
    customer = parties.customer
    if channel == Channel.LETTER:
        if not (customer.street and customer.city):
            return "", customer.name, gettext("The customer has no postal address.")
        return _address(customer).replace("\n", ", ")[:320], customer.name, ""
    if person:
        return person.email, person.name, ""
    if customer.email:
        return customer.email, customer.name, ""
    return "", customer.name, gettext("The customer has no e-mail address.")
