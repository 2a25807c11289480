"""Take a load back: as if it had never been, for every figure asked from now on. One transaction.

Items that it brought are void, its allocations are taken back by rows of their own, what it changed says again what it
said before, what it closed is open again. What was known in between stays known for the days in between; a history
load claimed to have known everything all along, so it is void from its own days on.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.audit import Actor
from core.errors import Conflict
from core.jobs import lock
from core.models import AuditRecord
from core.tenancy.install import tenant_models, tenant_references
from receivables.models import (
    Allocation,
    BankLine,
    Contact,
    Customer,
    CustomerAccount,
    Dispute,
    Document,
    LedgerItem,
    LedgerItemRevision,
    OpenOrder,
    Promise,
    PromiseItem,
)
from receivables.services.loading_stage import execute, fetch, temp_table, tenant_literal
from receivables.services.open_amounts import recompute_open, refresh_touched_balances

# What a load may bring or change, each before what it refers to.
_BROUGHT: tuple[type[models.Model], ...] = (
    BankLine,
    PromiseItem,
    Promise,
    Dispute,
    Contact,
    OpenOrder,
    Document,
    CustomerAccount,
    Customer,
)
_RESTORED: tuple[type[models.Model], ...] = (
    LedgerItem,
    Document,
    Dispute,
    Contact,
    OpenOrder,
    CustomerAccount,
    Customer,
)


class LaterWork(Conflict):
    """Something stands on what the load brought: it would hang in the air."""

    code = "load_has_followers"
    message = gettext_lazy("Something was built on this import since, so it cannot be taken back.")


@dataclass
class UndoResult:
    """What was taken back: items made void, allocations reversed, rows restored, rows deleted by model."""

    voided: int = 0
    reversed: int = 0
    restored: int = 0
    deleted: int = 0


@transaction.atomic
def undo_load(*, run_id: UUID, source: str, on: date, actor: Actor) -> UndoResult:
    """Take back the load `run_id` on the business day `on`. The caller knows that it is the last one of its source.

    Raises LaterWork, which names what depends on it; AlreadyRunning while the source is being loaded.
    """
    lock(f"load/{source}")
    tenant = tenant_literal()
    temp_table("brought", f"ON COMMIT DROP AS SELECT id AS item_id, customer_id FROM receivables_ledgeritem "
               f"WHERE tenant_id = {tenant} AND run_id = '{UUID(str(run_id))}' AND void_on IS NULL")  # fmt: skip
    execute("ANALYZE brought")
    _refuse_followers(run_id)
    _find_touched(run_id)
    result = UndoResult()
    result.reversed = _reverse_allocations(run_id, on=on)
    result.restored = _restore(run_id, on=on)
    result.voided = execute(
        "UPDATE receivables_ledgeritem i SET void_on = CASE WHEN i.is_history THEN i.known_on ELSE %s END, "
        "document_id = CASE WHEN EXISTS (SELECT 1 FROM receivables_document d WHERE d.tenant_id = i.tenant_id "
        "AND d.id = i.document_id AND d.run_id = %s) THEN NULL ELSE i.document_id END, updated_at = statement_timestamp() "
        f"FROM brought b WHERE i.tenant_id = {tenant} AND i.id = b.item_id",
        [on, run_id],
    )
    recompute_open("touched_item")
    result.deleted = _delete_brought(run_id)
    refresh_touched_balances(on=on)  # last: others wait for it, and it waits for nobody afterwards
    AuditRecord.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, action="receivables.load_undone", object_type="integrations.SyncRun",
        object_id=run_id, changes={"voided": result.voided, "reversed": result.reversed, "restored": result.restored,
                                   "deleted": result.deleted},
    )  # fmt: skip
    return result


def _refuse_followers(run_id: UUID) -> None:
    """Raise LaterWork where a row that the load did not bring refers to an item that it did."""
    found = []
    for model in tenant_models():
        for reference in tenant_references(model):
            if reference.related_model is LedgerItem and model is not LedgerItemRevision:
                count = _followers(model, reference.column, run_id)
                if count:
                    found.append(f"{count} × {model._meta.verbose_name}")
    if found:
        raise LaterWork(
            _("Something was built on this import since, so it cannot be taken back: %(what)s.")
            % {"what": ", ".join(sorted(set(found)))}
        )


def _followers(model: type[models.Model], column: str, run_id: UUID) -> int:
    """How many rows of a model, not of this load, refer to its items."""
    own, params = "", []
    if model is Allocation:
        # Live ones only: what loads that were taken back wrote amounts to nothing.
        own = (
            "AND x.run_id IS DISTINCT FROM %s AND x.reason <> 'REVERSED' AND NOT EXISTS "
            "(SELECT 1 FROM receivables_allocation r WHERE r.tenant_id = x.tenant_id AND r.reverses_id = x.id)"
        )
        params = [run_id]
    elif any(field.name == "run_id" for field in model._meta.local_fields):
        own, params = "AND x.run_id IS DISTINCT FROM %s", [run_id]
    elif model is PromiseItem:
        own = "AND NOT EXISTS (SELECT 1 FROM receivables_promise p WHERE p.tenant_id = x.tenant_id AND p.id = x.promise_id AND p.run_id = %s)"
        params = [run_id]
    [(count,)] = fetch(
        f'SELECT count(*) FROM "{model._meta.db_table}" x WHERE x.tenant_id = {tenant_literal()} '
        f'AND x."{column}" IN (SELECT item_id FROM brought) {own}',
        params,
    )
    return int(count)


def _find_touched(run_id: UUID) -> None:
    """Fill `touched_item` and `touched` with the items and customers whose figures will move."""
    tenant = tenant_literal()
    execute("DROP TABLE IF EXISTS pg_temp.touched_item")
    execute(
        "CREATE TEMP TABLE touched_item ON COMMIT DROP AS SELECT item_id FROM brought "
        f"UNION SELECT debit_item_id FROM receivables_allocation WHERE tenant_id = {tenant} AND run_id = %s AND debit_item_id IS NOT NULL "
        f"UNION SELECT credit_item_id FROM receivables_allocation WHERE tenant_id = {tenant} AND run_id = %s AND credit_item_id IS NOT NULL "
        f"UNION SELECT object_id FROM receivables_loadchange WHERE tenant_id = {tenant} AND run_id = %s "
        "AND object_type = 'receivables.LedgerItem'",
        [run_id, run_id, run_id],
    )
    execute("ANALYZE touched_item")
    execute("DROP TABLE IF EXISTS pg_temp.touched")
    execute(
        "CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT DISTINCT i.customer_id FROM receivables_ledgeritem i "
        f"JOIN touched_item t ON t.item_id = i.id WHERE i.tenant_id = {tenant} "
        "UNION SELECT (c.before->>'customer_id')::uuid FROM receivables_loadchange c "
        f"WHERE c.tenant_id = {tenant} AND c.run_id = %s AND c.object_type = 'receivables.LedgerItem'",
        [run_id],
    )


_SIDES = "customer_id, debit_item_id, credit_item_id, debit_amount, debit_currency, credit_amount, credit_currency"


def _reverse_allocations(run_id: UUID, *, on: date) -> int:
    """Take back the allocations of the load, on their own days; set again those that it had taken back.

    What is set again is a copy that belongs to the load which first wrote it, so that one can be undone later too.
    """
    tenant = tenant_literal()
    negative = "a.customer_id, a.debit_item_id, a.credit_item_id, -a.debit_amount, a.debit_currency, -a.credit_amount, a.credit_currency"
    execute("DROP TABLE IF EXISTS pg_temp.set_again")
    execute(
        f'CREATE TEMP TABLE set_again ON COMMIT DROP AS SELECT o.*, r."on" AS taken_back_on FROM receivables_allocation r '
        f"JOIN receivables_allocation o ON o.tenant_id = {tenant} AND o.id = r.reverses_id "
        f"WHERE r.tenant_id = {tenant} AND r.run_id = %s AND r.reason = 'REVERSED' AND o.run_id IS DISTINCT FROM r.run_id",
        [run_id],
    )
    count = execute(
        f'INSERT INTO receivables_allocation ({_SIDES}, "on", known_on, is_history, origin, reason, source_ref, run_id, reverses_id) '
        f'SELECT {negative}, a."on", CASE WHEN a.is_history THEN a.known_on ELSE greatest(a.known_on, %s) END, a.is_history, '
        "a.origin, 'REVERSED', '', NULL, a.id FROM receivables_allocation a "
        f"WHERE a.tenant_id = {tenant} AND a.run_id = %s AND a.reason <> 'REVERSED' AND NOT EXISTS "
        f"(SELECT 1 FROM receivables_allocation r WHERE r.tenant_id = {tenant} AND r.reverses_id = a.id)",
        [on, run_id],
    )
    return count + execute(
        f'INSERT INTO receivables_allocation ({_SIDES}, "on", known_on, is_history, origin, reason, source_ref, run_id) '
        f"SELECT {_SIDES}, taken_back_on, greatest(known_on, %s), false, origin, reason, '', run_id FROM set_again",
        [on],
    )


def _restore(run_id: UUID, *, on: date) -> int:
    """Let changed rows say again what they said before; what the load made an item say becomes a former version."""
    tenant = tenant_literal()
    _revise(run_id, on=on)
    count = 0
    for model in _RESTORED:
        table, label = model._meta.db_table, model._meta.label
        names = [
            name
            for (name,) in fetch(
                "SELECT DISTINCT jsonb_object_keys(before) FROM receivables_loadchange "
                f"WHERE tenant_id = {tenant} AND run_id = %s AND object_type = %s",
                [run_id, label],
            )
        ]
        known = {field.column for field in model._meta.local_fields}
        for name in names:
            if name not in known:
                raise LookupError(f"{label} has no column {name}")
        # A row may have been changed in several steps of one load: the oldest version counts, column by column.
        sets = ", ".join(f'"{name}" = (jsonb_populate_record(NULL::{table}, c.before))."{name}"' for name in names)
        if names:
            # Amount and open amount must agree in each step; the latter is computed anew at the end.
            opened = f", open_amount = 0, corrected_on = '{on}'" if model is LedgerItem else ""
            count += execute(
                f"UPDATE {table} t SET {sets}{opened}, updated_at = statement_timestamp() FROM ("
                "SELECT object_id, jsonb_object_agg(key, value ORDER BY c.id DESC) AS before FROM receivables_loadchange c, "
                f"jsonb_each(c.before) WHERE c.tenant_id = {tenant} AND c.run_id = %s AND c.object_type = %s GROUP BY 1"
                f") c WHERE t.tenant_id = {tenant} AND t.id = c.object_id",
                [run_id, label],
            )
    return count


def _revise(run_id: UUID, *, on: date) -> None:
    tenant = tenant_literal()
    execute(
        "INSERT INTO receivables_ledgeritemrevision (item_id, customer_id, known_from, known_until, document_date, posting_date, "
        "due_date, currency, amount, vat_amount) "
        "SELECT i.id, i.customer_id, coalesce(i.corrected_on, i.known_on), %s, i.document_date, i.posting_date, i.due_date, "
        "i.currency, i.amount, i.vat_amount FROM receivables_ledgeritem i "
        f"WHERE i.tenant_id = {tenant} AND coalesce(i.corrected_on, i.known_on) < %s AND i.id IN (SELECT object_id "
        f"FROM receivables_loadchange WHERE tenant_id = {tenant} AND run_id = %s AND object_type = 'receivables.LedgerItem')",
        [on, on, run_id],
    )


def _delete_brought(run_id: UUID) -> int:
    """Delete rows that the load brought and nothing refers to. Void items keep their customer and account."""
    tenant, count = tenant_literal(), 0
    for model in _BROUGHT:
        table = model._meta.db_table
        if model is PromiseItem:
            count += execute(
                f"DELETE FROM {table} x USING receivables_promise p WHERE x.tenant_id = {tenant} AND p.tenant_id = {tenant} "
                "AND p.id = x.promise_id AND p.run_id = %s",
                [run_id],
            )
            continue
        unused = " ".join(
            f'AND NOT EXISTS (SELECT 1 FROM "{other._meta.db_table}" r WHERE r.tenant_id = {tenant} AND r."{column}" = x.id)'
            for other, column in _references_to(model)
        )
        count += execute(f"DELETE FROM {table} x WHERE x.tenant_id = {tenant} AND x.run_id = %s {unused}", [run_id])
    return count


def _references_to(model: type[models.Model]) -> list[tuple[Any, str]]:
    """The tables and columns that refer to a model, whichever app they belong to. Balances go with their customer."""
    found = [
        (other, reference.column)
        for other in tenant_models()
        for reference in tenant_references(other)
        if reference.related_model is model
    ]
    balance = apps.get_model("receivables", "CustomerBalance")
    return [pair for pair in found if pair[0] is not balance]
