"""When a message may leave: hours of a wall clock, days of the week, holidays, the two odd nights."""

from datetime import UTC, datetime, time

import pytest

from desk.rules.hours import EVERY_DAY, SendingHours

WEEK = frozenset(range(5))
PARIS = SendingHours(zone="Europe/Paris", days=WEEK, start=time(8), end=time(18))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-03-02T09:30", "2026-03-02T09:30"),  # Monday 10:30 there
        ("2026-03-02T06:59:59", "2026-03-02T07:00"),  # before eight
        ("2026-03-02T07:00", "2026-03-02T07:00"),
        ("2026-03-02T16:59:59", "2026-03-02T16:59:59"),
        ("2026-03-02T17:00", "2026-03-03T07:00"),  # six in the evening: the end does not count
        ("2026-03-06T20:00", "2026-03-09T07:00"),  # Friday evening: Monday
        ("2026-03-07T10:00", "2026-03-09T07:00"),  # Saturday
        ("2026-03-27T20:00", "2026-03-30T06:00"),  # summer time begins in between: eight is eight
        ("2026-04-03T18:00", "2026-04-07T06:00"),  # Easter Monday is a holiday in France
        ("2026-07-13T20:00", "2026-07-15T06:00"),  # 14 July
    ],
)
def test_the_next_hours(moment, leaves):
    assert PARIS.next_moment(at(moment), country="FR") == at(leaves)


def test_holidays_are_those_of_the_country():
    friday = at("2026-04-02T18:00")  # the evening before Good Friday
    assert PARIS.next_moment(friday, country="FR") == at("2026-04-03T06:00")
    assert PARIS.next_moment(friday, country="DE") == at("2026-04-07T06:00")
    assert PARIS.next_moment(friday, country="") == at("2026-04-03T06:00")
    always = SendingHours(zone="Europe/Paris", days=WEEK, start=time(8), end=time(18), on_holidays=True)
    assert always.next_moment(friday, country="DE") == at("2026-04-03T06:00")


def test_days_and_zones_are_data():
    saturdays = SendingHours(zone="America/New_York", days=frozenset({5}), start=time(9, 30), end=time(12))
    assert saturdays.next_moment(at("2026-03-02T12:00"), country="US") == at("2026-03-07T14:30")
    whole = SendingHours(zone="UTC", days=EVERY_DAY, start=time.min, end=time.max, on_holidays=True)
    assert whole.next_moment(at("2026-12-25T03:00"), country="FR") == at("2026-12-25T03:00")
