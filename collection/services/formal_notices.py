"""A formal notice leaves only once a person has approved it: asked for from a proposal, and decided.

Several at once: services.notices_at_once.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.roles import Can
from collection.models import FormalNotice, Step
from collection.queries.terminal import notices_in
from collection.services.by_hand import amounts_phrase
from collection.services.deciders import Ask, ask_deciders
from collection.services.deciding import proposed_action
from collection.services.notice_approvals import is_covered, save_notice
from collection.services.sending import NothingLeft, Prepared, prepare
from collection.services.terminal import (
    AlreadyAsked,
    AlreadyDecided,
    BadRequest,
    askers_of,
    may_decide,
    terminal_settings,
)
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from core.money import amount_text
from core.text import Phrase, gettext_noop
from desk.services.tasks import finish_tasks_about

NOTICE = "collection.FormalNotice"
# The customer, the entity and the step that an approval is for.
Place = tuple[UUID, UUID, str]


class NotANotice(Conflict):
    code = "not_a_notice"
    message = _("This step is no formal notice: it needs no approval.")


@transaction.atomic
def request_notice(*, action_id: UUID, note: str = "", scope: Scope, actor: Actor, on: date) -> FormalNotice:
    """Ask for the approval of a proposed formal notice, for the items that it speaks of now.

    It holds for the step of the customer at the entity, as proposals are made anew each night; one that was asked for or
    given and does not speak of all these items is replaced. Raises NotFound, NotProposed, NotANotice, NothingLeft,
    AlreadyAsked.
    """
    prepared = prepare(actions=[proposed_action(action_id=action_id, scope=scope)], on=on)[0]
    place = place_of(prepared)
    known = open_notices([place], lock=True).get(place)
    check_request(prepared, known=known)
    row = add_request(prepared, known=known, note=note, actor=actor, on=on)
    ask_about_notices([row], on=on, actor=actor)
    return row


def place_of(prepared: Prepared) -> Place:
    action = prepared.action
    return action.customer_id, action.entity_id, action.step.step_key


def open_notices(places: Collection[Place], *, lock: bool = False) -> dict[Place, FormalNotice]:
    """Those asked for or approved, by what they are for; locked until the transaction ends if asked. 1 SQL query."""
    rows = FormalNotice.objects.filter(customer_id__in={place[0] for place in places}, state__in=FormalNotice.OPEN)
    if lock:
        rows = rows.select_for_update()
    return {(row.customer_id, row.entity_id, row.step_key): row for row in rows.order_by("id")}


def check_request(prepared: Prepared, *, known: FormalNotice | None) -> None:
    """Raises NotANotice, NothingLeft, AlreadyAsked where the approval of a proposal cannot be asked for.

    `known`: the open request or approval of its place.
    """
    if prepared.action.step.kind != Step.Kind.FORMAL_NOTICE:
        raise NotANotice
    if not prepared.plan.lines:
        raise NothingLeft
    if known is not None and (is_covered(items_of(prepared), by=known) or _is_other_part(prepared, known)):
        raise AlreadyAsked


def _is_other_part(prepared: Prepared, known: FormalNotice) -> bool:
    """Whether what is open is about another of the messages that a long one was cut into: one after the other."""
    return bool(prepared.action.part) and not set(known.items) & set(map(str, items_of(prepared)))


def items_of(prepared: Prepared) -> list[UUID]:
    """What the letter speaks of now."""
    return [line.item.item_id for line in prepared.plan.lines]


def amounts_of(prepared: Prepared) -> dict[str, str]:
    """{"EUR": "1200.00"}: what the letter asks for now, by currency."""
    return {currency: amount_text(amount, currency) for currency, amount in prepared.plan.amounts.items()}


def add_request(prepared: Prepared, *, known: FormalNotice | None, note: str, actor: Actor, on: date) -> FormalNotice:
    """The request of a proposal that was checked; the caller asks who decides. Raises AlreadyAsked."""
    action = prepared.action
    if known is not None:
        save_notice(known, {"state": FormalNotice.State.REPLACED}, actor=actor, action="collection.notice_replaced")
        finish_tasks_about(object_id=known.id, actor=actor, on=on)
    try:
        with transaction.atomic():
            row = FormalNotice.objects.create(
                customer_id=action.customer_id,
                entity_id=action.entity_id,
                step_key=action.step.step_key,
                items=sorted(map(str, items_of(prepared))),
                amounts=amounts_of(prepared),
                note=note.strip()[:300],
                four_eyes=terminal_settings().four_eyes_notice,
                on=on,
                requested_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyAsked from error
    record(actor=actor, action="collection.notice_requested", row=row, changes={"state": [None, row.state]})
    return row


def ask_about_notices(rows: Sequence[FormalNotice], *, on: date, actor: Actor) -> int:
    """Have those decide who approve. How many tasks."""
    asks = [
        Ask(
            key=f"notice:{row.id}",
            customer_id=row.customer_id,
            sentence=Phrase(
                gettext_noop("Approve a formal notice? %(amounts)s %(note)s"),
                {"amounts": amounts_phrase(row.amounts), "note": row.note},
            ),
            about=NOTICE,
            row_id=row.id,
        )
        for row in rows
    ]
    return ask_deciders(capability=Can.APPROVE_TERMINAL, asks=asks, on=on, actor=actor)


@transaction.atomic
def decide_notice(
    *, notice_id: UUID, approve: bool, answer: str = "", scope: Scope, actor: Actor, on: date
) -> FormalNotice:
    """The letter may leave, or may not and why. Raises NotFound, BadRequest, AlreadyDecided, NeedsSecondPerson."""
    if not approve and not answer.strip():
        raise BadRequest(fields={"answer": [_("Say why not.")]})
    row = notices_in(scope=scope).select_for_update(of=("self",)).filter(id=notice_id).first()
    if row is None:
        raise NotFound
    check_decision(row, asked_by=askers_of([row])[row.id], actor=actor)
    save_decision(row, approve=approve, answer=answer, actor=actor, on=on)
    return row


def check_decision(row: FormalNotice, *, asked_by: UUID | None, actor: Actor) -> None:
    """Raises AlreadyDecided, NeedsSecondPerson where `actor` cannot decide about it. `asked_by`: who is behind it."""
    if row.state != FormalNotice.State.REQUESTED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, asked_by=asked_by, actor=actor)


def save_decision(row: FormalNotice, *, approve: bool, answer: str = "", actor: Actor, on: date) -> None:
    """Decide about a request that was checked and is locked; nobody is asked any more."""
    values: dict[str, Any] = {
        "state": FormalNotice.State.APPROVED if approve else FormalNotice.State.REFUSED,
        "answer": answer.strip()[:300],
        "decided_on": on,
        "decided_by_id": actor.member_id,
    }
    save_notice(row, values, actor=actor, action="collection.notice_decided")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
