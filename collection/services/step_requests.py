"""What steps of scenarios ask for in writing: a request to stop deliveries, a case for an agency or a lawyer.

A step is reached in the night and its action waits (ASSIGNED). Here the request is written, for all that waits at a
company, so that who decides finds it; nothing else happens before a person has decided. The step is done once they said
yes, and left out with their reason once they said no (services.terminal, services.legal_cases).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from collection.models import Action, ActionLine, Agency, DeliveryStop, LegalCase, LegalCaseItem, Step
from collection.services.by_hand import REQUESTS, drop_steps, end_steps
from collection.services.case_decisions import withdraw_paid_cases
from collection.services.legal_cases import InAnotherCase, add_items, ask_about_cases, new_case, want_dossier
from collection.services.terminal import ask_about_stops, terminal_settings, withdraw_idle_stops
from core.audit import SYSTEM, Actor, changed, record
from core.money import amount_text
from receivables.models import LedgerItem

Place = tuple[UUID, UUID]  # a customer at an entity


@dataclass
class _Waiting:
    """Steps of a kind that wait for a customer at a company, the first one first, and the items at them."""

    actions: list[Action] = field(default_factory=list)
    lines: list[ActionLine] = field(default_factory=list)

    @property
    def items(self) -> list[str]:
        return sorted({str(line.item_id) for line in self.lines})

    @property
    def amounts(self) -> dict[str, str]:
        """{"EUR": "150.00"}: what the items owe."""
        once = {line.item_id: line for line in self.lines}
        sums: dict[str, Decimal] = {}
        for line in once.values():
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.open_amount
        return {currency: amount_text(amount, currency) for currency, amount in sorted(sums.items())}

    @property
    def ids(self) -> list[UUID]:
        return [action.id for action in self.actions]

    @property
    def why(self) -> str:
        """Which step asks, as the organisation named it."""
        step = self.actions[0].step
        said = f"{self.actions[0].version.scenario.name}: {step.name}"
        return f"{said}. {step.instruction}"[:300] if step.instruction else said[:300]


def write_requests(*, on: date, actor: Actor = SYSTEM) -> int:
    """Write what the steps that wait ask for, and end requests that have no reason any more. How many were written.

    Again it writes nothing: a customer has one open request at a company, and an item is in one open case. What has
    reached a step since joins the request that is still undecided. A step whose end is there already, as deliveries are
    stopped, is done without asking. In the transaction of the plan; 3 SQL queries where nothing waits.
    """
    waiting, written = _waiting(), 0
    if stops := waiting.get(Step.Kind.STOP_DELIVERIES):
        written += _stops(stops, on=on, actor=actor)
    if cases := waiting.get(Step.Kind.HAND_OVER):
        written += _cases(cases, on=on, actor=actor)
    withdraw_idle_stops(on=on, actor=actor)
    withdraw_paid_cases(on=on, actor=actor)
    return written


def _waiting() -> Mapping[str, Mapping[Place, _Waiting]]:
    """Step kind -> customer and entity -> what waits there. 2 SQL queries."""
    rows = Action.objects.filter(state=Action.State.ASSIGNED, step__kind__in=REQUESTS)
    out: dict[str, dict[Place, _Waiting]] = defaultdict(lambda: defaultdict(_Waiting))
    places: dict[UUID, _Waiting] = {}
    for action in rows.select_related("step", "version__scenario").order_by("on", "-priority_cents", "id"):
        place = out[action.step.kind][(action.customer_id, action.entity_id)]
        place.actions.append(action)
        places[action.id] = place
    if not places:
        return {}
    lines = ActionLine.objects.filter(action__in=rows.values("id"), state=ActionLine.State.PLANNED)
    for line in lines.order_by("item_id"):
        assert line.action_id is not None  # they were asked for by their actions
        places[line.action_id].lines.append(line)
    return out


# --- Stops of deliveries ----------------------------------------------------------------------------------------------


def _stops(waiting: Mapping[Place, _Waiting], *, on: date, actor: Actor) -> int:
    known = DeliveryStop.objects.select_for_update(of=("self",)).filter(
        state__in=[DeliveryStop.State.REQUESTED, DeliveryStop.State.ACCEPTED],
        customer_id__in={customer for customer, _entity in waiting},
    )
    open_stops: dict[tuple[UUID, UUID | None], DeliveryStop] = {
        (row.customer_id, row.entity_id): row for row in known.order_by("id")
    }
    made = []
    for (customer_id, entity_id), one in sorted(waiting.items(), key=lambda pair: pair[1].actions[0].id):
        found = [open_stops.get((customer_id, where)) for where in (entity_id, None)]
        stops = [row for row in found if row is not None]
        if any(row.state == DeliveryStop.State.ACCEPTED for row in stops):
            end_steps(action_ids=one.ids, is_done=True, actor=actor, on=on)
        elif not stops:
            row = _new_stop(customer_id, entity_id, one, on=on, actor=actor)
            made += [row] if row else []
        elif stops[0].action_id is not None:
            _follow(stops[0], one, actor=actor)
    ask_about_stops(made, on=on, actor=actor)
    return len(made)


def _new_stop(customer_id: UUID, entity_id: UUID, one: _Waiting, *, on: date, actor: Actor) -> DeliveryStop | None:
    """None where somebody asks for the same at this moment."""
    try:
        with transaction.atomic():
            row = DeliveryStop.objects.create(
                customer_id=customer_id,
                entity_id=entity_id,
                reason=one.why,
                amounts=one.amounts,
                action=one.actions[0],
                items=one.items,
                on=on,
            )
    except IntegrityError:
        return None
    record(actor=actor, action="collection.delivery_stop_requested", row=row, changes={"state": [None, row.state]})
    return row


def _follow(row: DeliveryStop, one: _Waiting, *, actor: Actor) -> None:
    """An undecided request speaks of what waits now: less what was paid, and what has reached the step since."""
    changes = changed(row, {"items": one.items, "amounts": one.amounts})
    if changes:
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=["items", "amounts", "updated_at"])
        record(actor=actor, action="collection.delivery_stop_follows", row=row, changes=changes)


# --- Cases ------------------------------------------------------------------------------------------------------------


def _cases(waiting: Mapping[Place, _Waiting], *, on: date, actor: Actor) -> int:
    ids = {line.item_id for one in waiting.values() for line in one.lines}
    taken = dict(LegalCaseItem.objects.filter(item_id__in=ids, is_active=True).values_list("item_id", "case__state"))
    owed = {
        item.id: item for item in LedgerItem.objects.filter(id__in=ids - taken.keys(), is_open=True, open_amount__gt=0)
    }
    open_cases = _open_cases(waiting)
    only = _only_agency() if owed else None
    four_eyes = terminal_settings().four_eyes_hand_over
    made = []
    for (customer_id, entity_id), one in sorted(waiting.items(), key=lambda pair: pair[1].actions[0].id):
        items = [owed[item_id] for item_id in sorted({line.item_id for line in one.lines}) if item_id in owed]
        if not items:
            _settle(one, taken, actor=actor, on=on)
            continue
        values = {"agency": only, "note": one.why, "four_eyes": four_eyes, "on": on, "action": one.actions[0]}
        row = _prepared(open_cases.get((customer_id, entity_id)), items, actor=actor, customer_id=customer_id,
                        entity_id=entity_id, **values)  # fmt: skip
        if row is not None:
            want_dossier(row, actor=actor, on=on)
            made += [row] if (customer_id, entity_id) not in open_cases else []
    ask_about_cases(made, on=on, actor=actor)
    return len(made)


def _open_cases(waiting: Iterable[Place]) -> dict[Place, LegalCase]:
    """Cases that scenarios have prepared and nobody has decided about."""
    rows = LegalCase.objects.select_for_update(of=("self",)).filter(
        state=LegalCase.State.PREPARED, action__isnull=False, customer_id__in={customer for customer, _e in waiting}
    )
    return {(row.customer_id, row.entity_id): row for row in rows.order_by("number")}


def _only_agency() -> Agency | None:
    """Who collects where there is but one to choose from."""
    found = list(Agency.objects.filter(is_active=True).order_by("id")[:2])
    return found[0] if len(found) == 1 else None


def _prepared(known: LegalCase | None, items: list[LedgerItem], *, actor: Actor, **values: Any) -> LegalCase | None:
    """None where somebody puts one of the items into a case at this moment: the next night looks again."""
    try:
        with transaction.atomic():
            row = known or new_case(**values)
            add_items(row, items, actor=actor)
    except InAnotherCase:
        return None
    return row


def _settle(one: _Waiting, taken: Mapping[UUID, str], *, actor: Actor, on: date) -> None:
    """All its items are in cases, or paid: done once those were handed over, and waiting while one is prepared."""
    states = {taken[line.item_id] for line in one.lines if line.item_id in taken}
    if states == {LegalCase.State.HANDED_OVER}:
        end_steps(action_ids=one.ids, is_done=True, actor=actor, on=on)
    elif not states:
        drop_steps(action_ids=one.ids, actor=actor, on=on)
