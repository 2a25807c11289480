"""Tasks: made once by whoever notices, done once by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor, record
from core.errors import Conflict
from core.text import Phrase
from desk.models import Task


class AlreadyDone(Conflict):
    code = "already_done"
    message = _("Somebody has done this already.")


@dataclass(frozen=True)
class NewTask:
    """What is to be done. `kind` and `key` name it: the same again makes nothing."""

    kind: Task.Kind
    key: str
    customer_id: UUID
    sentence: Phrase
    due_on: date
    assignee_id: UUID | None = None
    object_type: str = ""
    object_id: UUID | None = None


@transaction.atomic
def make_tasks(*, tasks: Sequence[NewTask], on: date, actor: Actor = SYSTEM) -> int:
    """Make those that were not made before; how many."""
    wanted = {(one.kind, one.key): one for one in tasks}
    if not wanted:
        return 0
    known = set(
        Task.objects.filter(kind__in={one.kind for one in tasks}, key__in={one.key for one in tasks}).values_list(
            "kind", "key"
        )
    )
    made = 0
    for name, one in wanted.items():
        if name in known:
            continue
        plain: dict[str, Any] = one.sentence.plain()
        task, is_new = Task.objects.get_or_create(
            kind=one.kind,
            key=one.key,
            defaults={
                "customer_id": one.customer_id,
                "assignee_id": one.assignee_id,
                "on": on,
                "due_on": max(one.due_on, on),
                "text": plain["text"],
                "values": plain["values"],
                "object_type": one.object_type,
                "object_id": one.object_id,
            },
        )
        if is_new:
            made += 1
            record(actor=actor, action="desk.task_made", row=task, changes={"kind": [None, one.kind]})
    return made


@transaction.atomic
def finish_task(*, task_id: UUID, actor: Actor, on: date) -> Task:
    """Somebody has done it. Raises AlreadyDone."""
    changed = Task.objects.filter(id=task_id, done_on__isnull=True).update(
        done_on=on, done_by=actor.member_id, updated_at=Now()
    )
    if not changed:
        raise AlreadyDone
    task = Task.objects.get(id=task_id)
    record(actor=actor, action="desk.task_done", row=task, changes={"done_on": [None, on]})
    return task


@transaction.atomic
def finish_tasks_about(*, object_id: UUID, actor: Actor, on: date) -> int:
    """What they were about is over: all open tasks about a row are done. How many."""
    count = 0
    for task in Task.objects.select_for_update().filter(object_id=object_id, done_on__isnull=True):
        task.done_on, task.done_by_id, task.updated_at = on, actor.member_id, Now()  # type: ignore[assignment]
        task.save(update_fields=["done_on", "done_by", "updated_at"])
        record(actor=actor, action="desk.task_done", row=task, changes={"done_on": [None, on]})
        count += 1
    return count
