"""A scenario tried out over the past: asked for, replayed by a worker day by day, looked at by whoever asked."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Tenant
from collection.models import ScenarioVersion, Trial
from collection.rules.steps import OldItems
from collection.services.replay import Day, replay_days
from collection.services.said import Said, differences
from core import jobs
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from core.models import JobRun
from core.tenancy import require_tenant_id

JOB = "scenario_trial"
DAYS = 90
# A running one that gave no sign of life for so long has died.
DEAD_AFTER = timedelta(minutes=10)
# One that no worker has begun for so long: the message was lost, send another.
RING_AGAIN_AFTER = timedelta(seconds=20)
KEPT_DAYS = 7
# So many messages, and differences, are kept to look at; all are counted and summed.
MOST_KEPT = 20_000


class TrialRunning(Conflict):
    code = "trial_running"
    message = _("Another scenario of your organisation is being tried out. Start this one when it has ended.")


class _Stopped(Exception):
    pass


@transaction.atomic
def start_trial(*, version: ScenarioVersion, old_items: OldItems, member: Member, on: date, days: int = DAYS) -> Trial:
    """Ask for the last `days` to be replayed; the caller sends for a worker once this is committed. Raises TrialRunning."""
    jobs.lock("trial-start")
    for run in JobRun.objects.filter(job=JOB, state=JobRun.State.RUNNING):
        if run.heartbeat_at > timezone.now() - DEAD_AFTER:
            raise TrialRunning
        jobs.finish(run=run, state=JobRun.State.FAILED, error="no sign of life")
    _remove_old()
    trial = Trial.objects.create(
        run=jobs.start_numbered(job=JOB, on=on),
        version=version,
        member=member,
        since=on - timedelta(days=days - 1),
        on=on,
        old_items=old_items,
        is_compared=version.valid_to is None and (version.valid_from is None or version.valid_from > on),
    )
    record(
        actor=Actor.member(member),
        action="collection.trial_started",
        row=trial,
        changes={"version": [None, version.number], "since": [None, trial.since]},
    )
    return trial


@dataclass
class _Sums:
    messages: int = 0
    differences: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    by_step: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, said: Sequence[Said]) -> None:
        self.messages += len(said)
        for one in said:
            self.by_step[one.step_name] += 1
            for currency, amount in one.amounts.items():
                self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount


def run_trial(*, trial_id: UUID) -> Trial:
    """Replay it, a day at a time. Does nothing when that was done or is being done. Any size of ledger: what is kept in
    memory is what was said of each item, and one day's messages."""
    with transaction.atomic():
        trial = Trial.objects.select_related("run", "version__scenario").filter(id=trial_id).first()
        if trial is None:
            raise NotFound
        waiting = JobRun.objects.filter(id=trial.run_id, state=JobRun.State.RUNNING, total_count__isnull=True)
        if not waiting.update(total_count=(trial.on - trial.since).days + 1):
            return trial
        tenant = Tenant.objects.get(id=require_tenant_id())
    stem = trial_folder() / str(trial.id)
    try:
        sums = _write(trial, tenant, stem)
    except _Stopped:
        _remove(stem)
        jobs.finish(run=trial.run, state=JobRun.State.STOPPED)
    except Exception as error:
        _remove(stem)
        jobs.finish(run=trial.run, state=JobRun.State.FAILED, error=type(error).__name__)
        raise
    else:
        with transaction.atomic():
            Trial.objects.filter(id=trial.id).update(
                file_path=stem.name,
                message_count=sums.messages,
                difference_count=sums.differences,
                amounts={currency: str(amount) for currency, amount in sorted(sums.amounts.items())},
                by_step=dict(sums.by_step.most_common()),
                left_out=dict(sums.left_out.most_common()),
            )
            jobs.finish(run=trial.run)
    trial.refresh_from_db()
    return trial


def _write(trial: Trial, tenant: Tenant, stem: Path) -> _Sums:
    asked: dict[str, Any] = {"tenant": tenant, "on": trial.on, "since": trial.since}
    tried = replay_days(**asked, version=trial.version, old_items=OldItems(trial.old_items))
    now: Iterator[Day | None] = replay_days(**asked) if trial.is_compared else _nothing()
    name, sums = trial.version.scenario.name, _Sums()
    with _messages_at(stem).open("w") as messages, _differences_at(stem).open("w") as changes:
        for done, (day, before) in enumerate(zip(tried, now, strict=False), start=1):
            mine = [one for one in day.said if one.scenario == name]
            _keep(messages, [_plain(one) for one in mine], kept=sums.messages)
            sums.add(mine)
            if before is not None:
                found = [[_plain(side) for side in one.sides] for one in differences(before.said, day.said)]
                _keep(changes, found, kept=sums.differences)
                sums.differences += len(found)
            sums.left_out = Counter(str(one.reason) for _c, _e, scenario, one in day.left_out if scenario == name)
            if not jobs.progress(run_id=trial.run_id, done=done):
                raise _Stopped
    return sums


def _nothing() -> Iterator[None]:
    while True:
        yield None


def _keep(file: TextIO, rows: Sequence[Any], *, kept: int) -> None:
    for row in rows[: max(MOST_KEPT - kept, 0)]:
        file.write(json.dumps(row) + "\n")


def _plain(one: Said | None) -> dict[str, Any] | None:
    """A message as it is kept to look at."""
    if one is None:
        return None
    return {
        "on": one.on.isoformat(),
        "customer_id": str(one.customer.id),
        "customer": one.customer.name,
        "entity_id": str(one.entity.id),
        "entity": one.entity.code,
        "scenario": one.scenario,
        "step_key": one.step_key,
        "step": one.step_name,
        "channel": one.channel,
        "mode": one.mode,
        "request": one.request,
        "recipient": one.recipient,
        "missing": one.missing,
        "part": one.part,
        "items": len(one.items),
        "numbers": [number for number, _due, _currency, _amount in one.items[:20]],
        "amounts": {currency: str(amount) for currency, amount in one.amounts.items()},
    }


def messages_of(trial: Trial, *, page: int, size: int) -> list[dict[str, Any]]:
    """What it would have said, in order of day and customer. Empty when the file is gone."""
    return _lines(_messages_at(trial_folder() / (trial.file_path or "none")), page=page, size=size)


def differences_of(trial: Trial, *, page: int, size: int) -> list[list[dict[str, Any] | None]]:
    """What would be another message: [what there was, what there would be]; None for nothing."""
    return _lines(_differences_at(trial_folder() / (trial.file_path or "none")), page=page, size=size)


def _lines(path: Path, *, page: int, size: int) -> list[Any]:
    if not path.is_file():
        return []
    with path.open() as file:
        return [json.loads(line) for line in islice(file, (page - 1) * size, page * size)]


@transaction.atomic
def is_forgotten(*, trial: Trial, now: datetime) -> bool:
    """Whether no worker has begun it for a while. True once in each such while, so that one message is sent."""
    waiting = JobRun.objects.filter(
        id=trial.run_id, state=JobRun.State.RUNNING, total_count__isnull=True, heartbeat_at__lt=now - RING_AGAIN_AFTER
    )
    return bool(waiting.update(heartbeat_at=now))


@transaction.atomic
def stop_trial(*, trial: Trial) -> None:
    """Have the worker stop after the day it is at; what has not begun ends at once."""
    begun = JobRun.objects.filter(id=trial.run_id, state=JobRun.State.RUNNING, total_count__isnull=False)
    if not begun.update(stop_requested=True):
        jobs.finish(run=trial.run, state=JobRun.State.STOPPED)


def trial_folder() -> Path:
    """Where the tenant's files lie. Made when needed."""
    folder = Path(settings.DATA_DIR) / "files" / "trials" / str(require_tenant_id())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _messages_at(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.messages.jsonl")


def _differences_at(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.differences.jsonl")


def _remove(stem: Path) -> None:
    for path in (_messages_at(stem), _differences_at(stem)):
        path.unlink(missing_ok=True)


def _remove_old() -> None:
    """Forget messages older than a week, also of drafts that were thrown away; the sums stay."""
    oldest = timezone.now() - timedelta(days=KEPT_DAYS)
    Trial.objects.filter(created_at__lt=oldest).exclude(file_path="").update(file_path="")
    for path in trial_folder().glob("*.jsonl"):
        if path.stat().st_mtime < oldest.timestamp():
            path.unlink(missing_ok=True)
