"""The pages of the ledger in a browser: accessible in both modes, whole on a phone, and the main ways by keyboard."""

from datetime import timedelta

import pytest
from django.db import transaction

from core.tenancy import tenant_scope
from receivables.models import Contact, Customer, Dispute, Document, Hold, LedgerItem, OpenOrder, Promise
from tests.browser.conftest import PHONE
from tests.make import (
    TODAY,
    make_account,
    make_allocation,
    make_customer,
    make_entity,
    make_item,
    make_member,
    make_tenant,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Tall, so that the totals, which stick to the lower edge, cover no row.
TALL = (1440, 2600)
PAGES = (
    "/", "/customers/", "/items/", "/items/?state=all", "/documents/", "/orders/", "/promises/", "/disputes/",
    "/ageing/", "/ageing/?currency=ALL", "/ageing/items/?bucket=overdue", "/quality/", "/quality/?check=no_email",
)  # fmt: skip

# The menu's switch; colours that still fade would be measured half-way.
TO_DARK = """async () => {
  window.encoursTheme("dark");
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish());
}"""


@pytest.fixture
def visit(visit):
    """As ever, but patient: the first page of a process compiles its templates, on a machine that may be busy."""

    def start(**options):
        opened = visit(**options)
        opened.page.context.set_default_timeout(40_000)
        return opened

    return start


@pytest.fixture
def organisation(transactional_db, settings, tmp_path):
    settings.SPOOL_DIR, settings.DATA_DIR = tmp_path / "spool", tmp_path
    organisation = make_tenant(name="Nordis")
    with tenant_scope(organisation), transaction.atomic():
        entity = make_entity(code="FR1", name="Nordis France")
        for n in range(12):
            customer = make_customer(ref=f"C{n:03}", name=f"Établissements Longuenom {n:02} SARL", country="FR")
            account = make_account(customer=customer, entity=entity)
            item = make_item(
                account=account,
                number=f"F-{n:03}",
                amount=f"{1500 + 410 * n}.25",
                due=TODAY - timedelta(days=13 * n - 20),
            )
            common = {"customer": customer, "entity": entity}
            Document.objects.create(
                **common, account=account, number=f"F-{n:03}", kind="INVOICE", document_date=TODAY, currency="EUR",
                total_amount=item.amount,
            )  # fmt: skip
            if n % 3 == 0:
                Promise.objects.create(**common, amount=500 + n, currency="EUR", made_on=TODAY, due_on=TODAY)
                Dispute.objects.create(customer=customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY)
                OpenOrder.objects.create(
                    **common, number=f"O-{n}", order_date=TODAY, currency="EUR", amount=900, open_amount=900
                )
                make_item(
                    account=account, number=f"U-{n}", amount="70.00", currency="USD", due=TODAY - timedelta(days=3)
                )
        Contact.objects.create(
            customer=customer, last_name="Durand", email="d@longuenom.example", phone="+33 1 44 55 66 77"
        )
        Hold.objects.create(customer=customer, reason="INSOLVENCY", from_on=TODAY)
        payment = make_item(account=account, number="P-1", amount="-100.00", kind="PAYMENT", due=TODAY)
        make_allocation(debit=item, credit=payment, amount="100.00", on=TODAY)
    return organisation


def person(organisation, role: str = "credit_manager"):
    with tenant_scope(organisation), transaction.atomic():
        return make_member(role=role).user


def own_pages(organisation) -> list[str]:
    """Pages of single rows."""
    with tenant_scope(organisation), transaction.atomic():
        customer = Customer.objects.get(ref="C011")
        item = LedgerItem.objects.get(number="F-011")
        document = Document.objects.get(number="F-011")
    tabs = ("items", "disputes", "promises", "holds", "contacts", "accounts")
    return [
        f"/items/{item.id}/",
        f"/documents/{document.id}/",
        *(f"/customers/{customer.id}/?tab={tab}" for tab in tabs),
    ]


def test_every_page_is_accessible_in_both_modes_and_fits_a_phone(visit, organisation):
    """One visit of each page: in the dark only colours differ, and on a phone only the width."""
    opened = visit(user=person(organisation), size=TALL)
    found = {}
    for path in (*PAGES, *own_pages(organisation)):
        page = opened.go(path)
        faults = opened.faults()
        page.evaluate(TO_DARK)
        dark = page.evaluate("axe.run(document, {runOnly: ['color-contrast']})")
        faults += [f"dark {node['html'][:200]}" for one in dark["violations"] for node in one["nodes"]]
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        width = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"phone {width}"] if width > PHONE[0] else []
        page.set_viewport_size({"width": TALL[0], "height": TALL[1]})
        if faults:
            found[path] = faults
    assert found == {}


def test_each_role_has_an_accessible_first_page(visit, organisation):
    found = {}
    for role in ("cfo", "collector", "sales", "dispute_resolver"):
        opened = visit(user=person(organisation, role), size=TALL)
        opened.go("/")
        found[role] = opened.faults()
    assert not any(found.values()), found


def test_a_customer_is_found_and_opened_by_keyboard(visit, organisation):
    page = visit(user=person(organisation)).go("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("longuenom 05")
    page.wait_for_selector("#palette-found [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*/")
    assert "Longuenom 05" in page.inner_text("h1")


def test_rows_are_walked_picked_and_opened_by_keyboard(visit, organisation):
    page = visit(user=person(organisation)).go("/items/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.inner_text(".bulk-bar [data-count]") == "1"
    first = page.inner_text("tr.is-current th[scope=row] a")
    page.focus("tr.is-current th[scope=row] a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*-*/")
    assert first in page.inner_text("h1")


def test_an_amount_of_the_aged_balance_leads_to_items_of_that_sum(visit, organisation):
    page = visit(user=person(organisation)).go("/ageing/")
    link = page.locator("tbody td.age4 a").first
    wanted = link.get_attribute("title")
    link.click()
    page.wait_for_load_state("networkidle")
    assert wanted in page.inner_text("tfoot")


def test_the_list_is_filtered_as_one_types_and_the_address_says_so(visit, organisation):
    opened = visit(user=person(organisation))
    page = opened.go("/items/")
    page.keyboard.press("/")
    page.keyboard.type("f-007")
    page.wait_for_url("**q=f-007**")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")
    assert opened.has_focus("#list-search")


def test_reminders_are_suspended_from_the_list_and_taken_back(visit, organisation):
    page = visit(user=person(organisation)).go("/items/")
    page.locator("td.pick input").first.click()
    page.locator(".bulk-bar button").first.click()
    page.wait_for_selector("#drawer[open]")
    page.select_option("#drawer select[name=reason]", "COMMERCIAL")
    page.click("#drawer .btn-primary")
    page.wait_for_selector(".toast-card:has-text('1 suspension placed')")
    page.click(".toast-card [hx-post]")
    page.wait_for_selector(".toast-card:has-text('Reminders go on')")


def test_a_mistyped_identifier_is_refused_beside_its_field_then_repaired(visit, organisation):
    opened = visit(user=person(organisation))
    page = opened.go("/quality/")
    before = int(page.inner_text(".quality-checks [aria-current] .count"))
    page.locator("td.actions button").first.click()
    page.wait_for_selector("#drawer[open]")
    page.fill("#drawer [name=siren]", "732829321")
    page.click("#drawer .btn-primary")
    page.wait_for_selector("#drawer .field-error")
    page.fill("#drawer [name=siren]", "732829320")
    page.click("#drawer .btn-primary")
    page.wait_for_selector(".toast-card")
    assert int(page.inner_text(".quality-checks [aria-current] .count")) == before - 1
    # The refusal is an answer of 422, which the browser writes to its console.
    opened.complaints[:] = [one for one in opened.complaints if "422" not in one]
