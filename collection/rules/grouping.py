"""From steps of items to one message per customer and entity: what goes in, what stays out and why, how it ranks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from collection.rules.steps import LeftOut, StepRule, Waits, item_left_out, next_step


class Item(Protocol):
    """What the rule needs to know of an open item (collection.queries.candidates.Candidate)."""

    @property
    def item_id(self) -> UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def due_date(self) -> date: ...
    @property
    def done(self) -> dict[str, date]: ...
    @property
    def pending(self) -> bool: ...
    @property
    def held(self) -> str: ...
    @property
    def chased_amount(self) -> Decimal: ...
    @property
    def disputed_amount(self) -> Decimal: ...


@dataclass(frozen=True)
class Limits:
    """What a scenario version asks of a message. Amounts in each item's currency."""

    minimum_item_amount: Decimal
    minimum_total_amount: Decimal
    minimum_delay_days: int


@dataclass(frozen=True)
class Line:
    """An item in the message, at its step."""

    item: Item
    step: StepRule


@dataclass(frozen=True)
class Excluded:
    """An open item that is not in the message, with the reason; `until`: from when it may be."""

    item: Item
    reason: LeftOut
    until: date | None = None


@dataclass
class Plan:
    """What one customer of one entity gets on a day: lines (none: no message), and what stays out."""

    lines: list[Line] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    lapsed: list[Line] = field(default_factory=list)

    @property
    def step(self) -> StepRule:
        """The highest step among the lines: its channel and its words are the message's."""
        return max((line.step for line in self.lines), key=lambda step: step.position)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """What the message asks for, by currency."""
        totals: dict[str, Decimal] = {}
        for line in self.lines:
            totals[line.item.currency] = totals.get(line.item.currency, Decimal(0)) + line.item.chased_amount
        return dict(sorted(totals.items()))


_WAITING = {
    Waits.NOT_REACHED: LeftOut.NOT_REACHED,
    Waits.PENDING: LeftOut.PENDING,
    Waits.FINISHED: LeftOut.FINISHED,
}


def plan(
    *, items: Iterable[Item], steps: Sequence[StepRule], limits: Limits, last_message_on: date | None, on: date
) -> Plan:
    """One message for the open items of a customer at an entity, or none.

    Items at a step go in at that step, one block per currency; a currency whose total stays below the minimum is left
    out. Within `minimum_delay_days` of the last message nothing goes, and the items keep their step.
    """
    out = Plan()
    for item in items:
        decision = next_step(steps=steps, due_date=item.due_date, done=item.done, is_pending=item.pending, on=on)
        out.lapsed += [Line(item, step) for step in decision.lapsed]
        reason = item_left_out(
            open_amount=item.chased_amount,
            minimum=limits.minimum_item_amount,
            is_disputed=item.disputed_amount > 0,
            is_held=bool(item.held),
        )
        if reason:
            out.excluded.append(Excluded(item, reason))
        elif decision.step is None:
            assert decision.waits is not None
            out.excluded.append(Excluded(item, _WAITING[decision.waits], decision.next_on))
        else:
            out.lines.append(Line(item, decision.step))
    _apply_minimum_delay(out, limits=limits, last_message_on=last_message_on, on=on)
    _apply_minimum_total(out, limits=limits)
    return out


def _apply_minimum_delay(out: Plan, *, limits: Limits, last_message_on: date | None, on: date) -> None:
    if last_message_on is None or not out.lines:
        return
    free_on = last_message_on + timedelta(days=limits.minimum_delay_days)
    if on < free_on:
        out.excluded += [Excluded(line.item, LeftOut.WRITTEN_RECENTLY, free_on) for line in out.lines]
        out.lines = []


def _apply_minimum_total(out: Plan, *, limits: Limits) -> None:
    small = {currency for currency, total in out.amounts.items() if total < limits.minimum_total_amount}
    out.excluded += [
        Excluded(line.item, LeftOut.BELOW_TOTAL_MINIMUM) for line in out.lines if line.item.currency in small
    ]
    out.lines = [line for line in out.lines if line.item.currency not in small]


def priority_cents(*, amount: Decimal, days_overdue: int) -> int:
    """What ranks an action in the day's list: the amount asked for, in cents, weighted by its age.

    A full weight of 2 after 90 days: two amounts alike, the older comes first; an amount twice as large comes before
    any older one. Not negative; items not yet due weigh half.
    """
    weight = Decimal("0.5") if days_overdue <= 0 else 1 + Decimal(min(days_overdue, 90)) / 90
    return int(max(amount, Decimal(0)) * 100 * weight)
