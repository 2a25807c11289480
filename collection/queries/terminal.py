"""Terminal steps as a reader may see them: stops of deliveries, formal notices, cases, write-offs."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db.models import CharField, Exists, Func, JSONField, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.access import Scope
from collection.models import Action, ActionLine, DeliveryStop, FormalNotice, LegalCase, Step, WriteOff
from collection.queries.actions import in_scope
from receivables.queries.statement import fetch
from receivables.queries.visible import accounts_in, customers_in

Seen = TypeVar("Seen", bound=Model)


def stops_in(*, scope: Scope) -> "QuerySet[DeliveryStop]":
    """Requests to stop deliveries, seen with their customer and, where they name one, their entity."""
    rows: QuerySet[DeliveryStop] = DeliveryStop.objects.all()
    if scope.is_everything:
        return rows
    rows = rows.filter(customer__in=customers_in(scope=scope))
    return rows.filter(Q(entity_id__isnull=True) | Q(entity_id__in=scope.entity_ids)) if scope.entity_ids else rows


def notices_in(*, scope: Scope) -> "QuerySet[FormalNotice]":
    """Approvals of formal notices, seen with an account of the customer at the entity."""
    rows: QuerySet[FormalNotice] = FormalNotice.objects.all()
    return _at_entity(rows, scope)


def notices_to_ask(*, scope: Scope) -> "QuerySet[Action]":
    """Proposed formal notices with an item that no open request or approval of their place speaks of."""
    item = Func(Cast(OuterRef("item_id"), TextField()), function="jsonb_build_array", output_field=JSONField())
    asked = FormalNotice.objects.filter(
        customer_id=OuterRef("action__customer_id"),
        entity_id=OuterRef("action__entity_id"),
        step_key=OuterRef("action__step__step_key"),
        state__in=FormalNotice.OPEN,
        items__contains=item,
    )
    lines = ActionLine.objects.filter(action_id=OuterRef("id"), state=ActionLine.State.PLANNED)
    rows = Action.objects.filter(state=Action.State.PROPOSED, step__kind=Step.Kind.FORMAL_NOTICE)
    return in_scope(rows.filter(Exists(lines.filter(~Exists(asked)))), scope=scope)


def cases_in(*, scope: Scope) -> "QuerySet[LegalCase]":
    """Cases, seen with an account of the customer at the entity."""
    rows: QuerySet[LegalCase] = LegalCase.objects.all()
    return _at_entity(rows, scope)


def write_offs_in(*, scope: Scope) -> "QuerySet[WriteOff]":
    """Write-offs, seen with an account of the customer at the entity."""
    rows: QuerySet[WriteOff] = WriteOff.objects.all()
    return _at_entity(rows, scope)


def _at_entity(rows: "QuerySet[Seen]", scope: Scope) -> "QuerySet[Seen]":
    if scope.is_everything:
        return rows
    rows = rows.filter(customer__in=accounts_in(scope=scope).values("customer_id"))
    return rows.filter(entity_id__in=scope.entity_ids) if scope.entity_ids else rows


def customer_states(*, customer_id: UUID, scope: Scope) -> list[str]:
    """What stands over a customer now: "STOP_REQUESTED", "STOP_ACCEPTED", "CASE_PREPARED", "CASE_HANDED_OVER". 1 SQL query."""
    stops = stops_in(scope=scope).filter(customer_id=customer_id, state__in=["REQUESTED", "ACCEPTED"])
    cases = cases_in(scope=scope).filter(customer_id=customer_id, state__in=["PREPARED", "HANDED_OVER"])
    rows = (
        stops.annotate(mark=Concat(Value("STOP_"), "state", output_field=CharField()))
        .values_list("mark", flat=True)
        .union(
            cases.annotate(mark=Concat(Value("CASE_"), "state", output_field=CharField())).values_list(
                "mark", flat=True
            )
        )
    )
    return sorted(rows)


class Recovered(NamedTuple):
    """What was set against the items of a case on a day after it was handed over, in one currency.

    `is_money`: a payment, or a counterpart that the source does not name; else a credit note, a write-off and the like.
    """

    case_id: UUID
    on: date
    currency: str
    amount: Decimal
    is_money: bool


def recoveries(*, case_ids: Sequence[UUID], scope: Scope) -> list[Recovered]:
    """What came in on cases since they were handed over, until they were closed, in order of day. 1 SQL query.

    Computed from allocations, so that one that is taken back takes its recovery back. Of cases that `scope` does not
    see: nothing.
    """
    seen = list(cases_in(scope=scope).filter(id__in=case_ids).values_list("id", flat=True))
    if not seen:
        return []
    rows = fetch(
        """
        SELECT k.id, a."on", a.debit_currency, sum(a.debit_amount),
               coalesce(credit.kind IS NULL OR credit.kind = 'PAYMENT', true) AS is_money
        FROM collection_legalcase k
        JOIN collection_legalcaseitem ki ON ki.tenant_id = %(tenant)s AND ki.case_id = k.id
        JOIN receivables_allocation a ON a.tenant_id = %(tenant)s AND a.debit_item_id = ki.item_id
            AND a."on" > k.decided_on
            AND (k.closed_on IS NULL OR a."on" <= k.closed_on)
        LEFT JOIN receivables_ledgeritem credit ON credit.tenant_id = %(tenant)s AND credit.id = a.credit_item_id
        WHERE k.tenant_id = %(tenant)s AND k.id = ANY(%(ids)s) AND k.decided_on IS NOT NULL
        GROUP BY k.id, a."on", a.debit_currency, 5 HAVING sum(a.debit_amount) <> 0
        ORDER BY a."on", a.debit_currency, 5
        """,
        {"ids": seen},
    )
    return [Recovered(*row) for row in rows]
