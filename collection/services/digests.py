"""Digests to members: late customers to their salesperson, the day to who works it. Each in the reader's own scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q, QuerySet, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from accounts.access import scope_of
from accounts.models import Member, Tenant
from accounts.queries.replacements import replacements_on, represented_by
from accounts.roles import Can
from collection.models import Action
from collection.queries.actions import in_scope
from collection.services.addressing import address_of_member
from collection.services.decision_mails import decision_lines
from core.days import BusinessCalendar
from core.jobs import lock
from desk.models import Channel, InboundMessage, Message, Notice, Task
from desk.ports import Verdict
from desk.queries.alerts import alerts_to_see
from desk.queries.inbound import inbound_in
from desk.queries.tasks import tasks_of
from desk.services import outbox, sending_hours
from desk.services.notice_settings import setting, unwanted_by_members
from receivables.models import CustomerAccount, Dispute, Promise
from receivables.queries.visible import disputes_in, items_in, promises_in

REASONS = {Notice.SALES_DIGEST: "collection.SalesDigest", Notice.DAY_DIGEST: "collection.DayDigest"}
MOST_CUSTOMERS = 20
MOST_DECISIONS = 20


@dataclass(frozen=True)
class LateCustomer:
    """What a customer of a salesperson owes past its due date, in one currency."""

    customer_id: Any
    name: str
    currency: str
    overdue: Decimal
    oldest: date
    days: int


@transaction.atomic
def write_digests(*, tenant: Tenant, on: date, now: datetime) -> int:
    """Queue the digests of the day, to members who want them and have something to read. How many. On working days only.

    Again on the same day it writes nothing.
    """
    if not BusinessCalendar(countries=(tenant.country,) if tenant.country else ()).is_working_day(on):
        return 0
    lock("collection/digests")
    messages: list[Message] = []
    leaves_at = sending_hours.leaving()(now, tenant.country)
    for kind, reason in REASONS.items():
        found = setting(kind)
        if found is None:
            continue
        lately = Message.objects.filter(reason_type=reason, on__gt=on - timedelta(days=max(found.every_days, 1)))
        passed_over = unwanted_by_members(kind) | set(lately.values_list("member_id", flat=True))
        for member in _readers(kind, on=on):
            address = address_of_member(member)
            if member.id in passed_over or not address:
                continue
            message = _digest(kind, member, address, tenant=tenant, on=on)
            if message is not None:
                message.not_before = leaves_at
                messages.append(message)
    outbox.queue(messages)
    return len(messages)


def _readers(kind: Notice, *, on: date) -> list[Member]:
    """Whom a digest is for: salespersons who see invoices, or who decides about reminders. Of who is away, whoever
    stands in for them.
    """
    away = replacements_on(on=on)
    found = [one for one in _usual_readers(kind, {*away.values()}) if one.id not in away]
    if kind == Notice.DAY_DIGEST:
        return found
    return [one for one in found if one.can(Can.VIEW_ITEMS)]


def _usual_readers(kind: Notice, standing_in: set[UUID]) -> list[Member]:
    members = Member.objects.filter(is_active=True).select_related("role", "user").order_by("id")
    if kind == Notice.DAY_DIGEST:
        return [one for one in members if one.can(Can.CONFIRM_ACTIONS)]
    selling = CustomerAccount.objects.filter(salesperson__isnull=False).values("salesperson_id").distinct()
    return list(members.filter(Q(id__in=selling) | Q(id__in=standing_in)))


def _digest(kind: Notice, member: Member, address: str, *, tenant: Tenant, on: date) -> Message | None:
    """The message, or None when there is nothing to say."""
    language = (member.user.language if member.user else "") or tenant.language
    with override(language):
        if kind == Notice.SALES_DIGEST:
            late = late_customers(member, on=on)
            if not late:
                return None
            template, subject = "late_customers", gettext("Your late customers")
            context: dict[str, Any] = {"late": late[:MOST_CUSTOMERS], "more": max(len(late) - MOST_CUSTOMERS, 0)}
            context["totals"] = _totals(late)
        else:
            lines, decisions = day_lines(member, on=on), list(_decisions(member, on=on)[:MOST_DECISIONS])
            if not lines and not decisions:
                return None
            template, subject = "day", gettext("Your day")
            context = {"lines": lines, "decisions": decision_lines(decisions)}
        base = settings.BASE_URL.rstrip("/")
        context |= {
            "member": member,
            "on": on,
            "subject": subject,
            "base": base,
            "wishes": base + reverse("my_notices"),
        }
        return Message(
            member_id=member.id,
            reason_type=REASONS[kind],
            reason_id=uuid5(NAMESPACE_URL, f"{member.id}:{kind}:{on}"),
            on=on,
            channel=Channel.EMAIL,
            recipient=address,
            recipient_name=member.name[:160],
            sender_name="Encours",
            language=language,
            subject=subject,
            body_text=render_to_string(f"collection/mail/{template}.txt", context),
            body_html=render_to_string(f"collection/mail/{template}.html", context),
            facts=[{"digest": str(kind)}],
        )


def late_customers(member: Member, *, on: date) -> list[LateCustomer]:
    """Customers of a salesperson, and of those they stand in for, as far as the member sees them, with what is overdue,
    the most first. At most 4 SQL queries.
    """
    sellers = [member.id, *represented_by(member_id=member.id, on=on)]
    late = items_in(scope=scope_of(member)).filter(
        account__salesperson_id__in=sellers, is_open=True, open_amount__gt=0, due_date__lt=on
    )
    rows = late.values("customer_id", "customer__name", "currency").annotate(
        overdue=Sum("open_amount"), oldest=Min("due_date")
    )
    found = [
        LateCustomer(
            row["customer_id"],
            row["customer__name"],
            row["currency"],
            row["overdue"],
            row["oldest"],
            (on - row["oldest"]).days,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.overdue, one.name))


def _totals(late: Sequence[LateCustomer]) -> list[tuple[str, Decimal]]:
    totals: dict[str, Decimal] = {}
    for one in late:
        totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.overdue
    return sorted(totals.items())


def day_lines(member: Member, *, on: date) -> list[tuple[int, str, str]]:
    """(how many, what, the page's address) of what waits for a member today; nothing that is none. About 8 SQL queries."""
    scope = scope_of(member)
    proposed = in_scope(Action.objects.filter(state=Action.State.PROPOSED), scope=scope)
    promises = promises_in(scope=scope)
    calls = proposed.filter(channel=Channel.CALL).count()
    reminders = proposed.count() - calls
    due = promises.filter(state=Promise.State.OPEN, due_on__lte=on).count()
    broken = promises.filter(state=Promise.State.BROKEN, due_on__gt=on - timedelta(days=7), due_on__lte=on).count()
    disputes = _late_disputes(scope, on)
    replies = inbound_in(scope=scope).exclude(state=InboundMessage.State.DONE).count()
    alerts = alerts_to_see(scope=scope, on=on).count()
    absent = represented_by(member_id=member.id, on=on)
    tasks = tasks_of(member_id=member.id, absent_ids=absent, with_unassigned=False, scope=scope)
    own = tasks.filter(done_on__isnull=True, due_on__lte=on).count()
    counts = [
        (reminders, ngettext("reminder to confirm", "reminders to confirm", reminders), "worklist"),
        (calls, ngettext("call to make", "calls to make", calls), "worklist"),
        (due, ngettext("promise due", "promises due", due), "promises"),
        (broken, ngettext("promise broken this week", "promises broken this week", broken), "promises"),
        (disputes, ngettext("dispute whose answer is late", "disputes whose answer is late", disputes), "disputes"),
        (replies, ngettext("reply to read", "replies to read", replies), "worklist"),
        (alerts, ngettext("alert to look at", "alerts to look at", alerts), "alerts"),
        (own, ngettext("task of yours", "tasks of yours", own), "tasks"),
    ]
    base = settings.BASE_URL.rstrip("/")
    return [(count, words, base + reverse(page)) for count, words, page in counts if count]


def _decisions(member: Member, *, on: date) -> "QuerySet[Task]":
    """Open requests and questions that the member, or who they stand in for, is to decide; the oldest first."""
    absent = represented_by(member_id=member.id, on=on)
    rows = tasks_of(member_id=member.id, absent_ids=absent, with_unassigned=False, scope=scope_of(member))
    asked = Q(kind=Task.Kind.APPROVAL) | Q(kind=Task.Kind.ESCALATION, key__endswith=":asked")
    return rows.filter(asked, done_on__isnull=True).select_related("customer").order_by("on", "id")


def _late_disputes(scope: Any, on: date) -> int:
    rows = disputes_in(scope=scope).filter(closed_on__isnull=True, answered_on__isnull=True, answer_due_on__lt=on)
    return Dispute.objects.filter(id__in=rows.values("id")).count()


class DigestReasons:
    """What the outbox asks about digests (desk.ports.Reasons): yesterday's does not leave any more."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    def recheck(self, messages: Sequence[Message]) -> list[Verdict]:
        members = Member.objects.in_bulk([message.member_id for message in messages if message.member_id])
        return [self._verdict(message, members.get(message.member_id)) for message in messages]

    def _verdict(self, message: Message, member: Member | None) -> Verdict:
        kind = Notice(message.facts[0]["digest"])
        if message.on < self.on:
            return Verdict(send=False, reason=gettext("Its day has passed."))
        if member is None or not member.is_active or member.id in unwanted_by_members(kind) or not setting(kind):
            return Verdict(send=False, reason=gettext("It is not wanted any more."))
        return Verdict(send=True)

    def sent(self, messages: Sequence[Message]) -> None:
        """Nothing follows from it."""

    def cancelled(self, message: Message, reason: str) -> None:
        """Nothing follows from it."""

    def refused(self, message: Message, error: str, *, is_address_wrong: bool) -> None:
        """Nothing follows from it: the member's address is put right where members are."""
