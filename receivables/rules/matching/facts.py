"""What matching is given, and what it answers. Amounts are exact; positive = money in, or owed to us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from core.text import Phrase

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bank statement. `amount` in `currency`, negative where money left; `structured`: a creditor reference.

    `customer`: whom a person said that it is from. `text`: all that the payer or the bank wrote.
    """

    ref: str
    on: date
    amount: Decimal
    currency: str
    text: str = ""
    structured: str = ""
    payer_name: str = ""
    payer_iban: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be deducted of an item by who pays until `until` (included), in the item's currency and sign."""

    until: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is open of an item, less what has been set against it already. Other spellings of it in `also`."""

    ref: str
    customer: str
    currency: str
    amount: Decimal
    number: str
    document_date: date
    due_date: date
    also: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organisation allows: `tolerance` in the payment's currency, `pct` of the sum paid (0-100), the lesser counts.

    At `threshold` (0-1) and above a proposal is carried out by itself. `grace_days`: after the end of a discount.
    """

    threshold: Decimal = Decimal("0.90")
    tolerance: Decimal = Decimal("1")
    tolerance_pct: Decimal = Decimal("0.5")
    grace_days: int = 3


class Fit(StrEnum):
    """How what was paid compares with the items it is set against."""

    EXACT = "EXACT"
    DISCOUNT = "DISCOUNT"
    TOLERANCE = "TOLERANCE"
    PARTIAL = "PARTIAL"
    OVERPAID = "OVERPAID"
    NONE = "NONE"


class Found(StrEnum):
    """How the items were found: the strongest evidence."""

    STRUCTURED = "STRUCTURED"
    NUMBER = "NUMBER"
    SHORT_NUMBER = "SHORT_NUMBER"
    PAYER = "PAYER"
    AMOUNT = "AMOUNT"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a payment set against an item: `cash` of the payment, and `difference` that is given up with it.

    Both in the item's sign and currency; the item is lowered by their sum. `why`: DISCOUNT or TOLERANCE, else EXACT.
    """

    item: str
    customer: str
    cash: Decimal
    difference: Decimal = ZERO
    why: Fit = Fit.EXACT


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a line pays, how sure that is (0-1), and why, or why it is not known.

    The cash of the pieces and `left` sum to the line's amount. `customers`: of the pieces, or whom the line seems to be from.
    """

    line: str
    pieces: tuple[Piece, ...]
    left: Decimal
    confidence: Decimal
    fit: Fit
    found: Found
    reasons: tuple[Phrase, ...]
    customers: tuple[str, ...] = ()
    automatic: bool = False

    @property
    def items(self) -> frozenset[str]:
        """The items that it pays."""
        return frozenset(piece.item for piece in self.pieces)


def cash_of(pieces: Sequence[Piece]) -> Decimal:
    """The sum of the pieces' cash."""
    return sum((piece.cash for piece in pieces), ZERO)
