"""receivables.rules.identifiers: normalised or refused with a reason, and never asked of anybody."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.rules import identifiers
from receivables.rules.identifiers import (
    bic_of_iban,
    check_legal_ids,
    check_registration_number,
    check_vat_number,
    siren_of_siret,
    siren_of_vat_number,
)
from receivables.rules.registers import REGISTERS
from tests.examples import examples


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("identifiers are checked without the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("row", examples("identifiers", "Numbers"))
def test_numbers_are_checked_as_documented(row):
    check = getattr(identifiers, f"check_{row['Identifier']}")
    takes_country = row["Identifier"] in ("vat_number", "registration_number")
    checked = check(row["Given"], row["Country"]) if takes_country else check(row["Given"])
    assert (checked.field, checked.given) == (row["Identifier"], row["Given"])
    assert checked.ok is not bool(row["Reason"])
    assert (checked.value or "") == row["Stored"]
    if row["Reason"]:
        assert row["Reason"] in str(checked.reason)
        assert row["Given"] in str(checked.reason)


@pytest.mark.parametrize("row", examples("identifiers", "The SIREN of the others"))
def test_french_numbers_are_held_against_each_other_as_documented(row):
    found = check_legal_ids(
        country="FR",
        siren=row["SIREN"],
        siret=row["SIRET"],
        registration_number=row["Register"],
        vat_number=row["VAT"],
    )
    assert found.values.get("siren", "") == row["Result"]
    assert found.siren_from == row["From"]
    assert " ".join(found.problems) == row["Problem"]
    assert " ".join(found.doubts) == row["Doubt"]
    assert not set(found.problems) & set(found.values)


def test_a_reason_says_what_was_expected_given_and_wrong():
    reason = check_vat_number("FR45732829320").reason
    assert str(reason) == (
        "Expected a VAT number as in FR; “FR45732829320” does not match its check digits: a digit is probably mistyped."
    )


def test_a_reason_is_translated_with_all_its_parts():
    words = str(identifiers.check_siren("7").reason.in_words(lambda text: text.replace("a SIREN", "un SIREN")))
    assert words.startswith("Expected un SIREN of 9 digits")


def test_blank_fields_are_not_checked():
    assert check_legal_ids(country="FR", siren=" ").problems == {}
    assert check_legal_ids().values == {}


def test_a_register_number_outside_france_gives_no_siren():
    found = check_legal_ids(country="BE", registration_number="0403.019.261")
    assert found.values == {"registration_number": "0403019261"}


def test_the_siren_in_other_numbers():
    assert siren_of_siret("732 829 320 00074") == "732829320"
    assert siren_of_siret("732 829 320 00075") == ""
    assert siren_of_vat_number("FR 44 732829320") == "732829320"
    assert siren_of_vat_number("DE136695976") == ""
    assert siren_of_vat_number("nonsense") == ""


def test_the_bic_of_an_iban_where_it_is_known():
    assert bic_of_iban("DE89 3704 0044 0532 0130 00") == "COBADEFFXXX"
    assert bic_of_iban("nonsense") == ""


CHECKS = st.sampled_from(
    [
        identifiers.check_siren,
        identifiers.check_siret,
        identifiers.check_lei,
        identifiers.check_iban,
        identifiers.check_bic,
        *(
            lambda text, country=country: check_vat_number(text, country)
            for country in ("", "FR", "GR", "US", "CH", "x")
        ),
        *(lambda text, country=country: check_registration_number(text, country) for country in sorted(REGISTERS)),
    ]
)
typed = st.one_of(
    st.text(max_size=30),
    st.text("0123456789 .-/ABCDEFGHR\u00a0", max_size=22),
    st.from_regex(r"[A-Z]{2}[0-9]{2,12}", fullmatch=True),
)


@given(CHECKS, typed)
def test_any_text_is_a_number_or_has_a_reason(check, text):
    checked = check(text)
    assert (checked.value is None) == (checked.reason is not None)
    if checked.value is not None:
        assert check(checked.value).value == checked.value
