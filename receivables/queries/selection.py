"""Which part of the ledger a figure speaks of: what the reader asked for, within what the reader may see."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from accounts.access import Scope


@dataclass(frozen=True)
class Selection:
    """A filter of figures. Empty fields filter nothing; given ones must all hold.

    Collector, salesperson, sector, region and product are those of the item's account, as they stand now.
    """

    entity_ids: frozenset[UUID] = field(default_factory=frozenset)
    customer_id: UUID | None = None
    group_id: UUID | None = None
    currency: str = ""
    collector_id: UUID | None = None
    salesperson_id: UUID | None = None
    sector: str = ""
    region: str = ""
    product: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves few customers: what was allocated is then looked up item by item."""
        return any((self.customer_id, self.group_id, self.collector_id, self.salesperson_id))

    def of_customer(self, customer_id: UUID) -> "Selection":
        """The same, of one customer only."""
        return replace(self, customer_id=customer_id)


EVERY_ITEM = Selection()

_ACCOUNT_FIELDS = ("collector_id", "salesperson_id", "sector", "region", "product")


@dataclass(frozen=True)
class Conditions:
    """SQL that narrows `receivables_ledgeritem i`: a join of its account where needed, and conditions to append."""

    join: str
    where: str
    params: dict[str, Any]


def item_conditions(*, scope: Scope, selection: Selection) -> Conditions:
    """The scope and the selection as SQL over items `i` and, where they ask for it, their accounts `account`."""
    conditions, params = _direct(scope=scope, selection=selection)
    of_account, account_params = _of_account(scope=scope, selection=selection)
    join = ""
    if of_account:
        join = (
            " JOIN receivables_customeraccount account"
            " ON account.tenant_id = %(tenant)s AND account.id = i.account_id AND account.customer_id = i.customer_id"
        )
    return Conditions(join, "".join(f" AND {c}" for c in [*conditions, *of_account]), params | account_params)


def order_conditions(*, scope: Scope, selection: Selection) -> Conditions:
    """The same over open orders `i`, which name no account: one of the customer at the order's entity must fit."""
    conditions, params = _direct(scope=scope, selection=selection)
    of_account, account_params = _of_account(scope=scope, selection=selection)
    if of_account:
        conditions.append(
            "EXISTS (SELECT FROM receivables_customeraccount account WHERE account.tenant_id = %(tenant)s"
            " AND account.customer_id = i.customer_id AND account.entity_id = i.entity_id"
            f" AND {' AND '.join(of_account)})"
        )
    return Conditions("", "".join(f" AND {c}" for c in conditions), params | account_params)


def _direct(*, scope: Scope, selection: Selection) -> tuple[list[str], dict[str, Any]]:
    """What the row `i` itself says."""
    conditions: list[str] = []
    params: dict[str, Any] = {}
    if scope.entity_ids:
        conditions.append("i.entity_id = ANY(%(scope_entities)s)")
        params["scope_entities"] = sorted(scope.entity_ids)
    if selection.entity_ids:
        conditions.append("i.entity_id = ANY(%(entities)s)")
        params["entities"] = sorted(selection.entity_ids)
    if selection.customer_id:
        conditions.append("i.customer_id = %(customer)s")
        params["customer"] = selection.customer_id
    if selection.currency:
        conditions.append("i.currency = %(currency)s")
        params["currency"] = selection.currency
    if selection.group_id:
        conditions.append(
            "i.customer_id IN (SELECT g.id FROM receivables_customer g"
            " WHERE g.tenant_id = %(tenant)s AND g.group_id = %(group)s)"
        )
        params["group"] = selection.group_id
    return conditions, params


def _of_account(*, scope: Scope, selection: Selection) -> tuple[list[str], dict[str, Any]]:
    """What the account of the row says."""
    conditions: list[str] = []
    params: dict[str, Any] = {}
    for name in _ACCOUNT_FIELDS:
        if value := getattr(selection, name):
            conditions.append(f"account.{name} = %({name})s")
            params[name] = value
    if scope.portfolio_of:
        conditions.append("(account.salesperson_id = %(portfolio)s OR account.collector_id = %(portfolio)s)")
        params["portfolio"] = scope.portfolio_of
    return conditions, params
