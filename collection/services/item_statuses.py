"""Setting status codes on items, any number in two statements; each change is a row of the items' history."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from core.audit import Actor, audited
from core.errors import Invalid, NotFound
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.models import Task
from desk.services.tasks import NewTask, make_tasks
from receivables.models import ItemStatus, StatusCode
from receivables.queries.visible import items_in

MOST_ITEMS = 5_000
MOST_DAYS = 365
OBJECT = "receivables.LedgerItem"


class BadStatus(Invalid):
    code = "bad_status"
    message = _("The status cannot be set like this.")


class Picked(NamedTuple):
    """An item that is marked, locked until the end of the transaction."""

    id: UUID
    customer_id: UUID
    number: str
    collector_id: UUID | None


def picked_items(*, item_ids: Collection[UUID], scope: Scope) -> list[Picked]:
    """These items, locked, so that two people do not mark them at once. Raises NotFound if one is not seen, BadStatus."""
    wanted = set(item_ids)
    if not 0 < len(wanted) <= MOST_ITEMS:
        raise BadStatus(_("Choose 1 to %(most)d items.") % {"most": MOST_ITEMS})
    rows = items_in(scope=scope).filter(id__in=wanted).order_by("id").select_for_update(no_key=True, of=("self",))
    found = [Picked(*row) for row in rows.values_list("id", "customer_id", "number", "account__collector_id")]
    if len(found) != len(wanted):
        raise NotFound
    return found


@transaction.atomic
def set_status(
    *,
    item_ids: Collection[UUID],
    status_id: UUID,
    until_on: date | None = None,
    note: str = "",
    scope: Scope,
    actor: Actor,
    on: date,
) -> int:
    """Mark items from the day `on`; what they bore before ends. How many changed: those that bear it so already do not.

    `until_on`: of a WAIT, the last day without reminder (default: so many days as the code says). A TASK makes one task
    for each customer. Raises NotFound, BadStatus.
    """
    status = StatusCode.objects.filter(id=status_id).first()
    if status is None:
        raise NotFound
    until_on = _until(status, until_on, on)
    items = picked_items(item_ids=item_ids, scope=scope)
    note = note.strip()[:300]
    ids = [item.id for item in items]
    same = "(s.status_id = %s AND s.until_on IS NOT DISTINCT FROM %s AND s.note = %s)"
    _end(ids, actor=actor, on=on, but=same, params=[status.id, until_on, note])
    count = audited(
        statement=(
            "INSERT INTO receivables_itemstatus (tenant_id, customer_id, item_id, status_id, from_on, until_on, note, set_by_id) "
            "SELECT i.tenant_id, i.customer_id, i.id, %s, %s, %s, %s, %s FROM receivables_ledgeritem i "
            "WHERE i.tenant_id = %s AND i.id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM receivables_itemstatus s "
            "WHERE s.tenant_id = i.tenant_id AND s.item_id = i.id AND s.ended_on IS NULL) "
            "RETURNING id, customer_id, jsonb_build_object('item', jsonb_build_array(NULL, item_id), "
            "'status', jsonb_build_array(NULL, status_id), 'until_on', jsonb_build_array(NULL, until_on))"
        ),
        params=[status.id, on, until_on, note, actor.member_id, require_tenant_id(), ids],
        actor=actor,
        action="collection.status_set",
        model=ItemStatus,
    )
    if status.behaviour == StatusCode.Behaviour.TASK and count:
        make_tasks(tasks=_tasks(status, items, note=note, on=on), on=on, actor=actor)
    return count


@transaction.atomic
def clear_status(*, item_ids: Collection[UUID], scope: Scope, actor: Actor, on: date) -> int:
    """Take the status off items: from the day `on` they are chased as any other. How many bore one. Raises NotFound."""
    items = picked_items(item_ids=item_ids, scope=scope)
    return _end([item.id for item in items], actor=actor, on=on)


def _until(status: StatusCode, until_on: date | None, on: date) -> date | None:
    if not status.is_active:
        raise BadStatus(fields={"status": [_("This status is not offered any more.")]})
    if status.behaviour != StatusCode.Behaviour.WAIT:
        if until_on is not None:
            raise BadStatus(fields={"until_on": [_("Only a status that waits has a last day.")]})
        return None
    if until_on is None:
        return on + timedelta(days=status.wait_days or 1)
    if not on <= until_on <= on + timedelta(days=MOST_DAYS):
        raise BadStatus(fields={"until_on": [_("Not before today, and at most a year ahead.")]})
    return until_on


def _end(ids: list[UUID], *, actor: Actor, on: date, but: str = "false", params: Collection[Any] = ()) -> int:
    return audited(
        statement=(
            "UPDATE receivables_itemstatus s SET ended_on = greatest(s.from_on, %s), ended_by_id = %s, "
            "updated_at = statement_timestamp() "
            f"WHERE s.tenant_id = %s AND s.item_id = ANY(%s) AND s.ended_on IS NULL AND NOT {but} "
            "RETURNING s.id, s.customer_id, jsonb_build_object('ended_on', jsonb_build_array(NULL, s.ended_on))"
        ),
        params=[on, actor.member_id, require_tenant_id(), ids, *params],
        actor=actor,
        action="collection.status_ended",
        model=ItemStatus,
    )


def _tasks(status: StatusCode, items: Collection[Picked], *, note: str, on: date) -> list[NewTask]:
    """One for each customer: a hundred marked items are one call, not a hundred."""
    of_customer: dict[UUID, list[Picked]] = defaultdict(list)
    for item in items:
        of_customer[item.customer_id].append(item)
    out = []
    for customer_id, own in of_customer.items():
        first = min(own, key=lambda item: item.number)
        words = {"status": status.label, "number": first.number, "n": len(own) - 1, "note": note[:120]}
        one = gettext_noop("%(status)s: %(number)s %(note)s")
        many = gettext_noop("%(status)s: %(number)s and %(n)s more %(note)s")
        out.append(
            NewTask(
                kind=Task.Kind.STATUS,
                key=f"{status.id}:{first.id}:{on.isoformat()}",
                customer_id=customer_id,
                sentence=Phrase(many if len(own) > 1 else one, words),
                due_on=on,
                assignee_id=first.collector_id,
                object_type=OBJECT,
                object_id=first.id,
            )
        )
    return out
