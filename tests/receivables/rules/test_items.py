"""receivables.rules.items: the documented story of a ledger, on any date, as known on any date."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import MixedCurrencies, Money
from receivables.rules.items import (
    Allocation,
    Item,
    ItemKind,
    Version,
    balances,
    days_overdue,
    open_amount,
    overdue_amount,
    sign_problem,
)
from tests.examples import examples


def eur(text: str) -> Money:
    return Money(Decimal(text), "EUR")


def day(text: str) -> date:
    return date.fromisoformat(text)


def posted(ref: str, amount: str, on: str, due: str, known: str = "") -> Item:
    return Item(ref, (Version(day(known or on), day(on), day(due), eur(amount)),))


ITEMS = {
    "F1": posted("F1", "1000", "2025-01-10", "2025-02-10"),
    "F2": Item(
        "F2",
        (
            Version(day("2025-01-20"), day("2025-01-20"), day("2025-02-20"), eur("500")),
            Version(day("2025-03-10"), day("2025-01-20"), day("2025-02-25"), eur("480")),
        ),
    ),
    "F3": Item(
        "F3",
        (Version(day("2025-02-01"), day("2025-02-01"), day("2025-03-01"), eur("50")),),
        void_on=day("2025-03-20"),
    ),
    "P1": posted("P1", "-400", "2025-02-10", "2025-02-10", known="2025-02-13"),
    "A1": posted("A1", "-100", "2025-02-15", "2025-02-15"),
}
ALLOCATIONS = [
    Allocation(day("2025-02-10"), day("2025-02-13"), "F1", eur("400"), "P1", eur("400")),
    Allocation(day("2025-02-18"), day("2025-02-18"), "F2", eur("100"), "A1", eur("100")),
    Allocation(day("2025-03-01"), day("2025-03-03"), "F1", eur("-400"), "P1", eur("-400")),
    Allocation(day("2025-03-01"), day("2025-03-03"), "F2", eur("400"), "P1", eur("400")),
    Allocation(day("2025-03-15"), day("2025-03-15"), "F1", eur("1000")),
]


@pytest.mark.parametrize("row", examples("ledger", "A story"))
def test_items_are_open_and_overdue_as_documented(row):
    when = {"on": day(row["On"]), "known_on": day(row["Known on"]) if row["Known on"] else None}
    assert open_amount(ITEMS[row["Item"]], ALLOCATIONS, **when) == eur(row["Open"])
    assert overdue_amount(ITEMS[row["Item"]], ALLOCATIONS, **when) == eur(row["Overdue"])


@pytest.mark.parametrize("row", examples("ledger", "Balances"))
def test_balances_are_as_documented(row):
    known_on = day(row["Known on"]) if row["Known on"] else None
    balance = balances(list(ITEMS.values()), ALLOCATIONS, on=day(row["On"]), known_on=known_on)["EUR"]
    assert (balance.open, balance.overdue) == (eur(row["Balance"]), eur(row["Overdue"]))
    assert balance.oldest_due_date == day(row["Oldest due"])


@pytest.mark.parametrize("row", examples("ledger", "Signs"))
def test_signs_are_as_documented(row):
    problem = sign_problem(ItemKind(row["Kind"]), Decimal(row["Amount"]))
    assert (problem is None) is (row["Accepted"] == "yes")
    assert problem is None or row["Amount"] in str(problem)


def test_days_overdue_start_the_day_after_the_due_date():
    assert [days_overdue(date(2025, 3, 10), date(2025, 3, d)) for d in (1, 10, 11, 31)] == [0, 0, 1, 21]


def test_an_allocation_has_each_side_in_its_own_currency():
    invoice = posted("F", "100", "2025-01-01", "2025-01-31")
    payment = Item(
        "P", (Version(day("2025-01-10"), day("2025-01-10"), day("2025-01-10"), Money(Decimal(-110), "USD")),)
    )
    allocation = Allocation(day("2025-01-10"), day("2025-01-10"), "F", eur("100"), "P", Money(Decimal(110), "USD"))
    assert not open_amount(invoice, [allocation], on=date(2025, 1, 10))
    assert not open_amount(payment, [allocation], on=date(2025, 1, 10))
    assert balances([invoice, payment], [allocation], on=date(2025, 1, 10)) == {}
    before = balances([invoice, payment], [], on=date(2025, 1, 10))
    assert [(code, balance.open.amount) for code, balance in before.items()] == [("EUR", 100), ("USD", -110)]


def test_a_side_in_the_wrong_currency_is_an_error():
    invoice = posted("F", "100", "2025-01-01", "2025-01-31")
    wrong = Allocation(day("2025-01-10"), day("2025-01-10"), "F", Money(Decimal(100), "USD"))
    with pytest.raises(MixedCurrencies):
        open_amount(invoice, [wrong], on=date(2025, 1, 10))


@pytest.mark.parametrize(
    "build",
    [
        lambda: Item("F", ()),
        lambda: Item("F", (ITEMS["F2"].versions[1], ITEMS["F2"].versions[0])),
        lambda: Item("F", (ITEMS["F1"].versions[0], ITEMS["F1"].versions[0])),
        lambda: Allocation(day("2025-01-01"), day("2025-01-01")),
        lambda: Allocation(day("2025-01-01"), day("2025-01-01"), debit_ref="F"),
        lambda: Allocation(day("2025-01-01"), day("2025-01-01"), "F", eur("1"), None, eur("1")),
    ],
)
def test_incomplete_items_and_allocations_cannot_be_built(build):
    with pytest.raises(ValueError):
        build()


dates = st.dates(date(2025, 1, 1), date(2025, 6, 30))
allocations = st.lists(
    st.builds(
        lambda on, known_on, amount: Allocation(on, known_on, "F", amount, "P", amount),
        dates,
        dates,
        st.decimals(min_value=-500, max_value=500, places=2).map(lambda amount: Money(amount, "EUR")),
    ),
    max_size=8,
)


@given(allocations, dates, dates)
def test_allocations_move_nothing_in_the_balance_of_both_items(moves, on, known_on):
    invoice = posted("F", "1000", "2025-01-01", "2025-02-01")
    payment = posted("P", "-400", "2025-01-01", "2025-01-01")
    both = [open_amount(item, moves, on=on, known_on=known_on) for item in (invoice, payment)]
    assert both[0] + both[1] == eur("600")


@given(allocations, dates, dates, dates)
def test_what_is_entered_later_changes_no_earlier_answer(moves, on, known_on, later):
    invoice = posted("F", "1000", "2025-01-01", "2025-02-01")
    known = [move for move in moves if move.known_on <= known_on]
    assert open_amount(invoice, moves, on=on, known_on=known_on) == open_amount(
        invoice, known, on=on, known_on=known_on
    )
    happened = [move for move in moves if move.on <= on]
    assert open_amount(invoice, moves, on=on) == open_amount(invoice, happened, on=max(on, later))


def test_the_kinds_of_the_rules_are_those_of_the_ledger():
    from receivables.models.ledger import ItemKind as StoredKind

    assert {kind.value for kind in ItemKind} == set(StoredKind.values)
