"""The customers of the sample: invented, well formed, with the gaps that the data quality page should find."""

from collections import Counter
from datetime import date

from receivables.rules import identifiers
from receivables.sample import SampleCompany, generate
from tests.receivables.sample.books import Books


def company(on: date = date(2025, 11, 21)) -> SampleCompany:
    return generate(on)


def test_three_hundred_customers_some_with_two_accounts(friday: Books) -> None:
    rows = friday.company.customers
    accounts = Counter(row.customer_ref for row in rows)
    assert len(accounts) == 300
    assert 12 <= sum(1 for count in accounts.values() if count == 2) <= 25
    assert len({(row.customer_ref, row.entity_code) for row in rows}) == len(rows)
    assert len({(row.entity_code, row.account_ref) for row in rows}) == len(rows)
    assert len({row.name for row in rows}) == 300
    assert {"FR", "DE", "GB", "BE", "ES", "IT", "NL", "IE", "US"} <= {row.country for row in rows}


def test_two_rows_of_a_customer_differ_in_their_account_only(friday: Books) -> None:
    of_the_account = {
        "entity_code",
        "account_ref",
        "terms_code",
        "payment_method",
        "currency",
        "salesperson",
        "collector",
    }
    first: dict[str, dict[str, object]] = {}
    for row in friday.company.customers:
        common = {name: value for name, value in vars(row).items() if name not in of_the_account}
        assert first.setdefault(row.customer_ref, common) == common


def test_customers_do_not_change_with_the_day() -> None:
    assert company(date(2025, 1, 6)).customers == company(date(2026, 5, 9)).customers
    assert company(date(2025, 1, 6)).contacts == company(date(2026, 5, 9)).contacts


def test_identifiers_are_well_formed(friday: Books) -> None:
    checked = Counter[str]()
    for row in friday.company.customers:
        for check in (
            identifiers.check_siren(row.siren) if row.siren else None,
            identifiers.check_siret(row.siret) if row.siret else None,
            identifiers.check_lei(row.lei) if row.lei else None,
            identifiers.check_vat_number(row.vat_number, row.country) if row.vat_number else None,
            identifiers.check_registration_number(row.registration_number, row.country)
            if row.registration_number
            else None,
        ):
            if check is not None:
                assert check.ok, (row.name, check)
                checked[check.field] += 1
        if row.siren:
            assert row.siret.startswith(row.siren)
            assert row.vat_number.endswith(row.siren)
    assert checked["siren"] > 130
    assert checked["vat_number"] > 270
    assert checked["lei"] >= 20


def test_identifiers_belong_to_nobody(friday: Books) -> None:
    """Each lies in a part of its series that the register has not given out."""
    unused = {"FR": "0", "DE": "DE99", "GB": "GB999", "BE": "BE01", "ES": "ESB99", "IT": "IT9999", "NL": "NL99"}
    for row in friday.company.customers:
        if row.vat_number and row.country in unused:
            number = row.siren if row.country == "FR" else row.vat_number
            assert number.startswith(unused[row.country])


def test_entities_have_valid_identifiers_and_accounts(friday: Books) -> None:
    entities = {entity.code: entity for entity in friday.company.organisation.entities}
    assert {code: entity.currency for code, entity in entities.items()} == {"NFR": "EUR", "NDE": "EUR", "NUK": "GBP"}
    for entity in entities.values():
        assert identifiers.check_iban(entity.iban).ok
        assert identifiers.check_bic(entity.bic).ok
        assert identifiers.check_vat_number(entity.vat_number, entity.country).ok
    assert identifiers.check_siret(entities["NFR"].siret).ok
    assert "99999" in entities["NFR"].iban


def test_all_addresses_are_of_the_reserved_domain(friday: Books) -> None:
    found = [row.email for row in friday.company.customers] + [row.email for row in friday.company.contacts]
    found += [entity.email for entity in friday.company.organisation.entities]
    found += [member.email for member in friday.company.organisation.members]
    addresses = [address for address in found if address]
    assert len(addresses) > 1000
    for address in addresses:
        local, _, domain = address.partition("@")
        assert domain.endswith(".example")
        assert local.isascii()
        assert domain.isascii()
        assert " " not in address


def test_data_quality_has_something_to_find(friday: Books) -> None:
    by_ref = {row.customer_ref: row for row in friday.company.customers}
    with_email = {row.customer_ref for row in friday.company.contacts if row.email}
    assert sum(1 for ref, row in by_ref.items() if not row.email and ref not in with_email) == 9
    nameless = [
        row
        for row in by_ref.values()
        if row.country != "US" and not (row.siren or row.vat_number or row.registration_number)
    ]
    assert len(nameless) == 10
    twice = [siren for siren, count in Counter(row.siren for row in by_ref.values() if row.siren).items() if count == 2]
    assert len(twice) == 2
    vat_twice = [
        vat for vat, count in Counter(row.vat_number for row in by_ref.values() if row.vat_number).items() if count == 2
    ]
    assert len(vat_twice) == 3


def test_groups_have_a_parent_and_its_sisters(friday: Books) -> None:
    by_ref = {row.customer_ref: row for row in friday.company.customers}
    members = Counter(row.group_ref for row in by_ref.values() if row.group_ref)
    assert len(friday.company.groups) == len(members) == 25
    assert min(members.values()) >= 2
    for group in friday.company.groups:
        head = by_ref[group.head_customer_ref]
        assert (head.group_ref, head.group_name) == (group.ref, group.name)
    assert sum(1 for ref in members if len({row.country for row in by_ref.values() if row.group_ref == ref}) > 1) >= 12


def test_each_customer_has_somebody_to_write_to(friday: Books) -> None:
    contacts = Counter(row.customer_ref for row in friday.company.contacts)
    assert set(contacts) == {row.customer_ref for row in friday.company.customers}
    assert set(contacts.values()) == {2, 3}
    firsts = [row for row in friday.company.contacts if row.is_primary]
    assert Counter(row.customer_ref for row in firsts) == dict.fromkeys(contacts, 1)
    assert all(row.role == "ACCOUNTING" for row in firsts)
    assert {row.influence for row in friday.company.contacts if row.role == "MANAGEMENT"} == {"DECIDES"}


def test_everybody_named_in_the_files_is_a_member(friday: Books) -> None:
    members = friday.company.organisation.members
    names = {member.source_ref for member in members if member.source_ref}
    assert {row.salesperson for row in friday.company.customers} | {
        row.collector for row in friday.company.customers
    } == names
    assert Counter(member.role for member in members if member.source_ref) == {"sales": 6, "collector": 3}
    assert len({member.email for member in members}) == len(members)


def test_one_login_for_each_role(friday: Books) -> None:
    logins = Counter(member.role for member in friday.company.organisation.members if member.is_login)
    roles = ("cfo", "credit_manager", "collector", "sales", "dispute_resolver", "auditor", "admin")
    assert logins == dict.fromkeys(roles, 1)


def test_terms_are_those_of_the_organisation(friday: Books) -> None:
    used = {row.terms_code for row in friday.company.customers}
    assert used == {terms.code for terms in friday.company.organisation.terms}
