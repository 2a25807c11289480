"""Items of a file into the ledger: what is new, what says something else, what the source says is settled.

One temporary table, `work`, holds the rows of the stage that are new or differ; a full extract of which 93 % is as it
was writes 7 %. It is judged as a whole, then written by one statement per table. Rules: docs/rules/loading.md.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Conflict
from receivables.ports import Rejection
from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import Stage, analyze_grown, execute, fetch, temp_table, tenant_literal

# A snapshot that would close more than this part of what is open waits for a person.
SHRINK_PCT = 50

_DOCUMENT_TEXTS = ("order_ref", "project_ref", "biller", "product", "site")
# What an item says and a file may correct; the first six are kept as former versions.
_TRACKED = ("document_date", "posting_date", "due_date", "currency", "amount", "vat_amount")
_FIELDS = ("customer_id", "account_id", *_TRACKED, "delivery_date", "payment_method")


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


@dataclass
class ItemCounts:
    created: int = 0
    changed: int = 0
    closed: int = 0
    reopened: int = 0
    documents: int = 0
    allocations: int = 0


def kind_of(stage: Stage) -> str:
    """The SQL of a row's kind: as given; by its sign where none is given; a negative invoice is a credit note."""
    given = stage.column("kind")
    return (
        f"CASE WHEN {given} IS NULL THEN CASE WHEN s.amount < 0 THEN 'CREDIT_NOTE' ELSE 'INVOICE' END "
        f"WHEN {given} IN ('INVOICE', 'DEBIT_NOTE') AND s.amount < 0 THEN 'CREDIT_NOTE' ELSE {given} END"
    )


def source_ref(stage: Stage) -> str:
    """The SQL of an item's reference at its source: number, kind, instalment. Begins with the number."""
    return f"s.number || '/' || {kind_of(stage)} || '/' || coalesce({stage.column('instalment')}, 1)"


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
    stage.drop_repeated([entity_code(stage), source_ref(stage)])


def load_items(stage: Stage, load: ItemLoad) -> ItemCounts:
    """Write the rows of the stage into the ledger. Needs `party`. Raises Held."""
    counts = ItemCounts()
    _find_work(stage, load)
    _judge_closings(stage, load)
    execute("ANALYZE work (line, item_id, id, number, closing_amount, is_changed)")
    if load.is_snapshot and not stage.rejected:
        counts.closed += _find_vanished(stage, load)
    else:
        temp_table("vanished", "(item_id uuid, customer_id uuid, open_amount numeric, currency text) ON COMMIT DROP")
    [(counts.created, counts.changed, closed, counts.reopened, known)] = fetch(
        "SELECT count(*) FILTER (WHERE item_id IS NULL), count(*) FILTER (WHERE item_id IS NOT NULL AND is_changed), "
        "count(*) FILTER (WHERE item_id IS NOT NULL AND old_open <> 0 AND new_open = 0), "
        "count(*) FILTER (WHERE item_id IS NOT NULL AND old_open = 0 AND new_open <> 0), count(item_id) FROM work"
    )
    has_vanished = counts.closed > 0
    counts.closed += closed
    counts.documents = _insert_documents(stage, load)
    analyze_grown("receivables_document", by=counts.documents)
    _insert_items(load)
    analyze_grown("receivables_ledgeritem", by=counts.created)
    if known or has_vanished:  # else a first load: nothing to correct, and a pass over all that was just written
        _update_items(load)
    _update_documents(stage, load)
    counts.allocations = _write_closings(load)
    analyze_grown("receivables_allocation", by=counts.allocations)
    if stage.has("disputed"):
        _mark_disputed(stage, load)
    temp_table(
        "touched",
        "ON COMMIT DROP AS SELECT customer_id FROM work WHERE item_id IS NULL OR is_changed "
        "UNION SELECT old_customer_id FROM work WHERE is_changed AND item_id IS NOT NULL "
        "UNION SELECT customer_id FROM vanished",
    )
    return counts


def _find_work(stage: Stage, load: ItemLoad) -> None:
    """Fill `work` with the rows that are new or differ from the ledger, each with what it will be."""
    texts = [name for name in _DOCUMENT_TEXTS if stage.has(name)]
    if load.is_history:
        temp_table("closing", f"ON COMMIT DROP AS {_closings(load)}")
        execute("ANALYZE closing")
    named = ", ".join(
        f"{stage.column(name)} AS {name}"
        for name in ("customer_ref", "number", "document_date", "posting_date", "due_date", "delivery_date", "amount",
                     "open_amount", "vat_amount", "currency", "settled_date", "payment_method", *_DOCUMENT_TEXTS)
    )  # fmt: skip
    posting = (
        "coalesce(s.posting_date, s.document_date)"
        if stage.has("posting_date")
        else "CASE WHEN i.posting_date <> i.document_date THEN i.posting_date ELSE s.document_date END"
    )
    document_differs = " OR ".join(f"s.{name} <> d.{name}" for name in texts) or "false"
    settled_otherwise = "s.settled_date IS NOT NULL AND c.item_id IS NOT NULL AND (c.first_on <> s.settled_date OR c.last_on <> s.settled_date)"
    temp_table(
        "work",
        f"""ON COMMIT DROP AS
        SELECT n.*, coalesce(n.item_id, uuidv7()) AS id,
            CASE WHEN n.is_new THEN uuidv7() ELSE n.old_document_id END AS document_id, false AS has_document,
            n.is_new OR n.fields_differ OR n.document_differs AS is_changed,
            CASE WHEN n.item_id IS NULL THEN coalesce(n.target, n.amount) ELSE n.old_open END AS new_open,
            CASE WHEN n.item_id IS NULL THEN abs(n.amount) - abs(coalesce(n.target, n.amount)) ELSE 0 END AS closing_amount,
            false AS is_reversed, n.item_id IS NULL AND n.is_settled_history AS closes_in_history
        FROM (
            SELECT v.*, v.item_id IS NULL AS is_new,
                v.item_id IS NOT NULL AND (
                    (v.old_customer_id, v.old_document_date, v.old_posting_date, v.old_due_date, v.old_delivery_date,
                     v.old_currency, v.old_amount, v.old_vat_amount, v.old_payment_method)
                    IS DISTINCT FROM (v.customer_id, v.document_date, v.posting_date, v.due_date, v.delivery_date,
                     v.currency, v.amount, v.vat_amount, v.payment_method)) AS fields_differ,
                v.item_id IS NOT NULL AND (v.is_settled_otherwise
                    OR v.target - v.amount IS DISTINCT FROM v.old_open - v.old_amount AND v.target IS NOT NULL) AS closing_differs
            FROM (
                SELECT s.line, p.entity_id, p.customer_id,
                    CASE WHEN i.customer_id = p.customer_id THEN i.account_id ELSE p.account_id END AS account_id,
                    s.kind, s.number, s.instalment::smallint AS instalment, s.source_ref, s.document_date,
                    {posting} AS posting_date, s.due_date, coalesce(s.delivery_date, i.delivery_date) AS delivery_date,
                    coalesce(s.currency, i.currency, p.currency) AS currency, {_new_amount(stage, load)} AS amount,
                    coalesce(s.vat_amount, i.vat_amount) AS vat_amount,
                    coalesce(s.payment_method, i.payment_method, '') AS payment_method,
                    {", ".join(f"s.{name}" for name in _DOCUMENT_TEXTS)},
                    {_target(stage, load)} AS target, {_settled(load)} AS settled_on,
                    {"s.settled_date IS NOT NULL" if load.is_history else "false"} AS is_settled_history,
                    i.id AS item_id, i.customer_id AS old_customer_id, i.document_date AS old_document_date,
                    i.posting_date AS old_posting_date, i.due_date AS old_due_date, i.delivery_date AS old_delivery_date,
                    i.currency AS old_currency, i.amount AS old_amount, i.vat_amount AS old_vat_amount,
                    i.payment_method AS old_payment_method, i.open_amount AS old_open,
                    i.document_id AS old_document_id,
                    {f"coalesce({document_differs}, false)" if texts else "false"} AS document_differs,
                    {f"coalesce({settled_otherwise}, false)" if load.is_history else "false"} AS is_settled_otherwise
                FROM (SELECT s.line, {entity_code(stage)} AS entity_code, {kind_of(stage)} AS kind,
                        coalesce({stage.column("instalment")}, 1) AS instalment, {source_ref(stage)} AS source_ref, {named}
                    FROM stage s) s
                JOIN party p ON p.customer_ref = s.customer_ref AND p.entity_code = s.entity_code
                LEFT JOIN receivables_ledgeritem i ON i.tenant_id = {load.tenant} AND i.entity_id = p.entity_id
                    AND i.source = '{_quoted(load.source)}' AND i.source_ref = s.source_ref AND i.void_on IS NULL
                {"LEFT JOIN receivables_document d ON d.tenant_id = " + load.tenant + " AND d.id = i.document_id" if texts else ""}
                {"LEFT JOIN closing c ON c.item_id = i.id" if load.is_history else ""}
            ) v
        ) n WHERE n.is_new OR n.fields_differ OR n.document_differs OR n.closing_differs
        ORDER BY n.number""",
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _closings(load: ItemLoad) -> str:
    """Live closings without counterpart, by item: their sum and days."""
    return (
        'SELECT coalesce(a.debit_item_id, a.credit_item_id) AS item_id, min(a."on") AS first_on, max(a."on") AS last_on '
        f"FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND {_is_live_closing(load)} GROUP BY 1"
    )


def _is_live_closing(load: ItemLoad) -> str:
    """SQL of: the source closed the item without naming a counterpart, and has not taken it back (alias a)."""
    return (
        "a.origin = 'SOURCE' AND a.reason IN ('SETTLED', 'VANISHED') AND NOT EXISTS (SELECT 1 FROM receivables_allocation r "
        f"WHERE r.tenant_id = {load.tenant} AND r.reverses_id = a.id)"
    )


def _new_amount(stage: Stage, load: ItemLoad) -> str:
    """A snapshot without a column of open amounts gives what is open: a smaller amount is a part settled, no correction."""
    if load.is_snapshot and not stage.has("open_amount"):
        return "CASE WHEN s.amount * i.amount >= 0 AND abs(s.amount) < abs(i.amount) THEN i.amount ELSE s.amount END"
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


def _judge_closings(stage: Stage, load: ItemLoad) -> None:
    """Decide for each known item of `work` what is closed without counterpart, and refuse what contradicts itself.

    Our own allocations stand: the source's closing covers only what they leave.
    """
    may_clamp = "true" if not stage.has("open_amount") else "false"
    live = (
        'SELECT a.origin, a.reason, a.debit_amount AS amount, a."on" FROM receivables_allocation a '
        f"WHERE a.tenant_id = {load.tenant} AND a.debit_item_id = w.item_id AND {{live}} "
        'UNION ALL SELECT a.origin, a.reason, a.credit_amount, a."on" FROM receivables_allocation a '
        f"WHERE a.tenant_id = {load.tenant} AND a.credit_item_id = w.item_id AND {{live}}"
    ).format(
        live="a.reason <> 'REVERSED' AND NOT EXISTS (SELECT 1 FROM receivables_allocation r "
        f"WHERE r.tenant_id = {load.tenant} AND r.reverses_id = a.id)"
    )
    temp_table(
        "booked",
        f"""ON COMMIT DROP AS
        SELECT b.*, least(greatest(CASE WHEN target IS NULL THEN closed ELSE abs(amount) - abs(target) - named END, 0),
                abs(amount) - named - ours) AS wanted
        FROM (
            SELECT w.line, w.item_id, w.amount, w.target, w.old_amount, w.is_settled_otherwise,
                coalesce(sum(a.amount) FILTER (WHERE a.origin = 'OURS'), 0) AS ours,
                coalesce(sum(a.amount) FILTER (WHERE a.origin = 'SOURCE' AND a.reason = 'ALLOCATED'), 0) AS named,
                coalesce(sum(a.amount) FILTER (WHERE a.origin = 'SOURCE' AND a.reason <> 'ALLOCATED'), 0) AS closed
            FROM work w LEFT JOIN LATERAL ({live}) a ON true
            WHERE w.item_id IS NOT NULL AND (w.closing_differs OR w.amount <> w.old_amount)
            GROUP BY w.line, w.item_id, w.amount, w.target, w.old_amount, w.is_settled_otherwise
        ) b""",
    )
    wrong = fetch(
        "SELECT line, CASE WHEN abs(amount) < named + ours OR sign(amount) * sign(old_amount) < 0 AND named + ours + closed > 0 "
        "THEN 'amount' ELSE 'open_amount' END FROM booked "
        "WHERE abs(amount) < named + ours OR sign(amount) * sign(old_amount) < 0 AND named + ours + closed > 0 "
        f"OR NOT {may_clamp} AND target IS NOT NULL AND abs(amount) - abs(target) - named < 0 ORDER BY line"
    )
    if wrong:
        reasons = {
            "amount": _("More than this amount is already allocated."),
            "open_amount": _("The open amount is larger than what the allocations in the books leave open."),
        }
        stage.reject(Rejection(line, name, reasons[name]) for line, name in wrong)
        execute(
            "DELETE FROM work w USING unnest(%s::int[]) AS bad(line) WHERE w.line = bad.line",
            [[line for line, _name in wrong]],
        )
    execute(
        "UPDATE work w SET new_open = sign(b.amount) * (abs(b.amount) - b.named - b.ours - b.wanted), "
        "is_reversed = b.closed > 0 AND (b.wanted < b.closed OR b.is_settled_otherwise AND b.wanted > 0), "
        "closing_amount = CASE WHEN b.wanted < b.closed OR b.is_settled_otherwise AND b.wanted > 0 THEN b.wanted "
        "ELSE b.wanted - b.closed END "
        "FROM booked b WHERE w.line = b.line"
    )
    execute(
        "UPDATE work SET is_changed = true WHERE item_id IS NOT NULL AND NOT is_changed "
        "AND (new_open <> old_open OR is_reversed OR closing_amount > 0)"
    )


def _find_vanished(stage: Stage, load: ItemLoad) -> int:
    """Fill `vanished` with the open items of the source and the file's entities that the file no longer has. Raises Held."""
    covered = (
        f"i.tenant_id = {load.tenant} AND i.source = %s AND i.entity_id IN (SELECT entity_id FROM party) "
        "AND i.is_open AND i.posting_date <= %s"
    )
    temp_table(
        "seen",
        f"ON COMMIT DROP AS SELECT e.id AS entity_id, {source_ref(stage)} AS source_ref "
        f"FROM stage s JOIN entity_of e ON e.code = {entity_code(stage)}",
    )
    execute("ANALYZE seen")
    execute("DROP TABLE IF EXISTS pg_temp.vanished")
    execute(
        "CREATE TEMP TABLE vanished ON COMMIT DROP AS SELECT i.id AS item_id, i.customer_id, i.open_amount, i.currency "
        f"FROM receivables_ledgeritem i WHERE {covered} AND NOT EXISTS "
        "(SELECT 1 FROM seen WHERE seen.entity_id = i.entity_id AND seen.source_ref = i.source_ref)",
        [load.source, load.as_of],
    )
    [(closing,)] = fetch("SELECT count(*) FROM vanished")
    if closing and not load.force:
        [(open_items,)] = fetch(
            f"SELECT count(*) FROM receivables_ledgeritem i WHERE {covered}", [load.source, load.as_of]
        )
        if closing * 100 > open_items * SHRINK_PCT:
            raise Held(closing=closing, open_items=open_items)
    return int(closing)


def _insert_documents(stage: Stage, load: ItemLoad) -> int:
    """Make the documents of new items; instalments of one number and kind share theirs. How many were made."""
    execute(
        "UPDATE work w SET document_id = d.id, has_document = true FROM receivables_document d "
        f"WHERE w.item_id IS NULL AND d.tenant_id = {load.tenant} AND d.number = w.number AND d.entity_id = w.entity_id "
        "AND d.source = %s AND d.kind = w.kind",
        [load.source],
    )
    total, vat, group = "amount", "vat_amount", ""
    texts = [f"coalesce({name}, '')" for name in _DOCUMENT_TEXTS]
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
        texts = [f"coalesce(max({name}), '')" for name in _DOCUMENT_TEXTS]
    return execute(
        f"INSERT INTO receivables_document (id, {', '.join(other)}, source, total_amount, vat_amount, {', '.join(_DOCUMENT_TEXTS)}, run_id) "
        f"SELECT document_id, {', '.join(picked)}, %s, {total}, {vat}, {', '.join(texts)}, %s "
        f"FROM work WHERE item_id IS NULL AND NOT has_document {group}",
        [load.source, load.run_id],
    )


def _insert_items(load: ItemLoad) -> int:
    known_on = "posting_date" if load.is_history else f"'{load.as_of}'::date"
    return execute(
        "INSERT INTO receivables_ledgeritem (id, customer_id, account_id, entity_id, document_id, source, source_ref, kind, number, "
        "instalment, document_date, posting_date, due_date, delivery_date, currency, amount, vat_amount, open_amount, "
        "payment_method, is_factored, is_doubtful, known_on, is_history, run_id) "
        "SELECT id, customer_id, account_id, entity_id, document_id, %s, source_ref, kind, number, instalment, document_date, "
        "posting_date, due_date, delivery_date, currency, amount, vat_amount, new_open, payment_method, false, false, "
        f"{known_on}, {'true' if load.is_history else 'false'}, %s FROM work WHERE item_id IS NULL",
        [load.source, load.run_id],
    )


def _update_items(load: ItemLoad) -> int:
    """Correct items: their former version goes to the revisions and to what an undo restores, in the same statement."""
    changed = ", ".join(f"{name} = w.{name}" for name in _FIELDS)
    before = ", ".join(f"'{name}', old.{name}" for name in _FIELDS)
    former = ", ".join(f"old.{name} AS {name}" for name in _TRACKED)
    tracked = ", ".join(_TRACKED)
    was = ", ".join(f"old.{name}" for name in _TRACKED)
    now = ", ".join(f"new.{name}" for name in _TRACKED)
    held, told = (", ".join(f"{alias}.{name}" for name in _TRACKED) for alias in ("i", "w"))
    vanished = execute(
        "UPDATE receivables_ledgeritem i SET open_amount = 0, updated_at = statement_timestamp() FROM vanished v "
        f"WHERE i.tenant_id = {load.tenant} AND i.id = v.item_id"
    )
    return vanished + execute(
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


def _update_documents(stage: Stage, load: ItemLoad) -> int:
    """Bring documents that were there before to what their items now say; their former content can be restored."""
    texts = [name for name in _DOCUMENT_TEXTS if stage.has(name)]
    columns = ["total_amount", "vat_amount", "document_date", "currency", "customer_id", "account_id", *texts]
    temp_table(
        "touched_document",
        "ON COMMIT DROP AS SELECT w.document_id"
        + "".join(f", max(w.{name}) AS {name}" for name in texts)
        + " FROM work w WHERE w.document_id IS NOT NULL AND "
        "(w.has_document OR w.item_id IS NOT NULL AND (w.fields_differ OR w.document_differs)) GROUP BY 1",
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


def _write_closings(load: ItemLoad) -> int:
    """Allocations without counterpart: take back those that no longer hold, then close what is settled or vanished.

    A history that says another day takes the former one back on its own day, as if it had never been; everything else
    is taken back on the day of the file, so that each file's day keeps the figures that its file gave.
    """
    taken_back_on = 'a."on"' if load.is_history else f"greatest(a.\"on\", '{load.as_of}'::date)"
    count = execute(
        "INSERT INTO receivables_allocation (customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency, "
        'credit_amount, credit_currency, "on", known_on, is_history, origin, reason, source_ref, run_id, reverses_id) '
        "SELECT a.customer_id, a.debit_item_id, a.credit_item_id, -a.debit_amount, a.debit_currency, "
        f"-a.credit_amount, a.credit_currency, {taken_back_on}, greatest(a.known_on, '{load.as_of}'::date), false, "
        "'SOURCE', 'REVERSED', '', %s, a.id "
        "FROM work w JOIN LATERAL ("
        f"SELECT * FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND a.debit_item_id = w.item_id AND {_is_live_closing(load)} "
        "UNION ALL "
        f"SELECT * FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND a.credit_item_id = w.item_id AND {_is_live_closing(load)}"
        ") a ON true WHERE w.item_id IS NOT NULL AND w.is_reversed",
        [load.run_id],
    )
    side = (
        "CASE WHEN {sign} > 0 THEN {id} END, CASE WHEN {sign} < 0 THEN {id} END, "
        "CASE WHEN {sign} > 0 THEN {amount} END, CASE WHEN {sign} > 0 THEN {currency} ELSE '' END, "
        "CASE WHEN {sign} < 0 THEN {amount} END, CASE WHEN {sign} < 0 THEN {currency} ELSE '' END"
    )
    columns = (
        "(customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency, credit_amount, credit_currency, "
        '"on", known_on, is_history, origin, reason, source_ref, run_id)'
    )
    closes = side.format(sign="w.amount", id="w.id", amount="w.closing_amount", currency="w.currency")
    count += execute(
        f"INSERT INTO receivables_allocation {columns} SELECT w.customer_id, {closes}, coalesce(w.settled_on, '{load.as_of}'::date), "
        f"CASE WHEN w.closes_in_history THEN w.settled_on ELSE '{load.as_of}'::date END, w.closes_in_history, "
        "'SOURCE', 'SETTLED', '', %s FROM work w WHERE w.closing_amount > 0",
        [load.run_id],
    )
    closes = side.format(sign="v.open_amount", id="v.item_id", amount="abs(v.open_amount)", currency="v.currency")
    count += execute(
        f"INSERT INTO receivables_allocation {columns} SELECT v.customer_id, {closes}, '{load.as_of}', '{load.as_of}', "
        "false, 'SOURCE', 'VANISHED', '', %s FROM vanished v",
        [load.run_id],
    )
    return count


def _mark_disputed(stage: Stage, load: ItemLoad) -> None:
    """Open a dispute on open items that the source marks as disputed, and close the one it opened when the mark is gone."""
    marked = (
        f"FROM stage s JOIN entity_of e ON e.code = {entity_code(stage)} JOIN receivables_ledgeritem i "
        f"ON i.tenant_id = {load.tenant} AND i.entity_id = e.id AND i.source = %s AND i.source_ref = {source_ref(stage)} "
        "AND i.void_on IS NULL"
    )
    execute(
        "INSERT INTO receivables_dispute (customer_id, item_id, reason, currency, opened_on, comment, run_id) "
        f"SELECT i.customer_id, i.id, %s, i.currency, '{load.as_of}', '', %s {marked} WHERE s.disputed AND i.open_amount <> 0 "
        f"AND NOT EXISTS (SELECT 1 FROM receivables_dispute d WHERE d.tenant_id = {load.tenant} AND d.item_id = i.id "
        "AND d.closed_on IS NULL) ON CONFLICT (tenant_id, item_id, opened_on, reason) DO NOTHING",
        [DISPUTED_AT_SOURCE, load.run_id, load.source],
    )
    execute(
        "WITH changed AS (UPDATE receivables_dispute d SET closed_on = greatest(d.opened_on, %s), updated_at = statement_timestamp() "
        f"WHERE d.tenant_id = {load.tenant} AND d.reason = %s AND d.closed_on IS NULL AND d.opened_by_id IS NULL "
        f"AND d.item_id IN (SELECT i.id {marked} WHERE s.disputed IS FALSE) "
        "RETURNING old.id, jsonb_build_object('closed_on', old.closed_on) AS before) "
        "INSERT INTO receivables_loadchange (run_id, object_type, object_id, before) "
        "SELECT %s, 'receivables.Dispute', id, before FROM changed",
        [load.as_of, DISPUTED_AT_SOURCE, load.source, load.run_id],
    )


DISPUTED_AT_SOURCE = "SOURCE"
