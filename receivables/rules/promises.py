"""Whether a promise to pay was kept, by what the ledger says (docs/rules/dunning.md, examples 30-34)."""

from datetime import date
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """What has become of a promise."""

    OPEN = "OPEN"
    KEPT = "KEPT"
    BROKEN = "BROKEN"


def promise_outcome(*, promised: Decimal, received: Decimal, due_on: date, on: date) -> Outcome:
    """KEPT once `received` reaches `promised`, BROKEN from the day after the due date, else OPEN.

    `received`: what came in from the day of the promise until its due date (a day included at both ends), in the
    promise's currency: what was set against its items and payments that are set against nothing yet; for a promise
    that names no item what the customer paid as a whole. A cent less is not kept.
    """
    if received >= promised:
        return Outcome.KEPT
    return Outcome.BROKEN if on > due_on else Outcome.OPEN
