"""Payment terms: when how much of a document falls due, and what an early payer may deduct.

A term is a list of parts, each a share of the total and a rule for its due date; the last part takes what
is left, rounding included. Pure: dates and money in, dates and money out. How terms are written
and read is in `terms_code`. Source: docs/rules/payment-terms.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import TypeAlias

from core.days import BusinessCalendar, add_months, month_end
from core.money import Money, has_excess_decimals

# Steps from the document's date to the due date, taken in order.


@dataclass(frozen=True, slots=True)
class Days:
    """So many calendar days later."""

    n: int

    def after(self, day: date) -> date:
        return day + timedelta(days=self.n)


@dataclass(frozen=True, slots=True)
class Months:
    """The same day so many months later, or that month's last."""

    n: int

    def after(self, day: date) -> date:
        return add_months(day, self.n)


@dataclass(frozen=True, slots=True)
class EndOfMonth:
    """The last day of the month."""

    def after(self, day: date) -> date:
        return month_end(day)


@dataclass(frozen=True, slots=True)
class OnDay:
    """That day (1-31) of the same month, or the month's last: it may lie before the day one came from."""

    day: int

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 31:
            raise ValueError(f"a month has no day {self.day}")

    def after(self, day: date) -> date:
        return day.replace(day=min(self.day, month_end(day).day))


Step: TypeAlias = Days | Months | EndOfMonth | OnDay


class CountsFrom(Enum):
    """The date that the days are counted from."""

    DOCUMENT = "DOCUMENT"
    DELIVERY = "DELIVERY"


@dataclass(frozen=True, slots=True)
class Due:
    """A rule for one due date. `on_credit` is false where goods are paid before or at delivery.

    Steps of nothing are dropped, so equal rules are equal values. Raises ValueError on two steps of one kind
    in a row: they are one step, or a mistake.
    """

    steps: tuple[Step, ...] = ()
    counts_from: CountsFrom = CountsFrom.DOCUMENT
    on_credit: bool = True

    def __post_init__(self) -> None:
        steps = tuple(step for step in self.steps if step not in (Days(0), Months(0)))
        if any(isinstance(step, (Days, Months)) and step.n < 0 for step in steps):
            raise ValueError("a due date lies on or after the date it is counted from")
        if any(type(step) is type(following) for step, following in pairwise(steps)):
            raise ValueError("two steps of one kind in a row")
        if not self.on_credit and steps:
            raise ValueError("goods that are not sold on credit are paid in advance or on delivery")
        object.__setattr__(self, "steps", steps)

    def on(self, *, document_date: date, delivery_date: date | None = None) -> date:
        """The due date. Counted from the delivery where the rule says so and its date is known."""
        day = document_date
        if self.counts_from is CountsFrom.DELIVERY and delivery_date is not None:
            day = delivery_date
        for step in self.steps:
            day = step.after(day)
        return day


CASH_IN_ADVANCE = Due(on_credit=False)
CASH_ON_DELIVERY = Due(counts_from=CountsFrom.DELIVERY, on_credit=False)


def net(days: int) -> Due:
    """NET n: document date + n days."""
    return Due((Days(days),))


def end_of_month_plus(days: int) -> Due:
    """EOM + n, "fin de mois + 45": the end of the document's month, then n days."""
    return Due((EndOfMonth(), Days(days)))


def days_end_of_month(days: int, the: int = 0) -> Due:
    """n EOM, "45 jours fin de mois": n days, then the end of that month, then `the` days ("le 10")."""
    return Due((Days(days), EndOfMonth(), Days(the)))


# Shares of the total. Each knows its part, of the total's sign; nothing is ever taken beyond what is left.


@dataclass(frozen=True, slots=True)
class PctOfTotal:
    """So many per cent of the whole amount, half-up to the currency's exponent."""

    pct: Decimal

    def of(self, total: Money, _left: Money) -> Money:
        return total.percent(self.pct)


@dataclass(frozen=True, slots=True)
class PctOfRemainder:
    """So many per cent of what the parts before it left, half-up to the currency's exponent."""

    pct: Decimal

    def of(self, _total: Money, left: Money) -> Money:
        return left.percent(self.pct)


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount, taken with the sign of the total: a credit note of -10 with a fixed part of 4 has -4."""

    money: Money

    def __post_init__(self) -> None:
        if self.money.amount <= 0 or has_excess_decimals(self.money.amount, self.money.currency):
            raise ValueError(f"a fixed part is a positive amount of its currency, not {self.money}")

    def of(self, total: Money, _left: Money) -> Money:
        return self.money if total.amount >= 0 else -self.money


@dataclass(frozen=True, slots=True)
class Remainder:
    """All that is left, rounding included."""

    def of(self, _total: Money, left: Money) -> Money:
        return left


Share: TypeAlias = PctOfTotal | PctOfRemainder | Fixed | Remainder


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment: which share, due when."""

    due: Due
    share: Share = Remainder()

    def __post_init__(self) -> None:
        if isinstance(self.share, (PctOfTotal, PctOfRemainder)) and not 0 < self.share.pct <= 100:
            raise ValueError(f"a part is above 0 % and at most 100 %, not {self.share.pct} %")


@dataclass(frozen=True, slots=True)
class EarlyDiscount:
    """`pct` per cent off (above 0, below 100) when paid at most `within_days` after the document's date."""

    pct: Decimal
    within_days: int

    def __post_init__(self) -> None:
        if not 0 < self.pct < 100 or self.within_days < 0:
            raise ValueError(f"no discount: {self.pct} % within {self.within_days} days")


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """Parts, of which the last and only the last takes the remainder, and discounts, the earliest first.

    Later discounts are smaller. Raises ValueError when it is put together otherwise.
    """

    parts: tuple[Part, ...]
    discounts: tuple[EarlyDiscount, ...] = ()

    def __post_init__(self) -> None:
        takes_rest = [isinstance(part.share, Remainder) for part in self.parts]
        if not takes_rest or not takes_rest[-1] or any(takes_rest[:-1]):
            raise ValueError("the last part, and no other, takes the remainder")
        for sooner, later in pairwise(self.discounts):
            if sooner.within_days >= later.within_days or sooner.pct <= later.pct:
                raise ValueError("who pays sooner deducts more")

    @property
    def on_credit(self) -> bool:
        """Whether any part is paid after delivery; if not, the term adds nothing to exposure."""
        return any(part.due.on_credit for part in self.parts)


@dataclass(frozen=True, slots=True)
class Instalment:
    """One due amount of a document."""

    due_date: date
    money: Money


def instalments(
    term: PaymentTerm, *, total: Money, document_date: date, delivery_date: date | None = None
) -> tuple[Instalment, ...]:
    """The due amounts of a document, in the term's order. They sum to its total exactly.

    A part that would take more than is left takes what is left, and the parts after it nothing; parts of
    nothing are left out. A document of 0 has one instalment of 0, on its own date. Negative totals (credit
    notes) work the same. Raises MixedCurrencies when a fixed part is in another currency than the total.
    Source: docs/rules/payment-terms.md, 30-36.
    """
    left = total
    due_amounts = []
    for part in term.parts:
        money = part.share.of(total, left)
        if abs(money) > abs(left):
            money = left
        if money:
            due_date = part.due.on(document_date=document_date, delivery_date=delivery_date)
            due_amounts.append(Instalment(due_date, money))
            left -= money
    return tuple(due_amounts) or (Instalment(document_date, total),)


def due_date(term: PaymentTerm, *, document_date: date, delivery_date: date | None = None) -> date:
    """The due date of the last part: of the whole, where the term has no instalments."""
    return term.parts[-1].due.on(document_date=document_date, delivery_date=delivery_date)


@dataclass(frozen=True, slots=True)
class DiscountOffer:
    """What may be deducted by whom pays at latest on `until`, and what they then pay."""

    until: date
    discount: Money
    to_pay: Money


def discount_offers(
    term: PaymentTerm, *, total: Money, document_date: date, base: Money | None = None
) -> tuple[DiscountOffer, ...]:
    """The discounts on a document, the earliest first, half-up to the currency's exponent.

    `base` is what the percentage applies to where it is not the total, such as the goods without freight.
    """
    offers = []
    for offer in term.discounts:
        discount = (total if base is None else base).percent(offer.pct)
        offers.append(DiscountOffer(Days(offer.within_days).after(document_date), discount, total - discount))
    return tuple(offers)


def counts_as_on_time(paid_on: date, due_on: date, calendar: BusinessCalendar, *, tolerant: bool) -> bool:
    """Whether a payment came in time. A due date on a day off stays what it is.

    When `tolerant`, a payment on the first working day after such a day counts as on time all the same.
    """
    return paid_on <= (calendar.next_working_day(due_on) if tolerant else due_on)


class LegalNote(Enum):
    """What to tell about a term between firms, as information: terms stay as they were agreed."""

    BEYOND_NET_LIMIT = "BEYOND_NET_LIMIT"
    ONLY_AS_STIPULATED_END_OF_MONTH = "ONLY_AS_STIPULATED_END_OF_MONTH"


@dataclass(frozen=True, slots=True)
class LegalLimits:
    """Longest terms between firms, in days: from the document, and for terms at the end of a month.

    The defaults are French law's (Code de commerce L441-10): 60, or 45 at the end of the month.
    """

    net_days: int = 60
    end_of_month_days: int = 45


FRENCH_LIMITS = LegalLimits()


def legal_notes(term: PaymentTerm, *, document_date: date, limits: LegalLimits = FRENCH_LIMITS) -> frozenset[LegalNote]:
    """What the law says of the due dates that the term gives a document of that date.

    BEYOND_NET_LIMIT: some part is due more than `net_days` after the document. Then it is lawful only
    if the term is at most `end_of_month_days` and the end of a month, in either reading (n EOM or EOM + n)
    and expressly stipulated: ONLY_AS_STIPULATED_END_OF_MONTH, when that holds for each such part.
    """
    beyond = [
        part.due
        for part in term.parts
        if (part.due.on(document_date=document_date) - document_date).days > limits.net_days
    ]
    if not beyond:
        return frozenset()
    if all(_at_end_of_month(due, limits.end_of_month_days) for due in beyond):
        return frozenset({LegalNote.BEYOND_NET_LIMIT, LegalNote.ONLY_AS_STIPULATED_END_OF_MONTH})
    return frozenset({LegalNote.BEYOND_NET_LIMIT})


def _at_end_of_month(due: Due, longest: int) -> bool:
    """Whether it is n EOM or EOM + n, n at most `longest`, and nothing further."""
    match due.steps:
        case (Days(n), EndOfMonth()) | (EndOfMonth(), Days(n)):
            return n <= longest
        case (EndOfMonth(),):
            return True
    return False
