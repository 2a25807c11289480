"""Keyset pages: page 1,000 costs what page 1 costs, and rows that come or go do not shift the others."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

Row = Mapping[str, Any]


class BadCursor(Invalid):
    code = "bad_cursor"
    message = _("The page marker in the address is not one of this list. Start again from its first page.")


@dataclass(frozen=True)
class Sort:
    """Order by `field`, then id. Text form: `due_date`, or `-due_date` for descending."""

    field: str
    descending: bool = False

    @property
    def text(self) -> str:
        return f"-{self.field}" if self.descending else self.field

    @classmethod
    def parse(cls, text: str) -> "Sort":
        return cls(text.lstrip("-"), text.startswith("-"))


def encode(value: Any, row_id: Any) -> str:
    """The marker of a row: its sort value and id. Opaque, but holds nothing secret."""
    kind = {date: "d", datetime: "t", Decimal: "n", UUID: "u"}.get(type(value), "p")
    plain = value.isoformat() if isinstance(value, date | datetime) else str(value) if kind in "nu" else value
    return base64.urlsafe_b64encode(json.dumps([kind, plain, str(row_id)]).encode()).decode().rstrip("=")


def decode(token: str) -> tuple[Any, UUID]:
    """The sort value and id in a marker. Raises BadCursor."""
    try:
        kind, plain, row_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        read: Callable[[Any], Any] = {
            "d": date.fromisoformat,
            "t": datetime.fromisoformat,
            "n": Decimal,
            "u": UUID,
            "p": lambda value: value if isinstance(value, str | int) else _refuse(),
        }[kind]
        return read(plain), UUID(row_id)
    except (ValueError, TypeError, KeyError, ArithmeticError, binascii.Error, RecursionError) as error:
        raise BadCursor from error


def _refuse() -> Any:
    raise ValueError("not a sort value")


class Source(Protocol):
    """Where the rows of a list come from. Rows are mappings with at least `id`."""

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        """At most `limit` rows in the order of `sort`, after (or before) the row of a marker."""

    def count(self, *, cap: int) -> int:
        """How many rows there are, at most `cap`."""

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        """Sums of `columns` over all rows, a row for each `currency`."""


class QuerySource:
    """Rows of a queryset (already filtered and in scope) as dictionaries of `fields`. 1 SQL query a call."""

    def __init__(self, queryset: QuerySet[Any], *, fields: Sequence[str], currency: str = "currency") -> None:
        self.queryset = queryset
        self.fields = ["id", *(name for name in fields if name != "id")]
        self.currency = currency

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        backwards = bool(before) and not after
        token = before if backwards else after
        descending = sort.descending != backwards
        queryset = self.queryset
        if token:
            here = Tuple(F(sort.field), F("id"))
            beyond = TupleLessThan if descending else TupleGreaterThan
            queryset = queryset.filter(beyond(here, decode(token)))
        order = [F(name).desc() if descending else F(name).asc() for name in (sort.field, "id")]
        page = queryset.order_by(*order).values(*self.fields, **_aliases(sort.field, self.fields))[:limit]
        try:
            rows = list(page)
        except (TypeError, ValueError, ValidationError) as error:  # a marker of another sort
            if not token:
                raise
            raise BadCursor from error
        return rows[::-1] if backwards else rows

    def count(self, *, cap: int) -> int:
        return self.queryset.order_by().values("id")[:cap].count()

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        sums = {name: Sum(name) for name in columns}
        # Named apart: an aggregate may not take the name of the field that it sums.
        renamed = {f"sum_{name}": value for name, value in sums.items()}
        rows = self.queryset.order_by().values(self.currency).annotate(row_count=Count("id"), **renamed)
        return [
            {"currency": row[self.currency], "row_count": row["row_count"], **{n: row[f"sum_{n}"] for n in columns}}
            for row in rows.order_by(self.currency)
        ]


def _aliases(field: str, fields: Sequence[str]) -> dict[str, Any]:
    return {} if field in fields else {"sort_value": F(field)}
