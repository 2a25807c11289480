"""Every figure shows a reader what the reader may see: the own portfolio, the own entities."""

from datetime import date, timedelta

import pytest

from accounts.access import EVERYTHING, Scope
from receivables.models import OpenOrder
from receivables.queries import (
    Selection,
    ageing_by_customer,
    ageing_totals,
    balances,
    control_totals,
    customer_figures,
    exposures,
    known_from,
    open_items,
)
from receivables.queries.as_of import Way
from tests.make import make_account, make_customer, make_entity, make_item, make_member

ON = date(2026, 3, 2)


@pytest.fixture
def ledger(tenant):
    """Customer A: at E1 with Sam's sales and Kim's collecting, at E2 with nobody's. Customer B: Kim's at E2 only.

    Amounts tell the accounts apart: 1 is A's at E1, 20 is A's at E2, 300 is B's at E2.
    """
    sam, kim, lee = make_member(role="sales"), make_member(role="collector"), make_member(role="sales")
    one, two = make_entity(code="E1"), make_entity(code="E2")
    a, b = make_customer(ref="A"), make_customer(ref="B")
    for account, amount in (
        (make_account(customer=a, entity=one, salesperson=sam, collector=kim), "1"),
        (make_account(customer=a, entity=two, ref="A2"), "20"),
        (make_account(customer=b, entity=two, collector=kim), "300"),
    ):
        make_item(account=account, amount=amount, due=ON - timedelta(days=9), issued=ON - timedelta(days=40))
        OpenOrder.objects.create(
            customer=account.customer, entity=account.entity, number=f"O{amount}", order_date=ON, currency="EUR",
            amount=amount, open_amount=amount,
        )  # fmt: skip
    return {
        "everything": (EVERYTHING, 321),
        "sam": (Scope(portfolio_of=sam.id), 1),
        "kim": (Scope(portfolio_of=kim.id), 301),
        "lee": (Scope(portfolio_of=lee.id), 0),
        "at E2": (Scope(entity_ids=frozenset({two.id})), 320),
        "kim at E2": (Scope(portfolio_of=kim.id, entity_ids=frozenset({two.id})), 300),
        "sam at E2": (Scope(portfolio_of=sam.id, entity_ids=frozenset({two.id})), 0),
    }


WHO = ("everything", "sam", "kim", "lee", "at E2", "kim at E2", "sam at E2")


@pytest.mark.parametrize("who", WHO)
def test_each_figure_sums_up_what_the_reader_sees(ledger, who):
    scope, expected = ledger[who]
    for when in (
        {"on": ON},
        {"on": ON, "known_on": ON},
        {"on": ON, "way": Way.SUMMED},
        {"on": ON, "way": Way.LOOKED_UP},
        {"on": ON, "way": Way.ROLLED_BACK},
    ):
        assert sum(row.total for row in ageing_by_customer(scope=scope, **when)) == expected
        assert sum(row.total for row in ageing_totals(scope=scope, **when)) == expected
        assert sum(row.balance for row in balances(scope=scope, **when)) == expected
        assert sum(row.total for row in control_totals(scope=scope, **when)) == expected
        assert sum(row.open_amount for row in open_items(scope=scope, **when)) == expected
    rows = exposures(on=ON, scope=scope)
    assert sum(row.open_amount for row in rows) == sum(row.orders_in_hand for row in rows) == expected


@pytest.mark.parametrize("who", WHO)
def test_a_customer_is_seen_in_the_part_that_is_the_readers(ledger, who):
    scope, _expected = ledger[who]
    [row] = [row for row in ageing_by_customer(on=ON, scope=EVERYTHING) if row.ref == "A"]
    seen = {"everything": 21, "sam": 1, "kim": 1, "at E2": 20}.get(who, 0)
    figures = customer_figures(customer_id=row.customer_id, on=ON, scope=scope)
    assert sum(figure.exposure for figure in figures) == 2 * seen
    items = open_items(on=ON, scope=scope, selection=Selection(customer_id=row.customer_id))
    assert sum(item.open_amount for item in items) == seen


def test_sources_out_of_scope_are_not_named(ledger):
    assert [row.entity_code for row in known_from(scope=ledger["at E2"][0])] == ["E2"]
    assert [row.entity_code for row in known_from(scope=ledger["sam"][0])] == ["E1"]


def test_a_selection_does_not_widen_a_scope(ledger):
    scope, _expected = ledger["sam"]
    elsewhere = Selection(entity_ids=frozenset({row.entity_id for row in control_totals(on=ON, scope=EVERYTHING)}))
    assert sum(row.total for row in ageing_by_customer(on=ON, scope=scope, selection=elsewhere)) == 1
