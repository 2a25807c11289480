"""Which rows of a file of items are new or differ from the ledger, and what each of them will be: the table `work`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import (
    Stage,
    analyze_temp,
    fetch,
    id_in_order,
    planned_without,
    quoted,
    temp_table,
    tenant_literal,
)

DOCUMENT_TEXTS = ("order_ref", "project_ref", "biller", "product", "site")


@dataclass(frozen=True)
class ItemLoad:
    """How a file of items is to be understood. `as_of`: the business day of what it says and from which we know it."""

    mode: str
    source: str
    as_of: date
    run_id: UUID
    force: bool = False
    tenant: str = field(default_factory=tenant_literal)

    @property
    def is_history(self) -> bool:
        return self.mode == "history"

    @property
    def is_snapshot(self) -> bool:
        return self.mode == "snapshot"


def item_columns(columns: Collection[str]) -> dict[str, str]:
    """What the stage computes for each row of items: name -> SQL. `item_kind` and the item's `source_ref` at its source.

    The kind is as given; by its sign where none is given; a negative invoice is a credit note.
    """
    kind = "CASE WHEN amount < 0 THEN 'CREDIT_NOTE' ELSE 'INVOICE' END"
    if "kind" in columns:
        kind = (
            f"CASE WHEN kind IS NULL THEN {kind} "
            "WHEN kind IN ('INVOICE', 'DEBIT_NOTE') AND amount < 0 THEN 'CREDIT_NOTE' ELSE kind END"
        )
    instalment = "coalesce(instalment, 1)::text" if "instalment" in columns else "'1'"
    return {"item_kind": kind, "source_ref": f"number || '/' || {kind} || '/' || {instalment}"}


def find_work(stage: Stage, load: ItemLoad) -> None:
    """Fill `work` with the rows that are new or differ from the ledger, each with what it will be.

    Of a snapshot, `pair` has beforehand what it changes of the open items: lines that are new to them or differ, and,
    without a line, the items that the file has no more. Both are found in one pass over the two.
    """
    if load.is_history:
        temp_table("closing", f"ON COMMIT DROP AS {_closings(load)}")
        analyze_temp("closing", "item_id")
    differing = _find_pairs(stage, load) if load.is_snapshot else None
    lines = f"({_lines(stage, of_pair=differing is not None)}) s JOIN party p ON p.customer_ref = s.customer_ref AND p.entity_code = s.entity_code"
    same = (
        f"i.tenant_id = {load.tenant} AND i.entity_id = p.entity_id AND i.source = {quoted(load.source)} "
        "AND i.source_ref = s.source_ref AND i.void_on IS NULL"
    )
    # A few lines of many look their items up, one by one; for most of a ledger it is read as a whole.
    is_small_part = differing is not None and differing * _LOOKED_UP_PART <= stage.read
    if is_small_part:
        joined = f"{lines} LEFT JOIN LATERAL (SELECT i.* FROM receivables_ledgeritem i WHERE {same} LIMIT 1) i ON true"
    else:
        refs = stage.among("source_ref")
        few = f"AND i.entity_id = ANY(ARRAY(SELECT id FROM entity_of)) AND i.source_ref {refs}" if refs else ""
        joined = f"{lines} LEFT JOIN receivables_ledgeritem i ON {same} {few}"
    # In the order of customers and days: an item, its document and their places in most indexes follow the ones before.
    # The ids are given in that order; a document has that of its first item.
    order = "ORDER BY n.customer_id, n.document_date, n.number"
    with planned_without("indexscan", rows=0 if is_small_part else stage.read):
        temp_table(
            "work",
            f"""ON COMMIT DROP AS
            SELECT m.*, CASE WHEN m.is_new THEN m.id ELSE m.old_document_id END AS document_id
            FROM (
                SELECT n.*, coalesce(n.item_id, {id_in_order(f"row_number() OVER ({order})")}) AS id, false AS has_document,
                    n.is_new OR n.fields_differ OR n.document_differs AS is_changed,
                    CASE WHEN n.item_id IS NULL THEN coalesce(n.target, n.amount) ELSE n.old_open END AS new_open,
                    CASE WHEN n.item_id IS NULL THEN abs(n.amount) - abs(coalesce(n.target, n.amount)) ELSE 0 END AS closing_amount,
                    false AS is_reversed, n.item_id IS NULL AND n.is_settled_history AS closes_in_history
                FROM ({_compared(stage, load, joined)}) n WHERE {_DIFFERS}
                {order}
            ) m""",
        )


# Of so many lines one differs, at most: then a look at an index for each costs less than the whole ledger.
_LOOKED_UP_PART = 10
_DIFFERS = "(n.is_new OR n.fields_differ OR n.document_differs OR n.closing_differs)"


def _find_pairs(stage: Stage, load: ItemLoad) -> int | None:
    """Fill `pair (line, item_id)` for a snapshot; how many. None, and empty, where nothing is open: every line counts."""
    is_open = f"i.tenant_id = {load.tenant} AND i.source = {quoted(load.source)} AND i.is_open"
    # The first row that fits may stand behind all other organisations': not by reading the table from its beginning.
    with planned_without("seqscan"):
        has_open = bool(fetch(f"SELECT 1 FROM receivables_ledgeritem i WHERE {is_open} LIMIT 1"))
    if not has_open:
        temp_table("pair", "(line integer, item_id uuid) ON COMMIT DROP")
        return None
    joined = f"""({_lines(stage)}) s
        JOIN party p ON p.customer_ref = s.customer_ref AND p.entity_code = s.entity_code
        FULL JOIN (SELECT i.* FROM receivables_ledgeritem i
            WHERE {is_open} AND i.entity_id = ANY(ARRAY(SELECT DISTINCT entity_id FROM party))) i
            ON i.entity_id = p.entity_id AND i.source_ref = s.source_ref"""
    with planned_without("indexscan", rows=stage.read):
        temp_table(
            "pair",
            f"ON COMMIT DROP AS SELECT n.line, n.item_id FROM ({_compared(stage, load, joined)}) n "
            f"WHERE n.line IS NULL OR {_DIFFERS}",
        )
    analyze_temp("pair", "line", "item_id")
    [(count,)] = fetch("SELECT count(*) FROM pair")
    return int(count)


def _lines(stage: Stage, *, of_pair: bool = False) -> str:
    """SQL of the stage's rows (or of those that `pair` has) with all that an item has, blank where the source does not feed it."""
    named = ", ".join(
        f"{stage.column(name)} AS {name}"
        for name in ("customer_ref", "number", "document_date", "posting_date", "due_date", "delivery_date", "amount",
                     "open_amount", "vat_amount", "currency", "settled_date", "payment_method", *DOCUMENT_TEXTS)
    )  # fmt: skip
    return (
        f"SELECT s.line, {entity_code(stage)} AS entity_code, s.item_kind AS kind, "
        f"coalesce({stage.column('instalment')}, 1) AS instalment, s.source_ref, {named} FROM stage s"
        + (" JOIN pair k ON k.line = s.line" if of_pair else "")
    )


def _compared(stage: Stage, load: ItemLoad, joined: str) -> str:
    """SQL of lines beside their items: what each says, what was said before, and whether that differs.

    `joined`: the lines s, their parties p and the items i.
    """
    texts = [name for name in DOCUMENT_TEXTS if stage.has(name)]
    posting = (
        "coalesce(s.posting_date, s.document_date)"
        if stage.has("posting_date")
        else "CASE WHEN i.posting_date <> i.document_date THEN i.posting_date ELSE s.document_date END"
    )
    document_differs = " OR ".join(f"s.{name} <> d.{name}" for name in texts) or "false"
    settled_otherwise = "s.settled_date IS NOT NULL AND c.item_id IS NOT NULL AND (c.first_on <> s.settled_date OR c.last_on <> s.settled_date)"
    return f"""
        SELECT v.*, v.item_id IS NULL AS is_new,
            v.item_id IS NOT NULL AND (
                (v.old_customer_id, v.old_document_date, v.old_posting_date, v.old_due_date, v.old_delivery_date,
                 v.old_currency, v.old_amount, v.old_vat_amount, v.old_payment_method)
                IS DISTINCT FROM (v.customer_id, v.document_date, v.posting_date, v.due_date, v.delivery_date,
                 v.currency, v.amount, v.vat_amount, v.payment_method)) AS fields_differ,
            v.item_id IS NOT NULL AND (v.is_settled_otherwise
                OR v.target IS NOT NULL AND (v.target, v.amount) IS DISTINCT FROM (v.old_open, v.old_amount)
                AND v.target - v.amount <> v.old_open - v.old_amount) AS closing_differs
        FROM (
            SELECT s.line, p.entity_id, p.customer_id,
                CASE WHEN i.customer_id = p.customer_id THEN i.account_id ELSE p.account_id END AS account_id,
                s.kind, s.number, s.instalment::smallint AS instalment, s.source_ref, s.document_date,
                {posting} AS posting_date, s.due_date, coalesce(s.delivery_date, i.delivery_date) AS delivery_date,
                coalesce(s.currency, i.currency, p.currency) AS currency, {_new_amount(stage, load)} AS amount,
                coalesce(s.vat_amount, i.vat_amount) AS vat_amount,
                coalesce(s.payment_method, i.payment_method, '') AS payment_method,
                {", ".join(f"s.{name}" for name in DOCUMENT_TEXTS)},
                {_target(stage, load)} AS target, {_settled(load)} AS settled_on,
                {"s.settled_date IS NOT NULL" if load.is_history else "false"} AS is_settled_history,
                i.id AS item_id, i.customer_id AS old_customer_id, i.document_date AS old_document_date,
                i.posting_date AS old_posting_date, i.due_date AS old_due_date, i.delivery_date AS old_delivery_date,
                i.currency AS old_currency, i.amount AS old_amount, i.vat_amount AS old_vat_amount,
                i.payment_method AS old_payment_method, i.open_amount AS old_open,
                i.document_id AS old_document_id,
                {f"coalesce({document_differs}, false)" if texts else "false"} AS document_differs,
                {f"coalesce({settled_otherwise}, false)" if load.is_history else "false"} AS is_settled_otherwise
            FROM {joined}
            {"LEFT JOIN receivables_document d ON d.tenant_id = " + load.tenant + " AND d.id = i.document_id" if texts else ""}
            {"LEFT JOIN closing c ON c.item_id = i.id" if load.is_history else ""}
        ) v"""


def _closings(load: ItemLoad) -> str:
    """Live closings without counterpart, by item: their sum and days."""
    return (
        'SELECT coalesce(a.debit_item_id, a.credit_item_id) AS item_id, min(a."on") AS first_on, max(a."on") AS last_on '
        f"FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND {is_live_closing(load)} GROUP BY 1"
    )


def is_live_closing(load: ItemLoad) -> str:
    """SQL of: the source closed the item without naming a counterpart, and has not taken it back (alias a)."""
    return (
        "a.origin = 'SOURCE' AND a.reason IN ('SETTLED', 'VANISHED') AND NOT EXISTS (SELECT 1 FROM receivables_allocation r "
        f"WHERE r.tenant_id = {load.tenant} AND r.reverses_id = a.id)"
    )


def _new_amount(stage: Stage, load: ItemLoad) -> str:
    """A snapshot without a column of open amounts gives what is open: a smaller amount is a part settled, no correction."""
    if load.is_snapshot and not stage.has("open_amount"):
        # Nearly all are equal: one comparison, and nothing is multiplied.
        return (
            "CASE WHEN s.amount <> i.amount AND s.amount * i.amount >= 0 AND abs(s.amount) < abs(i.amount) "
            "THEN i.amount ELSE s.amount END"
        )
    return "s.amount"


def _settled(load: ItemLoad) -> str:
    """The settlement day, where the row says one that counts: outside of histories, a later day is not settled yet."""
    if load.is_history:
        return "s.settled_date"
    return f"CASE WHEN s.settled_date <= '{load.as_of}' THEN s.settled_date END"


def _target(stage: Stage, load: ItemLoad) -> str:
    """What is open in the books after this row; NULL where the row does not say."""
    settled = _settled(load)
    otherwise = "NULL::numeric"
    if load.is_snapshot and not stage.has("open_amount"):
        otherwise = "s.amount"
    elif load.is_history and stage.has("settled_date"):
        otherwise = "CASE WHEN c.item_id IS NOT NULL THEN s.amount END"
    return (
        f"CASE WHEN {settled} IS NOT NULL THEN coalesce(s.open_amount, 0) ELSE coalesce(s.open_amount, {otherwise}) END"
    )
