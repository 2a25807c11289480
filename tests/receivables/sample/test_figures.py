"""A credit manager would take the sample for a real group: volume, delay, concentration, a morning with work in it."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from receivables.sample import DEFAULT_SEED
from receivables.sample.accounts import Habit
from receivables.sample.behaviour import accounts
from receivables.sample.customers import customer_base
from receivables.sample.sales import invoices_at_each_step
from tests.receivables.sample.books import Books, by_side

STEPS = (-7, 0, 5, 15, 30, 45)


def test_receivables_days_and_overdue_are_those_of_a_mid_sized_group(books: Books) -> None:
    receivables = books.receivables()
    assert Decimal(12_000_000) < receivables < Decimal(20_000_000)
    assert 50 < receivables / books.sales_of_a_year() * 365 < 75
    assert Decimal("0.20") < books.overdue() / receivables < Decimal("0.42")
    assert Decimal("0.02") < books.overdue(more_than_days=90) / receivables < Decimal("0.12")


def test_a_few_customers_make_a_third_of_the_sales(friday: Books) -> None:
    since = friday.on - timedelta(days=365)
    sales: dict[str, Decimal] = defaultdict(Decimal)
    for item in friday.company.items:
        if item.kind == "INVOICE" and item.document_date > since:
            sales[item.customer_ref] += friday.euros(item.amount, item.currency)
    ranked = sorted(sales.values(), reverse=True)
    assert Decimal("0.28") < sum(ranked[:10]) / sum(ranked) < Decimal("0.45")
    assert ranked[0] / sum(ranked) < Decimal("0.08")


@pytest.mark.parametrize("entity", ["NFR", "NDE", "NUK"])
@pytest.mark.parametrize("days_late", STEPS)
def test_each_reminder_step_has_customers_in_each_entity_on_any_day(books: Books, entity: str, days_late: int) -> None:
    """With an e-mail address, nothing disputed or promised about the item, no hold on the customer."""
    excluded = books.excluded()
    has_email = {row.customer_ref for row in books.company.contacts if row.email}
    at_step = {
        item.customer_ref
        for key, item in books.items.items()
        if item.kind == "INVOICE"
        and item.entity_code == entity
        and (books.on - item.due_date).days == days_late
        and books.open[key] > 0
        and key not in excluded
        and item.customer_ref in has_email
    }
    assert len(at_step) >= 2


def test_the_steps_find_invoice_days_on_every_day_of_two_years() -> None:
    """Weekends and the three countries' holidays never leave a step without two accounts in an entity."""
    everyone = accounts(customer_base(DEFAULT_SEED), seed=DEFAULT_SEED)
    for place in range(730):
        on = date(2025, 1, 1) + timedelta(days=place)
        found: dict[tuple[str, int], set[str]] = defaultdict(set)
        for key, postings in invoices_at_each_step(everyone, on=on, seed=DEFAULT_SEED).items():
            for posting in postings:
                found[posting.account.row.entity_code, (on - posting.due_date).days].add(key)
        assert all(len(found[entity, step]) >= 2 for entity in ("NFR", "NDE", "NUK") for step in STEPS), on


def test_some_customers_are_late_in_two_currencies(books: Books) -> None:
    currencies: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, item in books.items.items():
        if books.open[key] > 0 and item.due_date < books.on:
            currencies[item.customer_ref, item.entity_code].add(item.currency)
    assert sum(1 for found in currencies.values() if len(found) > 1) >= 3


def delay_by_habit(books: Books) -> dict[Habit, list[int]]:
    """Days between due date and last allocation of each invoice paid within a year, by the habit of its account."""
    habits = {
        (account.row.entity_code, account.row.customer_ref): account.habit
        for account in accounts(customer_base(books.company.seed), seed=books.company.seed)
    }
    found: dict[Habit, list[int]] = defaultdict(list)
    for key, rows in by_side(books.company.allocations).items():
        item = books.items[key]
        if item.kind == "INVOICE" and not books.open[key] and item.due_date > books.on - timedelta(days=365):
            last = max(row.on for row in rows)
            found[habits[item.entity_code, item.customer_ref]].append((last - item.due_date).days)
    return found


def test_habits_can_be_told_from_the_payments(friday: Books) -> None:
    delays = {habit: sorted(days) for habit, days in delay_by_habit(friday).items()}
    median = {habit: days[len(days) // 2] for habit, days in delays.items()}
    assert median[Habit.CASH_DISCOUNT] < -10
    assert median[Habit.IN_ADVANCE] == 0
    assert -6 <= median[Habit.PROMPT] <= 2
    assert 0 <= median[Habit.DIRECT_DEBIT] <= 1
    assert 5 <= median[Habit.SLIGHTLY_LATE] <= 14
    assert 28 <= median[Habit.SLOW] <= 48


def test_deteriorating_customers_pay_later_than_they_did_and_improving_ones_sooner(friday: Books) -> None:
    habits = {
        (account.row.entity_code, account.row.customer_ref): account.habit
        for account in accounts(customer_base(friday.company.seed), seed=friday.company.seed)
    }
    sides = by_side(friday.company.allocations)

    def mean_delay(habit: Habit, *, from_days: int, to_days: int) -> float:
        delays = [
            (max(row.on for row in sides[key]) - item.due_date).days
            for key, item in friday.items.items()
            if item.kind == "INVOICE"
            and habits[item.entity_code, item.customer_ref] is habit
            and not friday.open[key]
            and from_days <= (friday.on - item.due_date).days < to_days
        ]
        return sum(delays) / len(delays)

    assert mean_delay(Habit.DETERIORATING, from_days=60, to_days=150) > 20 + mean_delay(
        Habit.DETERIORATING, from_days=400, to_days=700
    )
    assert (
        mean_delay(Habit.IMPROVING, from_days=10, to_days=150)
        < mean_delay(Habit.IMPROVING, from_days=400, to_days=700) - 20
    )


def test_those_who_stopped_paying_owe_for_more_than_ninety_days_and_buy_no_more(books: Books) -> None:
    habits = {
        (account.row.entity_code, account.row.customer_ref): account.habit
        for account in accounts(customer_base(books.company.seed), seed=books.company.seed)
    }
    stopped = {key[1] for key, habit in habits.items() if habit in (Habit.DEFAULTING, Habit.INSOLVENT)}
    old = {
        item.customer_ref
        for key, item in books.items.items()
        if books.open[key] > 0 and (books.on - item.due_date).days > 60 and item.customer_ref in stopped
    }
    assert len(old) >= 6
    assert not any(row.customer_ref in stopped for row in books.company.orders)
    assert sum(1 for hold in books.company.holds if hold.reason == "INSOLVENCY") == 3
