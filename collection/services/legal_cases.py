"""Cases that an agency or a lawyer collects: prepared, with who is to collect and a dossier, and what they cost.

What becomes of them is in services.case_decisions.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import doorbells
from accounts.access import Scope
from accounts.models import Tenant
from accounts.roles import Can
from collection.models import Agency, LegalCase, LegalCaseItem, LegalCost
from collection.queries.terminal import cases_in
from collection.services.by_hand import amounts_phrase
from collection.services.deciders import Ask, ask_deciders
from collection.services.terminal import (
    AlreadyDecided,
    overdue_items,
    terminal_settings,
)
from core.audit import Actor, audited, changed, record
from core.errors import Conflict, Invalid, NotFound
from core.money import has_excess_decimals, is_currency
from core.tenancy import require_tenant_id
from core.text import Phrase, gettext_noop
from receivables.models import Hold, LedgerItem
from receivables.queries.visible import customers_in, entities_in, items_in

CASE = "collection.LegalCase"
# The doorbell of dossiers to make.
DOSSIERS = "dossiers"
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
    row = new_case(
        customer_id=customer_id,
        entity_id=entity_id,
        agency=agency,
        note=note.strip(),
        four_eyes=terminal_settings().four_eyes_hand_over,
        on=on,
        requested_by_id=actor.member_id,
    )
    add_items(row, items, actor=actor)
    if row.four_eyes:
        ask_about_cases([row], on=on, actor=actor)
    return row


def new_case(**values: Any) -> LegalCase:
    """A case with the next number, without items yet. Numbers have no gaps: one at a time."""
    Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())
    number = (LegalCase.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return LegalCase.objects.create(number=number, **values)


def add_items(row: LegalCase, items: Collection[LedgerItem], *, actor: Actor) -> None:
    """Put items into a prepared case. Raises InAnotherCase."""
    try:
        with transaction.atomic():
            LegalCaseItem.objects.bulk_create(
                LegalCaseItem(case=row, item=item, currency=item.currency, open_amount=item.open_amount)
                for item in items
            )
    except IntegrityError as error:
        raise InAnotherCase from error
    changes: dict[str, Any] = {"agency": [None, row.agency], "items": [None, len(items)]}
    record(actor=actor, action="collection.case_prepared", row=row, changes=changes)


def ask_about_cases(rows: Collection[LegalCase], *, on: date, actor: Actor) -> int:
    """Have those decide who may hand over."""
    asks = []
    for row in rows:
        sums: dict[str, Decimal] = {}
        for one in row.case_items.order_by("currency"):  # type: ignore[attr-defined]
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.open_amount
        amounts = amounts_phrase({currency: str(amount) for currency, amount in sums.items()})
        sentence = (
            Phrase(
                gettext_noop("Hand over to %(agency)s? %(amounts)s"), {"amounts": amounts, "agency": row.agency.name}
            )
            if row.agency
            else Phrase(gettext_noop("Hand over to an agency or a lawyer? %(amounts)s"), {"amounts": amounts})
        )
        asks.append(
            Ask(key=f"case:{row.id}", customer_id=row.customer_id, sentence=sentence, about=CASE, row_id=row.id)
        )
    return ask_deciders(capability=Can.APPROVE_TERMINAL, asks=asks, on=on, actor=actor)


@transaction.atomic
def choose_agency(*, case_id: UUID, agency_id: UUID, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """Say who is to collect a prepared case; its dossier, which names them, is made anew.

    Raises NotFound, AlreadyDecided, BadCase.
    """
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    agency = Agency.objects.filter(id=agency_id, is_active=True).first()
    if agency is None:
        raise BadCase(fields={"agency": [_("Choose who is to collect.")]})
    save_case(row, {"agency": agency}, actor=actor, action="collection.case_agency_chosen")
    want_dossier(row, actor=actor, on=on)
    return row


@transaction.atomic
def order_dossier(*, case_id: UUID, scope: Scope, actor: Actor, on: date) -> LegalCase:
    """Have the dossier of a prepared case made by a worker; one that is being made is begun anew.

    Raises NotFound, AlreadyDecided.
    """
    row = case_for_update(case_id, scope)
    if row.state != LegalCase.State.PREPARED:
        raise AlreadyDecided
    want_dossier(row, actor=actor, on=on)
    return row


def want_dossier(row: LegalCase, *, actor: Actor, on: date) -> None:
    """Have the worker make the dossier of a prepared case, as of the day (services.dossiers)."""
    row.wanted_on, row.wanted_by_id = on, actor.member_id
    row.run = None
    row.updated_at = Now()  # type: ignore[assignment]
    row.save(update_fields=["wanted_on", "wanted_by", "run", "updated_at"])
    doorbells.ring(DOSSIERS)


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
    row = case_for_update(case_id, scope)
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


def case_for_update(case_id: UUID, scope: Scope) -> LegalCase:
    row = cases_in(scope=scope).select_for_update(of=("self",)).filter(id=case_id).first()
    if row is None:
        raise NotFound
    return row


def save_case(row: LegalCase, values: dict[str, Any], *, actor: Actor, action: str) -> None:
    changes = changed(row, values)
    row.updated_at = Now()  # type: ignore[assignment]
    row.save()
    record(actor=actor, action=action, row=row, changes=changes)
