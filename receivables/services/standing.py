"""Disputes, promises and holds entered by hand. Dates are business dates."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from core.money import has_excess_decimals, is_currency
from receivables.models import Customer, CustomerGroup, Dispute, Entity, Hold, LedgerItem, Promise, PromiseItem


class UnknownCustomer(NotFound):
    code = "unknown_customer"
    message = _("There is no such customer.")


class UnknownItem(NotFound):
    code = "unknown_item"
    message = _("There is no such item.")


class UnknownStanding(NotFound):
    code = "unknown_standing"
    message = _("There is no such dispute, promise or hold.")


class BadDispute(Invalid):
    code = "bad_dispute"
    message = _("The dispute cannot be recorded like this.")


class BadPromise(Invalid):
    code = "bad_promise"
    message = _("The promise cannot be recorded like this.")


class BadHold(Invalid):
    code = "bad_hold"
    message = _("The hold cannot be placed like this.")


class AlreadyRecorded(Conflict):
    code = "already_recorded"
    message = _("The same has been recorded already.")


class PartOfPlan(Conflict):
    code = "part_of_plan"
    message = _("This is a part of a plan: withdraw the plan as a whole.")


class AlreadyOver(Conflict):
    code = "already_over"
    message = _("This is over already.")


@transaction.atomic
def record_dispute(
    *,
    item_id: UUID,
    reason: str,
    opened_on: date,
    actor: Actor,
    disputed_amount: Decimal | None = None,
    comment: str = "",
) -> Dispute:
    """The customer contests an item, or `disputed_amount` of it (in its currency, its sign). Not chased until closed.

    Raises UnknownItem, BadDispute, AlreadyRecorded.
    """
    item = LedgerItem.objects.filter(id=item_id, void_on=None).first()
    if item is None:
        raise UnknownItem
    if not reason.strip():
        raise BadDispute(fields={"reason": [_("Say why the item is disputed.")]})
    if disputed_amount is not None and not _is_part_of(disputed_amount, item.open_amount, item.currency):
        raise BadDispute(fields={"disputed_amount": [_("More than 0, and at most what is open of the item.")]})
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                customer_id=item.customer_id,
                item=item,
                reason=reason.strip(),
                disputed_amount=disputed_amount,
                currency=item.currency,
                opened_on=opened_on,
                comment=comment.strip(),
                opened_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyRecorded from error
    changes: dict[str, Sequence[Any]] = {
        "item": [None, item],
        "disputed_amount": [None, disputed_amount],
        "reason": [None, dispute.reason],
    }
    record(actor=actor, action="receivables.dispute_recorded", row=dispute, changes=changes)
    return dispute


def _is_part_of(amount: Decimal, whole: Decimal, currency: str) -> bool:
    return not has_excess_decimals(amount, currency) and amount * whole > 0 and abs(amount) <= abs(whole)


@transaction.atomic
def close_dispute(*, dispute_id: UUID, closed_on: date, actor: Actor, comment: str = "") -> Dispute:
    """The contest is over, whoever was right. Raises UnknownStanding, AlreadyOver, BadDispute."""
    dispute = Dispute.objects.select_for_update().filter(id=dispute_id).first()
    if dispute is None:
        raise UnknownStanding
    if dispute.closed_on is not None:
        raise AlreadyOver
    if closed_on < dispute.opened_on:
        raise BadDispute(fields={"closed_on": [_("Not before the day on which it was opened.")]})
    dispute.closed_on = closed_on
    if comment.strip():
        dispute.comment = f"{dispute.comment}\n{comment.strip()}".strip()
    dispute.updated_at = Now()  # type: ignore[assignment]
    dispute.save(update_fields=["closed_on", "comment", "updated_at"])
    record(actor=actor, action="receivables.dispute_closed", row=dispute, changes={"closed_on": [None, closed_on]})
    return dispute


@transaction.atomic
def unrecord_dispute(*, dispute_id: UUID, actor: Actor) -> None:
    """A dispute that somebody recorded a moment ago, and never meant: the row goes, and counts in no profile.

    The audit trail keeps what it said. The caller has made sure that nobody has acted on it. Raises UnknownStanding.
    """
    dispute = Dispute.objects.select_for_update().filter(id=dispute_id).first()
    if dispute is None:
        raise UnknownStanding
    changes: dict[str, Sequence[Any]] = {"item": [dispute.item_id, None], "reason": [dispute.reason, None]}
    record(actor=actor, action="receivables.dispute_unrecorded", row=dispute, changes=changes)
    dispute.delete()


@transaction.atomic
def record_promise(
    *,
    customer_id: UUID,
    amount: Decimal,
    currency: str,
    made_on: date,
    due_on: date,
    actor: Actor,
    entity_id: UUID | None = None,
    item_ids: Iterable[UUID] = (),
    comment: str = "",
) -> Promise:
    """The customer says that it pays `amount` by `due_on`, perhaps for certain items. Reminders wait until then.

    Raises UnknownCustomer, UnknownItem, BadPromise, AlreadyRecorded.
    """
    items = promised_items(customer_id=customer_id, item_ids=item_ids, currency=currency)
    wrong = {}
    if not is_currency(currency):
        wrong["currency"] = [_("Not a currency code of ISO 4217, such as EUR.")]
    elif amount <= 0 or has_excess_decimals(amount, currency):
        wrong["amount"] = [_("More than 0, with no more decimals than the currency has.")]
    if due_on < made_on:
        wrong["due_on"] = [_("Not before the day on which it was promised.")]
    if entity_id is not None and not Entity.objects.filter(id=entity_id).exists():
        wrong["entity"] = [_("There is no such company.")]
    if wrong:
        raise BadPromise(fields=wrong)
    promise = add_promise(
        customer_id=customer_id,
        entity_id=entity_id,
        amount=amount,
        currency=currency,
        made_on=made_on,
        due_on=due_on,
        comment=comment,
        plan_id=None,
        actor=actor,
    )
    PromiseItem.objects.bulk_create(PromiseItem(promise=promise, item=item) for item in items)
    changes: dict[str, Sequence[Any]] = {
        "amount": [None, amount],
        "due_on": [None, due_on],
        "items": [None, sorted(str(item.id) for item in items)],
    }
    record(actor=actor, action="receivables.promise_recorded", row=promise, changes=changes)
    return promise


def promised_items(*, customer_id: UUID, item_ids: Iterable[UUID], currency: str) -> list[LedgerItem]:
    """The items that a promise speaks of. Raises UnknownCustomer, UnknownItem (another's, or in another currency)."""
    if not Customer.objects.filter(id=customer_id).exists():
        raise UnknownCustomer
    wanted = set(item_ids)
    items = list(LedgerItem.objects.filter(id__in=wanted, customer_id=customer_id, currency=currency, void_on=None))
    if len(items) != len(wanted):
        raise UnknownItem
    return items


def add_promise(
    *,
    customer_id: UUID,
    entity_id: UUID | None,
    amount: Decimal,
    currency: str,
    made_on: date,
    due_on: date,
    comment: str,
    plan_id: UUID | None,
    actor: Actor,
) -> Promise:
    """The row of a promise, or of a part of a plan. The same that was withdrawn is opened again. Raises AlreadyRecorded."""
    again = (
        Promise.objects.select_for_update(of=("self",))
        .filter(customer_id=customer_id, currency=currency, made_on=made_on, due_on=due_on, amount=amount)
        .first()
    )
    values = {
        "entity_id": entity_id,
        "comment": comment.strip(),
        "recorded_by_id": actor.member_id,
        "plan_id": plan_id,
    }
    if again is not None:
        if again.state != Promise.State.WITHDRAWN:
            raise AlreadyRecorded
        for name, value in values.items():
            setattr(again, name, value)
        again.state, again.decided_on, again.updated_at = Promise.State.OPEN, None, Now()  # type: ignore[assignment]
        again.save()
        again.promise_items.all().delete()
        return again
    try:
        with transaction.atomic():
            return Promise.objects.create(
                customer_id=customer_id, amount=amount, currency=currency, made_on=made_on, due_on=due_on, **values
            )
    except IntegrityError as error:
        raise AlreadyRecorded from error


@transaction.atomic
def withdraw_promise(*, promise_id: UUID, on: date, actor: Actor) -> Promise:
    """The promise was a mistake, or is replaced by another. Raises UnknownStanding, AlreadyOver, PartOfPlan."""
    promise = Promise.objects.select_for_update().filter(id=promise_id).first()
    if promise is None:
        raise UnknownStanding
    if promise.plan_id is not None:
        raise PartOfPlan
    if promise.state != Promise.State.OPEN:
        raise AlreadyOver
    promise.state, promise.decided_on = Promise.State.WITHDRAWN, on
    promise.updated_at = Now()  # type: ignore[assignment]
    promise.save(update_fields=["state", "decided_on", "updated_at"])
    changes: dict[str, Sequence[Any]] = {"state": [Promise.State.OPEN, Promise.State.WITHDRAWN]}
    record(actor=actor, action="receivables.promise_withdrawn", row=promise, changes=changes)
    return promise


@transaction.atomic
def place_hold(
    *,
    reason: str,
    from_on: date,
    actor: Actor,
    customer_id: UUID | None = None,
    item_id: UUID | None = None,
    group_id: UUID | None = None,
    until_on: date | None = None,
    note: str = "",
) -> Hold:
    """Take an item, a customer or a whole group out of dunning until a day (included), or open-ended.

    Raises BadHold, UnknownCustomer, UnknownItem.
    """
    if reason not in Hold.Reason.values:
        raise BadHold(fields={"reason": [_("Say why.")]})
    if until_on is not None and until_on < from_on:
        raise BadHold(fields={"until_on": [_("Not before the first day.")]})
    if sum(given is not None for given in (customer_id, item_id, group_id)) != 1:
        raise BadHold(_("A hold is on one item, one customer or one group."))
    if item_id is not None:
        item = LedgerItem.objects.filter(id=item_id, void_on=None).first()
        if item is None:
            raise UnknownItem
        customer_id = item.customer_id
    elif customer_id is not None and not Customer.objects.filter(id=customer_id).exists():
        raise UnknownCustomer
    elif group_id is not None and not CustomerGroup.objects.filter(id=group_id).exists():
        raise UnknownCustomer(_("There is no such group."))
    hold = Hold.objects.create(
        customer_id=customer_id,
        item_id=item_id,
        group_id=group_id,
        reason=reason,
        note=note.strip(),
        from_on=from_on,
        until_on=until_on,
        placed_by_id=actor.member_id,
    )
    changes: dict[str, Sequence[Any]] = {
        "reason": [None, reason],
        "from_on": [None, from_on],
        "until_on": [None, until_on],
    }
    record(actor=actor, action="receivables.hold_placed", row=hold, changes=changes)
    return hold


@transaction.atomic
def lift_hold(*, hold_id: UUID, on: date, actor: Actor) -> Hold:
    """End a hold on a day: from that day on it no longer counts. Raises UnknownStanding, AlreadyOver."""
    hold = Hold.objects.select_for_update().filter(id=hold_id).first()
    if hold is None:
        raise UnknownStanding
    if hold.lifted_on is not None:
        raise AlreadyOver
    hold.lifted_on, hold.lifted_by_id = on, actor.member_id
    hold.updated_at = Now()  # type: ignore[assignment]
    hold.save(update_fields=["lifted_on", "lifted_by", "updated_at"])
    record(actor=actor, action="receivables.hold_lifted", row=hold, changes={"lifted_on": [None, on]})
    return hold
