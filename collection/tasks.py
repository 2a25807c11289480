"""Background work of collection: one call of a service each."""

from datetime import date
from typing import Any
from uuid import UUID

from celery import shared_task

from accounts.access import EVERYTHING, TenantTask
from collection.services import dossiers, trials
from core.audit import Actor

_LONG_SECONDS = 1800


@shared_task(base=TenantTask, name="collection.run_trial", queue="long", time_limit=_LONG_SECONDS)
def run_trial(*, trial: str, **_: Any) -> int:
    """Replay a scenario over the past; how many messages."""
    return trials.run_trial(trial_id=UUID(trial)).message_count


@shared_task(base=TenantTask, name="collection.make_dossier", queue="long", time_limit=_LONG_SECONDS)
def make_dossier(*, case: str, on: str, actor_kind: str, actor_id: str, **_: Any) -> int:
    """Make the dossier of a large case, which the one who asked for it sees; its size in bytes."""
    actor = Actor(actor_kind, UUID(actor_id) if actor_id else None)
    row = dossiers.make_dossier(case_id=UUID(case), scope=EVERYTHING, actor=actor, on=date.fromisoformat(on))
    return row.size or 0
