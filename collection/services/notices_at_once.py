"""Formal notices, several at once: asked for from their proposals, and approved by somebody who has seen each letter.

One that cannot be asked for or approved stops no other: it is named with its reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, FormalNotice, Step
from collection.queries.actions import in_scope
from collection.queries.terminal import notices_in
from collection.services.changes import seen_mark
from collection.services.deciding import NotProposed
from collection.services.formal_notices import (
    Place,
    add_request,
    ask_about_notices,
    check_decision,
    check_request,
    items_of,
    open_notices,
    place_of,
    save_decision,
)
from collection.services.notice_approvals import is_covered
from collection.services.sending import NothingLeft, Prepared, prepare
from collection.services.terminal import AlreadyAsked, askers_of
from core.audit import Actor
from core.errors import Conflict, Invalid, Refusal
from receivables.models import Customer
from receivables.queries.visible import customers_in

# So many letters are asked for or read at once.
MOST_AT_ONCE = 200


class TooManyNotices(Invalid):
    code = "too_many_notices"
    message = _("Choose at most 200 at once.")


class NoNoticeDue(Conflict):
    code = "no_notice_due"
    message = _("No formal notice is proposed: its scenario has not reached one.")


class NoLetter(Conflict):
    code = "no_letter"
    message = _("Its letter is not proposed at the moment: there is nothing to look at.")


class NotCovered(Conflict):
    code = "not_covered"
    message = _("The letter speaks of items that came in since: its approval has to be asked for again.")


class NoticeChanged(Conflict):
    code = "notice_changed"
    message = _("The letter is no longer the one that you saw.")


# --- Asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prospect:
    """A proposed notice whose approval could be asked for, or `refusal` why it cannot. `prepared`: its letter as it is now.

    A customer for whom none is proposed has neither.
    """

    customer: Customer
    prepared: Prepared | None = None
    refusal: Refusal | None = None


def prospects(
    *, action_ids: Collection[UUID] = (), customer_ids: Collection[UUID] = (), scope: Scope, on: date
) -> list[Prospect]:
    """What asking for these proposals, or for all those of these customers, would ask for; by name of customer.

    What is out of scope is left out. About 12 SQL queries, whatever their number. Raises TooManyNotices.
    """
    rows = Action.objects.filter(state=Action.State.PROPOSED, step__kind=Step.Kind.FORMAL_NOTICE)
    rows = rows.filter(customer_id__in=customer_ids) if customer_ids else rows.filter(id__in=action_ids)
    found = [
        Prospect(one.action.customer, one, refusal)
        for one, refusal in _checked(_proposed(rows, scope), lock=False, on=on)[0]
    ]
    known = {one.customer.id for one in found}
    without = customers_in(scope=scope).filter(id__in=[one for one in customer_ids if one not in known])
    found += [Prospect(customer, refusal=NoNoticeDue()) for customer in without]
    return sorted(found, key=lambda one: (one.refusal is not None, one.customer.name, str(one.customer.id)))


@transaction.atomic
def request_notices(
    *, action_ids: Collection[UUID], note: str = "", scope: Scope, actor: Actor, on: date
) -> tuple[list[FormalNotice], list[Prospect]]:
    """Ask for the approval of each of these proposals, as `request_notice` does: the requests, and what cannot be asked.

    Who decides is asked once for all. Asked again, all are refused and nothing is changed. What is out of scope is left
    out. Raises TooManyNotices.
    """
    rows = Action.objects.filter(id__in=action_ids).select_for_update(of=("self",))
    checked, known = _checked(_proposed(rows, scope), lock=True, on=on)
    asked: dict[Place, FormalNotice] = {}
    refused = []
    for one, refusal in checked:
        place = place_of(one)
        try:
            if refusal is not None:
                raise refusal
            if place in asked:  # another part of the same message
                raise AlreadyAsked
            asked[place] = add_request(one, known=known.get(place), note=note, actor=actor, on=on)
        except Refusal as why:
            refused.append(Prospect(one.action.customer, one, why))
    ask_about_notices(list(asked.values()), on=on, actor=actor)
    return list(asked.values()), refused


def _proposed(rows: "QuerySet[Action]", scope: Scope) -> list[Action]:
    rows = in_scope(rows, scope=scope).select_related("customer", "entity", "step", "version")
    found = list(rows.order_by("id")[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        raise TooManyNotices
    return found


def _checked(
    actions: Sequence[Action], *, lock: bool, on: date
) -> tuple[list[tuple[Prepared, Refusal | None]], dict[Place, FormalNotice]]:
    """Each with why its approval cannot be asked for, and what is open of their places."""
    prepared = prepare(actions=actions, on=on) if actions else []
    known = open_notices([place_of(one) for one in prepared], lock=lock) if prepared else {}
    return [(one, _why_not(one, known)) for one in prepared], known


def _why_not(one: Prepared, known: Mapping[Place, FormalNotice]) -> Refusal | None:
    try:
        if one.action.state != Action.State.PROPOSED:
            raise NotProposed
        check_request(one, known=known.get(place_of(one)))
    except Refusal as refusal:
        return refusal
    return None


# --- Approving --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoticeLook:
    """A request with the letter that it would let leave, as it is now, or `refusal` why it cannot be approved here.

    `seen`: the letter's mark, "" where there is none.
    """

    notice: FormalNotice
    prepared: Prepared | None
    refusal: Refusal | None
    seen: str


def look_at_notices(*, notice_ids: Collection[UUID], scope: Scope, actor: Actor, on: date) -> list[NoticeLook]:
    """What these requests ask to let leave, for `actor` to read: what can be approved first, by name of customer.

    About 12 SQL queries, whatever their number. What is out of scope is left out. Raises TooManyNotices.
    """
    looks = _looks(notices_in(scope=scope).filter(id__in=notice_ids), actor=actor, on=on)
    return sorted(looks, key=lambda one: (one.refusal is not None, one.notice.customer.name, str(one.notice.id)))


@transaction.atomic
def approve_notices(
    *, seen: Mapping[UUID, str], scope: Scope, actor: Actor, on: date
) -> tuple[list[FormalNotice], list[NoticeLook]]:
    """Approve each of these requests whose letter is still the one that was seen: those approved, and the others with why
    not, as they are now.

    `seen`: by request the mark of the letter that was read. Raises TooManyNotices.
    """
    rows = notices_in(scope=scope).filter(id__in=list(seen)).select_for_update(of=("self",))
    approved, refused = [], []
    for look in _looks(rows, actor=actor, on=on):
        if look.refusal is None and look.seen != seen[look.notice.id]:
            refused.append(NoticeLook(look.notice, look.prepared, NoticeChanged(), look.seen))
        elif look.refusal is not None:
            refused.append(look)
        else:
            save_decision(look.notice, approve=True, actor=actor, on=on)
            approved.append(look.notice)
    return approved, refused


def _looks(rows: "QuerySet[FormalNotice]", *, actor: Actor, on: date) -> list[NoticeLook]:
    notices = list(rows.select_related("customer", "entity", "requested_by").order_by("id")[: MOST_AT_ONCE + 1])
    if len(notices) > MOST_AT_ONCE:
        raise TooManyNotices
    letters: dict[Place, list[Prepared]] = {}
    customer_ids = {row.customer_id for row in notices if row.state == FormalNotice.State.REQUESTED}
    if customer_ids:
        proposed = Action.objects.filter(
            state=Action.State.PROPOSED, step__kind=Step.Kind.FORMAL_NOTICE, customer_id__in=customer_ids
        )
        actions = list(proposed.select_related("customer", "entity", "step", "version").order_by("id"))
        for action in actions:
            action.decided_by_id = actor.member_id  # whoever reads it sees it signed as if they confirmed it
        for one in prepare(actions=actions, on=on):
            letters.setdefault(place_of(one), []).append(one)
    askers = askers_of(notices)
    return [
        _look(row, letters.get((row.customer_id, row.entity_id, row.step_key), ()), askers[row.id], actor)
        for row in notices
    ]


def _look(row: FormalNotice, letters: Sequence[Prepared], asked_by: UUID | None, actor: Actor) -> NoticeLook:
    """Of several parts of a message the one that the request speaks of."""
    about = set(row.items)
    found = max(letters, key=lambda one: len(about & {str(item_id) for item_id in items_of(one)}), default=None)
    draft = found.draft if found else None
    try:
        check_decision(row, asked_by=asked_by, actor=actor)
        if found is None:
            raise NoLetter
        if draft is None:
            raise NothingLeft
        if not is_covered(items_of(found), by=row):
            raise NotCovered
    except Refusal as refusal:
        return NoticeLook(row, found, refusal, seen_mark(draft) if draft else "")
    return NoticeLook(row, found, None, seen_mark(draft) if draft else "")
