"""Actions: the day's worklist and single ones, in the asker's scope."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.access import Scope
from collection.models import Action, Interaction
from core.errors import NotFound
from receivables.models import CustomerAccount
from receivables.queries.visible import accounts_in


def in_scope(actions: QuerySet[Action], *, scope: Scope) -> QuerySet[Action]:
    """Those of customers that the asker sees, at entities that the asker sees."""
    if scope.entity_ids:
        actions = actions.filter(entity_id__in=scope.entity_ids)
    if scope.portfolio_of:
        mine = CustomerAccount.objects.filter(customer_id=OuterRef("customer_id"), entity_id=OuterRef("entity_id"))
        assigned = mine.filter(salesperson_id=scope.portfolio_of) | mine.filter(collector_id=scope.portfolio_of)
        actions = actions.filter(Exists(assigned))
    return actions


def worklist(*, scope: Scope) -> QuerySet[Action]:
    """Actions to confirm, the most promising first (`priority_cents`, then id). For keyset pages."""
    actions = Action.objects.filter(state=Action.State.PROPOSED)
    return (
        in_scope(actions, scope=scope).select_related("customer", "entity", "step").order_by("-priority_cents", "-id")
    )


def action_for_update(*, action_id: UUID, scope: Scope) -> Any:
    """The action, locked until the transaction ends. Raises NotFound for an unknown one and for one out of scope."""
    action = (
        in_scope(Action.objects.filter(id=action_id), scope=scope)
        .select_for_update(of=("self",))
        .select_related("customer", "entity", "step", "version")
        .first()
    )
    if action is None:
        raise NotFound
    return action


def action_in_scope(*, action_id: UUID, scope: Scope) -> Action:
    """The action with its customer, entity, step and version. Raises NotFound for an unknown one and one out of scope."""
    rows = Action.objects.select_related("customer", "entity", "step", "version")
    action = in_scope(rows, scope=scope).filter(id=action_id).first()
    if action is None:
        raise NotFound
    return action


def follow_ups_in(*, on: date, scope: Scope) -> QuerySet[Interaction]:
    """What calls and notes left to do by the day `on`, with their customers."""
    rows = Interaction.objects.filter(next_on__lte=on, next_done_on__isnull=True).select_related("customer")
    if scope.is_everything:
        return rows
    return rows.filter(Exists(accounts_in(scope=scope).filter(customer_id=OuterRef("customer_id"))))


def in_scope_of_customer(customer_id: UUID | None, *, scope: Scope) -> bool:
    """Whether the asker sees a customer. At most 1 SQL query."""
    if scope.is_everything:
        return True
    return customer_id is not None and accounts_in(scope=scope).filter(customer_id=customer_id).exists()
