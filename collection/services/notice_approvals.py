"""The approval of a formal notice where letters are confirmed: needed, spent, given back."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from collection.models import Action, FormalNotice, Step
from core.audit import Actor, changed, record
from core.errors import Conflict


class NotApproved(Conflict):
    code = "notice_not_approved"
    message = _("A formal notice has to be approved before it leaves. Ask for the approval first.")


def spend_approval(*, action: Action, item_ids: list[UUID], actor: Actor) -> None:
    """Called where a letter is confirmed: uses up the approval of a formal notice; nothing for other steps.

    Raises NotApproved where there is none, or the letter speaks of an item that the approval does not.
    """
    if action.step.kind != Step.Kind.FORMAL_NOTICE:
        return
    row = _approved(action)
    if row is None or not is_covered(item_ids, by=row):
        raise NotApproved
    save_notice(
        row,
        {"state": FormalNotice.State.SPENT, "action_id": action.id},
        actor=actor,
        action="collection.notice_confirmed",
    )


def give_back_approval(*, action: Action, actor: Actor) -> None:
    """The confirmation was taken back in time: the approval counts again."""
    for row in FormalNotice.objects.select_for_update().filter(action_id=action.id, state=FormalNotice.State.SPENT):
        values = {"state": FormalNotice.State.APPROVED, "action_id": None}
        save_notice(row, values, actor=actor, action="collection.notice_given_back")


def approval_of(action: Action, *, item_ids: Collection[UUID]) -> FormalNotice | None:
    """The open request or approval for a proposed formal notice on these items; None for one that speaks of fewer.

    1 SQL query.
    """
    row = FormalNotice.objects.filter(
        customer_id=action.customer_id,
        entity_id=action.entity_id,
        step_key=action.step.step_key,
        state__in=FormalNotice.OPEN,
    ).first()
    return row if row is not None and is_covered(item_ids, by=row) else None


def is_covered(item_ids: Collection[UUID], *, by: FormalNotice) -> bool:
    """Whether a letter on these items is what the approval speaks of, or less."""
    return {str(item_id) for item_id in item_ids} <= set(by.items)


def _approved(action: Action) -> FormalNotice | None:
    return (
        FormalNotice.objects.select_for_update()
        .filter(
            customer_id=action.customer_id,
            entity_id=action.entity_id,
            step_key=action.step.step_key,
            state=FormalNotice.State.APPROVED,
        )
        .first()
    )


def save_notice(row: FormalNotice, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    """Change the row, with its audit."""
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action=action, row=row, changes=changes)
