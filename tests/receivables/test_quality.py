"""Data quality: each check finds what it says, counts fall as one repairs, and bad identifiers are refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import EVERYTHING
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import Contact, Customer, PaymentTerms
from receivables.queries.quality import CHECKS, quality_counts
from tests.make import TODAY, make_account, make_customer, make_item, make_member
from tests.pages import enter, own, statements

SIREN, OTHER_SIREN = "732829320", "552100554"
WHOLE = {
    "siren": SIREN, "street": "1 rue du Port", "city": "Lyon", "country": "FR", "email": "ap@whole.example",
}  # fmt: skip


def counts(on=TODAY) -> dict[str, int]:
    return {one.check: one.customers for one in quality_counts(on=on, scope=EVERYTHING) if one.customers}


@pytest.fixture
def whole(tenant):
    """A customer that passes every check."""
    customer = make_customer(ref="OK", **WHOLE)
    account = make_account(
        customer=customer, terms=PaymentTerms.objects.create(code="NET30"), collector=make_member(role="collector")
    )
    Contact.objects.create(customer=customer, last_name="Roy", email="r@whole.example", influence="DECIDES")
    make_item(account=account)
    return customer


def test_a_whole_customer_is_found_by_no_check(whole):
    assert counts() == {}


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("no_identifier", {"siren": ""}),
        ("conflict", {"vat_number": f"FR83{OTHER_SIREN}"}),
        ("conflict", {"siret": f"{OTHER_SIREN}00012"}),
        ("no_address", {"street": ""}),
        ("no_address", {"country": ""}),
    ],
)
def test_a_fault_of_the_customer_is_found(whole, check, fault):
    Customer.objects.filter(id=whole.id).update(**fault)
    assert counts() == {check: 1}


def test_a_number_of_monaco_contradicts_no_siren(whole):
    Customer.objects.filter(id=whole.id).update(vat_number="FR53000004605")
    assert counts() == {}


def test_customers_with_one_siren_or_vat_number_are_duplicates(whole):
    make_customer(ref="TWIN", **WHOLE)
    assert counts()["duplicate"] == 2
    Customer.objects.filter(ref="TWIN").update(siren="")
    assert "duplicate" not in counts()
    Customer.objects.all().update(siren="", vat_number="DE136695976")
    assert counts()["duplicate"] == 2


def test_nobody_to_write_to(whole):
    Customer.objects.filter(id=whole.id).update(email="")
    assert "no_email" not in counts()
    Contact.objects.all().update(email_bounced_at=timezone.now())
    assert counts() == {"no_email": 1, "bounced": 1}
    Contact.objects.all().update(email_bounced_at=None, is_active=False)
    assert counts() == {"no_email": 1, "no_decider": 1}


def test_the_largest_debtors_need_a_person_who_decides(whole):
    Contact.objects.all().update(influence="EXECUTES")
    assert counts() == {"no_decider": 1}


def test_accounts_without_terms_or_collector(whole):
    whole.accounts.update(terms=None)
    assert counts() == {"no_terms": 1}
    whole.accounts.update(collector=None)
    assert counts() == {"no_terms": 1, "no_collector": 1}


def test_open_amounts_of_customers_without_invoice_for_a_year_are_asleep(whole):
    assert counts(on=TODAY + timedelta(days=364)) == {}
    assert counts(on=TODAY + timedelta(days=366)) == {"stale": 1}


def test_the_page_lists_what_each_check_finds_and_repairs_it_in_place(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        customer = make_customer(ref="X1", name="Xanadu SA", **{**WHOLE, "siren": ""})
    page = client.get("/quality/").content.decode()
    assert "Xanadu SA" in page
    assert f'hx-get="/customers/{customer.id}/identifiers/"' in page
    sent = {"sent": "1", "country": "FR", "siren": "732 829 321"}
    refused = client.post(f"/customers/{customer.id}/identifiers/", sent)
    assert refused.status_code == 422
    assert "check digits" in refused.content.decode()
    at = {"HX-Request": "true", "HX-Current-URL": "http://testserver/quality/?check=no_identifier"}
    answer = client.post(f"/customers/{customer.id}/identifiers/", {**sent, "siren": "732 829 320"}, headers=at)
    assert answer["HX-Redirect"] == "/quality/?check=no_identifier"
    with tenant_scope(organisation):
        customer.refresh_from_db()
        assert customer.siren == SIREN
        assert AuditRecord.objects.get(action="receivables.identifiers_changed").changes == {"siren": ["", SIREN]}
    assert "Xanadu SA" not in client.get("/quality/").content.decode()


def test_the_siren_in_a_vat_number_is_filled_in(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        customer = make_customer()
    client.post(f"/customers/{customer.id}/identifiers/", {"sent": "1", "country": "FR", "vat_number": "FR44732829320"})
    with tenant_scope(organisation):
        customer.refresh_from_db()
    assert (customer.siren, customer.vat_number) == (SIREN, "FR44732829320")


def test_the_first_contact_is_the_primary_one_and_its_data_are_not_in_the_trail(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        customer = make_customer()
    url = f"/customers/{customer.id}/contact/"
    person = {"sent": "1", "last_name": "Durand", "role": "ACCOUNTING", "influence": "DECIDES", "email": "d@x.example"}
    assert client.post(url, {**person, "email": ""}).status_code == 422
    assert client.post(url, person).status_code == 302
    assert client.post(url, {**person, "last_name": "Petit", "is_primary": "on"}).status_code == 302
    with tenant_scope(organisation):
        assert list(customer.contacts.order_by("id").values_list("last_name", "is_primary")) == [
            ("Durand", False), ("Petit", True),
        ]  # fmt: skip
        assert "Durand" not in str([record.changes for record in AuditRecord.objects.all()])


def test_who_has_left_is_no_longer_written_to_and_a_new_address_has_refused_nothing(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        contact = Contact.objects.create(
            customer=make_customer(),
            last_name="Roy",
            email="old@x.example",
            is_primary=True,
            email_bounced_at=timezone.now(),
        )
    values = {"sent": "1", "last_name": "Roy", "role": "BUYER", "influence": "ADVISES", "email": "new@x.example"}
    client.post(f"/contacts/{contact.id}/", {**values, "is_active": "on", "is_primary": "on"})
    with tenant_scope(organisation):
        contact.refresh_from_db()
        assert (contact.email, contact.email_bounced_at, contact.is_primary) == ("new@x.example", None, True)
    client.post(f"/contacts/{contact.id}/", values)
    with tenant_scope(organisation):
        contact.refresh_from_db()
    assert (contact.is_active, contact.is_primary) == (False, False)


def test_terms_and_address_are_repaired(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account, terms = make_account(), PaymentTerms.objects.create(code="NET30")
    assert client.post(f"/accounts/{account.id}/terms/", {"sent": "1", "terms": str(terms.id)}).status_code == 302
    address = {"sent": "1", "street": "1 rue", "city": "Lyon", "country": "fr"}
    assert client.post(f"/customers/{account.customer_id}/address/", address).status_code == 302
    with tenant_scope(organisation):
        account.refresh_from_db()
        assert account.terms_id == terms.id
        assert account.customer.country == "FR"


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_page_of_few_statements(organisation, check):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        for _n in range(3):
            make_item(account=make_account(customer=make_customer()))
    client.get("/quality/")  # the sidebar's counts are kept for a minute
    with statements() as sql:
        assert client.get(f"/quality/?check={check}").status_code == 200
    assert len(own(sql)) <= 14, "\n".join(own(sql))


def test_another_salespersons_customer_cannot_be_repaired(organisation):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        customer = make_account().customer
        elsewhere = make_account(entity=customer.accounts.get().entity)
        member.entity_accesses.create(entity=elsewhere.entity)
        customer.accounts.all().delete()
    for name in ("identifiers", "address", "contact", "promise", "dispute"):
        assert client.get(f"/customers/{customer.id}/{name}/").status_code == 404
