"""Amounts, dates and times as a reader of a language expects them.

Made for tables: what a language needs is read from CLDR (Babel) once, so that a cell costs about a microsecond.
In Python ask `current()` once and call its methods in the loop; templates use the filters of templatetags/ui.py,
which give the same texts. Languages without a table of their own follow CLDR.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import get_currency_symbol
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from core.money import exponent

# Half away from zero, like core.money; wide enough for every stored amount.
_EXACT = Context(prec=40, rounding=ROUND_HALF_UP)
_GRID = tuple(Decimal(1).scaleb(-decimals) for decimals in range(5))
_FORMAT = tuple(f",.{decimals}f" for decimals in range(5))

# A zero in a table: there, but it does not catch the eye.
ZERO_CELL: SafeString = mark_safe('<span class="zero">–</span>')

# Days in tables: unmistakable in English (no 03/04), as on French paper in French.
_DAY_PATTERNS = {"en": "d MMM y", "fr": "dd/MM/y"}
_LONG_DAY_PATTERNS = {"en": "d MMMM y", "fr": "d MMMM y"}
_NOW_SECONDS = 45


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats of one language. All methods give plain text but `cell`, which gives HTML."""

    language: str
    locale: Locale
    group: str
    decimal: str
    percent_sign: str
    symbol_first: bool

    def number(self, value: Decimal | int, decimals: int = 0) -> str:
        """`1 234` or `1 234,50`: grouped, rounded half away from zero, never `-0`. Raises TypeError on floats."""
        if type(value) is int:
            text = format(value, _FORMAT[decimals])
        elif isinstance(value, Decimal):
            text = format(value.quantize(_GRID[decimals], context=_EXACT), _FORMAT[decimals])
            if text[0] == "-" and not text.strip("-0.,"):
                text = text[1:]
        else:
            raise TypeError(f"an amount is a Decimal, not {type(value).__name__}")
        if self.group == ",":
            return text
        whole, point, cents = text.partition(".")
        return whole.replace(",", self.group) + (self.decimal + cents if point else "")

    def amount(self, value: Decimal | int | None) -> str:
        """Whole units, for tables; nothing for None (unknown)."""
        return "" if value is None else self.number(value)

    def amount2(self, value: Decimal | int | None, currency: str = "EUR") -> str:
        """With the decimals of the currency: totals, exports, details."""
        return "" if value is None else self.number(value, exponent(currency))

    def cell(self, value: Decimal | int | None) -> str:
        """`amount` for a table cell: a pale dash for exactly zero. What rounds to zero but is not shows 0."""
        if value is None:
            return ""
        return self.number(value) if value else ZERO_CELL

    def money(self, value: Decimal | int | None, currency: str, decimals: int | None = None) -> str:
        """`€1,200.00`, `1 200,00 €`: with the currency's own decimals unless told otherwise."""
        if value is None:
            return ""
        text = self.number(value, exponent(currency) if decimals is None else decimals)
        symbol = _symbol(currency, self.language)
        if not self.symbol_first:
            return f"{text}\N{NO-BREAK SPACE}{symbol}"
        space = "\N{NO-BREAK SPACE}" if symbol[-1:].isalpha() else ""
        return f"-{symbol}{space}{text[1:]}" if text[0] == "-" else f"{symbol}{space}{text}"

    def pct(self, value: Decimal | int | None, decimals: int = 0) -> str:
        """A percentage given as 0-100 (not as a fraction of 1)."""
        return "" if value is None else self.number(value, decimals) + self.percent_sign

    def day(self, value: date | None) -> str:
        """`21 Nov 2026`, `21/11/2026`. Of a datetime: its day in the current time zone."""
        return "" if value is None else _day(self.language, _as_day(value))

    def day_long(self, value: date | None) -> str:
        """`21 November 2026`, for sentences and letters."""
        return "" if value is None else _day_long(self.language, _as_day(value))

    def moment(self, value: datetime | None) -> str:
        """Day and time of a stamp in the current time zone: `21 Nov 2026, 14:05`."""
        if value is None:
            return ""
        local = timezone.localtime(value)
        comma = " " if self.language == "fr" else ", "
        return self.day(local.date()) + comma + format_time(local, "HH:mm", locale=self.locale)

    def ago(self, value: datetime | None, *, now: datetime) -> str:
        """`12 min ago`, `il y a 12 min`; also for what is to come: `in 3 hr`."""
        if value is None:
            return ""
        gap = value - now
        if abs(gap) < timedelta(seconds=_NOW_SECONDS):
            return gettext("just now")
        style: Literal["short", "long"] = "short" if abs(gap) < timedelta(hours=23) else "long"
        locale = "en_GB" if self.language == "en" else self.locale  # min, not min.
        return format_timedelta(gap, threshold=0.95, add_direction=True, format=style, locale=locale)


def current() -> Formats:
    """The formats of the active language."""
    return of(get_language() or "en")


@cache
def of(language: str) -> Formats:
    """The formats of a language code such as `fr` or `fr-ch`; English for what Babel does not know."""
    try:
        locale = Locale.parse(language, sep="-")
    except ValueError:
        locale = Locale.parse("en")
    except Exception as unknown:  # babel.core.UnknownLocaleError, which is a plain Exception
        if type(unknown).__name__ != "UnknownLocaleError":
            raise
        locale = Locale.parse("en")
    symbols = locale.number_symbols
    symbols = symbols.get("latn", symbols)
    pattern = locale.percent_formats[None].pattern
    return Formats(
        language=locale.language,
        locale=locale,
        group=symbols["group"],
        decimal=symbols["decimal"],
        percent_sign=pattern.rpartition("0")[2],
        symbol_first=locale.currency_formats["standard"].pattern.startswith("\N{CURRENCY SIGN}"),
    )


def _as_day(value: date) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


@cache
def _symbol(currency: str, language: str) -> str:
    return get_currency_symbol(currency, locale=language)


@lru_cache(maxsize=20_000)
def _day(language: str, day: date) -> str:
    return format_date(day, _DAY_PATTERNS.get(language, "medium"), locale=language)


@lru_cache(maxsize=5_000)
def _day_long(language: str, day: date) -> str:
    return format_date(day, _LONG_DAY_PATTERNS.get(language, "long"), locale=language)
