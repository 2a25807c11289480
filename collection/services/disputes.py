"""Settling disputes with colleagues: who answers, until when, what they found, how it ended.

The owner gets a task and a mail with a link that answers without signing in; one answer ends both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, override

from accounts.models import Member, Tenant
from accounts.queries.replacements import replacement_of, replacements_on
from core.audit import SYSTEM, Actor, record
from core.days import BusinessCalendar
from core.errors import Conflict, Invalid, NotFound
from core.money import has_excess_decimals
from core.text import Phrase, gettext_noop
from desk.models import Channel, Message, Task
from desk.ports import Verdict
from desk.services import outbox
from desk.services.tasks import NewTask, finish_tasks_about, make_tasks
from receivables.models import Dispute, DisputeReason
from receivables.services.standing import close_dispute

OBJECT = "receivables.Dispute"
# Messages to owners in the outbox: their reason is the dispute, its owner and the day that the mail reminds of.
NOTICE = "collection.DisputeNotice"
LINK_SALT = "collection.dispute-answer"
LINK_DAYS = 30
ANSWER_DAYS = 5
# Working days after the day to answer by on which the owner is reminded; with the last one the manager is told.
REMINDED_AFTER = (0, 3, 6)


class BadAnswer(Invalid):
    code = "bad_answer"
    message = gettext_lazy("The answer is not complete.")


class BadOwner(Invalid):
    code = "bad_owner"
    message = gettext_lazy("The dispute cannot be handed to this person.")


class Closed(Conflict):
    code = "dispute_closed"
    message = gettext_lazy("This dispute is closed already.")


class BadLink(NotFound):
    """One answer for a link that is wrong, too old, or for somebody who does not answer this dispute any more."""

    code = "bad_link"
    message = gettext_lazy("This link is not valid, or not any more. Ask whoever sent it to you.")


@transaction.atomic
def assign_dispute(
    *,
    dispute_id: UUID,
    owner_id: UUID,
    answer_due_on: date | None = None,
    not_before: datetime | None = None,
    tenant: Tenant,
    actor: Actor,
    on: date,
) -> Dispute:
    """Hand a dispute to a colleague, who has until `answer_due_on` (default: as the reason says) to answer.

    Makes the task and writes the mail, which leaves at once or from `not_before` on. Raises NotFound, Closed, BadOwner.
    """
    dispute = _open(dispute_id)
    owner = Member.objects.filter(id=owner_id, is_active=True).select_related("user").first()
    if owner is None:
        raise BadOwner(fields={"owner": [gettext_lazy("Choose an active member.")]})
    due = answer_due_on or _due(dispute, on)
    if due < on:
        raise BadOwner(fields={"answer_due_on": [gettext_lazy("A day from today on, please.")]})
    before = [dispute.owner_id, dispute.answer_due_on]
    finish_tasks_about(object_id=dispute.id, actor=actor, on=on)
    dispute.owner, dispute.answer_due_on = owner, due
    dispute.answered_on = dispute.answered_by = None
    _save(dispute, "owner", "answer_due_on", "answered_on", "answered_by")
    record(
        actor=actor,
        action="collection.dispute_assigned",
        row=dispute,
        changes={"owner": [before[0], owner.id], "answer_due_on": [before[1], due]},
    )
    make_tasks(tasks=[_task(dispute, owner, due, on)], on=on, actor=actor)
    reader = replacement_of(member_id=owner.id, on=on) or owner
    if _address(reader):
        notice = _notice(dispute, reader, tenant=tenant, on=on, of=on)
        if not_before is not None:
            notice.not_before = not_before
        outbox.queue([notice])
    return dispute


def withdraw_notices(*, dispute: Dispute) -> bool:
    """Take the mails about a dispute out of the outbox. False once one of them is leaving or has left: undo what was taken."""
    mails = Message.objects.filter(
        reason_type=NOTICE, customer_id=dispute.customer_id, facts__contains=[{"dispute": str(dispute.id)}]
    )
    reasons = set(mails.values_list("reason_id", flat=True))
    return all(outbox.withdraw(reason_type=NOTICE, reason_id=reason_id) for reason_id in reasons)


def _address(owner: Member) -> str:
    """Where a colleague reads mail; "" for one who is a name only."""
    return owner.user.email if owner.user else owner.email


def _task(dispute: Dispute, owner: Member, due: date, on: date) -> NewTask:
    sentence = Phrase(gettext_noop("Answer the dispute on %(number)s"), {"number": dispute.item.number})
    return NewTask(
        kind=Task.Kind.DISPUTE,
        key=f"{dispute.id}:{owner.id}:{on.isoformat()}:{due.isoformat()}",
        customer_id=dispute.customer_id,
        sentence=sentence,
        due_on=due,
        assignee_id=owner.id,
        object_type=OBJECT,
        object_id=dispute.id,
    )


def _due(dispute: Dispute, on: date) -> date:
    reason = DisputeReason.objects.filter(code=dispute.reason).first()
    calendar = BusinessCalendar(countries=(dispute.item.entity.country,) if dispute.item.entity.country else ())
    return calendar.add_working_days(on, reason.answer_days if reason else ANSWER_DAYS)


def default_owner(reason: str) -> UUID | None:
    """Who answers disputes of this reason: its own owner, or that of the reason above it. At most 3 SQL queries."""
    row = DisputeReason.objects.filter(code=reason).select_related("parent").first()
    while row is not None:
        if row.owner_id:
            return row.owner_id
        row = row.parent
    return None


@transaction.atomic
def answer_dispute(
    *,
    dispute_id: UUID,
    answer: str,
    proposed_outcome: str,
    expected_credit: Decimal | None = None,
    actor: Actor,
    on: date,
) -> Dispute:
    """What the owner found: the collector is told, and closes the dispute. Raises NotFound, Closed, BadAnswer.

    `expected_credit`: the credit note to come, in the item's currency, at most what is disputed.
    """
    dispute = _open(dispute_id)
    problems: dict[str, Any] = {}
    if not answer.strip():
        problems["answer"] = [gettext_lazy("Say what you found.")]
    if proposed_outcome not in Dispute.Outcome.values:
        problems["proposed_outcome"] = [gettext_lazy("Choose how it should end.")]
    whole = dispute.disputed_amount if dispute.disputed_amount is not None else dispute.item.amount
    if expected_credit is not None and (
        expected_credit <= 0 or expected_credit > whole or has_excess_decimals(expected_credit, dispute.currency)
    ):
        problems["expected_credit"] = [gettext_lazy("More than 0, and at most what is disputed.")]
    if problems:
        raise BadAnswer(fields=problems)
    dispute.answer, dispute.proposed_outcome = answer.strip()[:5_000], proposed_outcome
    dispute.expected_credit = expected_credit if proposed_outcome == Dispute.Outcome.CREDIT_NOTE else None
    dispute.answered_on, dispute.answered_by_id = on, actor.member_id
    _save(dispute, "answer", "proposed_outcome", "expected_credit", "answered_on", "answered_by")
    record(
        actor=actor,
        action="collection.dispute_answered",
        row=dispute,
        changes={"proposed_outcome": ["", proposed_outcome], "answered_on": [None, on]},
    )
    finish_tasks_about(object_id=dispute.id, actor=actor, on=on)
    sentence = Phrase(gettext_noop("The dispute on %(number)s has been answered"), {"number": dispute.item.number})
    make_tasks(
        tasks=[
            NewTask(
                kind=Task.Kind.DISPUTE,
                key=f"{dispute.id}:answered:{on.isoformat()}:{actor.member_id}",
                customer_id=dispute.customer_id,
                sentence=sentence,
                due_on=on,
                assignee_id=dispute.item.account.collector_id or dispute.opened_by_id,
                object_type=OBJECT,
                object_id=dispute.id,
            )
        ],
        on=on,
        actor=actor,
    )
    return dispute


@transaction.atomic
def resolve_dispute(
    *, dispute_id: UUID, outcome: str, comment: str = "", credit_note_number: str = "", actor: Actor, on: date
) -> Dispute:
    """Close a dispute with its outcome: the item is chased again, or its credit note comes. Raises NotFound, Closed."""
    dispute = _open(dispute_id)
    if outcome not in Dispute.Outcome.values:
        raise BadAnswer(fields={"outcome": [gettext_lazy("Choose how it ended.")]})
    dispute.outcome, dispute.credit_note_number = outcome, credit_note_number.strip()[:80]
    _save(dispute, "outcome", "credit_note_number")
    finish_tasks_about(object_id=dispute.id, actor=actor, on=on)
    record(actor=actor, action="collection.dispute_resolved", row=dispute, changes={"outcome": ["", outcome]})
    return close_dispute(dispute_id=dispute_id, closed_on=max(on, dispute.opened_on), comment=comment, actor=actor)


def _open(dispute_id: UUID) -> Dispute:
    dispute = Dispute.objects.select_for_update(of=("self",)).filter(id=dispute_id).first()
    if dispute is None:
        raise NotFound
    if dispute.closed_on is not None:
        raise Closed
    return dispute


def _save(dispute: Dispute, *fields: str) -> None:
    dispute.updated_at = Now()  # type: ignore[assignment]
    dispute.save(update_fields=[*fields, "updated_at"])


@transaction.atomic
def remind_owners(*, tenant: Tenant, on: date) -> int:
    """The night's step: remind owners whose day has come, and at last tell the credit manager. How many mails.

    Again on the same day it writes nothing: each mail has its dispute, owner and day as its reason.
    """
    late = Dispute.objects.filter(
        closed_on__isnull=True, answered_on__isnull=True, owner__is_active=True, answer_due_on__lte=on
    ).select_related("owner__user", "item__entity", "item__account")
    notices, escalations = [], []
    away = replacements_on(on=on)
    readers = Member.objects.select_related("user").in_bulk(set(away.values()))
    for dispute in late.order_by("id"):
        assert dispute.answer_due_on is not None
        assert dispute.owner is not None
        calendar = BusinessCalendar(countries=(dispute.item.entity.country,) if dispute.item.entity.country else ())
        days = [calendar.add_working_days(dispute.answer_due_on, n) for n in REMINDED_AFTER]
        reached = [day for day in days if day <= on]
        # After missed nights only the latest one is worth a mail.
        reader = readers[away[dispute.owner.id]] if dispute.owner.id in away else dispute.owner
        if _address(reader):
            notices.append(_notice(dispute, reader, tenant=tenant, on=on, of=reached[-1], is_reminder=True))
        if len(reached) == len(days):
            escalations.append(_escalation(dispute, on))
    known = set(
        Message.objects.filter(reason_type=NOTICE, reason_id__in=[one.reason_id for one in notices]).values_list(
            "reason_id", flat=True
        )
    )
    fresh = [one for one in notices if one.reason_id not in known]
    make_tasks(tasks=escalations, on=on)
    outbox.queue(fresh)
    return len(fresh)


def _escalation(dispute: Dispute, on: date) -> NewTask:
    sentence = Phrase(
        gettext_noop("%(name)s has not answered the dispute on %(number)s"),
        {"name": str(dispute.owner), "number": dispute.item.number},
    )
    return NewTask(
        kind=Task.Kind.ESCALATION,
        key=f"dispute:{dispute.id}:{dispute.owner_id}:{dispute.answer_due_on}",
        customer_id=dispute.customer_id,
        sentence=sentence,
        due_on=on,
        object_type=OBJECT,
        object_id=dispute.id,
    )


def _notice(
    dispute: Dispute, owner: Member, *, tenant: Tenant, on: date, of: date, is_reminder: bool = False
) -> Message:
    """The mail to the owner, or to who stands in for them, with the link. `of`: the day that it stands for, so that
    each is written once.
    """
    language = (owner.user.language if owner.user else "") or tenant.language
    link = settings.BASE_URL.rstrip("/") + reverse("dispute_answer", args=[tenant.id.hex, signed(dispute, owner)])
    with override(language):
        head = (
            gettext("Dispute to answer: %(number)s") if not is_reminder else gettext("Reminder: dispute on %(number)s")
        )
        subject = head % {"number": dispute.item.number}
        context = {"dispute": dispute, "owner": owner, "link": link, "subject": subject, "language": language}
        body_text = render_to_string("collection/mail/dispute.txt", context)
        body_html = render_to_string("collection/mail/dispute.html", context)
    return Message(
        customer_id=dispute.customer_id,
        # The mail holds a link that answers in the owner's name: it is the owner's alone.
        member_id=owner.id,
        entity_id=dispute.item.entity_id,
        reason_type=NOTICE,
        reason_id=uuid5(NAMESPACE_URL, f"{dispute.id}:{owner.id}:{dispute.answer_due_on}:{of}:{is_reminder}"),
        on=on,
        channel=Channel.EMAIL,
        recipient=_address(owner),
        recipient_name=owner.name[:160],
        language=language,
        subject=subject[:250],
        body_text=body_text,
        body_html=body_html,
        facts=[{"dispute": str(dispute.id), "owner": str(dispute.owner_id)}],
    )


def signed(dispute: Dispute, owner: Member) -> str:
    """What the link holds: the dispute and who may answer it, signed, good for LINK_DAYS."""
    return signing.dumps({"d": dispute.id.hex, "m": owner.id.hex}, salt=LINK_SALT)


@dataclass(frozen=True)
class Invitee:
    """Who came by a link, the owner or who stands in for them, and to which dispute."""

    dispute: Dispute
    member: Member


def open_link(*, token: str, on: date) -> Invitee:
    """The dispute that a link leads to, while who was asked is its owner, or does the owner's work on the day.

    Raises BadLink.
    """
    try:
        found = signing.loads(token, salt=LINK_SALT, max_age=timedelta(days=LINK_DAYS))
        dispute_id, member_id = UUID(found["d"]), UUID(found["m"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise BadLink from None
    rows = Dispute.objects.select_related("item__entity", "customer", "owner")
    dispute = rows.filter(id=dispute_id, owner__is_active=True).first()
    if dispute is None or dispute.owner is None:
        raise BadLink
    if dispute.owner.id == member_id:
        return Invitee(dispute, dispute.owner)
    stands_in = replacement_of(member_id=dispute.owner.id, on=on)
    if stands_in is None or stands_in.id != member_id:
        raise BadLink
    return Invitee(dispute, stands_in)


class NoticeReasons:
    """What the outbox asks about mails to owners (desk.ports.Reasons): closed or answered meanwhile, they do not leave."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        ids = {UUID(message.facts[0]["dispute"]) for message in messages}
        waiting = Dispute.objects.filter(id__in=ids, closed_on__isnull=True, answered_on__isnull=True)
        owners = {str(dispute_id): str(owner) for dispute_id, owner in waiting.values_list("id", "owner_id")}
        return [
            Verdict(send=True)
            if owners.get(message.facts[0]["dispute"]) == message.facts[0]["owner"]
            else Verdict(send=False, reason=gettext("It has been answered, closed or handed on."))
            for message in messages
        ]

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """The colleague cannot be reached: the manager is told."""
        assert message.customer_id is not None  # it is about a dispute of one
        sentence = Phrase(
            gettext_noop("The mail to %(name)s about a dispute was refused"), {"name": message.recipient_name}
        )
        task = NewTask(
            kind=Task.Kind.BOUNCE,
            key=f"dispute:{message.id}",
            customer_id=message.customer_id,
            sentence=sentence,
            due_on=self.on,
            object_type=OBJECT,
            object_id=UUID(message.facts[0]["dispute"]),
        )
        make_tasks(tasks=[task], on=self.on, actor=SYSTEM)
