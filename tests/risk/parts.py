"""Payments in the ledger, told as a payer's history: what was paid how many days after its due date."""

from datetime import date, timedelta
from typing import Any

from receivables.models import CustomerAccount, LedgerItem
from tests.make import TODAY, make_allocation, make_item

ON = TODAY


def paid(
    account: CustomerAccount, *, amount: str, days: int, ago: int = 10, on: date = ON, known_on: date | None = None,
    method: str = "", currency: str = "EUR",
) -> LedgerItem:  # fmt: skip
    """An invoice paid in whole `ago` days before `on`, so many days after its due date."""
    paid_on = on - timedelta(days=ago)
    due = paid_on - timedelta(days=days)
    fields: dict[str, Any] = {"account": account, "currency": currency, "payment_method": method}
    invoice = make_item(amount=amount, due=due, issued=due - timedelta(days=30), **fields)
    payment = make_item(amount=f"-{amount}", due=paid_on, issued=paid_on, kind="PAYMENT", **fields)
    make_allocation(debit=invoice, credit=payment, amount=amount, on=paid_on, known_on=known_on or paid_on)
    return invoice


def overdue(account: CustomerAccount, *, amount: str, days: int, on: date = ON, currency: str = "EUR") -> LedgerItem:
    """An invoice that is open, so many days after its due date."""
    due = on - timedelta(days=days)
    return make_item(account=account, amount=amount, due=due, issued=due - timedelta(days=30), currency=currency)
