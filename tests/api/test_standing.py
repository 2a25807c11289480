"""Disputes, promises and holds over the API: entered, ended, and told to those who ask what changed."""

from datetime import timedelta
from uuid import uuid4

import pytest

from core.tenancy import tenant_scope
from receivables.models import Dispute, Hold, Promise
from tests.api.conftest import OLD, caller_of
from tests.make import TODAY, make_account, make_item, make_member


@pytest.fixture
def item(organisation):
    with tenant_scope(organisation):
        return make_item(amount="100.00")


def test_a_dispute_from_its_opening_to_its_end(api, organisation, item):
    sent = api.post("disputes/", {"item": str(item.id), "reason": "price", "disputed_amount": "40.00"})
    assert sent.status_code == 201, sent.content
    dispute = sent.json()
    assert (dispute["disputed"], dispute["opened_on"]) == ({"amount": "40.00", "currency": "EUR"}, "2026-03-02")
    with tenant_scope(organisation):
        Dispute.objects.update(updated_at=OLD)
    closed = api.post(f"disputes/{dispute['id']}/close/", {"on": "2026-03-05"}).json()
    assert closed["closed_on"] == "2026-03-05"
    assert closed["updated_at"] > "2026-03-02"
    assert api.post(f"disputes/{dispute['id']}/close/").status_code == 409


def test_a_promise_and_its_withdrawal(api, organisation, item):
    promise = {"customer": str(item.customer_id), "amount": "60.00", "currency": "EUR", "due_on": "2026-03-10"}
    sent = api.post("promises/", {**promise, "items": [str(item.id)]})
    assert sent.status_code == 201, sent.content
    with tenant_scope(organisation):
        Promise.objects.update(updated_at=OLD)
    withdrawn = api.post(f"promises/{sent.json()['id']}/withdraw/").json()
    assert withdrawn["state"] == "WITHDRAWN"
    assert withdrawn["updated_at"] > "2026-03-02"


def test_a_hold_and_its_end(api, organisation, item):
    sent = api.post("holds/", {"item": str(item.id), "reason": "PLAN", "until_on": "2026-04-01"})
    assert sent.status_code == 201, sent.content
    with tenant_scope(organisation):
        Hold.objects.update(placed_at=OLD, updated_at=OLD)
    lifted = api.post(f"holds/{sent.json()['id']}/lift/").json()
    assert lifted["lifted_on"] == "2026-03-02"
    assert lifted["placed_at"] < "2026-03-02" < lifted["updated_at"]
    assert api.post("holds/", {"reason": "PLAN"}).status_code == 400


def test_a_hold_that_was_lifted_is_told_to_those_who_keep_a_copy(api, organisation, one_of_each):
    [hold] = api.get("holds/").json()["results"]
    cursor = api.get("holds/").json()["cursor"]
    assert api.get(f"holds/?cursor={cursor}").json()["results"] == []
    later = OLD + timedelta(hours=1)
    with tenant_scope(organisation):
        Hold.objects.update(lifted_on=TODAY, updated_at=later)
    for asked in (f"cursor={cursor}", "updated_since=2026-03-01T09:00:00Z"):
        [changed] = api.get(f"holds/?{asked}").json()["results"]
        assert (changed["id"], changed["lifted_on"]) == (hold["id"], TODAY.isoformat())


def test_rows_out_of_scope_cannot_be_written_to(organisation, item):
    with tenant_scope(organisation):
        maker = make_member(role="sales")
        make_item(account=make_account(salesperson=maker))
    api = caller_of(organisation, role="sales", portfolio_of=maker.id)
    assert api.post("disputes/", {"item": str(item.id), "reason": "price"}).status_code == 404


def test_a_plan_and_its_withdrawal(api, organisation, item):
    plan = {
        "customer": str(item.customer_id), "amount": "60.00", "currency": "EUR", "items": [str(item.id)],
        "parts": [{"due_on": "2026-03-10", "amount": "30.00"}, {"due_on": "2026-03-20", "amount": "30.00"}],
    }  # fmt: skip
    sent = api.post("promises/plan/", plan)
    assert sent.status_code == 201
    first, second = sent.json()
    assert (first["due_on"], first["plan"]) == ("2026-03-10", second["plan"])
    assert first["amount"] == {"amount": "30.00", "currency": "EUR"}
    assert api.post("promises/plan/", {**plan, "amount": "60.01"}).status_code == 400
    assert api.post("promises/plan/", {**plan, "parts": plan["parts"][:1]}).status_code == 400
    assert api.post("promises/plan/", {**plan, "items": [str(uuid4())]}).status_code == 404
    assert api.post(f"promises/{second['id']}/withdraw/").json()["state"] == "WITHDRAWN"
    with tenant_scope(organisation):
        assert set(Promise.objects.values_list("state", flat=True)) == {"WITHDRAWN"}
