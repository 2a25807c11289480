"""Tasks: made once by whoever notices, done once by a person."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import SYSTEM, Actor, audited, record
from core.errors import Conflict, NotFound
from core.tenancy import require_tenant_id
from core.text import Phrase
from desk.models import Task

AT_A_TIME = 1000


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
    """Make those that were not made before; how many. 1 SQL statement for each thousand."""
    wanted = list({(one.kind, one.key): one for one in tasks}.values())
    return sum(
        _make(wanted[start : start + AT_A_TIME], on=on, actor=actor) for start in range(0, len(wanted), AT_A_TIME)
    )


def _make(tasks: Sequence[NewTask], *, on: date, actor: Actor) -> int:
    rows = []
    for one in tasks:
        plain: dict[str, Any] = one.sentence.plain()
        rows.append(
            {
                "customer_id": str(one.customer_id),
                "kind": one.kind,
                "key": one.key,
                "assignee_id": str(one.assignee_id) if one.assignee_id else None,
                "due_on": max(one.due_on, on).isoformat(),
                "text": plain["text"],
                "values": plain["values"],
                "object_type": one.object_type,
                "object_id": str(one.object_id) if one.object_id else None,
            }
        )
    return audited(
        statement=(
            'INSERT INTO desk_task (tenant_id, customer_id, kind, key, assignee_id, "on", due_on, text, "values", '
            "object_type, object_id) "
            "SELECT %s, t.customer_id, t.kind, t.key, t.assignee_id, %s, t.due_on, t.text, t.values, t.object_type, "
            "t.object_id FROM jsonb_to_recordset(%s::jsonb) AS t(customer_id uuid, kind text, key text, "
            "assignee_id uuid, due_on date, text text, values jsonb, object_type text, object_id uuid) "
            "ON CONFLICT (tenant_id, kind, key) DO NOTHING "
            "RETURNING id, customer_id, jsonb_build_object('kind', jsonb_build_array(null, kind))"
        ),
        params=[
            require_tenant_id(),
            on,
            json.dumps(rows),
        ],
        actor=actor,
        action="desk.task_made",
        model=Task,
    )


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


def finish_tasks_about(*, object_id: UUID, actor: Actor, on: date) -> int:
    """What they were about is over: all open tasks about a row are done. How many."""
    return finish_all_about(object_ids=[object_id], actor=actor, on=on)


def finish_all_about(*, object_ids: Collection[UUID], actor: Actor, on: date) -> int:
    """The same for several rows. 1 SQL statement."""
    return audited(
        statement=(
            "UPDATE desk_task SET done_on = %s, done_by_id = %s, updated_at = statement_timestamp() "
            "WHERE tenant_id = %s AND object_id = ANY(%s) AND done_on IS NULL "
            "RETURNING id, customer_id, jsonb_build_object('done_on', jsonb_build_array(null, done_on))"
        ),
        params=[on, actor.member_id, require_tenant_id(), list(object_ids)],
        actor=actor,
        action="desk.task_done",
        model=Task,
    )


@transaction.atomic
def reopen_task(*, task_id: UUID) -> Task:
    """It was ticked off by mistake. Whoever takes it back records that. Raises NotFound."""
    changed = Task.objects.filter(id=task_id, done_on__isnull=False).update(
        done_on=None, done_by=None, updated_at=Now()
    )
    if not changed:
        raise NotFound
    return Task.objects.select_related("customer").get(id=task_id)


@transaction.atomic
def unmake_tasks(*, task_ids: Collection[UUID], actor: Actor) -> int:
    """Tasks that were made by mistake a moment ago and nobody has done: the rows go, and may be made anew. How many."""
    count = 0
    for task in Task.objects.select_for_update(of=("self",)).filter(id__in=task_ids, done_on__isnull=True):
        record(actor=actor, action="desk.task_unmade", row=task, changes={"kind": [task.kind, None]})
        task.delete()
        count += 1
    return count
