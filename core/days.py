"""Days: business calendars, the tenant's today, months, and the two odd nights of the year.

A day is a `date`; a moment is an aware `datetime`, in UTC at rest. No function here asks the clock:
`now` is an argument, and edges alone fill it. Public holidays come from the `holidays` package.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import holidays

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
SATURDAY_AND_SUNDAY = frozenset({SATURDAY, SUNDAY})

_ONE_DAY = timedelta(days=1)
_LONGEST_CLOSURE_DAYS = 400

# Some countries have few holidays as a whole. The United Kingdom's banks and payments follow England's.
_USUAL_PART = {"GB": "ENG", "UK": "ENG"}


class NoWorkingDay(ValueError):
    """A calendar that is closed for more than a year: its own days or its weekend are wrong."""


@dataclass(frozen=True)
class BusinessCalendar:
    """The days on which business is done in all of some countries at once.

    `countries`: ISO 3166 codes, perhaps with a part ("FR", "DE-BY"; "GB" alone means England). A day is
    worked when it is worked in each of them, so ours and the customer's country can both be named.
    `weekend`: days of the week, 0 = Monday, in place of the countries' own (Friday and Saturday in Egypt;
    Saturdays and Sundays that a country works in exchange for a bridge day are then no exception).
    `closed_days`: further days off, such as a company's own. Without countries: Saturday and Sunday.
    A country without known holidays counts by its weekend alone, and `without_holidays` names it.
    """

    countries: tuple[str, ...] = ()
    weekend: frozenset[int] | None = None
    closed_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "countries", tuple(dict.fromkeys(code.strip().upper() for code in self.countries)))
        if self.weekend is not None and not self.weekend < frozenset(range(7)):
            raise ValueError("a weekend is some of the days 0 (Monday) to 6 (Sunday), not all of them")

    @property
    def without_holidays(self) -> tuple[str, ...]:
        """The countries, or parts of one, whose public holidays are not known here. Say so to the reader."""
        return tuple(code for code in self.countries if not knows_holidays(code))

    def is_working_day(self, day: date) -> bool:
        """Whether business is done on it: no weekend, no public holiday, none of the closed days."""
        if day in self.closed_days:
            return False
        if self.weekend is not None and day.weekday() in self.weekend:
            return False
        own_weekend = self.weekend is None
        return not any(day in _days_off(code, day.year, weekends=own_weekend) for code in self.countries or ("",))

    def next_working_day(self, day: date) -> date:
        """The day itself when it is worked, else the first worked day after it. Raises NoWorkingDay."""
        return self._towards(day, _ONE_DAY)

    def previous_working_day(self, day: date) -> date:
        """The day itself when it is worked, else the last worked day before it. Raises NoWorkingDay."""
        return self._towards(day, -_ONE_DAY)

    def add_working_days(self, start: date, n: int) -> date:
        """The n-th working day after `start` (before it when n is negative); 0 gives `start` unchanged.

        `start` itself is never counted: Friday + 1 and Saturday + 1 are both Monday. Raises NoWorkingDay.
        """
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        day = start
        for _ in range(abs(n)):
            day = self._towards(day + step, step)
        return day

    def _towards(self, day: date, step: timedelta) -> date:
        for _ in range(_LONGEST_CLOSURE_DAYS):
            if self.is_working_day(day):
                return day
            day += step
        raise NoWorkingDay(f"no working day within {_LONGEST_CLOSURE_DAYS} days of {day}")


def knows_holidays(country: str) -> bool:
    """Whether public holidays are known for an ISO 3166 code, with its part if it has one ("DE-BY")."""
    code, _, part = country.strip().upper().partition("-")
    parts = _supported().get(code)
    return parts is not None and (not part or part in parts)


def today_in(zone: str | ZoneInfo, now: datetime) -> date:
    """The date on the wall in a time zone at a moment. Raises ValueError when `now` is not aware."""
    return _aware(now).astimezone(_zone(zone)).date()


def local_moment(zone: str | ZoneInfo, day: date, at: time) -> datetime:
    """The moment, in UTC, at which a wall clock in the zone shows that day and time.

    Two nights a year are odd. In autumn 02:30 exists twice: the first one is meant. In spring it does not
    exist: the moment the clocks jump is meant, the first one that is not before it. So a later wall time
    never gives an earlier moment, and every time of every day has exactly one.
    """
    if at.tzinfo is not None:
        raise ValueError("a wall time carries no zone of its own")
    wall = datetime.combine(day, at.replace(fold=0))
    local_zone = _zone(zone)
    moment = wall.replace(tzinfo=local_zone).astimezone(UTC)
    if moment.astimezone(local_zone).replace(tzinfo=None) == wall:
        return moment
    return _clock_change(local_zone, before=wall.replace(tzinfo=local_zone, fold=1).astimezone(UTC), after=moment)


def business_day_bounds(day: date, zone: str | ZoneInfo) -> tuple[datetime, datetime]:
    """The moments, in UTC, between which it is that day in the zone: from the first up to, not with, the second.

    23, 24 or 25 hours apart; 0 for the day that a zone skipped when it crossed the date line.
    """
    midnight = time(0)
    return local_moment(zone, day, midnight), local_moment(zone, day + _ONE_DAY, midnight)


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, n: int) -> date:
    """The same day n months later (earlier when negative), or that month's last: 31 January + 1 is 28 February."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month0 + 1, min(day.day, calendar.monthrange(year, month0 + 1)[1]))


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment needs its time zone")
    return moment


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def _clock_change(zone: ZoneInfo, *, before: datetime, after: datetime) -> datetime:
    """The second at which the zone's offset changes between two moments in UTC, where it changes once."""
    offset_before = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == offset_before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


@cache
def _supported() -> dict[str, list[str]]:
    """Countries with known holidays, each with its parts."""
    return holidays.list_supported_countries(include_aliases=True)


@lru_cache(maxsize=4096)
def _days_off(country: str, year: int, *, weekends: bool) -> frozenset[date]:
    """The public holidays of a country in a year, and its weekends where asked, less the weekend days it works."""
    days = [date(year, 1, 1) + timedelta(n) for n in range(366 if calendar.isleap(year) else 365)]
    code, _, part = country.partition("-")
    if code not in _supported():
        return frozenset(day for day in days if weekends and day.weekday() in SATURDAY_AND_SUNDAY)
    known_part = part if part in _supported()[code] else _USUAL_PART.get(code)
    known = holidays.country_holidays(code, subdiv=known_part, years=year, expand=False)
    if weekends:
        return frozenset(day for day in days if not known.is_working_day(day))
    return frozenset(day for day in days if day in known)
