"""Notices, agencies, the provision, questions, absences, and the lists of codes over the API."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Member, Replacement
from collection.models import Action, Agency, Escalation, FormalNotice
from collection.queries.provision import provision_by_customer
from collection.services.cause_codes import ensure_causes
from collection.services.provisions import override_provision
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import Message
from receivables.models import Cause, StatusCode
from receivables.queries.selection import EVERY_ITEM
from tests.api.conftest import OLD, make_action, make_notice_action
from tests.make import TODAY, make_account, make_customer, make_entity, make_item, make_member


@pytest.fixture
def account(organisation):
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(ref="C1"), entity=make_entity(code="FR"))
        make_item(account=account, amount="120.00", vat_amount="20.00", due=TODAY - timedelta(days=40))
        return account


@pytest.fixture
def people(organisation) -> dict[str, Member]:
    with tenant_scope(organisation):
        return {role: make_member(role=role) for role in ("collector", "credit_manager", "sales")}


def test_a_notice_is_asked_for_once_and_listed(organisation, api, account):
    with tenant_scope(organisation):
        action = make_notice_action(account)
        type(action.step).objects.update(kind="REMINDER")
    plain = api.post("formal-notices/", {"action": str(action.id)})
    assert (plain.status_code, plain.json()["code"]) == (409, "not_a_notice")
    with tenant_scope(organisation):
        type(action.step).objects.update(kind="FORMAL_NOTICE")
    asked = api.post("formal-notices/", {"action": str(action.id), "note": "by the ERP"})
    assert (asked.status_code, asked.json()["state"], asked.json()["note"]) == (201, "REQUESTED", "by the ERP")
    assert api.post("formal-notices/", {"action": str(action.id)}).status_code == 409
    with tenant_scope(organisation):
        FormalNotice.objects.update(updated_at=OLD)
    assert [row["id"] for row in api.rows("formal-notices/?state=REQUESTED")] == [asked.json()["id"]]


def test_an_agency_is_added_changed_and_no_longer_offered(organisation, api):
    made = api.post("agencies/", {"name": "K & Co", "kind": "LAWYER", "email": "k@law.example"})
    assert (made.status_code, made.json()["is_active"]) == (201, True)
    row = made.json()["id"]
    assert api.post("agencies/", {"name": "K & Co", "kind": "AGENCY"}).status_code == 400
    assert api.post("agencies/", {"name": "X", "kind": "FRIEND"}).status_code == 400
    changed = api.put(f"agencies/{row}/", {"name": "K & Co", "kind": "LAWYER", "is_active": False})
    assert (changed.json()["is_active"], changed.json()["email"]) == (False, "")
    with tenant_scope(organisation):
        assert Agency.objects.get().is_active is False
    assert api.put("agencies/00000000-0000-0000-0000-000000000000/", {"name": "X", "kind": "AGENCY"}).status_code == 404


def test_the_provision_of_a_day_is_that_of_the_page(organisation, api, account):
    with tenant_scope(organisation):
        other = make_account(customer=make_customer(ref="C2"), entity=account.entity)
        make_item(account=other, amount="50.00", due=TODAY - timedelta(days=5))
        override_provision(
            customer_id=other.customer_id, percent=Decimal("80"), reason="in trouble", scope=_everything(), actor=SYSTEM,
            on=TODAY,
        )  # fmt: skip
        [first, second] = sorted(
            provision_by_customer(on=TODAY, scope=_everything(), selection=EVERY_ITEM), key=lambda row: row["ref"]
        )
    page = api.get("provision/?page_size=1").json()
    assert page["results"][0]["provision"] == {"amount": f"{first['provision']:.2f}", "currency": "EUR"}
    assert page["results"][0]["base"] == {"amount": "100.00", "currency": "EUR"}
    rest = api.get(page["next"].replace("http://testserver", "")).json()
    assert rest["next"] is None
    assert (rest["results"][0]["own_percent"], rest["results"][0]["reason"]) == ("80.00", "in trouble")
    assert rest["results"][0]["provision"]["amount"] == f"{second['provision']:.2f}" == "40.00"
    assert page["totals"] == rest["totals"]
    assert page["totals"][0]["customers"] == 2
    before = api.get(f"provision/?on={(TODAY - timedelta(days=400)).isoformat()}").json()
    assert before["results"] == []
    assert api.get("provision/?on=yesterday").status_code == 400
    assert api.get("provision/?known_on=2026-01-01").status_code == 400


def _everything():
    from accounts.access import EVERYTHING

    return EVERYTHING


def test_a_question_is_asked_and_answered_in_the_name_of_members_who_may(organisation, api, account, people):
    collector, manager, sales = people["collector"], people["credit_manager"], people["sales"]
    body = {
        "customer": str(account.customer_id), "question": "Do we go on?", "asked_by": str(collector.id),
        "manager": str(manager.id),
    }  # fmt: skip
    asked = api.post("questions/", body)
    assert (asked.status_code, asked.json()["asked_by"], asked.json()["outcome"]) == (201, str(collector.id), "")
    assert api.post("questions/", {**body, "asked_by": str(sales.id)}).status_code == 400
    assert api.post("questions/", {**body, "manager": str(sales.id)}).status_code == 400
    row = asked.json()["id"]
    answer = {"outcome": "ANSWERED", "answer": "Yes", "answered_by": str(manager.id)}
    assert api.post(f"questions/{row}/answer/", {**answer, "answered_by": str(collector.id)}).status_code == 400
    assert api.post(f"questions/{row}/answer/", {**answer, "answer": ""}).status_code == 400
    said = api.post(f"questions/{row}/answer/", answer).json()
    assert (said["outcome"], said["answer"], said["answered_by"]) == ("ANSWERED", "Yes", str(manager.id))
    assert api.post(f"questions/{row}/answer/", answer).status_code == 409
    with tenant_scope(organisation):
        assert Message.objects.filter(reason_type="collection.Decision", member=manager).count() == 1
        Escalation.objects.update(updated_at=OLD)
    assert [one["id"] for one in api.rows(f"questions/?manager={manager.id}")] == [row]


def test_an_absence_is_named_listed_and_ended(organisation, api, people):
    collector, manager = people["collector"], people["credit_manager"]
    body = {
        "member": str(collector.id), "replacement": str(manager.id), "from_on": TODAY.isoformat(),
        "until_on": (TODAY + timedelta(days=9)).isoformat(),
    }  # fmt: skip
    made = api.post("absences/", body)
    assert (made.status_code, made.json()["ended_on"]) == (201, None)
    assert api.post("absences/", body).status_code == 409
    assert api.post("absences/", {**body, "replacement": str(collector.id)}).status_code == 400
    row = made.json()["id"]
    ended = api.call("DELETE", f"absences/{row}/")
    assert (ended.status_code, ended.json()["ended_on"]) == (200, TODAY.isoformat())
    assert api.call("DELETE", f"absences/{row}/").status_code == 409
    with tenant_scope(organisation):
        Replacement.objects.update(updated_at=OLD)
    assert [one["id"] for one in api.rows(f"absences/?member={collector.id}")] == [row]


def test_status_codes_are_added_changed_and_retired(organisation, api):
    made = api.post("status-codes/", {"code": "in court", "label": "In court", "behaviour": "STOP"})
    assert (made.status_code, made.json()["code"]) == (201, "IN COURT")
    row = made.json()["id"]
    assert api.post("status-codes/", {"code": "IN COURT", "label": "x", "behaviour": "STOP"}).status_code == 400
    assert api.post("status-codes/", {"code": "W", "label": "x", "behaviour": "WAIT"}).status_code == 400
    changed = api.put(f"status-codes/{row}/", {"label": "At court", "behaviour": "WAIT", "wait_days": 9})
    assert (changed.json()["label"], changed.json()["wait_days"], changed.json()["code"]) == ("At court", 9, "IN COURT")
    assert api.put(f"status-codes/{row}/", {"label": "x", "behaviour": "STOP", "code": "OTHER"}).status_code == 400
    retired = api.post(f"status-codes/{row}/retire/")
    assert (retired.json()["is_active"], retired.json()["wait_days"]) == (False, 9)
    with tenant_scope(organisation):
        assert StatusCode.objects.count() > 1  # those of the start are there as well


def test_causes_are_added_below_others_changed_and_retired(organisation, api):
    with tenant_scope(organisation):
        ensure_causes()
        above = Cause.objects.get(code="CASH")
    made = api.post(
        "causes/", {"code": "frozen", "label": "Account frozen", "side": "CUSTOMER", "parent": str(above.id)}
    )
    assert (made.status_code, made.json()["parent"]) == (201, str(above.id))
    row = made.json()["id"]
    assert api.put(f"causes/{row}/", {"label": "Frozen", "side": "CUSTOMER", "parent": row}).status_code == 400
    moved = api.put(f"causes/{row}/", {"label": "Frozen", "side": "CUSTOMER"})
    assert (moved.json()["label"], moved.json()["parent"]) == ("Frozen", None)
    assert api.post(f"causes/{row}/retire/").json()["is_active"] is False


def test_an_action_says_what_it_deducts_and_until_when_it_asks(organisation, api, account):
    with tenant_scope(organisation):
        action = make_action(account)
        Action.objects.update(netted={"EUR": "10.00"}, new_deadline=TODAY)
    row = api.get(f"actions/{action.id}/").json()
    assert (row["netted"], row["new_deadline"]) == ({"EUR": "10.00"}, TODAY.isoformat())
