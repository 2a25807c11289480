"""Open amounts and balances: stored beside the facts they follow from, and the check that they do."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from core.jobs import wait_for_lock
from receivables.services.loading_stage import (
    analyze_grown,
    copy_into,
    execute,
    fetch,
    id_in_order,
    temp_table,
    tenant_literal,
)

# What allocations take from each item, in the item's sign: a debit's side lowers it, a credit's side raises it.
_SIDES = """
    SELECT debit_item_id AS item_id, debit_amount AS amount FROM receivables_allocation
    WHERE tenant_id = {tenant} AND debit_item_id IS NOT NULL {condition}
    UNION ALL
    SELECT credit_item_id, -credit_amount FROM receivables_allocation
    WHERE tenant_id = {tenant} AND credit_item_id IS NOT NULL {condition}
"""


@dataclass(frozen=True)
class OpenAmountDifference:
    """An item whose stored open amount is not its amount less its allocations."""

    item_id: UUID
    customer_id: UUID
    currency: str
    stored: Decimal
    computed: Decimal


# Of so few customers each balance is looked up; of more, PostgreSQL decides how to read them.
_FEW = 2_000


@transaction.atomic
def refresh_balances(*, on: date, customers: Collection[UUID] | None = None) -> int:
    """Bring the balances of `customers` (None: of all) to the business day `on`; the number of rows written.

    One statement. A row whose figures are the same is not written, so its `on` is the day on which they came about.
    Items posted after the day are not counted, and allocations dated after it not yet.
    """
    if customers is None:
        written, _made = _refresh(on=on)
        return written
    wanted = sorted(set(customers))
    temp_table("touched", "(customer_id uuid PRIMARY KEY) ON COMMIT DROP")
    with copy_into("touched", ["customer_id"]) as write:
        for customer_id in wanted:
            write((customer_id,))
    execute("ANALYZE touched")
    written, _made = _refresh(on=on, touched="touched", few=len(wanted) < _FEW)
    return written


def refresh_touched_balances(*, on: date, touched: str = "touched", most: int = _FEW) -> int:
    """The same for the customers in a temporary table `touched (customer_id)` of this transaction: at most `most`."""
    if most >= _FEW:
        execute(f"ANALYZE {touched}")
    written, made = _refresh(on=on, touched=touched, few=most < _FEW)
    analyze_grown("receivables_customerbalance", by=made)
    return written


def _refresh(*, on: date, touched: str = "", few: bool = False) -> tuple[int, int]:
    """How many balances were written, and how many of them are new.

    One after the other within an organisation: of two loads that touch the same customer, the later one sees the items
    of the earlier one. And a balance that was found stays in its place (ctid) until it is written: none is looked up twice.
    """
    wait_for_lock("balances")
    tenant = tenant_literal()
    # Of few, the database's own ids cost less than the statement that draws one to count up from.
    new_id = "uuidv7()" if few else id_in_order("row_number() OVER ()")
    # A list is looked up in one walk along an index, in its order; a join may well begin with the whole ledger.
    customers = f"(SELECT customer_id FROM {touched})"
    among = f"= ANY(ARRAY{customers})" if few else f"IN {customers}"

    def of(alias: str) -> str:
        return f"{alias}.tenant_id = {tenant}" + (f" AND {alias}.customer_id {among}" if touched else "")

    sql = f"""
        WITH {_standing(of, tenant, customers if touched else "", on=on)}, fresh AS MATERIALIZED (
            SELECT customer_id, currency, sum(amount) AS open_amount,
                coalesce(sum(amount) FILTER (WHERE due_date < %(on)s), 0) AS overdue_amount,
                min(due_date) AS oldest_due_date, count(*)::integer AS item_count
            FROM standing GROUP BY 1, 2
        ), differing AS MATERIALIZED (
            SELECT f.*, b.place
            FROM fresh f FULL JOIN (SELECT b.*, b.ctid AS place FROM receivables_customerbalance b WHERE {of("b")}) b
                ON b.customer_id = f.customer_id AND b.currency = f.currency
            WHERE (b.open_amount, b.overdue_amount, b.oldest_due_date, b.item_count)
                IS DISTINCT FROM (f.open_amount, f.overdue_amount, f.oldest_due_date, f.item_count)
            ORDER BY f.customer_id, f.currency
        ), gone AS (
            DELETE FROM receivables_customerbalance b USING differing d
            WHERE b.tenant_id = {tenant} AND b.ctid = d.place AND d.customer_id IS NULL
            RETURNING 1
        ), changed AS (
            UPDATE receivables_customerbalance b SET "on" = %(on)s, open_amount = d.open_amount,
                overdue_amount = d.overdue_amount, oldest_due_date = d.oldest_due_date, item_count = d.item_count,
                open_cents = round(d.open_amount * 100)::bigint, overdue_cents = round(d.overdue_amount * 100)::bigint
            FROM differing d WHERE b.tenant_id = {tenant} AND b.ctid = d.place AND d.customer_id IS NOT NULL
            RETURNING 1
        ), made AS (
            INSERT INTO receivables_customerbalance
                (id, customer_id, currency, "on", open_amount, overdue_amount, oldest_due_date, item_count, open_cents,
                 overdue_cents)
            SELECT {new_id}, customer_id, currency, %(on)s, open_amount, overdue_amount, oldest_due_date, item_count,
                round(open_amount * 100)::bigint, round(overdue_amount * 100)::bigint
            FROM differing WHERE place IS NULL
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed), (SELECT count(*) FROM made)
    """
    [(altered, made)] = _fetch_named(sql, on)
    return int(altered + made), int(made)


def _standing(of: Callable[[str], str], tenant: str, customers: str, *, on: date) -> str:
    """SQL of `standing (customer_id, currency, due_date, amount)`: what is open of each item on the day.

    `of`: the SQL that narrows an alias to the organisation's customers; `customers`: that of their ids, if not all.
    Mostly nothing is allocated after the day, and what is open now is what was open then.
    """
    open_now = f"{of('i')} AND i.is_open AND i.posting_date <= %(on)s"
    if not fetch(f'SELECT FROM receivables_allocation WHERE tenant_id = {tenant} AND "on" > %s LIMIT 1', [on]):
        return (
            "standing AS (SELECT i.customer_id, i.currency, i.due_date, i.open_amount AS amount "
            f"FROM receivables_ledgeritem i WHERE {open_now})"
        )
    sides = _SIDES.format(
        tenant=tenant, condition=f'{f"AND customer_id IN {customers}" if customers else ""} AND "on" > %(on)s'
    )
    return f"""later AS MATERIALIZED (
            SELECT item_id, sum(amount) AS amount FROM ({sides}) side GROUP BY 1
        ), standing AS (
            SELECT i.customer_id, i.currency, i.due_date, i.open_amount + coalesce(l.amount, 0) AS amount
            FROM receivables_ledgeritem i LEFT JOIN later l ON l.item_id = i.id
            WHERE {open_now} AND i.open_amount + coalesce(l.amount, 0) <> 0
            UNION ALL
            SELECT i.customer_id, i.currency, i.due_date, l.amount
            FROM later l JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.id = l.item_id
            WHERE i.open_amount = 0 AND l.amount <> 0 AND i.void_on IS NULL AND i.posting_date <= %(on)s
        )"""


def _fetch_named(sql: str, on: date) -> list[tuple[int, int]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, {"on": on})
        return cursor.fetchall()


def recompute_open(table: str) -> int:
    """Set the stored open amount of the items in the temporary table `table (item_id)` anew; how many it changed."""
    tenant = tenant_literal()
    return execute(
        f"UPDATE receivables_ledgeritem i SET open_amount = i.amount - x.taken, updated_at = statement_timestamp() FROM ("
        f"SELECT t.item_id, coalesce(sum(a.amount), 0) AS taken FROM (SELECT DISTINCT item_id FROM {table}) t "
        "LEFT JOIN LATERAL ("
        f"SELECT debit_amount AS amount FROM receivables_allocation WHERE tenant_id = {tenant} AND debit_item_id = t.item_id "
        "UNION ALL "
        f"SELECT -credit_amount FROM receivables_allocation WHERE tenant_id = {tenant} AND credit_item_id = t.item_id"
        ") a ON true GROUP BY 1) x "
        f"WHERE i.tenant_id = {tenant} AND i.id = x.item_id AND i.open_amount <> i.amount - x.taken"
    )


@transaction.atomic
def check_open_amounts(*, limit: int = 100) -> list[OpenAmountDifference]:
    """The items whose stored open amount is not their amount less all allocations; [] when the ledger is sound.

    Reads every item and allocation of the organisation: for the night. 1 SQL query.
    """
    tenant = tenant_literal()
    rows = fetch(
        "SELECT i.id, i.customer_id, i.currency, i.open_amount, i.amount - coalesce(s.taken, 0) "
        "FROM receivables_ledgeritem i LEFT JOIN "
        f"(SELECT item_id, sum(amount) AS taken FROM ({_SIDES.format(tenant=tenant, condition='')}) side GROUP BY 1) s "
        "ON s.item_id = i.id "
        f"WHERE i.tenant_id = {tenant} AND i.open_amount <> i.amount - coalesce(s.taken, 0) ORDER BY i.id LIMIT %s",
        [limit],
    )
    return [OpenAmountDifference(*row) for row in rows]


@transaction.atomic
def items_without_document(*, limit: int = 100) -> list[UUID]:
    """Items whose document is not there; [] when the ledger is sound. For the night: no reference of the database's says so.

    1 SQL query, over every item of the organisation.
    """
    tenant = tenant_literal()
    rows = fetch(
        f"SELECT i.id FROM receivables_ledgeritem i WHERE i.tenant_id = {tenant} AND i.document_id IS NOT NULL AND NOT EXISTS ("
        f"SELECT FROM receivables_document d WHERE d.tenant_id = {tenant} AND d.id = i.document_id) LIMIT %s",
        [limit],
    )
    return [item_id for (item_id,) in rows]
