"""Rows of a bulk call: their shape, and their values in the form that loading takes. Errors are data, row by row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import compress
from types import NoneType
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.fields import BooleanField, CharField, ChoiceField, DateField, EmailField, IntegerField

from core.money import exponent, has_excess_decimals, is_currency, parse_amount
from core.rest_fields import AmountField, CurrencyField
from receivables.models import Contact
from receivables.models.ledger import ItemKind
from receivables.ports import ROW_FIELDS, Columns, Rejection

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
) -> tuple[Columns, list[Rejection], set[str]]:
    """(rows as loading takes them, those that cannot be read with the reason, the fields that any row has).

    A row's line is its place in the call, from 0. `currencies`: of each company by code; rows that name no currency are
    in their company's, else in `default_currency`. An empty text says nothing, as null and an absent field do.
    Read column by column: of a thousand rows most columns say few different things. Of a row with several faults the
    first is told.
    """
    readers, names = _readers(kind), ROW_FIELDS[kind]
    bad = {
        line: Rejection(line, "", _("A row is a JSON object."))
        for line, row in enumerate(rows)
        if type(row) is not dict
    }
    lines: Sequence[int] = [line for line in range(len(rows)) if line not in bad]
    objects = [rows[line] for line in lines]
    wrong: dict[int, dict[str, str]] = defaultdict(dict)
    columns: dict[str, Sequence[Any]] = {}
    for name in set[str]().union(*objects):
        if name in readers:
            columns[name], reasons = _read_column(readers[name], [row.get(name) for row in objects])
        else:
            reasons = {place: _("There is no such field.") for place, row in enumerate(objects) if name in row}
        for place, reason in reasons.items():
            wrong[place][name] = reason
    for place, reasons_of in wrong.items():
        name = next(name for name in objects[place] if name in reasons_of)
        bad[lines[place]] = Rejection(lines[place], name[:60], reasons_of[name])
    if wrong:
        lines, columns = _without(wrong, lines, columns)
    blank = [None] * len(lines)
    if "amount" in readers:
        columns["currency"] = _currencies(columns, blank, currencies, entity_code, default_currency)
    if kind == "items":
        columns["due_date"] = _due_dates(columns, blank)
    late = _incomplete(kind, columns, blank)
    if "amount" in readers:
        late = _too_fine(columns) | late
    if late:
        bad |= {lines[place]: Rejection(lines[place], name, reason) for place, (name, reason) in late.items()}
        lines, columns = _without(late, lines, columns)
        blank = [None] * len(lines)
    fed = {*_required(kind), *(name for name, values in columns.items() if any(value is not None for value in values))}
    return Columns(lines, [columns.get(name, blank) for name in names]), [bad[line] for line in sorted(bad)], fed


def _read_column(read: Reader, values: list[Any]) -> tuple[Sequence[Any], dict[int, str]]:
    """What each value means, and by place why it means nothing. Of texts each different one is read once."""
    if set(map(type, values)) <= {str, NoneType}:
        meanings: dict[str | None, Any] = {None: None, "": None}
        refused: dict[str, str] = {}
        for text in set(values) - meanings.keys():
            meanings[text], reason = _read(read, text)
            if reason:
                refused[text] = reason
        reasons = {place: refused[text] for place, text in enumerate(values) if text in refused} if refused else {}
        return list(map(meanings.__getitem__, values)), reasons
    found = [(None, "") if value is None or value == "" else _read(read, value) for value in values]
    return [meaning for meaning, _reason in found], {
        place: reason for place, (_m, reason) in enumerate(found) if reason
    }


def _read(read: Reader, value: Any) -> tuple[Any, str]:
    try:
        return read(value), ""
    except (ValueError, TypeError) as error:
        return None, str(error)


def _without(
    places: Collection[int], lines: Sequence[int], columns: Mapping[str, Sequence[Any]]
) -> tuple[Sequence[int], dict[str, Sequence[Any]]]:
    """Lines and columns without the rows at these places."""
    kept = [place not in places for place in range(len(lines))]
    return list(compress(lines, kept)), {name: list(compress(values, kept)) for name, values in columns.items()}


def _currencies(
    columns: Mapping[str, Sequence[Any]],
    blank: Sequence[None],
    currencies: Mapping[str, str],
    entity_code: str,
    default_currency: str,
) -> Sequence[str]:
    given = columns.get("currency", blank)
    if None not in given:
        return given
    return [
        currency or currencies.get(entity or entity_code, default_currency)
        for currency, entity in zip(given, columns.get("entity_code", blank), strict=True)
    ]


def _due_dates(columns: Mapping[str, Sequence[Any]], blank: Sequence[None]) -> Sequence[date | None]:
    """Credits are due on their day where nothing else is said."""
    given: Sequence[date | None] = columns.get("due_date", blank)
    if None not in given:
        return given
    amounts, days = columns.get("amount", blank), columns.get("document_date", blank)
    return [
        day if due is None and amount is not None and amount < 0 else due
        for due, amount, day in zip(given, amounts, days, strict=True)
    ]


def _incomplete(kind: str, columns: Mapping[str, Sequence[Any]], blank: Sequence[None]) -> dict[int, tuple[str, str]]:
    """Rows that lack what is needed, by place: the first such field. An item without due date is not a credit."""
    found: dict[int, tuple[str, str]] = {}
    for name in (*_required(kind), *(["due_date"] if kind == "items" else [])):
        values = columns.get(name, blank)
        if None in values:
            for place, value in enumerate(values):
                if value is None:
                    found.setdefault(place, (name, _("This is needed.")))
    return found


def _too_fine(columns: Mapping[str, Sequence[Any]]) -> dict[int, tuple[str, str]]:
    """Rows with an amount of more decimals than its currency has, by place: the first such field."""
    found: dict[int, tuple[str, str]] = {}
    used = set(columns["currency"])
    fewest = min(map(exponent, used), default=0)
    for name in _AMOUNTS:
        values = columns.get(name, ())
        # A sum has the decimals of the finest: with those of all rows at once, nothing is left to look at.
        if -int(sum(filter(None, values), Decimal(0)).as_tuple().exponent) <= fewest:
            continue
        for place, (amount, currency) in enumerate(zip(values, columns["currency"], strict=True)):
            if amount is not None and has_excess_decimals(amount, currency):
                found.setdefault(place, (name, _("This currency has fewer decimals.")))
    return found


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
