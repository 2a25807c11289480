"""What loading is given: rows of a file or a call in canonical form, in batches. Pure.

A row is `(line, *values)` with one value per name of `ROW_FIELDS[kind]`, in that order; None where the source says
nothing. Texts are str, dates are datetime.date, amounts are Decimal on their currency's grid (positive = owed to us).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

ROW_FIELDS: dict[str, tuple[str, ...]] = {
    "customers": (
        "customer_ref", "name", "country", "language", "siren", "siret", "vat_number", "lei", "registration_number",
        "street", "postal_code", "city", "email", "phone", "group_ref", "group_name", "entity_code", "account_ref",
        "terms_code", "payment_method", "currency", "salesperson", "collector", "sector", "region", "product",
    ),
    "contacts": (
        "customer_ref", "last_name", "first_name", "role", "influence", "email", "phone", "mobile", "language",
        "is_primary",
    ),
    "items": (
        "customer_ref", "customer_name", "entity_code", "number", "instalment", "kind", "document_date",
        "posting_date", "due_date", "delivery_date", "amount", "open_amount", "vat_amount", "currency", "settled_date",
        "terms_code", "payment_method", "order_ref", "project_ref", "product", "site", "biller", "salesperson",
        "sector", "region", "country", "disputed",
    ),
    "allocations": ("customer_ref", "debit_number", "credit_number", "amount", "currency", "on", "entity_code"),
    "orders": (
        "customer_ref", "entity_code", "number", "order_date", "delivery_date", "amount", "open_amount", "currency",
    ),
    "disputes": (
        "customer_ref", "number", "entity_code", "reason", "amount", "opened_on", "closed_on", "comment",
    ),
    "promises": ("customer_ref", "entity_code", "amount", "currency", "due_on", "made_on", "numbers"),
    "bank_lines": (
        "booked_on", "value_on", "amount", "currency", "payer_name", "payer_iban", "text", "structured_ref",
        "reference", "own_iban", "entity_code",
    ),
}  # fmt: skip

MODES = ("snapshot", "history", "delta")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is not loaded, or a warning about one that is: where, which field, why, and its cells as received."""

    line: int
    field: str
    reason: str
    values: Sequence[Any] = ()


class Columns(Sequence[tuple[Any, ...]]):
    """Rows kept as columns: `lines`, and one column for each name of the kind. Made into rows only where somebody asks."""

    __slots__ = ("columns", "lines")

    def __init__(self, lines: Sequence[int], columns: Sequence[Sequence[Any]]) -> None:
        self.lines = lines
        self.columns = columns

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return zip(self.lines, *self.columns, strict=True)

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]


class Batch(NamedTuple):
    """Some rows, and those that could not be read."""

    rows: Sequence[tuple[Any, ...]]
    bad: Sequence[Rejection] = ()


class Rows(Protocol):
    """Where rows come from: iterated once. May raise a Refusal at its end (a wrong total, a missing end)."""

    def __iter__(self) -> Iterator[Batch]: ...


class Progress(Protocol):
    """Told how many rows were read; answers False when somebody asked to stop."""

    def __call__(self, rows: int) -> bool: ...
