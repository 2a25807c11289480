"""Notices decided and cases followed over the API, and that a key is no second person."""

from datetime import timedelta

import pytest

from accounts.models import ApiKey
from collection.models import FormalNotice, LegalCase
from collection.services.dossiers import make_wanted_dossiers
from collection.services.formal_notices import decide_notice, request_notice
from collection.services.legal_cases import save_agency
from collection.services.notices_at_once import look_at_notices
from collection.services.terminal import NeedsSecondPerson, save_terminal_settings
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from receivables.models import Hold
from tests.api.conftest import make_notice_action
from tests.collection.test_terminal import by
from tests.make import TODAY, make_account, make_allocation, make_customer, make_entity, make_item, make_member


@pytest.fixture
def account(organisation):
    with tenant_scope(organisation):
        return make_account(customer=make_customer(ref="C1"), entity=make_entity(code="FR"))


@pytest.fixture
def action(organisation, account):
    with tenant_scope(organisation):
        make_item(account=account, amount="120.00", due=TODAY - timedelta(days=40))
        return make_notice_action(account)


def needs_two(organisation, **values: bool) -> None:
    with tenant_scope(organisation):
        save_terminal_settings(actor=SYSTEM, **values)


def test_a_key_decides_where_no_second_person_is_needed_once(organisation, api, action):
    needs_two(organisation, four_eyes_notice=False)
    asked = api.post("formal-notices/", {"action": str(action.id)}).json()
    path = f"formal-notices/{asked['id']}/decide/"
    assert asked["four_eyes"] is False
    assert api.post(path, {"accept": False}).json()["errors"][0]["field"] == "answer"
    assert api.post(path, {"accept": "maybe"}).status_code == 400
    once = {"Idempotency_Key": "one"}
    first = api.post(path, {"accept": True}, **once)
    assert (first.status_code, first.json()["state"]) == (200, "APPROVED")
    assert api.post(path, {"accept": True}, **once).content == first.content
    again = api.post(path, {"accept": False, "answer": "no"})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    assert again["Content-Type"] == "application/problem+json"


def test_a_notice_is_refused_with_the_reason(organisation, api, action):
    needs_two(organisation, four_eyes_notice=False)
    asked = api.post("formal-notices/", {"action": str(action.id)}).json()
    answer = api.post(f"formal-notices/{asked['id']}/decide/", {"accept": False, "answer": "A key account"}).json()
    assert (answer["state"], answer["answer"]) == ("REFUSED", "A key account")


def test_where_two_are_needed_neither_a_key_nor_who_made_it_is_the_second(organisation, api, action):
    with tenant_scope(organisation):
        maker, other, collector = make_member(), make_member(), make_member(role="collector")
        ApiKey.objects.update(created_by=maker)
        mine = request_notice(action_id=action.id, **by(collector, on=TODAY))
    refused = api.post(f"formal-notices/{mine.id}/decide/", {"accept": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_second_person")
    with tenant_scope(organisation):
        FormalNotice.objects.update(state="REFUSED", answer="x")
    asked = api.post("formal-notices/", {"action": str(action.id)}).json()
    refused = api.post(f"formal-notices/{asked['id']}/decide/", {"accept": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_second_person")
    with tenant_scope(organisation):
        with pytest.raises(NeedsSecondPerson):
            decide_notice(notice_id=asked["id"], approve=True, **by(maker, on=TODAY))
        (look,) = look_at_notices(notice_ids=[asked["id"]], **by(maker, on=TODAY))
        assert look.refusal.code == "needs_second_person"
        assert decide_notice(notice_id=asked["id"], approve=True, **by(other, on=TODAY)).state == "APPROVED"


def prepared(organisation, api, account) -> dict:
    with tenant_scope(organisation):
        agency = save_agency(agency_id=None, name="K & Co", kind="LAWYER", actor=SYSTEM)
        make_item(account=account, amount="100.00", number="A", due=TODAY - timedelta(days=90))
    body = {"customer": str(account.customer_id), "entity": str(account.entity_id), "agency": str(agency.id)}
    answer = api.post("legal-cases/", {**body, "note": "since spring"})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_case_is_followed_from_its_preparation_to_its_end(organisation, api, account, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    case = prepared(organisation, api, account)
    path = f"legal-cases/{case['id']}"
    assert (case["state"], case["agency"], case["dossier_wanted_on"]) == ("PREPARED", "K & Co", None)
    assert api.post(f"{path}/hand-over/", {}).json()["code"] == "no_dossier"
    wanted = api.post(f"{path}/dossier/")
    assert (wanted.status_code, wanted.json()["dossier_wanted_on"]) == (202, TODAY.isoformat())
    assert api.post(f"{path}/hand-over/", {}).json()["code"] == "no_dossier"
    with tenant_scope(organisation):
        assert make_wanted_dossiers() == 1
    assert len(api.get(f"{path}/").json()["dossier_sha256"]) == 64
    out = api.post(f"{path}/hand-over/", {"agency_ref": "Z-1"}).json()
    assert (out["state"], out["agency_ref"], out["handed_over_on"]) == ("HANDED_OVER", "Z-1", TODAY.isoformat())
    with tenant_scope(organisation):
        assert Hold.objects.filter(reason="LITIGATION", lifted_on=None).count() == 1
    assert api.post(f"{path}/withdraw/").json()["code"] == "already_decided"

    cost = {"kind": "COURT", "on": TODAY.isoformat(), "amount": "45.00", "currency": "EUR", "note": "fee"}
    made = api.post(f"{path}/costs/", cost)
    assert (made.status_code, made.json()["amount"]) == (201, {"amount": "45.00", "currency": "EUR"})
    for wrong in ({"amount": "0"}, {"amount": "1.234"}, {"currency": "EURO"}, {"kind": "LUNCH"}, {"on": "2031-01-01"}):
        assert api.post(f"{path}/costs/", {**cost, **wrong}).status_code == 400, wrong
    assert [row["note"] for row in api.get(f"{path}/costs/").json()] == ["fee"]
    with tenant_scope(organisation):
        LegalCase.objects.update(on=TODAY - timedelta(days=2), decided_on=TODAY - timedelta(days=1))
        item = LegalCase.objects.get().case_items.get().item
        make_allocation(debit=item, amount="30.00", on=TODAY)
    assert api.get(f"{path}/recoveries/").json() == [
        {"on": TODAY.isoformat(), "amount": {"amount": "30.00", "currency": "EUR"}, "is_money": True}
    ]

    assert api.post(f"{path}/close/", {"outcome": "WON"}).status_code == 400
    done = api.post(f"{path}/close/", {"outcome": "PART_PAID", "resume": True}).json()
    assert (done["state"], done["outcome"]) == ("CLOSED", "PART_PAID")
    assert api.post(f"{path}/close/", {"outcome": "PAID"}).json()["code"] == "already_decided"
    with tenant_scope(organisation):
        assert not Hold.objects.filter(lifted_on=None).exists()


def test_a_case_may_be_refused_or_taken_back_and_another_may_collect(organisation, api, account):
    case = prepared(organisation, api, account)
    with tenant_scope(organisation):
        other = save_agency(agency_id=None, name="Other", kind="AGENCY", actor=SYSTEM)
    path = f"legal-cases/{case['id']}"
    assert api.post(f"{path}/agency/", {"agency": str(other.id)}).json()["agency"] == "Other"
    assert api.post(f"{path}/agency/", {"agency": str(account.id)}).status_code == 400
    assert api.post(f"{path}/refuse/", {"reason": " "}).status_code == 400
    refused = api.post(f"{path}/refuse/", {"reason": "Too small"}).json()
    assert (refused["state"], refused["answer"]) == ("REFUSED", "Too small")
    assert api.post(f"{path}/dossier/").json()["code"] == "already_decided"
    again = api.post("legal-cases/", {
        "customer": str(account.customer_id), "entity": str(account.entity_id), "agency": str(other.id),
    }).json()  # fmt: skip
    assert api.post(f"legal-cases/{again['id']}/withdraw/").json()["state"] == "WITHDRAWN"


def test_a_hand_over_by_two_is_not_done_by_a_key_nor_by_who_made_it(organisation, api, account):
    needs_two(organisation, four_eyes_hand_over=True)
    case = prepared(organisation, api, account)
    assert case["four_eyes"] is True
    for what, body in (("hand-over", {}), ("refuse", {"reason": "no"})):
        assert api.post(f"legal-cases/{case['id']}/{what}/", body).json()["code"] == "needs_second_person"
    assert api.get(f"legal-cases/{case['id']}/").json()["state"] == "PREPARED"
