"""What a person does with a mail that came in: says whose it is, accepts or dismisses what is proposed, is done with it."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from desk.models import Event, InboundMessage, ReplyRules, Task
from desk.rules.inbound.mail import read_mail
from desk.rules.inbound.quotes import without_signature
from desk.services.inbound import OBJECT, attach, raw_of, replied
from desk.services.inbound_matching import named_items
from desk.services.tasks import finish_tasks_about
from receivables.models import Contact, Customer
from receivables.services.parties import add_contact

State = InboundMessage.State
MOST_HOLD_DAYS = 30
Made = TypeVar("Made")


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = _("Somebody has decided about this already.")


class AlreadyAssigned(Conflict):
    code = "already_assigned"
    message = _("Somebody has said whose mail this is already.")


class BadRules(Invalid):
    code = "bad_reply_rules"
    message = _("These rules cannot be kept.")


def _locked(inbound_id: UUID) -> InboundMessage:
    row = InboundMessage.objects.select_for_update(of=("self",)).filter(id=inbound_id).first()
    if row is None:
        raise NotFound
    return row


@transaction.atomic
def assign(*, inbound_id: UUID, customer: Customer, add_sender: bool = False, actor: Actor, on: date) -> InboundMessage:
    """Say whose a mail is: it is then treated as any other of the customer. Raises NotFound, AlreadyAssigned.

    `add_sender`: its address becomes a contact, so that the next mail from there is known by itself.
    """
    row = _locked(inbound_id)
    if row.customer_id is not None:
        raise AlreadyAssigned
    row.customer, row.matched_by = customer, InboundMessage.MatchedBy.PERSON
    if add_sender and row.sender:
        row.contact = _sender(row, customer, actor)
    text = f"{row.subject}\n{without_signature(row.text)}"
    row.items = [str(item.id) for item in named_items(customer.id, text=text, message=row.answers)]
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["customer", "matched_by", "contact", "items", "updated_at"])
    record(
        actor=actor, action="desk.mail_assigned", row=row, changes={"customer": [None, customer.id]},
        customer_id=customer.id,
    )  # fmt: skip
    raw = raw_of(row)
    if raw is not None:
        attach(row, read_mail(raw), actor=actor)
    if row.kind == InboundMessage.Kind.REPLY:
        replied(row)
    else:
        Event.objects.create(
            customer=customer, kind="reply.automatic", on=row.on, object_type=OBJECT, object_id=row.id,
            data={"mail": str(row.id), "subject": row.subject, "sender": row.sender, "text": row.text[:500]},
        )  # fmt: skip
    return row


def _sender(row: InboundMessage, customer: Customer, actor: Actor) -> Contact:
    known = Contact.objects.filter(customer=customer, email__iexact=row.sender).first()
    if known is not None:
        return known
    first, _space, last = row.sender_name.strip().rpartition(" ")
    values = {
        "first_name": first[:80],
        "last_name": (last or row.sender.partition("@")[0])[:80],
        "email": row.sender,
        "language": customer.language,
        "role": Contact.Role.ACCOUNTING,
        "influence": Contact.Influence.UNKNOWN,
        "is_active": True,
    }
    return add_contact(customer=customer, values=values, actor=actor)


@transaction.atomic
def accept(*, inbound_id: UUID, number: int, make: Callable[[], Made], actor: Actor, on: date) -> Made:
    """Accept a proposal by doing what it proposes, once: `make` records it. Raises AlreadyDecided, NotFound."""
    row = _open_proposal(inbound_id, number)
    made = make()
    _decide(row, number, "ACCEPTED", actor=actor, on=on)
    return made


@transaction.atomic
def dismiss(*, inbound_id: UUID, number: int, actor: Actor, on: date) -> InboundMessage:
    """The sentence does not mean that, or nothing is to be done about it. Raises AlreadyDecided, NotFound."""
    row = _open_proposal(inbound_id, number)
    _decide(row, number, "DISMISSED", actor=actor, on=on)
    return row


def _open_proposal(inbound_id: UUID, number: int) -> InboundMessage:
    row = _locked(inbound_id)
    if not 0 <= number < len(row.proposals):
        raise NotFound
    if row.proposals[number]["state"] != "OPEN":
        raise AlreadyDecided
    return row


def _decide(row: InboundMessage, number: int, state: str, *, actor: Actor, on: date) -> None:
    decided_by = str(actor.member_id) if actor.member_id else None
    decided = {**row.proposals[number], "state": state, "by": decided_by, "on": on.isoformat()}
    row.proposals = [*row.proposals[:number], decided, *row.proposals[number + 1 :]]
    if row.state == State.NEW:
        row.state = State.READ
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["proposals", "state", "updated_at"])
    changes = {"proposal": [decided["kind"], state]}
    record(actor=actor, action="desk.proposal_decided", row=row, changes=changes)


@transaction.atomic
def finish(*, inbound_id: UUID, actor: Actor, on: date) -> InboundMessage:
    """Nothing is left to do about it; its task is done too. A second time changes nothing. Raises NotFound."""
    row = _locked(inbound_id)
    if row.state != State.DONE:
        before = row.state
        row.state, row.done_on, row.done_by_id = State.DONE, on, actor.member_id
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=["state", "done_on", "done_by", "updated_at"])
        record(actor=actor, action="desk.mail_done", row=row, changes={"state": [before, State.DONE]})
        finish_tasks_about(object_id=row.id, actor=actor, on=on)
    return row


@transaction.atomic
def finish_with_task(*, task: Task, actor: Actor, on: date) -> None:
    """The task about a mail was ticked off: so is the mail."""
    if task.object_type == OBJECT and task.object_id:
        finish(inbound_id=task.object_id, actor=actor, on=on)


@transaction.atomic
def save_rules(*, hold_days: int, asks_receipts: bool, actor: Actor) -> ReplyRules:
    """For how many days a customer's reminders wait once it has written; 0: they go on. Raises BadRules.

    `asks_receipts`: messages to customers ask for a read receipt.
    """
    if not 0 <= hold_days <= MOST_HOLD_DAYS:
        raise BadRules(fields={"hold_days": [_("From 0 to %(most)d days.") % {"most": MOST_HOLD_DAYS}]})
    row = ReplyRules.objects.select_for_update().first()
    before = (row.hold_days, row.asks_receipts) if row else (0, False)
    if row is None:
        row = ReplyRules.objects.create(hold_days=hold_days, asks_receipts=asks_receipts)
    else:
        row.hold_days, row.asks_receipts = hold_days, asks_receipts
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=["hold_days", "asks_receipts", "updated_at"])
    changes: dict[str, list[Any]] = {"hold_days": [before[0], hold_days], "asks_receipts": [before[1], asks_receipts]}
    record(actor=actor, action="desk.reply_rules_changed", row=row, changes=changes)
    return row
