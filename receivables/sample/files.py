"""The sample as CSV files, as a customer's own system would export them: UTF-8, comma, ISO dates, decimal point."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from receivables.sample.company import (
    AllocationRow,
    BankLineRow,
    ContactRow,
    CustomerRow,
    DisputeRow,
    ItemRow,
    OrderRow,
    PromiseRow,
    SampleCompany,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class SampleFile:
    """A file to import: its kind, where it lies, and for items the mode in which it is to be read."""

    kind: str
    path: Path
    mode: str = ""


def write_files(company: SampleCompany, folder: Path) -> list[SampleFile]:
    """Write one file for each kind into an existing folder, in the order in which they must be imported.

    The same company gives the same bytes. Existing files of the same names are overwritten.
    """
    kinds: tuple[tuple[str, str, type[DataclassInstance], Sequence[object]], ...] = (
        ("customers", "", CustomerRow, company.customers),
        ("contacts", "", ContactRow, company.contacts),
        ("items", "history", ItemRow, company.items),
        ("allocations", "", AllocationRow, company.allocations),
        ("orders", "", OrderRow, company.orders),
        ("disputes", "", DisputeRow, company.disputes),
        ("promises", "", PromiseRow, company.promises),
        ("bank_lines", "", BankLineRow, company.bank_lines),
    )
    written = []
    for kind, mode, row_type, rows in kinds:
        path = folder / f"{kind}.csv"
        names = [field.name for field in fields(row_type)]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
        written.append(SampleFile(kind, path, mode))
    return written


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
