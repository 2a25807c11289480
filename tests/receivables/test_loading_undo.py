"""A load taken back: every figure is what it was, to the byte, and what stands on it keeps it from being taken back."""

from datetime import date
from uuid import uuid4

import pytest

from core.audit import SYSTEM
from receivables.models import Allocation, Customer, CustomerBalance, LedgerItem, OpenOrder, Promise
from receivables.services.open_amounts import check_open_amounts
from receivables.services.standing import place_hold
from receivables.services.undo import LaterWork, undo_load
from tests.make import make_allocation
from tests.receivables.rows import ibm_rows, load_rows, needs_samples, open_on, tables

pytestmark = pytest.mark.django_db
D1, D2, D3, D4 = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)


def item(number="F1", amount="100.00", **fields):
    return {"customer_ref": "C1", "number": number, "document_date": "2026-01-10", "due_date": "2026-02-10",
            "amount": amount, "currency": "EUR", **fields}  # fmt: skip


def undo(run, on=D4, source="file"):
    return undo_load(run_id=run, source=source, on=on, actor=SYSTEM)


def test_a_snapshot_that_created_changed_closed_and_reopened(tenant):
    load_rows("items", [item("F1"), item("F2"), item("F3"), item("F4")], mode="snapshot", as_of=D1)
    load_rows("items", [item("F2"), item("F3"), item("F4")], mode="snapshot", as_of=D2)
    before, figures = tables(), {day: open_on(day) for day in (D1, D2, D3, D4)}
    run = uuid4()
    changed = [
        item("F1"),
        item("F2", "120.00", due_date="2026-03-01"),
        item("F3", "40.00"),
        item("F9", customer_ref="C9"),
    ]
    result = load_rows("items", changed, mode="snapshot", as_of=D3, run_id=run)
    assert (result.created, result.closed, result.reopened) == (1, 1, 1)
    assert tables() != before
    undo(run)
    after = tables()
    # The void item keeps the customer that came with it; everything else is what it was.
    assert [row for row in after.pop("customers") if row[0] != "C9"] == before.pop("customers")
    assert after == before
    assert {day: open_on(day) for day in figures} == figures
    assert open_on(D3, known_on=D3) == {"F1": 100, "F2": 120, "F3": 40, "F9": 100}
    assert check_open_amounts() == []
    again = load_rows("items", changed, mode="snapshot", as_of=D4)
    assert (again.created, again.closed, again.reopened) == (1, 1, 1)
    assert open_on(D4) == {"F1": 100, "F2": 120, "F3": 40, "F9": 100}


def test_the_load_before_can_be_taken_back_after_it(tenant):
    first, second, third = uuid4(), uuid4(), uuid4()
    load_rows("items", [item("F1"), item("F2"), item("F3")], mode="snapshot", as_of=D1, run_id=first)
    one = tables()
    load_rows("items", [item("F1", "80.00"), item("F2")], mode="snapshot", as_of=D2, run_id=second)
    two = tables()
    load_rows("items", [item("F1"), item("F2"), item("F3")], mode="snapshot", as_of=D3, run_id=third)
    undo(third)
    assert tables() == two
    undo(second)
    assert tables() == one
    undo(first)
    assert not LedgerItem.objects.filter(void_on=None).exists()
    assert not CustomerBalance.objects.exists()
    assert check_open_amounts() == []


@needs_samples
def test_a_history_leaves_no_figure_behind(tenant):
    run = uuid4()
    load_rows("items", ibm_rows()[:300], mode="history", run_id=run)
    result = undo(run)
    assert (result.voided, result.reversed) == (300, 300)
    for on in (date(2012, 6, 30), date(2013, 6, 30), D4):
        assert open_on(on) == {}
        assert open_on(on, known_on=on) == {}
    assert load_rows("items", ibm_rows()[:300], mode="history").created == 300
    assert open_on(date(2013, 1, 31), known_on=date(2013, 1, 31)) == {
        row["number"]: row["amount"]
        for row in ibm_rows()[:300]
        if row["document_date"] <= date(2013, 1, 31) < row["settled_date"]
    }


def test_allocations_orders_promises_and_customers(tenant):
    load_rows("items", [item("F1"), item("R1", "-70.00", kind="PAYMENT")], as_of=D1)
    load_rows("orders", [{"customer_ref": "C1", "number": "O1", "order_date": "2026-02-01", "amount": "10.00"}])
    before = tables()
    runs = [uuid4() for _ in range(4)]
    load_rows(
        "customers",
        [{"customer_ref": "C1", "name": "New name"}, {"customer_ref": "C2", "name": "Other"}],
        run_id=runs[0],
    )
    load_rows(
        "allocations",
        [{"debit_number": "F1", "credit_number": "R1", "amount": "70.00", "on": "2026-02-01"}],
        run_id=runs[1],
    )
    load_rows("orders", [{"customer_ref": "C1", "number": "O1", "order_date": "2026-02-01", "amount": "12.00"},
                         {"customer_ref": "C1", "number": "O2", "order_date": "2026-02-01", "amount": "12.00"}], run_id=runs[2])  # fmt: skip
    load_rows("promises", [{"customer_ref": "C1", "amount": "5.00", "currency": "EUR", "due_on": "2026-04-01",
                            "made_on": "2026-03-01", "numbers": "F1"}], run_id=runs[3])  # fmt: skip
    for run in reversed(runs):
        undo(run)
    assert tables() == before
    assert not Promise.objects.exists()
    assert OpenOrder.objects.count() == 1
    assert Customer.objects.get().name == "C1"
    assert Allocation.objects.filter(reason="REVERSED").count() == 1


def test_what_stands_on_a_load_keeps_it(tenant):
    run = uuid4()
    load_rows("items", [item("F1"), item("F2")], as_of=D1, run_id=run)
    invoice = LedgerItem.objects.get(number="F1")
    hold = place_hold(reason="COMMERCIAL", from_on=D1, item_id=invoice.id, actor=SYSTEM)
    with pytest.raises(LaterWork, match="1 × hold"):
        undo(run)
    hold.delete()
    make_allocation(debit=invoice, amount="10.00", on=D1, origin="OURS")
    with pytest.raises(LaterWork, match="1 × allocation"):
        undo(run)
    assert LedgerItem.objects.filter(void_on=None).count() == 2
