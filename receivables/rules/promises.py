"""Whether a promise to pay was kept, and the parts of a plan (docs/rules/promises.md, numbered examples)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from core.days import add_months
from core.money import Money, allocate

MOST_PARTS = 60


class Outcome(StrEnum):
    """What has become of a promise."""

    OPEN = "OPEN"
    KEPT = "KEPT"
    PARTLY = "PARTLY"
    BROKEN = "BROKEN"


class Every(StrEnum):
    """How far the parts of a plan lie apart."""

    WEEK = "WEEK"
    TWO_WEEKS = "TWO_WEEKS"
    MONTH = "MONTH"


@dataclass(frozen=True)
class Tolerance:
    """What is let pass: calendar days after the day, and a missing part of `missing_pct` (0-100) of the promised amount
    or of `missing_amount` (in the promise's currency), whichever is more.
    """

    late_days: int = 0
    missing_pct: Decimal = Decimal(0)
    missing_amount: Decimal = Decimal(0)


NO_TOLERANCE = Tolerance()


@dataclass(frozen=True)
class Part:
    """An amount, in the plan's currency, and the day by which it is paid."""

    due_on: date
    amount: Decimal


def promise_outcome(
    *, promised: Decimal, received: Decimal, due_on: date, on: date, tolerance: Tolerance = NO_TOLERANCE
) -> Outcome:
    """KEPT once no more is missing of `promised` than is let pass; from the day after the last day that is let pass
    PARTLY where something came in and BROKEN where nothing did; else OPEN.

    `received`: what came in from the day of the promise until its due date and the days that are let pass (a day
    included at both ends), in the promise's currency: what was set against its items and payments that are set against
    nothing yet; for a promise that names no item what the customer paid as a whole. Examples 1-12.
    """
    let_pass = max(promised * tolerance.missing_pct / 100, tolerance.missing_amount)
    # All of a small promise may be within the tolerance: something must come in for it to be kept.
    if received > 0 and received >= promised - let_pass:
        return Outcome.KEPT
    if on <= due_on + timedelta(days=tolerance.late_days):
        return Outcome.OPEN
    return Outcome.PARTLY if received > 0 else Outcome.BROKEN


def equal_parts(*, money: Money, count: int, first_on: date, every: Every) -> list[Part]:
    """A sum in `count` equal parts, the first on `first_on`; the last takes the rounding. Sums to the cent.

    Monthly parts fall on the same day of each month, or on its last. Raises ValueError on fewer than 2 or more than
    MOST_PARTS, and where a part would be nothing. Examples 13-15.
    """
    if not 2 <= count <= MOST_PARTS:
        raise ValueError("a plan has 2 to 60 parts")
    amounts = [part.amount for part in allocate(money, [Decimal(1)] * count)]
    if min(amounts) <= 0:
        raise ValueError("the sum is too small for so many parts")
    return [Part(_nth_day(first_on, every, n), amount) for n, amount in enumerate(amounts)]


def _nth_day(first_on: date, every: Every, n: int) -> date:
    if every is Every.MONTH:
        return add_months(first_on, n)
    return first_on + timedelta(days=(7 if every is Every.WEEK else 14) * n)
