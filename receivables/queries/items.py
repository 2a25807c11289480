"""The items behind a figure: of a customer, of a cell of the aged balance, or of everything, on any day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.ageing import bucket_days
from receivables.queries.as_of import Way, open_items_sql
from receivables.queries.selection import EVERY_ITEM, Selection
from receivables.queries.statement import fetch
from receivables.rules.ageing import DEFAULT_BUCKETS, Buckets

CREDITS = "credits"
OVERDUE = "overdue"


class OpenItem(NamedTuple):
    """An item as it stood open on a day. `days_overdue` is 0 until the due date has passed."""

    item_id: UUID
    customer_id: UUID
    customer_ref: str
    customer_name: str
    entity_id: UUID
    entity_code: str
    kind: str
    number: str
    instalment: int
    document_date: date
    posting_date: date
    due_date: date
    currency: str
    amount: Decimal
    open_amount: Decimal
    days_overdue: int

    @property
    def position(self) -> tuple[date, UUID]:
        """The row's place in the list, as `after` takes it."""
        return self.due_date, self.item_id


class ItemsTotal(NamedTuple):
    """What the items behind a figure sum up to in one currency, and how many they are."""

    currency: str
    open_amount: Decimal
    items: int


_COLUMNS = ("id", "entity_id", "kind", "number", "instalment", "document_date", "posting_date", "amount")


def open_items(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    bucket: str | None = None,
    credits_apart: bool = False,
    buckets: Buckets = DEFAULT_BUCKETS,
    after: tuple[date, UUID] | None = None,
    limit: int | None = 200,
    way: Way | None = None,
) -> list[OpenItem]:
    """Items open on `on`, the oldest due date first. 1 SQL query, and a probe of an index.

    `bucket` is a name of `buckets`, or "overdue" for all after the first: the items behind that figure. With
    `credits_apart` these are its debits only, and the bucket "credits" has the negative ones. A customer and a currency
    stand in `selection`. `after` the position of a row come the next `limit` rows; None gives all. Raises UnknownBucket.
    """
    items = open_items_sql(on=on, known_on=known_on, scope=scope, selection=selection, columns=_COLUMNS, way=way)
    conditions, params = _of_bucket(bucket, on=on, buckets=buckets, credits_apart=credits_apart)
    params |= items.params
    if after is not None:
        conditions.append("(o.due_date, o.id) > (%(after_day)s, %(after_id)s)")
        params["after_day"], params["after_id"] = after
    cut = ""
    if limit is not None:
        cut, params["limit"] = "LIMIT %(limit)s", limit
    sql = (
        "SELECT o.id, o.customer_id, c.ref, c.name, o.entity_id, e.code, o.kind, o.number, o.instalment,"
        " o.document_date, o.posting_date, o.due_date, o.currency, o.amount, o.open_amount,"
        " greatest(0, %(on)s - o.due_date)"
        f" FROM (SELECT o.* FROM ({items.sql}) o WHERE {' AND '.join(conditions)} ORDER BY o.due_date, o.id {cut}) o"
        " JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = o.customer_id"
        " JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = o.entity_id"
        " ORDER BY o.due_date, o.id"
    )
    return [OpenItem(*row) for row in fetch(sql, params)]


def open_items_totals(
    *,
    on: date,
    known_on: date | None = None,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    bucket: str | None = None,
    credits_apart: bool = False,
    buckets: Buckets = DEFAULT_BUCKETS,
    way: Way | None = None,
) -> list[ItemsTotal]:
    """One row per currency, by currency: what `open_items` sums up to. 1 SQL query, and a probe of an index."""
    items = open_items_sql(on=on, known_on=known_on, scope=scope, selection=selection, way=way)
    conditions, params = _of_bucket(bucket, on=on, buckets=buckets, credits_apart=credits_apart)
    sql = (
        f"SELECT o.currency, sum(o.open_amount), count(*) FROM ({items.sql}) o WHERE {' AND '.join(conditions)}"
        " GROUP BY o.currency ORDER BY o.currency"
    )
    return [ItemsTotal(*row) for row in fetch(sql, params | items.params)]


def _of_bucket(
    bucket: str | None, *, on: date, buckets: Buckets, credits_apart: bool
) -> tuple[list[str], dict[str, Any]]:
    """Conditions over open items `o`, and their parameters."""
    conditions: list[str] = ["true"]
    params: dict[str, Any] = {}
    if bucket is None:
        return conditions, params
    if bucket == CREDITS:
        return [*conditions, "o.open_amount < 0"], params
    first, last = (None, on - timedelta(days=1)) if bucket == OVERDUE else bucket_days(bucket, on=on, buckets=buckets)
    for name, sign, day in (("first_due", ">=", first), ("last_due", "<=", last)):
        if day is not None:
            conditions.append(f"o.due_date {sign} %({name})s")
            params[name] = day
    if credits_apart:
        conditions.append("o.open_amount > 0")
    return conditions, params
