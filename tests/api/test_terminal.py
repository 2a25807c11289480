"""Codes and terminal steps over the API: what an ERP reads, and what it may ask for."""

from datetime import timedelta

import pytest

from collection.models import DeliveryStop
from collection.services.cause_codes import ensure_causes
from collection.services.status_codes import ensure_status_codes
from core.tenancy import tenant_scope
from receivables.models import ItemCause, ItemStatus
from tests.api.conftest import OLD
from tests.make import TODAY, make_account, make_item


@pytest.fixture
def items(organisation):
    with tenant_scope(organisation):
        ensure_status_codes()
        ensure_causes()
        account = make_account()
        return [make_item(account=account, number=f"F-{n}", due=TODAY - timedelta(days=9)) for n in range(2)]


def aged(organisation, model) -> None:
    """Lists end before the start of the oldest open transaction, which in tests is the test's own."""
    with tenant_scope(organisation):
        model.objects.update(updated_at=OLD)


def test_a_status_is_set_listed_and_taken_off(organisation, api, items):
    body = {"items": [str(item.id) for item in items], "status_code": "checking", "note": "by the ERP"}
    assert api.post("item-statuses/", body).json() == {"changed": 2}
    assert api.post("item-statuses/", body).json() == {"changed": 0}
    aged(organisation, ItemStatus)
    rows = api.rows(f"item-statuses/?item={items[0].id}")
    assert [(row["status_code"], row["until_on"], row["note"]) for row in rows] == [
        ("CHECKING", (TODAY + timedelta(days=7)).isoformat(), "by the ERP")
    ]
    assert api.post("item-statuses/clear/", {"items": body["items"][:1]}).json() == {"changed": 1}
    assert api.post("item-statuses/", {**body, "status_code": "NONSENSE"}).status_code == 404
    assert api.post("item-statuses/", {**body, "items": []}).status_code == 400
    assert api.post("item-statuses/", {**body, "colour": "red"}).status_code == 400


def test_a_cause_is_said_and_left_to_the_rules(organisation, api, items):
    body = {"items": [str(items[0].id)], "cause_code": "CASH"}
    assert api.post("item-causes/", body).json() == {"changed": 1}
    aged(organisation, ItemCause)
    assert [row["origin"] for row in api.rows("item-causes/?cause_code=CASH")] == ["HAND"]
    assert api.post("item-causes/clear/", {"items": body["items"]}).json() == {"changed": 1}


def test_an_erp_reads_to_whom_it_may_not_deliver_and_what_changed_since(organisation, api, items):
    asked = api.post("delivery-stops/", {"customer": str(items[0].customer_id), "reason": "Third reminder"})
    assert asked.status_code == 201
    stop = asked.json()
    assert (stop["state"], stop["entity"], stop["amounts"]) == ("REQUESTED", None, {"EUR": "200.00"})
    again = api.post("delivery-stops/", {"customer": str(items[0].customer_id), "reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "already_asked")
    decided = api.post(f"delivery-stops/{stop['id']}/decide/", {"accept": True})
    assert decided.json()["state"] == "ACCEPTED"
    aged(organisation, DeliveryStop)
    assert [row["id"] for row in api.rows("delivery-stops/?state=ACCEPTED")] == [stop["id"]]
    assert api.rows("delivery-stops/?updated_since=2026-02-01T00:00:00Z")
    assert api.rows("delivery-stops/?updated_since=2026-03-02T00:00:00Z") == []
    assert api.post(f"delivery-stops/{stop['id']}/end/", {"reason": "paid"}).json()["state"] == "LIFTED"


def test_a_write_off_is_asked_for_with_its_lines(api, items):
    made = api.post("write-offs/", {"items": [str(item.id) for item in items], "reason": "Gone"}).json()
    (row_id,) = made["write_offs"]
    assert api.get(f"write-offs/{row_id}/").json()["amount"] == {"amount": "200.00", "currency": "EUR"}
    lines = api.get(f"write-offs/{row_id}/lines/").json()
    assert [(one["number"], one["amount"]["amount"]) for one in lines] == [("F-0", "100.00"), ("F-1", "100.00")]
    assert api.post("write-offs/", {"items": [str(items[0].id)], "reason": "x"}).status_code == 409
