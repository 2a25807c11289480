"""Load canonical rows into the ledger: one transaction, one load at a time per tenant and source, twice changes nothing.

    result = load(kind="items", mode="snapshot", source="erp", as_of=day, rows=batches, columns=fields, actor=actor)

Rules with worked examples: docs/rules/loading.md. Whatever kills the transaction leaves the ledger as it was.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.audit import Actor
from core.errors import Invalid
from core.jobs import lock
from core.models import AuditRecord
from receivables.ports import MODES, ROW_FIELDS, Batch, Progress, Rejection
from receivables.services.bank import load_bank_lines
from receivables.services.loading_allocations import load_allocations
from receivables.services.loading_customers import load_contacts, load_customers
from receivables.services.loading_item_work import ItemLoad, item_columns
from receivables.services.loading_items import judge_items, load_items
from receivables.services.loading_parties import (
    entity_code as entity_code_sql,
)
from receivables.services.loading_parties import (
    make_missing_accounts,
    make_missing_customers,
    name_entities,
    resolve_customers,
    resolve_entities,
    resolve_members,
    resolve_parties,
    resolve_terms,
)
from receivables.services.loading_stage import RowsRejected, Stage, analyze_uncounted, fetch
from receivables.services.loading_standing import load_disputes, load_orders, load_promises
from receivables.services.open_amounts import refresh_touched_balances

# Tables in which each row of a load is looked up.
_LOOKED_UP = (
    "receivables_customer",
    "receivables_customeraccount",
    "receivables_document",
    "receivables_ledgeritem",
    "receivables_customerbalance",
)
_HAS_AMOUNT = ("items", "orders", "allocations", "promises", "bank_lines")


class BadLoad(Invalid):
    code = "bad_load"
    message = _("This cannot be loaded as asked.")


@dataclass
class LoadResult:
    """What a load did, or would do. Counts are of rows of the file, except `closed` (items that vanished included).

    `totals`: the sum of the amounts that were taken, by currency. `made`: what was created along the way, by noun.
    """

    run_id: UUID
    kind: str
    mode: str
    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    closed: int = 0
    reopened: int = 0
    repeated: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[Rejection] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)

    @property
    def wrote_nothing(self) -> bool:
        return not (self.created or self.changed or self.closed or any(self.made.values()))


@transaction.atomic
def load(
    *,
    kind: str,
    rows: Iterable[Batch],
    columns: Collection[str],
    source: str,
    as_of: date,
    actor: Actor,
    mode: str = "delta",
    entity_code: str = "",
    run_id: UUID | None = None,
    all_or_nothing: bool = False,
    force: bool = False,
    balances_on: date | None = None,
    progress: Progress | None = None,
) -> LoadResult:
    """Load the rows of one file or call. `columns`: the canonical fields that the source feeds, however empty.

    `as_of` is the business day from which we know it; `balances_on` the day of the balances (default: the same).
    `entity_code` is the entity of rows that name none. `force` loads a snapshot that closes more than half.
    Refuses by AlreadyRunning (another load of the source), BadLoad, EntityNeeded, Contradictory, RowsRejected (with
    `all_or_nothing`), TooManyBadRows, Held, Stopped, and whatever `rows` raises: then nothing was changed.
    """
    if kind not in ROW_FIELDS or mode not in MODES:
        raise BadLoad
    lock(f"load/{source}")
    result = LoadResult(run_id=run_id or uuid4(), kind=kind, mode=mode)
    if kind in ("customers", "contacts"):
        stage = (load_customers if kind == "customers" else load_contacts)(
            rows, columns, source=source, entity_code=entity_code, result=result, progress=progress
        )
    else:
        stage = Stage(kind, columns, computed=item_columns(columns) if kind == "items" else None)
        stage.fill(rows, progress=progress)
        _load_ledger(stage, result, source=source, mode=mode, as_of=as_of, entity_code=entity_code, force=force)
    result.rejected = sorted(stage.rejected, key=lambda rejection: rejection.line)
    if result.rejected and all_or_nothing:
        raise RowsRejected(result.rejected)
    result.rows, result.repeated = stage.read, stage.repeated
    result.unchanged = stage.read - len(result.rejected) - stage.repeated - result.created - result.changed
    if kind in ("items", "allocations"):
        refresh_touched_balances(on=balances_on or as_of, most=stage.read + result.closed)
    if result.created:
        analyze_uncounted(*_LOOKED_UP)
    _audit(result, actor=actor, source=source, as_of=as_of)
    return result


def _load_ledger(
    stage: Stage, result: LoadResult, *, source: str, mode: str, as_of: date, entity_code: str, force: bool
) -> None:
    """The kinds whose rows belong to an entity, or may: items, orders, allocations, disputes, promises."""
    if stage.kind == "items":
        result.made["entities"] = resolve_entities(stage, given=entity_code)
        judge_items(stage)
        all_known = resolve_parties(stage, source=source)
        result.made["members"] = resolve_members(stage)
        result.made["terms"] = resolve_terms(stage)
        result.made["customers"] = 0 if all_known else make_missing_customers(stage, run_id=result.run_id)
        result.made["accounts"] = 0 if all_known else make_missing_accounts(stage, source=source, run_id=result.run_id)
        if not all_known:
            _reject_without_account(stage)
        counts = load_items(stage, ItemLoad(mode=mode, source=source, as_of=as_of, run_id=result.run_id, force=force))
        result.created, result.changed = counts.created, counts.changed
        result.closed, result.reopened = counts.closed, counts.reopened
        result.made["documents"] = counts.documents
    else:
        if stage.kind == "orders":
            result.made["entities"] = resolve_entities(stage, given=entity_code)
        else:
            name_entities(stage, given=entity_code)
        if stage.kind == "bank_lines":
            result.created = load_bank_lines(stage, source=source, run_id=result.run_id)
            result.totals = _totals(stage)
            return
        resolve_customers(stage, source=source)
        if stage.kind == "orders":
            result.created, result.changed, result.closed = load_orders(
                stage, source=source, is_snapshot=mode == "snapshot", run_id=result.run_id, force=force
            )
        elif stage.kind == "allocations":
            result.created, result.changed = load_allocations(
                stage, source=source, as_of=as_of, is_history=mode == "history", run_id=result.run_id
            )
        elif stage.kind == "disputes":
            result.created, result.changed = load_disputes(stage, source=source, run_id=result.run_id)
        else:
            result.created, result.changed = load_promises(stage, source=source, run_id=result.run_id)
    if stage.kind in _HAS_AMOUNT:
        result.totals = _totals(stage)


def _reject_without_account(stage: Stage) -> None:
    """Rows whose account could not be made: its reference is another customer's there."""
    if not fetch("SELECT 1 FROM party WHERE account_id IS NULL LIMIT 1"):
        return
    lines = fetch(
        "DELETE FROM stage s USING party p WHERE p.account_id IS NULL AND s.customer_ref = p.customer_ref "
        f"AND {'s.entity_code IS NOT DISTINCT FROM p.entity_code' if stage.has('entity_code') else 'true'} RETURNING s.line"
    )
    if lines:
        reason = str(_("This reference belongs to the account of another customer of that company."))
        stage.reject(Rejection(line, "customer_ref", reason) for (line,) in lines)


def _totals(stage: Stage) -> dict[str, Decimal]:
    """The sum of the stage's amounts by currency: what was taken from the file."""
    by_entity, joined = "(SELECT currency FROM entity_of WHERE is_default)", ""
    if stage.has("entity_code"):
        by_entity, joined = "e.currency", f"LEFT JOIN entity_of e ON e.code = {entity_code_sql(stage)}"
    rows = fetch(
        f"SELECT coalesce({stage.column('currency')}, {by_entity}, ''), sum(s.amount) FROM stage s {joined} "
        "GROUP BY 1 ORDER BY 1"
    )
    return {name: amount for name, amount in rows if amount is not None}


def _audit(result: LoadResult, *, actor: Actor, source: str, as_of: date) -> None:
    """One audit row for the whole load; its rows carry the run's id."""
    AuditRecord.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        action="receivables.loaded",
        object_type="integrations.SyncRun",
        object_id=result.run_id,
        changes={
            "kind": result.kind,
            "mode": result.mode,
            "source": source,
            "as_of": as_of.isoformat(),
            "rows": result.rows,
            "created": result.created,
            "changed": result.changed,
            "closed": result.closed,
            "rejected": len(result.rejected),
            "made": result.made,
        },
    )
