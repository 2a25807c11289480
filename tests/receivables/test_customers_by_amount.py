"""Customers in the order of what they owe: pages that neither lose nor repeat a row, one currency, the reader's scope."""

from datetime import timedelta

import pytest

from accounts.access import EVERYTHING, Scope
from core.lists import Reader
from core.tenancy import tenant_scope
from receivables.lists.by_amount import ByAmount
from receivables.models import Customer
from receivables.queries.visible import customers_in
from receivables.services.open_amounts import refresh_balances
from tests.make import TODAY, make_account, make_customer, make_entity, make_item
from tests.pages import enter, own, statements, table

OWED = {"A": ["300.00"], "B": ["10.00", "500.00"], "C": ["300.00"], "D": ["-40.00"], "E": [], "F": []}


@pytest.fixture
def ledger(organisation):
    """Open: B 510, A and C 300 each, D -40; E nothing; F 9,000 dollars."""
    with tenant_scope(organisation):
        entities = make_entity(code="FR1"), make_entity(code="DE1")
        for ref, amounts in OWED.items():
            customer = make_customer(ref=ref, name=f"Client {ref}")
            for n, amount in enumerate(amounts):
                account = make_account(customer=customer, entity=entities[n])
                make_item(account=account, number=f"{ref}{n}", amount=amount, due=TODAY - timedelta(days=5))
        make_item(
            account=make_account(customer=customer, entity=entities[0]), number="F0", amount="9000.00", currency="USD"
        )
        refresh_balances(on=TODAY)
    return entities


def walk(scope, *, field, descending, limit):
    """References page by page to the end, and back again."""
    page = ByAmount(
        customers_in(scope=scope),
        field=field,
        reader=Reader(scope=scope, on=TODAY),
        fields=("ref", "name_key"),
        names={},
    )
    pages, after = [], ""
    while rows := page.slice(descending=descending, after=after, before="", limit=limit):
        pages.append(rows)
        after = page.marker(rows[-1])
    there = [row["ref"] for rows in pages for row in rows]
    back, before = [pages[-1]], page.marker(pages[-1][0])
    while rows := page.slice(descending=descending, after="", before=before, limit=limit):
        back.insert(0, rows)
        before = page.marker(rows[0])
    assert [row["ref"] for rows in back for row in rows] == there
    return there


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50])
@pytest.mark.parametrize("field", ["open_amount", "overdue_amount"])
@pytest.mark.parametrize("restricted", [False, True])
def test_pages_of_any_length_give_each_customer_once_in_order(organisation, ledger, limit, field, restricted):
    with tenant_scope(organisation):
        scope = Scope(entity_ids=frozenset(one.id for one in ledger)) if restricted else EVERYTHING
        named = dict(Customer.objects.values_list("ref", "id"))
        most = walk(scope, field=field, descending=True, limit=limit)
        least = walk(scope, field=field, descending=False, limit=limit)
    same = sorted("AC", key=named.get)
    # E has no account, so whoever sees some entities only does not see it.
    others = ["F"] if restricted else ["E", "F"]
    assert most == ["B", *reversed(same), "D", *others]
    assert least == ["D", *same, "B", *others]


def test_a_restricted_reader_gets_the_order_of_what_it_sees(organisation, ledger):
    with tenant_scope(organisation):
        scope = Scope(entity_ids=frozenset([ledger[0].id]))
        assert walk(scope, field="open_amount", descending=True, limit=3)[-3:] == ["B", "D", "F"]


def test_the_page_sorts_by_amount_from_its_header(organisation, ledger):
    client, _ = enter(organisation)
    page = client.get("/customers/").content.decode()
    assert "sort=-open_amount" in page
    assert "sort=-overdue_amount" in page
    names = [row[1].split()[1] for row in table(client.get("/customers/?sort=-open_amount"))[1:7]]
    assert (names[0], names[-2:]) == ("B", ["E", "F"])


def test_a_marker_of_another_sort_is_refused(organisation, ledger):
    client, _ = enter(organisation)
    for marker in ("o.x", "r.x", "nonsense", "o."):
        assert client.get(f"/customers/?sort=-open_amount&after={marker}").status_code == 400


def test_the_order_costs_no_statement_for_each_row(organisation, ledger):
    client, _ = enter(organisation)
    client.get("/customers/")  # counts of the shell are remembered
    with statements() as few:
        client.get("/customers/?sort=-open_amount")
    with tenant_scope(organisation):
        for n in range(12):
            account = make_account(customer=make_customer(ref=f"X{n}"), entity=ledger[0])
            make_item(account=account, number=f"X{n}", amount="5.00")
        refresh_balances(on=TODAY)
    with statements() as many:
        client.get("/customers/?sort=-open_amount")
    assert len(own(many)) == len(own(few))
