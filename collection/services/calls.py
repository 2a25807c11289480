"""A call and all that follows from how it ended, in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Tenant
from accounts.roles import Can
from collection.models import Action, Interaction
from collection.rules.calls import CallOutcome
from collection.services.by_hand import call_made
from collection.services.deciding import UNDO_SECONDS, NotProposed, proposed_action
from collection.services.disputes import assign_dispute, default_owner
from collection.services.interactions import BadInteraction, finish_follow_up, log_interaction
from core.audit import Actor, changed, record
from core.days import BusinessCalendar
from core.errors import Invalid, NotFound
from core.money import Money
from core.text import Phrase, gettext_noop
from desk.models import Task
from desk.services.tasks import NewTask, make_tasks
from receivables.models import Contact, Dispute, Hold, InstalmentPlan, LedgerItem, Promise
from receivables.queries.visible import items_in
from receivables.rules.promises import Every, equal_parts
from receivables.services.bulk import place_holds, record_disputes
from receivables.services.plans import record_plan
from receivables.services.standing import BadPromise, record_promise

# What somebody must be allowed to do for an outcome.
CALL_NEEDS = {
    CallOutcome.PROMISED: Can.RECORD_PROMISE,
    CallOutcome.DISPUTED: Can.RECORD_DISPUTE,
    CallOutcome.PAYMENT_ANNOUNCED: Can.PLACE_HOLD,
}
COMPLETED = "collection.call_completed"
OUTCOMES_HANDLED = (Promise.State.BROKEN, Promise.State.PARTLY)


class BadCall(Invalid):
    code = "bad_call"
    message = _("The call cannot be logged like this.")


@dataclass(frozen=True)
class Promised:
    """The customer pays by a day, all at once or in equal parts. Without amount: all that is open of the items."""

    due_on: date
    currency: str
    amount: Decimal | None = None
    item_ids: Collection[UUID] = ()
    parts: int = 1
    every: Every = Every.MONTH


@dataclass(frozen=True)
class Contested:
    """The customer contests items, or a part of one of them."""

    reason: str
    item_ids: Collection[UUID]
    disputed_amount: Decimal | None = None


@dataclass(frozen=True)
class Announced:
    """The customer says that the money is on its way: reminders of the items (none: of all) wait until a day."""

    until_on: date
    item_ids: Collection[UUID] = ()


@dataclass(frozen=True)
class WrongContact:
    """The person is not, or no longer, the one to talk to."""

    has_left: bool = False


Said = Promised | Contested | Announced | WrongContact
SAYS: dict[CallOutcome, type] = {
    CallOutcome.PROMISED: Promised,
    CallOutcome.DISPUTED: Contested,
    CallOutcome.PAYMENT_ANNOUNCED: Announced,
    CallOutcome.WRONG_CONTACT: WrongContact,
}


@dataclass(frozen=True)
class Call:
    """A logged call with what came of it."""

    interaction: Interaction
    action: Action | None = None
    promise: Promise | None = None
    plan: InstalmentPlan | None = None
    disputes: tuple[Dispute, ...] = ()
    holds: tuple[Hold, ...] = ()


@transaction.atomic
def log_call(
    *,
    customer_id: UUID,
    outcome: CallOutcome,
    said: Said | None = None,
    contact_id: UUID | None = None,
    text: str = "",
    next_on: date | None = None,
    next_time: time | None = None,
    next_text: str = "",
    action_id: UUID | None = None,
    tenant: Tenant,
    scope: Scope,
    actor: Actor,
    now: datetime,
    on: date,
) -> Call:
    """Log a call of the day `on` with what the customer said, all or nothing.

    A promise makes the promise or plan, a dispute the disputes (handed to whoever answers their reason), an announced
    payment the holds, a wrong contact the task to find another. The call that the worklist asked for is done by it, and
    so are follow-ups of former calls that are due and promises of the customer that waited for somebody to look.
    Raises BadCall, BadInteraction, NotProposed, NotFound and what those services raise.
    """
    wanted = SAYS.get(outcome)
    if (wanted is None) != (said is None) or (wanted is not None and not isinstance(said, wanted)):
        raise BadCall(fields={"outcome": [_("Say what was agreed.")]})
    if outcome is CallOutcome.CALL_BACK and next_on is None:
        raise BadInteraction(fields={"next_on": [_("Say when to call back.")]})
    action = _called_for(action_id, customer_id, scope=scope) if action_id else None
    interaction = log_interaction(
        customer_id=customer_id,
        kind=Interaction.Kind.CALL,
        outcome=outcome,
        text=text,
        contact_id=contact_id,
        next_on=next_on,
        next_time=next_time,
        next_text=next_text,
        action_id=action_id,
        scope=scope,
        actor=actor,
        on=on,
    )
    made: dict[str, Any] = {}
    touched: dict[str, Any] = {}
    match said:
        case Promised():
            made = _promise(said, customer_id, text=text, scope=scope, actor=actor, on=on)
        case Contested():
            leaves_at = now + timedelta(seconds=UNDO_SECONDS)
            made = {
                "disputes": _dispute(
                    said, customer_id, text=text, tenant=tenant, scope=scope, actor=actor, leaves_at=leaves_at, on=on
                )
            }
        case Announced():
            made = {"holds": _hold(said, customer_id, text=text, scope=scope, actor=actor, on=on)}
        case WrongContact():
            touched = _find_another(said, interaction, actor=actor, on=on)
    if action is not None:
        action = call_made(action_id=action.id, note=text, scope=scope, actor=actor, now=now, on=on)
    touched["follow_ups"] = _finish_follow_ups(interaction, scope=scope, actor=actor, on=on)
    touched["promises_seen"] = look_after_promises(customer_id=customer_id, actor=actor, on=on)
    call = Call(interaction, action=action, **made)
    # The last record of the call: what taking it back undoes, and what came later is known by it.
    changes = {name: [None, value] for name, value in (_made_ids(call) | touched).items() if value}
    record(actor=actor, action=COMPLETED, row=interaction, changes=changes)
    return call


def _made_ids(call: Call) -> dict[str, Any]:
    return {
        "action": call.action and call.action.id,
        "promise": call.promise and call.promise.id,
        "plan": call.plan and call.plan.id,
        "disputes": [one.id for one in call.disputes],
        "holds": [one.id for one in call.holds],
    }


def _called_for(action_id: UUID, customer_id: UUID, *, scope: Scope) -> Action:
    """The call that the worklist asks for, locked. Raises NotFound, NotProposed."""
    action = proposed_action(action_id=action_id, scope=scope)
    if action.customer_id != customer_id or action.channel != "CALL":
        raise NotProposed
    return action


def _items(item_ids: Collection[UUID], customer_id: UUID, *, scope: Scope) -> list[LedgerItem]:
    """Raises NotFound where one is another customer's or out of scope."""
    wanted = set(item_ids)
    found = list(items_in(scope=scope).filter(id__in=wanted, customer_id=customer_id))
    if len(found) != len(wanted):
        raise NotFound
    return found


def _promise(
    said: Promised, customer_id: UUID, *, text: str, scope: Scope, actor: Actor, on: date
) -> dict[str, Promise | InstalmentPlan]:
    items = _items(said.item_ids, customer_id, scope=scope)
    amount = said.amount
    if amount is None:
        amount = sum((item.open_amount for item in items if item.currency == said.currency), Decimal(0))
    entities = {item.entity_id for item in items}
    common: dict[str, Any] = {
        "customer_id": customer_id,
        "amount": amount,
        "currency": said.currency,
        "entity_id": entities.pop() if len(entities) == 1 else None,
        "item_ids": [item.id for item in items],
        "comment": text,
        "actor": actor,
    }
    if said.parts == 1:
        return {"promise": record_promise(**common, due_on=said.due_on, made_on=on)}
    try:
        parts = equal_parts(
            money=Money(amount, said.currency), count=said.parts, first_on=said.due_on, every=said.every
        )
    except ValueError as error:
        raise BadPromise(
            fields={"parts": [_("The sum is too small for so many parts, or they are too many.")]}
        ) from error
    return {"plan": record_plan(**common, parts=parts, agreed_on=on)}


def _dispute(
    said: Contested,
    customer_id: UUID,
    *,
    text: str,
    tenant: Tenant,
    scope: Scope,
    actor: Actor,
    leaves_at: datetime,
    on: date,
) -> tuple[Dispute, ...]:
    """The mail to whoever answers waits until `leaves_at`: until then the call can be taken back."""
    items = _items(said.item_ids, customer_id, scope=scope)
    if not items:
        raise BadCall(fields={"items": [_("Choose what is contested.")]})
    if said.disputed_amount is not None and len(items) > 1:
        raise BadCall(fields={"disputed_amount": [_("A part can be disputed of one item only.")]})
    disputes = record_disputes(
        item_ids=[item.id for item in items],
        reason=said.reason,
        disputed_amount=said.disputed_amount,
        comment=text,
        opened_on=on,
        actor=actor,
    )
    owner_id = default_owner(said.reason)
    if owner_id is not None:
        disputes = [
            assign_dispute(
                dispute_id=one.id, owner_id=owner_id, tenant=tenant, not_before=leaves_at, actor=actor, on=on
            )
            for one in disputes
        ]
    return tuple(disputes)


def _hold(said: Announced, customer_id: UUID, *, text: str, scope: Scope, actor: Actor, on: date) -> tuple[Hold, ...]:
    if not on <= said.until_on <= on + timedelta(days=90):
        raise BadCall(fields={"until_on": [_("A day from today on, within 90 days.")]})
    items = _items(said.item_ids, customer_id, scope=scope)
    whom: dict[str, Any] = {"item_ids": [item.id for item in items]} if items else {"customer_ids": [customer_id]}
    holds = place_holds(
        **whom, reason=Hold.Reason.PAYMENT_ANNOUNCED, from_on=on, until_on=said.until_on, note=text, actor=actor
    )
    return tuple(holds)


def _find_another(said: WrongContact, call: Interaction, *, actor: Actor, on: date) -> dict[str, Any]:
    """The contact has left, where that was said; a task to find another for whoever called, once a day.

    What was touched: the contact as it was, and the task where it was made now.
    """
    touched: dict[str, Any] = {}
    if said.has_left:
        if call.contact_id is None:
            raise BadCall(fields={"contact": [_("Say who has left.")]})
        contact = Contact.objects.select_for_update().get(id=call.contact_id)
        changes = changed(contact, {"is_active": False, "is_primary": False})
        contact.updated_at = Now()
        contact.save(update_fields=["is_active", "is_primary", "updated_at"])
        touched["contact"] = {"id": contact.id} | {name: before for name, (before, _after) in changes.items()}
        record(actor=actor, action="receivables.contact_changed", row=contact, changes=changes)
    who = str(call.contact) if call.contact else ""
    sentence = (
        Phrase(gettext_noop("Find whom to call instead of %(who)s"), {"who": who})
        if who
        else Phrase(gettext_noop("Find whom to call"))
    )
    country = call.customer.country
    calendar = BusinessCalendar(countries=(country,) if country else ())
    task = NewTask(
        kind=Task.Kind.CONTACT,
        key=f"{call.customer_id}:{call.contact_id or ''}:{on.isoformat()}",
        customer_id=call.customer_id,
        sentence=sentence,
        due_on=calendar.add_working_days(on, 1),
        assignee_id=actor.member_id,
    )
    if make_tasks(tasks=[task], on=on, actor=actor):
        touched["tasks"] = list(Task.objects.filter(kind=task.kind, key=task.key).values_list("id", flat=True))
    return touched


def _finish_follow_ups(call: Interaction, *, scope: Scope, actor: Actor, on: date) -> list[UUID]:
    """Follow-ups of former calls to the customer that are due: this was the call they asked for. Which."""
    due = Interaction.objects.filter(
        customer_id=call.customer_id, kind=Interaction.Kind.CALL, next_on__lte=on, next_done_on__isnull=True
    ).exclude(id=call.id)
    finished = list(due.values_list("id", flat=True))
    for row_id in finished:
        finish_follow_up(interaction_id=row_id, scope=scope, actor=actor, on=on)
    return finished


def look_after_promises(
    *, customer_id: UUID, actor: Actor, on: date, promise_id: UUID | None = None
) -> dict[UUID, date | None]:
    """Promises of a customer that were not kept, or are due, leave the worklist until they change. Which, with the day
    on which they had been looked after before.

    With `promise_id` that one alone.
    """
    waiting = Promise.objects.select_for_update(of=("self",)).filter(
        Q(state__in=OUTCOMES_HANDLED) | Q(state=Promise.State.OPEN, due_on__lte=on), customer_id=customer_id
    )
    if promise_id is not None:
        waiting = waiting.filter(id=promise_id)
    seen: dict[UUID, date | None] = {}
    for promise in waiting:
        since = promise.due_on if promise.state == Promise.State.OPEN else promise.decided_on
        if promise.handled_on is not None and since is not None and promise.handled_on >= since:
            continue
        before, promise.handled_on = promise.handled_on, on
        promise.save(update_fields=["handled_on"])
        record(actor=actor, action="collection.promise_looked_after", row=promise, changes={"handled_on": [before, on]})
        seen[promise.id] = before
    return seen


def unanswered_calls(*, customer_id: UUID) -> int:
    """How many of the last calls to a customer, in a row, nobody answered. 1 SQL query."""
    outcomes = (
        Interaction.objects.filter(customer_id=customer_id, kind=Interaction.Kind.CALL)
        .order_by("-logged_at")
        .values_list("outcome", flat=True)[:10]
    )
    count = 0
    for outcome in outcomes:
        if outcome != CallOutcome.NO_ANSWER:
            break
        count += 1
    return count
