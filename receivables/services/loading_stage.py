"""The staging table: rows are copied into it and judged there, before anything of the ledger changes.

COPY into a table under row-level security is refused, so rows go into a temporary table that ends with the
transaction. Everything that is wrong with the whole file raises a refusal; a row that is wrong alone is taken out of
the stage and listed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Conflict, Invalid
from core.garbage import only_new_objects_collected
from core.tenancy import require_tenant_id
from receivables.ports import ROW_FIELDS, Batch, Columns, Progress, Rejection
from receivables.services.loading_copy import copy_text

# More than this and it is the mapping that is wrong, not the rows.
MOST_REJECTED = 10_000
_SHOWN_LINES = 20
# A snapshot that would close more than this part of what is open waits for a person.
SHRINK_PCT = 50
# For hash joins and sorts of a million rows, which spill at 96 MB and then take a fifth longer; smaller files take what
# they need. Given back at the end of the transaction.
_WORK_MEM = "256MB"

_DATES = {
    "document_date", "posting_date", "due_date", "delivery_date", "settled_date", "on", "order_date", "opened_on",
    "closed_on", "due_on", "made_on", "booked_on", "value_on",
}  # fmt: skip
_KEYS = {"customer_ref", "entity_code", "number", "debit_number", "credit_number", "last_name", "kind"}
_AMOUNTS = {"amount", "open_amount", "vat_amount"}
_OTHERS = {"instalment": "integer", "disputed": "boolean", "is_primary": "boolean"}


class TooManyBadRows(Invalid):
    code = "too_many_bad_rows"
    message = gettext_lazy("Too many rows cannot be read. Look at the choice of columns.")


class Contradictory(Invalid):
    """The same reference stands in the file twice, with different content: no order of lines decides."""

    code = "same_reference_twice"
    message = gettext_lazy("The same reference stands in the file twice with different content.")


class RowsRejected(Invalid):
    """All or nothing was asked for, and not all rows can be loaded. `rejected` lists them."""

    code = "rows_rejected"
    message = gettext_lazy("Not all rows can be loaded, so none was.")

    def __init__(self, rejected: Sequence[Rejection]) -> None:
        self.rejected = list(rejected)
        first = rejected[0]
        super().__init__(
            _("%(count)s rows cannot be loaded, so none was. The first: line %(line)s, %(field)s: %(reason)s")
            % {"count": len(rejected), "line": first.line, "field": first.field or "-", "reason": first.reason}
        )


class Held(Conflict):
    """A snapshot that would close an unusual part of the ledger: a person looks, and may load it by force."""

    code = "load_held"
    message = gettext_lazy("The file would close more than half of the open items. Look at it before it is loaded.")

    def __init__(self, *, closing: int, open_items: int) -> None:
        self.closing, self.open_items = closing, open_items
        super().__init__(
            _("The file would close %(closing)s of %(open)s open items. Look at it before it is loaded.")
            % {"closing": closing, "open": open_items}
        )


class Stopped(Conflict):
    code = "stopped"
    message = gettext_lazy("The import was stopped. Nothing was changed.")


def sql_type(name: str) -> str:
    """The type of a canonical field's column in the stage."""
    if name in _DATES:
        return "date"
    if name in _AMOUNTS:
        return "numeric(20,4)"
    return _OTHERS.get(name, 'text COLLATE "C"')


def execute(sql: str, params: Sequence[Any] | None = None) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def fetch(sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of one query; for small answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def tenant_literal() -> str:
    """The tenant as a literal: a UUID's own text, so that the planner knows how many rows it has."""
    return f"'{require_tenant_id()}'::uuid"


def quoted(text: str) -> str:
    """The SQL of a text, for statements without parameters."""
    return "'" + text.replace("'", "''") + "'"


def id_in_order(place: str) -> str:
    """SQL of a new id for the row at `place`, the SQL of a number from 1: ids that rise with the number by one.

    UUIDs of version 7 as RFC 9562, 6.2 counts them (method 2): one random one, whose last 62 bits are counted up. The
    database's own, with its random bits for each, takes three times as long.
    """
    [(drawn,)] = fetch("SELECT uuidv7()")
    # The highest random bit is cleared, to count into. The number's own highest bit is set, so it is a negative bigint.
    first = (drawn.int & 0xDFFF_FFFF_FFFF_FFFF) - (1 << 64)
    return f"('{drawn.hex[:16]}' || to_hex('{first}'::bigint + {place}))::uuid"


# So many rows, and a plan that takes the wrong index costs more than the statements that prevent it.
_MANY = 2_000


@contextmanager
def planned_without(*methods: str, rows: int = _MANY) -> Iterator[None]:
    """Statements inside do without some of the planner's methods (PostgreSQL's enable_...), such as `indexscan`.

    Every index begins with the organisation, and PostgreSQL takes each of them to be in the order of the table as the
    organisations are. It then reads a whole ledger through any of them, row by row in random order.
    Where the statements are about few `rows`, nothing is changed: it would cost more than it gains.
    """
    if rows < _MANY:
        yield
        return
    execute("; ".join(f"SET LOCAL enable_{method} = off" for method in methods))
    yield  # an error ends the transaction, and the settings with it
    execute("; ".join(f"SET LOCAL enable_{method} = on" for method in methods))


def temp_table(name: str, body: str, params: Sequence[Any] | None = None) -> None:
    """Make a temporary table that ends with the transaction; an earlier one of this transaction makes room."""
    execute(f"DROP TABLE IF EXISTS pg_temp.{name}; CREATE TEMP TABLE {name} {body}", params)


def analyze_temp(table: str, *columns: str) -> None:
    """Statistics for a temporary table from a sample a tenth as large as usual: how many rows and keys is all that counts.

    For few rows too: taken for a handful, a thousand of them were held against each document of an organisation that
    had no statistics yet, one by one.
    """
    execute(
        f"SET LOCAL default_statistics_target = 10; ANALYZE {table} ({', '.join(columns)}); RESET default_statistics_target"
    )


# After so many new rows, and so large a part of what the tenant then has, the planner's statistics are of another table.
_GROWN_FROM, _GROWN_PART = 2_000, 10
# Their sample: three tenths of the usual one, until autovacuum, which sees the same growth, takes a whole one.
_GROWN_TARGET = 30


def analyze_grown(table: str, *, by: int) -> None:
    """Fresh statistics for a big table to which this transaction added `by` rows, if that is much of the tenant's.

    Before rows that refer to them are inserted: with statistics that know nothing of the tenant, each check of a
    reference may read all of the tenant's entries in some other index (200,000 items took ten minutes).
    """
    if by < _GROWN_FROM:
        return
    enough = by * _GROWN_PART + 1
    # A table that was smaller than that when it was last counted needs no look at the tenant's rows.
    [(counted,)] = fetch("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
    if counted >= enough:
        [(total,)] = fetch(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE tenant_id = {tenant_literal()} LIMIT {enough}) counted"
        )
        if total >= enough:
            return
    execute(f"SET LOCAL default_statistics_target = {_GROWN_TARGET}; ANALYZE {table}; RESET default_statistics_target")


def analyze_uncounted(*tables: str) -> None:
    """First statistics for tables that never had any. Taken for empty, each new row may be held against all rows."""
    for (table,) in fetch(
        "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[]) AND reltuples <= 0", [list(tables)]
    ):
        execute(f"ANALYZE {table}")


@contextmanager
def copy_into(table: str, columns: Collection[str]) -> Iterator[Callable[[Sequence[Any]], None]]:
    """A function that writes one row of `columns` into a temporary table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        yield copy.write_row


@contextmanager
def copy_text_into(table: str, columns: Collection[str]) -> Iterator[Callable[[str], None]]:
    """A function that writes rows in COPY's text format (loading_copy) into a temporary table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        yield copy.write


class Stage:
    """The rows of one load in the temporary table `stage`, with what was wrong with them.

    `columns`: the canonical fields that the source feeds; others are not in the table and read as NULL.
    `extra`: further columns that `enrich` computes for each row, as name -> SQL type. `computed`: texts that the
    database computes for each row as it arrives, as name -> immutable SQL of the fed columns.
    """

    def __init__(
        self,
        kind: str,
        columns: Collection[str],
        *,
        extra: dict[str, str] | None = None,
        computed: dict[str, str] | None = None,
    ) -> None:
        names = ROW_FIELDS[kind]
        self.kind = kind
        self.columns = tuple(name for name in names if name in columns)
        self.places = tuple(names.index(name) + 1 for name in self.columns)
        self.extra = extra or {}
        self.computed = computed or {}
        self.read = 0
        self.repeated = 0
        self.rejected: list[Rejection] = []

    def column(self, name: str, alias: str = "s") -> str:
        """The SQL of a field: its column, or a typed NULL where the source does not feed it."""
        if name in self.columns:
            return f'{alias}."{name}"'
        return f"NULL::{sql_type(name)}"

    def among(self, name: str) -> str:
        """For few rows, SQL that says of a ledger's column that the stage has its value; else nothing.

        Beside the join that needs them: PostgreSQL then finds all of them in one walk along the index, instead of one
        by one or by reading the organisation's whole table.
        """
        return f'= ANY(ARRAY(SELECT "{name}" FROM stage))' if self.read < _MANY else ""

    def has(self, *names: str) -> bool:
        """Whether the source feeds any of these fields."""
        return any(name in self.columns for name in names)

    def fill(
        self,
        batches: Iterable[Batch],
        *,
        progress: Progress | None = None,
        enrich: Callable[[tuple[Any, ...]], Sequence[Any]] | None = None,
    ) -> None:
        """Copy all batches into the stage. Raises Stopped, TooManyBadRows, and what the batches' source raises."""
        execute(f"SET LOCAL work_mem = '{_WORK_MEM}'")
        names = [f'"{name}"' for name in self.columns]
        types = [f"{name} {sql_type(name.strip(chr(34)))}" for name in names]
        types += [f"{name} {kind}" for name, kind in self.extra.items()]
        types += [f'{name} text COLLATE "C" GENERATED ALWAYS AS ({sql}) STORED' for name, sql in self.computed.items()]
        temp_table("stage", f"(line integer, {', '.join(types)}) ON COMMIT DROP")
        with only_new_objects_collected(), copy_text_into("stage", ["line", *names, *self.extra]) as write:
            for batch in batches:
                if batch.bad:
                    self.reject(batch.bad)
                if batch.rows:
                    write(copy_text(self._columns(batch, enrich)))
                self.read += len(batch.rows) + len(batch.bad)
                if progress is not None and not progress(self.read):
                    raise Stopped
        keys = [f'"{name}"' for name in self.columns if name in _KEYS]
        analyze_temp("stage", "line", *keys, *self.computed)

    def _columns(self, batch: Batch, enrich: Callable[[tuple[Any, ...]], Sequence[Any]] | None) -> list[Sequence[Any]]:
        """The stage's columns of a batch's rows: line, those that are fed, and what `enrich` computes."""
        rows = batch.rows
        sides = (rows.lines, *rows.columns) if isinstance(rows, Columns) else tuple(zip(*rows, strict=True))
        added = list(zip(*map(enrich, rows), strict=True)) if enrich else []
        return [sides[0], *(sides[place] for place in self.places), *added]

    def reject(self, rows: Iterable[Rejection]) -> None:
        """List rows that are not loaded. Raises TooManyBadRows."""
        self.rejected.extend(rows)
        if len(self.rejected) > MOST_REJECTED:
            raise TooManyBadRows

    def reject_where(self, table: str, condition: str, *, field: str, reason: str, params: Sequence[Any] = ()) -> int:
        """Take the rows out of a temporary table for which `condition` (on alias r) holds, with one reason for all."""
        found = fetch(f"DELETE FROM {table} r WHERE {condition} RETURNING r.line", params)
        self.reject(Rejection(line, field, reason) for (line,) in found)
        return len(found)

    def drop_repeated(self, key: Sequence[str]) -> None:
        """Keep one of rows that are alike. Raises Contradictory where two with the same key (SQL on alias s) differ."""
        listed = ", ".join(key)
        # Numbers are compared several times as fast as texts; only where two rows share one are the texts looked at.
        if not fetch(
            f"SELECT 1 FROM stage s GROUP BY hash_record_extended(ROW({listed}), 0) HAVING count(*) > 1 LIMIT 1"
        ):
            return
        twice = f"SELECT {listed} FROM stage s GROUP BY {listed} HAVING count(*) > 1"
        names = [f"k{place}" for place in range(len(key))]
        content = ", ".join(f's."{name}"' for name in self.columns)
        same_key = " AND ".join(f"{sql} IS NOT DISTINCT FROM k.{name}" for sql, name in zip(key, names, strict=True))
        temp_table("twice", f"ON COMMIT DROP AS SELECT * FROM ({twice}) k({', '.join(names)})")
        if not fetch("SELECT 1 FROM twice LIMIT 1"):
            return
        temp_table(
            "repeated",
            f"ON COMMIT DROP AS SELECT s.line, {', '.join('k.' + name for name in names)}, md5(row({content})::text) AS content "
            f"FROM stage s JOIN twice k ON {same_key}",
        )
        grouped = ", ".join(names)
        wrong = fetch(
            f"SELECT array_agg(line ORDER BY line) FROM repeated GROUP BY {grouped} "
            "HAVING count(DISTINCT content) > 1 ORDER BY 1 LIMIT %s",
            [_SHOWN_LINES],
        )
        if wrong:
            lines = "; ".join(", ".join(str(line) for line in found[:5]) for (found,) in wrong)
            raise Contradictory(
                _("The same reference stands in the file twice with different content, in the lines %(lines)s.")
                % {"lines": lines}
            )
        self.repeated = execute(
            f"DELETE FROM stage s USING (SELECT line, min(line) OVER (PARTITION BY {grouped}) AS kept FROM repeated) r "
            "WHERE s.line = r.line AND r.line > r.kept"
        )
