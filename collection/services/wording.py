"""The words of a message: values, the table of items, the frame of an e-mail, the paper of a letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from collection.rules.grouping import Line, Plan
from collection.rules.steps import LeftOut
from collection.services.addressing import Parties
from collection.services.papers import address_of, bank_account_of, footer_of, iban_of
from core.formats import Formats
from desk.models import ON_PAPER, Channel
from desk.rules.recipients import Person
from desk.rules.templates import fill_html, fill_line, fill_text, inert, text_table
from desk.rules.texting import plain
from desk.texts import Text, Words

# So many disputed items are named in a text.
MOST_NAMED = 10


class Wording(NamedTuple):
    """What the recipient reads."""

    subject: str
    body_text: str
    body_html: str


@dataclass(frozen=True)
class Voice:
    """In which language, and with whom, a message speaks."""

    language: str
    formats: Formats
    words: Words
    person: Person | None
    sender_name: str = ""  # who signs; "": the company alone
    deadline: date | None = None  # until when the message asks to pay, beside the due dates


def word_reminder(*, text: Text, channel: str, plan: Plan, parties: Parties, on: date, voice: Voice) -> Wording:
    """The text of a template filled in for a plan with at least one line."""
    lines = sorted(plan.lines, key=lambda line: (line.item.currency, line.item.due_date, line.item.number))
    values = _values(parties, plan, on, voice)
    holds = _holds(values, plan, on)
    subject = fill_line(text.subject, values, holds)[:250]
    if channel == Channel.SMS:
        return Wording(subject, plain(fill_text(text.body, values, items="", holds=holds)), "")
    blocks = _blocks(lines, on, voice.formats)
    _add_credits(blocks, plan, voice)
    table = render_to_string("messages/items.html", {"blocks": blocks, "words": voice.words})
    body = fill_html(text.body, values, items=table, holds=holds)
    return Wording(
        subject=subject,
        body_text=fill_text(text.body, values, items=_text_blocks(blocks, voice.words), holds=holds),
        body_html=framed(channel=channel, subject=subject, body=body, parties=parties, on=on, voice=voice),
    )


def _values(parties: Parties, plan: Plan, on: date, voice: Voice) -> dict[str, str]:
    entity, customer, formats = parties.entity, parties.customer, voice.formats
    oldest = min(line.item.due_date for line in plan.lines)
    totals = [formats.money(amount, currency) for currency, amount in plan.amounts.items()]
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
        "entity_iban": iban_of(entity),
        "entity_bic": entity.bic,
        "bank_details": bank_account_of(entity, voice.words),
        "sender_name": voice.sender_name,
        "total": " + ".join(totals),
        "item_count": formats.number(len(plan.lines)),
        "disputed_items": ", ".join(disputed[:MOST_NAMED]) + (" …" if len(disputed) > MOST_NAMED else ""),
        "credits_total": " + ".join(formats.money(amount, currency) for currency, amount in sorted(credits.items())),
        "oldest_due_date": formats.day_long(oldest),
        "oldest_days_late": formats.number(max((on - oldest).days, 0)),
        "new_deadline": formats.day_long(voice.deadline) if voice.deadline else "",
        "today": formats.day_long(on),
    }


def _holds(values: Mapping[str, str], plan: Plan, on: date) -> dict[str, bool]:
    """Which of the conditions that a text may name hold (desk.rules.templates.CONDITIONS)."""
    return {
        "several_items": len(plan.lines) > 1,
        "overdue": any(line.item.due_date < on for line in plan.lines),
        "dispute": bool(values["disputed_items"]),
        "credits": bool(values["credits_total"]),
        "new_deadline": bool(values["new_deadline"]),
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


def _add_credits(blocks: Sequence[dict[str, Any]], plan: Plan, voice: Voice) -> None:
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


def framed(*, channel: str, subject: str, body: str, parties: Parties, on: date, voice: Voice) -> str:
    """The HTML of an e-mail, or of a letter for the renderer, around a body that is safe HTML."""
    entity = parties.entity
    # Everything in the body was escaped by fill_html or rendered by our own template.
    context = {"subject": subject, "body": mark_safe(body), "language": voice.language, "entity": entity}  # noqa: S308
    if channel not in ON_PAPER:
        return render_to_string("messages/email.html", context)
    dated = voice.words.letter_date.format(day=voice.formats.day_long(on))
    context |= {
        "registered": voice.words.registered if channel == Channel.REGISTERED_LETTER else "",
        "address": "\n".join(address_of(parties.customer, entity, voice.language)),
        "place_and_date": f"{entity.city}, {dated}" if entity.city else dated,
        "footer": footer_of(entity),
    }
    return render_to_string("messages/letter.html", context)
