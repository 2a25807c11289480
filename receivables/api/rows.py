"""Rows of a bulk call: their shape, and their values in the form that loading takes. Errors are data, row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.fields import BooleanField, CharField, ChoiceField, DateField, EmailField, IntegerField

from core.money import has_excess_decimals, is_currency, parse_amount
from core.rest_fields import AmountField, CurrencyField
from receivables.models import Contact
from receivables.models.ledger import ItemKind
from receivables.ports import ROW_FIELDS, Rejection

MOST_ROWS = 1_000
Row = serializers.Serializer[Any]


def _text(length: int, *, required: bool = False) -> CharField:
    return CharField(max_length=length, required=required, allow_null=not required, allow_blank=not required)


def _day(*, required: bool = False) -> DateField:
    return DateField(required=required, allow_null=not required)


def _amount(*, required: bool = False) -> AmountField:
    return AmountField(required=required, allow_null=not required)


class CustomerRow(Row):
    """A customer by its reference, and with `entity_code` its account there. What is left out stays as it is."""

    customer_ref = _text(80, required=True)
    name = _text(200, required=True)
    country = _text(2)
    language = _text(5)
    siren = _text(9)
    siret = _text(14)
    vat_number = _text(20)
    lei = _text(20)
    registration_number = _text(40)
    street = _text(200)
    postal_code = _text(20)
    city = _text(100)
    email = EmailField(max_length=254, required=False, allow_null=True, allow_blank=True)
    phone = _text(40)
    group_ref = _text(80)
    group_name = _text(160)
    entity_code = _text(40)
    account_ref = _text(80)
    terms_code = _text(40)
    payment_method = _text(40)
    currency = CurrencyField(required=False, allow_null=True)
    salesperson = _text(80)
    collector = _text(80)
    sector = _text(60)
    region = _text(60)
    product = _text(60)


class ContactRow(Row):
    """A person at a customer, known by customer, last and first name."""

    customer_ref = _text(80, required=True)
    last_name = _text(80, required=True)
    first_name = _text(80)
    role = ChoiceField(Contact.Role.values, required=False, allow_null=True)
    influence = ChoiceField(Contact.Influence.values, required=False, allow_null=True)
    email = EmailField(max_length=254, required=False, allow_null=True, allow_blank=True)
    phone = _text(40)
    mobile = _text(40)
    language = _text(5)
    is_primary = BooleanField(required=False, allow_null=True)


class ItemRow(Row):
    """An item by company, kind, number and instalment. Positive is owed to us.

    `open_amount` below `amount` says that the rest is settled. Without `currency` it is the company's.
    """

    customer_ref = _text(80, required=True)
    customer_name = _text(200)
    entity_code = _text(40)
    number = _text(80, required=True)
    instalment = IntegerField(min_value=1, max_value=32767, required=False, allow_null=True)
    kind = ChoiceField(ItemKind.values, required=False, allow_null=True)
    document_date = _day(required=True)
    posting_date = _day()
    due_date = DateField(required=False, allow_null=True, help_text="Needed for amounts owed to us.")
    delivery_date = _day()
    amount = _amount(required=True)
    open_amount = _amount()
    vat_amount = _amount()
    currency = CurrencyField(required=False, allow_null=True)
    settled_date = _day()
    terms_code = _text(40)
    payment_method = _text(40)
    order_ref = _text(80)
    project_ref = _text(80)
    product = _text(60)
    site = _text(60)
    biller = _text(80)
    salesperson = _text(80)
    sector = _text(60)
    region = _text(60)
    country = _text(2)
    disputed = BooleanField(required=False, allow_null=True)


class OrderRow(Row):
    """An order by company and number. `open_amount`: what is not invoiced yet; left out, all of it."""

    customer_ref = _text(80, required=True)
    entity_code = _text(40)
    number = _text(80, required=True)
    order_date = _day(required=True)
    delivery_date = _day()
    amount = _amount(required=True)
    open_amount = _amount()
    currency = CurrencyField(required=False, allow_null=True)


ROWS: dict[str, type[Row]] = {"customers": CustomerRow, "contacts": ContactRow, "items": ItemRow, "orders": OrderRow}
_AMOUNTS = ("amount", "open_amount", "vat_amount")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# A mailbox as a form would take it; whether it exists only a message tells.
_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s.<>()\[\],;:\\\"]+(\.[^@\s.<>()\[\],;:\\\"]+)+")
Reader = Callable[[Any], Any]


def rows_of(
    kind: str, rows: Sequence[Any], *, currencies: Mapping[str, str], entity_code: str, default_currency: str
) -> tuple[list[tuple[Any, ...]], list[Rejection], set[str]]:
    """(rows as loading takes them, those that cannot be read with the reason, the fields that any row has).

    A row's line is its place in the call, from 0. `currencies`: of each company by code; rows that name no currency are
    in their company's, else in `default_currency`. An empty text says nothing, as null and an absent field do.
    """
    good: list[tuple[Any, ...]] = []
    bad: list[Rejection] = []
    fed = set(_required(kind))
    readers = _readers(kind)
    names = ROW_FIELDS[kind]
    has_amount = "amount" in readers
    for line, row in enumerate(rows):
        if not isinstance(row, dict):
            bad.append(Rejection(line, "", _("A row is a JSON object.")))
            continue
        values: dict[str, Any] = {}
        wrong: Rejection | None = None
        for name, value in row.items():
            reader = readers.get(name)
            if reader is None:
                wrong = Rejection(line, name[:60], _("There is no such field."))
                break
            if value is None or value == "":
                continue
            try:
                values[name] = reader(value)
            except (ValueError, TypeError) as error:
                wrong = Rejection(line, name, str(error))
                break
        if wrong is None:
            if has_amount:
                entity = values.get("entity_code") or entity_code
                values.setdefault("currency", currencies.get(entity, default_currency))
            wrong = _missing(kind, line, values) or _too_fine(line, values)
        if wrong is not None:
            bad.append(wrong)
            continue
        if kind == "items" and values["amount"] < 0:
            values.setdefault("due_date", values["document_date"])
        fed |= values.keys()
        get = values.get
        good.append((line, *[get(name) for name in names]))
    return good, bad, fed


def _missing(kind: str, line: int, values: dict[str, Any]) -> Rejection | None:
    for name in _required(kind):
        if name not in values:
            return Rejection(line, name, _("This is needed."))
    if kind == "items" and values["amount"] >= 0 and "due_date" not in values:
        return Rejection(line, "due_date", _("This is needed."))
    return None


def _too_fine(line: int, values: dict[str, Any]) -> Rejection | None:
    for name in _AMOUNTS:
        amount = values.get(name)
        if amount is not None and has_excess_decimals(amount, values["currency"]):
            return Rejection(line, name, _("This currency has fewer decimals."))
    return None


@cache
def _required(kind: str) -> tuple[str, ...]:
    return tuple(name for name, field in ROWS[kind]().fields.items() if field.required)


@cache
def _readers(kind: str) -> dict[str, Reader]:
    """How each field is read: the same as its serializer's field does, which a test holds, and many times faster."""
    return {name: _reader(field) for name, field in ROWS[kind]().fields.items()}


def _reader(field: Any) -> Reader:
    match field:
        case AmountField():
            return _read_amount
        case CurrencyField():
            return _read_currency
        case DateField():
            return _read_day
        case BooleanField():
            return _read_flag
        case IntegerField():
            return _whole(field.min_value or 0, field.max_value or 0)
        case ChoiceField():
            return _choice(frozenset(field.choices))
        case EmailField():
            return _text_of(field.max_length or 0, pattern=_EMAIL)
    return _text_of(field.max_length or 0)


def _text_of(length: int, *, pattern: re.Pattern[str] | None = None) -> Reader:
    def read(value: Any) -> str | None:
        if not isinstance(value, str):
            raise TypeError(_("This must be a text."))
        text = value.strip()
        if len(text) > length:
            raise ValueError(_("At most %(n)s characters.") % {"n": length})
        if "\0" in text:
            raise ValueError(_("A text holds a character that cannot be stored."))
        if pattern and text and not pattern.fullmatch(text):
            raise ValueError(_("This is not an e-mail address."))
        return text or None

    return read


def _choice(values: frozenset[str]) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise ValueError(_("This must be one of %(choices)s.") % {"choices": ", ".join(sorted(values))})
        return value

    return read


def _whole(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(
                _("This must be a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
            )
        return value

    return read


def _read_amount(value: Any) -> Decimal:
    try:
        return parse_amount(value)
    except (TypeError, ValueError) as error:
        raise ValueError(_("Write an amount as a text such as “1200.00”.")) from error


def _read_currency(value: Any) -> str:
    if not isinstance(value, str) or not is_currency(value):
        raise ValueError(_("Write a currency by its ISO code, such as “EUR”."))
    return value


def _read_day(value: Any) -> date:
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(_("Write a date such as 2026-03-31."))


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(_("This must be true or false."))
    return value
