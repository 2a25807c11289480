"""The ledger in words a test can run: what is open on a day, as it was known on a day, and what is overdue.

Figures over many items are summed by SQL; this module says what they must come to, item by item.
positive = owed to us. An item exists from its posting date. An allocation counts from its own day: settled on
the as-of date is paid, due on the as-of date is not late. Two dates answer two questions: `on` is the day
the figure speaks of, `known_on` the day on which it is asked; None means everything known by now.
Source: docs/rules/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from core.money import Money, total_by_currency, zero
from core.text import Phrase, gettext_noop


class ItemKind(Enum):
    """What a ledger item is."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    DEBIT_NOTE = "DEBIT_NOTE"
    PAYMENT = "PAYMENT"
    OPENING = "OPENING"
    DISCOUNT = "DISCOUNT"
    WRITE_OFF = "WRITE_OFF"
    EXCHANGE_DIFFERENCE = "EXCHANGE_DIFFERENCE"


DEBITS = frozenset({ItemKind.INVOICE, ItemKind.DEBIT_NOTE})
CREDITS = frozenset({ItemKind.CREDIT_NOTE, ItemKind.PAYMENT, ItemKind.DISCOUNT, ItemKind.WRITE_OFF})


def sign_problem(kind: ItemKind, amount: Decimal) -> Phrase | None:
    """What is wrong with the sign of an amount, or None.

    Invoices and debit notes are positive (owed to us); credit notes, payments, discounts and write-offs are
    negative; opening balances and exchange differences are either. 0 is never wrong.
    """
    if kind in DEBITS and amount < 0:
        return Phrase(
            gettext_noop("This kind of item is owed to us: its amount is positive, not %(amount)s."), {"amount": amount}
        )
    if kind in CREDITS and amount > 0:
        return Phrase(
            gettext_noop("This kind of item reduces what is owed: its amount is negative, not %(amount)s."),
            {"amount": amount},
        )
    return None


@dataclass(frozen=True, slots=True)
class Version:
    """What the source said of an item, known from one day on until the next version."""

    known_from: date
    posting_date: date
    due_date: date
    money: Money


@dataclass(frozen=True, slots=True)
class Item:
    """A due amount with all that was ever said of it, the oldest version first.

    `void_on`: taken back, and so in no figure known on that day or later; None as a rule.
    """

    ref: str
    versions: tuple[Version, ...]
    void_on: date | None = None

    def __post_init__(self) -> None:
        days = [version.known_from for version in self.versions]
        if not days or days != sorted(set(days)):
            raise ValueError("an item has a version, and each is known later than the one before")

    def as_known(self, known_on: date | None) -> Version | None:
        """The version that was known on a day: None before the first, and once the item was taken back."""
        if self.void_on is not None and (known_on is None or known_on >= self.void_on):
            return None
        known = [version for version in self.versions if known_on is None or version.known_from <= known_on]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Part of a credit set against a debit. Each side has its item and an amount in that item's currency.

    Both amounts are positive; taking an allocation back is a later one with negative amounts. A missing side
    means that the source closed the item without naming its counterpart.
    """

    on: date
    known_on: date
    debit_ref: str | None = None
    debit: Money | None = None
    credit_ref: str | None = None
    credit: Money | None = None

    def __post_init__(self) -> None:
        if (self.debit_ref is None) != (self.debit is None) or (self.credit_ref is None) != (self.credit is None):
            raise ValueError("each side of an allocation has an item and an amount, or neither")
        if self.debit_ref is None and self.credit_ref is None:
            raise ValueError("an allocation has at least one side")

    def takes_from(self, item_ref: str) -> Money | None:
        """By how much it lowers an item's amount: positive for its debit, negative for its credit, else None."""
        if self.debit_ref == item_ref:
            return self.debit
        if self.credit_ref == item_ref and self.credit is not None:
            return -self.credit
        return None


def open_amount(item: Item, allocations: Iterable[Allocation], *, on: date, known_on: date | None = None) -> Money:
    """What is open of an item on a day: its amount less what had been allocated by that day, as then known.

    Zero before its posting date, before it was known and after it was taken back. Of the item's currency;
    raises MixedCurrencies when an allocation's side is in another one.
    """
    version = item.as_known(known_on)
    if version is None or on < version.posting_date:
        return zero((version or item.versions[-1]).money.currency)
    result = version.money
    for allocation in allocations:
        taken = allocation.takes_from(item.ref)
        if taken is not None and allocation.on <= on and (known_on is None or allocation.known_on <= known_on):
            result -= taken
    return result


def days_overdue(due_date: date, on: date) -> int:
    """Days since the due date; 0 on it and before it."""
    return max(0, (on - due_date).days)


def overdue_amount(item: Item, allocations: Iterable[Allocation], *, on: date, known_on: date | None = None) -> Money:
    """What is open of an item whose due date lies before the day; else zero. Signed: a credit's is negative."""
    still_open = open_amount(item, allocations, on=on, known_on=known_on)
    version = item.as_known(known_on)
    if version is None or version.due_date >= on:
        return zero(still_open.currency)
    return still_open


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed in one currency. `oldest_due_date`: of the open items on the day; None when none is open."""

    open: Money
    overdue: Money
    oldest_due_date: date | None


def balances(
    items: Sequence[Item], allocations: Sequence[Allocation], *, on: date, known_on: date | None = None
) -> dict[str, Balance]:
    """One balance per currency with open items, by currency. Never summed across currencies."""
    open_items = []
    for item in items:
        version = item.as_known(known_on)
        still_open = open_amount(item, allocations, on=on, known_on=known_on)
        if version is not None and still_open:
            open_items.append((version.due_date, still_open))
    overdue = total_by_currency(money for due_date, money in open_items if due_date < on)
    return {
        currency: Balance(
            open=total,
            overdue=overdue.get(currency, zero(currency)),
            oldest_due_date=min(due_date for due_date, money in open_items if money.currency == currency),
        )
        for currency, total in total_by_currency(money for _, money in open_items).items()
    }
