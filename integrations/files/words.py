"""Words that cells hold instead of our codes: kinds of item, yes and no, debit and credit, currencies, countries.

English, French, German, Spanish and Italian, and the codes of common ERPs. Pure. Each reader takes a text that is not
blank and gives the value, or None when it does not know the word: never a guess.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from core.money import is_currency
from core.text import search_key as _search_key
from integrations.files.amounts import SIGNS

# The same few words are looked up again and again while a file's columns are compared with all fields.
search_key = lru_cache(maxsize=20_000)(_search_key)

_LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: value for value, words in table.items() for word in words.split("|")}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


# Document types of SAP (RV DR DG DZ AB ...), Sage (FA FC AV RG ...), Dynamics and Odoo among the words.
_ITEM_KINDS = _by_word(
    {
        "INVOICE": "invoice|inv|in|facture|fac|fa|fc|fact|rechnung|re|rg rechnung|rv|dr|rechn|factura|fattura|fv|fatt"
        "|sales invoice|facture client|facture de vente|out invoice|ft|i|f|facture d acompte|billing|bill",
        "CREDIT_NOTE": "credit note|creditnote|credit memo|cn|cm|cr memo|avoir|av|avoir client|gutschrift|gs|gu|dg|rd"
        "|abono|nota de credito|rectificativa|nota di credito|nc|nota credito|out refund|refund|credit|a",
        "DEBIT_NOTE": "debit note|debit memo|dn|note de debit|nd|belastung|lastschrift debitor|nota de debito"
        "|nota di debito|nota debito",
        "PAYMENT": "payment|pay|pmt|pa|py|receipt|reglement|regl|rglt|rg|rgt|paiement|encaissement|zahlung|zahlungseingang|za|dz"
        "|zp|pago|cobro|pagamento|incasso|cash|vir|virement|cheque|check|chq|unapplied payment|acompte|anzahlung|p",
        "OPENING": "opening|opening balance|ob|report a nouveau|a nouveau|ran|an|ano|eroffnung|eroffnungsbilanz"
        "|saldovortrag|apertura|saldo iniziale|saldo inicial|balance forward",
        "DISCOUNT": "discount|escompte|esc|skonto|descuento|sconto|rebate|remise",
        "WRITE_OFF": "write off|writeoff|wo|perte|passage en perte|creance irrecouvrable|ausbuchung|abschreibung"
        "|bad debt|insolvencia|perdita|stralcio",
        "EXCHANGE_DIFFERENCE": "exchange difference|exchange gain|exchange loss|ecart de change|difference de change"
        "|kursdifferenz|diferencia de cambio|differenza cambio|fx|ec",
    }
)
CREDIT_KINDS = frozenset({"CREDIT_NOTE", "PAYMENT", "DISCOUNT", "WRITE_OFF"})

_YES = _words("yes|y|true|t|1|x|oui|o|vrai|ja|j|wahr|si|s|verdadero|vero|v|disputed|litige|en litige|strittig")
_NO = _words("no|n|false|f|0|non|faux|nein|falsch|falso|none|aucun|kein")

_DEBIT = _words("d|debit|db|dr|debe|dare|soll|s|debiteur|1|40")
_CREDIT = _words("c|credit|cr|haber|avere|haben|h|crediteur|50")

_ROLES = _by_word(
    {
        "ACCOUNTING": "accounting|accountant|accounts payable|ap|comptabilite|comptable|compta|comptabilite fournisseurs"
        "|buchhaltung|kreditorenbuchhaltung|contabilidad|contabilita|amministrazione|finance",
        "BUYER": "buyer|purchasing|purchaser|procurement|acheteur|achats|achat|einkauf|einkaufer|comprador|compras"
        "|acquisti|buyers",
        "TREASURY": "treasury|treasurer|tresorerie|tresorier|treasurer|kasse|finanzen|tesoreria",
        "MANAGEMENT": "management|manager|director|direction|dirigeant|gerant|ceo|cfo|daf|geschaftsfuhrung"
        "|geschaftsfuhrer|geschaeftsfuehrer|direccion|direzione|president|directeur",
        "LOGISTICS": "logistics|logistique|logistik|logistica|warehouse|entrepot|lager|reception",
        "LEGAL": "legal|juridique|recht|rechtsabteilung|juridico|legale|contentieux",
        "OTHER": "other|autre|sonstige|sonstiges|otro|altro",
    }
)
_INFLUENCES = _by_word(
    {
        "DECIDES": "decides|decider|decision maker|decideur|decisionnaire|entscheider|decide",
        "ADVISES": "advises|adviser|influencer|influenceur|prescripteur|berater|consigliere",
        "EXECUTES": "executes|executant|operational|operationnel|ausfuhrend|sachbearbeiter",
        "UNKNOWN": "unknown|inconnu|unbekannt|desconocido|sconosciuto",
    }
)


def item_kind(text: str) -> str | None:
    return _ITEM_KINDS.get(search_key(text)) or _coded(text, _ITEM_KINDS)


def yes_no(text: str) -> bool | None:
    key = search_key(text)
    return True if key in _YES else False if key in _NO else None


def sign(text: str) -> int | None:
    """1 for a debit (owed to us), -1 for a credit; by word, code or plain + and -."""
    text = text.strip()
    if text in ("+", "-", "−"):
        return 1 if text == "+" else -1
    key = search_key(text)
    if text == "-1":
        return -1
    return 1 if key in _DEBIT else -1 if key in _CREDIT else None


def role(text: str) -> str | None:
    return _ROLES.get(search_key(text)) or _coded(text, _ROLES)


def influence(text: str) -> str | None:
    return _INFLUENCES.get(search_key(text)) or _coded(text, _INFLUENCES)


def _coded(text: str, table: dict[str, str]) -> str | None:
    """Our own codes, as our own exports write them."""
    code = text.strip().upper().replace(" ", "_")
    return code if code in table.values() else None


_CURRENCY_WORDS = {"euro": "EUR", "euros": "EUR", "eu": "EUR", "dollar": "USD", "dollars": "USD", "us dollar": "USD",
                   "pound": "GBP", "pounds": "GBP", "livre sterling": "GBP", "sterling": "GBP",
                   "swiss franc": "CHF", "franc suisse": "CHF", "schweizer franken": "CHF", "sfr": "CHF", "yen": "JPY"}  # fmt: skip


def currency(text: str) -> str | None:
    code = text.strip().upper()
    if len(code) == 3 and code.isascii() and is_currency(code):
        return code
    return SIGNS.get(code) or _CURRENCY_WORDS.get(search_key(text))


def country(text: str) -> str | None:
    """ISO 3166 alpha-2 of a code (alpha-2 or alpha-3) or of a name in one of seven languages."""
    code = text.strip().upper()
    known = _country_codes()
    if code in known:
        return known[code]
    return _country_names().get(search_key(text))


def language(text: str) -> str | None:
    """ISO 639 code, with its country where one is given: `fr`, `pt-BR`."""
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?", text.strip())
    if match and match[1].lower() in _language_codes():
        return match[1].lower() + (f"-{match[2].upper()}" if match[2] else "")
    return _language_names().get(search_key(text))


@cache
def _country_codes() -> dict[str, str]:
    """Alpha-2 and alpha-3 codes, and UK. Numeric codes are left out: `056` and a company's own 56 look the same."""
    countries = {str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code))} - _NO_COUNTRY
    codes = {code: code for code in countries}
    for alias, targets in get_global("territory_aliases").items():
        if re.fullmatch("[A-Z]{3}", alias) and len(targets) == 1 and targets[0] in countries:
            codes[alias] = targets[0]
    return codes | {"UK": "GB", "EL": "GR"}


# Unions and private codes of CLDR that are no countries.
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


@cache
def _country_names() -> dict[str, str]:
    codes = set(_country_codes().values())
    names: dict[str, str] = {}
    for name in _LANGUAGES:
        for code, territory in Locale(name).territories.items():
            if code in codes:
                names.setdefault(search_key(territory), code)
    extra = {"great britain": "GB", "england": "GB", "holland": "NL", "czech republic": "CZ", "turkey": "TR",
             "grande bretagne": "GB", "angleterre": "GB", "usa": "US", "u s a": "US", "united states of america": "US",
             "etats unis d amerique": "US", "republique tcheque": "CZ", "hollande": "NL", "grossbritannien": "GB"}  # fmt: skip
    return extra | names


@cache
def _language_codes() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages if len(str(code)) == 2)


@cache
def _language_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for name in (*_LANGUAGES, "pl", "sv", "da", "fi", "cs"):
        for code, language_name in Locale(name).languages.items():
            if len(code) == 2:
                names.setdefault(search_key(language_name), code)
    return names
