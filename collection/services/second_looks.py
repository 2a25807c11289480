"""Reminders that are no longer as they were seen, looked at again: what changed, and the mark that confirms them as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.access import Scope
from collection.models import Action
from collection.queries.actions import in_scope
from collection.services.changes import Changed, Kind, changes, seen_mark, text_seen, text_shown
from collection.services.sending import Prepared, prepare
from core.audit import Actor
from desk.texts import Text


@dataclass(frozen=True)
class Look:
    """A reminder as it would leave now. `former_text`: the text that it was made of when it was seen, where it is another
    one now; `seen`: its mark, "" where nothing is left in it.
    """

    prepared: Prepared
    changes: list[Changed]
    former_text: Text | None
    seen: str


def look_again(
    *,
    action_ids: Sequence[UUID],
    seen: Mapping[UUID, str],
    shown_at: datetime,
    scope: Scope,
    actor: Actor,
    on: date,
) -> list[Look]:
    """These proposed reminders as `actor` would send them now, the most promising first. About 15 SQL queries, and 3 for
    each whose text may be another one.

    `seen`: the marks of those that were looked at one by one; the others were shown by a list at `shown_at`.
    """
    rows = in_scope(Action.objects.filter(id__in=action_ids, state=Action.State.PROPOSED), scope=scope)
    actions = list(rows.select_related("customer", "entity", "version", "step").order_by("-priority_cents", "id"))
    for action in actions:
        action.decided_by_id = actor.member_id  # the message is signed by who sends it
    prepared = prepare(actions=actions, on=on)
    changed = changes(prepared=prepared)
    return [
        Look(
            prepared=one,
            changes=[each for each in changed[one.action.id] if each.kind is not Kind.NEW],
            former_text=_former(one, seen=seen.get(one.action.id, ""), shown_at=shown_at),
            seen=seen_mark(one.draft) if one.draft else "",
        )
        for one in prepared
    ]


def _former(one: Prepared, *, seen: str, shown_at: datetime) -> Text | None:
    if one.draft is None:
        return None
    return text_seen(one.draft, seen=seen) if seen else text_shown(one.draft, shown_at=shown_at)
