"""When messages may leave: days of the week and hours on an organisation's own clock. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core.days import BusinessCalendar, local_moment, today_in

EVERY_DAY = frozenset(range(7))
_LONGEST_WAIT_DAYS = 400


@dataclass(frozen=True)
class SendingHours:
    """From `start` until before `end` on `days` (0 = Monday), as a wall clock in `zone` shows them.

    Unless `on_holidays`, not on public holidays of the country asked about.
    """

    zone: str
    days: frozenset[int]
    start: time
    end: time
    on_holidays: bool = False

    def next_moment(self, moment: datetime, *, country: str) -> datetime:
        """The moment itself when messages may leave then, else when the next hours begin.

        `country`: ISO 3166, perhaps with a part; one without known holidays has none. A country closed for more than a
        year of sending days would wait for ever: the moment itself is given then.
        """
        holidays = BusinessCalendar((country,) if country else (), weekend=(EVERY_DAY - self.days) or frozenset())
        day = today_in(self.zone, moment)
        for _ in range(_LONGEST_WAIT_DAYS):
            if day.weekday() in self.days and (self.on_holidays or holidays.is_working_day(day)):
                begins, ends = local_moment(self.zone, day, self.start), local_moment(self.zone, day, self.end)
                if moment < ends:
                    return max(moment, begins)
            day += timedelta(days=1)
        return moment
