"""Allocations of a file: which credit was set against which invoice, on which day, for how much.

A row names documents by their numbers. Where a document has instalments, the oldest open one takes the amount first.
A row is known by company, both numbers and day: the same again changes nothing, another amount takes the former one
back and replaces it. Our own allocations are neither matched nor undone.
"""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import Stage, analyze_grown, execute, fetch, temp_table, tenant_literal
from receivables.services.open_amounts import recompute_open


def load_allocations(stage: Stage, *, source: str, as_of: date, is_history: bool, run_id: UUID) -> tuple[int, int]:
    """(created, changed). Needs `customer_of` and `entity_of`."""
    stage.reject_where("stage", "r.amount <= 0", field="amount", reason=_("An allocated amount is more than 0."))
    stage.drop_repeated([entity_code(stage), "s.debit_number", stage.column("credit_number"), 's."on"'])
    _find_items(stage)
    _find_todo(stage)
    changed = _take_back(as_of=as_of, run_id=run_id)
    _judge(stage)
    [(created, replaced)] = fetch(
        "SELECT count(*) FILTER (WHERE NOT is_known), count(*) FILTER (WHERE is_known) FROM todo"
    )
    _write(as_of=as_of, is_history=is_history, run_id=run_id)
    temp_table(
        "touched",
        "ON COMMIT DROP AS SELECT DISTINCT customer_id FROM named n WHERE n.id IN (SELECT debit_id FROM piece "
        "UNION SELECT credit_id FROM piece UNION SELECT item_id FROM taken_back)",
    )
    return int(created), int(max(changed, replaced))


def _find_items(stage: Stage) -> None:
    """Fill `named` with the items that carry one of the file's numbers."""
    tenant = tenant_literal()
    numbers = "SELECT debit_number AS number FROM stage"
    if stage.has("credit_number"):
        numbers += " UNION SELECT credit_number FROM stage WHERE credit_number IS NOT NULL"
    temp_table(
        "named",
        "ON COMMIT DROP AS SELECT i.id, i.entity_id, i.customer_id, i.number, i.currency, i.amount, i.open_amount, "
        f"i.due_date, i.instalment FROM (SELECT DISTINCT number FROM ({numbers}) n) n "
        f"JOIN receivables_document d ON d.tenant_id = {tenant} AND d.number = n.number "
        f"JOIN receivables_ledgeritem i ON i.tenant_id = {tenant} AND i.document_id = d.id AND i.void_on IS NULL",
    )
    execute("ANALYZE named")


def _find_todo(stage: Stage) -> None:
    """Fill `todo` with the rows that the ledger does not have like this, and `known` with the allocations it has."""
    tenant = tenant_literal()
    customer = "LEFT JOIN customer_of c ON c.customer_ref = s.customer_ref" if stage.has("customer_ref") else ""
    temp_table(
        "asked",
        f"ON COMMIT DROP AS SELECT s.line, e.id AS entity_id, {'c.customer_id' if customer else 'NULL::uuid'} AS customer_id, "
        f"s.debit_number, {stage.column('credit_number')} AS credit_number, s.amount, {stage.column('currency')} AS currency, "
        f's."on" FROM stage s LEFT JOIN entity_of e ON e.code = {entity_code(stage)} {customer}',
    )
    for side, sign in (("debit", ">"), ("credit", "<")):
        reason = (
            _("There is no invoice with this number, of this customer and company and in this currency.")
            if side == "debit"
            else _("There is no payment or credit note with this number, of this company and in this currency.")
        )
        of_customer = "AND (r.customer_id IS NULL OR n.customer_id = r.customer_id)" if side == "debit" else ""
        stage.reject_where(
            "asked",
            f"r.{side}_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM named n WHERE n.number = r.{side}_number "
            f"AND n.amount {sign} 0 AND (r.entity_id IS NULL OR n.entity_id = r.entity_id) {of_customer} "
            "AND (r.currency IS NULL OR n.currency = r.currency))",
            field=f"{side}_number",
            reason=reason,
        )
    execute("ANALYZE asked")
    temp_table(
        "known",
        "ON COMMIT DROP AS SELECT q.line, a.id, a.debit_amount AS amount FROM asked q "
        "JOIN named d ON d.number = q.debit_number AND d.amount > 0 AND (q.entity_id IS NULL OR d.entity_id = q.entity_id) "
        "AND (q.customer_id IS NULL OR d.customer_id = q.customer_id) "
        f'JOIN receivables_allocation a ON a.tenant_id = {tenant} AND a.debit_item_id = d.id AND a."on" = q."on" '
        "AND a.origin = 'SOURCE' AND a.reason = 'ALLOCATED' "
        "LEFT JOIN named k ON k.id = a.credit_item_id "
        "WHERE (q.credit_number = k.number OR q.credit_number IS NULL AND a.credit_item_id IS NULL) "
        f"AND NOT EXISTS (SELECT 1 FROM receivables_allocation r WHERE r.tenant_id = {tenant} AND r.reverses_id = a.id)",
    )
    temp_table(
        "todo",
        "ON COMMIT DROP AS SELECT q.*, k.amount IS NOT NULL AS is_known FROM asked q "
        "LEFT JOIN (SELECT line, sum(amount) AS amount FROM known GROUP BY 1) k ON k.line = q.line "
        "WHERE k.amount IS DISTINCT FROM q.amount",
    )
    execute("ANALYZE todo")


def _take_back(*, as_of: date, run_id: UUID) -> int:
    """Reverse known allocations whose row says another amount, as if they had never been."""
    tenant = tenant_literal()
    temp_table(
        "taken_back",
        "ON COMMIT DROP AS SELECT a.id, x.item_id FROM known k JOIN todo t ON t.line = k.line "
        f"JOIN receivables_allocation a ON a.tenant_id = {tenant} AND a.id = k.id "
        "CROSS JOIN LATERAL (VALUES (a.debit_item_id), (a.credit_item_id)) AS x(item_id) WHERE x.item_id IS NOT NULL",
    )
    count = execute(
        "INSERT INTO receivables_allocation (customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency, "
        'credit_amount, credit_currency, "on", known_on, is_history, origin, reason, source_ref, run_id, reverses_id) '
        "SELECT a.customer_id, a.debit_item_id, a.credit_item_id, -a.debit_amount, a.debit_currency, -a.credit_amount, "
        "a.credit_currency, a.\"on\", greatest(a.known_on, %s), false, 'SOURCE', 'REVERSED', '', %s, a.id "
        f"FROM receivables_allocation a WHERE a.tenant_id = {tenant} AND a.id IN (SELECT id FROM taken_back)",
        [as_of, run_id],
    )
    if count:
        recompute_open("taken_back")
        execute(
            f"UPDATE named n SET open_amount = i.open_amount FROM receivables_ledgeritem i "
            f"WHERE i.tenant_id = {tenant} AND i.id = n.id AND i.id IN (SELECT item_id FROM taken_back)"
        )
    [(rows,)] = fetch("SELECT count(*) FROM todo WHERE is_known")
    return int(rows)


# A row that fails may be all that keeps those behind it from being covered, hence several rounds; then all that fail go.
_ROUNDS = 10

# Which part of which item each row takes: rows and items are laid end to end, by number, and cut where both are cut.
_PIECES = """
    SELECT r.line, r.place, i.id AS item_id, least(r.upto, i.upto) - greatest(r.upto - r.amount, i.upto - i.open) AS amount,
        row_number() OVER (PARTITION BY r.line ORDER BY r.place, i.upto) AS piece
    FROM (
        SELECT line, place, amount, entity_id, customer_id, number, currency, sum(amount) OVER (
            PARTITION BY entity_id, customer_id, number, currency ORDER BY "on", line, place) AS upto
        FROM ({rows}) asked
    ) r JOIN (
        SELECT id, entity_id, customer_id, number, currency, abs(open_amount) AS open, sum(abs(open_amount)) OVER (
            PARTITION BY {partition} ORDER BY due_date, instalment, id) AS upto
        FROM named WHERE amount {sign} 0 AND open_amount <> 0
    ) i ON i.number = r.number AND (r.entity_id IS NULL OR i.entity_id = r.entity_id)
        AND (r.customer_id IS NULL OR i.customer_id = r.customer_id) AND (r.currency IS NULL OR i.currency = r.currency)
    WHERE least(r.upto, i.upto) > greatest(r.upto - r.amount, i.upto - i.open)
"""


def _match() -> None:
    """Fill `piece (line, debit_id, credit_id, amount)` from `todo`."""
    rows = 'SELECT line, 1 AS place, amount, entity_id, customer_id, debit_number AS number, currency, "on" FROM todo'
    temp_table(
        "debit_piece",
        "ON COMMIT DROP AS "
        + _PIECES.format(rows=rows, sign=">", partition="entity_id, customer_id, number, currency"),
    )
    execute("ANALYZE debit_piece")
    rows = (
        "SELECT d.line, d.piece AS place, d.amount, t.entity_id, NULL::uuid AS customer_id, t.credit_number AS number, "
        't.currency, t."on" FROM debit_piece d JOIN todo t ON t.line = d.line WHERE t.credit_number IS NOT NULL'
    )
    temp_table(
        "credit_piece",
        "ON COMMIT DROP AS " + _PIECES.format(rows=rows, sign="<", partition="entity_id, number, currency"),
    )
    temp_table(
        "piece",
        "ON COMMIT DROP AS SELECT d.line, d.item_id AS debit_id, c.item_id AS credit_id, coalesce(c.amount, d.amount) AS amount "
        "FROM debit_piece d JOIN todo t ON t.line = d.line "
        "LEFT JOIN credit_piece c ON c.line = d.line AND c.place = d.piece WHERE t.credit_number IS NULL OR c.item_id IS NOT NULL",
    )
    execute("ANALYZE piece")


def _judge(stage: Stage) -> None:
    """Match; take out the rows that open items cannot cover, the first of each number before those behind it."""
    for last_round in (*[False] * (_ROUNDS - 1), True):
        _match()
        temp_table(
            "failing",
            'ON COMMIT DROP AS SELECT t.line, t."on", t.debit_number, t.credit_number FROM todo t '
            "LEFT JOIN (SELECT line, sum(amount) AS amount FROM piece GROUP BY 1) c ON c.line = t.line "
            "WHERE c.amount IS DISTINCT FROM t.amount",
        )
        execute("ANALYZE failing")
        behind = (
            "AND NOT EXISTS (SELECT 1 FROM failing f JOIN failing q ON (q.debit_number = f.debit_number "
            'OR q.credit_number = f.credit_number) AND (q."on", q.line) < (f."on", f.line) WHERE f.line = r.line)'
        )
        taken = stage.reject_where(
            "todo",
            f"r.line IN (SELECT line FROM failing) {'' if last_round else behind}",
            field="amount",
            reason=_("More than is open of the invoice or of the payment."),
        )
        if not taken:
            return
    _match()


def _write(*, as_of: date, is_history: bool, run_id: UUID) -> None:
    tenant = tenant_literal()
    known_on = 't."on"' if is_history else f"'{as_of}'::date"
    made = execute(
        "INSERT INTO receivables_allocation (customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency, "
        'credit_amount, credit_currency, "on", known_on, is_history, origin, reason, source_ref, run_id) '
        "SELECT d.customer_id, p.debit_id, p.credit_id, p.amount, d.currency, CASE WHEN p.credit_id IS NOT NULL THEN p.amount END, "
        f"coalesce(k.currency, ''), t.\"on\", CASE WHEN t.is_known THEN '{as_of}'::date ELSE {known_on} END, "
        f"{'NOT t.is_known' if is_history else 'false'}, 'SOURCE', 'ALLOCATED', '', %s "
        "FROM piece p JOIN todo t ON t.line = p.line JOIN named d ON d.id = p.debit_id LEFT JOIN named k ON k.id = p.credit_id",
        [run_id],
    )
    analyze_grown("receivables_allocation", by=made)
    execute(
        "UPDATE receivables_ledgeritem i SET open_amount = i.open_amount - x.taken, updated_at = statement_timestamp() FROM ("
        "SELECT item_id, sum(amount) AS taken FROM (SELECT debit_id AS item_id, amount FROM piece UNION ALL "
        "SELECT credit_id, -amount FROM piece WHERE credit_id IS NOT NULL) side GROUP BY 1) x "
        f"WHERE i.tenant_id = {tenant} AND i.id = x.item_id"
    )
