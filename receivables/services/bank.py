"""Lines of the bank from a file or a statement's adapter: each is stored once, as it was received.

A line is known by the bank's own reference, day and amount, or without one by all that it says; of lines that are
alike in one file the first, the second and so on, as two customers may well pay the same on one day. So a file loaded
twice, or one that overlaps with the last, adds nothing. Nothing is ever changed or closed by a load.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from receivables.services.loading_parties import entity_code
from receivables.services.loading_stage import Stage, execute, fetch, tenant_literal

_TOLD = (
    "booked_on",
    "value_on",
    "amount",
    "currency",
    "payer_name",
    "payer_iban",
    "text",
    "structured_ref",
    "reference",
)


def load_bank_lines(stage: Stage, *, source: str, run_id: UUID) -> int:
    """How many were new. Needs `entity_of`; without a currency a line has its entity's, or the organisation's only one."""
    tenant = tenant_literal()
    stage.reject_where("stage", "r.amount = 0", field="amount", reason=_("A line of the bank has an amount."))
    if not stage.has("currency"):
        _refuse_unknown_currency(stage)
    said = " || '|' || ".join(
        f"coalesce({stage.column(name)}::text, '')" for name in ("payer_name", "payer_iban", "text")
    )
    given = ", ".join(f"'{name}', {stage.column(name)}" for name in (*_TOLD, "own_iban"))
    currency = f"coalesce({stage.column('currency')}, own.currency, e.currency, t.currency)"
    return execute(
        "INSERT INTO receivables_bankline (source, source_ref, entity_id, own_iban, booked_on, value_on, amount, currency, "
        "remaining_amount, payer_name, payer_iban, text, structured_ref, payload, run_id, "
        "state, set_aside_reason, proposal, confidence) "
        "SELECT %s, k.key || '/' || row_number() OVER (PARTITION BY k.key ORDER BY s.line), "
        f"coalesce(e.id, own.id), coalesce({stage.column('own_iban')}, ''), s.booked_on, {stage.column('value_on')}, s.amount, "
        f"{currency}, s.amount, coalesce({stage.column('payer_name')}, ''), "
        f"upper(coalesce({stage.column('payer_iban')}, '')), coalesce({stage.column('text')}, ''), "
        f"coalesce({stage.column('structured_ref')}, ''), jsonb_strip_nulls(jsonb_build_object({given})), %s, "
        "'OPEN', '', '{}', 0 "
        f"FROM stage s JOIN accounts_tenant t ON t.id = {tenant} "
        f"LEFT JOIN entity_of e ON e.code = {entity_code(stage)} "
        f"LEFT JOIN receivables_entity own ON own.tenant_id = {tenant} AND own.iban <> '' "
        f"AND replace(own.iban, ' ', '') = {stage.column('own_iban')} "
        "CROSS JOIN LATERAL (SELECT encode(sha256(convert_to(concat_ws('|', "
        f"coalesce({stage.column('own_iban')}, ''), s.booked_on, trim_scale(s.amount), {currency}, "
        f"coalesce({stage.column('reference')}, {said})), 'UTF8')), 'hex') AS key) k "
        "ORDER BY s.booked_on, s.line ON CONFLICT (tenant_id, source, source_ref) DO NOTHING",
        [source, run_id],
    )


def _refuse_unknown_currency(stage: Stage) -> None:
    """Entities of several currencies and a file that names none: nobody knows what the amounts are."""
    [(currencies,)] = fetch(
        f"SELECT count(DISTINCT currency) FROM receivables_entity WHERE tenant_id = {tenant_literal()}"
    )
    if currencies > 1 and not stage.has("entity_code", "own_iban"):
        stage.reject_where(
            "stage", "true", field="currency", reason=_("Say in which currency the account is, or of which company.")
        )
