"""A small ledger, the same on every machine, and the shapes in which companies send such things."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from integrations.files import Mapping, convert, field_names, guess, inspect, open_source

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "A_payment_history"


def sample_file(name: str) -> Path:
    """A file of the sample material that lies beside a checkout; the test is skipped where it does not."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample material is not beside this checkout: {path}")
    return path


@dataclass(frozen=True)
class Item:
    """One row of the small ledger."""

    customer_ref: str
    customer_name: str
    number: str
    document_date: date
    due_date: date
    amount: Decimal
    currency: str
    settled_date: date | None


def small_ledger(rows: int = 120, *, seed: int = 7) -> list[Item]:
    """Invoices of 15 customers over a year, half of them paid, some of them credit notes (negative)."""
    chance = random.Random(seed)
    customers = [(f"C{n:04d}", f"{name} & Fils {n}") for n, name in enumerate(["Étoile", "Müller", "Peña"] * 5)]
    items = []
    for n in range(rows):
        ref, name = chance.choice(customers)
        issued = date(2025, 1, 1) + timedelta(days=chance.randrange(360))
        amount = Decimal(chance.randrange(100, 2_500_000)) / 100 * (-1 if n % 17 == 16 else 1)
        paid = issued + timedelta(days=chance.randrange(1, 90)) if n % 2 else None
        items.append(Item(ref, name, f"F2025-{n:05d}", issued, issued + timedelta(days=30), amount, "EUR", paid))
    return items


ENGLISH = {
    "customer_ref": "Customer No", "customer_name": "Customer name", "number": "Invoice number",
    "document_date": "Invoice date", "due_date": "Due date", "amount": "Amount", "currency": "Currency",
    "settled_date": "Payment date",
}  # fmt: skip
FRENCH = {
    "customer_ref": "Code client", "customer_name": "Raison sociale", "number": "N° facture",
    "document_date": "Date de facture", "due_date": "Date d'échéance", "amount": "Montant TTC", "currency": "Devise",
    "settled_date": "Date de règlement",
}  # fmt: skip
GERMAN = {
    "customer_ref": "Kundennummer", "customer_name": "Kundenname", "number": "Rechnungsnummer",
    "document_date": "Rechnungsdatum", "due_date": "Fälligkeitsdatum", "amount": "Betrag", "currency": "Währung",
    "settled_date": "Ausgleichsdatum",
}  # fmt: skip
SPANISH = {
    "customer_ref": "Código cliente", "customer_name": "Nombre cliente", "number": "Nº factura",
    "document_date": "Fecha factura", "due_date": "Fecha de vencimiento", "amount": "Importe total",
    "currency": "Divisa", "settled_date": "Fecha de pago",
}  # fmt: skip
ITALIAN = {
    "customer_ref": "Codice cliente", "customer_name": "Ragione sociale", "number": "Numero fattura",
    "document_date": "Data fattura", "due_date": "Data scadenza", "amount": "Importo", "currency": "Valuta",
    "settled_date": "Data pagamento",
}  # fmt: skip
SAP = {
    "customer_ref": "KUNNR", "customer_name": "NAME1", "number": "BELNR", "document_date": "BLDAT",
    "due_date": "FAEDT", "amount": "WRBTR", "currency": "WAERS", "settled_date": "AUGDT",
}  # fmt: skip
SHORT = {
    "customer_ref": "cust_id", "customer_name": "cust_name", "number": "inv_no", "document_date": "inv_dt",
    "due_date": "due_dt", "amount": "amt", "currency": "ccy", "settled_date": "paid_on",
}  # fmt: skip


def dmy(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def mdy(day: date) -> str:
    return day.strftime("%m/%d/%Y")


def iso(day: date) -> str:
    return day.isoformat()


def compact(day: date) -> str:
    return day.strftime("%Y%m%d")


def dotted(day: date) -> str:
    return day.strftime("%d.%m.%Y")


def point(amount: Decimal) -> str:
    return f"{amount:.2f}"


def comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def grouped_comma(amount: Decimal) -> str:
    """1.234,56, as in Germany and Spain."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def french(amount: Decimal) -> str:
    """1 234,56 with the narrow space that French typography wants."""
    return f"{amount:,.2f}".replace(",", "\u202f").replace(".", ",")


def grouped_point(amount: Decimal) -> str:
    return f"{amount:,.2f}"


@dataclass(frozen=True)
class Shape:
    """How a file is written. `order` lists fields; `extra` adds columns that mean nothing to us."""

    headers: dict[str, str] = field(default_factory=lambda: ENGLISH)
    dates: Callable[[date], str] = iso
    amounts: Callable[[Decimal], str] = point
    delimiter: str = ";"
    encoding: str = "utf-8"
    order: tuple[str, ...] = tuple(ENGLISH)
    extra: dict[str, str] = field(default_factory=dict)
    before: str = ""
    newline: str = "\r\n"


def write_csv(path: Path, items: Sequence[Item], shape: Shape) -> Path:
    out = io.StringIO()
    out.write(shape.before)
    writer = csv.writer(out, delimiter=shape.delimiter, lineterminator=shape.newline)
    writer.writerow([shape.headers[name] for name in shape.order] + list(shape.extra))
    for item in items:
        writer.writerow([_cell(getattr(item, name), shape) for name in shape.order] + list(shape.extra.values()))
    path.write_bytes(out.getvalue().encode(shape.encoding))
    return path


def _cell(value: object, shape: Shape) -> str:
    if isinstance(value, date):
        return shape.dates(value)
    if isinstance(value, Decimal):
        return shape.amounts(value)
    return "" if value is None else str(value)


def write_xlsx(
    path: Path, items: Sequence[Item], *, headers: dict[str, str] = ENGLISH, title_rows: int = 0, cover: bool = False
) -> Path:
    """Real date cells and number cells, as Excel has them."""
    workbook = xlsxwriter.Workbook(str(path))
    if cover:
        workbook.add_worksheet("Read me").write(0, 0, "Open items, printed on demand")
    sheet = workbook.add_worksheet("Ledger")
    as_date = workbook.add_format({"num_format": "dd/mm/yyyy"})
    for row in range(title_rows):
        sheet.write(row, 0, "Open items")
    for column, name in enumerate(headers):
        sheet.write(title_rows, column, headers[name])
        for row, item in enumerate(items, title_rows + 1):
            value = getattr(item, name)
            if isinstance(value, date):
                sheet.write_datetime(row, column, value, as_date)
            elif isinstance(value, Decimal):
                sheet.write_number(row, column, float(value))
            elif value is not None:
                sheet.write_string(row, column, str(value))
    workbook.close()
    return path


def read_all(path: Path, mapping: Mapping | None = None, **options: object) -> tuple[list[dict], list, object]:
    """(rows as dicts with line_no, bad rows, summary) of a file, by its own guess when no mapping is given."""
    source = open_source(path)
    mapping = mapping or guess(inspect(source)).sure()
    names = ("line_no", *field_names(mapping.kind))
    rows, bad = [], []
    with convert(source, mapping, **({"default_currency": "EUR"} | options)) as conversion:
        for batch in conversion:
            rows += [dict(zip(names, row, strict=True)) for row in batch.rows]
            bad += batch.bad
    return rows, bad, conversion.summary


def as_items(rows: Sequence[dict]) -> list[tuple]:
    """What identifies and values each row, for comparison with the ledger it was written from."""
    names = ("customer_ref", "number", "document_date", "due_date", "amount", "currency", "settled_date")
    return [tuple(row[name] for name in names) for row in rows]


def expected(items: Sequence[Item]) -> list[tuple]:
    names = ("customer_ref", "number", "document_date", "due_date", "amount", "currency", "settled_date")
    return [tuple(getattr(item, name) for name in names) for item in items]
