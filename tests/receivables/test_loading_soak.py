"""Long runs, by `make soak`: a big load into an organisation of which the planner knows nothing."""

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from core.tenancy import tenant_scope
from receivables.models import LedgerItem
from tests.make import make_tenant
from tests.receivables.rows import load_rows

ITEMS = 30_000


def _rows():
    first = date(2025, 1, 1)
    return [
        {
            "customer_ref": f"C{n % (ITEMS // 5)}",
            "number": f"F{n}",
            "document_date": first + timedelta(days=n % 300),
            "due_date": first + timedelta(days=n % 300 + 30),
            "amount": Decimal(n + 1),
            "open_amount": Decimal(0),
        }
        for n in range(ITEMS)
    ]


@pytest.mark.soak
@pytest.mark.django_db
def test_statistics_that_know_another_organisation_only_do_not_slow_a_first_load():
    """Each check of a reference would else read all entries of the tenant in some index: quadratic, minutes."""
    seconds = []
    for tenant in (make_tenant(), make_tenant()):
        with tenant_scope(tenant):
            started = time.monotonic()
            load_rows("items", _rows())
            seconds.append(time.monotonic() - started)
            assert LedgerItem.objects.count() == ITEMS
            with connection.cursor() as cursor:
                for table in ("customer", "customeraccount", "document", "ledgeritem", "allocation"):
                    cursor.execute(f"ANALYZE receivables_{table}")
    assert seconds[1] < 5 * seconds[0]
