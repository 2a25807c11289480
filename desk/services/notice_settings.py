"""Which messages beside reminders an organisation sends, and who wants none of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Invalid
from desk.models import Notice, NoticeOptOut, NoticeSetting

TO_CUSTOMERS = (Notice.THANKS, Notice.DELIVERY)
TO_MEMBERS = (Notice.SALES_DIGEST, Notice.DAY_DIGEST, Notice.DECISION)
# What an organisation switches on; decisions are always told, but to members who want no such mail.
OF_ORGANISATION = (*TO_CUSTOMERS, Notice.SALES_DIGEST, Notice.DAY_DIGEST)
# Days between two to the same customer or member, until an organisation says otherwise.
USUAL_DAYS = {Notice.THANKS: 30, Notice.DELIVERY: 0, Notice.SALES_DIGEST: 7, Notice.DAY_DIGEST: 1}
MOST_DAYS = 365


class BadNotice(Invalid):
    code = "bad_notice"
    message = _("This cannot be saved.")


def setting(kind: Notice) -> NoticeSetting | None:
    """How a kind is sent; None where it is not. 1 SQL query."""
    return NoticeSetting.objects.filter(kind=kind, since__isnull=False).first()


def settings_by_kind() -> dict[str, NoticeSetting]:
    """Every kind that was ever set. 1 SQL query."""
    return {row.kind: row for row in NoticeSetting.objects.all()}


@transaction.atomic
def set_notice(*, kind: str, is_on: bool, every_days: int, now: datetime, actor: Actor) -> NoticeSetting:
    """Send a kind of message from now on, or no longer. What was learned before it was switched on is left alone.

    Raises BadNotice.
    """
    if kind not in OF_ORGANISATION:
        raise BadNotice
    least = 1 if kind in TO_MEMBERS else 0
    if not least <= every_days <= MOST_DAYS:
        text = _("From %(least)d to %(most)d days.") % {"least": least, "most": MOST_DAYS}
        raise BadNotice(fields={"every_days": [text]})
    row, _created = NoticeSetting.objects.select_for_update().get_or_create(kind=kind)
    before = (row.since is not None, row.every_days)
    if before != (is_on, every_days) or _created:
        row.since = (row.since or now) if is_on else None
        row.every_days, row.set_by_id = every_days, actor.member_id
        row.updated_at = Now()  # type: ignore[assignment]
        row.save()
        changes: dict[str, Sequence[Any]] = {"is_on": [before[0], is_on], "every_days": [before[1], every_days]}
        record(actor=actor, action="desk.notice_set", row=row, changes=changes)
        row.refresh_from_db()
    return row


@transaction.atomic
def set_wish(
    *, kind: str, wanted: bool, actor: Actor, customer_id: UUID | None = None, member_id: UUID | None = None
) -> None:
    """A customer, or a member, wants a kind of message or does not. Again, it changes nothing."""
    if kind not in (TO_CUSTOMERS if customer_id else TO_MEMBERS):
        raise BadNotice
    whose = {"customer_id": customer_id, "member_id": member_id}
    row = NoticeOptOut.objects.filter(kind=kind, **whose).first()
    if wanted and row is not None:
        record(actor=actor, action="desk.notice_opt_out", row=row, changes={"kind": [kind, None]})
        row.delete()
    elif not wanted and row is None:
        row = NoticeOptOut.objects.create(kind=kind, **whose, by_id=actor.member_id)
        record(actor=actor, action="desk.notice_opt_out", row=row, changes={"kind": [None, kind]})


def unwanted_by_customers(kind: Notice, customer_ids: Collection[UUID]) -> set[UUID]:
    """Those of these customers that want none. 1 SQL query."""
    rows = NoticeOptOut.objects.filter(kind=kind, customer_id__in=list(customer_ids))
    return {one for one in rows.values_list("customer_id", flat=True) if one}


def unwanted_by_members(kind: Notice) -> set[UUID]:
    """Members that want none. 1 SQL query."""
    rows = NoticeOptOut.objects.filter(kind=kind, member__isnull=False)
    return {one for one in rows.values_list("member_id", flat=True) if one}
