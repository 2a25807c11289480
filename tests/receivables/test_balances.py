"""Balances, control totals, exposure and the figures of a customer."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import EVERYTHING
from core.tenancy import tenant_scope
from receivables.models import Allocation, CustomerBalance, Entity, LedgerItem, OpenOrder
from receivables.queries import balances, control_totals, customer_figures, exposures
from receivables.services import open_amounts
from tests.make import make_account, make_allocation, make_customer, make_entity, make_item

ON = date(2026, 3, 2)


def days(n: int) -> date:
    return ON + timedelta(days=n)


def make_order(customer, entity, amount: str, *, on: date = ON, currency: str = "EUR") -> OpenOrder:
    return OpenOrder.objects.create(
        customer=customer, entity=entity, number=f"O{uuid4()}"[:20], order_date=on, currency=currency,
        amount=Decimal(amount), open_amount=Decimal(amount),
    )  # fmt: skip


@pytest.fixture
def account(tenant):
    return make_account(customer=make_customer(ref="A"), entity=make_entity(code="E1"))


def test_a_balance_is_what_is_open_and_its_overdue_part(account):
    make_item(account=account, amount="100", due=days(-1), issued=days(-31))
    make_item(account=account, amount="50", due=ON, issued=days(-30))
    make_item(account=account, amount="-20", due=days(-3), issued=days(-3))
    make_item(account=account, amount="8", due=days(9), issued=days(-9), currency="USD")
    found = balances(on=ON, scope=EVERYTHING)
    assert [(row.currency, row.balance, row.overdue, row.oldest_due, row.items) for row in found] == [
        ("EUR", 130, 80, days(-3), 3),
        ("USD", 8, 0, days(9), 1),
    ]


def test_balances_come_in_pages(tenant):
    for ref in "ABC":
        account = make_account(customer=make_customer(ref=ref))
        for currency in ("EUR", "USD"):
            make_item(account=account, currency=currency, issued=days(-3))
    whole = balances(on=ON, scope=EVERYTHING, limit=None)
    assert [(row.ref, row.currency) for row in whole] == [(r, c) for r in "ABC" for c in ("EUR", "USD")]
    first = balances(on=ON, scope=EVERYTHING, limit=3)
    assert first + balances(on=ON, scope=EVERYTHING, limit=3, after=(first[-1].ref, first[-1].currency)) == whole


def test_control_totals_are_by_entity_and_currency(account):
    other = make_account(customer=account.customer, entity=make_entity(code="E2"), ref="A2")
    make_item(account=account, amount="100")
    make_item(account=account, amount="-30")
    make_item(account=account, amount="7", currency="USD")
    make_item(account=other, amount="1000")
    found = control_totals(on=ON, scope=EVERYTHING)
    assert [(row.entity_code, row.currency, row.debits, row.credits, row.total, row.items) for row in found] == [
        ("E1", "EUR", 100, -30, 70, 2),
        ("E1", "USD", 7, 0, 7, 1),
        ("E2", "EUR", 1000, 0, 1000, 1),
    ]


def test_exposure_is_what_is_open_and_what_is_ordered(account):
    make_item(account=account, amount="100", due=days(-1), issued=days(-31))
    make_order(account.customer, account.entity, "40")
    make_order(account.customer, account.entity, "5", currency="USD")
    make_order(account.customer, account.entity, "999", on=days(1))
    found = exposures(on=ON, scope=EVERYTHING)
    assert [
        (row.ref, row.currency, row.open_amount, row.overdue_amount, row.orders_in_hand, row.exposure) for row in found
    ] == [("A", "EUR", 100, 100, 40, 140), ("A", "USD", 0, 0, 5, 5)]


class TestCustomerFigures:
    def figures(self, account, on=ON):
        return customer_figures(customer_id=account.customer_id, on=on, scope=EVERYTHING)

    def test_are_by_currency(self, account):
        make_item(account=account, amount="100", due=days(-10), issued=days(-40))
        make_item(account=account, amount="30", due=days(10), issued=days(-20))
        make_item(account=account, amount="9", due=days(10), issued=days(-20), currency="USD")
        make_item(account=make_account(customer=make_customer(ref="B")), amount="5000")
        make_order(account.customer, account.entity, "40")
        euros, dollars = self.figures(account)
        assert (euros.currency, euros.open_amount, euros.overdue_amount, euros.oldest_due) == (
            "EUR",
            130,
            100,
            days(-10),
        )
        assert (euros.open_items, euros.orders_in_hand, euros.exposure) == (2, 40, 170)
        assert euros.average_delay_days is None
        assert (dollars.currency, dollars.exposure) == ("USD", 9)

    def test_average_delay_is_weighted_by_amount(self, account):
        """The known example: 1,000 on time, 5,000 ten days late, 500 sixty days late, 2,000 five days early: 8.24."""
        for amount, late in (("1000", 0), ("5000", 10), ("500", 60), ("2000", -5)):
            item = make_item(account=account, amount=amount, due=days(-100), issued=days(-160))
            make_allocation(debit=item, amount=amount, on=days(-100 + late))
        [row] = self.figures(account)
        assert row.paid_amount == 8500
        assert row.paid_amount_days == 70000
        assert row.average_delay_days == Decimal("8.2")
        assert (row.open_items, row.oldest_due) == (0, None)

    def test_average_delay_leaves_out_credit_notes_what_was_taken_back_and_what_is_a_year_old(self, account):
        def invoice():
            return make_item(account=account, amount="100", due=days(-20), issued=days(-50))

        make_allocation(debit=invoice(), amount="100", on=days(-13))
        credit_note = make_item(account=account, amount="-100", due=days(-1), issued=days(-1))
        make_allocation(debit=invoice(), credit=credit_note, amount="100", on=ON)
        undone = make_allocation(debit=invoice(), amount="100", on=ON)
        make_allocation(
            debit=undone.debit_item, amount="-100", on=ON, reverses=undone, reason=Allocation.Reason.REVERSED
        )
        old = make_item(account=account, amount="100", due=days(-500), issued=days(-530))
        make_allocation(debit=old, amount="100", on=days(-365))
        payment = make_item(account=account, amount="-100", kind="PAYMENT", due=days(-11), issued=days(-11))
        make_allocation(debit=invoice(), credit=payment, amount="100", on=days(-11))
        [row] = self.figures(account)
        assert (row.paid_amount, row.average_delay_days) == (200, 8)
        assert row.open_amount == 100

    def test_of_an_unknown_customer_are_none(self, tenant):
        assert customer_figures(customer_id=uuid4(), on=ON, scope=EVERYTHING) == []


class TestCommand:
    def test_prints_one_document(self, organisation):
        with tenant_scope(organisation):
            account = make_account(customer=make_customer(ref="C-1"), entity=make_entity(code="FR"))
            make_item(account=account, amount="10.00", due=days(-1), issued=days(-5))
            make_item(account=account, amount="2.50", due=days(30), issued=days(-5))
            make_account(customer=make_customer(ref="C-2"))
        out = StringIO()
        call_command("balances", "--tenant", organisation.slug, "--on", "2026-03-02", "--json", stdout=out)
        said = json.loads(out.getvalue())
        assert said["on"] == "2026-03-02"
        assert said["rows"] == [
            {"customer": "C-1", "currency": "EUR", "balance": "12.50", "overdue": "10.00", "oldest_due": "2026-03-01"}
        ]

    def test_prints_a_table_and_refuses_what_is_no_day(self, organisation):
        out = StringIO()
        call_command("balances", "--tenant", organisation.slug, "--on", "2026-03-02", stdout=out)
        assert out.getvalue().split() == ["customer", "currency", "balance", "overdue", "oldest_due"]
        with pytest.raises(CommandError, match="yesterday") as refused:
            call_command("balances", "--tenant", organisation.slug, "--on", "yesterday")
        assert refused.value.returncode == 1


class TestStoredBalances:
    """What is stored equals what the queries sum up, whichever way the customers are read."""

    @pytest.mark.parametrize("few", [0, 2_000])
    @given(data=st.data())
    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_follow_the_items_of_the_customers_asked_for(self, tenant, monkeypatch, few, data):
        monkeypatch.setattr(open_amounts, "_FEW", few)
        entity = Entity.objects.first() or make_entity(code="E1")
        accounts = [make_account(customer=make_customer(), entity=entity) for _ in range(3)]
        for moment in (0, 1):
            for account in accounts:
                self.change(account, data)
            asked = accounts if moment == 0 else accounts[: data.draw(st.integers(1, 3))]
            untouched = [account.customer_id for account in accounts if account not in asked]
            before = self.stored(untouched)
            open_amounts.refresh_balances(on=ON, customers=[account.customer_id for account in asked])
            assert self.stored(untouched) == before
            wanted = {
                (r.customer_id, r.currency): (r.balance, r.overdue, r.oldest_due, r.items)
                for r in balances(on=ON, scope=EVERYTHING, limit=None)
            }
            for account in asked:
                own = {key: value for key, value in wanted.items() if key[0] == account.customer_id}
                assert self.stored([account.customer_id]) == own
            assert open_amounts.refresh_balances(on=ON, customers=[a.customer_id for a in asked]) == 0

    def change(self, account, data) -> None:
        """Items that come, in two currencies and on both sides of the day; some are paid, some only later."""
        for _ in range(data.draw(st.integers(0, 2))):
            item = make_item(
                account=account,
                amount=data.draw(st.sampled_from(["10.25", "300", "-40"])),
                currency=data.draw(st.sampled_from(["EUR", "USD"])),
                issued=days(data.draw(st.sampled_from([-40, -3, 2]))),
                due=days(data.draw(st.sampled_from([-20, 0, 9]))),
            )
            if item.amount > 0 and data.draw(st.booleans()):
                make_allocation(debit=item, amount=item.amount, on=days(data.draw(st.sampled_from([-1, 0, 3]))))
        for item in LedgerItem.objects.filter(account=account, is_open=True, amount__gt=0)[
            : data.draw(st.integers(0, 1))
        ]:
            make_allocation(debit=item, amount=item.open_amount, on=ON)

    def stored(self, customer_ids) -> dict:
        rows = CustomerBalance.objects.filter(customer_id__in=customer_ids)
        assert all(
            row.open_cents == row.open_amount * 100 and row.overdue_cents == row.overdue_amount * 100 for row in rows
        )
        return {
            (r.customer_id, r.currency): (r.open_amount, r.overdue_amount, r.oldest_due_date, r.item_count)
            for r in rows
        }
