"""Orders, disputes and promises of a file. Each row is one row of the ledger's tables, known by its natural key."""

from uuid import UUID

from django.utils.translation import gettext as _

from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import SHRINK_PCT, Held, Stage, execute, fetch, temp_table, tenant_literal


def write_changes(
    *,
    table: str,
    label: str,
    columns: tuple[str, ...],
    run_id: UUID,
    touches: bool = True,
    work: str = "work",
) -> int:
    """Update rows of `table` where a column differs from `work (row_id, columns)`; keeps what they said. How many."""
    target = f"receivables_{table}"
    before = ", ".join(f"'{name}', old.{name}" for name in columns)
    return execute(
        f"WITH changed AS (UPDATE {target} t SET {', '.join(f'{name} = w.{name}' for name in columns)}"
        f"{', updated_at = statement_timestamp()' if touches else ''} FROM {work} w WHERE t.tenant_id = {tenant_literal()} AND t.id = w.row_id "
        f"AND ({', '.join('t.' + name for name in columns)}) IS DISTINCT FROM ({', '.join('w.' + name for name in columns)}) "
        f"RETURNING old.id, jsonb_build_object({before}) AS before) "
        "INSERT INTO receivables_loadchange (run_id, object_type, object_id, before) "
        f"SELECT %s, 'receivables.{label}', id, before FROM changed",
        [run_id],
    )


def _insert_new(*, table: str, columns: tuple[str, ...], run_id: UUID, conflict: str) -> int:
    """Insert the rows of `work` that are not there. Of two loads that make the same row, one makes it."""
    names = ", ".join(columns)
    return execute(
        f"INSERT INTO receivables_{table} ({names}, run_id) SELECT {names}, %s FROM work WHERE row_id IS NULL "
        f"ORDER BY line ON CONFLICT ({conflict}) DO NOTHING",
        [run_id],
    )


def load_orders(stage: Stage, *, source: str, is_snapshot: bool, run_id: UUID, force: bool) -> tuple[int, int, int]:
    """(created, changed, closed). In a snapshot the open orders of the file's entities that it lacks are closed."""
    tenant = tenant_literal()
    stage.drop_repeated([entity_code(stage), "s.number"])
    if stage.has("open_amount"):
        stage.reject_where(
            "stage",
            "r.open_amount * sign(r.amount) < 0 OR abs(r.open_amount) > abs(r.amount)",
            field="open_amount",
            reason=_("The open amount must lie between 0 and the amount."),
        )
    execute("DROP TABLE IF EXISTS pg_temp.work")
    execute(
        "CREATE TEMP TABLE work ON COMMIT DROP AS "
        "SELECT s.line, o.id AS row_id, c.customer_id, e.id AS entity_id, %s::text AS source, s.number, s.order_date, "
        f"coalesce({stage.column('delivery_date')}, o.delivery_date) AS delivery_date, "
        f"coalesce({stage.column('currency')}, o.currency, e.currency) AS currency, s.amount, "
        f"coalesce({stage.column('open_amount')}, s.amount) AS open_amount "
        f"FROM stage s JOIN customer_of c USING (customer_ref) JOIN entity_of e ON e.code = {entity_code(stage)} "
        f"LEFT JOIN receivables_openorder o ON o.tenant_id = {tenant} AND o.entity_id = e.id AND o.source = %s AND o.number = s.number",
        [source, source],
    )
    columns = ("customer_id", "order_date", "delivery_date", "currency", "amount", "open_amount")
    changed = write_changes(table="openorder", label="OpenOrder", columns=columns, run_id=run_id)
    created = _insert_new(
        table="openorder",
        columns=(*columns, "entity_id", "source", "number"),
        run_id=run_id,
        conflict="tenant_id, entity_id, source, number",
    )
    closed = 0
    if is_snapshot and not stage.rejected:
        closed = _close_orders(source=source, run_id=run_id, force=force)
    return created, changed, closed


def _close_orders(*, source: str, run_id: UUID, force: bool) -> int:
    tenant = tenant_literal()
    covered = (
        f"o.tenant_id = {tenant} AND o.source = %s AND o.open_amount <> 0 "
        "AND o.entity_id = ANY(ARRAY(SELECT DISTINCT entity_id FROM work))"
    )
    # A join of its own: asked within the count, each order was held against all lines.
    temp_table(
        "gone",
        f"ON COMMIT DROP AS SELECT o.id FROM receivables_openorder o WHERE {covered} "
        "AND NOT EXISTS (SELECT 1 FROM work w WHERE w.entity_id = o.entity_id AND w.number = o.number)",
        [source],
    )
    [(open_orders, closing)] = fetch(
        f"SELECT (SELECT count(*) FROM receivables_openorder o WHERE {covered}), (SELECT count(*) FROM gone)", [source]
    )
    if closing * 100 > open_orders * SHRINK_PCT and not force:
        raise Held(closing=closing, open_items=open_orders)
    return execute(
        "WITH changed AS (UPDATE receivables_openorder o SET open_amount = 0, updated_at = statement_timestamp() FROM gone g "
        f"WHERE o.tenant_id = {tenant} AND o.id = g.id "
        "RETURNING old.id, jsonb_build_object('open_amount', old.open_amount) AS before) "
        "INSERT INTO receivables_loadchange (run_id, object_type, object_id, before) "
        "SELECT %s, 'receivables.OpenOrder', id, before FROM changed",
        [run_id],
    )


def load_disputes(stage: Stage, *, source: str, run_id: UUID) -> tuple[int, int]:
    """(created, changed). A dispute belongs to an item: by its number, and the company's code where the file names it."""
    tenant = tenant_literal()
    stage.drop_repeated(["s.customer_ref", stage.column("number"), entity_code(stage), "s.reason", "s.opened_on"])
    stage.reject_where(
        "stage",
        f"{stage.column('closed_on', 'r')} < r.opened_on",
        field="closed_on",
        reason=_("This lies before the day on which it was opened."),
    )
    execute("DROP TABLE IF EXISTS pg_temp.work")
    execute(
        "CREATE TEMP TABLE work ON COMMIT DROP AS "
        "SELECT s.line, d.id AS row_id, c.customer_id, i.id AS item_id, s.reason, i.currency, "
        f"coalesce({stage.column('amount')}, d.disputed_amount) AS disputed_amount, s.opened_on, "
        f"coalesce({stage.column('closed_on')}, d.closed_on) AS closed_on, "
        f"coalesce({stage.column('comment')}, d.comment, '') AS comment "
        "FROM stage s JOIN customer_of c USING (customer_ref) "
        f"LEFT JOIN entity_of e ON e.code = {entity_code(stage)} "
        f"LEFT JOIN LATERAL (SELECT i.id, i.currency FROM receivables_ledgeritem i JOIN receivables_document d "
        f"ON d.tenant_id = {tenant} AND d.id = i.document_id WHERE i.tenant_id = {tenant} AND i.customer_id = c.customer_id "
        f"AND d.number = {stage.column('number')} AND i.void_on IS NULL AND (e.id IS NULL OR i.entity_id = e.id) "
        "ORDER BY i.amount > 0 DESC, i.open_amount <> 0 DESC, (i.source = %s) DESC, i.instalment, i.id LIMIT 1) i ON true "
        f"LEFT JOIN receivables_dispute d ON d.tenant_id = {tenant} AND d.item_id = i.id AND d.reason = s.reason AND d.opened_on = s.opened_on",
        [source],
    )
    stage.reject_where(
        "work", "r.item_id IS NULL", field="number", reason=_("There is no invoice of this customer with this number.")
    )
    columns = ("disputed_amount", "closed_on", "comment")
    changed = write_changes(table="dispute", label="Dispute", columns=columns, run_id=run_id)
    created = _insert_new(
        table="dispute",
        columns=(*columns, "customer_id", "item_id", "reason", "currency", "opened_on"),
        run_id=run_id,
        conflict="tenant_id, item_id, opened_on, reason",
    )
    return created, changed


def load_promises(stage: Stage, *, source: str, run_id: UUID) -> tuple[int, int]:
    """(created, changed). A promise is known by customer, currency, both days and amount, so none is ever changed.

    The items it speaks of are found by their numbers, separated by blanks, commas or semicolons.
    """
    tenant = tenant_literal()
    stage.reject_where("stage", "r.amount <= 0", field="amount", reason=_("A promised amount is more than 0."))
    stage.reject_where(
        "stage", "r.due_on < r.made_on", field="due_on", reason=_("This lies before the day on which it was promised.")
    )
    stage.drop_repeated(
        ["s.customer_ref", entity_code(stage), stage.column("currency"), "s.made_on", "s.due_on", "s.amount"]
    )
    execute("DROP TABLE IF EXISTS pg_temp.work")
    execute(
        "CREATE TEMP TABLE work ON COMMIT DROP AS SELECT v.*, p.id AS row_id FROM ("
        "SELECT s.line, c.customer_id, e.id AS entity_id, s.amount, s.made_on, s.due_on, 'OPEN' AS state, '' AS comment, "
        f"{stage.column('numbers')} AS numbers, "
        f"coalesce({stage.column('currency')}, e.currency, (SELECT currency FROM accounts_tenant WHERE id = {tenant})) AS currency "
        f"FROM stage s JOIN customer_of c USING (customer_ref) LEFT JOIN entity_of e ON e.code = {entity_code(stage)}) v "
        f"LEFT JOIN receivables_promise p ON p.tenant_id = {tenant} AND p.customer_id = v.customer_id AND p.currency = v.currency "
        "AND p.made_on = v.made_on AND p.due_on = v.due_on AND p.amount = v.amount"
    )
    created = _insert_new(
        table="promise",
        columns=("customer_id", "entity_id", "amount", "currency", "made_on", "due_on", "state", "comment"),
        run_id=run_id,
        conflict="tenant_id, customer_id, currency, made_on, due_on, amount",
    )
    execute(
        "INSERT INTO receivables_promiseitem (promise_id, item_id) SELECT DISTINCT p.id, i.id FROM work w "
        f"JOIN receivables_promise p ON p.tenant_id = {tenant} AND p.customer_id = w.customer_id AND p.currency = w.currency "
        "AND p.made_on = w.made_on AND p.due_on = w.due_on AND p.amount = w.amount AND p.run_id = %s "
        "CROSS JOIN LATERAL regexp_split_to_table(w.numbers, '[\\s,;]+') AS named(number) "
        f"JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.customer_id = w.customer_id "
        'AND i.number = named.number COLLATE "C" AND i.void_on IS NULL AND i.amount > 0 '
        "AND (w.entity_id IS NULL OR i.entity_id = w.entity_id) "
        "ON CONFLICT (tenant_id, promise_id, item_id) DO NOTHING",
        [run_id],
    )
    return created, 0
