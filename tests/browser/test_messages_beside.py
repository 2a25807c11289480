"""Pages of messages beside reminders in a browser: accessible in both modes, whole on a phone; a statement by hand."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from core.tenancy import tenant_scope
from desk.models import Message, MessageFile
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_ledger_pages import TO_DARK
from tests.make import TODAY, make_account, make_customer, make_entity, make_item, make_member, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house():
    """A manager, a customer that owes, and a registered letter with what went along and what had changed."""
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        member = make_member(role="credit_manager", name="Marc Petit")
        entity = make_entity(code="FR", name="Nordis France SAS", country="FR", language="fr")
        customer = make_customer(name="Durand & Fils SA", email="ap@durand.example", language="fr")
        account = make_account(customer=customer, entity=entity)
        item = make_item(account=account, number="FA-1", amount="1250.50")
        letter = Message.objects.create(
            customer=customer, entity=entity, reason_type="collection.Action", reason_id=uuid4(), on=TODAY,
            channel="REGISTERED_LETTER", recipient="3 rue du Port, 44000 Nantes", language="fr", state="SENT",
            sent_at=datetime(2026, 3, 2, 9, tzinfo=UTC), subject="Mise en demeure", body_text="Madame, Monsieur",
            body_html="<p>Madame, Monsieur</p>", enclosures=[{"kind": "STATEMENT"}],
            changed=[
                {"what": "amount", "number": "FA-1", "from": "1300.00", "to": "1250.50", "currency": "EUR"},
                {"what": "gone", "number": "FA-2"},
            ],
            facts=[{"item": str(item.id), "number": "FA-1", "due_date": "2026-02-01", "open_amount": "1250.50",
                    "currency": "EUR"}],
        )  # fmt: skip
        MessageFile.objects.create(
            message=letter,
            position=1,
            kind="STATEMENT",
            file_name="statement-C1.pdf",
            size=1,
            sha256="0" * 64,
            path="x",
        )
        pages = [
            reverse("notice_settings"),
            reverse("my_notices"),
            reverse("message", args=[letter.id]),
        ]
        return member.user, pages, reverse("customer", args=[customer.id]), tenant


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_pages_are_accessible_in_both_modes_and_whole(house, visit, size):
    user, pages, _customer, _tenant = house
    opened = visit(user=user, size=size)
    opened.page.context.set_default_timeout(40_000)
    for path in pages:
        page = opened.go(path)
        assert opened.faults() == [], path
        page.evaluate(TO_DARK)
        assert opened.faults() == [], path


def test_a_statement_is_sent_from_the_customers_page(house, visit):
    user, _pages, customer, tenant = house
    opened = visit(user=user)
    opened.page.context.set_default_timeout(40_000)
    page = opened.go(customer)
    page.get_by_role("button", name="Statement", exact=True).click()
    page.get_by_role("button", name="Send to the customer").wait_for()
    assert opened.faults() == []
    page.get_by_role("button", name="Send to the customer").click()
    page.get_by_text("The statement is on its way to ap@durand.example.").wait_for()
    with tenant_scope(tenant), transaction.atomic():
        assert Message.objects.filter(reason_type="collection.Statement").count() == 1
