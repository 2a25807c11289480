"""One item and one document: what was set against it, what it said before, what keeps reminders back."""

from datetime import timedelta

import pytest

from core.tenancy import tenant_scope
from receivables.models import Allocation, Dispute, Document, Hold, LedgerItemRevision
from tests.make import TODAY, make_account, make_allocation, make_item
from tests.pages import enter, own, statements, table


@pytest.fixture
def paid(organisation):
    """An invoice of 1,000 that was paid by 400 with a named payment, then by 100 without counterpart."""
    with tenant_scope(organisation):
        account = make_account()
        invoice = make_item(account=account, number="F-1", amount="1000.00", due=TODAY - timedelta(days=20))
        payment = make_item(
            account=account, number="P-1", amount="-400.00", kind="PAYMENT", due=TODAY - timedelta(days=9)
        )
        make_allocation(debit=invoice, credit=payment, amount="400.00", on=TODAY - timedelta(days=9))
        make_allocation(debit=invoice, amount="100.00", on=TODAY - timedelta(days=2), reason=Allocation.Reason.SETTLED)
    return invoice, payment


def test_an_item_shows_each_part_and_what_was_left_after_it(organisation, paid):
    client, _ = enter(organisation)
    rows = table(client.get(f"/items/{paid[0].id}/"))
    assert [(row[1], row[3], row[4]) for row in rows[1:]] == [
        ("P-1 payment", "400.00", "600.00"),
        ("not named by the source", "100.00", "500.00"),
    ]


def test_a_payment_shows_the_same_parts_from_its_side(organisation, paid):
    client, _ = enter(organisation)
    rows = table(client.get(f"/items/{paid[1].id}/"))
    assert [(row[1], row[3], row[4]) for row in rows[1:]] == [("F-1 invoice", "-400.00", "0.00")]


def test_a_part_taken_back_raises_what_is_left(organisation, paid):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        first = Allocation.objects.filter(credit_item=paid[1]).get()
        Allocation.objects.create(
            customer_id=first.customer_id, debit_item=first.debit_item, debit_amount=-400, debit_currency="EUR",
            credit_item=first.credit_item, credit_amount=-400, credit_currency="EUR", on=TODAY, known_on=TODAY,
            reason=Allocation.Reason.REVERSED, reverses=first,
        )  # fmt: skip
    rows = table(client.get(f"/items/{paid[0].id}/"))
    assert [(row[3], row[4]) for row in rows[1:]] == [("400.00", "600.00"), ("100.00", "500.00"), ("-400.00", "900.00")]


def test_what_an_item_said_before_is_shown_with_what_changed(organisation, paid):
    client, _ = enter(organisation)
    invoice = paid[0]
    with tenant_scope(organisation):
        LedgerItemRevision.objects.create(
            item=invoice, customer_id=invoice.customer_id, known_from=TODAY - timedelta(days=30), known_until=TODAY,
            document_date=invoice.document_date, posting_date=invoice.posting_date,
            due_date=invoice.due_date - timedelta(days=15), currency="EUR", amount=900, vat_amount=None,
        )  # fmt: skip
    page = client.get(f"/items/{invoice.id}/").content.decode()
    part = page[page.index("What it said before") :]
    assert part.count("was-other") == 2  # the amount and the due date, nothing else
    assert "900.00" in part


def test_disputes_and_holds_of_an_item_are_on_its_page(organisation, paid):
    client, _ = enter(organisation)
    invoice = paid[0]
    with tenant_scope(organisation):
        Dispute.objects.create(
            customer=invoice.customer,
            item=invoice,
            reason="NOT_RECEIVED",
            currency="EUR",
            opened_on=TODAY,
            comment="lost",
        )
        Hold.objects.create(customer=invoice.customer, reason="INSOLVENCY", from_on=TODAY)
        Hold.objects.create(
            customer=invoice.customer, item=invoice, reason="FACTORED", from_on=TODAY, until_on=TODAY, lifted_on=TODAY
        )
    page = client.get(f"/items/{invoice.id}/").content.decode()
    assert "Not received" in page
    assert "Insolvency" in page
    assert "Factored" not in page


def test_who_may_only_read_sees_no_buttons(organisation, paid):
    client, _ = enter(organisation, role="auditor")
    page = client.get(f"/items/{paid[0].id}/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    # What the reminders of the item are is looked up when the page is shown; nothing can be pressed.
    assert main.count("hx-get") == main.count('hx-trigger="load"') <= 1
    assert "<button" not in main


def test_an_item_costs_few_statements(organisation, paid):
    client, _ = enter(organisation)
    client.get("/items/")  # the sidebar's counts are kept for a minute
    with statements() as sql:
        client.get(f"/items/{paid[0].id}/")
    assert len(own(sql)) <= 9, "\n".join(own(sql))


def test_a_document_shows_its_instalments_and_what_is_open_of_them(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account = make_account()
        document = Document.objects.create(
            customer=account.customer, account=account, entity=account.entity, number="F-9", kind="INVOICE",
            document_date=TODAY, currency="EUR", total_amount=300,
        )  # fmt: skip
        for n, due in enumerate((TODAY - timedelta(days=3), TODAY + timedelta(days=30)), start=1):
            make_item(
                account=account, number="F-9", source_ref=f"F-9/{n}", instalment=n, amount="150.00", due=due,
                document=document, open_amount="150.00" if n == 2 else "50.00",
            )  # fmt: skip
    response = client.get(f"/documents/{document.id}/")
    rows = table(response)
    assert [(row[0], row[2], row[4]) for row in rows[1:]] == [("F-9 / 1", "3", "50.00"), ("F-9 / 2", "", "150.00")]
    assert response.context["open_amount"] == 200
