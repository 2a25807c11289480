"""What can be imported: the kinds of file and their canonical fields, in the order in which rows are handed over.

A converted row is `(line_no, *values)` with one value per field of `FIELDS[kind]`, in that order; a field that
no column feeds is None. Values: TEXT and CODE are str, DATE is datetime.date, AMOUNT is Decimal (positive = owed
to us, on its currency's grid), WHOLE is int, YES_NO is bool, the rest is str. Lengths are those of the columns of
`receivables`, so that a row which passes here can be stored.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy

from core.text import Phrase, gettext_noop

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Type(Enum):
    """What a field holds, which decides how its cells are read."""

    CODE = "code"  # a reference or number: one line, blanks trimmed, never computed with
    COMPACT = "compact"  # an identifier whose blanks and points mean nothing (SIREN, VAT number)
    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    CURRENCY = "currency"  # ISO 4217, or its sign
    COUNTRY = "country"  # ISO 3166 alpha-2; names in five languages and alpha-3 are understood
    LANGUAGE = "language"  # ISO 639, with a country perhaps: fr, pt-BR
    WHOLE = "whole"  # 1 to 32767
    YES_NO = "yes_no"
    ITEM_KIND = "item_kind"
    ROLE = "role"
    INFLUENCE = "influence"


class Field(NamedTuple):
    """One canonical field. `words` is its name in English, for the catalogue. `max_length` counts a text's characters."""

    name: str
    words: str
    type: Type
    required: bool = False
    max_length: int = 0

    @property
    def label(self) -> StrPromise:
        """Its name in the reader's language."""
        return gettext_lazy(self.words)

    @property
    def phrase(self) -> Phrase:
        """Its name as a part of sentences that are translated later."""
        return Phrase(self.words)


def _code(name: str, words: str, *, required: bool = False, max_length: int = 80) -> Field:
    return Field(name, words, Type.CODE, required, max_length)


def _text(name: str, words: str, *, required: bool = False, max_length: int = 60) -> Field:
    return Field(name, words, Type.TEXT, required, max_length)


def _date(name: str, words: str, *, required: bool = False) -> Field:
    return Field(name, words, Type.DATE, required)


def _amount(name: str, words: str, *, required: bool = False) -> Field:
    return Field(name, words, Type.AMOUNT, required)


_CUSTOMER = _code("customer_ref", gettext_noop("customer reference"), required=True)
_ENTITY = _code("entity_code", gettext_noop("company"), max_length=40)
_CURRENCY = Field("currency", gettext_noop("currency"), Type.CURRENCY)
_AMOUNT = _amount("amount", gettext_noop("amount"), required=True)
_OPEN_AMOUNT = _amount("open_amount", gettext_noop("open amount"))
_EMAIL = _text("email", gettext_noop("e-mail"), max_length=254)
_PHONE = _text("phone", gettext_noop("telephone"), max_length=40)
_LANGUAGE = Field("language", gettext_noop("language"), Type.LANGUAGE)
_COUNTRY = Field("country", gettext_noop("country"), Type.COUNTRY)
_TERMS = _code("terms_code", gettext_noop("payment terms"), max_length=40)
_METHOD = _text("payment_method", gettext_noop("payment method"), max_length=40)
_SALESPERSON = _text("salesperson", gettext_noop("salesperson"), max_length=160)
_SECTOR = _text("sector", gettext_noop("sector"))
_REGION = _text("region", gettext_noop("region"))
_PRODUCT = _text("product", gettext_noop("product"))

FIELDS: dict[str, tuple[Field, ...]] = {
    "customers": (
        _CUSTOMER,
        _text("name", gettext_noop("name"), required=True, max_length=200),
        _COUNTRY,
        _LANGUAGE,
        Field("siren", gettext_noop("SIREN"), Type.COMPACT, max_length=9),
        Field("siret", gettext_noop("SIRET"), Type.COMPACT, max_length=14),
        Field("vat_number", gettext_noop("VAT number"), Type.COMPACT, max_length=20),
        Field("lei", gettext_noop("LEI"), Type.COMPACT, max_length=20),
        _code("registration_number", gettext_noop("registration number"), max_length=40),
        _text("street", gettext_noop("street"), max_length=200),
        _code("postal_code", gettext_noop("postal code"), max_length=20),
        _text("city", gettext_noop("city"), max_length=100),
        _EMAIL,
        _PHONE,
        _code("group_ref", gettext_noop("group reference")),
        _text("group_name", gettext_noop("group name"), max_length=160),
        _ENTITY,
        _code("account_ref", gettext_noop("account reference")),
        _TERMS,
        _METHOD,
        _CURRENCY,
        _SALESPERSON,
        _text("collector", gettext_noop("collector"), max_length=160),
        _SECTOR,
        _REGION,
        _PRODUCT,
    ),
    "contacts": (
        _CUSTOMER,
        _text("last_name", gettext_noop("last name"), required=True, max_length=80),
        _text("first_name", gettext_noop("first name"), max_length=80),
        Field("role", gettext_noop("role"), Type.ROLE),
        Field("influence", gettext_noop("influence"), Type.INFLUENCE),
        _EMAIL,
        _PHONE,
        _text("mobile", gettext_noop("mobile number"), max_length=40),
        _LANGUAGE,
        Field("is_primary", gettext_noop("first contact"), Type.YES_NO),
    ),
    "items": (
        _CUSTOMER,
        _text("customer_name", gettext_noop("customer name"), max_length=200),
        _ENTITY,
        _code("number", gettext_noop("number"), required=True),
        Field("instalment", gettext_noop("instalment"), Type.WHOLE),
        Field("kind", gettext_noop("kind"), Type.ITEM_KIND),
        _date("document_date", gettext_noop("document date"), required=True),
        _date("posting_date", gettext_noop("posting date")),
        _date("due_date", gettext_noop("due date"), required=True),
        _date("delivery_date", gettext_noop("delivery date")),
        _AMOUNT,
        _OPEN_AMOUNT,
        _amount("vat_amount", gettext_noop("VAT amount")),
        _CURRENCY,
        _date("settled_date", gettext_noop("settled on")),
        _TERMS,
        _METHOD,
        _code("order_ref", gettext_noop("order reference")),
        _code("project_ref", gettext_noop("project reference")),
        _PRODUCT,
        _text("site", gettext_noop("site")),
        _text("biller", gettext_noop("biller"), max_length=80),
        _SALESPERSON,
        _SECTOR,
        _REGION,
        _COUNTRY,
        Field("disputed", gettext_noop("disputed"), Type.YES_NO),
    ),
    "allocations": (
        _code("customer_ref", gettext_noop("customer reference")),
        _code("debit_number", gettext_noop("number of the invoice"), required=True),
        _code("credit_number", gettext_noop("number of the payment or credit note")),
        _AMOUNT,
        _CURRENCY,
        _date("on", gettext_noop("allocated on"), required=True),
        _ENTITY,
    ),
    "orders": (
        _CUSTOMER,
        _ENTITY,
        _code("number", gettext_noop("order number"), required=True),
        _date("order_date", gettext_noop("order date"), required=True),
        _date("delivery_date", gettext_noop("delivery date")),
        _AMOUNT,
        _OPEN_AMOUNT,
        _CURRENCY,
    ),
    "disputes": (
        _CUSTOMER,
        _code("number", gettext_noop("number of the invoice")),
        _ENTITY,
        _text("reason", gettext_noop("reason"), required=True),
        _amount("amount", gettext_noop("disputed amount")),
        _date("opened_on", gettext_noop("opened on"), required=True),
        _date("closed_on", gettext_noop("closed on")),
        _text("comment", gettext_noop("comment"), max_length=2000),
    ),
    "promises": (
        _CUSTOMER,
        _ENTITY,
        _AMOUNT,
        _CURRENCY,
        _date("due_on", gettext_noop("promised for"), required=True),
        _date("made_on", gettext_noop("promised on"), required=True),
        _text("numbers", gettext_noop("numbers of the invoices"), max_length=1000),
    ),
    "bank_lines": (
        _date("booked_on", gettext_noop("booked on"), required=True),
        _date("value_on", gettext_noop("value date")),
        _AMOUNT,
        _CURRENCY,
        _text("payer_name", gettext_noop("name of the payer"), max_length=200),
        Field("payer_iban", gettext_noop("account of the payer"), Type.COMPACT, max_length=34),
        _text("text", gettext_noop("text of the payment"), required=True, max_length=2000),
        _code("structured_ref", gettext_noop("creditor reference"), max_length=140),
        _code("reference", gettext_noop("reference of the bank"), max_length=140),
        Field("own_iban", gettext_noop("own account"), Type.COMPACT, max_length=34),
        _ENTITY,
    ),
}

KINDS = tuple(FIELDS)
MODES = ("snapshot", "history", "delta")

# Columns that are no field of a row: they give an amount its value or its sign.
SIGN_COLUMNS: dict[str, Field] = {
    "debit": _amount("debit", gettext_noop("debit")),
    "credit": _amount("credit", gettext_noop("credit")),
    "sign": _code("sign", gettext_noop("debit or credit"), max_length=20),
}

# An empty field is filled from another one of the same row before it is missed.
FALLBACKS = {"document_date": "posting_date"}


def field_names(kind: str) -> tuple[str, ...]:
    """The names of a kind's fields, in the order of a converted row (after the line number)."""
    return tuple(field.name for field in FIELDS[kind])


def fields_by_name(kind: str) -> dict[str, Field]:
    """A kind's fields, and the three that give an amount its value or sign."""
    return {field.name: field for field in (*FIELDS[kind], *SIGN_COLUMNS.values())}


def has_amount(kind: str) -> bool:
    """Whether rows of this kind carry an amount (customers and contacts do not)."""
    return any(field.name == "amount" for field in FIELDS[kind])
