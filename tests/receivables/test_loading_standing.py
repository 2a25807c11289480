"""Disputes, promises and holds entered by hand."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from receivables.services import standing
from tests.make import make_account, make_customer, make_item

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 2)


@pytest.fixture
def invoice(tenant):
    return make_item(account=make_account(customer=make_customer(ref="C1")), amount="100.00", due=date(2026, 2, 1))


def promise(invoice, amount="100.00", **fields):
    values = {"customer_id": invoice.customer_id, "amount": Decimal(amount), "currency": "EUR", "made_on": ON,
              "due_on": ON + timedelta(days=10), "actor": SYSTEM, **fields}  # fmt: skip
    return standing.record_promise(**values)


def test_a_dispute_is_of_an_item_or_a_part_of_it(invoice, collector):
    actor = Actor.member(collector)
    dispute = standing.record_dispute(
        item_id=invoice.id, reason="PRICE", opened_on=ON, disputed_amount=Decimal(30), actor=actor
    )
    assert (dispute.customer, dispute.opened_by, dispute.currency) == (invoice.customer, collector, "EUR")
    assert AuditRecord.objects.get(action="receivables.dispute_recorded").customer_id == invoice.customer_id
    with pytest.raises(standing.AlreadyRecorded):
        standing.record_dispute(item_id=invoice.id, reason="PRICE", opened_on=ON, actor=actor)
    for wrong in ("100.01", "0", "-5", "1.001"):
        with pytest.raises(standing.BadDispute):
            standing.record_dispute(
                item_id=invoice.id, reason="X", opened_on=ON, disputed_amount=Decimal(wrong), actor=actor
            )
    with pytest.raises(standing.UnknownItem):
        standing.record_dispute(item_id=uuid4(), reason="X", opened_on=ON, actor=actor)
    with pytest.raises(standing.BadDispute):
        standing.close_dispute(dispute_id=dispute.id, closed_on=ON - timedelta(days=1), actor=actor)
    assert standing.close_dispute(dispute_id=dispute.id, closed_on=ON, actor=actor).closed_on == ON
    with pytest.raises(standing.AlreadyOver):
        standing.close_dispute(dispute_id=dispute.id, closed_on=ON, actor=actor)


def test_a_promise_names_its_items_and_is_made_once(invoice):
    made = promise(invoice, item_ids=[invoice.id])
    assert [one.item for one in made.promise_items.all()] == [invoice]
    with pytest.raises(standing.AlreadyRecorded):
        promise(invoice)
    for wrong in (
        {"amount": "0"},
        {"amount": "1.001"},
        {"currency": "XXX"},
        {"due_on": ON - timedelta(days=1)},
        {"entity_id": uuid4()},
    ):
        with pytest.raises(standing.BadPromise):
            promise(invoice, **wrong)
    with pytest.raises(standing.UnknownItem):
        promise(invoice, amount="1", item_ids=[make_item().id])
    with pytest.raises(standing.UnknownCustomer):
        promise(invoice, customer_id=uuid4())
    assert standing.withdraw_promise(promise_id=made.id, on=ON, actor=SYSTEM).state == "WITHDRAWN"


def test_holds_are_on_one_thing_and_lifted_once(invoice):
    hold = standing.place_hold(reason="COMMERCIAL", from_on=ON, item_id=invoice.id, actor=SYSTEM)
    assert (hold.customer, hold.item) == (invoice.customer, invoice)
    for wrong in ({}, {"item_id": invoice.id, "customer_id": invoice.customer_id}, {"reason": "MOOD", "item_id": invoice.id},
                  {"until_on": ON - timedelta(days=1), "item_id": invoice.id}):  # fmt: skip
        with pytest.raises(standing.BadHold):
            standing.place_hold(**{"reason": "PLAN", "from_on": ON, "actor": SYSTEM, **wrong})
    with pytest.raises(standing.UnknownCustomer):
        standing.place_hold(reason="PLAN", from_on=ON, customer_id=uuid4(), actor=SYSTEM)
    assert standing.lift_hold(hold_id=hold.id, on=ON, actor=SYSTEM).lifted_on == ON
    with pytest.raises(standing.AlreadyOver):
        standing.lift_hold(hold_id=hold.id, on=ON, actor=SYSTEM)
