"""Codes of the ledger in words, and the badges that stand beside rows."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formats import Formats
from receivables.models import Hold, Promise
from receivables.models.ledger import ItemKind
from receivables.queries.beside import ItemMarks
from receivables.queries.marks import CustomerMarks

# Reasons of disputes that are offered; a source may bring others, which are shown as they are.
DISPUTE_REASONS = {
    "PRICE": gettext_lazy("price"),
    "QUANTITY": gettext_lazy("quantity"),
    "DAMAGED": gettext_lazy("damaged goods"),
    "NOT_RECEIVED": gettext_lazy("not received"),
    "MISSING_PO": gettext_lazy("order number missing"),
    "WRONG_ADDRESSEE": gettext_lazy("wrong addressee"),
    "DUPLICATE": gettext_lazy("invoiced twice"),
    "ALREADY_PAID": gettext_lazy("paid already"),
    "QUALITY": gettext_lazy("quality"),
    "CONTRACT": gettext_lazy("contract terms"),
}

ITEM_KINDS = dict(ItemKind.choices)
PROMISE_STATES = dict(Promise.State.choices)
PROMISE_KINDS = {"OPEN": "promise", "KEPT": "good", "PARTLY": "warn", "BROKEN": "bad", "LAPSED": "", "WITHDRAWN": ""}
HOLD_REASONS = dict(Hold.Reason.choices)

# What each kind of hold does, for those who place it; all of them keep reminders back.
HOLD_EFFECTS = {
    Hold.Reason.DISPUTE: gettext_lazy(
        "Reminders rest. A dispute of an item does it by itself, for its disputed part only."
    ),
    Hold.Reason.PROMISE: gettext_lazy(
        "Reminders rest. A promise that is recorded does it by itself, and is followed up."
    ),
    Hold.Reason.PLAN: gettext_lazy(
        "Reminders rest while the instalments are paid. A plan that is recorded does it by itself."
    ),
    Hold.Reason.PAYMENT_ANNOUNCED: gettext_lazy("Reminders rest until the day by which the money should be here."),
    Hold.Reason.INSOLVENCY: gettext_lazy(
        "Out of dunning at once: what is proposed does not leave any more, and interest stops on this day."
    ),
    Hold.Reason.LITIGATION: gettext_lazy(
        "No reminder: a court, an agency or a lawyer has it. It counts as such in the provision."
    ),
    Hold.Reason.FACTORED: gettext_lazy("No reminder: the receivable is the factor's."),
    Hold.Reason.COMMERCIAL: gettext_lazy("Reminders rest for the sake of business."),
    Hold.Reason.DO_NOT_CONTACT: gettext_lazy(
        "Nothing at all is written: no reminder, no thank-you, no delivery note. Tasks of colleagues go on."
    ),
}

PAYMENT_METHODS = {
    "TRANSFER": gettext_lazy("transfer"),
    "DIRECT_DEBIT": gettext_lazy("direct debit"),
    "BILL_OF_EXCHANGE": gettext_lazy("bill of exchange"),
    "CHEQUE": gettext_lazy("cheque"),
    "CARD": gettext_lazy("card"),
    "CASH": gettext_lazy("cash"),
}


def in_words(words: Mapping[str, Any], code: str) -> str:
    """A code in words; one that is not known is shown as it is."""
    return str(words.get(code, code))


def customer_badges(marks: CustomerMarks | None, formats: Formats) -> SafeString:
    """What a customer's row says beside the name: a hold, disputes, a promise."""
    if marks is None:
        return SafeString()
    badges = []
    if marks.hold:
        badges.append(("bad", _("held"), in_words(HOLD_REASONS, marks.hold)))
    if marks.disputes:
        badges.append(("dispute", _("dispute"), formats.number(marks.disputes)))
    if marks.promise_due:
        badges.append(("promise", _("promise"), formats.day(marks.promise_due)))
    return _badges(badges)


def item_badges(marks: ItemMarks | None, formats: Formats, currency: str, *, status: str = "") -> SafeString:
    """The state of an open item: its status code, disputed, promised, held."""
    badges = [("", status, _("status code"))] if status else []
    if marks is None:
        return _badges(badges)
    if marks.disputed is not None:
        badges.append(("dispute", _("dispute"), formats.money(marks.disputed, currency)))
    if marks.promise_due:
        badges.append(("promise", _("promise %(day)s") % {"day": formats.day(marks.promise_due)}, ""))
    if marks.hold:
        badges.append(("bad", _("held"), in_words(HOLD_REASONS, marks.hold)))
    return _badges(badges)


def _badges(badges: list[tuple[str, str, str]]) -> SafeString:
    if not badges:
        return SafeString()
    return format_html_join(" ", '<span class="badge badge-{}" title="{}">{}</span>', ((k, t, w) for k, w, t in badges))


def short_names(names: str) -> str:
    """`Amélie Rousset, Jonas Weidner` as `Amélie R., Jonas W.`: what a narrow column has room for."""
    short = []
    for name in filter(None, names.split(", ")):
        first, _space, last = name.partition(" ")
        short.append(f"{first} {last[:1]}." if last else first)
    return ", ".join(short)


def country_name(code: str, formats: Formats) -> str:
    """A country in the reader's language; what is no code of one, as it is."""
    return formats.locale.territories.get(code, code)
