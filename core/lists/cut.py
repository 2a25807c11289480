"""One page of rows as one statement: cut first, then the names of what its rows refer to, and how many rows there are.

Which rows these are (filters, scope, order, limit) the ORM writes; the statement around it is our own. The ORM's own way,
rows whose id is in a sub-query, takes it twice as long to write and PostgreSQL three times as long to plan. Without any
sub-query the planner takes the joins for a reason to read and sort everything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import connection
from django.db.models import ForeignKey, QuerySet

from core.prepared import prepared_cursor
from core.tenancy import current_tenant_id


@dataclass(frozen=True)
class Joins:
    """SQL that adds names to the rows of `page`. `needed`: columns that those must have for it."""

    select: str
    joins: str
    needed: tuple[str, ...]
    tenants: int  # parameters of `joins`, each the tenant


@dataclass(frozen=True)
class Cut:
    """The statement of one page."""

    sql: str
    params: tuple[Any, ...]
    model: Any
    is_counted: bool
    is_kept: bool = False

    def kept(self) -> "Cut":
        """The same for a statement that is asked again and again: its parameters in its text, planned once for them."""
        text = connection.ops.compose_sql(self.sql, self.params)  # type: ignore[attr-defined]
        return replace(self, sql=text, params=(), is_kept=True)


def write_cut(
    page: QuerySet[Any],
    *,
    names: Mapping[str, str],
    order: Sequence[str],
    counted: QuerySet[Any] | None = None,
    full: int = 0,
) -> Cut | None:
    """The statement for the rows of `page`, an ordered and cut queryset of values, with `names`. None: no rows.

    `names`: paths of references of the row, by the name that each gets. `order`: terms over the columns of `page`, which
    put its rows in order again after the joins. It counts the rows of `counted` (a cut queryset) too, unless the page has
    fewer than `full` rows.
    """
    model: Any = page.model
    added = joins_of(model, tuple(names.items()))
    try:
        sql, params = page.query.sql_with_params()
        count_sql, count_params = ("", ()) if counted is None else counted.query.sql_with_params()
    except EmptyResultSet:
        return None
    count = ""
    if count_sql:
        count = (
            f", CASE WHEN (SELECT count(*) FROM page) >= {full:d}"
            f" THEN (SELECT count(*) FROM ({count_sql}) counted) END AS page_count"
        )
    return Cut(
        f"WITH page AS ({sql}) SELECT page.*{added.select}{count} FROM page{added.joins} ORDER BY {', '.join(order)}",
        (*params, *count_params, *[current_tenant_id()] * added.tenants),
        model,
        bool(count),
    )


def cut_rows(cut: Cut) -> tuple[list[dict[str, Any]], int | None]:
    """The rows of a page, and how many there are in all; None where that was not counted. 1 SQL query."""
    with prepared_cursor() if cut.is_kept else connection.cursor() as cursor:
        cursor.execute(cut.sql, cut.params or None)
        found = cursor.fetchall()
        columns = [column.name for column in cursor.description]
    number = found[0][-1] if found and cut.is_counted else None
    if cut.is_counted:
        columns.pop()
    rows = [dict(zip(columns, row, strict=False)) for row in found]
    for name, read in _readers(cut.model, tuple(columns)):
        for row in rows:
            row[name] = read(row[name], None, connection)
    return rows, number


@cache
def joins_of(model: Any, names: tuple[tuple[str, str], ...]) -> Joins:
    """How each name of {name: path} is reached from the rows of a page. Raises TypeError on what is no reference."""
    quote = connection.ops.quote_name
    aliases: dict[str, str] = {}
    select, joins, needed, tenants = "", "", [], 0
    for name, path in names:
        *hops, last = path.split("__")
        here: Any = model
        alias, walked = "page", ""
        for hop in hops:
            reference = here._meta.get_field(hop)
            if not isinstance(reference, ForeignKey):
                raise TypeError(f"{path}: {hop} of {here.__name__} is no reference")
            if alias == "page":
                needed.append(reference.attname)
            column = reference.attname if alias == "page" else reference.column
            walked = f"{walked}__{hop}"
            there: Any = reference.related_model
            key: Any = reference.target_field.column
            if walked not in aliases:
                aliases[walked] = target = f"name{len(aliases)}"
                of_tenant = ""
                if any(field.attname == "tenant_id" for field in there._meta.concrete_fields):
                    of_tenant = f" AND {target}.tenant_id = %s"
                    tenants += 1
                joins += (
                    f" LEFT JOIN {quote(there._meta.db_table)} {target}"
                    f" ON {target}.{quote(key)} = {alias}.{quote(column)}{of_tenant}"
                )
            here, alias = there, aliases[walked]
        select += f", {alias}.{quote(here._meta.get_field(last).column)} AS {quote(name)}"
    return Joins(select, joins, tuple(dict.fromkeys(needed)), tenants)


@cache
def _readers(model: Any, columns: tuple[str, ...]) -> list[tuple[str, Callable[..., Any]]]:
    """Of the columns of a page those of which the ORM makes another value than the driver (JSON)."""
    found = []
    for name in columns:
        try:
            read = getattr(model._meta.get_field(name), "from_db_value", None)
        except FieldDoesNotExist:
            continue
        if read:
            found.append((name, read))
    return found
