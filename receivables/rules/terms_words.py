"""The words in which payment terms are written, in English, French and German, brought to symbols.

`symbols("à 45 jours fin de mois")` is `["45", "d", "eom"]`: one vocabulary of ours in place of many. What
is no such word is refused by name, never skipped: a word skipped could be the one that changes the date.
"""

from __future__ import annotations

import re
import unicodedata

from core.money import is_currency
from core.text import Phrase, gettext_noop

LONGEST_TEXT = 200


class UnknownTerms(ValueError):
    """A text that is no payment term, or could be two. `phrase` says why, for the reader."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(str(phrase))
        self.phrase = phrase


# Expressions of several words, before the text is cut into words. No accents, no capitals. In this order.
_DELIVERY = r"(delivery|livraison|lieferung)( date)?"
_INVOICE = r"(invoice|rechnung(sdatum)?)( date)?"
_EXPRESSIONS = [
    (r"(?<![a-z])j(ours)? ?f ?(d ?)?m\b", " d eom "),
    (r"fin (de|du) mois|end of( the)? month|month end|ende des monats|monats ?ende|(?<![a-z])f ?d ?m\b", " eom "),
    (r"([0-9]+) *(?:d|days?|j|jours?|tage?) (?:after|from|apres|nach|a (?:partir|compter) de)(?: the| la)? +eom", r" eom + \1 "),
    (r"cash (in advance|with order)|(payment )?in advance|(paiement )?d ?avance|pre ?paiement", " cia "),
    (r"a la commande|(with|on) order|bei bestellung", " cia "),
    (r"cash on delivery|contre remboursement|paiement a la livraison", " cod "),
    (r"(due )?(up)?on receipt|a reception( de (la )?facture)?|sofort( fallig)?|immediate(ly)?|comptant", " net 0 "),
    (rf"(from|after|date of|date de|apres|de|nach|ab) (the |la )?{_DELIVERY}", " delivery "),
    (rf"(a (partir|compter) de la )?date (de )?(facture|facturation)|(from|after|nach|ab) (the )?{_INVOICE}", " "),
    (r"(?<![a-z])n */ *(?=[0-9])", " net "),
    (r"(?<![a-z0-9])d(?=[0-9])", " onday "),
]  # fmt: skip
_WORDS = {
    "net": "net nets nette netto n",
    "d": "d day days j jr jrs jour jours t tag tage tagen jdf",
    "m": "m month months mois monat monate monaten",
    "eom": "eom fm",
    "onday": "onday",
    "the": "the le am on au",
    "cia": "cia pia cwo prepayment prepaid vorkasse vorauskasse proforma",
    "cod": "cod nachnahme",
    "rest": "rest reste restant remainder balance solde",
    "delivery": "delivery livraison lieferung",
    "": "a at within in sous dans innerhalb von zahlbar payable paiement payment discount escompte skonto if paid"
    " then puis ensuite and et und due of de du des invoice th st nd rd er ieme",
}
_SYMBOL_OF = {word: symbol for symbol, words in _WORDS.items() for word in words.split()}
_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[a-z]+|[%/+]|-(?=[0-9])|[^\s]")
_SIGNS = frozenset("%/+")
_NO_MEANING = frozenset(",;:()-")


def symbols(text: str) -> list[str]:
    """The symbols of a text: numbers with a decimal point, % / +, our words, and currency codes in capitals.

    Raises UnknownTerms on a word outside the vocabulary, on a negative number and on more than 200 characters.
    """
    given = " ".join(text.split())
    if len(given) > LONGEST_TEXT:
        raise not_understood(given[:LONGEST_TEXT])
    folded = unicodedata.normalize("NFKD", given).casefold()
    folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    folded = re.sub(r"['’]|\.(?![0-9])", " ", folded)
    for expression, symbol in _EXPRESSIONS:
        folded = re.sub(expression, symbol, folded)
    return [symbol for word in _WORD.finditer(folded) if (symbol := _symbol(word, given))]


def not_understood(text: str, word: str = "") -> UnknownTerms:
    """The refusal of a text, or of one word in it."""
    if word:
        reason = gettext_noop("“%(word)s” is not understood in the payment terms “%(text)s”.")
        return UnknownTerms(Phrase(reason, {"word": word, "text": text}))
    return UnknownTerms(Phrase(gettext_noop("“%(text)s” is not understood as payment terms."), {"text": text}))


def _symbol(found: re.Match[str], text: str) -> str:
    word = found.group()
    if word[0] in "0123456789":
        return word.replace(",", ".")
    if word in _SIGNS:
        return word
    if word in _SYMBOL_OF:
        return _SYMBOL_OF[word]
    if is_currency(word.upper()):
        return word.upper()
    before_digit = found.string[found.end() : found.end() + 1].isdecimal()
    if word in _NO_MEANING and not (word == "-" and before_digit):
        return ""
    raise not_understood(text, word)
