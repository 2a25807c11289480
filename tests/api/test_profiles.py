"""Profiles over the API: those in force, and with `updated_since` what has ended; amounts only for who sees them all."""

from datetime import timedelta

import pytest

from core.tenancy import tenant_scope
from receivables.models import EntityAccess
from risk.models import PayerProfile
from risk.services.profiles import refresh_profiles
from tests.api.conftest import OLD, caller_of
from tests.make import make_account, make_member
from tests.risk.parts import ON, overdue, paid

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def payer(organisation):
    """A prompt payer that became slow on the second day."""
    with tenant_scope(organisation):
        account = make_account()
        for n in range(5):
            paid(account, amount="100.00", days=0, ago=20 + n)
        refresh_profiles(on=ON)
        overdue(account, amount="900.00", days=40)
        refresh_profiles(on=ON + DAY)
        PayerProfile.objects.update(updated_at=OLD)
    return account


def test_the_list_has_the_profiles_in_force(api, payer):
    [row] = api.get("profiles/").json()["results"]
    assert (row["customer_ref"], row["payer_class"], row["payment_index"]) == (payer.customer.ref, "SLOW", 55)
    assert (row["late_days"], row["late_pct"], row["valid_to"]) == ("26.4", "64.3", None)
    [currency] = row["currencies"]
    assert currency["overdue_amount"] == {"amount": "900.00", "currency": "EUR"}
    assert api.get(f"profiles/?customer_ref={payer.customer.ref}&payer_class=PROMPT").json()["results"] == []
    assert api.get("profiles/?nothing=1").status_code == 400


def test_what_has_ended_shows_to_who_asks_what_changed(api, payer):
    rows = api.get("profiles/?updated_since=2026-01-01").json()["results"]
    assert sorted((row["payer_class"], row["valid_to"]) for row in rows) == [
        ("PROMPT", (ON + DAY).isoformat()),
        ("SLOW", None),
    ]


def test_a_key_of_one_company_sees_no_amounts_of_all(organisation, payer):
    with tenant_scope(organisation):
        member = make_member()
        EntityAccess.objects.create(member=member, entity=payer.entity)
    [row] = caller_of(organisation, portfolio_of=member.id).get("profiles/").json()["results"]
    assert (row["payer_class"], row["currencies"]) == ("SLOW", [])
