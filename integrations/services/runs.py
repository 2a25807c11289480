"""The life of an import: received, looked at, checked (nothing changes), applied once, perhaps undone.

A run is applied in one transaction together with its own end: whatever kills the process leaves the ledger as it was
and the run RUNNING with a heart that stands still, which `resume_runs` takes up again.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import doorbells
from core.audit import SYSTEM, Actor, record
from core.errors import Conflict, Invalid, NotFound, Refusal
from core.jobs import AlreadyRunning
from core.models import AuditRecord
from integrations.files import FIELDS, Conversion, Guess, Inspection, Mapping
from integrations.models import SyncRun
from integrations.services.heartbeat import STALE_SECONDS, heart_of
from integrations.services.mappings import best_mapping, remember
from integrations.services.reading import fed_fields, inspection_of, rows_of
from integrations.services.run_order import mode_of, refuse_older, same_as_last
from integrations.services.run_outcomes import SHOWN, error_of, keep_rejected, outcome_of
from receivables.ports import Batch, Rejection
from receivables.services.loading import LoadResult, load
from receivables.services.loading_stage import Held, RowsRejected, Stopped
from receivables.services.undo import UndoResult, undo_load

State = SyncRun.State

# Nobody has asked for the load, or it came to nothing: the columns may still be chosen and the file be checked.
_UNDECIDED = (State.RECEIVED, State.CHECKED, State.HELD, State.REFUSED, State.FAILED, State.STOPPED)
_STARTABLE = (*_UNDECIDED, State.QUEUED)

# The beat looks after runs whose message or worker was lost.
BELL = "imports"
# In a run's options: a worker was asked to check it.
CHECKING = "checking"


class UnknownRun(NotFound):
    code = "unknown_run"
    message = gettext_lazy("There is no such import.")


class NoMapping(Conflict):
    code = "no_mapping"
    message = gettext_lazy("Choose the columns first.")


class NoRows(Invalid):
    code = "no_rows"
    message = gettext_lazy("The file has a header and no row below it: nothing is loaded, and nothing is closed.")

    def __init__(self, kind: str) -> None:
        fields = ", ".join(str(field.label) for field in FIELDS[kind] if field.required)
        expected = _("Expected: %(kind)s, one in each row, with %(fields)s.")
        super().__init__(
            f"{self.message} {expected % {'kind': SyncRun(kind=kind).get_kind_display(), 'fields': fields}}"
        )


class NotStartable(Conflict):
    code = "run_not_startable"
    message = gettext_lazy("This import is running or over.")


class NotUndoable(Conflict):
    code = "run_not_undoable"
    message = gettext_lazy("Only the last import of a source can be taken back.")


class _CheckOver(Exception):
    """Ends the transaction of a check, so that nothing of it stays."""


@transaction.atomic
def get_run(run_id: UUID) -> SyncRun:
    """Raises UnknownRun."""
    run = SyncRun.objects.select_related("entity", "connection").filter(id=run_id).first()
    if run is None:
        raise UnknownRun
    return run


def actor_of(run: SyncRun) -> Actor:
    """Who a run is done for: the member that started it, else the system."""
    return Actor(AuditRecord.ActorKind.MEMBER, run.started_by_id) if run.started_by_id else SYSTEM


def look_at(*, run_id: UUID) -> tuple[Inspection, Mapping, Guess | None]:
    """Inspect the file and propose a mapping: the remembered one, else a guess with its reasons and gaps.

    Keeps the inspection and, where no mapping was chosen yet, the proposal with the run. Raises what reading refuses.
    """
    run = get_run(run_id)
    chosen = Mapping.from_json(run.mapping) if run.mapping else None
    inspection = inspection_of(run, mapping=chosen)
    mapping, guessed = (chosen, None) if chosen else best_mapping(inspection, source=run.source, kind=run.kind)
    with transaction.atomic():
        SyncRun.objects.filter(id=run.id).update(
            inspection=inspection.to_json(),
            row_count=inspection.row_count,
            mapping=mapping.to_json(),
            kind=mapping.kind,
        )
    return inspection, mapping, guessed


@transaction.atomic
def choose_mapping(
    *, run_id: UUID, mapping: Mapping, actor: Actor, mode: str = "", as_of: date | None = None,
    entity_code: str | None = None, control_totals: dict[str, str] | None = None, all_or_nothing: bool | None = None,
    accept_unfinished: bool | None = None, remember_it: bool = False, name: str = "",
) -> SyncRun:  # fmt: skip
    """Say how the file is to be read; what is None stays. Raises NotStartable once the run is under way or over."""
    run = get_run(run_id)
    options = {
        **{name: value for name, value in run.options.items() if name != CHECKING},
        **({"entity": entity_code} if entity_code is not None else {}),
        **({"control_totals": control_totals} if control_totals is not None else {}),
        **({"accept_unfinished": accept_unfinished} if accept_unfinished is not None else {}),
    }
    values: dict[str, Any] = {
        "mapping": mapping.to_json(),
        "kind": mapping.kind,
        "mode": mode or run.mode,
        "as_of": as_of or run.as_of,
        "options": options,
        "all_or_nothing": run.all_or_nothing if all_or_nothing is None else all_or_nothing,
        "state": State.RECEIVED,
        "error": "",
    }
    if not SyncRun.objects.filter(id=run.id, state__in=_UNDECIDED).update(**values):
        raise NotStartable
    record(actor=actor, action="integrations.mapping_chosen", row=run, changes={"mapping": [None, values["mapping"]]})
    if remember_it and run.inspection.get("fingerprint"):
        remember(source=run.source, fingerprint=run.inspection["fingerprint"], mapping=mapping, actor=actor, name=name)
    return get_run(run_id)


def _mapping_of(run: SyncRun) -> Mapping:
    if not run.mapping:
        raise NoMapping
    return Mapping.from_json(run.mapping)


def check(*, run_id: UUID, force: bool = False) -> SyncRun:
    """The dry run: everything is loaded and judged in a transaction that is rolled back. CHECKED, or REFUSED with why.

    The run then says what would be created, changed and closed, the first errors and the totals; the rejected rows can
    be fetched with `error_rows`. A snapshot that would have to wait for a person says so in `result["held"]`.
    Whatever was asked of the run meanwhile, to load it or to read it otherwise, goes first: the check then says nothing.
    """
    run = get_run(run_id)
    if run.state not in _UNDECIDED:
        raise NotStartable
    refusal: Refusal | None = None
    try:
        mapping = _mapping_of(run)
        refuse_older(run, mapping)
        result, conversion, held = _dry_load(run, mapping, force=force)
    except Refusal as refused:
        refusal = refused
    with transaction.atomic():
        if not _is_as_it_was(run):
            return get_run(run_id)
        if refusal is not None:
            return _refuse(run, refusal, rejected=getattr(refusal, "rejected", None))
        keep_rejected(run, mapping, result)
        values = outcome_of(run, mapping, result, conversion)
        values["result"]["held"] = held
        SyncRun.objects.filter(id=run.id).update(state=State.CHECKED, error="", **values)
    return get_run(run_id)


def _is_as_it_was(run: SyncRun) -> bool:
    """Whether nobody has asked for the load meanwhile, nor for other columns. Locks the run until the transaction ends."""
    now = SyncRun.objects.select_for_update().get(id=run.id)
    asked = ("mapping", "kind", "mode", "as_of", "options", "all_or_nothing")
    return now.state in _UNDECIDED and all(getattr(now, name) == getattr(run, name) for name in asked)


def _dry_load(run: SyncRun, mapping: Mapping, *, force: bool) -> tuple[LoadResult, Conversion, dict[str, int] | None]:
    held: dict[str, int] | None = None
    try:
        return *_rolled_back(run, mapping, force=force), held
    except Held as waits:
        held = {"closing": waits.closing, "open": waits.open_items}
    return *_rolled_back(run, mapping, force=True), held


def _rolled_back(run: SyncRun, mapping: Mapping, *, force: bool) -> tuple[LoadResult, Conversion]:
    try:
        with transaction.atomic():
            result, conversion = _load(run, mapping, force=force)
            raise _CheckOver
    except _CheckOver:
        return result, conversion


def _load(run: SyncRun, mapping: Mapping, *, force: bool) -> tuple[LoadResult, Conversion]:
    mode = mode_of(run, mapping)
    with heart_of(run.id) as heart, rows_of(run, mapping) as (conversion, batches):
        result = load(
            kind=mapping.kind,
            mode=mode,
            rows=batches if _may_be_empty(run, mapping.kind, mode) else _some(batches, kind=mapping.kind),
            columns=fed_fields(mapping),
            source=run.source,
            as_of=run.as_of,
            entity_code=run.options.get("entity", ""),
            run_id=run.id,
            actor=actor_of(run),
            all_or_nothing=run.all_or_nothing,
            force=force,
            progress=heart,
        )
    return result, conversion


def _may_be_empty(run: SyncRun, kind: str, mode: str) -> bool:
    """Whether a file without rows is one: where a connection sends what is new, or orders, of which there may be none.

    All items settled is not believed of any company: and such a snapshot names none whose items it would close.
    """
    return run.connection_id is not None and (mode != "snapshot" or kind != "items")


def _some(batches: Iterable[Batch], *, kind: str) -> Iterator[Batch]:
    """The same batches. Raises NoRows, before anything else is asked of the file, when there is no row in them."""
    batches = (batch for batch in batches if len(batch.rows) or batch.bad)
    first = next(batches, None)
    if first is None:
        raise NoRows(kind)
    return chain((first,), batches)


@transaction.atomic
def queue(*, run_id: UUID, actor: Actor, force: bool = False) -> SyncRun:
    """Have the run applied by the worker for long jobs. `force`: somebody has seen what a held snapshot would close."""
    run = get_run(run_id)
    _mapping_of(run)
    options = {**run.options, "force": force}
    waiting = SyncRun.objects.filter(id=run_id, state__in=_UNDECIDED)
    if not waiting.update(state=State.QUEUED, options=options, stop_requested=False, heartbeat_at=Now(), error=""):
        raise NotStartable
    record(actor=actor, action="integrations.run_queued", row=run, changes={"force": [None, force]})
    _send(run)
    doorbells.ring(BELL)
    return get_run(run_id)


def _send(run: SyncRun) -> None:
    from integrations.tasks import apply_run

    message = {"tenant": str(run.tenant_id), "run": str(run.id)}
    transaction.on_commit(lambda: apply_run.apply_async(kwargs=message), robust=True)


def apply(*, run_id: UUID, force: bool = False) -> SyncRun:
    """Load the file into the ledger, once. Not inside a transaction of the caller's.

    Ends APPLIED, UNCHANGED (the same file as the last one: nothing is read), HELD, REFUSED, STOPPED or FAILED; the run
    says why. Does nothing when the run is over or another process works on it: may be called twice.
    """
    run = get_run(run_id)
    was_queued = run.state in (State.QUEUED, State.RUNNING)
    if not _claim(run):
        return get_run(run_id)
    run = get_run(run_id)
    force = force or bool(run.options.get("force"))
    try:
        mapping = _mapping_of(run)
        refuse_older(run, mapping)
        last = same_as_last(run, mapping)
        if last is not None and not force:
            return _end_unchanged(run, last)
        with transaction.atomic():
            result, conversion = _load(run, mapping, force=force)
            keep_rejected(run, mapping, result)
            values = outcome_of(run, mapping, result, conversion)
            SyncRun.objects.filter(id=run.id).update(
                state=State.APPLIED, error="", finished_at=Now(), done_count=result.rows, **values
            )
    except Stopped as stopped:
        _end(run, State.STOPPED, stopped)
    except Held as waits:
        _end(run, State.HELD, waits)
    except RowsRejected as refused:
        _refuse(run, refused, rejected=refused.rejected)
    except AlreadyRunning as busy:
        _end(run, State.QUEUED if was_queued else State.REFUSED, busy)
    except Refusal as refused:
        _refuse(run, refused)
    except Exception as error:
        _end(run, State.FAILED, error)
        raise
    return get_run(run_id)


@transaction.atomic
def _claim(run: SyncRun) -> bool:
    """Take the run, unless it is over or lives elsewhere."""
    dead = Q(state=State.RUNNING) & (
        Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=Now() - timedelta(seconds=STALE_SECONDS))
    )
    return bool(
        SyncRun.objects.filter(Q(state__in=_STARTABLE) | dead, id=run.id, stop_requested=False).update(
            state=State.RUNNING, started_at=Now(), heartbeat_at=Now(), finished_at=None, error=""
        )
    )


@transaction.atomic
def _end_unchanged(run: SyncRun, last: SyncRun) -> SyncRun:
    SyncRun.objects.filter(id=run.id).update(
        state=State.UNCHANGED,
        mode=last.mode,
        row_count=last.row_count,
        unchanged_count=last.row_count,
        done_count=last.row_count,
        rounded_count=last.rounded_count,
        totals=last.totals,
        result={"same_as": str(last.id)},
        finished_at=Now(),
    )
    return get_run(run.id)


def _refuse(run: SyncRun, refusal: Refusal, *, rejected: list[Rejection] | None = None) -> SyncRun:
    """End refused; the rows at fault are kept, to be sent back."""
    if rejected:
        mapping = _mapping_of(run)
        empty = LoadResult(run_id=run.id, kind=mapping.kind, mode=mode_of(run, mapping), rejected=rejected)
        with transaction.atomic():
            keep_rejected(run, mapping, empty)
            SyncRun.objects.filter(id=run.id).update(
                rejected_count=len(rejected), result={"errors": [error_of(one) for one in rejected[:SHOWN]]}
            )
    return _end(run, State.REFUSED, refusal)


def refuse(*, run_id: UUID, refusal: Refusal) -> SyncRun:
    """End a run that could not even be looked at."""
    return _end(get_run(run_id), State.REFUSED, refusal)


def os_said(error: Exception) -> str:
    """What a fault is called, and of the system's what it says: never with names of files or with data."""
    name = type(error).__name__
    return f"{name}: {error.strerror}" if isinstance(error, OSError) and error.strerror else name


@transaction.atomic
def _end(run: SyncRun, state: str, error: Exception) -> SyncRun:
    text = str(error) if isinstance(error, Refusal) else os_said(error)
    SyncRun.objects.filter(id=run.id).update(state=state, error=text[:2000], finished_at=Now())
    return get_run(run.id)


@transaction.atomic
def stop(*, run_id: UUID, actor: Actor) -> SyncRun:
    """Ask a run to stop. A queued one stops at once, a running one at its next rows; what is loaded stays loaded.

    Of a check under way nobody waits for the result any more.
    """
    run = get_run(run_id)
    if run.options.get(CHECKING):
        left = {name: value for name, value in run.options.items() if name != CHECKING}
        SyncRun.objects.filter(id=run_id, state__in=_UNDECIDED).update(options=left)
    waiting = SyncRun.objects.filter(id=run_id, state=State.QUEUED)
    stopped = waiting.update(state=State.STOPPED, finished_at=Now(), error=str(Stopped.message))
    if not stopped:
        SyncRun.objects.filter(id=run_id, state=State.RUNNING).update(stop_requested=True)
    record(actor=actor, action="integrations.run_stopped", row=run)
    return get_run(run_id)


@transaction.atomic
def undo(*, run_id: UUID, on: date, actor: Actor) -> UndoResult:
    """Take back the last applied import of its source on the business day `on`.

    Raises NotUndoable for another one, LaterWork where something was built on it.
    """
    run = SyncRun.objects.select_for_update().filter(id=run_id).first()
    if run is None:
        raise UnknownRun
    if run.state != State.APPLIED:
        raise NotUndoable(_("Only an import that was applied can be taken back."))
    later = SyncRun.objects.filter(source=run.source, state=State.APPLIED, finished_at__gt=run.finished_at)
    if later.exclude(id=run.id).exists():
        raise NotUndoable
    result = undo_load(run_id=run.id, source=run.source, on=on, actor=actor)
    SyncRun.objects.filter(id=run.id).update(state=State.UNDONE)
    return result


@transaction.atomic
def resume_runs() -> int:
    """Send the queued runs whose message was lost and the running ones whose process died to the workers again.

    Answers the bell of BELL, which rests once no run is under way.
    """
    doorbells.hold(BELL)
    SyncRun.objects.filter(
        state=State.RUNNING, stop_requested=True, heartbeat_at__lt=Now() - timedelta(seconds=STALE_SECONDS)
    ).update(state=State.STOPPED, finished_at=Now())
    silent = SyncRun.objects.filter(
        Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=Now() - timedelta(seconds=STALE_SECONDS)),
        state__in=(State.QUEUED, State.RUNNING),
    )
    runs = list(silent.order_by(F("received_at")))
    for run in runs:
        _send(run)
    if not SyncRun.objects.filter(state__in=(State.QUEUED, State.RUNNING)).exists():
        doorbells.rest(BELL, until=None)
    return len(runs)
