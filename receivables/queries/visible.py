"""The rows that a reader may see, as querysets to filter further: the row scope of lists, pages and forms.

Scope over accounts: of the given entities, and with a portfolio those whose salesperson or collector the member is. An
item or document is seen with its account; a customer, and what hangs on it, with at least one account. The same as the
conditions of receivables.queries.selection; a test holds the two together.
"""

from typing import TypeVar

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from accounts.access import Scope
from receivables.models import (
    Allocation,
    Contact,
    Customer,
    CustomerAccount,
    Dispute,
    Document,
    Entity,
    Hold,
    LedgerItem,
    OpenOrder,
    Promise,
)

Seen = TypeVar("Seen", bound=Model)


def accounts_in(*, scope: Scope) -> "QuerySet[CustomerAccount]":
    """Customers' accounts."""
    rows: QuerySet[CustomerAccount] = CustomerAccount.objects.all()
    if scope.entity_ids:
        rows = rows.filter(entity_id__in=scope.entity_ids)
    if scope.portfolio_of:
        rows = rows.filter(Q(salesperson_id=scope.portfolio_of) | Q(collector_id=scope.portfolio_of))
    return rows


def customers_in(*, scope: Scope) -> "QuerySet[Customer]":
    """Customers."""
    rows: QuerySet[Customer] = Customer.objects.all()
    return rows if scope.is_everything else rows.filter(_with_account(scope, "id"))


def items_in(*, scope: Scope, void_too: bool = False) -> "QuerySet[LedgerItem]":
    """Ledger items that count: those of undone loads do not, and are given only where asked for."""
    rows: QuerySet[LedgerItem] = LedgerItem.objects.all()
    return _of_accounts(rows if void_too else rows.filter(void_on__isnull=True), scope)


def allocations_in(*, scope: Scope) -> "QuerySet[Allocation]":
    """Allocations, seen with either of their items."""
    rows: QuerySet[Allocation] = Allocation.objects.all()
    if scope.is_everything:
        return rows
    seen = items_in(scope=scope, void_too=True)
    return rows.filter(
        Exists(seen.filter(id=OuterRef("debit_item_id"))) | Exists(seen.filter(id=OuterRef("credit_item_id")))
    )


def documents_in(*, scope: Scope) -> "QuerySet[Document]":
    """Documents."""
    return _of_accounts(Document.objects.all(), scope)


def orders_in(*, scope: Scope) -> "QuerySet[OpenOrder]":
    """Open orders, which name no account: one of the customer at the order's entity must be in scope."""
    rows: QuerySet[OpenOrder] = OpenOrder.objects.all()
    return rows if scope.is_everything else rows.filter(_with_account(scope, "customer_id", at_entity=True))


def disputes_in(*, scope: Scope) -> "QuerySet[Dispute]":
    """Disputes, seen with their item."""
    return _of_accounts(Dispute.objects.all(), scope, path="item__")


def promises_in(*, scope: Scope) -> "QuerySet[Promise]":
    """Promises, seen with their customer, and where they name an entity with an account there."""
    rows: QuerySet[Promise] = Promise.objects.all()
    if scope.is_everything:
        return rows
    named = Q(entity_id__isnull=False) & _with_account(scope, "customer_id", at_entity=True)
    return rows.filter(named | Q(entity_id__isnull=True) & _with_account(scope, "customer_id"))


def holds_in(*, scope: Scope) -> "QuerySet[Hold]":
    """Holds on customers and items, and for readers of everything those on groups."""
    rows: QuerySet[Hold] = Hold.objects.all()
    return rows if scope.is_everything else rows.filter(_with_account(scope, "customer_id"))


def contacts_in(*, scope: Scope) -> "QuerySet[Contact]":
    """Persons at customers."""
    rows: QuerySet[Contact] = Contact.objects.all()
    return rows if scope.is_everything else rows.filter(_with_account(scope, "customer_id"))


def entities_in(*, scope: Scope) -> "QuerySet[Entity]":
    """The creditor's companies, by code."""
    rows: QuerySet[Entity] = Entity.objects.order_by("code")
    return rows.filter(id__in=scope.entity_ids) if scope.entity_ids else rows


def _of_accounts(rows: "QuerySet[Seen]", scope: Scope, *, path: str = "") -> "QuerySet[Seen]":
    if scope.entity_ids:
        rows = rows.filter(**{f"{path}entity_id__in": scope.entity_ids})
    if scope.portfolio_of:
        rows = rows.filter(
            Q(**{f"{path}account__salesperson_id": scope.portfolio_of})
            | Q(**{f"{path}account__collector_id": scope.portfolio_of}),
            # Which it always is; their indexes begin with the customer.
            **{f"{path}account__customer_id": F(f"{path}customer_id")},
        )
    return rows


def _with_account(scope: Scope, customer: str, *, at_entity: bool = False) -> Exists:
    accounts = accounts_in(scope=scope).filter(customer_id=OuterRef(customer))
    return Exists(accounts.filter(entity_id=OuterRef("entity_id")) if at_entity else accounts)
