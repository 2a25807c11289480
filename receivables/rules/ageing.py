"""The aged balance: open amounts by days overdue, in buckets whose upper bound belongs to them.

With bounds 30, 60, 90 an item due on the as-of date is not due, 30 days late is in 1-30, 31 days late in
31-60, and 91 in 91 and more. Ageing by another date than the due date is the same with that date.
Source: docs/rules/ageing.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from core.money import Money, zero

NOT_DUE = "not_due"


class CreditTreatment(Enum):
    """Where credit notes, payments not yet applied and other negative open amounts stand. Say which."""

    IN_BUCKETS = "IN_BUCKETS"  # each in the bucket of its own due date, which it lowers
    OWN_COLUMN = "OWN_COLUMN"  # all in one column beside the buckets
    OLDEST_FIRST = "OLDEST_FIRST"  # set against the oldest debits; what no debit takes up is in the column


@dataclass(frozen=True)
class Buckets:
    """Bounds of the buckets in days overdue, rising, each the last day of its bucket; at least one."""

    bounds: tuple[int, ...] = (30, 60, 90)

    def __post_init__(self) -> None:
        if not self.bounds or self.bounds[0] < 1 or any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError(f"bounds are whole days from 1 up, each above the one before, not {self.bounds}")

    @property
    def names(self) -> tuple[str, ...]:
        """`not_due`, `d1_30`, `d31_60`, `d61_90`, `d91_plus`: the youngest debt first."""
        lows = (1, *(bound + 1 for bound in self.bounds))
        between = (f"d{low}_{high}" for low, high in zip(lows, self.bounds, strict=False))
        return (NOT_DUE, *between, f"d{lows[-1]}_plus")

    def index(self, due_date: date, *, on: date) -> int:
        """The place in `names` of what is due on a date, seen on a day."""
        days = (on - due_date).days
        return 0 if days <= 0 else 1 + bisect_left(self.bounds, days)

    def name(self, due_date: date, *, on: date) -> str:
        """The name of that bucket."""
        return self.names[self.index(due_date, on=on)]


DEFAULT_BUCKETS = Buckets()


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What ageing needs of an item: whose it is, the date it is aged by, and its open amount, signed."""

    customer_ref: str
    due_date: date
    money: Money


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """One customer's aged balance in one currency. `amounts` has one place per bucket; `credits` is never positive.

    sum(amounts) + credits == total, exactly.
    """

    customer_ref: str
    currency: str
    amounts: tuple[Decimal, ...]
    credits: Decimal

    @property
    def total(self) -> Decimal:
        """The balance: what is open of all items, debits and credits."""
        return sum(self.amounts, self.credits)


def bucket(on: date, due_date: date, bounds: Sequence[int] = DEFAULT_BUCKETS.bounds) -> str:
    """The name of the bucket of what is due on a date, seen on a day: `not_due`, `d1_30` ... `d91_plus`."""
    return Buckets(tuple(bounds)).name(due_date, on=on)


def aged(
    items: Iterable[OpenItem],
    *,
    on: date,
    buckets: Buckets = DEFAULT_BUCKETS,
    treatment: CreditTreatment = CreditTreatment.IN_BUCKETS,
) -> list[AgeingRow]:
    """One row per customer and currency that has items, by customer and currency. Amounts are exact."""
    amounts: dict[tuple[str, str], list[Money]] = {}
    credit_sums: dict[tuple[str, str], Money] = {}
    for item in items:
        key = (item.customer_ref, item.money.currency)
        if key not in amounts:
            amounts[key] = [zero(item.money.currency)] * len(buckets.names)
            credit_sums[key] = zero(item.money.currency)
        if item.money.amount < 0 and treatment is not CreditTreatment.IN_BUCKETS:
            credit_sums[key] += item.money
        else:
            amounts[key][buckets.index(item.due_date, on=on)] += item.money
    rows = []
    for key in sorted(amounts):
        by_bucket, credit = amounts[key], credit_sums[key]
        if treatment is CreditTreatment.OLDEST_FIRST:
            by_bucket, credit = _set_off_oldest_first(by_bucket, credit)
        rows.append(AgeingRow(*key, tuple(money.amount for money in by_bucket), credit.amount))
    return rows


def totals(rows: Iterable[AgeingRow]) -> list[AgeingRow]:
    """One row per currency, its customer empty, by currency."""
    sums: dict[str, AgeingRow] = {}
    for row in rows:
        so_far = sums.get(row.currency)
        if so_far is None:
            sums[row.currency] = AgeingRow("", row.currency, row.amounts, row.credits)
        else:
            amounts = tuple(one + other for one, other in zip(so_far.amounts, row.amounts, strict=True))
            sums[row.currency] = AgeingRow("", row.currency, amounts, so_far.credits + row.credits)
    return [sums[currency] for currency in sorted(sums)]


def _set_off_oldest_first(debits: Sequence[Money], credit: Money) -> tuple[list[Money], Money]:
    """Lower the oldest debits by the credit, then the younger ones. Gives them, and the credit that is left."""
    left_over = credit
    lowered = []
    for debit in reversed(debits):
        taken = min(debit, -left_over)
        lowered.append(debit - taken)
        left_over += taken
    return lowered[::-1], left_over
