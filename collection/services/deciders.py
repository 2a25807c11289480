"""Who decides about what was asked for: a task for each of them, and a mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import Member
from accounts.roles import Can
from collection.services.decision_mails import mail_deciders
from core.audit import Actor
from core.text import Phrase
from desk.models import Task
from desk.services.tasks import NewTask, make_tasks


@dataclass(frozen=True)
class Ask:
    """What is to be decided. `about` and `row_id` name its row; with `key` the same again asks nobody twice."""

    key: str
    customer_id: UUID
    sentence: Phrase
    about: str
    row_id: UUID


def ask_deciders(*, capability: Can, asks: Sequence[Ask], on: date, actor: Actor) -> int:
    """A task and a mail for each active member whose role may decide, but not for who asked. Of none: a task for whoever
    looks. How many tasks.
    """
    if not asks:
        return 0
    members = Member.objects.filter(is_active=True, user__isnull=False, role__capabilities__contains=[capability.value])
    ids: list[UUID | None] = [
        one for one in members.order_by("id").values_list("id", flat=True) if one != actor.member_id
    ]
    tasks = [
        NewTask(
            kind=Task.Kind.APPROVAL,
            key=f"{ask.key}:{member_id or 'anybody'}",
            customer_id=ask.customer_id,
            sentence=ask.sentence,
            due_on=on,
            assignee_id=member_id,
            object_type=ask.about,
            object_id=ask.row_id,
        )
        for ask in asks
        for member_id in ids or [None]
    ]
    made = make_tasks(tasks=tasks, on=on, actor=actor)
    if made and ids:
        keys = [task.key for task in tasks]
        rows = Task.objects.filter(kind=Task.Kind.APPROVAL, key__in=keys, done_on__isnull=True)
        waiting = list(rows.select_related("customer").order_by("created_at", "id"))
        mail_deciders(tasks=waiting, capability=capability, asked_by=actor.member_id, on=on)
    return made
