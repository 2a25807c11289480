"""Items of a file into the ledger: what is new, what says something else, what the source says is settled.

One temporary table, `work`, holds the rows of the stage that are new or differ; a full extract of which 93 % is as it
was writes 7 %. It is judged as a whole, then written by one statement per table. Rules: docs/rules/loading.md.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from receivables.services.loading_item_closings import find_vanished, judge_closings, mark_disputed, write_closings
from receivables.services.loading_item_work import DOCUMENT_TEXTS, ItemLoad, find_work
from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import (
    Stage,
    analyze_grown,
    analyze_temp,
    execute,
    fetch,
    planned_without,
    temp_table,
)

# What an item says and a file may correct; the first six are kept as former versions.
_TRACKED = ("document_date", "posting_date", "due_date", "currency", "amount", "vat_amount")
_FIELDS = ("customer_id", "account_id", *_TRACKED, "delivery_date", "payment_method")


@dataclass
class ItemCounts:
    created: int = 0
    changed: int = 0
    closed: int = 0
    reopened: int = 0
    documents: int = 0
    allocations: int = 0


def judge_items(stage: Stage) -> None:
    """Take rows out of the stage that no ledger can hold. Raises Contradictory on one reference with two contents."""
    credit_kinds = "('CREDIT_NOTE', 'PAYMENT', 'DISCOUNT', 'WRITE_OFF')"
    if stage.has("kind"):
        stage.reject_where(
            "stage",
            f"r.kind IN {credit_kinds} AND r.amount > 0",
            field="amount",
            reason=_("This kind reduces what is owed, so its amount must be negative."),
        )
    if stage.has("open_amount"):
        stage.reject_where(
            "stage",
            "r.open_amount * sign(r.amount) < 0 OR abs(r.open_amount) > abs(r.amount)",
            field="open_amount",
            reason=_("The open amount must lie between 0 and the amount."),
        )
    stage.drop_repeated([entity_code(stage), "s.source_ref"] if stage.has("entity_code") else ["s.source_ref"])
    _agree_on_documents(stage)


def _agree_on_documents(stage: Stage) -> None:
    """Instalments that name different orders, sites ... for one document all name the last of them, in order of text.

    Else each would be compared with what another one said, and the document would change with every load.
    """
    texts = [name for name in DOCUMENT_TEXTS if stage.has(name)]
    if not texts or not stage.has("instalment"):
        return
    key = ["number", "item_kind", *(["entity_code"] if stage.has("entity_code") else [])]
    temp_table(
        "torn",
        f"ON COMMIT DROP AS SELECT {', '.join(key)}, {', '.join(f'max({name}) AS {name}' for name in texts)} FROM stage "
        f"GROUP BY {', '.join(key)} HAVING {' OR '.join(f'max({name}) <> min({name})' for name in texts)}",
    )
    if not fetch("SELECT 1 FROM torn LIMIT 1"):
        return
    execute(
        # What a row leaves out, it goes on leaving out.
        f"UPDATE stage s SET {', '.join(f'{name} = CASE WHEN s.{name} IS NOT NULL THEN t.{name} END' for name in texts)} "
        "FROM torn t WHERE s.number = t.number AND s.item_kind = t.item_kind"
        + (" AND s.entity_code IS NOT DISTINCT FROM t.entity_code" if stage.has("entity_code") else "")
    )


def load_items(stage: Stage, load: ItemLoad) -> ItemCounts:
    """Write the rows of the stage into the ledger. Needs `party`. Raises Held."""
    counts = ItemCounts()
    find_work(stage, load)
    judge_closings(stage, load)
    analyze_temp("work", "line", "item_id", "id", "number", "closing_amount", "is_changed")
    if load.is_snapshot and not stage.rejected:
        counts.closed += find_vanished(load)
    has_vanished = counts.closed > 0
    [(counts.created, counts.changed, closed, counts.reopened, known, closings)] = fetch(
        "SELECT count(*) FILTER (WHERE item_id IS NULL), count(*) FILTER (WHERE item_id IS NOT NULL AND is_changed), "
        "count(*) FILTER (WHERE item_id IS NOT NULL AND old_open <> 0 AND new_open = 0), "
        "count(*) FILTER (WHERE item_id IS NOT NULL AND old_open = 0 AND new_open <> 0), count(item_id), "
        "count(*) FILTER (WHERE closing_amount > 0 OR is_reversed) FROM work"
    )
    counts.closed += closed
    counts.documents, joined = _insert_documents(stage, load)
    analyze_grown("receivables_document", by=counts.documents)
    _insert_items(load)
    analyze_grown("receivables_ledgeritem", by=counts.created)
    if known or has_vanished:  # else a first load: nothing to correct, and a pass over all that was just written
        _update_items(load, known=known, has_vanished=has_vanished)
    if known or joined:
        _update_documents(stage, load)
    if closings or has_vanished:
        counts.allocations = write_closings(load, has_vanished=has_vanished)
    analyze_grown("receivables_allocation", by=counts.allocations)
    if stage.has("disputed"):
        mark_disputed(stage, load)
    touched = "SELECT DISTINCT customer_id FROM work WHERE item_id IS NULL OR is_changed"
    if known:
        touched += " UNION SELECT old_customer_id FROM work WHERE is_changed AND item_id IS NOT NULL"
    if has_vanished:
        touched += " UNION SELECT customer_id FROM vanished"
    temp_table("touched", f"ON COMMIT DROP AS {touched}")
    return counts


def _insert_documents(stage: Stage, load: ItemLoad) -> tuple[int, int]:
    """Make the documents of new items; instalments of one number and kind share theirs.

    How many were made, and how many new items belong to one that was there before.
    """
    numbers = stage.among("number")
    joined = execute(
        "UPDATE work w SET document_id = d.id, has_document = true FROM receivables_document d "
        f"WHERE w.item_id IS NULL AND d.tenant_id = {load.tenant} AND d.number = w.number AND d.entity_id = w.entity_id "
        f"{numbers and f'AND d.number {numbers} '}"
        "AND d.source = %s AND d.kind = w.kind",
        [load.source],
    )
    total, vat, group = "amount", "vat_amount", ""
    texts = [f"coalesce({name}, '')" for name in DOCUMENT_TEXTS]
    other = ["entity_id", "number", "kind", "document_date", "currency", "customer_id", "account_id"]
    picked = other
    if stage.has("instalment"):
        execute(
            "UPDATE work w SET document_id = g.document_id FROM ("
            "SELECT entity_id, number, kind, (array_agg(document_id ORDER BY instalment))[1] AS document_id FROM work "
            "WHERE item_id IS NULL AND NOT has_document GROUP BY 1, 2, 3 HAVING count(*) > 1) g "
            "WHERE w.item_id IS NULL AND w.entity_id = g.entity_id AND w.number = g.number AND w.kind = g.kind"
        )
        total, vat, group = "sum(amount)", "sum(vat_amount)", "GROUP BY document_id"
        picked = [f"(array_agg({name} ORDER BY instalment))[1]" for name in other]
        texts = [f"coalesce(max({name}), '')" for name in DOCUMENT_TEXTS]
    made = execute(
        f"INSERT INTO receivables_document (tenant_id, id, {', '.join(other)}, source, total_amount, vat_amount, {', '.join(DOCUMENT_TEXTS)}, run_id) "
        f"SELECT {load.tenant}, document_id, {', '.join(picked)}, %s, {total}, {vat}, {', '.join(texts)}, %s "
        f"FROM work WHERE item_id IS NULL AND NOT has_document {group}",
        [load.source, load.run_id],
    )
    return made, joined


def _insert_items(load: ItemLoad) -> int:
    known_on = "posting_date" if load.is_history else f"'{load.as_of}'::date"
    return execute(
        "INSERT INTO receivables_ledgeritem (tenant_id, id, customer_id, account_id, entity_id, document_id, source, source_ref, kind, number, "
        "instalment, document_date, posting_date, due_date, delivery_date, currency, amount, vat_amount, open_amount, "
        "payment_method, is_factored, is_doubtful, known_on, is_history, run_id) "
        f"SELECT {load.tenant}, id, customer_id, account_id, entity_id, document_id, %s, source_ref, kind, number, instalment, document_date, "
        "posting_date, due_date, delivery_date, currency, amount, vat_amount, new_open, payment_method, false, false, "
        f"{known_on}, {'true' if load.is_history else 'false'}, %s FROM work WHERE item_id IS NULL",
        [load.source, load.run_id],
    )


def _update_items(load: ItemLoad, *, known: int, has_vanished: bool) -> int:
    """Correct items: their former version goes to the revisions and to what an undo restores, in the same statement."""
    changed = ", ".join(f"{name} = w.{name}" for name in _FIELDS)
    before = ", ".join(f"'{name}', old.{name}" for name in _FIELDS)
    former = ", ".join(f"old.{name} AS {name}" for name in _TRACKED)
    tracked = ", ".join(_TRACKED)
    was = ", ".join(f"old.{name}" for name in _TRACKED)
    now = ", ".join(f"new.{name}" for name in _TRACKED)
    held, told = (", ".join(f"{alias}.{name}" for name in _TRACKED) for alias in ("i", "w"))
    vanished = 0
    if has_vanished:
        vanished = execute(
            "UPDATE receivables_ledgeritem i SET open_amount = 0, updated_at = statement_timestamp() FROM vanished v "
            f"WHERE i.tenant_id = {load.tenant} AND i.id = v.item_id"
        )
    # Item by item: what differs is a small part of the ledger, and a large one costs no more than reading it whole.
    with planned_without("hashjoin", "mergejoin", rows=known):
        corrected = execute(
            f"""
            WITH changed AS (
                UPDATE receivables_ledgeritem i SET {changed}, open_amount = w.new_open, updated_at = statement_timestamp(),
                    corrected_on = CASE WHEN ({held}) IS DISTINCT FROM ({told}) THEN %s ELSE i.corrected_on END
                FROM work w WHERE i.tenant_id = {load.tenant} AND i.id = w.item_id
                    AND (w.fields_differ OR w.new_open <> i.open_amount)
                RETURNING old.id, old.customer_id, coalesce(old.corrected_on, old.known_on) AS known_from, w.fields_differ, ({was}) IS DISTINCT FROM ({now}) AS is_corrected,
                    jsonb_build_object({before}) AS before, {former}
            ), revised AS (
                INSERT INTO receivables_ledgeritemrevision (item_id, customer_id, known_from, known_until, {tracked}, run_id)
                SELECT id, customer_id, known_from, %s, {tracked}, %s FROM changed WHERE is_corrected AND known_from < %s
            )
            INSERT INTO receivables_loadchange (run_id, object_type, object_id, before)
            SELECT %s, 'receivables.LedgerItem', id, before FROM changed WHERE fields_differ
            """,
            [load.as_of, load.as_of, load.run_id, load.as_of, load.run_id],
        )
    return vanished + corrected


def _update_documents(stage: Stage, load: ItemLoad) -> int:
    """Bring documents that were there before to what their items now say; their former content can be restored."""
    texts = [name for name in DOCUMENT_TEXTS if stage.has(name)]
    # Another due date, say, changes nothing of the document.
    of_item = ("customer_id", "document_date", "currency", "amount", "vat_amount")
    differs = f"({', '.join('w.old_' + name for name in of_item)}) IS DISTINCT FROM ({', '.join('w.' + name for name in of_item)})"
    columns = ["total_amount", "vat_amount", "document_date", "currency", "customer_id", "account_id", *texts]
    temp_table(
        "touched_document",
        "ON COMMIT DROP AS SELECT w.document_id"
        + "".join(f", max(w.{name}) AS {name}" for name in texts)
        + " FROM work w WHERE w.document_id IS NOT NULL AND "
        f"(w.has_document OR w.item_id IS NOT NULL AND (w.document_differs OR {differs})) GROUP BY 1",
    )
    changed = ", ".join(f"{name} = x.{name}" for name in columns)
    before = ", ".join(f"'{name}', old.{name}" for name in columns)
    return execute(
        f"""
        WITH x AS (
            SELECT d.id, sum(i.amount) AS total_amount, sum(i.vat_amount) AS vat_amount,
                (array_agg(i.document_date ORDER BY i.instalment))[1] AS document_date,
                (array_agg(i.currency ORDER BY i.instalment))[1] AS currency,
                (array_agg(i.customer_id ORDER BY i.instalment))[1] AS customer_id,
                (array_agg(i.account_id ORDER BY i.instalment))[1] AS account_id
                {"".join(f", coalesce(max(t.{name}), max(d.{name})) AS {name}" for name in texts)}
            FROM touched_document t
            JOIN receivables_document d ON d.tenant_id = {load.tenant} AND d.id = t.document_id
            JOIN receivables_ledgeritem i ON i.tenant_id = {load.tenant} AND i.document_id = d.id AND i.void_on IS NULL
            GROUP BY d.id
        ), changed AS (
            UPDATE receivables_document d SET {changed}, updated_at = statement_timestamp() FROM x
            WHERE d.tenant_id = {load.tenant} AND d.id = x.id
                AND ({", ".join("d." + name for name in columns)}) IS DISTINCT FROM ({", ".join("x." + name for name in columns)})
            RETURNING old.id, jsonb_build_object({before}) AS before
        )
        INSERT INTO receivables_loadchange (run_id, object_type, object_id, before)
        SELECT %s, 'receivables.Document', id, before FROM changed
        """,
        [load.run_id],
    )
