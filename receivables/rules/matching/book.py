"""What is open, by number, by customer and by amount, less what has been taken while matching."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from receivables.rules.matching.facts import ZERO, Found, Line, OpenItem, Piece
from receivables.rules.matching.references import (
    compact,
    creditor_references,
    endings,
    is_long,
    number_keys,
    text_keys,
)

# A key that so many items share (a year, an order of hundreds) names none of them.
_SHARED_BY = 60
# Who pays before the invoice's day names it, or has paid in the shop a few days before.
AHEAD = timedelta(days=5)


class Book:
    """Open items while lines are matched. What `take` takes is open no longer."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.items = {item.ref: item for item in items}
        self._taken: dict[str, Decimal] = {}
        self._by_key: dict[str, list[str]] = defaultdict(list)
        self._by_customer: dict[tuple[str, str], list[OpenItem]] = defaultdict(list)
        self._by_amount: dict[tuple[str, Decimal], list[str]] = defaultdict(list)
        self._in_currency: dict[str, int] = defaultdict(int)
        for item in self.items.values():
            for key in dict.fromkeys(key for text in (item.number, *item.also) for key in number_keys(text)):
                self._by_key[key].append(item.ref)
            self._by_customer[item.customer, item.currency].append(item)
            self._by_amount[item.currency, item.amount].append(item.ref)
            self._in_currency[item.currency] += 1
        for listed in self._by_customer.values():
            listed.sort(key=lambda item: (item.due_date, item.document_date, item.number, item.ref))

    def open(self, ref: str) -> Decimal:
        """What is left of an item, in its sign."""
        return self.items[ref].amount - self._taken.get(ref, ZERO)

    def take(self, pieces: Iterable[Piece]) -> None:
        """Lower items by what is set against them. Raises ValueError when more is taken than is open."""
        for piece in pieces:
            lowered = piece.cash + piece.difference
            if abs(lowered) > abs(self.open(piece.item)) or lowered * self.open(piece.item) < 0:
                raise ValueError(f"more than is open of {piece.item}")
            self._taken[piece.item] = self._taken.get(piece.item, ZERO) + lowered

    def count(self, currency: str) -> int:
        """How many items there are in a currency."""
        return self._in_currency[currency]

    def of_customer(self, customer: str, currency: str, *, by: date) -> list[OpenItem]:
        """A customer's items still open that could be paid on a day, the oldest first."""
        return [
            item
            for item in self._by_customer.get((customer, currency), ())
            if item.document_date <= by + AHEAD and self.open(item.ref)
        ]

    def of_amount(self, amount: Decimal, currency: str, *, by: date) -> list[OpenItem]:
        """Items of exactly this open amount, whoever's."""
        found = [self.items[ref] for ref in self._by_amount.get((currency, amount), ())]
        return [item for item in found if self.open(item.ref) == amount and item.document_date <= by + AHEAD]

    def named(self, line: Line) -> dict[str, Found]:
        """The items that a line names, in whatever currency and settled ones too, with how well it names them."""
        found: dict[str, Found] = {}
        references = set(creditor_references(line.structured, line.text))
        if line.structured:
            references.add(compact(line.structured))
        for reference in sorted(references):
            for key in (reference, reference.lstrip("0")):
                if is_long(key):
                    found.update(dict.fromkeys(self._keyed(key), Found.STRUCTURED))
        for key in sorted(text_keys(f"{line.text} {line.structured}")):
            how = Found.NUMBER if is_long(key) else Found.SHORT_NUMBER
            for ref in self._keyed(key):
                if found.get(ref, Found.SHORT_NUMBER) is Found.SHORT_NUMBER:
                    found[ref] = how
        return found

    def ending(self, line: Line, customers: Iterable[str]) -> list[str]:
        """Items of some customers whose number ends in a run of digits of the text."""
        runs = endings(line.text)
        if not runs:
            return []
        return [
            item.ref
            for customer in customers
            for item in self.of_customer(customer, line.currency, by=line.on)
            if any(digits.endswith(run) for digits in _digits(item) for run in runs)
        ]

    def _keyed(self, key: str) -> Sequence[str]:
        refs = self._by_key.get(key, ())
        return refs if len(refs) <= _SHARED_BY else ()


def _digits(item: OpenItem) -> tuple[str, ...]:
    return tuple("".join(filter(str.isdigit, text)) for text in (item.number, *item.also))
