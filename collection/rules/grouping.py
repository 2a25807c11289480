"""From steps of items to one message per customer and entity: what goes in, what stays out and why, how it ranks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from collection.rules.steps import LeftOut, StepRule, Steps, Waits, item_left_out, next_step


class Item(Protocol):
    """What the rule needs to know of an open item (collection.queries.candidates.Candidate)."""

    @property
    def item_id(self) -> UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def document_date(self) -> date: ...
    @property
    def due_date(self) -> date: ...
    @property
    def done(self) -> Mapping[str, date]: ...
    @property
    def pending(self) -> bool: ...
    @property
    def held(self) -> str: ...
    @property
    def chased_amount(self) -> Decimal: ...
    @property
    def is_disputed(self) -> bool: ...
    @property
    def credit_amount(self) -> Decimal: ...


class Grouping(StrEnum):
    """How many messages the items of a customer at an entity make."""

    HIGHEST = "HIGHEST"  # one, in the words of the highest step
    BY_LEVEL = "BY_LEVEL"  # one for each step
    PER_ITEM = "PER_ITEM"  # one for each item


@dataclass(frozen=True)
class Limits:
    """What a scenario version asks of a message. Amounts in each item's currency."""

    minimum_item_amount: Decimal
    minimum_total_amount: Decimal
    minimum_delay_days: int
    grouping: Grouping = Grouping.HIGHEST


class Line(NamedTuple):
    """An item in the message, at its step."""

    item: Item
    step: StepRule


class Excluded(NamedTuple):
    """An open item that is not in the message, with the reason; `until`: from when it may be."""

    item: Item
    reason: LeftOut
    until: date | None = None


@dataclass(slots=True)
class Plan:
    """What one customer of one entity gets on a day: lines (none: no message), and what stays out."""

    lines: list[Line] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    lapsed: list[Line] = field(default_factory=list)

    @property
    def step(self) -> StepRule:
        """The highest step among the lines: its channel and its words are the message's."""
        return max([line.step for line in self.lines], key=_position)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """What the message asks for, by currency."""
        totals: dict[str, Decimal] = {}
        for item, _step in self.lines:
            known = totals.get(item.currency)
            totals[item.currency] = item.chased_amount if known is None else known + item.chased_amount
        return dict(sorted(totals.items())) if len(totals) > 1 else totals


def _position(step: StepRule) -> int:
    return step.position


_WAITING = {
    Waits.NOT_REACHED: LeftOut.NOT_REACHED,
    Waits.PENDING: LeftOut.PENDING,
    Waits.FINISHED: LeftOut.FINISHED,
}


class Recent(NamedTuple):
    """What has been said to a customer of an entity: the day of the last reminder, and until when one is put off."""

    last_message_on: date | None = None
    postponed_until: date | None = None


NOTHING_YET = Recent()


def plan(
    *, items: Iterable[Item], steps: Sequence[StepRule], limits: Limits, recent: Recent = NOTHING_YET, on: date
) -> Plan:
    """One message for the open items of a customer at an entity, or none.

    Items at a step go in at that step, one block per currency; a currency whose total stays below the minimum, or is
    covered by credits that are set against nothing, is left out. Within `minimum_delay_days` of the last message, and
    while a person has put the customer's reminder off, nothing goes; the items keep their step.
    """
    out, steps = Plan(), Steps.of(steps)
    for item in items:
        decision = next_step(
            steps=steps,
            document_date=item.document_date,
            due_date=item.due_date,
            done=item.done,
            is_pending=item.pending,
            on=on,
        )
        if decision.lapsed:
            out.lapsed += [Line(item, step) for step in decision.lapsed]
        reason = item_left_out(
            open_amount=item.chased_amount,
            minimum=limits.minimum_item_amount,
            is_disputed=item.is_disputed,
            held=item.held,
        )
        if reason:
            out.excluded.append(Excluded(item, reason))
        elif decision.step is None:
            assert decision.waits is not None
            out.excluded.append(Excluded(item, _WAITING[decision.waits], decision.next_on))
        elif item.chased_amount < decision.step.minimum_amount:
            out.excluded.append(Excluded(item, LeftOut.BELOW_ITEM_MINIMUM))
        else:
            out.lines.append(Line(item, decision.step))
    if out.lines:
        _leave_out_recent(out, limits=limits, recent=recent, on=on)
        _leave_out_covered(out)
        if limits.grouping is Grouping.HIGHEST:
            _leave_out_small(out, limits=limits)
    return out


def parts(found: Plan, *, limits: Limits) -> list[tuple[str, Plan]]:
    """The messages of a plan, each with its part: one (""), or one for each step or item.

    The smallest total holds for each message. What stays out and what has lapsed is in the first of them; there is
    always one, perhaps without lines.
    """
    if limits.grouping is Grouping.HIGHEST or not found.lines:
        return [("", found)]
    by_step = limits.grouping is Grouping.BY_LEVEL
    groups: dict[str, Plan] = {}
    for line in sorted(found.lines, key=lambda line: (-line.step.position, line.item.due_date, line.item.number)):
        part = line.step.step_key if by_step else str(line.item.item_id)
        groups.setdefault(part, Plan()).lines.append(line)
    rest = Plan(excluded=found.excluded, lapsed=found.lapsed)
    for one in groups.values():
        _leave_out_small(one, limits=limits)
        rest.excluded += one.excluded
        one.excluded = []
    kept = [(part, one) for part, one in groups.items() if one.lines]
    if not kept:
        return [("", rest)]
    kept[0][1].excluded, kept[0][1].lapsed = rest.excluded, rest.lapsed
    return kept


def let_one_speak(plans: Sequence[tuple[Plan, Limits]], *, on: date) -> None:
    """Of the messages of several scenarios to a customer of an entity on one day: the highest step goes first.

    The others wait for their own minimum delay; those without one go as well. Among equal steps the first given goes.
    """
    speaking = [(found, limits) for found, limits in plans if found.lines]
    first = max(speaking, key=lambda one: one[0].step.position, default=None)
    for one in speaking:
        found, limits = one
        if one is not first and limits.minimum_delay_days:
            _leave_out(found, LeftOut.WRITTEN_RECENTLY, until=on + timedelta(days=limits.minimum_delay_days))


def _leave_out_recent(out: Plan, *, limits: Limits, recent: Recent, on: date) -> None:
    if recent.postponed_until is not None and on < recent.postponed_until:
        _leave_out(out, LeftOut.POSTPONED, until=recent.postponed_until)
    elif recent.last_message_on is not None:
        free_on = recent.last_message_on + timedelta(days=limits.minimum_delay_days)
        if on < free_on:
            _leave_out(out, LeftOut.WRITTEN_RECENTLY, until=free_on)


def _leave_out_covered(out: Plan) -> None:
    for currency, total in out.amounts.items():
        # The same for each item of a currency.
        credits = next(item.credit_amount for item, _step in out.lines if item.currency == currency)
        if total <= credits:
            _leave_out(out, LeftOut.COVERED_BY_CREDITS, currency=currency)


def _leave_out_small(out: Plan, *, limits: Limits) -> None:
    for currency, total in out.amounts.items():
        if total < limits.minimum_total_amount:
            _leave_out(out, LeftOut.BELOW_TOTAL_MINIMUM, currency=currency)


def _leave_out(out: Plan, reason: LeftOut, *, currency: str | None = None, until: date | None = None) -> None:
    """Take the lines out, or those of one currency."""
    out.excluded += [Excluded(line.item, reason, until) for line in out.lines if currency in (None, line.item.currency)]
    out.lines = [line for line in out.lines if currency not in (None, line.item.currency)]


def priority_cents(*, amount: Decimal, chance: Decimal) -> int:
    """What ranks an action in the day's list: what it is expected to bring in soon, in cents.

    `amount` asked for, in the organisation's currency, times the chance (0-1) that it comes within the days looked at.
    Not negative.
    """
    return int(max(amount, Decimal(0)) * 100 * chance)
