"""Whole pages, door and shell included, ask the database as often for a hundred rows as for a few."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core.tenancy import tenant_scope
from receivables.models import Contact, Dispute, Promise
from tests.collection.story import approve, make_contact, make_debtor, propose
from tests.make import TODAY, make_account, make_allocation, make_customer, make_item
from tests.pages import enter, statements

FEW, MANY = 3, 100
ROLES = ("admin", "auditor", "cfo", "collector", "credit_manager", "sales")
LISTS = {"customers": 11, "items": 8, "documents": 7, "orders": 9, "promises": 9, "disputes": 7, "ageing": 15}


def add_customers(first: int, upto: int, **owner: object) -> None:
    """Each with an item that is late, disputed or promised, a payment and a contact."""
    for n in range(first, upto):
        account = make_account(customer=make_customer(ref=f"C{n}", name=f"Customer {n}"), **owner)
        item = make_item(account=account, number=f"F{n}", amount="120.00", due=TODAY - timedelta(days=n))
        if n % 2:
            Dispute.objects.create(
                customer=account.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY
            )
        else:
            Promise.objects.create(
                customer=account.customer, entity=account.entity, amount=5, currency="EUR", made_on=TODAY, due_on=TODAY
            )
        make_allocation(debit=item, amount="20.00", on=TODAY - timedelta(days=1))
        Contact.objects.create(customer=account.customer, last_name="Durand", email=f"d{n}@x.example")


def asked_by(client, url: str) -> list[str]:
    """The page's statements once what is kept for a minute is known."""
    client.get(url)
    with statements() as sql:
        assert client.get(url).status_code == 200
    return sql


def holds(few: list[str], many: list[str], most: int) -> None:
    # A page that shows all its rows counts and sums them itself: those two statements are all that may be added.
    assert len(many) <= len(few) + 2, "\n".join(many)
    assert len(many) <= most, "\n".join(many)


@pytest.mark.parametrize("role", ROLES)
def test_home_asks_no_more_for_more_customers(organisation, role):
    client, member = enter(organisation, role=role)
    with tenant_scope(organisation):
        add_customers(0, FEW, collector=member, salesperson=member)
    few = asked_by(client, "/")
    with tenant_scope(organisation):
        add_customers(FEW, MANY, collector=member, salesperson=member)
    holds(few, asked_by(client, "/"), 32)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_no_more_for_more_rows(organisation, name):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        add_customers(0, FEW)
    few = asked_by(client, reverse(name))
    with tenant_scope(organisation):
        add_customers(FEW, MANY)
    holds(few, asked_by(client, reverse(name)), LISTS[name])


def test_a_customer_asks_no_more_for_more_items(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account = make_account(customer=make_customer())
        make_item(account=account, number="F")
    url = reverse("customer", args=[account.customer_id])
    few = asked_by(client, url)
    with tenant_scope(organisation):
        for n in range(MANY):
            make_item(account=account, number=f"F{n}")
    holds(few, asked_by(client, url), 12)


def test_the_day_asks_no_more_for_more_reminders(organisation):
    client, _ = enter(organisation, role="collector")
    with tenant_scope(organisation):
        approve(organisation)
        first = make_debtor()
        make_contact(first)
        propose(organisation, first)
    few = asked_by(client, reverse("worklist"))
    with tenant_scope(organisation):
        for n in range(5):
            propose(organisation, make_debtor(email=f"b{n}@b.example", name=f"Bertrand {n}", entity=first.entity))
    holds(few, asked_by(client, reverse("worklist")), 26)
