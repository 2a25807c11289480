"""Keyset pages meet every row once, forwards and backwards, whatever the sort values are."""

from datetime import date, timedelta

import pytest

from core.lists import BadCursor, QuerySource, Sort
from core.lists.keyset import decode, encode
from receivables.models import LedgerItem
from tests.make import TODAY, make_account, make_item


@pytest.fixture
def source(tenant):
    account = make_account()
    for n in range(23):
        make_item(
            account=account, due=TODAY + timedelta(days=n % 4), amount=f"{n + 1}.00", currency="EUR" if n % 2 else "GBP"
        )
    return QuerySource(LedgerItem.objects.all(), fields=["number", "due_date", "currency"])


@pytest.mark.parametrize("order", ["due_date", "-due_date"])
def test_pages_meet_every_row_once_and_go_back_the_same_way(source, order):
    sort, token, pages = Sort.parse(order), "", []
    while rows := source.slice(sort=sort, after=token, before="", limit=5):
        pages.append([row["id"] for row in rows])
        token = encode(rows[-1]["due_date"], rows[-1]["id"])
    seen = [row_id for ids in pages for row_id in ids]
    assert len(seen) == len(set(seen)) == 23
    first_of_last = LedgerItem.objects.get(id=pages[-1][0])
    back = source.slice(sort=sort, after="", before=encode(first_of_last.due_date, first_of_last.id), limit=5)
    assert [row["id"] for row in back] == pages[-2]


def test_rows_are_ordered_by_the_sort_and_then_by_id(source):
    rows = source.slice(sort=Sort("due_date"), after="", before="", limit=50)
    assert [(row["due_date"], row["id"]) for row in rows] == sorted((row["due_date"], row["id"]) for row in rows)


def test_totals_do_not_mix_currencies(source):
    totals = {row["currency"]: (row["row_count"], str(row["amount"])) for row in source.totals(columns=["amount"])}
    assert totals == {"EUR": (11, "132.0000"), "GBP": (12, "144.0000")}


def test_count_stops_at_its_cap(source):
    assert (source.count(cap=10), source.count(cap=100)) == (10, 23)


@pytest.mark.parametrize("token", ["x", "", "WyJkIiwgIngiLCAieSJd", encode(date(2026, 1, 1), "no-uuid"), "=" * 40])
def test_a_marker_that_is_none_is_refused(token):
    with pytest.raises(BadCursor):
        decode(token)


def test_a_marker_of_another_sort_is_refused(source):
    item = LedgerItem.objects.first()
    with pytest.raises(BadCursor):
        source.slice(sort=Sort("due_date"), after=encode("text", item.id), before="", limit=5)
