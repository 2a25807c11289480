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


class Credits(StrEnum):
    """What becomes of credit notes, and of money, that are set against nothing."""

    HIDE = "HIDE"  # not mentioned
    SHOW = "SHOW"  # listed, not deducted
    NET = "NET"  # listed, and deducted from what is asked for


@dataclass(frozen=True)
class Limits:
    """What a scenario version asks of a message. Amounts in each item's currency."""

    minimum_item_amount: Decimal
    minimum_total_amount: Decimal
    minimum_delay_days: int
    grouping: Grouping = Grouping.HIGHEST
    credits: Credits = Credits.HIDE


class Line(NamedTuple):
    """An item in the message, at its step."""

    item: Item
    step: StepRule


class Credit(NamedTuple):
    """A credit note, or money, that is set against nothing yet: what is left of it, as a positive amount."""

    item_id: UUID
    number: str
    document_date: date
    currency: str
    amount: Decimal


class Excluded(NamedTuple):
    """An open item that is not in the message, with the reason; `until`: from when it may be."""

    item: Item
    reason: LeftOut
    until: date | None = None


@dataclass(slots=True)
class Plan:
    """What one customer of one entity gets on a day: lines (none: no message), and what stays out.

    `tasks`: items at a step that a colleague does. `netted`: credits that the message deducts, by currency;
    `netted_elsewhere`: those that a message of another scenario deducts on the day. `credits`: those that it lists.
    """

    lines: list[Line] = field(default_factory=list)
    tasks: list[Line] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    lapsed: list[Line] = field(default_factory=list)
    netted: dict[str, Decimal] = field(default_factory=dict)
    netted_elsewhere: dict[str, Decimal] = field(default_factory=dict)
    credits: list[Credit] = field(default_factory=list)

    @property
    def step(self) -> StepRule:
        """The highest step among the lines: its channel and its words are the message's."""
        return max([line.step for line in self.lines], key=_position)

    @property
    def totals(self) -> dict[str, Decimal]:
        """What its items owe, by currency."""
        return _totals(self.lines)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """What the message asks for, by currency: what its items owe, less the credits that it deducts."""
        totals, nothing = self.totals, Decimal(0)
        if not self.netted:
            return totals
        return {currency: total - self.netted.get(currency, nothing) for currency, total in totals.items()}


def _totals(lines: Iterable[Line]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for item, _step in lines:
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
_NOTHING = Decimal(0)
# How the parts of tasks begin.
TASK = "task:"


def plan(
    *, items: Iterable[Item], steps: Sequence[StepRule], limits: Limits, recent: Recent = NOTHING_YET, on: date
) -> Plan:
    """What the open items of a customer at an entity come to: one message or none (parts() makes several), and tasks.

    Items at a step go in at that step, one block per currency; a currency whose total stays below the minimum, or is
    covered by credits that are set against nothing, is left out. Within `minimum_delay_days` of the last message, and
    while a person has put the customer's reminder off, no message goes; the items keep their step. Where the highest
    step is a terminal one the message is about its items alone, and the others wait. Tasks wait for nothing.
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
        elif decision.step.is_task:
            out.tasks.append(Line(item, decision.step))
        else:
            out.lines.append(Line(item, decision.step))
    if out.lines:
        _leave_out_recent(out, limits=limits, recent=recent, on=on)
    if out.lines or out.tasks:
        _leave_out_covered(out)
    if out.lines and limits.grouping is Grouping.HIGHEST:
        _one_message(out, limits=limits, on=on)
    return out


def _one_message(out: Plan, *, limits: Limits, on: date) -> None:
    while out.lines and (highest := out.step).is_terminal:
        alone = Plan([line for line in out.lines if line.step.step_key == highest.step_key])
        _settle(alone, limits=limits, used={})
        out.excluded += alone.excluded
        out.lines = [line for line in out.lines if line.step.step_key != highest.step_key]
        if alone.lines:
            _leave_out(out, LeftOut.WRITTEN_RECENTLY, until=on + timedelta(days=max(limits.minimum_delay_days, 1)))
            out.lines, out.netted = alone.lines, alone.netted
            return
    _settle(out, limits=limits, used={})


def parts(found: Plan, *, limits: Limits) -> list[tuple[str, Plan]]:
    """The messages of a plan, each with its part: one (""), or one for each step or item.

    The smallest total holds for each message, and credits are deducted from the highest step first. What stays out, what
    has lapsed and what is a task is in the first of them; there is always one, perhaps without lines.
    """
    if limits.grouping is Grouping.HIGHEST or not found.lines:
        return [("", found)]
    by_step = limits.grouping is Grouping.BY_LEVEL
    groups: dict[str, Plan] = {}
    for line in sorted(found.lines, key=lambda line: (-line.step.position, line.item.due_date, line.item.number)):
        part = line.step.step_key if by_step else str(line.item.item_id)
        groups.setdefault(part, Plan()).lines.append(line)
    rest = Plan(excluded=found.excluded, lapsed=found.lapsed, tasks=found.tasks)
    used: dict[str, Decimal] = dict(found.netted_elsewhere)
    for one in groups.values():
        _settle(one, limits=limits, used=used)
        rest.excluded += one.excluded
        one.excluded = []
    kept = [(part, one) for part, one in groups.items() if one.lines]
    if not kept:
        return [("", rest)]
    first = kept[0][1]
    first.excluded, first.lapsed, first.tasks = rest.excluded, rest.lapsed, rest.tasks
    return kept


def task_parts(found: Plan, *, limits: Limits) -> list[tuple[str, list[Line]]]:
    """The tasks of a plan, each with its part and its lines: one for each step, or for each item."""
    groups: dict[str, list[Line]] = {}
    for line in found.tasks:
        about = str(line.item.item_id) if limits.grouping is Grouping.PER_ITEM else line.step.step_key
        groups.setdefault(f"{TASK}{about}", []).append(line)
    return list(groups.items())


def let_one_speak(plans: Sequence[tuple[Plan, Limits]], *, on: date) -> None:
    """Of the messages of several scenarios to a customer of an entity on one day: the highest step goes first.

    The others wait for their own minimum delay; those without one go as well. Among equal steps the first given goes.
    """
    speaking = [(found, limits) for found, limits in plans if found.lines]
    speaking.sort(key=lambda one: -one[0].step.position)
    used: dict[str, Decimal] = {}
    for place, (found, limits) in enumerate(speaking):
        if place and limits.minimum_delay_days:
            _leave_out(found, LeftOut.WRITTEN_RECENTLY, until=on + timedelta(days=limits.minimum_delay_days))
            found.netted = {}
            continue
        taken = _credits_for(found, limits=limits, used=used)
        found.netted_elsewhere = dict(used)
        if limits.grouping is Grouping.HIGHEST:
            found.netted = taken
        for currency, amount in taken.items():
            used[currency] = used.get(currency, _NOTHING) + amount


def _leave_out_recent(out: Plan, *, limits: Limits, recent: Recent, on: date) -> None:
    if recent.postponed_until is not None and on < recent.postponed_until:
        _leave_out(out, LeftOut.POSTPONED, until=recent.postponed_until)
    elif recent.last_message_on is not None:
        free_on = recent.last_message_on + timedelta(days=limits.minimum_delay_days)
        if on < free_on:
            _leave_out(out, LeftOut.WRITTEN_RECENTLY, until=free_on)


def _leave_out_covered(out: Plan) -> None:
    for currency, total in _totals([*out.lines, *out.tasks]).items():
        # The same for each item of a currency.
        credits = next(item.credit_amount for item, _step in (*out.lines, *out.tasks) if item.currency == currency)
        if total <= credits:
            _leave_out(out, LeftOut.COVERED_BY_CREDITS, currency=currency)
            covered = [line for line in out.tasks if line.item.currency == currency]
            out.excluded += [Excluded(line.item, LeftOut.COVERED_BY_CREDITS) for line in covered]
            out.tasks = [line for line in out.tasks if line.item.currency != currency]


def _settle(out: Plan, *, limits: Limits, used: dict[str, Decimal]) -> None:
    """Deduct credits where the scenario does, beyond those `used` by other messages, and leave out what is too small.

    `used` grows by what this message deducts.
    """
    netted = _credits_for(out, limits=limits, used=used)
    for currency, total in out.totals.items():
        credit = netted.get(currency, _NOTHING)
        if credit and credit >= total:
            _leave_out(out, LeftOut.COVERED_BY_CREDITS, currency=currency)
        elif total - credit < limits.minimum_total_amount:
            _leave_out(out, LeftOut.BELOW_TOTAL_MINIMUM, currency=currency)
            netted.pop(currency, None)
    for currency, credit in netted.items():
        used[currency] = used.get(currency, _NOTHING) + credit
    left = out.totals
    out.netted = {currency: credit for currency, credit in netted.items() if currency in left}


def _credits_for(out: Plan, *, limits: Limits, used: Mapping[str, Decimal]) -> dict[str, Decimal]:
    if limits.credits is not Credits.NET:
        return {}
    credits = {item.currency: item.credit_amount for item, _step in out.lines}
    left = {
        name: min(credits[name] - used.get(name, _NOTHING), total)
        for name, total in out.totals.items()
        if credits[name]
    }
    return {name: amount for name, amount in left.items() if amount > 0}


def list_credits(out: Plan, credits: Iterable[Credit], *, limits: Limits) -> None:
    """Have the message list what its customer has in credit in the currencies that it speaks of, where the scenario does."""
    if limits.credits is not Credits.HIDE:
        asked = {item.currency for item, _step in out.lines}
        out.credits = [one for one in credits if one.currency in asked]


def net_again(out: Plan, *, limits: Limits, planned: Mapping[str, Decimal] | None) -> None:
    """Deduct the credits of now from a message that was planned before; what they cover wholly is left out.

    `planned`: what it deducted then, where it is one of several to its customer: it takes no more now. None: it is the
    only one.
    """
    netted = _credits_for(out, limits=limits, used={})
    if planned is not None:
        netted = {name: min(amount, planned.get(name, _NOTHING)) for name, amount in netted.items()}
    for currency, total in out.totals.items():
        if netted.get(currency, _NOTHING) >= total:
            _leave_out(out, LeftOut.COVERED_BY_CREDITS, currency=currency)
    left = out.totals
    out.netted = {name: amount for name, amount in netted.items() if amount and name in left}


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
