"""The aged balance: the API, the command and the query show the same figures on any day."""

import io
import json
from datetime import date, timedelta

import pytest
from django.core.management import call_command

from accounts.access import EVERYTHING
from core.money import amount_text
from core.tenancy import tenant_scope
from receivables.queries import ageing_by_customer, ageing_totals
from tests.make import TODAY, make_account, make_allocation, make_customer, make_entity, make_item

DAYS = [date(2025, 9, 30) + timedelta(days=17 * n) for n in range(12)]
BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")


@pytest.fixture
def ledger(organisation):
    """Two companies, three customers, two currencies, invoices over a year, some paid, one credit."""
    with tenant_scope(organisation):
        fr, uk = make_entity(code="FR"), make_entity(code="UK", currency="GBP")
        for n in range(3):
            customer = make_customer(ref=f"C{n}", name=f"Customer {n}")
            accounts = [
                make_account(customer=customer, entity=fr, sector="steel"),
                make_account(customer=customer, entity=uk),
            ]
            for month in range(8):
                issued = date(2025, 6, 1) + timedelta(days=31 * month + n)
                for account, currency in zip(accounts, ("EUR", "GBP"), strict=True):
                    invoice = make_item(
                        account=account, amount=f"{100 + 10 * month + n}.{month}7", currency=currency,
                        issued=issued, due=issued + timedelta(days=30),
                    )  # fmt: skip
                    if (month + n) % 3 == 0:
                        make_allocation(debit=invoice, amount=f"{50 + n}.00", on=issued + timedelta(days=45))
        make_item(account=accounts[0], amount="-33.33", issued=date(2025, 12, 1), due=date(2025, 12, 1))


def command(organisation, *arguments: str) -> dict:
    out = io.StringIO()
    call_command("ageing", "--tenant", organisation.slug, "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_api_command_and_query_agree(api, organisation, ledger, on):
    answer = api.get(f"ageing/?on={on}&page_size=200").json()
    printed = command(organisation, "--on", on.isoformat())
    plain = [
        {"customer": row["customer_ref"], "currency": row["currency"],
         **{name: row[name]["amount"] for name in (*BUCKETS, "total")}}
        for row in answer["results"]
    ]  # fmt: skip
    assert plain == printed["rows"]
    with tenant_scope(organisation):
        rows = ageing_by_customer(on=on, scope=EVERYTHING, limit=None)
        totals = ageing_totals(on=on, scope=EVERYTHING)
    assert [(row["customer_ref"], row["total"]) for row in answer["results"]] == [
        (row.ref, {"amount": amount_text(row.total, row.currency), "currency": row.currency}) for row in rows
    ]
    assert [(row["currency"], row["overdue"]["amount"], row["customers"]) for row in answer["totals"]] == [
        (row.currency, amount_text(row.overdue, row.currency), row.customers) for row in totals
    ]
    assert (answer["on"], answer["known_on"], answer["next"]) == (on.isoformat(), None, None)


def test_figures_as_they_were_known(api, organisation, ledger):
    on, known_on = date(2025, 12, 31), date(2025, 11, 1)
    answer = api.get(f"ageing/?on={on}&known_on={known_on}&page_size=200").json()
    printed = command(organisation, "--on", str(on), "--known-on", str(known_on))
    assert [row["total"]["amount"] for row in answer["results"]] == [row["total"] for row in printed["rows"]]
    assert answer["totals"][0]["total"] != api.get(f"ageing/?on={on}").json()["totals"][0]["total"]


def test_pages_of_the_aged_balance(api, ledger):
    whole = api.get("ageing/?page_size=200").json()["results"]
    assert len(whole) == 6
    assert api.rows("ageing/?page_size=1") == whole
    assert api.get("ageing/").json()["on"] == TODAY.isoformat()


def test_the_aged_balance_of_a_part(api, ledger):
    def totals(query: str) -> list[tuple[str, int]]:
        return [(row["currency"], row["customers"]) for row in api.get(f"ageing/?{query}").json()["totals"]]

    assert totals("") == [("EUR", 3), ("GBP", 3)]
    assert totals("entity_code=UK") == [("GBP", 3)]
    assert totals("customer_ref=C1&currency=EUR") == [("EUR", 1)]
    assert totals("sector=steel") == [("EUR", 3)]
    assert totals("customer_ref=NOBODY") == []


@pytest.mark.parametrize(
    "query", ["on=yesterday", "on=2026-02-30", "known_on=", "entity=1", "sector=%00", "x=1", "cursor=%ff"]
)
def test_what_cannot_be_understood_is_refused(api, query):
    assert api.get(f"ageing/?{query}").status_code == 400
