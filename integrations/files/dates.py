"""Dates as files write them. Pure.

A date that begins with its year is read as year, month, day whatever the order chosen for the file: nobody writes
2026-13-01. Everything else needs the file's `order`: dmy, mdy, ymd, or serial (days as spreadsheets count them).
A time behind the date is dropped, a time zone too: the day is the one that is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.text import Phrase, gettext_noop

ORDERS = ("dmy", "mdy", "ymd", "serial")

# A year outside is a typing error or a system's way to say "never".
FIRST_YEAR, LAST_YEAR = 1950, 2199

_TIME = (
    r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/. ])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-/. ])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_TIME}")
_COMPACT = re.compile(rf"([0-9]{{8}}){_TIME}")
_NAMED = re.compile(
    rf"([0-9]{{1,2}})(?:st|nd|rd|th|er|\.)?[-/. ]?([^\W\d_]{{3,10}})\.?,?[-/. ]?([0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_NAMED_MONTH_FIRST = re.compile(
    rf"([^\W\d_]{{3,10}})\.?[-/. ]([0-9]{{1,2}})(?:st|nd|rd|th)?,?[-/. ]([0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_SERIAL = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
# Two digits, a digit and what separates it or a month's name, or a name: F00017 and 7 are none. So is what has a decimal
# mark behind more digits than a day has, unless it is a day number.
_BEGINS_AS_DATE = re.compile(r"(?![0-9]{3,4}[.,][0-9]*\Z)(?:[0-9]|[^\W\d_]{3})")
_NOTHING = re.compile(r"[0/\-. :]+|-+")

# Day 60 of Excel is a 29 February 1900 that never was, hence the start; serials below 20000 are before October 1954.
_SERIAL_START = date(1899, 12, 30)
_FIRST_SERIAL = 20000

_MONTH_NAMES = """
january january jan janvier janv januar jaenner enero ene gennaio gen
february feb fevrier fevr fev februar febrero febbraio
march mar mars maerz marz mrz marzo
april apr avril avr abril abr aprile
may mai mayo maggio mag
june jun juin juni junio giugno giu
july jul juillet juil juli julio luglio lug
august aug aout aou agosto ago
september sep sept septembre septiembre settembre set
october oct octobre oktober okt octubre ottobre ott
november nov novembre noviembre
december dec decembre dezember dez diciembre dic dicembre
"""
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES.split("\n")[1:-1], 1) for name in names.split()}
_PLAIN = str.maketrans("áàâäçéèêíóúûùüñ", "aaaaceeeiouuuun")


def parse_date(text: str, *, order: str, two_digit_years: bool = False) -> date | Phrase | None:
    """The date in a cell; None when it is empty or all zeros; a Phrase that says what was expected when it is none.

    Two-digit years are refused unless somebody chose them; then 00-69 are 2000-2069 and 70-99 are 1970-1999.
    """
    text = text.strip()
    if not text or _NOTHING.fullmatch(text):
        return None
    if len(text) > 60:
        return expected_date(order)
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(match, order, two_digit_years)
    if match := _COMPACT.fullmatch(text):
        return _compact(match[1], order)
    if match := _SERIAL.fullmatch(text):
        return _serial(match[1], order)
    if match := _NAMED.fullmatch(text):
        day, name, year = match[1], match[2], match[3]
    elif match := _NAMED_MONTH_FIRST.fullmatch(text):
        day, name, year = match[2], match[1], match[3]
    else:
        return expected_date(order)
    month = _MONTHS.get(name.casefold().translate(_PLAIN))
    if month is None:
        return expected_date(order)
    if len(year) == 2 and not two_digit_years:
        return Phrase(gettext_noop("a year of four digits"))
    return _day(_full_year(year), str(month), day)


def expected_date(order: str) -> Phrase:
    """What should have stood in a cell of dates."""
    return Phrase(gettext_noop("a date such as %(example)s"), {"example": _example(order)})


def _year_last(match: re.Match[str], order: str, two_digit_years: bool) -> date | Phrase:
    first, second, year = match[1], match[3], match[4]
    if len(year) == 2 and not two_digit_years:
        return Phrase(gettext_noop("a year of four digits"))
    if order == "mdy":
        return _day(_full_year(year), first, second, wish="mdy")
    if order == "ymd" and len(year) == 2 and len(first) == 2:
        return _day(_full_year(first), second, year, wish="ymd")
    if order == "dmy":
        return _day(_full_year(year), second, first, wish="dmy")
    return expected_date(order)


def _compact(digits: str, order: str) -> date | Phrase:
    """Eight digits. 20260131 can be nothing else; 31012026 needs an order with the year last.

    No eight digits are both: the month of the one reading would be the century of the other.
    """
    if digits[:2] in ("19", "20", "21") and "01" <= digits[4:6] <= "12":
        return _day(digits[:4], digits[4:6], digits[6:])
    if order == "dmy":
        return _day(digits[4:], digits[2:4], digits[:2], wish="dmy")
    if order == "mdy":
        return _day(digits[4:], digits[:2], digits[2:4], wish="mdy")
    return expected_date(order)


def _serial(digits: str, order: str) -> date | Phrase:
    if order != "serial" or int(digits) < _FIRST_SERIAL:
        return expected_date(order)
    return _SERIAL_START + timedelta(days=int(digits))


def serial_date(number: float) -> date | None:
    """The day of a spreadsheet's number; None outside October 1954 to 2173."""
    if not _FIRST_SERIAL <= number < 100_000:
        return None
    return _SERIAL_START + timedelta(days=int(number))


def _day(year: str, month: str, day: str, *, wish: str = "ymd") -> date | Phrase:
    try:
        result = date(int(year), int(month), int(day))
    except ValueError:
        return Phrase(gettext_noop("a date that exists, such as %(example)s"), {"example": _example(wish)})
    if not FIRST_YEAR <= result.year <= LAST_YEAR:
        return Phrase(gettext_noop("a year from %(first)s to %(last)s"), {"first": FIRST_YEAR, "last": LAST_YEAR})
    return result


def _full_year(year: str) -> str:
    if len(year) == 4:
        return year
    return f"20{year}" if int(year) < 70 else f"19{year}"


def _example(order: str) -> str:
    return {"dmy": "31/12/2026", "mdy": "12/31/2026", "serial": "46387"}.get(order, "2026-12-31")


@dataclass(slots=True)
class DateEvidence:
    """How a column's cells can be read as dates: numbers of cells, and a cell that proves the order.

    `day_first` and `month_first` count the cells that can be read in that order alone (31/12/2026), `either` those
    that can be both (03/04/2026), `year_first` and `named` those that need no order.
    """

    cells: int = 0
    dates: int = 0
    year_first: int = 0
    compact: int = 0
    named: int = 0
    day_first: int = 0
    month_first: int = 0
    either: int = 0
    serial: int = 0
    two_digit_years: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def order(self) -> str:
        """The order that the cells prove; empty where they prove none (every day is 12 or less, or no date at all)."""
        if self.day_first or self.month_first:
            return "dmy" if self.day_first >= self.month_first else "mdy"
        if self.either or not self.dates:
            return ""
        return "serial" if self.serial > self.year_first + self.named + self.compact else "ymd"

    @property
    def is_mixed(self) -> bool:
        """Some cells can only be day first and others only month first: one of the two is not as intended."""
        return bool(self.day_first and self.month_first)

    @property
    def share(self) -> float:
        """Which part of the cells that hold something are dates (without serials, which any number could be)."""
        return (self.dates - self.serial) / self.cells if self.cells else 0.0


def date_evidence(values: Iterable[tuple[str, int]]) -> DateEvidence:
    """What distinct texts (with how often each occurs) say about the order of their dates."""
    found = DateEvidence()
    for text, count in values:
        text = text.strip()
        if _NOTHING.fullmatch(text):
            continue  # 00.00.0000 says that there is no date
        found.cells += count
        what = _shape(text)
        if not what:
            continue
        found.dates += count
        setattr(found, what, getattr(found, what) + count)
        found.examples.setdefault(what, text)
        match = _YEAR_LAST.fullmatch(text) or _NAMED.fullmatch(text)
        if match and len(match[match.lastindex or 0]) == 2:
            found.two_digit_years += count
    return found


def _shape(text: str) -> str:
    """Which counter of DateEvidence a cell belongs to; empty when it is no date in any order."""
    if not _BEGINS_AS_DATE.match(text):
        return ""
    if _YEAR_LAST.fullmatch(text) or (_COMPACT.fullmatch(text) and text[:2] not in ("19", "20")):
        day_first = isinstance(parse_date(text, order="dmy", two_digit_years=True), date)
        month_first = isinstance(parse_date(text, order="mdy", two_digit_years=True), date)
        if day_first and month_first:
            return "either"
        return "day_first" if day_first else "month_first" if month_first else ""
    if not isinstance(parse_date(text, order="serial", two_digit_years=True), date):
        return ""
    if _YEAR_FIRST.fullmatch(text):
        return "year_first"
    if _COMPACT.fullmatch(text):
        return "compact"
    return "serial" if _SERIAL.fullmatch(text) else "named"
