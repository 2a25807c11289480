"""The two public ledgers, loaded: every figure is recomputed from the file with plain Python."""

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from receivables.models import Allocation, Customer, CustomerBalance, Document, Entity, LedgerItem
from receivables.services.open_amounts import check_open_amounts, refresh_balances
from tests.receivables.rows import hrc_rows, ibm_rows, load_rows, needs_samples, tables

pytestmark = [needs_samples, pytest.mark.django_db]
LOADED_ON = date(2026, 3, 2)


def test_the_settled_invoices_come_in_once(tenant):
    rows = ibm_rows()
    first = load_rows("items", rows, mode="history")
    assert (first.rows, first.created, first.changed, first.closed) == (2466, 2466, 0, 0)
    assert first.totals == {"USD": Decimal("147703.18")}
    assert first.made["customers"] == 100
    assert LedgerItem.objects.exclude(open_amount=0).count() == 0
    assert Allocation.objects.filter(reason="SETTLED", is_history=True).count() == 2466
    before, stamps = tables(), _stamps()
    again = load_rows("items", rows, mode="history")
    assert (again.rows, again.created, again.changed, again.unchanged, again.closed) == (2466, 0, 0, 2466, 0)
    assert again.wrote_nothing
    assert (tables(), _stamps()) == (before, stamps)
    random.Random(7).shuffle(rows)
    assert load_rows("items", rows, mode="history").wrote_nothing
    assert (tables(), _stamps()) == (before, stamps)


def _stamps():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(updated_at), max(xmin::text::bigint) FROM receivables_ledgeritem")
        return cursor.fetchall()


def test_a_history_is_right_on_any_date(tenant):
    rows = ibm_rows()
    load_rows("items", rows, mode="history")
    for on in (date(2012, 1, 2), date(2012, 1, 3), date(2012, 6, 30), date(2013, 6, 30), date(2013, 12, 31), LOADED_ON):
        refresh_balances(on=on)
        expected = defaultdict(Decimal)
        overdue = defaultdict(Decimal)
        for row in rows:
            if row["document_date"] <= on < row["settled_date"]:
                expected[row["customer_ref"]] += row["amount"]
                if row["due_date"] < on:
                    overdue[row["customer_ref"]] += row["amount"]
        found = {b.customer.ref: b for b in CustomerBalance.objects.select_related("customer")}
        assert {ref: b.open_amount for ref, b in found.items()} == dict(expected), on
        assert {ref: b.overdue_amount for ref, b in found.items() if b.overdue_amount} == dict(overdue), on
        assert all(b.overdue_cents == int(b.overdue_amount * 100) for b in found.values())


def test_the_open_items_of_six_entities(tenant):
    rows = hrc_rows()
    first = load_rows("items", rows, mode="snapshot")
    assert (first.rows, first.created, first.rejected) == (9681, 9681, [])
    assert first.totals == {"USD": Decimal("310427859.34")}
    assert set(Entity.objects.values_list("code", flat=True)) == {row["entity_code"] for row in rows}
    assert Document.objects.count() == 9681
    assert sum(LedgerItem.objects.values_list("open_amount", flat=True)) == Decimal("310427859.34")
    assert Customer.objects.count() == len({row["customer_ref"] for row in rows})
    before = tables()
    again = load_rows("items", list(reversed(rows)), mode="snapshot")
    assert again.wrote_nothing
    assert again.unchanged == 9681
    assert tables() == before
    assert check_open_amounts() == []


def test_a_snapshot_with_half_of_the_items_closes_the_other_half(tenant):
    rows = hrc_rows()
    load_rows("items", rows, mode="snapshot")
    kept = [row for place, row in enumerate(rows) if place % 3]
    result = load_rows("items", kept, mode="snapshot", as_of=date(2026, 3, 3))
    assert (result.created, result.changed, result.unchanged, result.closed) == (0, 0, len(kept), len(rows) - len(kept))
    assert sum(LedgerItem.objects.values_list("open_amount", flat=True)) == sum(row["amount"] for row in kept)
    back = load_rows("items", rows, mode="snapshot", as_of=date(2026, 3, 4))
    assert (back.created, back.reopened, back.closed) == (0, len(rows) - len(kept), 0)
    assert sum(LedgerItem.objects.values_list("open_amount", flat=True)) == Decimal("310427859.34")
    assert check_open_amounts() == []
