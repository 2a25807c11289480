"""From the ledger in the making to the rows of the files: numbers, the window of 24 months, exact amounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from receivables.sample.company import AllocationRow, ItemRow
from receivables.sample.postings import (
    CREDIT_NOTE,
    DEBIT_NOTE,
    DISCOUNT,
    INVOICE,
    PAYMENT,
    WRITE_OFF,
    AccountLedger,
    Posting,
)

_PREFIX = {
    "NFR": {INVOICE: "FA", CREDIT_NOTE: "AV", DEBIT_NOTE: "RJ", PAYMENT: "RG", DISCOUNT: "ES", WRITE_OFF: "PP"},
    "NDE": {INVOICE: "RE", CREDIT_NOTE: "GU", DEBIT_NOTE: "RL", PAYMENT: "ZE", DISCOUNT: "SK", WRITE_OFF: "AU"},
    "NUK": {INVOICE: "SI", CREDIT_NOTE: "CN", DEBIT_NOTE: "UD", PAYMENT: "RC", DISCOUNT: "DS", WRITE_OFF: "WO"},
}


def money(cents: int) -> Decimal:
    """The amount with two decimals; EUR, GBP and USD all have cents."""
    return Decimal(cents).scaleb(-2)


def number_postings(ledgers: Iterable[AccountLedger]) -> None:
    """Give each posting its number: per entity, kind and year, without gaps in the order of dates."""
    counts: dict[tuple[str, str, int], int] = {}
    postings = [posting for ledger in ledgers for posting in ledger.postings]
    for posting in sorted(postings, key=lambda posting: posting.document_date):
        entity, year = posting.account.row.entity_code, posting.document_date.year
        key = (entity, posting.kind, year)
        counts[key] = counts.get(key, 0) + 1
        posting.number = f"{_PREFIX[entity][posting.kind]}{year % 100:02d}-{counts[key]:05d}"


def drop_settled_before(ledger: AccountLedger, first: date) -> AccountLedger:
    """The ledger as an extraction from `first` gives it: what is older comes along only while it still matters.

    Postings that are linked, directly or through others, stay or go together, so no allocation loses a side.
    """
    partners: dict[Posting, list[Posting]] = {posting: [] for posting in ledger.postings}
    for link in ledger.links:
        partners[link.debit].append(link.credit)
        partners[link.credit].append(link.debit)
    waiting = [posting for posting in ledger.postings if posting.document_date >= first or posting.open_cents]
    waiting += [link.debit for link in ledger.links if link.on >= first]
    kept: set[Posting] = set()
    while waiting:
        posting = waiting.pop()
        if posting not in kept:
            kept.add(posting)
            waiting.extend(partners[posting])
    return AccountLedger(
        account=ledger.account,
        postings=[posting for posting in ledger.postings if posting in kept],
        links=[link for link in ledger.links if link.debit in kept],
        contests=[contest for contest in ledger.contests if contest.invoice in kept],
    )


def item_rows(ledgers: Sequence[AccountLedger]) -> tuple[ItemRow, ...]:
    """One row for each posting, in the order of the books."""
    rows = [_item_row(posting) for ledger in ledgers for posting in ledger.postings]
    return tuple(sorted(rows, key=lambda row: (row.document_date, row.entity_code, row.number)))


def _item_row(posting: Posting) -> ItemRow:
    row = posting.account.row
    return ItemRow(
        customer_ref=row.customer_ref,
        entity_code=row.entity_code,
        number=posting.number,
        kind=posting.kind,
        document_date=posting.document_date,
        due_date=posting.due_date,
        delivery_date=posting.delivery_date,
        amount=money(posting.cents),
        vat_amount=money(posting.vat_cents),
        currency=posting.currency,
        terms_code=row.terms_code if posting.kind == INVOICE else "",
        payment_method=row.payment_method if posting.kind in (INVOICE, PAYMENT) else "",
        order_ref=posting.order_ref,
        product=posting.product,
        site=posting.site,
    )


def allocation_rows(ledgers: Sequence[AccountLedger]) -> tuple[AllocationRow, ...]:
    """One row for each debit, credit and day, in the order of days."""
    rows = []
    for ledger in ledgers:
        sums: dict[tuple[date, Posting, Posting], int] = {}
        for link in ledger.links:
            key = (link.on, link.debit, link.credit)
            sums[key] = sums.get(key, 0) + link.cents
        account = ledger.account.row
        rows += [
            AllocationRow(
                customer_ref=account.customer_ref,
                entity_code=account.entity_code,
                debit_number=debit.number,
                credit_number=credit.number,
                amount=money(cents),
                currency=debit.currency,
                on=on,
            )
            for (on, debit, credit), cents in sums.items()
        ]
    return tuple(sorted(rows, key=lambda row: (row.on, row.entity_code, row.debit_number, row.credit_number)))
