"""Long lists: rows are counted so far, their sums come after the page, and only the filters asked for are made."""

import pytest

from core.lists import listing
from core.lists.cut import joins_of
from core.tenancy import tenant_scope
from receivables.filters import ItemFilters
from receivables.lists.items import ITEMS
from receivables.models import Customer
from tests.make import make_account, make_entity, make_item
from tests.pages import enter, statements

PART = {"HX-Request": "true"}


@pytest.fixture
def five(organisation, monkeypatch):
    """Five items of 10.50 EUR in a list of two rows a page that counts up to three."""
    monkeypatch.setattr(listing, "PAGE_ROWS", 2)
    monkeypatch.setitem(vars(ITEMS), "count_cap", 3)
    with tenant_scope(organisation):
        account = make_account()
        for n in range(5):
            make_item(account=account, number=f"F{n}", amount="10.50")


def test_sums_of_a_long_list_come_after_the_page(organisation, five):
    client, _ = enter(organisation)
    page = client.get("/items/?sort=number").content.decode()
    assert "3+ rows" in page
    assert 'hx-get="/items/?sort=number&amp;part=totals"' in page
    assert "52.50" not in page
    part = client.get("/items/?sort=number&part=totals", headers=PART).content.decode()
    assert part.startswith("<tfoot>")
    assert "5 · EUR" in part
    assert "52.50" in part
    assert "part=totals" not in part


def test_a_list_beyond_all_counting_has_no_sums(organisation, five, monkeypatch):
    monkeypatch.setattr(listing, "TOTALS_CAP", 4)
    client, _ = enter(organisation)
    part = client.get("/items/?part=totals", headers=PART).content.decode()
    assert "52.50" not in part
    assert "part=totals" not in part


def test_a_list_within_the_count_has_its_sums_at_once(organisation, five, monkeypatch):
    monkeypatch.setitem(vars(ITEMS), "count_cap", 5)
    client, _ = enter(organisation)
    page = client.get("/items/").content.decode()
    assert "5 rows" in page
    assert "52.50" in page
    assert "part=totals" not in page


def test_filters_that_nobody_asked_for_are_not_made_but_offered(organisation, five):
    client, _ = enter(organisation)
    context = client.get("/items/?state=open&currency=EUR").context
    assert set(context["listing"].reading.filterset.filters) == {"state", "currency"}
    menu = client.get("/items/?state=open&part=filters", headers=PART).content.decode()
    shown = [name for name in ItemFilters.base_filters if f'name="{name}"' in menu]
    assert len(shown) > 10


def test_a_page_is_cut_before_its_names_are_joined(organisation, five):
    client, _ = enter(organisation)
    with statements() as sql:
        client.get("/items/")
    [rows] = [one for one in sql if 'JOIN "receivables_customer"' in one]
    cut = rows[: rows.index(" LIMIT 3)")]
    assert cut.startswith("WITH page AS (SELECT ")
    assert "JOIN" not in cut


def test_the_count_of_a_long_list_comes_with_its_rows(organisation, five):
    client, _ = enter(organisation)
    with statements() as sql:
        page = client.get("/items/?sort=number").content.decode()
    assert "3+ rows" in page
    assert [one for one in sql if "count(*)" in one.lower() and "LIMIT 4" in one] == [
        one for one in sql if one.startswith("WITH page AS")
    ]


def test_a_part_of_a_list_counts_all_its_rows(organisation, five, monkeypatch):
    monkeypatch.setitem(vars(ITEMS), "count_cap", 10)
    client, _ = enter(organisation)
    first = client.get("/items/?sort=number")
    last = client.get("/items/" + first.context["listing"].next_url)
    assert "5 rows" in first.content.decode()
    assert "5 rows" in last.content.decode()


def test_a_list_follows_a_restriction_from_the_next_request_on(organisation, five):
    client, member = enter(organisation)
    assert ">F0<" in client.get("/items/?sort=number").content.decode()
    assert ">F1<" in client.get("/items/").content.decode()
    with tenant_scope(organisation):
        member.entity_accesses.create(entity=make_entity(code="DE1"))
    assert ">F0<" not in client.get("/items/?sort=number").content.decode()
    assert ">F1<" not in client.get("/items/").content.decode()
    with tenant_scope(organisation):
        member.entity_accesses.all().delete()
    assert ">F1<" in client.get("/items/").content.decode()


def test_a_name_is_reached_by_references_only():
    with pytest.raises(TypeError, match="balances of Customer is no reference"):
        joins_of(Customer, (("owed", "balances__open_cents"),))
