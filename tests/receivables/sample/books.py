"""The books of a sample company, worked out again from its rows alone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from receivables.sample.company import AllocationRow, ItemRow, SampleCompany

# Mondays to Sundays, month ends, a leap day, Easter Monday, the day after Christmas, New Year's Day.
DAYS = (
    date(2024, 2, 29),
    date(2024, 12, 26),
    date(2025, 4, 21),
    date(2025, 6, 30),
    date(2025, 8, 3),
    date(2025, 11, 21),
    date(2026, 1, 1),
    date(2026, 5, 9),
    date(2027, 3, 31),
)


class Books:
    """Open amounts, as of the company's day or of an earlier one, and figures in euros."""

    def __init__(self, company: SampleCompany) -> None:
        self.company = company
        self.on = company.on
        self.items: dict[tuple[str, str], ItemRow] = {(item.entity_code, item.number): item for item in company.items}
        self.open = self.open_on(company.on)
        self._per_euro = {"EUR": Decimal(1)} | {rate.currency: rate.rate for rate in company.rates}

    def open_on(self, day: date) -> dict[tuple[str, str], Decimal]:
        """Signed open amount of each item that existed on that day."""
        found = {key: item.amount for key, item in self.items.items() if item.document_date <= day}
        for allocation in self.company.allocations:
            if allocation.on <= day:
                found[allocation.entity_code, allocation.debit_number] -= allocation.amount
                found[allocation.entity_code, allocation.credit_number] += allocation.amount
        return found

    def euros(self, amount: Decimal, currency: str) -> Decimal:
        return amount / self._per_euro[currency]

    def receivables(self) -> Decimal:
        return sum((self.euros(self.open[key], item.currency) for key, item in self.items.items()), Decimal(0))

    def overdue(self, *, more_than_days: int = 0) -> Decimal:
        """Net of credits that are older than that, as an aged balance counts them."""
        late = (key for key, item in self.items.items() if (self.on - item.due_date).days > more_than_days)
        return sum((self.euros(self.open[key], self.items[key].currency) for key in late), Decimal(0))

    def sales_of_a_year(self) -> Decimal:
        since = self.on - timedelta(days=365)
        billed = (
            item
            for item in self.company.items
            if item.kind in ("INVOICE", "CREDIT_NOTE") and item.document_date > since
        )
        return sum((self.euros(item.amount, item.currency) for item in billed), Decimal(0))

    def excluded(self) -> set[tuple[str, str]]:
        """Items that no reminder mentions: disputed, promised, or of a customer on hold."""
        disputed = {(row.entity_code, row.number) for row in self.company.disputes if row.closed_on is None}
        promised = {
            (row.entity_code, number)
            for row in self.company.promises
            if row.due_on >= self.on
            for number in row.numbers.split()
        }
        held = {hold.customer_ref for hold in self.company.holds}
        return disputed | promised | {key for key, item in self.items.items() if item.customer_ref in held}


def by_side(allocations: Iterable[AllocationRow]) -> dict[tuple[str, str], list[AllocationRow]]:
    """The allocations of each item."""
    found: dict[tuple[str, str], list[AllocationRow]] = defaultdict(list)
    for row in allocations:
        found[row.entity_code, row.debit_number].append(row)
        found[row.entity_code, row.credit_number].append(row)
    return found
