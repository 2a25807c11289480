"""A formal notice leaves only once a person has approved it: asked for from a proposal, and decided."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.roles import Can
from collection.models import ActionLine, FormalNotice, Step
from collection.queries.terminal import notices_in
from collection.services.deciders import Ask, ask_deciders
from collection.services.deciding import proposed_action
from collection.services.notice_approvals import save_notice
from collection.services.terminal import (
    AlreadyAsked,
    AlreadyDecided,
    BadRequest,
    in_one_line,
    may_decide,
    terminal_settings,
)
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from core.text import Phrase, gettext_noop
from desk.services.tasks import finish_tasks_about

NOTICE = "collection.FormalNotice"


class NotANotice(Conflict):
    code = "not_a_notice"
    message = _("This step is no formal notice: it needs no approval.")


@transaction.atomic
def request_notice(*, action_id: UUID, note: str = "", scope: Scope, actor: Actor, on: date) -> FormalNotice:
    """Ask for the approval of a proposed formal notice, for the items that it speaks of now.

    It holds for the step of the customer at the entity, as proposals are made anew each night. Raises NotFound,
    NotProposed, NotANotice, AlreadyAsked.
    """
    action = proposed_action(action_id=action_id, scope=scope)
    if action.step.kind != Step.Kind.FORMAL_NOTICE:
        raise NotANotice
    items = ActionLine.objects.filter(action=action, state=ActionLine.State.PLANNED).values_list("item_id", flat=True)
    try:
        with transaction.atomic():
            row = FormalNotice.objects.create(
                customer_id=action.customer_id,
                entity_id=action.entity_id,
                step_key=action.step.step_key,
                items=sorted(map(str, items)),
                amounts=action.amounts,
                note=note.strip()[:300],
                four_eyes=terminal_settings().four_eyes_notice,
                on=on,
                requested_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyAsked from error
    record(actor=actor, action="collection.notice_requested", row=row, changes={"state": [None, row.state]})
    ask = Ask(
        key=f"notice:{row.id}",
        customer_id=row.customer_id,
        sentence=Phrase(
            gettext_noop("Approve a formal notice? %(amounts)s %(note)s"),
            {"amounts": in_one_line(row.amounts), "note": row.note},
        ),
        about=NOTICE,
        row_id=row.id,
    )
    ask_deciders(capability=Can.APPROVE_TERMINAL, asks=[ask], on=on, actor=actor)
    return row


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
    if row.state != FormalNotice.State.REQUESTED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, requested_by_id=row.requested_by_id, actor=actor)
    values: dict[str, Any] = {
        "state": FormalNotice.State.APPROVED if approve else FormalNotice.State.REFUSED,
        "answer": answer.strip()[:300],
        "decided_on": on,
        "decided_by_id": actor.member_id,
    }
    save_notice(row, values, actor=actor, action="collection.notice_decided")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    return row
