"""The lists of the ledger: rows, views, search, pages, totals, what is selected, and who sees what."""

from datetime import timedelta

import pytest

from core.models import AuditRecord, SavedView
from core.tenancy import tenant_scope
from receivables.models import Dispute, Document, Hold, OpenOrder, Promise
from tests.make import TODAY, make_account, make_customer, make_entity, make_item, make_member
from tests.pages import client_of, enter, own, statements, table

LISTS = ("customers", "items", "documents", "orders", "promises", "disputes")


@pytest.fixture
def ledger(organisation):
    """Alpha: two invoices, one 40 days late, one disputed; Beta at another entity: one due in the future, one paid."""
    with tenant_scope(organisation):
        france, germany = make_entity(code="FR1"), make_entity(code="DE1")
        alpha = make_account(customer=make_customer(ref="A1", name="Alpha Énergie"), entity=france)
        beta = make_account(customer=make_customer(ref="B1", name="Beta GmbH"), entity=germany)
        late = make_item(account=alpha, number="F-100", amount="1000.00", due=TODAY - timedelta(days=40))
        make_item(account=alpha, number="F-101", amount="250.50", due=TODAY - timedelta(days=1))
        make_item(account=beta, number="F-102", amount="80.00", due=TODAY + timedelta(days=9), currency="USD")
        make_item(account=beta, number="F-103", amount="99.00", due=TODAY, open_amount="0.00")
        Dispute.objects.create(
            customer=alpha.customer, item=late, reason="PRICE", currency="EUR", opened_on=TODAY - timedelta(days=3)
        )
    return {"alpha": alpha, "beta": beta, "late": late}


def test_items_show_what_is_open_and_how_late_it_is(organisation, ledger):
    client, _ = enter(organisation)
    rows = table(client.get("/items/"))
    assert [row[1] for row in rows[1:4]] == ["F-100", "F-101", "F-102"]
    head = rows[0]
    assert rows[1][head.index("Days late")] == "40"
    assert rows[3][head.index("Days late")] == ""
    assert rows[1][head.index("State")] == "dispute"


def test_totals_stand_below_by_currency_with_cents(organisation, ledger):
    client, _ = enter(organisation)
    rows = table(client.get("/items/"))
    place = rows[0].index("Open")
    assert [(row[1], row[place]) for row in rows[-2:]] == [("2 · EUR", "1,250.50"), ("1 · USD", "80.00")]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("state=all", {"F-100", "F-101", "F-102", "F-103"}),
        ("state=overdue", {"F-100", "F-101"}),
        ("state=not_due", {"F-102"}),
        ("state=settled", {"F-103"}),
        ("state=open&late=30", {"F-100"}),
        ("state=open&standing=disputed", {"F-100"}),
        ("state=open&currency=USD", {"F-102"}),
        ("state=open&minimum=500", {"F-100"}),
        ("q=f-10", {"F-100", "F-101", "F-102", "F-103"}),
        ("q=alpha", {"F-100", "F-101"}),
        ("q=ALPHA+energie", {"F-100", "F-101"}),
        ("q=b1&state=open", {"F-102"}),
        ("q=nothing", set()),
    ],
)
def test_filters_and_search_leave_what_they_say(organisation, ledger, query, numbers):
    client, _ = enter(organisation)
    response = client.get(f"/items/?{query}")
    assert response.status_code == 200
    found = {row[1] for row in table(response)[1:] if row[1].startswith("F-")} if numbers else set()
    assert found == numbers
    if not numbers:
        assert "No row matches these filters" in response.content.decode()


def test_a_filter_that_is_nonsense_says_so_and_filters_by_the_others(organisation, ledger):
    client, _ = enter(organisation)
    response = client.get("/items/?state=overdue&due_from=yesterday")
    assert "Due from:" in response.content.decode()
    assert {row[1] for row in table(response)[1:3]} == {"F-100", "F-101"}


def test_mine_are_those_of_which_one_is_collector_or_salesperson(organisation, ledger):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        ledger["beta"].collector = member
        ledger["beta"].save(update_fields=["collector"])
    assert [row[1] for row in table(client.get("/items/?state=open&mine=on"))[1:2]] == ["F-102"]
    names = [row[1] for row in table(client.get("/customers/?mine=on"))[1:2]]
    assert names[0].startswith("Beta GmbH")


@pytest.mark.parametrize("name", LISTS)
def test_a_salesperson_sees_the_rows_of_own_customers_only(organisation, ledger, name):
    client, member = enter(organisation, role="sales")
    with tenant_scope(organisation):
        ledger["beta"].salesperson = member
        ledger["beta"].save(update_fields=["salesperson"])
        for account in (ledger["alpha"], ledger["beta"]):
            common = {"customer": account.customer, "entity": account.entity}
            name_of = account.customer.ref
            Document.objects.create(
                **common, account=account, number=f"D-{name_of}", kind="INVOICE", document_date=TODAY, currency="EUR",
                total_amount=1,
            )  # fmt: skip
            OpenOrder.objects.create(
                **common, number=f"O-{name_of}", order_date=TODAY, currency="EUR", amount=5, open_amount=5
            )
            Promise.objects.create(**common, amount=5, currency="EUR", made_on=TODAY, due_on=TODAY)
    text = client.get(f"/{name}/?state=all" if name in ("items", "orders", "promises", "disputes") else f"/{name}/")
    page = text.content.decode()
    assert "Alpha" not in page
    assert ("Beta GmbH" in page) == (name != "disputes")


@pytest.mark.parametrize("path", ["items", "documents", "customers"])
def test_another_salespersons_row_is_not_found(organisation, ledger, path):
    client, _ = enter(organisation, role="sales")
    with tenant_scope(organisation):
        alpha = ledger["alpha"]
        document = Document.objects.create(
            customer=alpha.customer, account=alpha, entity=alpha.entity, number="D", kind="INVOICE",
            document_date=TODAY, currency="EUR", total_amount=1,
        )  # fmt: skip
    row_id = {"items": ledger["late"].id, "documents": document.id, "customers": alpha.customer_id}[path]
    assert client.get(f"/{path}/{row_id}/").status_code == 404


def test_a_member_of_one_entity_sees_its_rows_only(organisation, ledger):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        member.entity_accesses.create(entity=ledger["beta"].entity)
    assert {row[1] for row in table(client.get("/items/?state=all"))[1:3]} == {"F-102", "F-103"}
    page = client.get("/items/?state=all").content.decode()
    assert "F-102" in page
    assert "F-100" not in page


def test_pages_go_on_and_back_without_losing_a_row(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account = make_account()
        for n in range(120):
            make_item(account=account, number=f"F-{n:03}", due=TODAY + timedelta(days=n % 7))
    seen, url = [], "/items/?state=open"
    while url:
        response = client.get(url)
        seen += [row[1] for row in table(response)[1:] if row[1].startswith("F-")]
        listing = response.context["listing"]
        url = "/items/" + listing.next_url if listing.next_url else ""
    assert len(seen) == len(set(seen)) == 120
    back = client.get("/items/" + listing.previous_url)
    assert [row[1] for row in table(back)[1:51]] == seen[50:100]


def test_amounts_are_ranked_currency_by_currency(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account = make_account()
        for number, amount, currency in (("F-1", "10", "EUR"), ("F-2", "30", "USD"), ("F-3", "20", "EUR")):
            make_item(account=account, number=number, amount=amount, currency=currency)
    rows = table(client.get("/items/?state=open&sort=-open_amount"))
    assert [row[1] for row in rows[1:4]] == ["F-3", "F-1", "F-2"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_few_statements_however_long_it_is(organisation, name):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        for n in range(60):
            account = make_account(customer=make_customer(name=f"Customer {n:02}"), collector=member)
            item = make_item(account=account, number=f"F-{n}")
            common = {"customer": account.customer, "entity": account.entity}
            Document.objects.create(
                **common, account=account, number=f"D{n}", kind="INVOICE", document_date=TODAY, currency="EUR",
                total_amount=1,
            )  # fmt: skip
            OpenOrder.objects.create(
                **common, number=f"O{n}", order_date=TODAY, currency="EUR", amount=5, open_amount=5
            )
            Promise.objects.create(**common, amount=5, currency="EUR", made_on=TODAY, due_on=TODAY)
            Dispute.objects.create(
                customer=account.customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY
            )
    client.get(f"/{name}/")
    with statements() as sql:
        assert client.get(f"/{name}/").status_code == 200
    assert len(own(sql)) <= 8, "\n".join(own(sql))
    assert len(sql) <= 14, "\n".join(sql)


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_the_next_step(organisation, name):
    client, _ = enter(organisation)
    page = client.get(f"/{name}/").content.decode()
    assert 'class="empty"' in page
    assert 'class="btn btn-primary"' in page[page.index('class="empty"') :]


def test_counts_of_views_come_after_the_page_and_are_right(organisation, ledger):
    client, _ = enter(organisation)
    assert 'hx-get="/items/?part=tabs"' in client.get("/items/").content.decode()
    tabs = client.get("/items/?part=tabs", headers={"HX-Request": "true"}).content.decode()
    assert [count for count in ("Open", "Overdue") if f">{count} <" in tabs] == ["Open", "Overdue"]
    counts = [part.partition("<")[0] for part in tabs.split('class="n">')[1:]]
    assert counts == ["3", "0", "2", "0", "1", "0", "4"]
    assert 'class="n">3<' in client.get("/items/").content.decode()


def test_a_view_is_saved_shared_shown_and_removed(organisation, ledger):
    client, member = enter(organisation)
    response = client.post(
        "/lists/items/views/", {"name": " Big  ones ", "query": "minimum=500&after=x", "is_shared": "on"}
    )
    assert (response.status_code, response["Location"]) == (302, "/items/?minimum=500")
    other, _ = enter(organisation)
    assert "Big ones" in other.get("/items/").content.decode()
    with tenant_scope(organisation):
        view = SavedView.objects.get(owner_id=member.id)
    assert other.post(f"/lists/views/{view.id}/remove/").status_code == 404
    assert client.post(f"/lists/views/{view.id}/remove/").status_code == 302
    assert "Big ones" not in other.get("/items/").content.decode()


@pytest.mark.parametrize("name", ["", "x" * 61])
def test_a_view_needs_a_name_that_fits(organisation, ledger, name):
    client, _ = enter(organisation)
    assert client.post("/lists/items/views/", {"name": name, "query": "late=3"}).status_code == 400
    assert client.post("/lists/nothing/views/", {"name": "x", "query": ""}).status_code == 404


def test_picked_items_are_held_with_a_reason_and_let_go_again(organisation, ledger):
    client, member = enter(organisation)
    picks = [str(ledger["late"].id)]
    form = client.post("/items/hold/", {"pick": picks}, headers={"HX-Request": "true"})
    assert form.status_code == 200
    assert f'value="{picks[0]}"' in form.content.decode()
    sent = {"pick": picks, "sent": "1", "reason": "COMMERCIAL", "note": "talk to sales", "until_on": "2026-03-31"}
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/items/?state=overdue"}
    response = client.post("/items/hold/", sent, headers=page)
    assert response["HX-Redirect"] == "/items/?state=overdue"
    with tenant_scope(organisation):
        hold = Hold.objects.get()
        assert (hold.item_id, hold.reason, hold.note, hold.placed_by_id) == (
            ledger["late"].id, "COMMERCIAL", "talk to sales", member.id,
        )  # fmt: skip
        assert AuditRecord.objects.filter(action="receivables.hold_placed", customer_id=hold.customer_id).count() == 1
    assert "held" in client.get("/items/").content.decode()
    assert client.post(f"/holds/lift/?pick={hold.id}", headers=page).status_code == 200
    with tenant_scope(organisation):
        assert Hold.objects.get().lifted_on == TODAY


def test_a_hold_in_force_for_the_reason_is_not_placed_twice(organisation, ledger):
    client, _ = enter(organisation)
    sent = {"pick": [str(ledger["alpha"].customer_id)], "sent": "1", "reason": "COMMERCIAL"}
    for _n in range(2):
        client.post("/customers/hold/", sent)
    with tenant_scope(organisation):
        assert Hold.objects.count() == 1


def test_nobody_holds_or_assigns_rows_out_of_their_scope(organisation, ledger):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        member.entity_accesses.create(entity=ledger["beta"].entity)
    sent = {"pick": [str(ledger["late"].id)], "sent": "1", "reason": "COMMERCIAL"}
    assert client.post("/items/hold/", sent).status_code == 404
    sent = {"pick": [str(ledger["alpha"].customer_id)], "sent": "1", "collector": str(member.id)}
    assert client.post("/customers/assign/", sent).status_code == 404
    with tenant_scope(organisation):
        assert not Hold.objects.exists()


def test_nothing_selected_is_said(organisation, ledger):
    client, _ = enter(organisation)
    response = client.post("/items/hold/", {"sent": "1", "reason": "COMMERCIAL"})
    assert response.status_code == 400
    assert "Select at least one row first" in response.content.decode()


def test_customers_are_assigned_to_a_colleague(organisation, ledger):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        colleague = make_member(role="collector", name="Léa Durand")
    sent = {"pick": [str(ledger["alpha"].customer_id)], "sent": "1", "collector": str(colleague.id)}
    assert client.post("/customers/assign/", sent).status_code == 302
    assert "Léa D." in client.get("/customers/").content.decode()
    assert table(client_of(colleague).get("/customers/?mine=on"))[1][1].startswith("Alpha Énergie")


def test_a_dispute_is_opened_partly_and_closed_with_a_word(organisation, ledger):
    client, _ = enter(organisation)
    picks = [str(ledger["late"].id)]
    wrong = {"pick": picks, "sent": "1", "reason": "QUANTITY", "disputed_amount": "1000.01"}
    response = client.post("/items/dispute/", wrong)
    assert response.status_code == 422
    assert client.post("/items/dispute/", {**wrong, "disputed_amount": "400"}).status_code == 302
    with tenant_scope(organisation):
        dispute = Dispute.objects.get(reason="QUANTITY")
        assert dispute.disputed_amount == 400
    sent = {"pick": [str(dispute.id)], "sent": "1", "comment": "credit note agreed"}
    assert client.post("/disputes/close/", sent).status_code == 302
    with tenant_scope(organisation):
        dispute.refresh_from_db()
    assert (dispute.closed_on, dispute.comment) == (TODAY, "credit note agreed")
    assert client.post("/disputes/close/", sent).status_code == 409


def test_customers_show_each_currency_for_itself(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(name="Gamma SA"))
        make_item(account=account, amount="1000.00", due=TODAY - timedelta(days=5))
        make_item(account=account, amount="70.00", due=TODAY, currency="USD")
    rows = table(client.get("/customers/"))
    head, row = rows[0], rows[1]
    assert row[head.index("Open")] == "1,00070"
    assert row[head.index("Currency")] == "EURUSD"
    assert [(row[1], row[head.index("Open")], row[head.index("Overdue")]) for row in rows[2:4]] == [
        ("1 · EUR", "1,000.00", "1,000.00"),
        ("1 · USD", "70.00", "0.00"),
    ]
