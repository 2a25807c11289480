"""Naming who does the work of an absent member. Rights stay each one's own."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, Replacement
from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound

LONGEST_DAYS = 366


class BadReplacement(Invalid):
    code = "bad_replacement"
    message = _("The replacement cannot be named like this.")


class ReplacedAlready(Conflict):
    code = "replaced_already"
    message = _("Somebody has been named for some of these days already.")


class ReplacementOver(Conflict):
    code = "replacement_over"
    message = _("This replacement is over already.")


@transaction.atomic
def name_replacement(
    *, member_id: UUID, replacement_id: UUID, from_on: date, until_on: date, on: date, actor: Actor
) -> Replacement:
    """From `from_on` until `until_on` (included) somebody does the work of a member, seeing and doing no more than ever.

    Raises NotFound, BadReplacement, ReplacedAlready.
    """
    if not Member.objects.filter(id=member_id, is_active=True).exists():
        raise NotFound
    wrong = {}
    if replacement_id == member_id:
        wrong["replacement"] = [_("Choose somebody else.")]
    elif not Member.objects.filter(id=replacement_id, is_active=True, user__isnull=False).exists():
        wrong["replacement"] = [_("Choose an active member who can sign in.")]
    if from_on < on:
        wrong["from_on"] = [_("Today or later.")]
    if not from_on <= until_on <= from_on + timedelta(days=LONGEST_DAYS):
        wrong["until_on"] = [_("From the first day on, at most a year.")]
    if wrong:
        raise BadReplacement(fields=wrong)
    try:
        with transaction.atomic():
            row = Replacement.objects.create(
                member_id=member_id,
                replacement_id=replacement_id,
                from_on=from_on,
                until_on=until_on,
                named_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise ReplacedAlready from error
    changes: dict[str, Sequence[Any]] = {
        "member": [None, member_id],
        "replacement": [None, replacement_id],
        "from_on": [None, from_on],
        "until_on": [None, until_on],
    }
    record(actor=actor, action="accounts.replacement_named", row=row, changes=changes)
    return row


@transaction.atomic
def end_replacement(*, replacement_id: UUID, on: date, actor: Actor) -> Replacement:
    """The member is back: from today on the work is theirs again. Raises NotFound, ReplacementOver."""
    row = Replacement.objects.select_for_update(of=("self",)).filter(id=replacement_id).first()
    if row is None:
        raise NotFound
    if row.ended_on is not None or row.until_on < on:
        raise ReplacementOver
    row.ended_on = on
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["ended_on", "updated_at"])
    record(actor=actor, action="accounts.replacement_ended", row=row, changes={"ended_on": [None, on]})
    return row
