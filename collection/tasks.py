"""Background work of collection: one call of a service each."""

from typing import Any
from uuid import UUID

from celery import shared_task

from accounts.access import TenantTask
from collection.services import dossiers, trials

_LONG_SECONDS = 1800


@shared_task(base=TenantTask, name="collection.run_trial", queue="long", time_limit=_LONG_SECONDS)
def run_trial(*, trial: str, **_: Any) -> int:
    """Replay a scenario over the past; how many messages."""
    return trials.run_trial(trial_id=UUID(trial)).message_count


@shared_task(base=TenantTask, name="collection.make_dossiers", queue="long", time_limit=_LONG_SECONDS)
def make_dossiers(**_: Any) -> int:
    """Make the dossiers that are wanted; how many."""
    return dossiers.make_wanted_dossiers()
