"""What a day's work is made of and what comes first (docs/rules/worklist.md)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from collection.rules.grouping import priority_cents


class WorkKind(StrEnum):
    """What is to be done, in the order in which the filters stand."""

    REMINDER = "REMINDER"
    CALL = "CALL"
    PROMISE = "PROMISE"
    DISPUTE = "DISPUTE"
    REPLY = "REPLY"
    BOUNCE = "BOUNCE"
    CONTACT = "CONTACT"
    STEP = "STEP"
    ESCALATION = "ESCALATION"
    REVIEW = "REVIEW"
    MENTION = "MENTION"


class Band(IntEnum):
    """What is ranked before what, whatever the amounts."""

    BY_MONEY = 1
    FIRST = 2


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """The higher, the earlier. `cents`: what is expected to come in, in the organisation's currency."""

    band: Band
    cents: int


def rank(*, amount: Decimal, chance: Decimal, is_broken: bool = False, is_awaited: bool = False) -> Rank:
    """Amount (in the organisation's currency) times the chance (0-1) that it comes soon.

    First of all stand promises that were not kept (`is_broken`), and what somebody is waiting for at an hour or for an
    answer (`is_awaited`); among themselves by the same product. A credit balance is worth nothing.
    """
    band = Band.FIRST if is_broken or is_awaited else Band.BY_MONEY
    return Rank(band, priority_cents(amount=max(amount, Decimal(0)), chance=chance))
