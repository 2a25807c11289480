"""Ctrl K: what begins as typed, within one's scope and rights, in few statements."""

import pytest

from core.tenancy import tenant_scope
from tests.make import make_account, make_customer, make_item
from tests.pages import enter, own, statements


@pytest.fixture
def ledger(organisation):
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(ref="C100", name="Énergie de l'Ouest", city="Brest"))
        make_item(account=account, number="FA-2041")
        make_account(customer=make_customer(ref="C200", name="Cave Lambert"))
    return account


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ener", ["Énergie de l'Ouest"]),
        ("ÉNERGIE DE", ["Énergie de l'Ouest"]),
        ("c100", ["Énergie de l'Ouest"]),
        ("fa-20", ["FA-2041"]),
        ("lambert", ["Cave Lambert"]),  # a word inside the name
        ("invite", ["Invite a colleague"]),
        ("zzz", []),
        ("e", []),
        ("", []),
        ("%_'\"", []),
    ],
)
def test_what_begins_as_typed_is_found(organisation, ledger, typed, found):
    client, _ = enter(organisation, role="admin")
    groups = client.get("/search/", {"q": typed}).context["groups"]
    assert [row["text"] for _title, rows in groups for row in rows] == found


def test_the_answer_is_what_the_palette_reads(organisation, ledger):
    client, _ = enter(organisation)
    page = client.get("/search/", {"q": "fa-2"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert 'class="palette-item" role="option" id="palette-row-1-1"' in page
    assert 'role="group" aria-label="Items"' in page


def test_rows_out_of_scope_and_actions_out_of_right_are_not_found(organisation, ledger):
    client, member = enter(organisation, role="sales")
    for typed in ("ener", "fa-20", "invite", "lambert"):
        assert client.get("/search/", {"q": typed}).context["groups"] == []
    with tenant_scope(organisation):
        ledger.salesperson = member
        ledger.save(update_fields=["salesperson"])
    assert client.get("/search/", {"q": "ener"}).context["groups"]


def test_a_search_costs_at_most_four_statements(organisation, ledger):
    client, _ = enter(organisation)
    for typed in ("ener", "lambert", "fa-2041"):
        with statements() as sql:
            client.get("/search/", {"q": typed}, headers={"HX-Request": "true"})
        assert len(own(sql)) <= 4, "\n".join(own(sql))
