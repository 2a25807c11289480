"""Calls and notes: logged by a person, with the outcome and what comes next."""

from collections.abc import Collection
from datetime import date, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Member
from collection.models import Interaction
from core.audit import Actor, record
from core.errors import Invalid, NotFound
from core.text import Phrase, gettext_noop
from desk.models import Event, Task
from desk.services.tasks import NewTask, make_tasks
from receivables.models import Contact, Customer, CustomerAccount

# Of a note, what a task to read it shows.
LONGEST_SHOWN = 120


class BadInteraction(Invalid):
    code = "bad_interaction"
    message = _("The entry is not complete.")


def _in_scope(customers: QuerySet[Customer], *, scope: Scope) -> QuerySet[Customer]:
    accounts = CustomerAccount.objects.filter(customer_id=OuterRef("id"))
    if scope.entity_ids:
        accounts = accounts.filter(entity_id__in=scope.entity_ids)
    if scope.portfolio_of:
        accounts = accounts.filter(salesperson_id=scope.portfolio_of) | accounts.filter(collector_id=scope.portfolio_of)
    return customers if scope.is_everything else customers.filter(Exists(accounts))


def check_customer(*, customer_id: UUID, scope: Scope) -> None:
    """Raise NotFound for an unknown customer and for one out of scope alike: not even its contacts may be shown."""
    if not _in_scope(Customer.objects.filter(id=customer_id), scope=scope).exists():
        raise NotFound


@transaction.atomic
def log_interaction(
    *,
    customer_id: UUID,
    kind: str,
    outcome: str = "",
    text: str = "",
    contact_id: UUID | None = None,
    next_on: date | None = None,
    next_text: str = "",
    next_time: time | None = None,
    action_id: UUID | None = None,
    mentions: Collection[UUID] = (),
    scope: Scope,
    actor: Actor,
    on: date,
) -> Interaction:
    """Log a call or a note of the day `on`. A call needs an outcome, a note a text; the next action lies ahead.

    Each active member mentioned gets a task to read it. Raises BadInteraction, NotFound.
    """
    customer = _in_scope(Customer.objects.filter(id=customer_id), scope=scope).first()
    if customer is None or (contact_id and not Contact.objects.filter(id=contact_id, customer=customer).exists()):
        raise NotFound
    problems = {}
    if kind == Interaction.Kind.CALL and outcome not in Interaction.Outcome.values:
        problems["outcome"] = [_("Say how the call ended.")]
    if kind == Interaction.Kind.NOTE and not text.strip():
        problems["text"] = [_("Write the note.")]
    # Later today needs an hour.
    earliest = on if next_time is not None else on + timedelta(days=1)
    if next_on is not None and not earliest <= next_on <= on + timedelta(days=366):
        problems["next_on"] = [_("Choose a later day, within a year.")]
    if next_time is not None and next_on is None:
        problems["next_on"] = [_("Say on which day.")]
    if problems:
        raise BadInteraction(fields=problems)
    row = Interaction.objects.create(
        customer=customer,
        contact_id=contact_id,
        kind=kind,
        outcome=outcome if kind == Interaction.Kind.CALL else "",
        text=text.strip(),
        on=on,
        action_id=action_id,
        next_on=next_on,
        next_time=next_time,
        next_text=next_text.strip()[:200],
        logged_by_id=actor.member_id,
    )
    Event.objects.create(
        customer=customer,
        kind=f"{kind.lower()}.logged",
        on=on,
        member_id=actor.member_id,
        object_type="collection.Interaction",
        object_id=row.id,
        data={
            "outcome": row.outcome,
            "text": row.text[:500],
            "next_on": next_on.isoformat() if next_on else None,
            "next_time": next_time.strftime("%H:%M") if next_time else None,
        },
    )
    record(actor=actor, action=f"collection.{kind.lower()}_logged", row=row)
    if mentions:
        _ask_to_read(row, mentions, actor=actor, on=on)
    return row


def _ask_to_read(row: Interaction, mentions: Collection[UUID], *, actor: Actor, on: date) -> None:
    sentence = Phrase(gettext_noop("You are asked to read a note: %(text)s"), {"text": row.text[:LONGEST_SHOWN]})
    members = Member.objects.filter(id__in=list(mentions), is_active=True).order_by("name", "id")
    make_tasks(
        tasks=[
            NewTask(
                kind=Task.Kind.MENTION,
                key=f"{row.id}:{member.id}",
                customer_id=row.customer_id,
                sentence=sentence,
                due_on=on,
                assignee_id=member.id,
                object_type="collection.Interaction",
                object_id=row.id,
            )
            for member in members
            if member.id != actor.member_id
        ],
        on=on,
        actor=actor,
    )


@transaction.atomic
def finish_follow_up(*, interaction_id: UUID, scope: Scope, actor: Actor, on: date) -> Interaction:
    """Tick off what a call or note left to do. Raises NotFound."""
    row = Interaction.objects.select_for_update(of=("self",)).filter(id=interaction_id, next_on__isnull=False).first()
    if row is None or not _in_scope(Customer.objects.filter(id=row.customer_id), scope=scope).exists():
        raise NotFound
    if row.next_done_on is None:
        row.next_done_on = on
        row.save(update_fields=["next_done_on"])
        record(actor=actor, action="collection.follow_up_done", row=row, changes={"next_done_on": [None, on]})
    return row
