"""What can be imported: the kinds of file and their canonical fields, in the order in which rows are handed over.

A converted row is `(line_no, *values)` with one value per field of `FIELDS[kind]`, in that order; a field that
no column feeds is None. Values: TEXT and CODE are str, DATE is datetime.date, AMOUNT is Decimal (positive = owed
to us, on its currency's grid), WHOLE is int, YES_NO is bool, the rest is str. Lengths are those of the columns of
`receivables`, so that a row which passes here can be stored.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


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
    """One canonical field. `max_length` counts characters and concerns texts alone."""

    name: str
    label: Promise
    type: Type
    required: bool = False
    max_length: int = 0


def _code(name: str, label: Promise, *, required: bool = False, max_length: int = 80) -> Field:
    return Field(name, label, Type.CODE, required, max_length)


def _text(name: str, label: Promise, *, required: bool = False, max_length: int = 60) -> Field:
    return Field(name, label, Type.TEXT, required, max_length)


def _date(name: str, label: Promise, *, required: bool = False) -> Field:
    return Field(name, label, Type.DATE, required)


def _amount(name: str, label: Promise, *, required: bool = False) -> Field:
    return Field(name, label, Type.AMOUNT, required)


_CUSTOMER = _code("customer_ref", _("customer reference"), required=True)
_ENTITY = _code("entity_code", _("company"), max_length=40)
_CURRENCY = Field("currency", _("currency"), Type.CURRENCY)
_AMOUNT = _amount("amount", _("amount"), required=True)
_OPEN_AMOUNT = _amount("open_amount", _("open amount"))
_EMAIL = _text("email", _("e-mail"), max_length=254)
_PHONE = _text("phone", _("telephone"), max_length=40)
_LANGUAGE = Field("language", _("language"), Type.LANGUAGE)
_COUNTRY = Field("country", _("country"), Type.COUNTRY)
_TERMS = _code("terms_code", _("payment terms"), max_length=40)
_METHOD = _text("payment_method", _("payment method"), max_length=40)
_SALESPERSON = _text("salesperson", _("salesperson"), max_length=160)
_SECTOR = _text("sector", _("sector"))
_REGION = _text("region", _("region"))
_PRODUCT = _text("product", _("product"))

FIELDS: dict[str, tuple[Field, ...]] = {
    "customers": (
        _CUSTOMER,
        _text("name", _("name"), required=True, max_length=200),
        _COUNTRY,
        _LANGUAGE,
        Field("siren", _("SIREN"), Type.COMPACT, max_length=9),
        Field("siret", _("SIRET"), Type.COMPACT, max_length=14),
        Field("vat_number", _("VAT number"), Type.COMPACT, max_length=20),
        Field("lei", _("LEI"), Type.COMPACT, max_length=20),
        _code("registration_number", _("registration number"), max_length=40),
        _text("street", _("street"), max_length=200),
        _code("postal_code", _("postal code"), max_length=20),
        _text("city", _("city"), max_length=100),
        _EMAIL,
        _PHONE,
        _code("group_ref", _("group reference")),
        _text("group_name", _("group name"), max_length=160),
        _ENTITY,
        _code("account_ref", _("account reference")),
        _TERMS,
        _METHOD,
        _CURRENCY,
        _SALESPERSON,
        _text("collector", _("collector"), max_length=160),
        _SECTOR,
        _REGION,
        _PRODUCT,
    ),
    "contacts": (
        _CUSTOMER,
        _text("last_name", _("last name"), required=True, max_length=80),
        _text("first_name", _("first name"), max_length=80),
        Field("role", _("role"), Type.ROLE),
        Field("influence", _("influence"), Type.INFLUENCE),
        _EMAIL,
        _PHONE,
        _LANGUAGE,
        Field("is_primary", _("first contact"), Type.YES_NO),
    ),
    "items": (
        _CUSTOMER,
        _text("customer_name", _("customer name"), max_length=200),
        _ENTITY,
        _code("number", _("number"), required=True),
        Field("instalment", _("instalment"), Type.WHOLE),
        Field("kind", _("kind"), Type.ITEM_KIND),
        _date("document_date", _("document date"), required=True),
        _date("posting_date", _("posting date")),
        _date("due_date", _("due date"), required=True),
        _date("delivery_date", _("delivery date")),
        _AMOUNT,
        _OPEN_AMOUNT,
        _amount("vat_amount", _("VAT amount")),
        _CURRENCY,
        _date("settled_date", _("settled on")),
        _TERMS,
        _METHOD,
        _code("order_ref", _("order reference")),
        _code("project_ref", _("project reference")),
        _PRODUCT,
        _text("site", _("site")),
        _text("biller", _("biller"), max_length=80),
        _SALESPERSON,
        _SECTOR,
        _REGION,
        _COUNTRY,
        Field("disputed", _("disputed"), Type.YES_NO),
    ),
    "allocations": (
        _code("customer_ref", _("customer reference")),
        _code("debit_number", _("number of the invoice"), required=True),
        _code("credit_number", _("number of the payment or credit note")),
        _AMOUNT,
        _CURRENCY,
        _date("on", _("allocated on"), required=True),
        _ENTITY,
    ),
    "orders": (
        _CUSTOMER,
        _ENTITY,
        _code("number", _("order number"), required=True),
        _date("order_date", _("order date"), required=True),
        _date("delivery_date", _("delivery date")),
        _AMOUNT,
        _OPEN_AMOUNT,
        _CURRENCY,
    ),
    "disputes": (
        _CUSTOMER,
        _code("number", _("number of the invoice")),
        _ENTITY,
        _text("reason", _("reason"), required=True),
        _amount("amount", _("disputed amount")),
        _date("opened_on", _("opened on"), required=True),
        _date("closed_on", _("closed on")),
        _text("comment", _("comment"), max_length=2000),
    ),
    "promises": (
        _CUSTOMER,
        _ENTITY,
        _AMOUNT,
        _CURRENCY,
        _date("due_on", _("promised for"), required=True),
        _date("made_on", _("promised on"), required=True),
        _text("numbers", _("numbers of the invoices"), max_length=1000),
    ),
}

KINDS = tuple(FIELDS)
MODES = ("snapshot", "history", "delta")

# Columns that are no field of a row: they give an amount its value or its sign.
SIGN_COLUMNS: dict[str, Field] = {
    "debit": _amount("debit", _("debit")),
    "credit": _amount("credit", _("credit")),
    "sign": _code("sign", _("debit or credit"), max_length=20),
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
