"""The ledger while it is being made: postings that know their open amount, and links between debits and credits.

Amounts are whole cents, signed (positive = owed to Nordis): fast, and exact by construction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from receivables.sample.accounts import Account

INVOICE, CREDIT_NOTE, DEBIT_NOTE, PAYMENT = "INVOICE", "CREDIT_NOTE", "DEBIT_NOTE", "PAYMENT"
DISCOUNT, WRITE_OFF = "DISCOUNT", "WRITE_OFF"


@dataclass(eq=False)
class Posting:
    """One item of an account. `stays_unpaid`: whatever the customer's habit, nothing is paid on it."""

    account: Account
    kind: str
    document_date: date
    due_date: date
    cents: int
    currency: str
    vat_cents: int = 0
    delivery_date: date | None = None
    order_ref: str = ""
    product: str = ""
    site: str = ""
    stays_unpaid: bool = False
    number: str = ""
    open_cents: int = field(init=False)

    def __post_init__(self) -> None:
        self.open_cents = self.cents


@dataclass(frozen=True)
class Link:
    """So many cents of a credit set against a debit on a day."""

    debit: Posting
    credit: Posting
    cents: int
    on: date


@dataclass(frozen=True)
class Contest:
    """The customer contests `cents` of an invoice, until `closed_on` (perhaps after the day of the sample)."""

    invoice: Posting
    cents: int
    reason: str
    opened_on: date
    closed_on: date


@dataclass
class AccountLedger:
    """All that happened on one account."""

    account: Account
    postings: list[Posting] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    contests: list[Contest] = field(default_factory=list)

    def post(self, posting: Posting) -> Posting:
        self.postings.append(posting)
        return posting

    def link(self, *, debit: Posting, credit: Posting, cents: int, on: date) -> None:
        """Set part of a credit against a debit. Raises ValueError beyond what is open, across currencies or too early."""
        if not 0 < cents <= min(debit.open_cents, -credit.open_cents):
            raise ValueError("more is allocated than is open")
        if debit.currency != credit.currency or on < max(debit.document_date, credit.document_date):
            raise ValueError("an allocation joins postings of one currency that both exist")
        debit.open_cents -= cents
        credit.open_cents += cents
        self.links.append(Link(debit, credit, cents, on))
