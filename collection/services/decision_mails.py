"""Mails to those who decide: what was asked for, and where to answer. Once for each of them and each request.

Who reads the digest of the day every morning has it there, and gets no mail beside it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from accounts.access import scope_of
from accounts.models import Member, Tenant
from accounts.queries.replacements import replacements_on
from accounts.roles import Can
from collection.services.addressing import address_of_member
from core.phrases import in_words
from core.tenancy import require_tenant_id
from desk.models import Channel, Message, Notice, Task
from desk.ports import Verdict
from desk.services import outbox
from desk.services.notice_settings import setting, unwanted_by_members
from desk.task_pages import task_page
from receivables.queries.visible import customers_in

REASON = "collection.Decision"
# What was asked for at once, in a night say, is one mail from so many on.
TOGETHER_FROM = 6


def mail_deciders(*, tasks: Sequence[Task], capability: Can, asked_by: UUID | None, on: date) -> int:
    """Queue the mails about these open tasks, each with its customer; how many. Again it queues nothing.

    Of who is away, whoever stands in for them is written to, where they may decide, did not ask themselves, and see the
    customer. At most 6 SQL queries, and 1 for each such customer.
    """
    if not tasks:
        return 0
    away = replacements_on(on=on)
    ids = {task.assignee_id for task in tasks if task.assignee_id} | set(away.values())
    members = Member.objects.filter(is_active=True).select_related("user", "role").in_bulk(ids)
    passed_over = unwanted_by_members(Notice.DECISION) | digest_readers(members.values())
    wanted: dict[UUID, dict[UUID, Task]] = {}
    for task in tasks:
        reader = _reader(task, members, away, capability=capability, asked_by=asked_by)
        if reader is not None and task.object_id and reader.id not in passed_over and address_of_member(reader):
            wanted.setdefault(reader.id, {})[task.object_id] = task
    tenant = Tenant.objects.get(id=require_tenant_id())
    messages = []
    for member_id, found in sorted(wanted.items(), key=lambda pair: str(pair[0])):
        rows = [[task] for task in found.values()] if len(found) < TOGETHER_FROM else [list(found.values())]
        messages += [_mail(members[member_id], about, tenant=tenant, on=on) for about in rows]
    outbox.queue(messages)
    return len(messages)


def digest_readers(members: Collection[Member]) -> set[UUID]:
    """Those of them who read each morning what waits for their decision. At most 2 SQL queries."""
    found = setting(Notice.DAY_DIGEST)
    if found is None or found.every_days > 1:
        return set()
    unwanted = unwanted_by_members(Notice.DAY_DIGEST)
    return {one.id for one in members if one.id not in unwanted and one.can(Can.CONFIRM_ACTIONS)}


def _reader(
    task: Task, members: Mapping[UUID, Member], away: Mapping[UUID, UUID], *, capability: Can, asked_by: UUID | None
) -> Member | None:
    if task.assignee_id is None:
        return None
    other = members.get(away.get(task.assignee_id, task.assignee_id))
    if other is None or other.id == task.assignee_id:
        return members.get(task.assignee_id)
    may = other.id != asked_by and other.can(capability)
    if may and customers_in(scope=scope_of(other)).filter(id=task.customer_id).exists():
        return other
    return members.get(task.assignee_id)


def _mail(member: Member, tasks: Sequence[Task], *, tenant: Tenant, on: date) -> Message:
    language = (member.user.language if member.user else "") or tenant.language
    ids = sorted(str(task.object_id) for task in tasks)
    with override(language):
        subject = _subject(tasks)
        context = {
            "member": member,
            "lines": decision_lines(tasks),
            "subject": subject,
            "language": language,
            "wishes": settings.BASE_URL.rstrip("/") + reverse("my_notices"),
        }
        return Message(
            member_id=member.id,
            reason_type=REASON,
            reason_id=uuid5(NAMESPACE_URL, f"{member.id}:{':'.join(ids)}"),
            on=on,
            channel=Channel.EMAIL,
            recipient=address_of_member(member),
            recipient_name=member.name[:160],
            sender_name="Encours",
            language=language,
            subject=subject,
            body_text=render_to_string("collection/mail/decision.txt", context),
            body_html=render_to_string("collection/mail/decision.html", context),
            facts=[{"rows": ids}],
        )


def _subject(tasks: Sequence[Task]) -> str:
    if len(tasks) == 1:
        return gettext("To decide: %(name)s") % {"name": tasks[0].customer.name[:200]}
    text = ngettext("%(n)d decision waits for you", "%(n)d decisions wait for you", len(tasks))
    return text % {"n": len(tasks)}


def decision_lines(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The customer, what is to be decided, and the page's whole address, in the language that is active."""
    base = settings.BASE_URL.rstrip("/")
    return [
        {
            "customer": task.customer.name,
            "text": in_words({"text": task.text, "values": task.values}),
            "address": base + (task_page(task) or reverse("day_task", args=[task.id])),
        }
        for task in tasks
    ]


class DecisionReasons:
    """What the outbox asks about mails to deciders (desk.ports.Reasons): what was decided meanwhile does not leave."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        ids = {row for message in messages for row in message.facts[0]["rows"]}
        waiting = Task.objects.filter(object_id__in=ids, done_on__isnull=True).values_list("object_id", flat=True)
        open_rows = {str(one) for one in waiting}
        members = Member.objects.in_bulk([message.member_id for message in messages if message.member_id])
        unwanted = unwanted_by_members(Notice.DECISION)
        return [self._verdict(one, members.get(one.member_id), open_rows, unwanted) for one in messages]

    def _verdict(self, message: Message, member: Member | None, open_rows: set[str], unwanted: set[UUID]) -> Verdict:
        if open_rows.isdisjoint(message.facts[0]["rows"]):
            return Verdict(send=False, reason=gettext("It has been decided."))
        if member is None or not member.is_active or member.id in unwanted:
            return Verdict(send=False, reason=gettext("It is not wanted any more."))
        return Verdict(send=True)

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """Nothing follows from it: the task stands on the member's list, their address is put right where members are."""
