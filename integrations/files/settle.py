"""What the columns of a batch make of each other: constants, signs, currencies, rounding, what is required. Pure.

A batch is a dict of columns, field -> values by position; None is a blank. What is wrong is noted by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as AnyMapping
from decimal import Decimal
from typing import Any, NamedTuple

from core.money import exponent, has_excess_decimals, round_amount
from core.text import Phrase, gettext_noop
from integrations.files import words
from integrations.files.columns import Bad
from integrations.files.fields import FALLBACKS

AMOUNTS = ("amount", "open_amount", "vat_amount")

Columns = dict[str, Sequence[Any]]


class Problem(NamedTuple):
    """What is wrong with one field of a row: what was found, and what was expected."""

    field: str
    found: str
    expected: Phrase

    def reason(self, translate: Callable[[str], str] = str) -> str:
        """In words, translated by `translate` (Django's gettext, say); English without."""
        text = gettext_noop("found “%(found)s”; expected %(expected)s")
        if not self.found:
            text = gettext_noop("empty; expected %(expected)s")
        return Phrase(text, {"found": self.found, "expected": self.expected}).in_words(translate)


Problems = dict[int, list[Problem]]


def take_out_bad(name: str, values: Sequence[Any], problems: Problems) -> list[Any]:
    """The values with None for each Bad, which is noted."""
    clean = list(values)
    for position, value in enumerate(clean):
        if value.__class__ is Bad:
            problems.setdefault(position, []).append(Problem(name, value.found, value.expected))
            clean[position] = None
    return clean


def fill(columns: Columns, constants: AnyMapping[str, Any], count: int) -> None:
    """Blanks take the constant of their field, then the value of the field that stands in for it."""
    for name, constant in constants.items():
        columns[name] = _or_else(columns[name], [constant] * count) if name in columns else [constant] * count
    for name, other in FALLBACKS.items():
        if other in columns:
            columns[name] = _or_else(columns[name], columns[other]) if name in columns else columns[other]


def has_blank(values: Sequence[Any]) -> bool:
    """Whether a None is among them. `in` would ask each Decimal whether it equals None, at a microsecond each."""
    if isinstance(values[0], Decimal):
        return type(None) in set(map(type, values))
    return None in values


def _or_else(values: Sequence[Any], others: Sequence[Any]) -> Sequence[Any]:
    if not has_blank(values):
        return values
    return [other if value is None else value for value, other in zip(values, others, strict=True)]


def apply_sign(columns: Columns, sign: str, count: int, problems: Problems) -> None:
    """Make amounts positive where the customer owes: from debit and credit, a column of signs, the kind, or reversed.

    An open amount and the VAT have the sign of their amount, whichever way that got it.
    """
    if "debit" in columns and "credit" in columns:
        net = _net_in if sign == "reversed" else _net
        columns["amount"] = list(map(net, columns.pop("debit"), columns.pop("credit")))
        factors = [-1 if amount is not None and amount < 0 else 1 for amount in columns["amount"]]
        for name in AMOUNTS[1:]:
            if name in columns:
                columns[name] = [
                    -value if value is not None and factor < 0 < value else value
                    for value, factor in zip(columns[name], factors, strict=True)
                ]
        return
    factors = [1] * count
    if "sign" in columns:
        factors = [_sign_of(value, position, problems) for position, value in enumerate(columns.pop("sign"))]
    elif sign == "by_kind" and "kind" in columns:
        factors = [-1 if kind in words.CREDIT_KINDS else 1 for kind in columns["kind"]]
    elif sign == "reversed":
        factors = [-1] * count
    else:
        return
    for name in AMOUNTS:
        if name in columns:
            columns[name] = [
                value if value is None or factor > 0 or not value else -value
                for value, factor in zip(columns[name], factors, strict=True)
            ]


def _net(debit: Decimal | None, credit: Decimal | None) -> Decimal | None:
    if debit is None and credit is None:
        return None
    return (debit or Decimal(0)) - (credit or Decimal(0))


def _net_in(debit: Decimal | None, credit: Decimal | None) -> Decimal | None:
    """What came in on a bank's statement: it credits what came, and writes what went with or without a minus."""
    if debit is None and credit is None:
        return None
    return (credit or Decimal(0)) - abs(debit or Decimal(0))


def _sign_of(value: int | None, position: int, problems: Problems) -> int:
    if value is None:
        found = problems.setdefault(position, [])
        if not any(one.field == "sign" for one in found):
            found.append(Problem("sign", "", Phrase(gettext_noop("debit or credit"))))
        return 1
    return value


def fill_due_dates_of_credits(columns: Columns) -> None:
    """What we owe has often no due date: it counts from its document's date. An invoice without one is bad."""
    due, start, amounts = columns.get("due_date"), columns.get("document_date"), columns.get("amount")
    if due is None or start is None or amounts is None or not has_blank(due):
        return
    columns["due_date"] = [
        start[position] if value is None and amounts[position] is not None and amounts[position] < 0 else value
        for position, value in enumerate(due)
    ]


class Currencies:
    """Which currency a row is in that does not say so, and how many decimals that has."""

    def __init__(self, default: str, by_entity: AnyMapping[str, str]) -> None:
        self.default = default
        self.by_entity = by_entity

    def fill(self, columns: Columns, count: int) -> None:
        values = columns.get("currency")
        if values is not None and not has_blank(values):
            return
        entities = columns.get("entity_code")
        if entities is not None and self.by_entity:
            get = self.by_entity.get
            own: Sequence[str] = [get(entity, self.default) for entity in entities]
        else:
            own = [self.default] * count
        columns["currency"] = own if values is None else _or_else(values, own)

    @staticmethod
    def all_have_two_decimals(values: Sequence[str]) -> bool:
        """Two or more: then amounts with two decimals need no rounding."""
        return all(exponent(currency) >= 2 for currency in set(values))


def round_amounts(columns: Columns, names: Iterable[str], policy: str, problems: Problems) -> dict[str, int]:
    """Put the amounts of some fields on their currency's grid, or note them as bad when the policy is to refuse.

    Returns how many amounts (not open amounts or VAT) were rounded, by currency.
    """
    rounded: dict[str, int] = {}
    currencies = columns["currency"]
    for name in names:
        values = columns[name]
        result = list(values)
        for position, value in enumerate(values):
            # Most have two decimals and a currency with two.
            if value is None or (value.as_tuple().exponent >= -2 and exponent(currencies[position]) >= 2):
                continue
            currency = currencies[position]
            if not has_excess_decimals(value, currency):
                result[position] = round_amount(value, currency)
            elif policy == "refuse":
                expected = Phrase(
                    gettext_noop("at most %(count)s decimals in %(currency)s"),
                    {"count": exponent(currency), "currency": currency},
                )
                problems.setdefault(position, []).append(Problem(name, str(value), expected))
            else:
                result[position] = round_amount(value, currency)
                if name == "amount":
                    rounded[currency] = rounded.get(currency, 0) + 1
        columns[name] = result
    return rounded


def require(name: str, values: Sequence[Any], expected: Phrase, problems: Problems) -> None:
    """Note the blanks of a required field, unless the field has a problem already."""
    for position, value in enumerate(values):
        if value is None and not any(one.field == name for one in problems.get(position, ())):
            problems.setdefault(position, []).append(Problem(name, "", expected))


def sums(currencies: Sequence[str], amounts: Sequence[Decimal | None]) -> dict[str, Decimal]:
    """Exact sums by currency; blanks count for nothing."""
    found = dict.fromkeys(set(currencies), Decimal(0))
    if len(found) == 1:
        only = next(iter(found))
        known: Sequence[Any] = [one for one in amounts if one is not None] if has_blank(amounts) else amounts
        found[only] = sum(known, Decimal(0))
        return found
    for currency, amount in zip(currencies, amounts, strict=True):
        if amount is not None:
            found[currency] += amount
    return found
