"""Disputes, promises and holds: recorded, ended, audited. Callers pass rows that the actor may see."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Conflict, Invalid
from core.money import Money, has_excess_decimals
from receivables.models import Customer, CustomerGroup, Dispute, Hold, LedgerItem, Promise, PromiseItem


class BadHold(Invalid):
    code = "bad_hold"
    message = _("Reminders cannot be suspended like this.")


class AlreadyHeld(Conflict):
    code = "already_held"
    message = _("Reminders are suspended for this reason already.")


class HoldEnded(Conflict):
    code = "hold_ended"
    message = _("This suspension has been lifted already.")


class BadDispute(Invalid):
    code = "bad_dispute"
    message = _("The dispute cannot be recorded like this.")


class AlreadyDisputed(Conflict):
    code = "already_disputed"
    message = _("This dispute is recorded already.")


class DisputeClosed(Conflict):
    code = "dispute_closed"
    message = _("This dispute has been closed already.")


class BadPromise(Invalid):
    code = "bad_promise"
    message = _("The promise cannot be recorded like this.")


class AlreadyPromised(Conflict):
    code = "already_promised"
    message = _("The same promise is recorded already.")


class PromiseDecided(Conflict):
    code = "promise_decided"
    message = _("This promise is no longer open.")


@transaction.atomic
def place_hold(
    *,
    customer: Customer | None = None,
    item: LedgerItem | None = None,
    group: CustomerGroup | None = None,
    reason: str,
    note: str = "",
    from_on: date,
    until_on: date | None = None,
    actor: Actor,
) -> Hold:
    """Suspend reminders of one customer, one item or one group from a day, until a day (included) or until lifted.

    Raises BadHold (not exactly one of the three, an unknown reason, an end before the start), AlreadyHeld (the same
    reason is in force on that day).
    """
    if sum(one is not None for one in (customer, item, group)) != 1:
        raise BadHold(_("Say which customer, item or group."))
    if reason not in Hold.Reason.values:
        raise BadHold(fields={"reason": _("Choose a reason.")})
    if until_on is not None and until_on < from_on:
        raise BadHold(fields={"until_on": _("The last day lies before the first.")})
    owner = item.customer if item is not None else customer
    rows = Hold.objects.filter(customer=owner, item=item, group=group, reason=reason, lifted_on__isnull=True)
    if any(row.until_on is None or row.until_on >= from_on for row in rows):
        raise AlreadyHeld
    hold = Hold.objects.create(
        customer=owner,
        item=item,
        group=group,
        reason=reason,
        note=note.strip(),
        from_on=from_on,
        until_on=until_on,
        placed_by_id=actor.member_id,
    )
    record(
        actor=actor,
        action="receivables.hold_placed",
        row=hold,
        changes={"reason": [None, reason], "from_on": [None, from_on], "until_on": [None, until_on]},
    )
    return hold


@transaction.atomic
def place_holds(
    *,
    customers: Collection[Customer] = (),
    items: Collection[LedgerItem] = (),
    reason: str,
    note: str = "",
    from_on: date,
    until_on: date | None = None,
    actor: Actor,
) -> list[Hold]:
    """Suspend reminders of each of these customers and items; those held for the reason already stay as they are."""
    placed = []
    for customer, item in [*((one, None) for one in customers), *((None, one) for one in items)]:
        try:
            placed.append(
                place_hold(
                    customer=customer,
                    item=item,
                    reason=reason,
                    note=note,
                    from_on=from_on,
                    until_on=until_on,
                    actor=actor,
                )
            )
        except AlreadyHeld:
            continue
    return placed


@transaction.atomic
def lift_hold(*, hold: Hold, on: date, actor: Actor) -> Hold:
    """Let reminders go on from `on`. Raises HoldEnded when somebody lifted it first."""
    if not Hold.objects.filter(id=hold.id, lifted_on__isnull=True).update(lifted_on=on, lifted_by=actor.member_id):
        raise HoldEnded
    record(actor=actor, action="receivables.hold_lifted", row=hold, changes={"lifted_on": [None, on]})
    hold.refresh_from_db()
    return hold


@transaction.atomic
def open_dispute(
    *,
    item: LedgerItem,
    reason: str,
    disputed_amount: Decimal | None = None,
    opened_on: date,
    comment: str = "",
    actor: Actor,
) -> Dispute:
    """Record that the customer contests an item: `disputed_amount` of it in the item's currency, None: all of it.

    Raises BadDispute (no reason, an amount that is not above 0 or above what is open, a credit), AlreadyDisputed.
    """
    if not reason.strip():
        raise BadDispute(fields={"reason": _("Say what the customer contests.")})
    if item.open_amount <= 0:
        raise BadDispute(_("Only what is open and owed to us can be disputed."))
    if disputed_amount is not None:
        if disputed_amount <= 0 or disputed_amount > item.open_amount:
            raise BadDispute(fields={"disputed_amount": _("The amount must be above 0 and at most what is open.")})
        if has_excess_decimals(disputed_amount, item.currency):
            raise BadDispute(fields={"disputed_amount": _("The currency has fewer decimals.")})
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                customer_id=item.customer_id,
                item=item,
                reason=reason.strip()[:60],
                disputed_amount=disputed_amount,
                currency=item.currency,
                opened_on=opened_on,
                comment=comment.strip(),
                opened_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyDisputed from error
    record(
        actor=actor,
        action="receivables.dispute_opened",
        row=dispute,
        changes={"reason": [None, dispute.reason], "disputed_amount": [None, disputed_amount]},
    )
    return dispute


@transaction.atomic
def close_dispute(*, dispute: Dispute, closed_on: date, comment: str = "", actor: Actor) -> Dispute:
    """End a dispute; the item is chased again. `comment` is added below what was said.

    Raises BadDispute (closed before it was opened), DisputeClosed when somebody closed it first.
    """
    if closed_on < dispute.opened_on:
        raise BadDispute(fields={"closed_on": _("The dispute was opened later.")})
    said = "\n".join(part for part in (dispute.comment, comment.strip()) if part)
    closed = Dispute.objects.filter(id=dispute.id, closed_on__isnull=True).update(
        closed_on=closed_on, comment=said, updated_at=Now()
    )
    if not closed:
        raise DisputeClosed
    record(actor=actor, action="receivables.dispute_closed", row=dispute, changes={"closed_on": [None, closed_on]})
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def record_promise(
    *,
    customer: Customer,
    money: Money,
    due_on: date,
    made_on: date,
    entity_id: UUID | None = None,
    items: Collection[LedgerItem] = (),
    comment: str = "",
    actor: Actor,
) -> Promise:
    """Record that the customer says it pays `money` by `due_on`; `items`: those it speaks of, none: no one in particular.

    Raises BadPromise (nothing promised, a day before the promise, items of others or of another currency),
    AlreadyPromised.
    """
    if money.amount <= 0 or has_excess_decimals(money.amount, money.currency):
        raise BadPromise(fields={"amount": _("Enter an amount above 0.")})
    if due_on < made_on:
        raise BadPromise(fields={"due_on": _("The day lies before the promise was made.")})
    if any(item.customer_id != customer.id or item.currency != money.currency for item in items):
        raise BadPromise(_("The items must be of this customer and in the promised currency."))
    try:
        with transaction.atomic():
            promise = Promise.objects.create(
                customer=customer,
                entity_id=entity_id,
                amount=money.amount,
                currency=money.currency,
                made_on=made_on,
                due_on=due_on,
                comment=comment.strip(),
                recorded_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyPromised from error
    PromiseItem.objects.bulk_create([PromiseItem(promise=promise, item=item) for item in items])
    record(
        actor=actor,
        action="receivables.promise_recorded",
        row=promise,
        changes={
            "amount": [None, money.amount],
            "currency": [None, money.currency],
            "due_on": [None, due_on],
            "items": [[], [item.id for item in items]],
        },
    )
    return promise


@transaction.atomic
def withdraw_promise(*, promise: Promise, on: date, actor: Actor) -> Promise:
    """Take a promise back that was recorded in error or that the customer revoked. Raises PromiseDecided."""
    withdrawn = Promise.objects.filter(id=promise.id, state=Promise.State.OPEN).update(
        state=Promise.State.WITHDRAWN, decided_on=on, updated_at=Now()
    )
    if not withdrawn:
        raise PromiseDecided
    record(
        actor=actor,
        action="receivables.promise_withdrawn",
        row=promise,
        changes={"state": [Promise.State.OPEN.value, Promise.State.WITHDRAWN.value]},
    )
    promise.refresh_from_db()
    return promise
