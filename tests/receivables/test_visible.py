"""The row scope of pages (querysets) and of figures (SQL conditions) let the same rows through."""

from itertools import product

import pytest

from accounts.access import EVERYTHING, Scope
from receivables.models import Document, Hold, OpenOrder, Promise
from receivables.queries import open_items
from receivables.queries.marks import customer_lines
from receivables.queries.visible import (
    accounts_in,
    contacts_in,
    customers_in,
    disputes_in,
    documents_in,
    entities_in,
    holds_in,
    items_in,
    orders_in,
    promises_in,
)
from tests.make import TODAY, make_account, make_customer, make_entity, make_item, make_member


@pytest.fixture
def book(tenant):
    """Customers at two entities, of one salesperson, one collector, or nobody; one customer has an account at both."""
    france, germany = make_entity(code="FR1"), make_entity(code="DE1")
    anna, ben = make_member(role="sales"), make_member(role="collector")
    both = make_customer(ref="BOTH")
    for entity, salesperson, collector in product((france, germany), (None, anna), (None, ben)):
        account = make_account(customer=make_customer(), entity=entity, salesperson=salesperson, collector=collector)
        make_item(account=account)
    make_item(account=make_account(customer=both, entity=france, salesperson=anna))
    make_item(account=make_account(customer=both, entity=germany, ref="BOTH-DE"))
    return {"france": france, "anna": anna, "ben": ben, "both": both}


def scopes(book) -> dict[str, Scope]:
    france = frozenset({book["france"].id})
    return {
        "everything": EVERYTHING,
        "entity": Scope(entity_ids=france),
        "sales": Scope(portfolio_of=book["anna"].id),
        "collector": Scope(portfolio_of=book["ben"].id),
        "both": Scope(portfolio_of=book["anna"].id, entity_ids=france),
        "nobody's": Scope(portfolio_of=book["both"].id),
    }


@pytest.mark.parametrize("name", ["everything", "entity", "sales", "collector", "both", "nobody's"])
def test_pages_and_figures_see_the_same_items(book, name):
    scope = scopes(book)[name]
    figures = {item.item_id for item in open_items(on=TODAY, scope=scope, limit=None)}
    assert set(items_in(scope=scope).values_list("id", flat=True)) == figures
    with_lines = set(
        customer_lines(
            customer_ids=list(customers_in(scope=EVERYTHING).values_list("id", flat=True)), on=TODAY, scope=scope
        )
    )
    assert with_lines == set(customers_in(scope=scope).values_list("id", flat=True))


@pytest.mark.parametrize(
    ("name", "items", "customers"),
    [("everything", 10, 9), ("entity", 5, 5), ("sales", 5, 5), ("collector", 4, 4), ("both", 3, 3), ("nobody's", 0, 0)],
)
def test_each_scope_lets_so_many_through(book, name, items, customers):
    scope = scopes(book)[name]
    assert items_in(scope=scope).count() == items
    assert customers_in(scope=scope).count() == customers
    assert accounts_in(scope=scope).count() == items  # one item for each account


def test_what_hangs_on_a_customer_is_seen_with_an_account_at_its_entity(book):
    customer, france = book["both"], book["france"]
    germany = customer.accounts.exclude(entity=france).get().entity
    for amount, entity in enumerate((france, germany), start=5):
        OpenOrder.objects.create(
            customer=customer, entity=entity, number=f"O-{entity.code}", order_date=TODAY, currency="EUR", amount=1, open_amount=1
        )  # fmt: skip
        Promise.objects.create(
            customer=customer,
            entity=entity,
            amount=amount,
            currency="EUR",
            made_on=TODAY,
            due_on=TODAY,
            comment=entity.code,
        )
        account = customer.accounts.get(entity=entity)
        Document.objects.create(
            customer=customer, account=account, entity=entity, number=entity.code, kind="INVOICE", document_date=TODAY,
            currency="EUR", total_amount=1,
        )  # fmt: skip
    Promise.objects.create(customer=customer, amount=7, currency="EUR", made_on=TODAY, due_on=TODAY, comment="any")
    Hold.objects.create(customer=customer, reason="COMMERCIAL", from_on=TODAY)
    customer.contacts.create(last_name="Durand")
    anna = Scope(portfolio_of=book["anna"].id)  # of the account at FR1 only
    assert [order.number for order in orders_in(scope=anna)] == ["O-FR1"]
    assert {promise.comment for promise in promises_in(scope=anna)} == {"FR1", "any"}
    assert [document.number for document in documents_in(scope=anna)] == ["FR1"]
    assert holds_in(scope=anna).count() == contacts_in(scope=anna).count() == 1
    ben = Scope(portfolio_of=book["ben"].id)
    for rows in (orders_in, promises_in, documents_in, holds_in, contacts_in, disputes_in):
        assert not rows(scope=ben).exists()


def test_entities_are_those_one_is_restricted_to(book):
    assert [one.code for one in entities_in(scope=EVERYTHING)] == ["DE1", "FR1"]
    assert [one.code for one in entities_in(scope=scopes(book)["entity"])] == ["FR1"]


def test_items_of_undone_loads_are_not_seen(book):
    item = items_in(scope=EVERYTHING).first()
    item.void_on = TODAY
    item.save(update_fields=["void_on"])
    assert item.id not in set(items_in(scope=EVERYTHING).values_list("id", flat=True))
