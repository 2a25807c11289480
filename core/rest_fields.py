"""Amounts in API serializers: out as {"amount": "1200.00", "currency": "EUR"}, in as a text that is exactly an amount."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.money import amount_text, exponent, has_excess_decimals, is_currency, parse_amount

AMOUNT_PATTERN = r"^-?\d{1,16}(\.\d{1,4})?$"
AMOUNT_SCHEMA = {"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["1200.00"]}
CURRENCY_SCHEMA = {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]}


@extend_schema_field(AMOUNT_SCHEMA)
class AmountField(serializers.Field):
    """An amount as a text: `^-?\\d{1,16}(\\.\\d{1,4})?$`. Numbers, `1_000`, `1e3` and full-width digits are refused."""

    default_error_messages = {"invalid": _("Write an amount as a text such as “1200.00”.")}

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            return parse_amount(data)
        except (TypeError, ValueError):
            self.fail("invalid")

    def to_representation(self, value: Decimal) -> str:
        return format(value, "f")


@extend_schema_field(CURRENCY_SCHEMA)
class CurrencyField(serializers.Field):
    """An ISO 4217 code in capitals."""

    default_error_messages = {"invalid": _("Write a currency by its ISO code, such as “EUR”.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not is_currency(data):
            self.fail("invalid")
        return data

    def to_representation(self, value: str) -> str:
        return value


class MoneySchema(serializers.Serializer[Any]):
    """An amount with its currency. Positive: owed to us."""

    amount = AmountField()
    currency = CurrencyField()

    class Meta:
        ref_name = "Money"


@extend_schema_field(MoneySchema)
class MoneyField(serializers.Field):
    """Two columns, an amount and its currency, as one value; null where there is no amount. Only read."""

    def __init__(self, amount: str, currency: str = "currency", **kwargs: Any) -> None:
        self.amount, self.currency = amount, currency
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        return money(_reach(value, self.amount), _reach(value, self.currency))


class OptionalMoneyField(MoneyField):
    """The same where there may be no amount."""

    def __init__(self, amount: str, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(amount, currency, allow_null=True, **kwargs)


def money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    """{"amount", "currency"}, with at least the currency's decimals."""
    return None if amount is None else {"amount": amount_text(amount, currency), "currency": currency}


def check_decimals(values: dict[str, Any], *names: str, currency: str = "currency") -> None:
    """Refuse amounts that are finer than their currency. Raises serializers.ValidationError by field."""
    code = values.get(currency)
    wrong = {
        name: [_("This currency has fewer decimals.")]
        for name in names
        if code and values.get(name) is not None and has_excess_decimals(values[name], code)
    }
    if wrong:
        raise serializers.ValidationError(wrong)


def _reach(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = getattr(row, name)
    return row


class Columns:
    """The columns that an output serializer's fields stand for, and rows of them as JSON objects.

    Lists are written from `values_list(*paths)`, not by the serializer, which is three times slower; a test renders both.
    """

    def __init__(self, out: type[serializers.Serializer[Any]]) -> None:
        self.names: list[str] = []
        self.paths: list[str] = []
        moneys: list[tuple[str, str]] = []
        for name, field in out().fields.items():
            self.names.append(name)
            if isinstance(field, MoneyField):
                self.paths.append(field.amount.replace(".", "__"))
                moneys.append((name, field.currency.replace(".", "__")))
            else:
                self.paths.append(str(field.source).replace(".", "__"))
        first = len(self.paths)
        tail = list(dict.fromkeys(currency for _name, currency in moneys))
        self.paths += tail
        self._moneys = [(name, first + tail.index(currency)) for name, currency in moneys]

    def picked(self, row: Sequence[Any], *names: str) -> tuple[Any, ...]:
        """The values of some fields of a row. Raises ValueError on a field that there is none of."""
        return tuple(row[self.names.index(name)] for name in names)

    def object(self, row: Sequence[Any]) -> dict[str, Any]:
        """One row of `values_list(*paths)`."""
        plain = dict(zip(self.names, row, strict=False))  # the currencies of amounts come after the fields
        for name, place in self._moneys:
            amount = plain[name]
            if amount is not None:
                currency = row[place]
                plain[name] = {"amount": _amount_text(amount, currency), "currency": currency}
        return plain


def _amount_text(amount: Decimal, currency: str) -> str:
    """As core.money.amount_text, which takes four times as long: columns have four decimals, most currencies two."""
    text = str(amount)
    if text[-2:] == "00" and text[-5:-4] == "." and _decimals(currency) == 2:
        return text[:-2]
    return amount_text(amount, currency)


@cache
def _decimals(currency: str) -> int:
    return exponent(currency)


@cache
def columns_of(out: type[serializers.Serializer[Any]]) -> Columns:
    """Raises what the serializer's fields raise; once per class."""
    return Columns(out)
