"""What comes after a call, proposed from how it ended (docs/rules/calls.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from core.days import BusinessCalendar
from core.text import Phrase, gettext_noop

# Working days until the next try: after the first call that nobody answered, the second one, and all later ones.
TRY_AGAIN_AFTER = (1, 2, 5)
AFTER_TALK = 5
PROMISED_WITHIN = 5
ANNOUNCED_WITHIN = 5
CALL_BACK_AT = time(10)
# What one agrees on the telephone; more parts are agreed in writing.
MOST_PARTS = 24


class CallOutcome(StrEnum):
    """How a call ended."""

    PROMISED = "PROMISED"
    DISPUTED = "DISPUTED"
    PAYMENT_ANNOUNCED = "PAYMENT_ANNOUNCED"
    NO_ANSWER = "NO_ANSWER"
    CALL_BACK = "CALL_BACK"
    WRONG_CONTACT = "WRONG_CONTACT"
    REACHED = "REACHED"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next, and when. Without `on`: nothing, as what was said is followed by itself (`why`)."""

    on: date | None
    at: time | None
    text: Phrase | None
    why: Phrase | None = None


def next_step(*, outcome: CallOutcome, on: date, unanswered: int, calendar: BusinessCalendar) -> NextStep:
    """What is proposed after a call of the day `on`. `unanswered`: calls in a row that nobody answered, this one too.

    Promises, disputes, announced payments and missing contacts are followed by the night and by tasks: nothing is to
    be remembered by hand. Examples 1-9 of docs/rules/calls.md.
    """
    match outcome:
        case CallOutcome.NO_ANSWER:
            days = TRY_AGAIN_AFTER[min(max(unanswered, 1), len(TRY_AGAIN_AFTER)) - 1]
            return NextStep(calendar.add_working_days(on, days), None, Phrase(gettext_noop("Call again")))
        case CallOutcome.CALL_BACK:
            day = calendar.add_working_days(on, 1)
            return NextStep(day, CALL_BACK_AT, Phrase(gettext_noop("Call back as agreed")))
        case CallOutcome.REACHED:
            day = calendar.add_working_days(on, AFTER_TALK)
            return NextStep(day, None, Phrase(gettext_noop("See what has come of the call")))
        case CallOutcome.PROMISED:
            why = gettext_noop("Reminders wait until its day. If it is not kept, it stands on top of your list.")
        case CallOutcome.DISPUTED:
            why = gettext_noop("Whoever answers disputes of this reason gets it. You are told when it is answered.")
        case CallOutcome.PAYMENT_ANNOUNCED:
            why = gettext_noop("Reminders wait until the day. What is not paid then is chased again.")
        case CallOutcome.WRONG_CONTACT:
            why = gettext_noop("A task to find the right person is made for you.")
    return NextStep(None, None, None, Phrase(why))


def proposed_day(*, outcome: CallOutcome, on: date, calendar: BusinessCalendar) -> date:
    """The day that is proposed for a promise, or until which an announced payment is waited for."""
    days = PROMISED_WITHIN if outcome is CallOutcome.PROMISED else ANNOUNCED_WITHIN
    return calendar.add_working_days(on, days)
