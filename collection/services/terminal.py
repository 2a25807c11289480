"""What terminal steps share: who decides, whether a second person must, and stops of deliveries from request to end."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import ApiKey
from accounts.roles import Can
from collection.models import Action, DeliveryStop, FormalNotice, LegalCase, Step, TerminalSettings, WriteOff
from collection.services.by_hand import amounts_phrase, drop_steps, end_steps
from collection.services.deciders import Ask, ask_deciders
from core.audit import SYSTEM, Actor, changed, record
from core.errors import Conflict, Invalid, NotFound
from core.models import AuditRecord
from core.money import amount_text
from core.text import Phrase, gettext_noop
from desk.services.tasks import finish_tasks_about
from receivables.models import CashAllocation, LedgerItem
from receivables.queries.visible import customers_in, entities_in, items_in

STOP = "collection.DeliveryStop"
# What is recorded where something is asked for that a second person may have to decide.
ASKED = ("collection.notice_requested", "collection.case_prepared", "collection.write_off_requested")


class BadRequest(Invalid):
    code = "bad_request"
    message = _("This cannot be asked for like this.")


class AlreadyAsked(Conflict):
    code = "already_asked"
    message = _("This has been asked for already.")


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = _("Somebody has decided this already. Load the page again to see how.")


class NeedsSecondPerson(Conflict):
    code = "needs_second_person"
    message = _("Another person than the one who asked for it has to decide.")


def terminal_settings() -> TerminalSettings:
    """The organisation's row, or one with the defaults that is not stored. 1 SQL query."""
    return TerminalSettings.objects.first() or TerminalSettings()


@transaction.atomic
def save_terminal_settings(*, actor: Actor, **values: bool) -> TerminalSettings:
    """Which decisions need a second person from now on; what was asked for before keeps what counted then."""
    row = TerminalSettings.objects.select_for_update().first()
    if row is None:
        TerminalSettings.objects.bulk_create([TerminalSettings()], ignore_conflicts=True)
        row = TerminalSettings.objects.select_for_update().get()
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action="collection.terminal_settings_saved", row=row, changes=changes)
    return row


def askers_of(rows: Iterable[FormalNotice | LegalCase | WriteOff]) -> dict[UUID, UUID | None]:
    """The member behind each request: who asked, or who made the key that asked; None behind a scenario.

    2 SQL queries where a key may have asked, else none.
    """
    out = {row.id: row.requested_by_id for row in rows}
    unknown = [row_id for row_id, member_id in out.items() if member_id is None]
    if not unknown:
        return out
    records = AuditRecord.objects.filter(
        object_id__in=unknown, actor_kind=AuditRecord.ActorKind.API_KEY, action__in=ASKED
    )
    keys = dict(records.values_list("object_id", "actor_id"))
    makers = dict(ApiKey.objects.filter(id__in=set(keys.values())).values_list("id", "created_by_id"))
    return out | {row_id: makers.get(key_id) for row_id, key_id in keys.items() if row_id and key_id}


def may_decide(*, four_eyes: bool, asked_by: UUID | None, actor: Actor) -> None:
    """Raises NeedsSecondPerson where the one behind the request would decide, or a key, which is no person."""
    if four_eyes and (actor.member_id is None or actor.member_id == asked_by):
        raise NeedsSecondPerson


def overdue_items(*, customer_id: UUID, entity_id: UUID | None, scope: Scope, on: date) -> "QuerySet[LedgerItem]":
    """Open debits of the customer, at the entity or all, due before the day."""
    rows = items_in(scope=scope).filter(customer_id=customer_id, is_open=True, open_amount__gt=0, due_date__lt=on)
    return rows.filter(entity_id=entity_id) if entity_id else rows


def sums_of(items: "QuerySet[LedgerItem]") -> dict[str, str]:
    """{"EUR": "1200.00"}: what is open of items, by currency. 1 SQL query."""
    rows = items.order_by().values("currency").annotate(open=Sum("open_amount")).order_by("currency")
    return {row["currency"]: amount_text(row["open"], row["currency"]) for row in rows}


def in_one_line(amounts: dict[str, str]) -> str:
    """`1200.00 EUR, 50.00 USD`: for files."""
    return ", ".join(f"{Decimal(amount):.2f} {currency}" for currency, amount in amounts.items())


# --- Stops of deliveries ----------------------------------------------------------------------------------------------


@transaction.atomic
def request_delivery_stop(
    *, customer_id: UUID, entity_id: UUID | None = None, reason: str, scope: Scope, actor: Actor, on: date
) -> DeliveryStop:
    """Ask the company not to deliver to a customer, at one entity or all, until it has paid what is overdue.

    Goes as a task to everybody whose role decides about deliveries. Raises NotFound, BadRequest, AlreadyAsked.
    """
    if not customers_in(scope=scope).filter(id=customer_id).exists():
        raise NotFound
    if entity_id is not None and not entities_in(scope=scope).filter(id=entity_id).exists():
        raise NotFound
    if not reason.strip():
        raise BadRequest(fields={"reason": [_("Say why.")]})
    amounts = sums_of(overdue_items(customer_id=customer_id, entity_id=entity_id, scope=scope, on=on))
    if not amounts:
        raise BadRequest(_("Nothing is overdue: there is no reason to stop deliveries."))
    try:
        with transaction.atomic():
            row = DeliveryStop.objects.create(
                customer_id=customer_id,
                entity_id=entity_id,
                reason=reason.strip()[:300],
                amounts=amounts,
                on=on,
                requested_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise AlreadyAsked from error
    record(actor=actor, action="collection.delivery_stop_requested", row=row, changes={"state": [None, row.state]})
    ask_about_stops([row], on=on, actor=actor)
    return row


def ask_about_stops(rows: Iterable[DeliveryStop], *, on: date, actor: Actor) -> int:
    """Have those decide whose role decides about deliveries."""
    asks = [
        Ask(
            key=f"stop:{row.id}",
            customer_id=row.customer_id,
            sentence=Phrase(
                gettext_noop("Stop deliveries? %(amounts)s overdue: %(reason)s"),
                {"amounts": amounts_phrase(row.amounts), "reason": row.reason},
            ),
            about=STOP,
            row_id=row.id,
        )
        for row in rows
    ]
    return ask_deciders(capability=Can.STOP_DELIVERIES, asks=asks, on=on, actor=actor)


@transaction.atomic
def decide_delivery_stop(
    *, stop_id: UUID, accept: bool, answer: str = "", scope: Scope, actor: Actor, on: date
) -> DeliveryStop:
    """Deliveries stop, or do not and why; the steps of scenarios that ask for it are done, or left out for that reason.

    Raises NotFound, BadRequest, AlreadyDecided.
    """
    if not accept and not answer.strip():
        raise BadRequest(fields={"answer": [_("Say why not.")]})
    row = _stop(stop_id, scope)
    if row.state != DeliveryStop.State.REQUESTED:
        raise AlreadyDecided
    values = {
        "state": DeliveryStop.State.ACCEPTED if accept else DeliveryStop.State.REFUSED,
        "answer": answer.strip()[:300],
        "decided_on": on,
        "decided_by_id": actor.member_id,
    }
    _save(row, values, actor=actor, action="collection.delivery_stop_decided")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    end_steps(action_ids=_steps_of([row]), is_done=accept, note=row.answer, actor=actor, on=on)
    return row


@transaction.atomic
def end_delivery_stop(*, stop_id: UUID, reason: str, scope: Scope, actor: Actor, on: date) -> DeliveryStop:
    """Take a request back, or let deliveries go on by hand. Raises NotFound, BadRequest, AlreadyDecided."""
    if not reason.strip():
        raise BadRequest(fields={"reason": [_("Say why.")]})
    row = _stop(stop_id, scope)
    states = {
        DeliveryStop.State.REQUESTED: DeliveryStop.State.WITHDRAWN,
        DeliveryStop.State.ACCEPTED: DeliveryStop.State.LIFTED,
    }
    if row.state not in states:
        raise AlreadyDecided
    if row.state == DeliveryStop.State.REQUESTED:
        end_steps(action_ids=_steps_of([row]), is_done=False, note=reason.strip(), actor=actor, on=on)
    _end([row], state=states[DeliveryStop.State(row.state)], reason=reason.strip()[:300], actor=actor, on=on)
    return row


@transaction.atomic
def lift_paid_stops(*, on: date, actor: Actor = SYSTEM) -> int:
    """The night's step: end stops, and requests, of customers that owe nothing overdue any more. How many.

    What was matched here and is not in the books yet counts as paid, as for reminders; what is in dispute does not.
    """
    owing = LedgerItem.objects.filter(
        customer_id=OuterRef("customer_id"), is_open=True, open_amount__gt=0, due_date__lt=on, posting_date__lte=on
    ).filter(
        ~Exists(
            # Wholly matched here, the books have not followed yet.
            CashAllocation.objects.filter(item_id=OuterRef("id"), state__in=["PROPOSED", "EXPORTED"], leaves_amount=0)
        )
    )
    paid = DeliveryStop.objects.select_for_update().filter(
        ~Exists(owing.filter(Q(entity_id=OuterRef("entity_id")))) & Q(entity_id__isnull=False)
        | ~Exists(owing) & Q(entity_id__isnull=True),
        state__in=[DeliveryStop.State.REQUESTED, DeliveryStop.State.ACCEPTED],
        on__lte=on,
    )
    rows = list(paid.order_by("id"))
    drop_steps(action_ids=_steps_of(rows), actor=actor, on=on)
    _end(rows, state=DeliveryStop.State.LIFTED, reason="", actor=actor, on=on)
    return len(rows)


def withdraw_idle_stops(*, on: date, actor: Actor = SYSTEM) -> int:
    """End requests of scenarios whose items have all been paid meanwhile, though others may be overdue. How many.

    In the transaction of the plan, which knows what still waits.
    """
    rows = list(
        DeliveryStop.objects.select_for_update()
        .filter(~Exists(_steps_waiting()), state=DeliveryStop.State.REQUESTED, action__isnull=False)
        .order_by("id")
    )
    _end(rows, state=DeliveryStop.State.WITHDRAWN, reason="", actor=actor, on=on)
    return len(rows)


def _steps_waiting() -> "QuerySet[Action]":
    """Steps at the company of a request, for it to be decided."""
    return Action.objects.filter(
        state=Action.State.ASSIGNED,
        step__kind=Step.Kind.STOP_DELIVERIES,
        customer_id=OuterRef("customer_id"),
        entity_id=OuterRef("entity_id"),
    )


def _steps_of(rows: Iterable[DeliveryStop]) -> list[UUID]:
    """The steps that wait for these requests to be decided, whoever asked first. 1 SQL query."""
    which = Q(pk__in=[])
    for row in rows:
        which |= (
            Q(customer_id=row.customer_id, entity_id=row.entity_id) if row.entity_id else Q(customer_id=row.customer_id)
        )
    waiting = Action.objects.filter(which, state=Action.State.ASSIGNED, step__kind=Step.Kind.STOP_DELIVERIES)
    return list(waiting.values_list("id", flat=True))


def _stop(stop_id: UUID, scope: Scope) -> DeliveryStop:
    rows = DeliveryStop.objects.select_for_update(of=("self",)).filter(customer__in=customers_in(scope=scope))
    row = rows.filter(id=stop_id).first()
    if row is None:
        raise NotFound
    return row


def _end(rows: Iterable[DeliveryStop], *, state: str, reason: str, actor: Actor, on: date) -> None:
    for row in rows:
        values = {"state": state, "end_reason": reason, "ended_on": on, "ended_by_id": actor.member_id}
        _save(row, values, actor=actor, action="collection.delivery_stop_ended")
        finish_tasks_about(object_id=row.id, actor=actor, on=on)


def _save(row: DeliveryStop, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action=action, row=row, changes=changes)
