"""Runs of jobs: one row each, with steps, counts and progress; one at a time per tenant and job."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict
from core.models import JobRun
from core.tenancy import require_tenant_id


class AlreadyRunning(Conflict):
    code = "already_running"
    message = _("This job is already running for the organisation. Wait until it has ended.")


def _key(name: str) -> str:
    """What the number of a lock is made of."""
    return f"{require_tenant_id()}/{name}"


def try_lock(name: str) -> bool:
    """Take the transaction's lock `name` of this tenant. False when another transaction holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_key(name)])
        return bool(cursor.fetchone()[0])


def lock(name: str) -> None:
    """Take the transaction's lock `name` of this tenant. Raises AlreadyRunning when another one holds it."""
    if not try_lock(name):
        raise AlreadyRunning


def wait_for_lock(name: str) -> None:
    """Take the transaction's lock `name` of this tenant, after whoever holds it: for what takes moments.

    What is read afterwards is as the others left it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_key(name)])


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the tenant's lock `name` over several transactions. Raises AlreadyRunning when another process holds it.

    It belongs to the database connection: a process that dies gives it back. Inside a transaction it ends with that.
    """
    if connection.in_atomic_block:
        lock(name)
        yield
        return
    key = _key(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning
    try:
        yield
    finally:
        # A connection that was lost has given the lock back already.
        if connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


@transaction.atomic
def start_numbered(*, job: str, on: date) -> JobRun:
    """A new on-demand run of `job`, with the next number."""
    lock(f"job-number/{job}")
    last = JobRun.objects.filter(job=job, on=on).aggregate(last=Max("number"))["last"] or 0
    return JobRun.objects.create(job=job, on=on, number=last + 1)


@transaction.atomic
def start_nightly(*, job: str, on: date) -> JobRun:
    """The one nightly run of `job` for the business date, new or taken up again; done steps are run again and change nothing."""
    run, created = JobRun.objects.get_or_create(job=job, on=on, number=0)
    if not created:
        JobRun.objects.filter(id=run.id).update(
            state=JobRun.State.RUNNING, error="", finished_at=None, heartbeat_at=Now(), steps=[]
        )
        run.refresh_from_db()
    return run


@contextmanager
def step(run: JobRun, name: str) -> Iterator[Callable[[int], None]]:
    """Time one step of `run`; the block reports its count through the function it is given.

    with step(run, "ageing") as counted:
        counted(refresh_balances(on=on))
    """
    started, total = time.monotonic(), 0

    def counted(count: int) -> None:
        nonlocal total
        total += count

    yield counted
    add_step(run=run, step={"name": name, "count": total, "seconds": round(time.monotonic() - started, 3)})


@transaction.atomic
def add_step(*, run: JobRun, step: dict[str, object]) -> None:
    """Note a step that has ended: name, count, seconds, and for one that failed or was left out why."""
    run.steps = [*run.steps, step]
    JobRun.objects.filter(id=run.id).update(steps=run.steps, heartbeat_at=Now())


@transaction.atomic
def progress(*, run_id: UUID, done: int, total: int | None = None) -> bool:
    """Say how far a run is. Returns False when somebody asked it to stop."""
    values: dict[str, object] = {"done_count": done, "heartbeat_at": Now()}
    if total is not None:
        values["total_count"] = total
    JobRun.objects.filter(id=run_id).update(**values)
    return not JobRun.objects.filter(id=run_id, stop_requested=True).exists()


@transaction.atomic
def finish(*, run: JobRun, state: str = JobRun.State.DONE, error: str = "") -> None:
    """End a run, once."""
    JobRun.objects.filter(id=run.id, state=JobRun.State.RUNNING).update(
        state=state, error=error[:2000], finished_at=Now()
    )
    run.refresh_from_db()
