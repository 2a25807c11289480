"""Giving up: asked for, approved by who may, posted by the ERP, which keeps the books (docs/rules/terminal.md)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Role, Tenant
from accounts.roles import Can
from collection.models import WriteOff, WriteOffItem, WriteOffLimit
from collection.queries.facts import values_of_currencies
from collection.queries.terminal import write_offs_in
from collection.services.deciders import Ask, ask_deciders
from collection.services.legal_cases import lift_holds
from collection.services.terminal import (
    AlreadyDecided,
    BadRequest,
    askers_of,
    may_decide,
    terminal_settings,
)
from core.audit import SYSTEM, Actor, changed, record
from core.errors import Conflict, NotAllowed, NotFound
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.services.tasks import finish_tasks_about
from receivables.models import Hold
from receivables.queries.visible import items_in
from receivables.services.bulk import hold_items

WRITE_OFF = "collection.WriteOff"
MOST_ITEMS = 1_000


class InAnotherWriteOff(Conflict):
    code = "in_another_write_off"
    message = _("At least one of the items is in another write-off.")


class AboveLimit(NotAllowed):
    code = "above_limit"
    message = _("The amount is above what your role may write off.")


@transaction.atomic
def request_write_off(
    *, item_ids: Collection[UUID], reason: str, scope: Scope, actor: Actor, on: date
) -> list[WriteOff]:
    """Ask to give up what is open of items: one request for each customer, entity and currency.

    Nothing changes for the items until it is approved. Raises NotFound, BadRequest, InAnotherWriteOff.
    """
    wanted = set(item_ids)
    if not 0 < len(wanted) <= MOST_ITEMS:
        raise BadRequest(_("Choose 1 to %(most)d items.") % {"most": MOST_ITEMS})
    if not reason.strip():
        raise BadRequest(fields={"reason": [_("Say why.")]})
    items = list(items_in(scope=scope).filter(id__in=wanted).order_by("due_date", "id"))
    if len(items) != len(wanted):
        raise NotFound
    if any(item.open_amount <= 0 for item in items):
        raise BadRequest(_("Only what is open and owed to us can be written off."))
    groups: dict[tuple[UUID, UUID, str], list[Any]] = defaultdict(list)
    for item in items:
        groups[(item.customer_id, item.entity_id, item.currency)].append(item)
    four_eyes = terminal_settings().four_eyes_write_off
    made: list[WriteOff] = []
    asks: list[Ask] = []
    for (customer_id, entity_id, currency), own in groups.items():
        row = WriteOff.objects.create(
            customer_id=customer_id,
            entity_id=entity_id,
            currency=currency,
            amount=sum((item.open_amount for item in own), Decimal(0)),
            reason=reason.strip()[:300],
            four_eyes=four_eyes,
            on=on,
            requested_by_id=actor.member_id,
        )
        try:
            with transaction.atomic():
                WriteOffItem.objects.bulk_create(
                    WriteOffItem(write_off=row, item=item, amount=item.open_amount) for item in own
                )
        except IntegrityError as error:
            raise InAnotherWriteOff from error
        changes: dict[str, Any] = {
            "amount": [None, row.amount],
            "currency": [None, currency],
            "items": [None, len(own)],
        }
        record(actor=actor, action="collection.write_off_requested", row=row, changes=changes)
        words = {"amount": f"{row.amount:.2f}", "currency": currency, "reason": row.reason}
        sentence = Phrase(gettext_noop("Write off %(amount)s %(currency)s? %(reason)s"), words)
        asks.append(
            Ask(key=f"write-off:{row.id}", customer_id=customer_id, sentence=sentence, about=WRITE_OFF, row_id=row.id)
        )
        made.append(row)
    ask_deciders(capability=Can.APPROVE_TERMINAL, asks=asks, on=on, actor=actor)
    return made


@transaction.atomic
def decide_write_off(
    *, write_off_id: UUID, approve: bool, answer: str = "", scope: Scope, actor: Actor, on: date
) -> WriteOff:
    """Give up, or not and why. Approved, its items are out of dunning and the ERP has to post it.

    Raises NotFound, BadRequest, AlreadyDecided, NeedsSecondPerson, AboveLimit.
    """
    if not approve and not answer.strip():
        raise BadRequest(fields={"answer": [_("Say why not.")]})
    row = _write_off(write_off_id, scope)
    if row.state != WriteOff.State.REQUESTED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, asked_by=askers_of([row])[row.id], actor=actor)
    if approve:
        _check_limit(row, actor=actor, on=on)
        _hold(row, actor=actor, on=on)
    else:
        row.write_off_items.update(is_active=False)  # type: ignore[attr-defined]
    values = {
        "state": WriteOff.State.APPROVED if approve else WriteOff.State.REFUSED,
        "answer": answer.strip()[:300],
        "decided_on": on,
        "decided_by_id": actor.member_id,
    }
    _save(row, values, actor=actor, action="collection.write_off_decided")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    return row


def _check_limit(row: WriteOff, *, actor: Actor, on: date) -> None:
    if actor.member_id is None:
        return
    limit = WriteOffLimit.objects.filter(role__members__id=actor.member_id).first()
    if limit is None:
        return
    tenant = Tenant.objects.get(id=require_tenant_id())
    value = values_of_currencies(currency=tenant.currency, on=on).get(row.currency)
    # Without a rate nobody knows whether it is within the limit.
    if value is None or row.amount * value > limit.amount:
        raise AboveLimit


def _hold(row: WriteOff, *, actor: Actor, on: date) -> None:
    items = list(row.write_off_items.order_by("id"))  # type: ignore[attr-defined]
    holds = hold_items(
        item_ids=[one.item_id for one in items],
        reason=Hold.Reason.WRITE_OFF,
        note=row.reason,
        from_on=on,
        actor=actor,
    )
    for one in items:
        one.hold_id = holds[one.item_id]
    WriteOffItem.objects.bulk_update(items, ["hold"])


@transaction.atomic
def withdraw_write_off(*, write_off_id: UUID, scope: Scope, actor: Actor, on: date) -> WriteOff:
    """Not given up after all, while the books have not followed: its items are chased again. Raises as decide_write_off."""
    row = _write_off(write_off_id, scope)
    if row.state not in (WriteOff.State.REQUESTED, WriteOff.State.APPROVED):
        raise AlreadyDecided
    _end(row, state=WriteOff.State.WITHDRAWN, actor=actor, on=on)
    return row


def _end(row: WriteOff, *, state: str, actor: Actor, on: date) -> None:
    items = row.write_off_items.all()  # type: ignore[attr-defined]
    lift_holds(hold_ids=list(items.exclude(hold=None).values_list("hold_id", flat=True)), actor=actor, on=on)
    items.update(is_active=False)
    _save(row, {"state": state, "ended_on": on}, actor=actor, action="collection.write_off_ended")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)


@transaction.atomic
def settle_write_offs(*, on: date, actor: Actor = SYSTEM) -> int:
    """The night's step: see which approved write-offs the books have followed. How many ended. 1 SQL query to find them.

    All its items closed: POSTED where a write-off (or a counterpart that the source does not name) stands against one of
    them since the approval, else OVERTAKEN: the customer has paid, or a credit note came.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.id, EXISTS (
                SELECT FROM collection_writeoffitem wi
                JOIN receivables_allocation a ON a.tenant_id = %(tenant)s AND a.debit_item_id = wi.item_id
                    AND a."on" >= w.decided_on AND a.debit_amount > 0
                LEFT JOIN receivables_ledgeritem credit ON credit.tenant_id = %(tenant)s AND credit.id = a.credit_item_id
                WHERE wi.tenant_id = %(tenant)s AND wi.write_off_id = w.id
                  AND (credit.id IS NULL OR credit.kind = 'WRITE_OFF'))
            FROM collection_writeoff w
            WHERE w.tenant_id = %(tenant)s AND w.state = 'APPROVED' AND NOT EXISTS (
                SELECT FROM collection_writeoffitem wi
                JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = wi.item_id
                WHERE wi.tenant_id = %(tenant)s AND wi.write_off_id = w.id AND i.is_open)
            """,
            {"tenant": require_tenant_id()},
        )
        found = dict(cursor.fetchall())
    rows = list(WriteOff.objects.select_for_update().filter(id__in=found, state=WriteOff.State.APPROVED).order_by("id"))
    for row in rows:
        state = WriteOff.State.POSTED if found[row.id] else WriteOff.State.OVERTAKEN
        _end(row, state=state, actor=actor, on=on)
    return len(rows)


@transaction.atomic
def set_write_off_limit(*, role_id: UUID, amount: Decimal | None, actor: Actor) -> None:
    """The most that members of a role approve in one write-off, in the organisation's currency; None: no limit.

    Raises NotFound, BadRequest.
    """
    role = Role.objects.filter(id=role_id).first()
    if role is None:
        raise NotFound
    if amount is not None and not 0 <= amount < Decimal(10) ** 12:
        raise BadRequest(fields={"amount": [_("0 or more.")]})
    row = WriteOffLimit.objects.select_for_update().filter(role=role).first()
    before = row.amount if row else None
    if amount is None:
        if row:
            row.delete()
    elif row:
        row.amount = amount
        row.save(update_fields=["amount"])
    else:
        WriteOffLimit.objects.create(role=role, amount=amount)
    if before != amount:
        record(actor=actor, action="collection.write_off_limit_set", row=role, changes={"amount": [before, amount]})


def _write_off(write_off_id: UUID, scope: Scope) -> WriteOff:
    row = write_offs_in(scope=scope).select_for_update(of=("self",)).filter(id=write_off_id).first()
    if row is None:
        raise NotFound
    return row


def _save(row: WriteOff, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action=action, row=row, changes=changes)
