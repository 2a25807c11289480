"""Two sources bring items of one customer at the same moment: the balance has both."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction

from core.tenancy import tenant_scope
from receivables.models import CustomerBalance
from tests.make import make_entity, make_tenant
from tests.receivables.rows import load_rows

pytestmark = pytest.mark.django_db(transaction=True)


def _row(number: str, amount: str) -> dict[str, str]:
    return {
        "customer_ref": "A",
        "number": number,
        "document_date": "2026-02-01",
        "due_date": "2026-02-20",
        "amount": amount,
        "currency": "EUR",
    }


def _is_waited_for() -> bool:
    """Whether somebody waits for a lock that is named, as balances are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def test_of_two_loads_at_once_the_later_one_counts_what_the_earlier_one_brought():
    has_loaded = Event()

    def second() -> None:
        try:
            assert has_loaded.wait(30)
            load_rows("items", [_row("F2", "30.00")], source="crm")
        finally:
            connection.close()

    with tenant_scope(make_tenant()), ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            make_entity()
            load_rows("items", [_row("F0", "5.00")], source="erp")
        running = pool.submit(contextvars.copy_context().run, second)
        with transaction.atomic():
            load_rows("items", [_row("F1", "100.00")], source="erp")
            has_loaded.set()
            while not _is_waited_for():
                assert not running.done(), "the second load did not wait"
        running.result(timeout=30)
        with transaction.atomic():
            [balance] = CustomerBalance.objects.all()
            assert (balance.open_amount, balance.item_count) == (Decimal(135), 3)
