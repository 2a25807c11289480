"""Interest and recovery charges that a step of a scenario claims, the same as by hand."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction

from accounts.access import EVERYTHING
from collection.models import Action, ActionLine
from collection.services.claims import MOST_ITEMS, NothingToClaim, claim_charges
from core.audit import SYSTEM, Actor
from core.errors import Conflict

# What could not be claimed at the moment of sending is claimed by one of the next nights.
CAUGHT_UP_DAYS = 7


@transaction.atomic
def claim_for_steps(*, action_ids: Collection[UUID], on: date, actor: Actor = SYSTEM) -> int:
    """Claim interest until the day `on`, and charges, for the items of these actions whose step says so. How many claims.

    Only of actions that are sent or done. Claimed before is claimed once; where somebody claims at the same moment, what
    is missing is left to catch_up_claims().
    """
    lines = ActionLine.objects.filter(
        action__in=action_ids,
        action__state__in=(Action.State.SENT, Action.State.DONE),
        action__step__claims=True,
        state=ActionLine.State.DONE,
    )
    items = list(lines.order_by("item_id").values_list("item_id", flat=True))
    count = 0
    for start in range(0, len(items), MOST_ITEMS):
        some = items[start : start + MOST_ITEMS]
        try:
            with transaction.atomic():
                count += len(claim_charges(item_ids=some, until=on, scope=EVERYTHING, actor=actor, on=on))
        except (NothingToClaim, Conflict):
            continue
    return count


def catch_up_claims(*, on: date, actor: Actor = SYSTEM) -> int:
    """Claim what the steps of the last days should have claimed, up to their days. How many claims."""
    actions = Action.objects.filter(
        state__in=(Action.State.SENT, Action.State.DONE), step__claims=True, on__gt=on - timedelta(days=CAUGHT_UP_DAYS)
    )
    by_day: dict[date, list[UUID]] = {}
    for action_id, day in actions.order_by("on", "id").values_list("id", "on"):
        by_day.setdefault(day, []).append(action_id)
    return sum(claim_for_steps(action_ids=ids, on=day, actor=actor) for day, ids in by_day.items())
