"""The aged balance as a page: its figures are those of the ledger, on any day, and each leads to its items."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from core.tenancy import tenant_scope
from receivables.models import LedgerItem
from tests.make import TODAY, make_account, make_allocation, make_customer, make_entity, make_item
from tests.pages import enter, number, own, statements, table
from tests.receivables.recompute import Item, Part, Version, ageing_document

DAYS = [date(2026, 3, 2) - timedelta(days=29 * n) for n in range(13)]
BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")


@pytest.fixture
def books(organisation):
    """Some thirty items of four customers over a year, part of them paid in parts; and the same for the recomputation."""
    again: list[Item] = []
    with tenant_scope(organisation):
        entity = make_entity(code="FR1")
        for c in range(4):
            account = make_account(customer=make_customer(ref=f"C{c}", name=f"Customer {c}"), entity=entity)
            for n in range(8):
                issued = date(2025, 3, 10) + timedelta(days=41 * n + 7 * c)
                due = issued + timedelta(days=(14, 30, 45, 60)[(n + c) % 4])
                currency = "USD" if c == 3 else "EUR"
                sign = -1 if (n, c) in ((2, 0), (5, 1)) else 1
                amount = Decimal(f"{sign * (100 + 37 * n + 11 * c)}.{(7 * n + c) % 100:02}")
                item = make_item(
                    account=account, number=f"F-{c}{n}", amount=str(amount), due=due, issued=issued, currency=currency
                )
                parts = []
                for k in range(n % 3 if sign > 0 else 0):
                    paid_on = due + timedelta(days=20 * k + 9 * c - 12)
                    part = (amount / 4).quantize(Decimal("0.01"))
                    make_allocation(debit=item, amount=str(part), on=max(paid_on, issued))
                    parts.append(Part(max(paid_on, issued), part))
                again.append(Item(f"C{c}", currency, [Version(issued, due, amount)], parts, entity="FR1"))
    return again


def page_rows(response) -> dict[tuple[str, str], dict[str, Decimal]]:
    """(reference, currency) -> the row's amounts, with their cents from the cells' titles."""
    listing = response.context["listing"]
    return {
        (row.row["ref"], row.row["currency"]): {name: row.row[name] for name in (*BUCKETS, "total")}
        for row in listing.rows
    }


@pytest.mark.parametrize("on", DAYS)
def test_page_and_export_show_what_a_recomputation_gives(organisation, books, on):
    client, _ = enter(organisation)
    expected = {
        (row["customer"], row["currency"]): {name: Decimal(row[name]) for name in (*BUCKETS, "total")}
        for row in ageing_document(books, on=on)["rows"]
    }
    response = client.get(f"/ageing/?on={on}&currency=ALL")
    assert page_rows(response) == expected
    body = client.get(f"/lists/ageing/export/?on={on}&currency=ALL&format=csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(body)))
    assert {(line["Reference"], line["Currency"]): Decimal(line["Total"]) for line in lines} == {
        key: row["total"] for key, row in expected.items()
    }


@pytest.mark.parametrize("on", [DAYS[0], DAYS[5], DAYS[9]])
def test_every_amount_leads_to_items_that_sum_up_to_it(organisation, books, on):
    client, _ = enter(organisation)
    response = client.get(f"/ageing/?on={on}&currency=EUR")
    checked = 0
    for row in response.context["listing"].rows:
        for name in BUCKETS:
            if not row.row[name]:
                continue
            items = client.get(row.row["behind"](name)).context["listing"].rows
            assert sum(item.row["open_amount"] for item in items) == row.row[name]
            checked += 1
    assert checked > 3


def test_the_totals_lead_to_their_items_too(organisation, books):
    client, _ = enter(organisation)
    rows = client.get("/ageing/?currency=EUR").context["listing"].total_rows
    links = [cell for _css, cell in rows[0] if "href" in cell]
    assert len(links) >= 5
    for link in links:
        url = link.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
        shown = link.partition(">")[2].partition("<")[0]
        listing = client.get(url).context["listing"]
        assert sum(row.row["open_amount"] for row in listing.rows) == number(shown)


def test_without_choice_the_currency_with_most_customers_is_shown(organisation, books):
    client, _ = enter(organisation)
    response = client.get("/ageing/")
    assert {row.row["currency"] for row in response.context["listing"].rows} == {"EUR"}
    assert "as of 2 Mar 2026 · EUR · 1 company" in response.content.decode()


def test_credits_stand_in_a_column_of_their_own_when_asked(organisation, books):
    client, _ = enter(organisation)
    assert "Credits" not in table(client.get("/ageing/"))[0]
    rows = table(client.get("/ageing/?credits=OWN_COLUMN&on=2025-09-01"))
    place = rows[0].index("Credits")
    assert any(number(row[place]) < 0 for row in rows[1:])


def test_rows_are_sorted_by_what_is_asked(organisation, books):
    client, _ = enter(organisation)
    names = [row.row["ref"] for row in client.get("/ageing/?sort=-name").context["listing"].rows]
    assert names == sorted(names, reverse=True)
    overdue = [row.row["overdue"] for row in client.get("/ageing/?sort=-overdue").context["listing"].rows]
    assert overdue == sorted(overdue, reverse=True)


def test_a_long_aged_balance_is_paged_without_loss(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        for n in range(110):
            make_item(account=make_account(customer=make_customer(ref=f"C{n:03}")), amount=f"{100 + n % 7}.00")
    seen, url = [], "/ageing/"
    while url:
        listing = client.get(url).context["listing"]
        seen += [row.row["ref"] for row in listing.rows]
        last, url = listing, "/ageing/" + listing.next_url if listing.next_url else ""
    assert len(seen) == len(set(seen)) == 110
    back = client.get("/ageing/" + last.previous_url).context["listing"]
    assert [row.row["ref"] for row in back.rows] == seen[50:100]


@pytest.mark.parametrize("marker", ["x", "W10", "WyJhIiwgImIiLCAiYyJd", "bnVsbA"])
def test_a_page_marker_of_another_list_is_refused(organisation, books, marker):
    client, _ = enter(organisation)
    assert client.get(f"/ageing/?after={marker}").status_code == 400
    assert client.get(f"/ageing/items/?after={marker}").status_code == 400


def test_a_day_before_the_first_snapshot_says_so_and_not_zero(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        make_item(due=TODAY - timedelta(days=90), issued=TODAY - timedelta(days=120), known_on=TODAY)
    page = client.get("/ageing/?on=2025-12-31").content.decode()
    assert "figures are known from 2 Mar 2026 on" in page
    assert "figures are known from" not in client.get("/ageing/").content.decode()


def test_what_we_learned_later_is_left_out_when_asked(organisation):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        item = make_item(amount="100.00", due=TODAY - timedelta(days=40), issued=TODAY - timedelta(days=60))
        late = TODAY - timedelta(days=1)
        make_allocation(debit=item, amount="30.00", on=TODAY - timedelta(days=20), known_on=late)
    on = TODAY - timedelta(days=10)
    assert client.get(f"/ageing/?on={on}").context["listing"].rows[0].row["total"] == 70
    known = client.get(f"/ageing/?on={on}&known_on={on}")
    assert known.context["listing"].rows[0].row["total"] == 100
    assert f"as known on {on.day} Feb 2026" in known.content.decode()


def test_the_filter_is_kept_on_the_way_to_the_items(organisation, books):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        entity = LedgerItem.objects.first().entity_id
    listing = client.get(f"/ageing/?entity={entity}&on=2026-01-31").context["listing"]
    query = parse_qs(urlsplit(listing.rows[0].row["behind"]("d1_30")).query)
    assert (query["entity"], query["on"], query["bucket"]) == ([str(entity)], ["2026-01-31"], ["d1_30"])


def test_a_salesperson_reads_own_customers_only(organisation, books):
    client, member = enter(organisation, role="sales")
    assert "Nothing is open" in client.get("/ageing/").content.decode()
    with tenant_scope(organisation):
        account = LedgerItem.objects.filter(customer__ref="C1").first().account
        account.salesperson = member
        account.save(update_fields=["salesperson"])
    assert {ref for ref, _currency in page_rows(client.get("/ageing/?currency=ALL"))} == {"C1"}


def test_the_aged_balance_costs_few_statements(organisation, books):
    client, _ = enter(organisation)
    client.get("/ageing/")
    for url in ("/ageing/", "/ageing/?on=2025-12-31", "/ageing/items/?bucket=overdue"):
        with statements() as sql:
            assert client.get(url).status_code == 200
        assert len(own(sql)) <= 8, "\n".join(own(sql))


def test_an_organisation_without_ledger_is_told_to_import_one(organisation):
    client, _ = enter(organisation)
    page = client.get("/ageing/").content.decode()
    assert "Nothing is open" in page
    assert 'href="/imports/"' in page[page.index('class="empty"') :]
