"""The traits of an account that no file shows: how much it buys and how it pays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from receivables.sample.company import CustomerRow


class Size(StrEnum):
    KEY = "KEY"
    LARGE = "LARGE"
    MEDIUM = "MEDIUM"
    SMALL = "SMALL"


class Habit(StrEnum):
    """How an account pays. docs/sample-company.md says what a reader can recognise each one by."""

    PROMPT = "PROMPT"
    SLIGHTLY_LATE = "SLIGHTLY_LATE"
    MONTH_END = "MONTH_END"
    TENTH_OF_MONTH = "TENTH_OF_MONTH"
    SLOW = "SLOW"
    ERRATIC = "ERRATIC"
    DETERIORATING = "DETERIORATING"
    IMPROVING = "IMPROVING"
    DEFAULTING = "DEFAULTING"
    INSOLVENT = "INSOLVENT"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    CASH_DISCOUNT = "CASH_DISCOUNT"
    IN_ADVANCE = "IN_ADVANCE"


@dataclass(frozen=True)
class Account:
    """A customer at one entity, with its habits. Amounts of a typical invoice in the account's own currency.

    `typical_cents`: mean net amount of an invoice. `invoices_a_month`: mean number. `payday`: the day of the week
    (0 = Monday) of its weekly payment run, None when it pays on any day. `second_currency`: the currency of one
    invoice in three; empty: none.
    """

    row: CustomerRow
    size: Size
    habit: Habit
    typical_cents: int
    invoices_a_month: float
    payday: int | None
    second_currency: str = ""

    @property
    def key(self) -> str:
        """What names the account's own stream of chance."""
        return f"{self.row.entity_code}/{self.row.customer_ref}"

    @property
    def has_email(self) -> bool:
        return bool(self.row.email)


@dataclass(frozen=True)
class Stop:
    """The day from which an account pays nothing any more, and the last day on which it was delivered."""

    pays_until: date
    buys_until: date
