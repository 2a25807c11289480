"""Instalment plans: one agreement, several dated promises."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.money import has_excess_decimals
from receivables.models import Entity, InstalmentPlan, Promise, PromiseItem
from receivables.rules.promises import MOST_PARTS, Part
from receivables.services.standing import (
    AlreadyOver,
    BadPromise,
    UnknownStanding,
    add_promise,
    promised_items,
)


@transaction.atomic
def record_plan(
    *,
    customer_id: UUID,
    amount: Decimal,
    currency: str,
    parts: Sequence[Part],
    agreed_on: date,
    actor: Actor,
    entity_id: UUID | None = None,
    item_ids: Iterable[UUID] = (),
    comment: str = "",
) -> InstalmentPlan:
    """The customer pays `amount` in parts, perhaps for certain items. Reminders of them wait while the plan runs.

    The parts sum to the amount to the cent, on 2 to 60 days that follow each other. Raises UnknownCustomer,
    UnknownItem, BadPromise, AlreadyRecorded.
    """
    items = promised_items(customer_id=customer_id, item_ids=item_ids, currency=currency)
    wrong: dict[str, list[Any]] = {}
    if not 2 <= len(parts) <= MOST_PARTS:
        wrong["parts"] = [_("A plan has 2 to %(most)d parts.") % {"most": MOST_PARTS}]
    elif any(part.amount <= 0 or has_excess_decimals(part.amount, currency) for part in parts):
        wrong["parts"] = [_("Each part is more than 0, with no more decimals than the currency has.")]
    elif sum((part.amount for part in parts), Decimal(0)) != amount:
        wrong["parts"] = [
            _("The parts sum to %(sum)s, not to %(amount)s.")
            % {"sum": sum((part.amount for part in parts), Decimal(0)), "amount": amount}
        ]
    elif any(later.due_on <= part.due_on for part, later in pairwise(parts)):
        wrong["parts"] = [_("Each part has a later day than the one before it.")]
    elif parts[0].due_on < agreed_on:
        wrong["parts"] = [_("Not before the day on which it was promised.")]
    if entity_id is not None and not Entity.objects.filter(id=entity_id).exists():
        wrong["entity"] = [_("There is no such company.")]
    if wrong:
        raise BadPromise(fields=wrong)
    plan = InstalmentPlan.objects.create(
        customer_id=customer_id,
        entity_id=entity_id,
        amount=amount,
        currency=currency,
        agreed_on=agreed_on,
        comment=comment.strip(),
        recorded_by_id=actor.member_id,
    )
    for part in parts:
        promise = add_promise(
            customer_id=customer_id,
            entity_id=entity_id,
            amount=part.amount,
            currency=currency,
            made_on=agreed_on,
            due_on=part.due_on,
            comment=comment,
            plan_id=plan.id,
            actor=actor,
        )
        PromiseItem.objects.bulk_create(PromiseItem(promise=promise, item=item) for item in items)
    changes: dict[str, Sequence[Any]] = {
        "amount": [None, amount],
        "parts": [None, [[part.due_on.isoformat(), str(part.amount)] for part in parts]],
        "items": [None, sorted(str(item.id) for item in items)],
    }
    record(actor=actor, action="receivables.plan_recorded", row=plan, changes=changes)
    return plan


@transaction.atomic
def withdraw_plan(*, plan_id: UUID, on: date, actor: Actor) -> InstalmentPlan:
    """The plan was a mistake, or is replaced: what is open of it is withdrawn. Raises UnknownStanding, AlreadyOver."""
    plan = InstalmentPlan.objects.select_for_update().filter(id=plan_id).first()
    if plan is None:
        raise UnknownStanding
    if plan.state != InstalmentPlan.State.OPEN:
        raise AlreadyOver
    state = InstalmentPlan.State.WITHDRAWN
    plan.state, plan.decided_on, plan.updated_at = state, on, Now()
    plan.save(update_fields=["state", "decided_on", "updated_at"])
    for promise in Promise.objects.select_for_update().filter(plan=plan, state=Promise.State.OPEN):
        promise.state, promise.decided_on, promise.updated_at = Promise.State.WITHDRAWN, on, Now()
        promise.save(update_fields=["state", "decided_on", "updated_at"])
        record(
            actor=actor,
            action="receivables.promise_withdrawn",
            row=promise,
            changes={"state": [Promise.State.OPEN, Promise.State.WITHDRAWN]},
        )
    record(actor=actor, action="receivables.plan_withdrawn", row=plan, changes={"state": ["OPEN", state]})
    return plan
