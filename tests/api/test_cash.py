"""Cash application over the API: a treasury's program feeds decisions, an ERP's program reads what to follow."""

from decimal import Decimal

import pytest

from core.tenancy import tenant_scope
from receivables.models import CashAllocation
from receivables.services.matching_run import match_bank_lines
from tests.api.conftest import caller_of
from tests.make import TODAY, make_account, make_bank_line, make_item


@pytest.fixture
def line(organisation):
    with tenant_scope(organisation):
        make_item(account=make_account(), number="F1", amount="75.30")
        line = make_bank_line(amount="75.30", text="cheque")
        match_bank_lines(on=TODAY)
    return line


def test_a_line_shows_its_proposal_and_is_confirmed_then_followed_by_the_books(api, organisation, line):
    row = api.get(f"bank-lines/{line.id}/").json()
    assert row["amount"] == {"amount": "75.30", "currency": "EUR"}
    assert [piece["cash"] for piece in row["proposal"]["pieces"]] == ["75.3000"]
    answer = api.post(f"bank-lines/{line.id}/confirm/")
    assert (answer.status_code, answer.json()["state"]) == (200, "MATCHED")
    with tenant_scope(organisation):
        ours = CashAllocation.objects.get()
    allocation = api.get(f"cash-allocations/{ours.id}/").json()
    assert (allocation["number"], allocation["leaves"]["amount"]) == ("F1", "0.00")
    sent = api.post(f"cash-allocations/{allocation['id']}/exported/")
    assert sent.json()["state"] == "EXPORTED"
    assert api.post(f"bank-lines/{line.id}/confirm/").status_code == 409
    assert api.post(f"bank-lines/{line.id}/reverse/").json()["remaining"]["amount"] == "75.30"


def test_split_assign_refuse_and_set_aside(api, organisation, line):
    with tenant_scope(organisation):
        item = make_item(number="F2", amount="100.00")
    unknown = api.post(f"bank-lines/{line.id}/assign/", {"customer": str(line.id)})
    assert unknown.status_code == 404
    refused = api.post(f"bank-lines/{line.id}/refuse/")
    assert refused.json()["proposal"]["pieces"] == []
    share = {"item": str(item.id), "amount": "80.00"}
    assert api.post(f"bank-lines/{line.id}/split/", {"shares": [share]}).status_code == 400
    split = api.post(f"bank-lines/{line.id}/split/", {"shares": [{**share, "amount": "70.00"}]})
    assert Decimal(split.json()["remaining"]["amount"]) == Decimal("5.30")
    aside = api.post(f"bank-lines/{line.id}/set_aside/", {"reason": "rounding"})
    assert aside.json()["state"] == "SET_ASIDE"


def test_sales_sees_no_bank(organisation, line):
    assert caller_of(organisation, role="sales").get("bank-lines/").status_code == 403
