"""Late-payment interest of one item: simple interest, split where the rate or the unpaid amount changes.

Interest runs from the day after the due date; the day of a payment still counts. Each segment is rounded to the cent of
its currency and the total is the sum of the segments, so that the printed annex adds up (docs/rules/interest.md).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from collection.rules.law import LawPack, RateRow, rate_rows
from core.money import round_amount

# A rate is fixed for half a year: a row older than that is the last known one, not the one in force.
_STALE_AFTER = timedelta(days=184)


@dataclass(frozen=True)
class AgreedRate:
    """What terms or contract say instead of the statutory rate. Percent a year."""

    percent: Decimal


@dataclass(frozen=True)
class Payment:
    """What was set against the item on a day, in its currency; negative: taken back."""

    on: date
    amount: Decimal


@dataclass(frozen=True)
class Segment:
    """Days `first` to `last` (both counted) on `principal` at `percent` a year.

    `is_stale`: no rate was known for these days, the last known one was used. `is_floor`: the agreed rate was below
    what the law allows, so that minimum was used.
    """

    first: date
    last: date
    days: int
    principal: Decimal
    percent: Decimal
    amount: Decimal
    source: str
    is_stale: bool
    is_floor: bool = False


@dataclass(frozen=True)
class Interest:
    """Segments in order of date and their sum, in the item's currency."""

    segments: tuple[Segment, ...]
    total: Decimal
    currency: str

    @property
    def days(self) -> int:
        """Days on which something was unpaid."""
        return sum(segment.days for segment in self.segments)


@dataclass(frozen=True)
class _Rate:
    percent: Decimal
    source: str
    is_stale: bool
    is_floor: bool


def late_interest(
    *,
    amount: Decimal,
    currency: str,
    due_date: date,
    payments: Sequence[Payment],
    until: date,
    pack: LawPack,
    rates: Sequence[RateRow],
    agreed: AgreedRate | None = None,
    stops_on: date | None = None,
) -> Interest:
    """What an item of `amount` has run up in interest by the end of the day `until`.

    `payments` in any order. `stops_on`: the day from which no interest runs (insolvency was opened, say). Raises
    ValueError when no rate of the pack's series is known on the first day: interest is not guessed.
    """
    last = min(until, stops_on - timedelta(days=1)) if stops_on else until
    first = due_date + timedelta(days=1)
    if last < first:
        return Interest((), Decimal(0), currency)
    of_pack = rate_rows(rates, pack.series)
    floors = rate_rows(rates, pack.floor) if agreed and pack.floor else []
    # Days on which something changes, each the first day of a segment: a payment lowers the principal the day after.
    starts = {first}
    starts |= {payment.on + timedelta(days=1) for payment in payments}
    starts |= {row.valid_from for row in (*of_pack, *floors)}
    days = sorted(day for day in starts if first <= day <= last)
    segments = []
    for place, day in enumerate(days):
        end = days[place + 1] - timedelta(days=1) if place + 1 < len(days) else last
        principal = amount - sum((payment.amount for payment in payments if payment.on < day), Decimal(0))
        if principal > 0:
            rate = _rate_on(day, pack=pack, of_pack=of_pack, floors=floors, agreed=agreed)
            segments.append(_segment(day, end, principal, rate, currency=currency, year_days=pack.year_days))
    merged = _merged(segments, currency=currency, year_days=pack.year_days)
    return Interest(tuple(merged), sum((segment.amount for segment in merged), Decimal(0)), currency)


def _segment(first: date, last: date, principal: Decimal, rate: _Rate, *, currency: str, year_days: int) -> Segment:
    days = (last - first).days + 1
    amount = round_amount(principal * rate.percent * days / (100 * year_days), currency)
    return Segment(first, last, days, principal, rate.percent, amount, rate.source, rate.is_stale, rate.is_floor)


def _merged(segments: Sequence[Segment], *, currency: str, year_days: int) -> list[Segment]:
    """Neighbours alike but for their days as one: a half-year that fixed the same rate again is no new line."""
    out: list[Segment] = []
    for segment in segments:
        before = out[-1] if out else None
        if before is not None and before.last + timedelta(days=1) == segment.first and _alike(before, segment):
            rate = _Rate(segment.percent, segment.source, segment.is_stale, segment.is_floor)
            out[-1] = _segment(
                before.first, segment.last, segment.principal, rate, currency=currency, year_days=year_days
            )
        else:
            out.append(segment)
    return out


def _alike(one: Segment, other: Segment) -> bool:
    def facts(segment: Segment) -> tuple[object, ...]:
        return segment.principal, segment.percent, segment.source, segment.is_stale, segment.is_floor

    return facts(one) == facts(other)


def _rate_on(
    day: date, *, pack: LawPack, of_pack: Sequence[RateRow], floors: Sequence[RateRow], agreed: AgreedRate | None
) -> _Rate:
    if agreed is not None:
        floor = _row_on(day, floors)
        minimum = floor.percent * pack.floor_factor if floor else None
        if floor is not None and minimum is not None and agreed.percent < minimum:
            return _Rate(minimum, floor.source, _is_stale(floor, day, floors), is_floor=True)
        return _Rate(agreed.percent, "", is_stale=False, is_floor=False)
    row = _row_on(day, of_pack)
    if row is None:
        raise ValueError(f"no rate of {pack.series} is known on {day.isoformat()}")
    # Less than nothing is not owed: a base rate may be negative, the statutory rate built on it is what counts.
    return _Rate(max(row.percent + pack.margin, Decimal(0)), row.source, _is_stale(row, day, of_pack), is_floor=False)


def _row_on(day: date, rows: Sequence[RateRow]) -> RateRow | None:
    place = bisect_right(rows, day, key=lambda row: row.valid_from)
    return rows[place - 1] if place else None


def _is_stale(row: RateRow, day: date, rows: Sequence[RateRow]) -> bool:
    return row == rows[-1] and len(rows) > 1 and day > row.valid_from + _STALE_AFTER
