"""Days in a sentence, as people write them in French, English and German, seen from the day on which they wrote.

"next Friday" and "vendredi" are the first Friday after that day; "this week" is its Friday, "in March" nothing. A day
without year is the one nearest to the day of writing; a bare "the 15th" is the next 15th, or with `past` the last one.
Day before month unless that cannot be (`03/15` is 15 March).
"""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from desk.rules.inbound.day_names import COUNT, MONTH, MONTHS, NUMBERS, WEEKDAY, WEEKDAYS, YEAR

_WEEK = timedelta(days=7)

Reader = Callable[[re.Match[str], date, bool], date | None]


def days_in(sentence: str, *, on: date, past: bool = False) -> list[date]:
    """The days that a sentence written on the day `on` names, in its order. `past`: it speaks of what has happened."""
    return [day for _start, _end, day in day_places(sentence, on=on, past=past)]


def day_places(sentence: str, *, on: date, past: bool = False) -> list[tuple[int, int, date]]:
    """(start, end, day) of each day named; what one reading has taken is not read in another way again."""
    taken: list[tuple[int, int, date]] = []
    for pattern, reader in _READERS:
        for found in pattern.finditer(sentence):
            if any(found.start() < end and start < found.end() for start, end, _day in taken):
                continue
            try:
                day = reader(found, on, past)
            except (ValueError, OverflowError):
                continue
            if day is not None:
                taken.append((found.start(), found.end(), day))
    return sorted(taken)


def _iso(found: re.Match[str], on: date, past: bool) -> date:
    return date(int(found[1]), int(found[2]), int(found[3]))


def _numeric(found: re.Match[str], on: date, past: bool) -> date | None:
    first, second = int(found[1]), int(found[2])
    day, month = (second, first) if second > 12 else (first, second)
    return _near(day, month, found[3], on)


def _day_month(found: re.Match[str], on: date, past: bool) -> date | None:
    return _near(int(found[1]), MONTHS[found[2].lower()], found[3], on)


def _month_day(found: re.Match[str], on: date, past: bool) -> date | None:
    return _near(int(found[2]), MONTHS[found[1].lower()], found[3], on)


def _near(day: int, month: int, year: str | None, on: date) -> date | None:
    """Of a year, or of the one in which it is nearest."""
    if year:
        number = int(year)
        return date(number + 2000 if number < 100 else number, month, day)
    years = [on.year - 1, on.year, on.year + 1]
    days = [date(one, month, day) for one in years if day <= calendar.monthrange(one, month)[1]]
    return min(days, key=lambda one: abs((one - on).days), default=None)


def _month_part(found: re.Match[str], on: date, past: bool) -> date | None:
    word, month = found[1].lower(), MONTHS[found[2].lower()]
    year = found[3]
    if word.startswith(("mi", "mitte")):
        return _near(15, month, year, on)
    if word.startswith(("d", "early", "anfang", "begin")):
        return _near(10, month, year, on)
    last = _near(1, month, year, on)
    return _last_of(last) if last else None


def _last_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _end_of_month(found: re.Match[str], on: date, past: bool) -> date:
    return _last_of(on)


def _next_month(found: re.Match[str], on: date, past: bool) -> date:
    return _last_of(_last_of(on) + timedelta(days=1))


def _weekday(found: re.Match[str], on: date, past: bool) -> date:
    wanted = WEEKDAYS[found[1].lower()]
    if past:
        return on - timedelta(days=(on.weekday() - wanted) % 7)
    return on + timedelta(days=(wanted - on.weekday() - 1) % 7 + 1)


def _day_of_next_month(found: re.Match[str], on: date, past: bool) -> date:
    return (_last_of(on) + timedelta(days=1)).replace(day=int(found[1]))


def _part_of_next_month(found: re.Match[str], on: date, past: bool) -> date:
    return (_last_of(on) + timedelta(days=1)).replace(day=15 if found[1].lower().startswith(("mi", "mitte")) else 10)


def _mid_month(found: re.Match[str], on: date, past: bool) -> date:
    return on.replace(day=15) if on.day <= 15 else (_last_of(on) + timedelta(days=1)).replace(day=15)


def _week_of_month(found: re.Match[str], on: date, past: bool) -> date | None:
    """The last of its seven days: "the first week of April" is over on the 7th."""
    word, month = found[1].lower(), MONTHS[found[2].lower()]
    for number, begins in ((1, ("1", "prem", "first", "erste")), (2, ("2", "deux", "seco", "zweite"))):
        if word.startswith(begins):
            return _near(7 * number, month, None, on)
    if word.startswith(("trois", "third", "dritte", "3")):
        return _near(21, month, None, on)
    return _within_month(month, on)


def _half_of_month(found: re.Match[str], on: date, past: bool) -> date | None:
    month = MONTHS[found[2].lower()]
    return (
        _near(15, month, None, on)
        if found[1].lower().startswith(("1", "prem", "first", "erste"))
        else _within_month(month, on)
    )


def _course_of_month(found: re.Match[str], on: date, past: bool) -> date | None:
    return _within_month(MONTHS[found[1].lower()], on)


def _within_month(month: int, on: date) -> date | None:
    first = _near(1, month, None, on)
    return _last_of(first) if first else None


def _in_some_hours(found: re.Match[str], on: date, past: bool) -> date:
    return on + timedelta(days=-(-int(found[1]) // 24))


def _weekday_in_a_week(found: re.Match[str], on: date, past: bool) -> date:
    wanted = WEEKDAYS[(found[1] or found[2]).lower()]
    return on + timedelta(days=(wanted - on.weekday() - 1) % 7 + 1) + _WEEK


def _short_weekday(found: re.Match[str], on: date, past: bool) -> date:
    wanted = {"mo": 0, "tu": 1, "di": 1, "we": 2, "mi": 2, "th": 3, "do": 3, "fr": 4}[found[1].lower()[:2]]
    return on + timedelta(days=(wanted - on.weekday() - 1) % 7 + 1)


def _part_of_next_week(found: re.Match[str], on: date, past: bool) -> date:
    """Its Tuesday where the beginning is meant, its Wednesday for the middle."""
    place = 2 if found[1].lower().startswith(("mi", "mitte")) else 1
    return on - timedelta(days=on.weekday()) + _WEEK + timedelta(days=place)


def _week_after_next(found: re.Match[str], on: date, past: bool) -> date:
    return _next_week(found, on, past) + _WEEK


def _round_days(found: re.Match[str], on: date, past: bool) -> date:
    days = {"dizaine": 10, "quinzaine": 15, "huitaine": 8, "couple": 2, "fortnight": 14, "paar": 2}
    return on + timedelta(days=days[next(group for group in found.groups() if group).lower()])


def _this_week(found: re.Match[str], on: date, past: bool) -> date:
    friday = on + timedelta(days=4 - on.weekday())
    return friday if friday >= on else on


def _next_week(found: re.Match[str], on: date, past: bool) -> date:
    return on + timedelta(days=4 - on.weekday()) + _WEEK


def _weekday_of_next_week(found: re.Match[str], on: date, past: bool) -> date:
    return on - timedelta(days=on.weekday()) + _WEEK + timedelta(days=WEEKDAYS[(found[1] or found[2]).lower()])


def _numbered_week(found: re.Match[str], on: date, past: bool) -> date | None:
    weeks = [date.fromisocalendar(year, int(found[1]), 5) for year in (on.year - 1, on.year, on.year + 1)]
    return min(weeks, key=lambda one: abs((one - on).days))


def _tomorrow(found: re.Match[str], on: date, past: bool) -> date:
    return on + timedelta(days=1)


def _day_after(found: re.Match[str], on: date, past: bool) -> date:
    return on + timedelta(days=2)


def _today(found: re.Match[str], on: date, past: bool) -> date:
    return on


def _yesterday(found: re.Match[str], on: date, past: bool) -> date:
    return on - timedelta(days=1)


def _in_some_days(found: re.Match[str], on: date, past: bool) -> date:
    text = found[1].lower()
    number = int(text) if text.isdigit() else NUMBERS[text]
    unit = found[2].lower()
    is_weeks = unit.startswith(("sem", "week", "woche"))
    return on + timedelta(days=number * 7 if is_weeks else number)


def _within_a_week(found: re.Match[str], on: date, past: bool) -> date:
    return on + (_WEEK if found[1].lower() == "huitaine" else timedelta(days=15))


def _bare_day(found: re.Match[str], on: date, past: bool) -> date | None:
    number = int(next(group for group in found.groups() if group))
    if not 1 <= number <= 31:
        return None
    month = on.replace(day=1)
    for _attempt in range(3):
        if number <= calendar.monthrange(month.year, month.month)[1]:
            day = month.replace(day=number)
            if (day <= on) if past else (day >= on):
                return day
        month = (month - timedelta(days=1)).replace(day=1) if past else _last_of(month) + timedelta(days=1)
    return None


def _compiled(*pairs: tuple[str, Reader]) -> Iterator[tuple[re.Pattern[str], Reader]]:
    for text, reader in pairs:
        yield re.compile(text, re.I), reader


_READERS = tuple(
    _compiled(
        (r"(?<![\d/.-])(20\d\d)-(\d{2})-(\d{2})(?![\d-])", _iso),
        (r"(?<![\d/.,-])(\d{1,2})[/.-](\d{1,2})[/.-]((?:20)?\d{2})(?![\d/-])", _numeric),
        (rf"(?<!\d)(\d{{1,2}})(?:er|\.|st|nd|rd|th)?(?: of)? ({MONTH})\b\.?{YEAR}", _day_month),
        (
            rf"\b({MONTH})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?![.,]?\d*(?: ?(?:€|eur)))(?:,? ?(20\d\d))?",
            _month_day,
        ),
        (
            rf"\b(fin|mi|début|debut|end of|late|mid|early|beginning of|ende|mitte|anfang)[ -](?:de |of )?({MONTH})\b(?: (20\d\d))?",
            _month_part,
        ),
        (
            r"\b(?:le|au|du|the|am|zum) (\d{1,2})(?:er|st|nd|rd|th|\.)? (?:du mois (?:prochain|suivant)|(?:of )?next month|(?:des )?(?:nächsten|kommenden) monats)\b",
            _day_of_next_month,
        ),
        (
            r"\b(début|debut|mi|early|mid|beginning of|anfang|mitte)[ -](?:de |du |des )?(?:mois prochain|next month|(?:nächsten|kommenden) monats)\b",
            _part_of_next_month,
        ),
        (
            r"\b(?:fin (?:de|du) mois(?: prochain| suivant)|(?:the )?end of next month|ende (?:des )?nächsten monats|"
            r"le mois prochain|next month|nächsten monat|im nächsten monat|au cours du mois prochain)\b",
            _next_month,
        ),
        (
            r"\b(?:(?:la )?fin (?:de |du |de ce |courant )?mois|fin courant|(?:the )?(?:end of (?:the |this )?month|month[- ]end)|"
            r"ende (?:des|dieses) monats|monatsende|zum monatsende|eom)\b",
            _end_of_month,
        ),
        (
            r"\b(?:mi-mois|mi mois|mid[ -]month|(?:the )?middle of the month|mitte (?:des|dieses) monats|monatsmitte)\b",
            _mid_month,
        ),
        (
            rf"\b(1[èe]re|première?|2e|2ème|deuxième|seconde|troisième|dernière|first|second|third|last|erste[rn]?|zweite[rn]?|dritte[rn]?|letzte[rn]?) "
            rf"(?:(?:semaine|week|woche) (?:de |d'|of |in |im )?(?=(?:{MONTH})\b)|(?=(?:{MONTH})woche))({MONTH})(?:woche)?\b",
            _week_of_month,
        ),
        (
            rf"\b(1[èe]re|première|2e|2ème|deuxième|seconde|first|second|erste[rn]?|zweite[rn]?) (?:quinzaine|half|hälfte|monatshälfte)"
            rf" (?:de |d'|of |des )?({MONTH})\b",
            _half_of_month,
        ),
        (
            rf"\b(?:(?:dans le )?courant(?: de| du mois de| du mois d')?|(?:in|over|during) the course of|im (?:laufe|verlauf)(?: des| vom)?) ({MONTH})\b",
            _course_of_month,
        ),
        (
            r"\b(?:sous|dans les|d'ici|within(?: the next)?|in(?: the next)?|innerhalb(?: von)?|binnen|in den nächsten) (24|48|72|96) ?(?:h|heures?|hours?|hrs|stunden)\b",
            _in_some_hours,
        ),
        (
            r"\b(?:une |in an? |in |within an? |innerhalb von )(?:(dizaine|quinzaine|huitaine) de jours|(couple) of days|(fortnight)|ein (paar) tagen)\b",
            _round_days,
        ),
        (r"\b(?:übernächste[rn]? woche|the week after next|week after next|la semaine d'après)\b", _week_after_next),
        (
            r"\b(début|debut|mi|early|mid|middle of|beginning of|start of|anfang|mitte)[ -](?:de |de la |der )?"
            r"(?:semaine prochaine|next week|nächste[rn]? woche|kommende[rn]? woche)\b",
            _part_of_next_week,
        ),
        (
            r"(?:\b(?:semaine|week|kw|kalenderwoche)|\bs)[ .]?(\d{1,2})\b(?! ?(?:jours|days|tage|%|€|eur))",
            _numbered_week,
        ),
        (
            rf"\b(?:semaine prochaine|next week|nächste[rn]? woche|kommende[rn]? woche),? (?:le |on |am )?({WEEKDAY})\b|"
            rf"\b({WEEKDAY}) (?:(?:de la |la )?semaine prochaine|(?:of )?next week|(?:in der )?nächste[rn]? woche)\b",
            _weekday_of_next_week,
        ),
        (
            r"\b(?:(?:la |en |courant (?:de la )?)?semaine prochaine|next week|(?:in der )?nächste[rn]? woche|kommende[rn]? woche|"
            r"(?:in der )?folgewoche)\b",
            _next_week,
        ),
        (
            r"\b(?:(?:dans |en )?(?:la )?(?:fin de (?:la |cette )?semaine|cette semaine|courant de semaine)|(?:the )?end of (?:the |this )?"
            r"week|this week|ende (?:der|dieser) woche|(?:in )?diese[rn]? woche|(?:by|before|over) the weekend|eow|zum wochenende|"
            r"im laufe der woche|dans la semaine)\b",
            _this_week,
        ),
        (
            rf"\b(?:sous|dans(?: les)?|d'ici|in|within(?: the next)?|innerhalb (?:von|der nächsten)|binnen|in den nächsten|en) "
            rf"(?:about |around |environ |etwa |ca\. )?(?:\d{{1,2}} ?(?:-|à|to|bis) ?)?({COUNT}) (?:prochains? |working |business |calendar )?(jours?|days?|tagen?|semaines?|weeks?|wochen?|werktagen|"
            rf"arbeitstagen)\b",
            _in_some_days,
        ),
        (r"\bsous (huitaine|quinzaine)\b", _within_a_week),
        (r"\b(?:après-demain|après demain|the day after tomorrow|übermorgen)\b", _day_after),
        (r"\b(?:demain|tomorrow|morgen)\b", _tomorrow),
        (r"\b(?:aujourd'hui|aujourd’hui|ce jour|today|heute|noch heute|ce soir|dans la journée)\b", _today),
        (r"\b(?:hier|yesterday|gestern)\b(?! (?:ist|sind|noch|nicht|bei|haben|finden))", _yesterday),
        (rf"\b({WEEKDAY}) (?:en huit|week)\b|\ba week on ({WEEKDAY})\b", _weekday_in_a_week),
        # A weekday before a date ("vendredi 15 mars") says the same day again and was taken with it or stands beside it.
        (rf"\b({WEEKDAY})\b(?!,? (?:le |the |den |am )?\d)", _weekday),
        (
            r"(?:\b(?:le|du|au|d'ici le|avant le|jusqu'au)\s(\d{1,2})(?:er)?(?: (?:de ce mois|courant|du mois))?"
            r"|\b(?:on|by|before|until|till|for|from|around) the (\d{1,2})(?:st|nd|rd|th)"
            r"|\b(?:am|zum|bis zum|ab dem|bis) (\d{1,2})\.)(?![\d/.,-]?\d)(?! (?:"
            + MONTH
            + r")\b)(?![ \u00a0\u202f]\d{3})(?! ?(?:€|%|eur|jours|days|tage|h\b|heures|uhr|factures|colis|palettes))",
            _bare_day,
        ),
        # Without an article only behind a preposition: "on 15th", "by 3rd".
        (
            rf"\b(?:on|by|for|before|until) (\d{{1,2}})(?:st|nd|rd|th)\b(?! (?:of )?(?:{MONTH}|floor|time|attempt|invoice|reminder|delivery|order)\b)",
            _bare_day,
        ),
        (
            r"\b(?:on|by|this|next|for|until|before|out|latest|cob|eod) (thurs?|thu|tues?|weds?|fri|mon)\b\.?(?! ami| cher| chère)",
            _short_weekday,
        ),
        (r"\bam (mo|di|mi|do|fr)\b\.?", _short_weekday),
        (r"(?<![\d/.,-])(\d{1,2})/(\d{1,2})()(?![\d/.,-]\d|[\d/]|[ ]?(?:€|eur|%))", _numeric),
        (r"(?<![\d/.,-])(\d{1,2})\.(\d{1,2})()\.(?!\d)", _numeric),
    )
)
