"""Cases that an agency or a lawyer collects: prepared, handed over, followed by costs, closed."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from accounts.models import Tenant
from accounts.roles import Can
from collection.models import Agency, LegalCase, LegalCaseItem, LegalCost
from collection.queries.terminal import cases_in
from collection.services.terminal import (
    AlreadyDecided,
    ask_deciders,
    in_one_line,
    may_decide,
    overdue_items,
    terminal_settings,
)
from core.audit import Actor, audited, changed, record
from core.errors import Conflict, Invalid, NotFound
from core.money import has_excess_decimals, is_currency
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from desk.services.tasks import finish_tasks_about
from receivables.models import Hold, LedgerItem
from receivables.queries.visible import customers_in, entities_in, items_in
from receivables.services.bulk import hold_items

CASE = "collection.LegalCase"
MOST_ITEMS = 5_000


class BadCase(Invalid):
    code = "bad_case"
    message = _("The case cannot be kept like this.")


class BadAgency(Invalid):
    code = "bad_agency"
    message = _("This cannot be kept like this.")


class InAnotherCase(Conflict):
    code = "in_another_case"
    message = _("At least one of the items is in another open case.")


class NoDossier(Conflict):
    code = "no_dossier"
    message = _("Make the dossier first: it is what is handed over.")


@transaction.atomic
def save_agency(
    *,
    agency_id: UUID | None,
    name: str,
    kind: str,
    contact_name: str = "",
    email: str = "",
    phone: str = "",
    terms: str = "",
    is_active: bool = True,
    actor: Actor,
) -> Agency:
    """A new agency, lawyer or bailiff, or a changed one. Raises NotFound, BadAgency."""
    row = Agency() if agency_id is None else Agency.objects.select_for_update().filter(id=agency_id).first()
    if row is None:
        raise NotFound
    wrong: dict[str, Any] = {}
    if not name.strip():
        wrong["name"] = [_("Give it a name.")]
    if kind not in Agency.Kind.values:
        wrong["kind"] = [_("Choose what it is.")]
    if wrong:
        raise BadAgency(fields=wrong)
    values = {
        "name": name.strip()[:120],
        "kind": kind,
        "contact_name": contact_name.strip()[:120],
        "email": email.strip(),
        "phone": phone.strip()[:40],
        "terms": terms.strip(),
        "is_active": is_active,
    }
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    try:
        with transaction.atomic():
            row.save(force_insert=agency_id is None)
    except IntegrityError as error:
        raise BadAgency(fields={"name": [_("There is one with this name already.")]}) from error
    record(actor=actor, action="collection.agency_saved", row=row, changes=changes)
    return row


@transaction.atomic
def prepare_case(
    *,
    customer_id: UUID,
    entity_id: UUID,
    agency_id: UUID,
    item_ids: Collection[UUID] | None = None,
    note: str = "",
    scope: Scope,
    actor: Actor,
    on: date,
) -> LegalCase:
    """Put items of a customer at an entity together for somebody outside; without `item_ids` all that are overdue.

    Nothing changes for reminders until it is handed over. Raises NotFound, BadCase, InAnotherCase.
    """
    if not customers_in(scope=scope).filter(id=customer_id).exists():
        raise NotFound
    if not entities_in(scope=scope).filter(id=entity_id).exists():
        raise NotFound
    agency = Agency.objects.filter(id=agency_id, is_active=True).first()
    if agency is None:
        raise BadCase(fields={"agency": [_("Choose who is to collect.")]})
    rows = overdue_items(customer_id=customer_id, entity_id=entity_id, scope=scope, on=on)
    if item_ids is not None:
        rows = items_in(scope=scope).filter(
            customer_id=customer_id, entity_id=entity_id, is_open=True, open_amount__gt=0, id__in=set(item_ids)
        )
    items = list(rows.order_by("due_date", "number", "id")[: MOST_ITEMS + 1])
    if item_ids is not None and len(items) != len(set(item_ids)):
        raise NotFound
    if not 0 < len(items) <= MOST_ITEMS:
        raise BadCase(_("1 to %(most)d open items are handed over.") % {"most": MOST_ITEMS})
    # Numbers without gaps: one at a time.
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    number = (LegalCase.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    row = LegalCase.objects.create(
        customer_id=customer_id,
        entity_id=entity_id,
        agency=agency,
        number=number,
        note=note.strip(),
        four_eyes=terminal_settings().four_eyes_hand_over,
        on=on,
        requested_by_id=actor.member_id,
    )
    try:
        with transaction.atomic():
            LegalCaseItem.objects.bulk_create(
                LegalCaseItem(case=row, item=item, currency=item.currency, open_amount=item.open_amount)
                for item in items
            )
    except IntegrityError as error:
        raise InAnotherCase from error
    changes: dict[str, Any] = {"agency": [None, agency], "items": [None, len(items)]}
    record(actor=actor, action="collection.case_prepared", row=row, changes=changes)
    if row.four_eyes:
        _ask(row, items, agency=agency, on=on, actor=actor)
    return row


def _ask(row: LegalCase, items: Collection[LedgerItem], *, agency: Agency, on: date, actor: Actor) -> None:
    sums: dict[str, Decimal] = {}
    for item in items:
        sums[item.currency] = sums.get(item.currency, Decimal(0)) + item.open_amount
    words = {
        "amounts": in_one_line({currency: str(amount) for currency, amount in sorted(sums.items())}),
        "agency": agency.name,
    }
    ask_deciders(
        capability=Can.APPROVE_TERMINAL,
        key=f"case:{row.id}",
        customer_id=row.customer_id,
        sentence=Phrase(gettext_noop("Hand over to %(agency)s? %(amounts)s"), words),
        about=CASE,
        row_id=row.id,
        on=on,
        actor=actor,
    )


@transaction.atomic
def hand_over_case(*, case_id: UUID, agency_ref: str = "", scope: Scope, actor: Actor, on: date) -> LegalCase:
    """The dossier goes out: from now on the items are out of dunning, and what comes in counts as recovered.

    Amounts are those open now; what was paid since it was prepared falls out. Raises NotFound, AlreadyDecided,
    NeedsSecondPerson, NoDossier, BadCase.
    """
    row = _case(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    may_decide(four_eyes=row.four_eyes, requested_by_id=row.requested_by_id, actor=actor)
    if not row.path:
        raise NoDossier
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
    _save(row, values, actor=actor, action="collection.case_handed_over")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    return row


@transaction.atomic
def withdraw_case(*, case_id: UUID, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """Not handed over after all. Raises NotFound, AlreadyDecided."""
    row = _case(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    row.case_items.update(is_active=False)  # type: ignore[attr-defined]
    values = {"state": LegalCase.State.WITHDRAWN, "closed_on": on, "closed_by_id": actor.member_id}
    _save(row, values, actor=actor, action="collection.case_withdrawn")
    finish_tasks_about(object_id=row.id, actor=actor, on=on)
    return row


@transaction.atomic
def close_case(*, case_id: UUID, outcome: str, resume: bool = False, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """It is over: with `resume` what is still open is chased again, else it stays out of dunning (to be written off, say).

    Raises NotFound, AlreadyDecided, BadCase.
    """
    row = _case(case_id, scope)
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
    _save(row, values, actor=actor, action="collection.case_closed")
    return row


@transaction.atomic
def add_cost(
    *,
    case_id: UUID,
    kind: str,
    on: date,
    amount: Decimal,
    currency: str,
    note: str = "",
    scope: Scope,
    actor: Actor,
    today: date,
) -> LegalCost:
    """What a case cost on a day; below zero takes back what was entered by mistake. Raises NotFound, BadCase."""
    row = _case(case_id, scope)
    wrong: dict[str, Any] = {}
    if kind not in LegalCost.Kind.values:
        wrong["kind"] = [_("Choose what it was for.")]
    if not is_currency(currency):
        wrong["currency"] = [_("Not a currency code of ISO 4217, such as EUR.")]
    elif not amount or abs(amount) >= Decimal(10) ** 12 or has_excess_decimals(amount, currency):
        wrong["amount"] = [_("Not 0, with no more decimals than the currency has.")]
    if not row.on <= on <= today:
        wrong["on"] = [_("Not before the case was prepared, and not after today.")]
    if wrong:
        raise BadCase(fields=wrong)
    cost = LegalCost.objects.create(
        case=row, kind=kind, on=on, amount=amount, currency=currency, note=note.strip()[:200], member_id=actor.member_id
    )
    record(
        actor=actor,
        action="collection.case_cost_added",
        row=cost,
        changes={"amount": [None, amount], "currency": [None, currency]},
        customer_id=row.customer_id,
    )
    return cost


def lift_holds(*, hold_ids: Collection[UUID], actor: Actor, on: date) -> int:
    """End these holds where they are in force, in one statement; how many."""
    return audited(
        statement=(
            "UPDATE receivables_hold h SET lifted_on = greatest(h.from_on, %s), lifted_by_id = %s, "
            "updated_at = statement_timestamp() WHERE h.tenant_id = %s AND h.id = ANY(%s) AND h.lifted_on IS NULL "
            "RETURNING h.id, h.customer_id, jsonb_build_object('lifted_on', jsonb_build_array(NULL, h.lifted_on))"
        ),
        params=[on, actor.member_id, require_tenant_id(), list(hold_ids)],
        actor=actor,
        action="receivables.hold_lifted",
        model=Hold,
    )


def _case(case_id: UUID, scope: Scope) -> LegalCase:
    row = cases_in(scope=scope).select_for_update(of=("self",)).filter(id=case_id).first()
    if row is None:
        raise NotFound
    return row


def _save(row: LegalCase, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action=action, row=row, changes=changes)
