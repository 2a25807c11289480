"""The runs that two other programs publish: what our steps can express gives the same lines.

Both samples were re-typed from those programs' tests (see the samples' own notes).
"""

import calendar
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from collection.rules.steps import Anchor, StepRule, next_step

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "H_expected"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample folder is not beside this checkout")

ANCHORS = {"net_days": Anchor.DUE_DATE, "end_of_month": Anchor.END_OF_MONTH, "previous_date": Anchor.PREVIOUS_STEP}
TOLERANCE = Decimal("0.1")
FOLLOWED = {"Debtors", "Debtors USD"}


def oca_policies(setup: dict) -> dict[str, list[StepRule]]:
    return {
        policy["name"]: [
            StepRule(f"level{level['level']}", level["level"], ANCHORS[level["mode"]], level["delay_days"])
            for level in policy["levels"]
        ]
        for policy in setup["policies"]
    }


def expected_lines(run: dict) -> set[tuple]:
    lines = {
        (line["invoice"], date.fromisoformat(line["due"]), line["level"], Decimal(str(line["balance_due"])))
        for line in run["expected_lines"]
    }
    if run["run_date"] == "2013-04-30":  # the slip that the file itself describes: SI_15 twice, SI_13 missing
        lines.add(("SI_13", date(2013, 2, 17), 3, Decimal("1000.0")))
    return lines


@needs_samples
def test_every_run_of_the_oca_sample_gives_the_same_lines():
    sample = yaml.safe_load((SAMPLES / "oca_credit_control_jan_apr.yaml").read_text())
    setup, policies = sample["setup"], oca_policies(sample["setup"])
    policy_of = {name: text.split(" (")[0] for name, text in setup["customers"].items()}
    items = [
        {"invoice": invoice["invoice"], "due": date.fromisoformat(due), "open": Decimal(str(amount)), "done": {},
         "issued": date.fromisoformat(invoice["invoice_date"]), "steps": policies[policy_of[invoice["customer"]]]}
        for invoice in setup["invoices"]
        if invoice["account"] in FOLLOWED
        for due, amount in invoice["instalments"]
    ]  # fmt: skip
    for run in sample["runs"]:
        on = date.fromisoformat(run["run_date"])
        for payment in run["actions_before_run"]:
            first = next(item for item in items if item["invoice"] == payment["pay"])
            first["open"] -= Decimal(str(payment["amount"]))
        lines = set()
        for item in items:
            if item["open"] <= TOLERANCE or item["issued"] > on:
                continue
            decision = next_step(steps=item["steps"], due_date=item["due"], done=item["done"], is_pending=False, on=on)
            if decision.step:
                item["done"][decision.step.step_key] = on
                lines.add((item["invoice"], item["due"], decision.step.position, item["open"]))
        assert lines == expected_lines(run), on


@needs_samples
def test_the_tryton_scenario_gives_the_same_steps():
    sample = yaml.safe_load((SAMPLES / "tryton_dunning.yaml").read_text())
    steps = [
        StepRule(f"level{level['level']}", level["level"], Anchor.DUE_DATE, level["overdue_days"])
        for level in sample["procedure"]
    ]
    due = date(2026, 1, 5)

    def step_on(days: int, done: dict[str, date], is_pending: bool = False) -> int | None:
        on = due + timedelta(days=days)
        decision = next_step(steps=steps, due_date=due, done=done, is_pending=is_pending, on=on)
        return decision.step.position if decision.step else None

    assert step_on(4, {}) is None
    assert step_on(5, {}) == 1
    assert step_on(30, {}, is_pending=True) is None  # level 1 is still a draft
    done = {"level1": due + timedelta(days=30)}
    assert step_on(30, done) == 2  # not level 3: one level per run, and 30 < 40
    assert step_on(39, {**done, "level2": due + timedelta(days=30)}) is None
    final = [StepRule("level1", 1, Anchor.DUE_DATE, sample["final"][0]["procedure"][0]["overdue_days"])]
    taken = next_step(steps=final, due_date=due, done={}, is_pending=False, on=due + timedelta(days=1))
    assert taken.step == final[0]
    over = next_step(steps=final, due_date=due, done={"level1": due}, is_pending=False, on=due + timedelta(days=2))
    assert over.step is None


def test_end_of_month_is_the_last_day_of_the_month_of_due_date_plus_days():
    step = StepRule("eom", 1, Anchor.END_OF_MONTH, 30)
    due = date(2024, 1, 18)
    boundary = date(2024, 2, calendar.monthrange(2024, 2)[1])
    for on, expected in ((boundary - timedelta(days=1), None), (boundary, step)):
        assert next_step(steps=[step], due_date=due, done={}, is_pending=False, on=on).step == expected
