"""What a customer's page says before any figure: who it is, its accounts, whom to call, what stands against chasing it."""

import json
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import fetch

_IN_FORCE = (
    "h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)"
    " AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)"
)


class CustomerHead(NamedTuple):
    """One customer. `accounts`: those in scope, by company. `contact`: the primary one, else the first, else None.

    `holds`: reasons of holds in force on the customer or its group. Counts are of what is open on the day.
    """

    id: UUID
    ref: str
    name: str
    country: str
    language: str
    siren: str
    siret: str
    vat_number: str
    lei: str
    registration_number: str
    street: str
    postal_code: str
    city: str
    email: str
    phone: str
    group_id: UUID | None
    group_name: str
    accounts: list[dict[str, Any]]
    contact: dict[str, Any] | None
    holds: list[str]
    promise_due: date | None
    contacts: int
    orders: int
    disputes: int
    promises: int

    @property
    def collectors(self) -> list[str]:
        return sorted({account["collector"] for account in self.accounts if account["collector"]})

    @property
    def salespeople(self) -> list[str]:
        return sorted({account["salesperson"] for account in self.accounts if account["salesperson"]})


def customer_head(*, customer_id: UUID, on: date, scope: Scope) -> CustomerHead | None:
    """The customer, or None alike for an unknown one and for one out of scope. 1 SQL query."""
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    params: dict[str, Any] = {**narrowed.params, "customer": customer_id, "on": on}
    seen = "a.tenant_id = %(tenant)s AND a.customer_id = c.id"
    at_entity = ""
    if scope.entity_ids:
        seen += " AND a.entity_id = ANY(%(entities)s)"
        at_entity = " AND {0}.entity_id = ANY(%(entities)s)"
        params["entities"] = sorted(scope.entity_ids)
    if scope.portfolio_of:
        seen += " AND (a.salesperson_id = %(owner)s OR a.collector_id = %(owner)s)"
        params["owner"] = scope.portfolio_of
    visible = "" if scope.is_everything else f" AND EXISTS (SELECT FROM receivables_customeraccount a WHERE {seen})"
    sql = (
        "SELECT c.id, c.ref, c.name, c.country, c.language, c.siren, c.siret, c.vat_number, c.lei,"
        " c.registration_number, c.street, c.postal_code, c.city, c.email, c.phone, c.group_id, coalesce(g.name, ''),"
        " (SELECT coalesce(json_agg(json_build_object('id', a.id, 'code', e.code, 'entity', e.name, 'ref', a.ref,"
        " 'currency', a.currency, 'terms', coalesce(t.code, ''), 'terms_label', coalesce(nullif(t.label, ''), t.code, ''),"
        " 'method', a.payment_method, 'collector', coalesce(m.name, ''), 'salesperson', coalesce(s.name, ''),"
        " 'sector', a.sector, 'region', a.region, 'product', a.product) ORDER BY e.code, a.ref), '[]')::text"
        " FROM receivables_customeraccount a"
        " JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = a.entity_id"
        " LEFT JOIN receivables_paymentterms t ON t.tenant_id = %(tenant)s AND t.id = a.terms_id"
        " LEFT JOIN accounts_member m ON m.tenant_id = %(tenant)s AND m.id = a.collector_id"
        " LEFT JOIN accounts_member s ON s.tenant_id = %(tenant)s AND s.id = a.salesperson_id"
        f" WHERE {seen}),"
        " (SELECT json_build_object('id', k.id, 'name', trim(k.first_name || ' ' || k.last_name), 'role', k.role,"
        " 'influence', k.influence, 'email', k.email, 'phone', k.phone)::text FROM receivables_contact k"
        " WHERE k.tenant_id = %(tenant)s AND k.customer_id = c.id AND k.is_active"
        " ORDER BY k.is_primary DESC, k.id LIMIT 1),"
        " (SELECT array_agg(h.reason ORDER BY h.from_on) FROM receivables_hold h WHERE h.tenant_id = %(tenant)s"
        " AND ((h.customer_id = c.id AND h.item_id IS NULL) OR h.group_id = c.group_id)"
        f" AND {_IN_FORCE}),"
        " (SELECT min(p.due_on) FROM receivables_promise p WHERE p.tenant_id = %(tenant)s AND p.customer_id = c.id"
        f" AND p.state = 'OPEN'{at_entity.format('p')}),"
        " (SELECT count(*) FROM receivables_contact k WHERE k.tenant_id = %(tenant)s AND k.customer_id = c.id"
        " AND k.is_active),"
        " (SELECT count(*) FROM receivables_openorder w WHERE w.tenant_id = %(tenant)s AND w.customer_id = c.id"
        f" AND w.open_amount <> 0{at_entity.format('w')}),"
        " (SELECT count(*) FROM receivables_dispute d JOIN receivables_ledgeritem i"
        f" ON i.tenant_id = %(tenant)s AND i.id = d.item_id{narrowed.join}"
        f" WHERE d.tenant_id = %(tenant)s AND d.customer_id = c.id AND d.closed_on IS NULL{narrowed.where}),"
        " (SELECT count(*) FROM receivables_promise p WHERE p.tenant_id = %(tenant)s AND p.customer_id = c.id"
        f" AND p.state = 'OPEN'{at_entity.format('p')})"
        " FROM receivables_customer c"
        " LEFT JOIN receivables_customergroup g ON g.tenant_id = %(tenant)s AND g.id = c.group_id"
        f" WHERE c.tenant_id = %(tenant)s AND c.id = %(customer)s{visible}"
    )
    for row in fetch(sql, params):
        head = CustomerHead(*row)
        return head._replace(
            accounts=json.loads(row[17]), contact=json.loads(row[18]) if row[18] else None, holds=row[19] or []
        )
    return None
