"""Lists: every row once, in pages, in the caller's scope, and none missed that commits late."""

import threading
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from core.tenancy import tenant_scope
from receivables.models import Customer, EntityAccess
from tests.api.conftest import OLD, caller_of
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


def test_pages_give_every_row_once_in_the_order_of_their_changes(api, organisation):
    with tenant_scope(organisation):
        for n in range(5):
            make_customer(ref=f"C{n}", updated_at=OLD + timedelta(minutes=n // 2))
    rows = api.rows("customers/?page_size=2")
    assert sorted(row["ref"] for row in rows) == ["C0", "C1", "C2", "C3", "C4"]
    assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)


def test_the_cursor_of_the_last_page_goes_on_with_what_changed_later(api, organisation):
    with tenant_scope(organisation):
        first = make_customer(ref="A", updated_at=OLD)
        make_customer(ref="B", updated_at=OLD + timedelta(hours=1))
    end = api.get("customers/").json()
    assert end["next"] is None
    assert api.get(f"customers/?cursor={end['cursor']}").json() == {
        "results": [],
        "next": None,
        "cursor": end["cursor"],
    }
    with tenant_scope(organisation):
        Customer.objects.filter(id=first.id).update(city="Lyon", updated_at=OLD + timedelta(hours=2))
    assert [row["city"] for row in api.get(f"customers/?cursor={end['cursor']}").json()["results"]] == ["Lyon"]


@pytest.mark.parametrize(
    ("since", "refs"),
    [
        ("2026-03-01T08:30:00Z", ["B"]),
        ("2026-03-01T09:00:00+00:00", ["B"]),
        (quote("2026-03-01T09:00:00+00:00"), ["B"]),
        ("2026-03-01", ["A", "B"]),
        ("2026-03-02", []),
        ("2026-02-28T13:34:00-18:56", ["B"]),
    ],
)
def test_updated_since_includes_its_moment(api, organisation, since, refs):
    with tenant_scope(organisation):
        make_customer(ref="A", updated_at=OLD)
        make_customer(ref="B", updated_at=OLD + timedelta(hours=1))
    assert [row["ref"] for row in api.rows(f"customers/?updated_since={since}")] == refs


@pytest.mark.parametrize(
    "query",
    ["page_size=0", "page_size=201", "page_size=-1", "page_size=x", "page_size=%D9%A3", "cursor=x", "cursor=WyJwIiwgMSwgMV0",
     "updated_since=yesterday", "updated_since=0101-12-20T08:49:57-18:56", "updated_since=2026-13-01", "updated_since=0001-01-01T00:00:00%2B14:00", "colour=blue",
     "entity=1", "state=asleep", "q=%00", "customer=00000000-0000-0000-0000-000000000000"],
)  # fmt: skip
def test_a_parameter_that_cannot_be_understood_is_refused(api, query):
    answer = api.get(f"items/?{query}")
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_an_id_that_is_none_is_refused(api):
    assert api.get("allocations/?debit_item=F1").status_code == 400


def test_filters_are_those_of_the_pages(api, organisation):
    with tenant_scope(organisation):
        account = make_account()
        make_item(account=account, number="LATE", due=TODAY - timedelta(days=1), updated_at=OLD)
        make_item(account=account, number="DUE", due=TODAY, updated_at=OLD)
        make_item(account=account, number="PAID", due=TODAY, open_amount="0", is_open=False, updated_at=OLD)
    numbers = lambda query: sorted(row["number"] for row in api.rows(f"items/?{query}"))  # noqa: E731
    assert numbers("state=overdue") == ["LATE"]
    assert numbers("state=open") == ["DUE", "LATE"]
    assert numbers("") == ["DUE", "LATE", "PAID"]
    assert numbers("number=DUE") == ["DUE"]
    assert numbers(f"customer_ref={account.customer.ref}&q=late") == ["LATE"]


def test_an_item_that_was_taken_back_is_told_to_those_who_ask_what_changed(api, organisation):
    with tenant_scope(organisation):
        item = make_item(number="VOID", void_on=TODAY, updated_at=OLD)
    assert api.rows("items/") == []
    assert [row["void_on"] for row in api.rows("items/?updated_since=2026-01-01")] == ["2026-03-02"]
    assert api.get(f"items/{item.id}/").json()["void_on"] == "2026-03-02"


def test_money_is_an_amount_text_with_its_currency(api, organisation):
    with tenant_scope(organisation):
        item = make_item(amount="1200.00", open_amount="200.50", currency="EUR", updated_at=OLD)
        yen = make_item(amount="1200", currency="JPY", updated_at=OLD)
        third = make_item(amount="0.125", currency="BHD", updated_at=OLD)
    assert api.get(f"items/{item.id}/").json()["open"] == {"amount": "200.50", "currency": "EUR"}
    assert api.get(f"items/{item.id}/").json()["vat"] is None
    assert api.get(f"items/{yen.id}/").json()["amount"] == {"amount": "1200", "currency": "JPY"}
    assert api.get(f"items/{third.id}/").json()["amount"] == {"amount": "0.125", "currency": "BHD"}


def test_a_key_with_a_portfolio_sees_its_makers_customers_only(organisation):
    with tenant_scope(organisation):
        maker = make_member(role="sales")
        mine = make_item(account=make_account(salesperson=maker), number="MINE", updated_at=OLD)
        other = make_item(account=make_account(), number="OTHER", updated_at=OLD)
        for item in (mine, other):
            Customer.objects.filter(id=item.customer_id).update(updated_at=OLD)
    api = caller_of(organisation, role="sales", portfolio_of=maker.id)
    assert [row["number"] for row in api.rows("items/")] == ["MINE"]
    assert [row["id"] for row in api.rows("customers/")] == [str(mine.customer_id)]
    assert api.get(f"items/{mine.id}/").status_code == 200
    assert api.get(f"items/{other.id}/").status_code == 404
    assert api.get(f"customers/{other.customer_id}/").status_code == 404
    assert api.get(f"ageing/?customer={other.customer_id}").json()["results"] == []


def test_another_organisations_id_and_an_unknown_one_get_the_same_answer(api):
    other = make_tenant()
    with tenant_scope(other):
        customer = make_customer(updated_at=OLD)
    strange, unknown = api.get(f"customers/{customer.id}/"), api.get("customers/0197a000-0000-7000-8000-000000000000/")
    assert (strange.status_code, strange.content) == (unknown.status_code, unknown.content)
    assert strange.status_code == 404
    assert api.rows("customers/") == []


def test_allocations_come_in_the_order_of_their_recording(api, organisation):
    with tenant_scope(organisation):
        account = make_account()
        debit, credit = make_item(account=account), make_item(account=account, amount="-40.00", kind="PAYMENT")
        make_allocation(debit=debit, credit=credit, amount="40.00", on=TODAY, recorded_at=OLD)
    [row] = api.rows("allocations/")
    assert row["debit"] == row["credit"] == {"amount": "40.00", "currency": "EUR"}
    assert (row["debit_item"], row["credit_item"]) == (str(debit.id), str(credit.id))
    assert api.rows(f"allocations/?debit_item={debit.id}") == [row]


# --- Late commits ----------------------------------------------------------------------------------------------------


class Late:
    """A transaction of an organisation in another connection: it writes a customer and commits when told to."""

    def __init__(self, organisation, ref: str) -> None:
        self.organisation, self.ref = organisation, ref
        self.written, self.go = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            with tenant_scope(self.organisation), transaction.atomic():
                make_customer(ref=self.ref)
                self.written.set()
                self.go.wait(20)
        finally:
            connection.close()

    def __enter__(self) -> "Late":
        self.thread.start()
        assert self.written.wait(20)
        return self

    def __exit__(self, *exc: object) -> None:
        self.commit()

    def commit(self) -> None:
        self.go.set()
        self.thread.join(20)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_missed():
    organisation = make_tenant()
    api = caller_of(organisation)
    seen: list[str] = []

    def read(cursor: str | None) -> str | None:
        page = api.get(f"customers/?page_size=2{f'&cursor={cursor}' if cursor else ''}").json()
        seen.extend(row["ref"] for row in page["results"])
        return page["cursor"]

    with tenant_scope(organisation), transaction.atomic():
        make_customer(ref="BEFORE")
    time.sleep(0.05)  # a list ends a few milliseconds before the oldest open transaction
    with Late(organisation, "LATE") as late:
        with tenant_scope(organisation), transaction.atomic():
            make_customer(ref="AFTER")  # begins later and commits first
        cursor = read(None)
        cursor = read(cursor)
        assert seen == ["BEFORE"]
        late.commit()
        cursor = read(cursor)
    assert seen == ["BEFORE", "LATE", "AFTER"]
    read(cursor)
    assert seen == ["BEFORE", "LATE", "AFTER"]


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_a_reader_that_never_looks_back():
    organisation = make_tenant()
    api = caller_of(organisation)
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            for n in range(12):
                with tenant_scope(organisation), transaction.atomic():
                    make_customer(ref=f"W{writer}-{n}")
                    if n % 3 == 0:
                        done.wait(0.05)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    seen, cursor = [], None
    while any(writer.is_alive() for writer in writers) or not done.is_set():
        if not any(writer.is_alive() for writer in writers):
            done.set()
            done.wait(0.01)
        page = api.get(f"customers/?{f'cursor={cursor}' if cursor else ''}").json()
        seen += [row["ref"] for row in page["results"]]
        cursor = page["cursor"]
    last = api.get(f"customers/?cursor={cursor}").json()["results"]
    seen += [row["ref"] for row in last]
    assert sorted(seen) == sorted(f"W{writer}-{n}" for writer in range(4) for n in range(12))


@pytest.mark.django_db(transaction=True)
def test_another_organisations_open_transaction_holds_nobody_back():
    organisation, other = make_tenant(), make_tenant()
    api = caller_of(organisation)
    with Late(other, "THEIRS"):
        with tenant_scope(organisation), transaction.atomic():
            make_customer(ref="OURS")
        assert [row["ref"] for row in api.rows("customers/")] == ["OURS"]


def test_an_entity_restriction_of_the_maker_holds_for_the_key(organisation):
    with tenant_scope(organisation), transaction.atomic():
        maker, here, there = make_member(), make_entity(code="HERE"), make_entity(code="THERE")
        EntityAccess.objects.create(member=maker, entity=here)
        make_item(account=make_account(entity=here), number="HERE", updated_at=OLD)
        unseen = make_item(account=make_account(entity=there), number="THERE", updated_at=OLD)
    api = caller_of(organisation, portfolio_of=maker.id)
    assert [row["number"] for row in api.rows("items/")] == ["HERE"]
    assert api.get(f"items/{unseen.id}/").status_code == 404
    assert [row["code"] for row in api.get("entities/").json()] == ["HERE"]
    assert api.post("items/bulk/", {"rows": []}).status_code == 403


def test_an_empty_list_has_no_cursor_yet(api):
    assert api.get("items/?cursor=").json() == {"results": [], "next": None, "cursor": None}
