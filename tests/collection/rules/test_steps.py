"""The next step of an item, example by example, and the runs that other programs publish."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from collection.rules.steps import (
    BY_STATUS,
    Anchor,
    Decision,
    LeftOut,
    OldItems,
    StepRule,
    Steps,
    Waits,
    item_left_out,
    next_step,
    set_by_go_live,
)
from core.days import BusinessCalendar

DUE = date(2026, 3, 2)
PRE, FIRST, SECOND, THIRD = (
    StepRule("pre", 1, Anchor.DUE_DATE, -7),
    StepRule("first", 2, Anchor.DUE_DATE, 5),
    StepRule("second", 3, Anchor.DUE_DATE, 15),
    StepRule("third", 4, Anchor.DUE_DATE, 30),
)
STEPS = [PRE, FIRST, SECOND, THIRD]


def decide(days: int, *, done: dict[str, int] | None = None, is_pending: bool = False, steps=STEPS) -> Decision:
    """The decision `days` after the due date; `done` maps step keys to days after the due date."""
    dates = {key: DUE + timedelta(days=value) for key, value in (done or {}).items()}
    return next_step(steps=steps, due_date=DUE, done=dates, is_pending=is_pending, on=DUE + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "done", "expected"),
    [
        pytest.param(-8, {}, None, id="example 1: too early"),
        pytest.param(-7, {}, PRE, id="example 2: reached on its day"),
        pytest.param(-3, {}, PRE, id="example 2: and on any day after it, before the due date"),
        pytest.param(-3, {"pre": -7}, None, id="example 2: once"),
        pytest.param(0, {}, None, id="example 3: lapsed on the due date"),
        pytest.param(4, {}, None, id="example 4: not yet"),
        pytest.param(5, {}, FIRST, id="example 4: on its day"),
        pytest.param(45, {}, FIRST, id="example 5: found late, starts at the first step"),
        pytest.param(45, {"first": 45}, SECOND, id="example 5: then the next one, never skipped"),
        pytest.param(45, {"first": 5, "second": 15, "third": 30}, None, id="example 6: finished"),
    ],
)
def test_step_taken(days, done, expected):
    assert decide(days, done=done).step == expected


def test_before_due_steps_lapse_on_the_due_date_and_are_said():
    assert decide(0).lapsed == (PRE,)
    assert decide(0, done={"pre": 0}).lapsed == ()


def test_a_step_that_waits_for_a_person_blocks_the_next_one():
    assert decide(60, done={"first": 5}, is_pending=True) == Decision(None, Waits.PENDING, None, (PRE,))


def test_of_several_steps_before_due_only_the_latest_reached_is_taken():
    earlier = StepRule("earlier", 0, Anchor.DUE_DATE, -14)
    decision = decide(-3, steps=[earlier, PRE, FIRST])
    assert (decision.step, decision.lapsed) == (PRE, (earlier,))


def test_waiting_says_until_when():
    assert decide(-20).next_on == DUE - timedelta(days=7)
    assert decide(7, done={"pre": -7, "first": 5}).next_on == DUE + timedelta(days=15)


def test_days_after_the_previous_step_count_from_the_day_it_was_done():
    last = StepRule("last", 3, Anchor.PREVIOUS_STEP, 10)
    steps = [FIRST, last]
    assert decide(25, done={"first": 16}, steps=steps).step is None
    assert decide(26, done={"first": 16}, steps=steps).step == last


@pytest.mark.parametrize(
    ("old_items", "expected"),
    [
        (OldItems.FIRST_STEP, ()),
        (OldItems.REACHED_STEP, (FIRST,)),
        (OldItems.NONE, (FIRST, SECOND, THIRD)),
    ],
)
def test_old_items_at_go_live(old_items, expected):
    live_from = DUE + timedelta(days=20)
    assert set_by_go_live(steps=STEPS, due_date=DUE, live_from=live_from, old_items=old_items) == expected
    assert set_by_go_live(steps=STEPS, due_date=live_from, live_from=live_from, old_items=old_items) == ()


@pytest.mark.parametrize(
    ("amount", "disputed", "held", "expected"),
    [
        ("100", False, "", None),
        ("10", False, "", None),
        ("9.99", False, "", LeftOut.BELOW_ITEM_MINIMUM),
        ("-50", False, "", LeftOut.BELOW_ITEM_MINIMUM),
        ("0", True, "", LeftOut.DISPUTED),
        ("60", True, "", None),  # the part that is not disputed goes on
        ("100", False, "LITIGATION", LeftOut.HELD),
        ("100", False, BY_STATUS, LeftOut.STATUS),
    ],
)
def test_items_left_out(amount, disputed, held, expected):
    assert item_left_out(open_amount=Decimal(amount), minimum=Decimal(10), is_disputed=disputed, held=held) == expected


FRANCE = BusinessCalendar(countries=("FR",))


def test_steps_in_working_days_count_the_companys_calendar():
    # Due on Friday 1 May 2026, a holiday in France; 8 May is another.
    steps = Steps([StepRule("first", 1, Anchor.DUE_DATE, 5, in_working_days=True)], calendar=FRANCE)
    due = date(2026, 5, 1)

    def step(on: date) -> StepRule | None:
        return next_step(steps=steps, due_date=due, done={}, is_pending=False, on=on).step

    assert step(date(2026, 5, 10)) is None
    assert step(date(2026, 5, 11)) == steps[0]


def test_working_days_before_the_due_date_are_counted_backwards():
    steps = Steps([StepRule("pre", 1, Anchor.DUE_DATE, -2, in_working_days=True)], calendar=FRANCE)
    monday = date(2026, 3, 2)

    decision = next_step(steps=steps, due_date=monday, done={}, is_pending=False, on=date(2026, 2, 26))

    assert decision.step == steps[0]
    assert decision.next_on == date(2026, 2, 26)
    assert next_step(steps=steps, due_date=monday, done={}, is_pending=False, on=date(2026, 2, 25)).step is None


def test_working_days_without_a_calendar_are_refused():
    with pytest.raises(ValueError, match="calendar"):
        Steps([StepRule("first", 1, Anchor.DUE_DATE, 5, in_working_days=True)])


@pytest.mark.parametrize(
    ("terms", "days_after_issue", "taken", "lapsed"),
    [
        (30, 9, None, []),
        (30, 10, "received", []),
        (30, 29, "received", []),
        (30, 30, None, ["received"]),  # before the due date it is a courtesy, and lapses on it
        (5, 9, None, []),
        (5, 10, "received", []),
        (5, 40, "received", []),  # after the due date it is a step like the others
        (10, 10, None, []),  # on the due date an item is not late
        (10, 11, "received", []),
    ],
)
def test_a_step_from_the_issue_date_is_before_or_after_the_due_date_by_the_items_terms(
    terms: int, days_after_issue: int, taken: str | None, lapsed: list[str]
):
    steps = [StepRule("received", 1, Anchor.ISSUE_DATE, 10)]
    issued = date(2026, 3, 2)

    decision = next_step(
        steps=steps,
        document_date=issued,
        due_date=issued + timedelta(days=terms),
        done={},
        is_pending=False,
        on=issued + timedelta(days=days_after_issue),
    )

    assert (decision.step.step_key if decision.step else None) == taken
    assert [step.step_key for step in decision.lapsed] == lapsed
