"""A customer's page: figures, tabs, history, what one may do, and how little it asks of the database."""

from datetime import timedelta

import pytest

from core.tenancy import tenant_scope
from desk.models import Event
from receivables.models import Contact, Dispute, Hold, Promise
from tests.make import TODAY, make_account, make_allocation, make_customer, make_item
from tests.pages import enter, own, statements, table

TABS = ("items", "documents", "orders", "disputes", "promises", "holds", "contacts", "accounts")


@pytest.fixture
def alpha(organisation):
    """Owes 900 EUR since 30 days and 50 USD not yet due; paid 100 EUR ten days ago."""
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(ref="A1", name="Alpha SA"))
        late = make_item(account=account, number="F-1", amount="1000.00", due=TODAY - timedelta(days=30))
        payment = make_item(
            account=account, number="P-1", amount="-100.00", kind="PAYMENT", due=TODAY - timedelta(days=10),
            issued=TODAY - timedelta(days=10),
        )  # fmt: skip
        make_allocation(debit=late, credit=payment, amount="100.00", on=TODAY - timedelta(days=10))
        make_item(account=account, number="F-2", amount="50.00", due=TODAY + timedelta(days=5), currency="USD")
        Contact.objects.create(customer=account.customer, last_name="Durand", email="d@alpha.example", is_primary=True)
    return account


def test_figures_stand_by_currency_and_are_never_added(organisation, alpha):
    client, _ = enter(organisation)
    response = client.get(f"/customers/{alpha.customer_id}/")
    found = {one["row"].currency: one["row"] for one in response.context["figures"]}
    assert (found["EUR"].exposure, found["EUR"].overdue_amount) == (900, 900)
    assert (found["USD"].exposure, found["USD"].overdue_amount) == (50, 0)
    assert "30 days late" in response.content.decode()


def test_open_items_are_those_of_the_day_that_is_asked_for(organisation, alpha):
    client, _ = enter(organisation)
    url = f"/customers/{alpha.customer_id}/"
    head, *rows = table(client.get(url), "customer-items")
    assert [row[head.index("Open")] for row in rows[:2]] == ["900", "50"]
    before = client.get(f"{url}?as_of={TODAY - timedelta(days=11)}")
    assert table(before, "customer-items")[1][head.index("Open")] == "1,000"
    everything = client.get(f"{url}?show=all").content.decode()
    assert "P-1" in everything


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_a_page_and_a_part_of_one(organisation, alpha, tab):
    client, _ = enter(organisation)
    url = f"/customers/{alpha.customer_id}/?tab={tab}"
    whole = client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert f'href="?tab={tab}" aria-current="page"' in part


def test_history_tells_what_happened_newest_first(organisation, alpha):
    client, member = enter(organisation)
    with tenant_scope(organisation):
        customer = alpha.customer
        item = customer.items.get(number="F-1")
        Dispute.objects.create(
            customer=customer, item=item, reason="PRICE", currency="EUR", opened_on=TODAY - timedelta(days=8),
            closed_on=TODAY - timedelta(days=3), comment="old price list", opened_by=member,
        )  # fmt: skip
        Promise.objects.create(
            customer=customer, amount=900, currency="EUR", made_on=TODAY - timedelta(days=2), due_on=TODAY
        )
        Hold.objects.create(customer=customer, reason="COMMERCIAL", from_on=TODAY - timedelta(days=1))
        Event.objects.create(
            customer=customer, kind="call.logged", on=TODAY, member_id=member.id,
            data={"outcome": "REACHED", "text": "pays on Friday", "next_on": None},
        )  # fmt: skip
    page = client.get(f"/customers/{alpha.customer_id}/").content.decode()
    history = page[page.index('class="timeline"') :]
    words = [
        "pays on Friday",
        "Reminders suspended",
        "<strong>Promise</strong>",
        "Dispute closed",
        "old price list",
        "Payment",
    ]
    places = [history.index(word) for word in words]
    assert places == sorted(places)


def test_older_lines_follow_without_gap_or_repetition(organisation, alpha):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        for n in range(47):
            Event.objects.create(
                customer=alpha.customer,
                kind="note.logged",
                on=TODAY - timedelta(days=n // 9),
                data={"text": f"note {n:02}."},
            )
    response = client.get(f"/customers/{alpha.customer_id}/")
    texts, older = [line["text"] for line in response.context["lines"]], response.context["older"]
    while older:
        response = client.get(f"/customers/{alpha.customer_id}/timeline/?{older}")
        texts += [line["text"] for line in response.context["lines"]]
        older = response.context["older"]
    notes = [text for text in texts if text.startswith("note")]
    assert len(notes) == len(set(notes)) == 47


@pytest.mark.parametrize("before", ["x", "2026-01-01", "2026-01-01~2026-01-01T00:00:00~x", "~~"])
def test_a_place_that_is_none_gives_the_newest_lines(organisation, alpha, before):
    client, _ = enter(organisation)
    assert client.get(f"/customers/{alpha.customer_id}/timeline/", {"before": before}).status_code == 200


def test_a_promise_of_the_chosen_items_is_recorded_and_withdrawn(organisation, alpha):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        item = alpha.customer.items.get(number="F-1")
    url = f"/customers/{alpha.customer_id}/promise/"
    sent = {
        "sent": "1",
        "due_on": str(TODAY + timedelta(days=7)),
        "currency": "EUR",
        "items": [str(item.id)],
        "amount": "",
    }
    assert client.post(url, {**sent, "due_on": str(TODAY - timedelta(days=1))}).status_code == 422
    assert client.post(url, sent).status_code == 302
    with tenant_scope(organisation):
        promise = Promise.objects.get()
        assert (promise.amount, promise.entity_id) == (900, item.entity_id)
        assert promise.promise_items.get().item_id == item.id
    assert client.post(f"/promises/withdraw/?pick={promise.id}").status_code == 302
    with tenant_scope(organisation):
        assert Promise.objects.get().state == "WITHDRAWN"


def test_a_dispute_is_opened_on_an_item_chosen_in_the_form(organisation, alpha):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        item = alpha.customer.items.get(number="F-1")
    url = f"/customers/{alpha.customer_id}/dispute/"
    assert client.post(url, {"sent": "1", "reason": "PRICE"}).status_code == 422
    assert client.post(url, {"sent": "1", "reason": "PRICE", "items": [str(item.id)]}).status_code == 302
    with tenant_scope(organisation):
        assert Dispute.objects.get().item_id == item.id


def test_a_salesperson_sees_own_customers_only_and_may_not_promise(organisation, alpha):
    client, member = enter(organisation, role="sales")
    url = f"/customers/{alpha.customer_id}/"
    assert client.get(url).status_code == client.get(f"{url}timeline/").status_code == 404
    with tenant_scope(organisation):
        alpha.salesperson = member
        alpha.save(update_fields=["salesperson"])
    page = client.get(url).content.decode()
    assert "Alpha SA" in page
    assert "/promise/" not in page
    assert client.get(f"{url}promise/").status_code == 403


def test_the_page_costs_at_most_twelve_statements(organisation, alpha):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        for n in range(40):
            make_item(account=alpha, number=f"G-{n}")
    client.get("/items/")  # the sidebar's counts are kept for a minute
    for tab in TABS:
        with statements() as sql:
            assert client.get(f"/customers/{alpha.customer_id}/?tab={tab}").status_code == 200
        assert len(own(sql)) <= 12, "\n".join(own(sql))
