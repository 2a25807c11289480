"""Templates in the reader's words: names of texts, what their names and conditions stand for, channels and languages."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from desk.models import Channel, TemplateCode
from desk.queries.templates import Origin
from desk.texts import DEFAULT_TEXTS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CODES: dict[str, StrOrPromise] = {
    "before_due": _("Before the due date"),
    "reminder_1": _("First reminder"),
    "reminder_2": _("Second reminder"),
    "reminder_3": _("Last reminder"),
    "formal_notice": _("Formal notice"),
    "statement": _("Statement of account"),
    "thank_you": _("Thank-you for a payment"),
    "delivery_note": _("Invoice delivery note"),
}

NAMES: dict[str, StrOrPromise] = {
    "contact_name": _("the person written to, else the customer"),
    "customer_name": _("the customer"),
    "customer_ref": _("the customer's reference"),
    "total": _("the sum asked for, by currency"),
    "item_count": _("how many items"),
    "oldest_due_date": _("due date of the oldest item"),
    "oldest_days_late": _("days that the oldest item is late"),
    "new_deadline": _("the day that the step asks to pay by"),
    "disputed_items": _("numbers of the items in dispute, left out"),
    "credits_total": _("credits that are set against nothing"),
    "bank_details": _("IBAN and BIC, or where to find them"),
    "today": _("today's date"),
    "sender_name": _("who sends it"),
    "entity_name": _("our company"),
    "entity_phone": _("our telephone"),
    "entity_email": _("our e-mail address"),
    "entity_iban": _("our IBAN"),
    "entity_bic": _("our BIC"),
    "statement_day": _("the day of the statement"),
    "balance": _("what remains to be paid, by currency"),
    "received_total": _("what has been received and is not booked yet, by currency"),
    "overdue_total": _("what of it is overdue, by currency"),
    "paid_amount": _("the amount of the payment, by currency"),
    "paid_on": _("the day on which the payment was booked"),
    "paid_items": _("numbers of the items that it paid, six at most"),
    "document_number": _("the number of the invoice"),
    "document_date": _("the date of the invoice"),
    "due_date": _("the due date of the invoice, of instalments the first"),
    "items": _("the table of items, alone on its line"),
}

CONDITIONS: dict[str, StrOrPromise] = {
    "several_items": _("there is more than one item"),
    "overdue": _("something is overdue"),
    "received": _("something was received that is not booked yet"),
    "dispute": _("items are left out for a dispute"),
    "credits": _("there are credits that are set against nothing"),
    "new_deadline": _("the step asks to pay by another day"),
    "contact": _("a person is written to"),
    "sender": _("a person sends it"),
    "phone": _("our telephone is known"),
    "open": _("something is open"),
    "file": _("the invoice is enclosed"),
    "bank_details": _("our IBAN is known"),
}

# Of texts that are no reminders, where the same word stands for something else.
NAMES_OF: dict[tuple[str, str], StrOrPromise] = {
    ("delivery_note", "total"): _("the amount of the invoice"),
    ("thank_you", "today"): _("the day on which it is sent"),
    ("delivery_note", "today"): _("the day on which it is sent"),
}
CONDITIONS_OF: dict[tuple[str, str], StrOrPromise] = {
    ("statement", "overdue"): _("something of what is open is overdue"),
    ("thank_you", "several_items"): _("the payment is for more than one item"),
}

ORIGINS: dict[Origin, StrOrPromise] = {
    Origin.OWN: _("your text"),
    Origin.COMMON: _("common text"),
    Origin.LIKE: _("not written yet"),
    Origin.OTHER_LANGUAGE: _("not written yet"),
    Origin.LETTER: _("as your letter"),
    Origin.NONE: _("no text"),
}


def name_words(code: str, name: str) -> str:
    """What a name stands for in the texts of a code."""
    return str(NAMES_OF.get((code, name)) or NAMES[name])


def condition_words(code: str, condition: str) -> str:
    """When a condition holds in the texts of a code."""
    return str(CONDITIONS_OF.get((code, condition)) or CONDITIONS[condition])


def code_names() -> dict[str, str]:
    """Every code of a text with its name, the common ones first. 1 SQL query."""
    common = dict.fromkeys(code for code, _language in DEFAULT_TEXTS)
    own = dict(TemplateCode.objects.order_by("name").values_list("code", "name"))
    return {code: str(CODES.get(code, code)) for code in common} | own


def named_codes(codes: Collection[str]) -> dict[str, str]:
    """These codes with their names, the common ones first; one that nobody named is called by its code. 1 SQL query."""
    names = code_names()
    return {code: names.get(code, code) for code in (*names, *sorted(codes)) if code in codes}


def channel_name(channel: str) -> str:
    return str(Channel(channel).label)


def language_name(code: str) -> str:
    """A language in the reader's own: "French"."""
    reader = (get_language() or "en").split("-")[0]
    return str(Locale(reader).languages.get(code, code)).capitalize()
