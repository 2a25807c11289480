"""What a file of items closes and opens without naming a counterpart: settled items, those that vanished, disputes."""

from django.utils.translation import gettext as _

from receivables.ports import Rejection
from receivables.services.loading_item_work import ItemLoad, is_live_closing
from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import SHRINK_PCT, Held, Stage, execute, fetch, temp_table

DISPUTED_AT_SOURCE = "SOURCE"


def judge_closings(stage: Stage, load: ItemLoad) -> None:
    """Decide for each known item of `work` what is closed without counterpart, and refuse what contradicts itself.

    Our own allocations stand: the source's closing covers only what they leave.
    """
    if not fetch("SELECT 1 FROM work WHERE item_id IS NOT NULL LIMIT 1"):
        return
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


def find_vanished(load: ItemLoad) -> int:
    """Fill `vanished` with the open items of the source and the file's entities that the file no longer has. Raises Held."""
    execute("DROP TABLE IF EXISTS pg_temp.vanished")
    execute(
        "CREATE TEMP TABLE vanished ON COMMIT DROP AS SELECT i.id AS item_id, i.customer_id, i.open_amount, i.currency "
        f"FROM pair k JOIN receivables_ledgeritem i ON i.tenant_id = {load.tenant} AND i.id = k.item_id "
        "WHERE k.line IS NULL AND i.posting_date <= %s",
        [load.as_of],
    )
    [(closing,)] = fetch("SELECT count(*) FROM vanished")
    if closing and not load.force:
        [(open_items,)] = fetch(
            f"SELECT count(*) FROM receivables_ledgeritem i WHERE i.tenant_id = {load.tenant} AND i.source = %s "
            "AND i.entity_id IN (SELECT entity_id FROM party) AND i.is_open AND i.posting_date <= %s",
            [load.source, load.as_of],
        )
        if closing * 100 > open_items * SHRINK_PCT:
            raise Held(closing=closing, open_items=open_items)
    return int(closing)


def write_closings(load: ItemLoad, *, has_vanished: bool) -> int:
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
        f"SELECT * FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND a.debit_item_id = w.item_id AND {is_live_closing(load)} "
        "UNION ALL "
        f"SELECT * FROM receivables_allocation a WHERE a.tenant_id = {load.tenant} AND a.credit_item_id = w.item_id AND {is_live_closing(load)}"
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
    if not has_vanished:
        return count
    closes = side.format(sign="v.open_amount", id="v.item_id", amount="abs(v.open_amount)", currency="v.currency")
    count += execute(
        f"INSERT INTO receivables_allocation {columns} SELECT v.customer_id, {closes}, '{load.as_of}', '{load.as_of}', "
        "false, 'SOURCE', 'VANISHED', '', %s FROM vanished v",
        [load.run_id],
    )
    return count


def mark_disputed(stage: Stage, load: ItemLoad) -> None:
    """Open a dispute on open items that the source marks as disputed, and close the one it opened when the mark is gone."""
    marked = (
        f"FROM stage s JOIN entity_of e ON e.code = {entity_code(stage)} JOIN receivables_ledgeritem i "
        f"ON i.tenant_id = {load.tenant} AND i.entity_id = e.id AND i.source = %s AND i.source_ref = s.source_ref "
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
