"""How likely an item is paid within some days, judged by how late its customer usually pays.

A delay T after the due date is taken to have the distribution P(T <= t) = t / (t + m), which has the median m and a long
tail. Somebody who has waited w days already is paid within the next n with n / (m + w + n): more, the quicker the
customer usually is, and less, the longer it has let us wait. Source: docs/rules/payer-profile.md, examples 10-13.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core.text import Phrase, gettext_noop

# Who pays on its due date or before it is not certain to pay tomorrow: no median below a day.
SHORTEST_MEDIAN = 1
# Where nobody of the organisation has a history yet.
UNKNOWN_MEDIAN = 30


@dataclass(frozen=True, slots=True)
class Chance:
    """`share`: 0-1, to a thousandth. `why`: in words."""

    share: Decimal
    why: Phrase


@dataclass(frozen=True, slots=True)
class Habit:
    """The median days after the due date at which a customer pays; `is_own` no: the organisation's, for want of one."""

    median_days: int
    is_own: bool = True


def chance_within(*, days: int, days_overdue: int, habit: Habit) -> Chance:
    """The chance that an item is paid within the next `days`, if it was not until today.

    `days_overdue`: today less the due date, negative before it; days before the due date bring nothing. Raises
    ValueError on a negative number of days.
    """
    if days < 0:
        raise ValueError("a chance looks ahead: days are 0 or more")
    median = max(habit.median_days, SHORTEST_MEDIAN)
    waited, ahead = max(days_overdue, 0), max(days + min(days_overdue, 0), 0)
    share = Decimal(ahead) / (median + waited + ahead) if ahead else Decimal(0)
    share = share.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)
    values = {"median": median, "days": days, "waited": waited, "chance": int(100 * share)}
    if habit.is_own:
        text = gettext_noop(
            "usually pays %(median)s days after the due date, %(waited)s days late now: "
            "%(chance)s %% within %(days)s days"
        )
    else:
        text = gettext_noop(
            "too little history of its own, customers usually pay %(median)s days after the due date, "
            "%(waited)s days late now: %(chance)s %% within %(days)s days"
        )
    return Chance(share, Phrase(text, values))
