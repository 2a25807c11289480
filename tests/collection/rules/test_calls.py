"""collection.rules.calls, by the numbered examples of docs/rules/calls.md."""

from datetime import date

import pytest

from collection.rules.calls import CallOutcome, next_step
from core.days import BusinessCalendar
from tests.examples import examples

FRIDAY = date(2026, 3, 6)


@pytest.mark.parametrize("example", examples("calls", "What is proposed"))
def test_what_is_proposed_after_a_call(example):
    step = next_step(
        outcome=CallOutcome(example["The call ended with"]),
        on=FRIDAY,
        unanswered=int(example["Calls in a row without answer"]),
        calendar=BusinessCalendar(countries=("FR",)),
    )
    assert (step.on.isoformat() if step.on else "") == example["Day"]
    assert (step.at.strftime("%H:%M") if step.at else "") == example["At"]
    assert str(step.text or "") == example["Next"]
    # Either there is something to do, or the reader is told why not.
    assert (step.why is None) == (step.on is not None)
