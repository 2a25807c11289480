"""Interest and charges over the API: claimed, read with their calculation, given up, paid."""

from datetime import date
from uuid import uuid4

import pytest

from collection.models import Claim
from core.tenancy import tenant_scope
from tests.api.conftest import OLD, caller_of
from tests.make import make_account, make_entity, make_item


@pytest.fixture
def late(organisation):
    """10,000.00 EUR due on 31 May 2024, of a French company."""
    with tenant_scope(organisation):
        account = make_account(entity=make_entity(country="FR"))
        return make_item(account=account, amount="10000.00", due=date(2024, 5, 31), issued=date(2024, 5, 1))


def test_claims_are_made_read_waived_and_paid(api, organisation, late):
    made = api.post("claims/", {"items": [str(late.id)], "until": "2024-09-15"})
    assert made.status_code == 201
    with tenant_scope(organisation):
        Claim.objects.update(updated_at=OLD)

    rows = api.get(f"claims/?item={late.id}").json()["results"]

    assert {row["kind"]: row["amount"] for row in rows} == {
        "INTEREST": {"amount": "419.80", "currency": "EUR"},
        "FIXED": {"amount": "40.00", "currency": "EUR"},
    }
    interest, charge = sorted(rows, key=lambda row: row["kind"], reverse=True)
    assert [one["amount"] for one in interest["calculation"]["segments"]] == ["119.18", "300.62"]
    assert api.post(f"claims/{interest['id']}/waive/", {"reason": ""}).status_code == 400
    assert api.post(f"claims/{interest['id']}/waive/", {"reason": "goodwill"}).json()["state"] == "WAIVED"
    assert api.post(f"claims/{charge['id']}/paid/").json()["state"] == "PAID"
    assert api.post(f"claims/{charge['id']}/paid/").status_code == 400


def test_what_cannot_be_claimed_says_why(api, late):
    assert api.post("claims/", {"items": []}).status_code == 400
    assert api.post("claims/", {"items": [str(uuid4())], "until": "2024-09-15"}).status_code == 409
    ahead = api.post("claims/", {"items": [str(late.id)], "until": "2199-01-01"})
    assert [error["field"] for error in ahead.json()["errors"]] == ["until"]


def test_who_reads_only_may_not_claim(organisation, late):
    auditor = caller_of(organisation, role="auditor")
    assert auditor.get("claims/").status_code == 200
    assert auditor.post("claims/", {"items": [str(late.id)]}).status_code == 403
