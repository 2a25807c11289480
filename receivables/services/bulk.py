"""What is done to several rows at once: all of it or nothing, each through the service for one."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from core.audit import Actor, audited
from core.tenancy import require_tenant_id
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


@transaction.atomic
def hold_items(*, item_ids: Collection[UUID], reason: str, note: str, from_on: date, actor: Actor) -> dict[UUID, UUID]:
    """Take these items out of dunning in one statement, open-ended; item -> its new hold. 2 SQL statements.

    For services that keep the hold to lift it later: nothing is left out, whatever holds there are.
    """
    audited(
        statement=(
            "INSERT INTO receivables_hold (tenant_id, customer_id, item_id, reason, note, from_on, placed_by_id) "
            "SELECT i.tenant_id, i.customer_id, i.id, %s, %s, %s, %s FROM receivables_ledgeritem i "
            "WHERE i.tenant_id = %s AND i.id = ANY(%s) "
            "RETURNING id, customer_id, jsonb_build_object('reason', jsonb_build_array(NULL, reason), "
            "'item', jsonb_build_array(NULL, item_id), 'from_on', jsonb_build_array(NULL, from_on))"
        ),
        params=[reason, note, from_on, actor.member_id, require_tenant_id(), list(item_ids)],
        actor=actor,
        action="receivables.hold_placed",
        model=Hold,
    )
    # The newest of each: ids rise with time.
    rows = Hold.objects.filter(item_id__in=item_ids, reason=reason, lifted_on__isnull=True).order_by("id")
    return {item_id: hold_id for item_id, hold_id in rows.values_list("item_id", "id") if item_id}
