"""What becomes of a prepared case: handed over, refused, withdrawn; and how it ends."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Action, LegalCase, LegalCaseItem, Step
from collection.services.by_hand import end_steps
from collection.services.legal_cases import BadCase, case_for_update, lift_holds, save_case
from collection.services.terminal import AlreadyDecided, askers_of, may_decide
from core.audit import SYSTEM, Actor
from core.errors import Conflict
from desk.services.tasks import finish_tasks_about
from receivables.models import Hold
from receivables.services.bulk import hold_items


class NoDossier(Conflict):
    code = "no_dossier"
    message = _("Make the dossier first: it is what is handed over.")


@transaction.atomic
def hand_over_case(*, case_id: UUID, agency_ref: str = "", scope: Scope, actor: Actor, on: date) -> LegalCase:
    """The dossier goes out: from now on the items are out of dunning, and what comes in counts as recovered.

    Amounts are those open now; what was paid since it was prepared falls out. Raises NotFound, AlreadyDecided,
    NeedsSecondPerson, NoDossier, BadCase.
    """
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, asked_by=askers_of([row])[row.id], actor=actor)
    if row.agency_id is None:
        raise BadCase(_("Choose first who is to collect."))
    if not row.path or row.wanted_on is not None:
        raise NoDossier
    steps = _steps_of([row])
    kept = []
    for one in row.case_items.select_related("item").order_by("id"):  # type: ignore[attr-defined]
        if one.item.open_amount <= 0:
            one.delete()
            continue
        one.open_amount = one.item.open_amount
        kept.append(one)
    if not kept:
        raise BadCase(_("Everything in it has been paid."))
    holds = hold_items(
        item_ids=[one.item_id for one in kept],
        reason=Hold.Reason.LITIGATION,
        note=str(_("case %(number)d") % {"number": row.number}),
        from_on=on,
        actor=actor,
    )
    for one in kept:
        one.hold_id = holds[one.item_id]
    LegalCaseItem.objects.bulk_update(kept, ["open_amount", "hold"])
    values = {
        "state": LegalCase.State.HANDED_OVER,
        "decided_on": on,
        "decided_by_id": actor.member_id,
        "agency_ref": agency_ref.strip()[:80],
    }
    save_case(row, values, actor=actor, action="collection.case_handed_over")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    end_steps(action_ids=steps, is_done=True, actor=actor, on=on)
    return row


@transaction.atomic
def refuse_case(*, case_id: UUID, answer: str, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """It is not to be handed over, and why: the scenarios of its items go on.

    Raises NotFound, AlreadyDecided, NeedsSecondPerson, BadCase.
    """
    if not answer.strip():
        raise BadCase(fields={"answer": [_("Say why not.")]})
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, asked_by=askers_of([row])[row.id], actor=actor)
    values = {
        "state": LegalCase.State.REFUSED,
        "answer": answer.strip()[:300],
        "decided_on": on,
        "decided_by_id": actor.member_id,
    }
    _let_go(row, values, note=answer.strip(), actor=actor, action="collection.case_refused", on=on)
    return row


@transaction.atomic
def withdraw_case(*, case_id: UUID, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """Not handed over after all. Raises NotFound, AlreadyDecided."""
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    values = {"state": LegalCase.State.WITHDRAWN, "closed_on": on, "closed_by_id": actor.member_id}
    _let_go(row, values, actor=actor, action="collection.case_withdrawn", on=on)
    return row


def withdraw_paid_cases(*, on: date, actor: Actor = SYSTEM) -> int:
    """End cases that scenarios have prepared and whose items have all been paid meanwhile, in the transaction of the plan.

    How many.
    """
    owed = LegalCaseItem.objects.filter(case_id=OuterRef("pk"), item__is_open=True, item__open_amount__gt=0)
    rows = LegalCase.objects.select_for_update(of=("self",)).filter(
        ~Exists(owed), state=LegalCase.State.PREPARED, action__isnull=False
    )
    paid = list(rows.order_by("number"))
    for row in paid:
        values = {"state": LegalCase.State.WITHDRAWN, "closed_on": max(on, row.on)}
        _let_go(row, values, actor=actor, action="collection.case_withdrawn", on=on)
    return len(paid)


def _let_go(row: LegalCase, values: dict[str, Any], *, note: str = "", actor: Actor, action: str, on: date) -> None:
    """A prepared case ends without being handed over: nobody is to make its dossier any more."""
    steps = _steps_of([row])
    row.case_items.update(is_active=False)  # type: ignore[attr-defined]
    save_case(row, values | {"wanted_on": None}, actor=actor, action=action)
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    end_steps(action_ids=steps, is_done=False, note=note, actor=actor, on=on)


def _steps_of(rows: Collection[LegalCase]) -> list[UUID]:
    """The steps that wait for these cases to be decided, and for no other one. 1 SQL query."""
    ids = [row.id for row in rows]
    mine = LegalCaseItem.objects.filter(case__in=ids, is_active=True, item__action_lines__action_id=OuterRef("pk"))
    elsewhere = LegalCaseItem.objects.filter(
        case__state=LegalCase.State.PREPARED, is_active=True, item__action_lines__action_id=OuterRef("pk")
    ).exclude(case__in=ids)
    waiting = Action.objects.filter(state=Action.State.ASSIGNED, step__kind=Step.Kind.HAND_OVER)
    return list(waiting.filter(Exists(mine), ~Exists(elsewhere)).values_list("id", flat=True))


@transaction.atomic
def close_case(*, case_id: UUID, outcome: str, resume: bool = False, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """It is over: with `resume` what is still open is chased again, else it stays out of dunning (to be written off, say).

    Raises NotFound, AlreadyDecided, BadCase.
    """
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.HANDED_OVER:
        raise AlreadyDecided
    if outcome not in LegalCase.Outcome.values:
        raise BadCase(fields={"outcome": [_("Choose how it ended.")]})
    if resume:
        lift_holds(
            hold_ids=list(row.case_items.exclude(hold=None).values_list("hold_id", flat=True)),  # type: ignore[attr-defined]
            actor=actor,
            on=on,
        )
    row.case_items.update(is_active=False)  # type: ignore[attr-defined]
    values = {
        "state": LegalCase.State.CLOSED,
        "outcome": outcome,
        "closed_on": max(on, row.on),
        "closed_by_id": actor.member_id,
    }
    save_case(row, values, actor=actor, action="collection.case_closed")
    return row
