"""core.days: calendars, the tenant's today, local nights, months."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.days import (
    FRIDAY,
    SATURDAY,
    SATURDAY_AND_SUNDAY,
    SUNDAY,
    BusinessCalendar,
    NoWorkingDay,
    add_months,
    business_day_bounds,
    knows_holidays,
    local_moment,
    month_end,
    today_in,
)

FRANCE = BusinessCalendar(("FR",))
days = st.dates(date(2000, 1, 1), date(2035, 12, 31))
zones = st.sampled_from(
    ["Europe/Paris", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "Africa/Cairo", "UTC"]
)


@pytest.mark.parametrize(
    ("country", "day", "worked"),
    [
        ("FR", "2025-07-14", False),  # national holiday, a Monday
        ("FR", "2025-07-15", True),
        ("FR", "2025-04-18", True),  # Good Friday is worked in France
        ("FR-57", "2025-04-18", False),  # but not in Moselle
        ("DE", "2025-04-18", False),
        ("DE", "2025-06-19", True),  # Corpus Christi: not in all of Germany
        ("DE-BY", "2025-06-19", False),
        ("GB", "2025-04-21", False),  # Easter Monday in England
        ("GB-SCT", "2025-04-21", True),
        ("SA", "2025-01-24", False),  # Friday
        ("SA", "2025-01-25", False),  # Saturday
        ("SA", "2025-01-26", True),  # Sunday
        ("AE", "2021-06-04", False),  # Friday, before the Emirates moved their weekend
        ("AE", "2023-06-02", True),
        ("AE", "2023-06-04", False),
        ("CN", "2025-01-26", True),  # a Sunday worked for the Spring Festival
        ("CN", "2025-02-02", False),
        ("US", "2025-11-27", False),
    ],
)
def test_each_country_has_its_weekend_and_its_holidays(country, day, worked):
    assert BusinessCalendar((country,)).is_working_day(date.fromisoformat(day)) is worked


def test_a_calendar_of_two_countries_works_when_both_do():
    both = BusinessCalendar(("FR", "DE"))
    assert not both.is_working_day(date(2025, 7, 14))  # France
    assert not both.is_working_day(date(2025, 10, 3))  # Germany
    assert both.is_working_day(date(2025, 7, 15))
    france_and_saudi_arabia = BusinessCalendar(("FR", "SA"))
    assert [d for d in range(20, 27) if france_and_saudi_arabia.is_working_day(date(2025, 1, d))] == [20, 21, 22, 23]


def test_an_unknown_country_has_a_weekend_only_and_says_so():
    unknown = BusinessCalendar(("FR", "ZZ", "DE-XX"))
    assert unknown.without_holidays == ("ZZ", "DE-XX")
    only = BusinessCalendar(("ZZ",))
    assert only.is_working_day(date(2025, 12, 25))
    assert not only.is_working_day(date(2025, 12, 27))
    assert FRANCE.without_holidays == ()
    assert BusinessCalendar(("DE-XX",)).is_working_day(date(2025, 10, 3)) is False  # the country's, at least


def test_codes_are_read_as_people_write_them():
    assert BusinessCalendar((" fr ", "FR")).countries == ("FR",)
    assert knows_holidays("de-by")
    assert not knows_holidays("")


def test_without_countries_saturday_and_sunday_are_off():
    assert not BusinessCalendar().is_working_day(date(2025, 1, 25))
    assert BusinessCalendar().is_working_day(date(2025, 12, 25))


def test_a_weekend_of_one_s_own_replaces_the_country_s_and_keeps_its_holidays():
    fridays_only = BusinessCalendar(("FR",), weekend=frozenset({FRIDAY}))
    assert not fridays_only.is_working_day(date(2025, 7, 11))
    assert fridays_only.is_working_day(date(2025, 7, 12))
    assert not fridays_only.is_working_day(date(2025, 7, 14))


def test_closed_days_are_off_too():
    closed = BusinessCalendar(("FR",), closed_days=frozenset({date(2025, 8, 13)}))
    assert not closed.is_working_day(date(2025, 8, 13))
    assert closed.is_working_day(date(2025, 8, 14))


def test_a_week_without_working_days_is_refused():
    with pytest.raises(ValueError):
        BusinessCalendar(weekend=frozenset(range(7)))
    with pytest.raises(ValueError):
        BusinessCalendar(weekend=frozenset({7}))


def test_a_calendar_that_never_opens_is_an_error_not_an_endless_search():
    all_mondays = frozenset(date(2025, 1, 6) + timedelta(weeks=n) for n in range(-100, 100))
    mondays_only = BusinessCalendar(weekend=frozenset(range(1, 7)), closed_days=all_mondays)
    with pytest.raises(NoWorkingDay):
        mondays_only.next_working_day(date(2025, 1, 1))
    with pytest.raises(NoWorkingDay):
        mondays_only.add_working_days(date(2025, 1, 1), -1)


@pytest.mark.parametrize(
    ("start", "n", "result"),
    [
        ("2025-04-17", 1, "2025-04-18"),
        ("2025-04-18", 1, "2025-04-22"),  # over the weekend and Easter Monday
        ("2025-04-19", 1, "2025-04-22"),  # from a Saturday
        ("2025-04-22", -1, "2025-04-18"),
        ("2025-04-20", -1, "2025-04-18"),
        ("2025-04-20", 0, "2025-04-20"),
        ("2025-12-24", 2, "2025-12-29"),
        ("2025-12-31", 1, "2026-01-02"),
        ("2026-01-02", -3, "2025-12-29"),
    ],
)
def test_working_days_are_counted_after_the_start(start, n, result):
    assert FRANCE.add_working_days(date.fromisoformat(start), n) == date.fromisoformat(result)


def test_the_nearest_working_day_is_the_day_itself_when_it_is_worked():
    assert FRANCE.next_working_day(date(2025, 4, 18)) == date(2025, 4, 18)
    assert FRANCE.next_working_day(date(2025, 4, 19)) == date(2025, 4, 22)
    assert FRANCE.previous_working_day(date(2025, 4, 21)) == date(2025, 4, 18)
    assert FRANCE.previous_working_day(date(2025, 4, 18)) == date(2025, 4, 18)


@given(days, st.integers(1, 60))
def test_adding_n_working_days_passes_n_working_days(start, n):
    end = FRANCE.add_working_days(start, n)
    passed = [start + timedelta(d) for d in range(1, (end - start).days + 1)]
    assert sum(map(FRANCE.is_working_day, passed)) == n
    assert FRANCE.is_working_day(end)
    if FRANCE.is_working_day(start):
        assert FRANCE.add_working_days(end, -n) == start


def test_today_is_the_wall_s():
    now = datetime(2025, 3, 10, 23, 30, tzinfo=UTC)
    assert today_in("Europe/Paris", now) == date(2025, 3, 11)
    assert today_in("America/New_York", now) == date(2025, 3, 10)
    assert today_in(ZoneInfo("Pacific/Kiritimati"), now) == date(2025, 3, 11)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        today_in("Europe/Paris", datetime(2025, 3, 10, 12))  # noqa: DTZ001
    with pytest.raises(ValueError):
        local_moment("Europe/Paris", date(2025, 3, 10), time(12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        ("2025-03-10", "02:30", "2025-03-10T01:30Z"),
        ("2025-03-30", "01:59", "2025-03-30T00:59Z"),
        ("2025-03-30", "02:00", "2025-03-30T01:00Z"),  # does not exist: the jump
        ("2025-03-30", "02:30", "2025-03-30T01:00Z"),
        ("2025-03-30", "02:17:29", "2025-03-30T01:00Z"),
        ("2025-03-30", "02:41:07", "2025-03-30T01:00Z"),
        ("2025-03-30", "02:59:59", "2025-03-30T01:00Z"),
        ("2025-03-30", "03:00", "2025-03-30T01:00Z"),
        ("2025-03-30", "03:01", "2025-03-30T01:01Z"),
        ("2025-10-26", "02:30", "2025-10-26T00:30Z"),  # exists twice: the first
        ("2025-10-26", "03:00", "2025-10-26T02:00Z"),
    ],
)
def test_half_past_two_on_the_nights_of_the_clock_change(day, at, moment):
    found = local_moment("Europe/Paris", date.fromisoformat(day), time.fromisoformat(at))
    assert found == datetime.fromisoformat(moment)


def test_the_fold_of_a_given_time_does_not_matter():
    first = local_moment("Europe/Paris", date(2025, 10, 26), time(2, 30, fold=0))
    assert local_moment("Europe/Paris", date(2025, 10, 26), time(2, 30, fold=1)) == first


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", "2025-03-10", 24),
        ("Europe/Paris", "2025-03-30", 23),
        ("Europe/Paris", "2025-10-26", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),  # clocks jumped at midnight: the day began at 01:00
        ("Africa/Cairo", "2024-04-26", 23),
        ("Pacific/Apia", "2011-12-30", 0),  # the day Samoa left out
        ("Australia/Lord_Howe", "2025-10-05", 23.5),
    ],
)
def test_days_have_their_own_length(zone, day, hours):
    begin, end = business_day_bounds(date.fromisoformat(day), zone)
    assert end - begin == timedelta(hours=hours)


@given(days, zones)
def test_the_bounds_of_a_day_hold_that_day_and_no_other(day, zone):
    begin, end = business_day_bounds(day, zone)
    assert today_in(zone, begin) == day
    assert today_in(zone, end - timedelta(seconds=1)) == day
    assert today_in(zone, begin - timedelta(seconds=1)) == day - timedelta(days=1)
    assert end == business_day_bounds(day + timedelta(days=1), zone)[0]


@given(days, zones, st.times(), st.times())
def test_a_later_wall_time_is_never_an_earlier_moment(day, zone, one, other):
    earlier, later = sorted([one, other])
    assert local_moment(zone, day, earlier) <= local_moment(zone, day, later)


def test_month_ends_and_added_months():
    assert month_end(date(2024, 2, 5)) == date(2024, 2, 29)
    assert month_end(date(2025, 12, 31)) == date(2025, 12, 31)
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2025, 3, 31), -1) == date(2025, 2, 28)
    assert add_months(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)


@given(days, st.integers(-60, 60))
def test_added_months_keep_the_day_or_take_the_month_s_last(day, n):
    moved = add_months(day, n)
    assert (moved.year - day.year) * 12 + moved.month - day.month == n
    assert moved.day == min(day.day, calendar.monthrange(moved.year, moved.month)[1])


def test_the_names_of_the_days_are_those_of_the_calendar():
    assert date(2025, 1, 25).weekday() == SATURDAY
    assert {SATURDAY, SUNDAY} == SATURDAY_AND_SUNDAY
