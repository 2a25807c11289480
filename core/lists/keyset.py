"""Keyset pages: page 1,000 costs what page 1 costs, and rows that come or go do not shift the others."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.lists.cut import Cut, cut_rows, joins_of, write_cut

Row = Mapping[str, Any]

# Rows that an export takes at a time.
SLICE_ROWS = 5_000
# Statements of first pages: so many are kept, then they are written anew. Text and parameters, never rows.
FIRST_PAGES = 2_000
_first_pages: dict[tuple[Any, ...], Cut | None] = {}


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
            "n": _number,
            "u": UUID,
            "p": lambda value: value if isinstance(value, str | int) and "\x00" not in str(value) else _refuse(),
        }[kind]
        return read(plain), UUID(row_id)
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError, binascii.Error, RecursionError) as error:
        raise BadCursor from error


def _number(text: str) -> Decimal:
    value = Decimal(text)
    return value if value.is_finite() else _refuse()


def _refuse() -> Any:
    raise ValueError("not a sort value")


class Source(Protocol):
    """Where the rows of a list come from. Rows are mappings with at least `id`."""

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        """At most `limit` rows in the order of `sort`, after (or before) the row of a marker."""

    def marker(self, row: Row, sort: Sort) -> str:
        """What `slice` takes to go on from a row."""

    def count(self, *, cap: int) -> int:
        """How many rows there are, at most `cap`."""

    def totals(self, *, columns: Sequence[str]) -> Sequence[Row]:
        """Sums of `columns` over all rows, a row for each `currency`, with `row_count`."""

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        """All rows in the order of `sort`, in slices: for exports. Memory holds one slice."""


class QuerySource:
    """Rows of a queryset (already filtered and in scope) as dictionaries of `fields`. 1 SQL query a call.

    `apart`: amounts of two currencies are not ranked among each other, so sorting by a field of it puts the rows
    currency by currency: {"open_amount": "currency"}. `names`: a name for a path of references, {"customer":
    "customer__name"}. `key` holds all that decides which rows these are: the statement of their first page is then written
    once (the queryset may be a function, which is not even asked). `count_along`: the cap of a `count` that will be asked for if the page is full: `slice` then brings
    it with the rows.
    """

    count_along = 0

    def __init__(
        self,
        queryset: QuerySet[Any] | Callable[[], QuerySet[Any]],
        *,
        fields: Sequence[str],
        currency: str = "currency",
        apart: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        key: tuple[Any, ...] = (),
    ) -> None:
        self._queryset = queryset
        self.fields = ["id", *(name for name in fields if name != "id")]
        self.currency = currency
        self.apart = apart or {}
        self.names = names or {}
        self.key = key
        self._counted: tuple[int, int] | None = None  # the cap, and how many there are

    @cached_property
    def queryset(self) -> QuerySet[Any]:
        return self._queryset() if callable(self._queryset) else self._queryset

    def slice(self, *, sort: Sort, after: str, before: str, limit: int) -> Sequence[Row]:
        backwards = bool(before) and not after
        token = before if backwards else after
        try:
            cut = self._first_page(sort, limit) if not token else self._cut(sort, token, backwards, limit)
            rows, number = cut_rows(cut) if cut else ([], None)
        except (TypeError, ValueError, ValidationError, DataError) as error:  # a marker of another sort
            if not token:
                raise
            raise BadCursor from error
        if number is not None:
            self._counted = (self.count_along, number)
        return rows[::-1] if backwards else rows

    def _first_page(self, sort: Sort, limit: int) -> Cut | None:
        """The statement of the first page, written once for all who would write the same."""
        if not self.key:
            return self._cut(sort, "", False, limit)
        key = (*self.key, sort, limit, self.count_along)
        if key not in _first_pages:
            if len(_first_pages) >= FIRST_PAGES:
                _first_pages.clear()
            cut = self._cut(sort, "", False, limit)
            _first_pages[key] = cut and cut.kept()
        return _first_pages[key]

    def _cut(self, sort: Sort, token: str, backwards: bool, limit: int) -> Cut | None:
        descending = sort.descending != backwards
        queryset = self.queryset
        first = self.apart.get(sort.field, "")
        if token:
            queryset = queryset.filter(self._beyond(token, sort, first, descending, backwards))
        order = [F(name).desc() if descending else F(name).asc() for name in (sort.field, "id")]
        if first:
            order.insert(0, F(first).desc() if backwards else F(first).asc())
        extra = {} if sort.field in self.fields else {"sort_value": F(sort.field)}
        if first and first not in self.fields:
            extra["sort_group"] = F(first)
        model: Any = queryset.model
        fields = dict.fromkeys((*self.fields, *joins_of(model, tuple(self.names.items())).needed))
        page = queryset.order_by(*order).values(*fields, **extra)[:limit]
        keys = ["sort_value" if "sort_value" in extra else sort.field, "id"]
        if first:
            keys.insert(0, "sort_group" if "sort_group" in extra else first)
        terms = [f'page."{key}"{" DESC" if term.descending else ""}' for key, term in zip(keys, order, strict=True)]
        counted = self.queryset.order_by().values("id")[: self.count_along] if self.count_along else None
        return write_cut(page, names=self.names, order=terms, counted=counted, full=0 if token else limit)

    def _beyond(self, token: str, sort: Sort, first: str, descending: bool, backwards: bool) -> Any:
        value, row_id = decode(token)
        beyond = TupleLessThan if descending else TupleGreaterThan
        here = Tuple(F(sort.field), F("id"))
        if not first:
            return beyond(here, (value, row_id))
        group, point, number = str(value).partition("|")
        if not point:
            raise BadCursor
        next_groups = Q(**{f"{first}__{'lt' if backwards else 'gt'}": group})
        field = self.queryset.model._meta.get_field(sort.field)
        return next_groups | (Q(**{first: group}) & Q(beyond(here, (field.to_python(number), row_id))))

    def marker(self, row: Row, sort: Sort) -> str:
        value = row["sort_value"] if "sort_value" in row else row[sort.field]
        if first := self.apart.get(sort.field):
            group = row["sort_group"] if "sort_group" in row else row[first]
            value = f"{group}|{value}"
        return encode(value, row["id"])

    def count(self, *, cap: int) -> int:
        if self._counted and self._counted[0] == cap:
            return self._counted[1]
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

    def everything(self, *, sort: Sort) -> Iterator[Sequence[Row]]:
        return slices(self, sort=sort)


def slices(source: Source, *, sort: Sort, limit: int = SLICE_ROWS) -> Iterator[Sequence[Row]]:
    """All rows of a source, page after page."""
    after = ""
    while rows := source.slice(sort=sort, after=after, before="", limit=limit):
        yield rows
        if len(rows) < limit:
            return
        after = source.marker(rows[-1], sort)
