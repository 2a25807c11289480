"""Exposure: open items plus orders in hand, of all customers or of one with what its page says first."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from core.garbage import only_new_objects_collected
from receivables.queries.as_of import Way, open_items_sql
from receivables.queries.selection import EVERY_ITEM, Selection, item_conditions, order_conditions
from receivables.queries.statement import fetch

# The payments of a year say how a customer pays.
PAYMENT_WINDOW_DAYS = 365

_TENTH = Decimal("0.1")


class Exposure(NamedTuple):
    """What stands open at a customer in one currency: open items and orders in hand; exposure is both."""

    customer_id: UUID
    ref: str
    name: str
    currency: str
    open_amount: Decimal
    overdue_amount: Decimal
    orders_in_hand: Decimal

    @property
    def exposure(self) -> Decimal:
        return self.open_amount + self.orders_in_hand


class CustomerFigures(NamedTuple):
    """What a customer's page says first, in one currency.

    `oldest_due`: earliest due date of the open items, None when none is open. `paid_amount`: settled in the last 365
    days; `paid_amount_days` sums each part times its days after the due date (negative when paid early).
    """

    currency: str
    open_amount: Decimal
    overdue_amount: Decimal
    oldest_due: date | None
    open_items: int
    orders_in_hand: Decimal
    exposure: Decimal
    paid_amount: Decimal
    paid_amount_days: Decimal

    @property
    def average_delay_days(self) -> Decimal | None:
        """Amount-weighted days from due date to payment, to a tenth; None when nothing was paid in the window."""
        if not self.paid_amount:
            return None
        return (self.paid_amount_days / self.paid_amount).quantize(_TENTH, rounding=ROUND_HALF_UP)


def exposures(
    *,
    on: date,
    scope: Scope,
    selection: Selection = EVERY_ITEM,
    after: tuple[str, str] | None = None,
    limit: int | None = 200,
    way: Way | None = None,
) -> list[Exposure]:
    """One row per customer and currency with open items on `on` or orders in hand, by reference. 1 SQL query.

    Orders are those placed by `on`, with what is open of them now: their history is not kept. `after` a row's
    (ref, currency) come the next `limit` rows; None gives all of them.
    """
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=selection, way=way)
    orders = order_conditions(scope=scope, selection=selection)
    params: dict[str, Any] = {**items.params, **orders.params}
    beyond, cut = "", ""
    if after is not None:
        beyond = "WHERE (c.ref, s.currency) > (%(after_ref)s, %(after_currency)s)"
        params["after_ref"], params["after_currency"] = after
    if limit is not None:
        cut, params["limit"] = "LIMIT %(limit)s", limit
    sql = (
        "SELECT c.id, c.ref, c.name, s.currency, s.open_amount, s.overdue, s.orders FROM ("
        "SELECT p.customer_id, p.currency, sum(p.open_amount) AS open_amount, sum(p.overdue) AS overdue,"
        " sum(p.orders) AS orders FROM ("
        "SELECT o.customer_id, o.currency, sum(o.open_amount) AS open_amount,"
        " coalesce(sum(o.open_amount) FILTER (WHERE o.due_date < %(on)s), 0) AS overdue, 0::numeric AS orders"
        f" FROM ({items.sql}) o GROUP BY o.customer_id, o.currency"
        " UNION ALL SELECT i.customer_id, i.currency, 0, 0, i.open_amount FROM receivables_openorder i"
        f" WHERE i.tenant_id = %(tenant)s AND i.open_amount <> 0 AND i.order_date <= %(on)s{orders.where}"
        ") p GROUP BY p.customer_id, p.currency) s"
        " JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.id = s.customer_id"
        f" {beyond} ORDER BY c.ref, s.currency {cut}"
    )
    with only_new_objects_collected():
        return [Exposure(*row) for row in fetch(sql, params)]


def customer_figures(
    *, customer_id: UUID, on: date, scope: Scope, selection: Selection = EVERY_ITEM, way: Way | None = None
) -> list[CustomerFigures]:
    """One row per currency in which the customer owes, ordered or paid within a year. 1 SQL query, and a probe.

    Payments are parts settled between `on` less 365 days and `on`, by money or by a counterpart that the source does
    not name: credit notes and what was taken back do not count. Orders: see `exposures`. Empty for a customer that is
    unknown or out of scope.
    """
    selection = selection.of_customer(customer_id)
    items = open_items_sql(on=on, known_on=None, scope=scope, selection=selection, way=way)
    orders = order_conditions(scope=scope, selection=selection)
    paid = item_conditions(scope=scope, selection=selection)
    params = {
        **items.params,
        **orders.params,
        **paid.params,
        "paid_from": on - timedelta(days=PAYMENT_WINDOW_DAYS),
    }
    sql = (
        "SELECT s.currency, sum(s.open_amount), sum(s.overdue), min(s.oldest_due), sum(s.items)::int, sum(s.orders),"
        " sum(s.open_amount) + sum(s.orders), sum(s.paid), sum(s.paid_days) FROM ("
        "SELECT o.currency, o.open_amount, CASE WHEN o.due_date < %(on)s THEN o.open_amount ELSE 0 END AS overdue,"
        " o.due_date AS oldest_due, 1 AS items, 0::numeric AS orders, 0::numeric AS paid, 0::numeric AS paid_days"
        f" FROM ({items.sql}) o"
        " UNION ALL SELECT i.currency, 0, 0, NULL, 0, i.open_amount, 0, 0 FROM receivables_openorder i"
        f" WHERE i.tenant_id = %(tenant)s AND i.open_amount <> 0 AND i.order_date <= %(on)s{orders.where}"
        ' UNION ALL SELECT i.currency, 0, 0, NULL, 0, 0, a.debit_amount, a.debit_amount * (a."on" - i.due_date)'
        " FROM receivables_allocation a"
        " JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = a.debit_item_id"
        " LEFT JOIN receivables_ledgeritem credit ON credit.tenant_id = %(tenant)s AND credit.id = a.credit_item_id"
        f"{paid.join}"
        " WHERE a.tenant_id = %(tenant)s AND a.customer_id = %(customer)s"
        ' AND a."on" > %(paid_from)s AND a."on" <= %(on)s AND a.reverses_id IS NULL'
        " AND i.void_on IS NULL AND (credit.id IS NULL OR credit.kind = 'PAYMENT')"
        " AND NOT EXISTS (SELECT FROM receivables_allocation back"
        " WHERE back.tenant_id = %(tenant)s AND back.reverses_id = a.id)"
        f"{paid.where}) s GROUP BY s.currency ORDER BY s.currency"
    )
    return [CustomerFigures(*row) for row in fetch(sql, params)]
