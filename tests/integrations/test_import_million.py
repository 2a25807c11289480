"""A long run, by `make soak`: a ledger of a million rows comes in by the command, is right, and comes in again."""

import io
import json
import time
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from core.tenancy import tenant_scope
from receivables.models import LedgerItem
from tests.make import make_tenant
from tests.receivables.recompute import BUCKETS, bucket

ROWS = 1_000_000
CUSTOMERS = 50_000
FIRST = date(2024, 1, 1)
DAYS = 700
ASKED = (date(2024, 12, 31), date(2025, 9, 15))


def facts(number: int) -> tuple[date, date, int, date | None]:
    """Issued, due, cents and settled (None: open) of a row, by arithmetic. One in nine is still open."""
    issued = FIRST + timedelta(days=number * 37 % DAYS)
    due = issued + timedelta(days=(14, 30, 45, 60)[number % 4])
    settled = None if number % 9 == 0 else due + timedelta(days=number * 13 % 50 - 10)
    return issued, due, 1_000 + number * 7919 % 900_000, settled


def write_ledger(path: Path) -> int:
    """The file; its total in cents."""
    total = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("customer;invoice number;invoice date;due date;amount;settled date\n")
        for start in range(0, ROWS, 20_000):
            lines = []
            for number in range(start, min(ROWS, start + 20_000)):
                issued, due, cents, settled = facts(number)
                total += cents
                lines.append(
                    f"C{number % CUSTOMERS:06d};F{number:08d};{issued};{due};{cents // 100}.{cents % 100:02d};{settled or ''}\n"
                )
            file.write("".join(lines))
    return total


def expected(on: date) -> dict[str, str]:
    """Sums by bucket on a day, from the arithmetic alone."""
    sums: dict[str, int] = defaultdict(int)
    for number in range(ROWS):
        issued, due, cents, settled = facts(number)
        if issued <= on and (settled is None or settled > on):
            sums[bucket((on - due).days)] += cents
    sums["total"] = sum(sums.values())
    return {name: f"{sums[name] // 100}.{sums[name] % 100:02d}" for name in (*BUCKETS, "total")}


def said(command: str, *arguments: str, **options: object) -> dict:
    out = io.StringIO()
    call_command(command, *arguments, tenant="million", json=True, stdout=out, **options)
    return json.loads(out.getvalue())


@pytest.mark.soak
@pytest.mark.django_db
def test_a_million_rows_come_in_are_right_and_come_in_again(settings, tmp_path, record_property):
    settings.SPOOL_DIR = tmp_path / "spool"
    path = tmp_path / "ledger.csv"
    total = write_ledger(path)
    tenant = make_tenant(slug="million", currency="EUR", sandbox_on=date(2026, 3, 2))
    for name, created in (("first_seconds", ROWS), ("again_seconds", 0)):
        started = time.monotonic()
        answer = said("import_ledger", str(path), mapping="auto")
        record_property(name, round(time.monotonic() - started, 1))
        assert (answer["rows"], answer["created"], answer["changed"], answer["rejected"]) == (ROWS, created, 0, [])
        assert answer["unchanged"] == ROWS - created
        assert Decimal(answer["totals"]["EUR"]) == Decimal(total).scaleb(-2)
    with tenant_scope(tenant):
        assert LedgerItem.objects.filter(amount__gt=0).count() == ROWS
    for on in ASKED:
        started = time.monotonic()
        [line] = said("ageing", on=on.isoformat())["totals"]
        record_property(f"ageing_{on.year}_seconds", round(time.monotonic() - started, 1))
        assert {name: line[name] for name in (*BUCKETS, "total")} == expected(on)
