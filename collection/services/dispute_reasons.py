"""Why customers contest, in the organisation's own words: a tree of reasons, each with who answers and how soon."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from core.audit import Actor, changed, record
from core.errors import Invalid, NotFound
from receivables.models import DisputeReason
from receivables.words import DISPUTE_REASONS

MOST_LEVELS = 4


class BadReason(Invalid):
    code = "bad_reason"
    message = _("The reason cannot be kept like this.")


@transaction.atomic
def ensure_reasons() -> None:
    """The reasons that are offered from the start, as rows to be changed; nothing where there are some."""
    if DisputeReason.objects.exists():
        return
    DisputeReason.objects.bulk_create(
        (DisputeReason(code=code, label=str(label)) for code, label in DISPUTE_REASONS.items()), ignore_conflicts=True
    )


@transaction.atomic
def save_reason(
    *,
    reason_id: UUID | None,
    code: str,
    label: str,
    parent_id: UUID | None,
    owner_id: UUID | None,
    answer_days: int,
    is_active: bool,
    actor: Actor,
) -> DisputeReason:
    """A new reason, or a changed one. Its code stays, as disputes name it. Raises NotFound, BadReason."""
    row = DisputeReason() if reason_id is None else DisputeReason.objects.filter(id=reason_id).first()
    if row is None:
        raise NotFound
    if owner_id and not Member.objects.filter(id=owner_id, is_active=True).exists():
        raise BadReason(fields={"owner": [_("Choose an active member.")]})
    _check_place(reason_id, parent_id)
    values: dict[str, Any] = {
        "label": label.strip(),
        "parent_id": parent_id,
        "owner_id": owner_id,
        "answer_days": answer_days,
        "is_active": is_active,
    }
    if reason_id is None:
        values["code"] = code.strip().upper()
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    try:
        with transaction.atomic():
            row.save(force_insert=reason_id is None)
    except IntegrityError as error:
        raise BadReason(fields={"code": [_("There is a reason with this code already.")]}) from error
    record(actor=actor, action="collection.dispute_reason_saved", row=row, changes=changes)
    return row


def _check_place(reason_id: UUID | None, parent_id: UUID | None) -> None:
    """A reason is not below itself, and the tree not deeper than one can read."""
    above, levels = parent_id, 1
    while above is not None:
        levels += 1
        if above == reason_id or levels > MOST_LEVELS:
            text = _("Not below itself, and at most %(most)d levels.") % {"most": MOST_LEVELS}
            raise BadReason(fields={"parent": [text]})
        row = DisputeReason.objects.filter(id=above).only("parent_id").first()
        if row is None:
            raise BadReason(fields={"parent": [_("There is no such reason.")]})
        above = row.parent_id
