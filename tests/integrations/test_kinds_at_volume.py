"""A long run, by `make soak`: a large file of every kind comes in, comes in again in another order, and is taken back.

No clock is asserted; each statement has a minute and a half, ten times what the longest one takes. A statement that
holds each row against all others takes hours at these sizes, and none of a smaller test's time.
"""

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.models import SyncRun
from receivables.services.undo import undo_load
from tests.make import make_tenant

TODAY = date(2026, 3, 2)
CUSTOMERS = 100_000
ITEMS = 300_000
ORDERS = 250_000
SETTLED = 100_000  # payments, and allocations of them
STANDING = 30_000  # disputes, promises and lines of the bank
MOST = "90s"

Line = Callable[[int], str]


def _customer(n: int) -> str:
    """An invoice's customer and company, by its number."""
    number = n * 7919 % CUSTOMERS
    return f"C{number:06},E{number % 3}"


def _amount(n: int) -> str:
    return f"{20 + n % 5000}.{n % 100:02}"


def _day(n: int) -> date:
    return TODAY - timedelta(days=n % 300)


# kind, mode, how many rows, header, line. Two items are one invoice; payments settle the first instalment of some.
FILES: tuple[tuple[str, str, int, str, Line], ...] = (
    (
        "customers", "", CUSTOMERS,
        "customer_ref,name,country,city,email,group_ref,group_name,entity_code,terms_code,salesperson,collector",
        lambda n: f"C{n:06},Customer {n},FR,Paris,c{n}@client.example,G{n // 5},Group {n // 5},E{n % 3},T{n % 7},S{n % 50},K{n % 20}",
    ),
    (
        "contacts", "", CUSTOMERS,
        "customer_ref,last_name,first_name,email",
        lambda n: f"C{n:06},Name {n},First,p{n}@client.example",
    ),
    (
        "items", "snapshot", ITEMS,
        "customer_ref,entity_code,number,instalment,document_date,due_date,amount,currency,site",
        lambda n: f"{_customer(n // 2)},F{n // 2:07},{n % 2 + 1},{_day(n // 2)},{_day(n // 2) + timedelta(days=30 + n % 2)},{_amount(n)},EUR,Site {n % 4}",
    ),
    (
        "items", "delta", SETTLED,
        "customer_ref,entity_code,number,kind,document_date,due_date,amount,currency",
        lambda n: f"{_customer(n)},P{n:07},PAYMENT,{_day(n)},{_day(n)},-{_amount(2 * n)},EUR",
    ),
    (
        "allocations", "", SETTLED,
        "customer_ref,entity_code,debit_number,credit_number,amount,currency,on",
        lambda n: f"{_customer(n)},F{n:07},P{n:07},{_amount(2 * n)},EUR,{TODAY - timedelta(days=n % 20)}",
    ),
    (
        "orders", "snapshot", ORDERS,
        "customer_ref,entity_code,number,order_date,delivery_date,amount,open_amount,currency",
        lambda n: f"{_customer(n)},O{n:07},{_day(n)},{TODAY + timedelta(days=n % 40)},{100 + n % 900}.00,50.00,EUR",
    ),
    (
        "disputes", "", STANDING,
        "customer_ref,entity_code,number,reason,amount,opened_on,comment",
        lambda n: f"{_customer(SETTLED + n)},F{SETTLED + n:07},PRICE,5.00,{TODAY},as agreed {n}",
    ),
    (
        "promises", "", STANDING,
        "customer_ref,entity_code,amount,currency,made_on,due_on,numbers",
        lambda n: f"{_customer(SETTLED + n)},10.00,EUR,{TODAY},{TODAY + timedelta(days=n % 20)},F{SETTLED + n:07}",
    ),
    (
        "bank_lines", "", STANDING,
        "booked_on,amount,currency,payer_name,text,reference,entity_code",
        lambda n: f"{TODAY},{_amount(n)},EUR,Customer {n},VIR {n},B{n:07},E{n % 3}",
    ),
)  # fmt: skip


@pytest.mark.soak
@pytest.mark.django_db
def test_large_files_of_every_kind_come_in_come_again_and_are_taken_back(settings, tmp_path, record_property):
    settings.SPOOL_DIR = tmp_path / "spool"
    tenant = make_tenant(slug="volume", currency="EUR", sandbox_on=TODAY)
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{MOST}'")
    for place, (kind, mode, rows, header, line) in enumerate(FILES):
        path = tmp_path / f"{place}.csv"
        for is_again, order in ((False, range(rows)), (True, reversed(range(rows)))):
            _write(path, header, map(line, order))
            started = time.monotonic()
            said = _load(path, kind=kind, mode=mode)
            record_property(f"{kind}{'_again' if is_again else ''}", round(time.monotonic() - started, 1))
            done = (said["rows"], said["created"], said["changed"], said["unchanged"], said["closed"], said["rejected"])
            assert done == (rows, 0, 0, rows, 0, []) if is_again else (rows, rows, 0, 0, 0, [])
    with tenant_scope(tenant), transaction.atomic():
        runs = list(SyncRun.objects.order_by("-started_at").values_list("id", "kind", "source"))
    assert len(runs) == 2 * len(FILES)
    for run_id, kind, source in runs:
        started = time.monotonic()
        with tenant_scope(tenant), transaction.atomic():
            undone = undo_load(run_id=run_id, source=source, on=TODAY, actor=SYSTEM)
        if undone.deleted or undone.reversed:
            record_property(f"{kind}_undone", round(time.monotonic() - started, 1))
    with tenant_scope(tenant), transaction.atomic(), connection.cursor() as cursor:
        for table in ("openorder", "dispute", "promise", "bankline", "contact", "document", "customerbalance"):
            cursor.execute(f"SELECT count(*) FROM receivables_{table}")
            assert cursor.fetchone() == (0,), table


def _write(path: Path, header: str, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header}\n")
        file.writelines(f"{line}\n" for line in lines)


def _load(path: Path, **options: str) -> dict:
    out = io.StringIO()
    call_command("import_ledger", str(path), tenant="volume", mapping="auto", json=True, stdout=out, **options)
    return json.loads(out.getvalue())
