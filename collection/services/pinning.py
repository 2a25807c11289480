"""Items that stay with a version of a scenario, whatever follows it and whatever the rules say."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Member
from collection.models import ItemPin, ScenarioVersion
from core.audit import Actor, record
from core.errors import Invalid, NotFound
from receivables.models import LedgerItem
from receivables.queries.visible import items_in

MOST_ITEMS = 1000


class BadPin(Invalid):
    code = "bad_pin"
    message = _("The items cannot be pinned like this.")


@transaction.atomic
def pin_items(
    *,
    item_ids: Collection[UUID],
    version: ScenarioVersion,
    reason: str,
    scope: Scope,
    on: date,
    by: Member | None,
    actor: Actor,
) -> list[ItemPin]:
    """Have these items follow the version from the day `on`; a pin to another one ends. Those that have it keep theirs.

    What was done for them stays done. Raises BadPin (no reason, a draft, an archived scenario, too many), NotFound.
    """
    if not reason.strip():
        raise BadPin(fields={"reason": [_("Say why, please.")]})
    if version.is_draft or version.scenario.archived_on is not None:
        raise BadPin(fields={"version": [_("Choose a version that was published, of a scenario in use.")]})
    items = _items(item_ids, scope=scope)
    former = {
        pin.item_id: pin
        for pin in ItemPin.objects.select_for_update().filter(item__in=list(items), ended_on__isnull=True)
    }
    made = []
    for item in items.values():
        before = former.get(item.id)
        if before is not None and before.version_id == version.id:
            continue
        if before is not None:
            _end(before, on=on, by=by, actor=actor)
        pin = ItemPin.objects.create(
            item=item,
            customer_id=item.customer_id,
            version=version,
            reason=reason.strip()[:200],
            from_on=on,
            pinned_by=by,
        )
        record(
            actor=actor,
            action="collection.item_pinned",
            row=pin,
            changes={"item": [None, item.number], "version": [None, str(version)], "reason": [None, pin.reason]},
        )
        made.append(pin)
    return made


@transaction.atomic
def unpin_items(*, item_ids: Collection[UUID], scope: Scope, on: date, by: Member | None, actor: Actor) -> int:
    """Have these items follow the rules again from the day `on`. How many did not. Raises BadPin (too many), NotFound."""
    items = _items(item_ids, scope=scope)
    pins = list(ItemPin.objects.select_for_update().filter(item__in=list(items), ended_on__isnull=True))
    for pin in pins:
        _end(pin, on=on, by=by, actor=actor)
    return len(pins)


def pins_of(*, item_ids: Collection[UUID]) -> dict[UUID, ItemPin]:
    """The pins in force by item, with their version and scenario. 1 SQL query."""
    rows = ItemPin.objects.filter(item__in=list(item_ids), ended_on__isnull=True)
    return {pin.item_id: pin for pin in rows.select_related("version__scenario", "pinned_by")}


def _items(item_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, LedgerItem]:
    if len(item_ids) > MOST_ITEMS:
        raise BadPin(_("At most %(most)d items at once.") % {"most": MOST_ITEMS})
    found = {item.id: item for item in items_in(scope=scope).filter(id__in=item_ids).order_by("due_date", "id")}
    if not found or set(item_ids) - set(found):
        raise NotFound
    return found


def _end(pin: ItemPin, *, on: date, by: Member | None, actor: Actor) -> None:
    pin.ended_on, pin.ended_by = on, by
    pin.save(update_fields=["ended_on", "ended_by"])
    record(actor=actor, action="collection.item_unpinned", row=pin, changes={"ended_on": [None, on]})
