"""Rows for the loading tests: dictionaries brought into canonical form, and the sample files read with plain Python."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from core.audit import SYSTEM
from receivables.ports import ROW_FIELDS, Batch
from receivables.services.loading import LoadResult, load

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "A_payment_history"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not beside the checkout")


def batches(kind: str, rows: Iterable[dict[str, Any]], *, size: int = 1000) -> Iterable[Batch]:
    """Canonical batches; lines count from 2, as in a file with a header."""
    names = ROW_FIELDS[kind]
    handed = []
    for line, row in enumerate(rows, 2):
        assert row.keys() <= set(names), row.keys() - set(names)
        handed.append((row.get("_line", line), *(_value(name, row.get(name)) for name in names)))
    for start in range(0, len(handed), size):
        yield Batch(handed[start : start + size])


def _value(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in ("amount", "open_amount", "vat_amount"):
        return Decimal(value)
    if isinstance(value, str) and (name.endswith(("_date", "_on")) or name == "on"):
        return date.fromisoformat(value)
    return value if value != "" else None


def load_rows(kind: str, rows: Iterable[dict[str, Any]], **given: Any) -> LoadResult:
    """Load dictionaries; the fields of the first row are those that the source feeds."""
    rows = list(rows)
    columns = given.pop("columns", None) or {name for row in rows for name in row}
    values: dict[str, Any] = {"source": "file", "actor": SYSTEM, "mode": "delta", "as_of": date(2026, 3, 2), **given}
    return load(kind=kind, rows=batches(kind, rows), columns=columns, **values)


def ibm_rows() -> list[dict[str, Any]]:
    """The 2,466 settled invoices of the IBM sample, in USD."""
    with (SAMPLES / "ibm_late_payment_histories.csv").open(newline="") as file:
        return [
            {
                "customer_ref": row["customerID"],
                "number": row["invoiceNumber"],
                "document_date": _day(row["InvoiceDate"], "%d/%m/%Y"),
                "due_date": _day(row["DueDate"], "%d/%m/%Y"),
                "settled_date": _day(row["SettledDate"], "%d/%m/%Y"),
                "amount": Decimal(row["InvoiceAmount"]),
                "currency": "USD",
            }
            for row in csv.DictReader(file)
        ]


def hrc_rows() -> list[dict[str, Any]]:
    """The 9,681 open items of the second sample, six entities, rounded to the cent, in USD."""
    with (SAMPLES / "hrc_open_invoices_v1.csv").open(newline="") as file:
        return [
            {
                "customer_ref": row["cust_number"],
                "customer_name": row["name_customer"].strip(),
                "entity_code": row["business_code"],
                "number": row["doc_id"],
                "document_date": _day(row["baseline_create_date"], "%d-%m-%Y"),
                "posting_date": _day(row["posting_date"], "%d-%m-%Y"),
                "due_date": _day(row["due_in_date"], "%d-%m-%Y"),
                "terms_code": row["cust_payment_terms"],
                "amount": Decimal(row["converted_usd"]).quantize(Decimal("0.01"), ROUND_HALF_UP),
                "currency": "USD",
            }
            for row in csv.DictReader(file)
        ]


def _day(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone


def tables() -> dict[str, list[tuple[Any, ...]]]:
    """Every figure of the ledger, in an order of its own: to compare before and after. Without ids and stamps."""
    from django.db import connection

    queries = {
        "items": "SELECT e.code, i.source, i.source_ref, c.ref, i.kind, i.number, i.instalment, i.document_date, i.posting_date, "
        "i.due_date, i.delivery_date, i.currency, i.amount, i.vat_amount, i.open_amount, i.payment_method, i.known_on, "
        "i.is_history FROM receivables_ledgeritem i JOIN receivables_customer c ON c.id = i.customer_id "
        "JOIN receivables_entity e ON e.id = i.entity_id WHERE i.void_on IS NULL",
        "documents": "SELECT number, kind, document_date, currency, total_amount, vat_amount, order_ref, product, site "
        "FROM receivables_document",
        "customers": "SELECT ref, name, name_key, country, siren, vat_number, email FROM receivables_customer",
        "balances": "SELECT c.ref, b.currency, b.open_amount, b.overdue_amount, b.oldest_due_date, b.item_count "
        "FROM receivables_customerbalance b JOIN receivables_customer c ON c.id = b.customer_id",
        "orders": "SELECT number, amount, open_amount, delivery_date FROM receivables_openorder",
    }
    found = {}
    with connection.cursor() as cursor:
        for name, sql in queries.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall(), key=repr)
    return found


def open_on(on: date, known_on: date | None = None) -> dict[str, Decimal]:
    """What is open by number on a day, as known on a day: summed item by item in Python from all rows."""
    from receivables.models import Allocation, LedgerItem, LedgerItemRevision

    revisions: dict[Any, list[Any]] = {}
    for revision in LedgerItemRevision.objects.order_by("known_from"):
        revisions.setdefault(revision.item_id, []).append(revision)
    allocations = list(Allocation.objects.all())
    found: dict[str, Decimal] = {}
    for item in LedgerItem.objects.all():
        if item.void_on is not None and (known_on is None or known_on >= item.void_on):
            continue
        if known_on is not None and known_on < item.known_on:
            continue
        version = item
        for revision in revisions.get(item.id, []):
            if known_on is not None and revision.known_from <= known_on < revision.known_until:
                version = revision
        if version.posting_date > on:
            continue
        amount = version.amount
        for allocation in allocations:
            if allocation.on > on or (known_on is not None and allocation.known_on > known_on):
                continue
            if allocation.debit_item_id == item.id:
                amount -= allocation.debit_amount
            if allocation.credit_item_id == item.id:
                amount += allocation.credit_amount
        if amount:
            found[item.number] = found.get(item.number, Decimal(0)) + amount
    return found
