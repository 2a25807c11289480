"""The next dunning step of an item, recomputed from facts on each run (docs/rules/dunning.md).

A step is reached on its boundary day or any later one, so a missed night is caught up by the next. Steps after the due
date are taken one at a time, never skipped and never backwards; steps before it lapse on the due date. One step per
item and run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from core.days import BusinessCalendar, month_end


class Anchor(StrEnum):
    """From which day a step counts its days."""

    ISSUE_DATE = "ISSUE_DATE"  # the document's date
    DUE_DATE = "DUE_DATE"
    END_OF_MONTH = "END_OF_MONTH"  # the last day of the month of due date plus days
    PREVIOUS_STEP = "PREVIOUS_STEP"  # the day on which the step before it was done


class OldItems(StrEnum):
    """Where items start that were overdue already when sending began."""

    FIRST_STEP = "FIRST_STEP"
    REACHED_STEP = "REACHED_STEP"
    NONE = "NONE"


class Waits(StrEnum):
    """Why an item takes no step on a day."""

    NOT_REACHED = "NOT_REACHED"
    PENDING = "PENDING"  # its last step is proposed and not decided
    FINISHED = "FINISHED"  # no step is left


@dataclass(frozen=True)
class StepRule:
    """One step of a scenario version; `offset_days` may be negative with anchor DUE_DATE only.

    `minimum_amount`: an item that owes less, in its currency, waits at the step. `in_working_days`: the offset counts
    days worked in the calendar of the company, else all days. `is_task`: a colleague does it, nothing leaves.
    `is_terminal`: it ends the usual way of reminding, so it speaks of the items that have reached it and of no other.
    """

    step_key: str
    position: int
    anchor: Anchor
    offset_days: int
    in_working_days: bool = False
    minimum_amount: Decimal = Decimal(0)
    is_task: bool = False
    is_terminal: bool = False

    @property
    def is_before_due(self) -> bool:
        return self.anchor is Anchor.DUE_DATE and self.offset_days < 0


class Steps(tuple[StepRule, ...]):
    """The steps of a scenario version in their order, with those before and after the due date at hand.

    A run asks for them for every item, so they are told apart once. `calendar` counts their working days.
    """

    before: tuple[StepRule, ...]
    after: tuple[StepRule, ...]
    calendar: BusinessCalendar | None
    _from_issue: bool
    _by_terms: dict[int, "Steps"]

    def __new__(cls, steps: Iterable[StepRule], *, calendar: BusinessCalendar | None = None) -> "Steps":
        made = super().__new__(cls, steps)
        made.before = tuple(step for step in made if step.is_before_due)
        made.after = tuple(step for step in made if not step.is_before_due)
        made.calendar = calendar
        made._from_issue = any(step.anchor is Anchor.ISSUE_DATE for step in made)
        made._by_terms = {}
        if calendar is None and any(step.in_working_days for step in made):
            raise ValueError("steps in working days need the company's calendar")
        return made

    @classmethod
    def of(cls, steps: Sequence[StepRule]) -> "Steps":
        return steps if isinstance(steps, cls) else cls(steps)

    def for_terms(self, *, document_date: date, due_date: date) -> "Steps":
        """The same with steps from the issue date as steps from the due date of an item with these dates.

        Its terms so decide whether such a step is one before or after the due date; one that falls on it comes the day
        after, as an item is not late on its due date.
        """
        if not self._from_issue:
            return self
        if any(step.anchor is Anchor.ISSUE_DATE and step.in_working_days for step in self):
            return Steps((self._from_due(step, document_date, due_date) for step in self), calendar=self.calendar)
        terms = (due_date - document_date).days
        if terms not in self._by_terms:
            moved = (self._from_due(step, document_date, due_date) for step in self)
            self._by_terms[terms] = Steps(moved, calendar=self.calendar)
        return self._by_terms[terms]

    def _from_due(self, step: StepRule, document_date: date, due_date: date) -> StepRule:
        if step.anchor is not Anchor.ISSUE_DATE:
            return step
        days = (_counted(step, document_date, self.calendar) - due_date).days
        return replace(step, anchor=Anchor.DUE_DATE, offset_days=days or 1, in_working_days=False)


def _counted(step: StepRule, start: date, calendar: BusinessCalendar | None) -> date:
    if not step.in_working_days:
        return start + timedelta(days=step.offset_days)
    if calendar is None:
        raise ValueError("a step in working days needs the company's calendar")
    return calendar.add_working_days(start, step.offset_days)


class Decision(NamedTuple):
    """What a run does with an item: take `step`, or wait for a reason until `next_on` (None: not by date alone).

    `lapsed`: steps before the due date that were not taken in time; they are recorded and never taken.
    """

    step: StepRule | None
    waits: Waits | None
    next_on: date | None
    lapsed: tuple[StepRule, ...]


def reached_on(
    *, step: StepRule, due_date: date, previous_on: date | None, calendar: BusinessCalendar | None = None
) -> date | None:
    """The first day on which `step` may be taken; None while the step that it counts from is not done.

    Of a step from the issue date ask Steps.for_terms() first.
    """
    if step.anchor is Anchor.PREVIOUS_STEP:
        return _counted(step, previous_on, calendar) if previous_on else None
    boundary = _counted(step, due_date, calendar)
    return month_end(boundary) if step.anchor is Anchor.END_OF_MONTH else boundary


def next_step(
    *,
    steps: Sequence[StepRule],
    document_date: date | None = None,
    due_date: date,
    done: Mapping[str, date],
    is_pending: bool,
    on: date,
) -> Decision:
    """The step that an open item takes on the day `on`, or why it takes none.

    `steps` in the order of their position; `done`: step_key -> business day for steps sent, skipped, lapsed or set as
    done by go-live, of any version; `is_pending`: a step of the item waits for a person. `document_date` is asked for by
    steps from the issue date only.
    """
    known = Steps.of(steps)
    if document_date is not None:
        known = known.for_terms(document_date=document_date, due_date=due_date)
    before = tuple(step for step in known.before if step.step_key not in done) if done else known.before
    if on < due_date:
        return _before_due(known, before, due_date=due_date, done=done, is_pending=is_pending, on=on)
    if is_pending:
        return Decision(None, Waits.PENDING, None, before)
    after, previous_on = _first_after_due(known, done)
    if after is None:
        return Decision(None, Waits.FINISHED, None, before)
    boundary = reached_on(step=after, due_date=due_date, previous_on=previous_on, calendar=known.calendar)
    if boundary is None or boundary > on:
        return Decision(None, Waits.NOT_REACHED, boundary, before)
    return Decision(after, None, boundary, before)


def _before_due(
    steps: Steps,
    before: tuple[StepRule, ...],
    *,
    due_date: date,
    done: Mapping[str, date],
    is_pending: bool,
    on: date,
) -> Decision:
    if is_pending:
        return Decision(None, Waits.PENDING, None, ())
    boundaries = [(_counted(step, due_date, steps.calendar), step) for step in before]
    reached = [(boundary, step) for boundary, step in boundaries if boundary <= on]
    if reached:
        # Of several reached at once only the latest is worth a message; the earlier ones have lapsed.
        boundary, latest = reached[-1]
        return Decision(latest, None, boundary, tuple(step for _boundary, step in reached[:-1]))
    waiting = min((boundary for boundary, _step in boundaries), default=None)
    after, previous_on = _first_after_due(steps, done)
    if waiting is None and after is not None:
        waiting = reached_on(step=after, due_date=due_date, previous_on=previous_on, calendar=steps.calendar)
    return Decision(None, Waits.NOT_REACHED if waiting or after else Waits.FINISHED, waiting, ())


def _first_after_due(steps: Steps, done: Mapping[str, date]) -> tuple[StepRule | None, date | None]:
    """The step behind the last one done, and the day of the step before it.

    What a later version puts before the last one done is not made up for.
    """
    if not done:
        return (steps.after[0] if steps.after else None), None
    places = [place for place, step in enumerate(steps.after) if step.step_key in done]
    following = places[-1] + 1 if places else 0
    step = steps.after[following] if following < len(steps.after) else None
    earlier = steps.after[following - 1 : following] or steps.before[-1:]
    return step, done.get(earlier[0].step_key) if earlier else None


def set_by_go_live(
    *, steps: Sequence[StepRule], due_date: date, live_from: date, old_items: OldItems
) -> tuple[StepRule, ...]:
    """The steps that are recorded as done for an item when sending begins, so that it starts where the choice says.

    Items due on or after `live_from` are not old: nothing is set. REACHED_STEP leaves the last reached step to be
    taken; steps that count from the previous one count as not reached, since no step was done before.
    """
    if due_date >= live_from or old_items is OldItems.FIRST_STEP:
        return ()
    known = Steps.of(steps)
    after, calendar = known.after, known.calendar
    if old_items is OldItems.NONE:
        return tuple(after)
    reached = [
        step
        for step in after
        if (boundary := reached_on(step=step, due_date=due_date, previous_on=None, calendar=calendar))
        and boundary <= live_from
    ]
    return tuple(reached[:-1])


class LeftOut(StrEnum):
    """Why an open item is in no message today, in the words of the message preview."""

    DISPUTED = "DISPUTED"
    HELD = "HELD"
    STATUS = "STATUS"  # its status code waits or stops
    BELOW_ITEM_MINIMUM = "BELOW_ITEM_MINIMUM"
    BELOW_TOTAL_MINIMUM = "BELOW_TOTAL_MINIMUM"
    COVERED_BY_CREDITS = "COVERED_BY_CREDITS"  # money or credit notes that are set against nothing yet
    WRITTEN_RECENTLY = "WRITTEN_RECENTLY"  # the minimum delay between two messages, or a higher step goes today
    POSTPONED = "POSTPONED"  # a person put the customer's reminder off
    NO_RECIPIENT = "NO_RECIPIENT"
    NOT_REACHED = "NOT_REACHED"
    PENDING = "PENDING"
    FINISHED = "FINISHED"


# What a candidate's `held` says when nothing but its status code keeps it back.
BY_STATUS = "STATUS"


def item_left_out(*, open_amount: Decimal, minimum: Decimal, is_disputed: bool, held: str) -> LeftOut | None:
    """Why an item is not chased at all; None when it may be. `open_amount` is what is open and not disputed.

    `held`: what keeps it out of dunning (a reason of a hold, BY_STATUS), else "". An open amount equal to the minimum is
    chased; credits never are. Both amounts in the item's currency.
    """
    if held:
        return LeftOut.STATUS if held == BY_STATUS else LeftOut.HELD
    if is_disputed and open_amount <= 0:
        return LeftOut.DISPUTED
    if open_amount <= 0 or open_amount < minimum:
        return LeftOut.BELOW_ITEM_MINIMUM
    return None
