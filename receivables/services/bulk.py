"""What is done to several rows at once: all of it or nothing, each through the service for one."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.audit import Actor
from receivables.models import Dispute, Hold
from receivables.services import standing


@transaction.atomic
def place_holds(
    *,
    customer_ids: Collection[UUID] = (),
    item_ids: Collection[UUID] = (),
    reason: str,
    from_on: date,
    actor: Actor,
    until_on: date | None = None,
    note: str = "",
) -> list[Hold]:
    """Take customers and items out of dunning; those that are out for the same reason already stay as they are.

    Raises what standing.place_hold raises.
    """
    placed = []
    for name, ids in (("customer_id", customer_ids), ("item_id", item_ids)):
        held = _held(name, ids, reason=reason, on=from_on)
        placed += [
            standing.place_hold(
                **{name: row_id},
                reason=reason,
                from_on=from_on,
                until_on=until_on,
                note=note,
                actor=actor,
            )
            for row_id in ids
            if row_id not in held
        ]
    return placed


def _held(name: str, ids: Collection[UUID], *, reason: str, on: date) -> set[UUID]:
    """Of these, those with a hold for the reason in force on the day."""
    if not ids:
        return set()
    holds = Hold.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on), **{f"{name}__in": ids}, reason=reason, lifted_on__isnull=True
    )
    if name == "customer_id":
        holds = holds.filter(item_id__isnull=True)
    return set(holds.values_list(name, flat=True))


@transaction.atomic
def record_disputes(
    *,
    item_ids: Iterable[UUID],
    reason: str,
    opened_on: date,
    actor: Actor,
    disputed_amount: Decimal | None = None,
    comment: str = "",
) -> list[Dispute]:
    """One dispute on each item. `disputed_amount` makes sense for a single one. Raises as standing.record_dispute."""
    return [
        standing.record_dispute(
            item_id=item_id,
            reason=reason,
            opened_on=opened_on,
            disputed_amount=disputed_amount,
            comment=comment,
            actor=actor,
        )
        for item_id in item_ids
    ]
