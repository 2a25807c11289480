"""What happened with a customer, newest first: messages and calls, payments, disputes, promises, holds, corrections."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from accounts.access import Scope
from receivables.queries.selection import EVERY_ITEM, item_conditions
from receivables.queries.statement import fetch

# Of the audit trail, what a reader of the customer's story wants to know; the rest has rows of its own below.
TOLD = (
    "receivables.identifiers_changed",
    "receivables.address_changed",
    "receivables.contact_added",
    "receivables.contact_changed",
    "receivables.account_assigned",
    "receivables.terms_changed",
)

Place = tuple[date, datetime, UUID]


class Happening(NamedTuple):
    """One line. `kind` is of the form "promise.made"; `who` the member's name, "" for the system and for loads."""

    on: date
    at: datetime
    id: UUID
    kind: str
    who: str
    data: dict[str, Any]

    @property
    def place(self) -> Place:
        return self.on, self.at, self.id


def timeline(*, customer_id: UUID, scope: Scope, before: Place | None = None, limit: int = 30) -> list[Happening]:
    """The newest `limit` lines before a place. 1 SQL query. The caller has made sure that the customer is in scope."""
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    item = f"JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = d.item_id{narrowed.join}"
    at_entity = " AND (p.entity_id IS NULL OR p.entity_id = ANY(%(scope_entities)s))" if scope.entity_ids else ""
    params: dict[str, Any] = {**narrowed.params, "customer": customer_id, "told": list(TOLD), "limit": limit}
    of = "tenant_id = %(tenant)s AND {0}.customer_id = %(customer)s"
    branches = [
        'SELECT e."on" AS day, e.at, e.id, e.kind, e.member_id, e.data FROM desk_event e WHERE e.' + of.format("e"),
        "SELECT d.opened_on, d.updated_at, d.id, 'dispute.opened', d.opened_by_id,"
        " jsonb_build_object('number', i.number, 'item', i.id, 'reason', d.reason, 'amount', d.disputed_amount,"
        f" 'currency', d.currency, 'text', d.comment) FROM receivables_dispute d {item}"
        " WHERE d." + of.format("d") + narrowed.where,
        "SELECT d.closed_on, d.updated_at, d.id, 'dispute.closed', NULL::uuid,"
        " jsonb_build_object('number', i.number, 'item', i.id, 'reason', d.reason, 'currency', d.currency)"
        f" FROM receivables_dispute d {item} WHERE d.closed_on IS NOT NULL AND d." + of.format("d") + narrowed.where,
        "SELECT p.made_on, p.updated_at, p.id, 'promise.made', p.recorded_by_id,"
        " jsonb_build_object('amount', p.amount, 'currency', p.currency, 'due_on', p.due_on, 'text', p.comment)"
        " FROM receivables_promise p WHERE p." + of.format("p") + at_entity,
        "SELECT p.decided_on, p.updated_at, p.id, 'promise.' || lower(p.state), NULL::uuid,"
        " jsonb_build_object('amount', p.amount, 'currency', p.currency, 'due_on', p.due_on)"
        " FROM receivables_promise p WHERE p.decided_on IS NOT NULL AND p." + of.format("p") + at_entity,
        "SELECT h.from_on, h.placed_at, h.id, 'hold.placed', h.placed_by_id, jsonb_build_object('reason', h.reason,"
        " 'until_on', h.until_on, 'text', h.note, 'number', n.number, 'item', n.id) FROM receivables_hold h"
        " LEFT JOIN receivables_ledgeritem n ON n.tenant_id = %(tenant)s AND n.id = h.item_id WHERE h."
        + of.format("h"),
        "SELECT h.lifted_on, h.placed_at, h.id, 'hold.lifted', h.lifted_by_id, jsonb_build_object('reason', h.reason,"
        " 'number', n.number, 'item', n.id) FROM receivables_hold h"
        " LEFT JOIN receivables_ledgeritem n ON n.tenant_id = %(tenant)s AND n.id = h.item_id"
        " WHERE h.lifted_on IS NOT NULL AND h." + of.format("h"),
        "SELECT i.posting_date, i.created_at, i.id, 'payment.received', NULL::uuid, jsonb_build_object('number', i.number,"
        " 'item', i.id, 'amount', -i.amount, 'currency', i.currency, 'open', i.open_amount)"
        f" FROM receivables_ledgeritem i{narrowed.join}"
        " WHERE i.kind = 'PAYMENT' AND i.void_on IS NULL AND i." + of.format("i") + narrowed.where,
        "SELECT r.at::date, r.at, r.id, r.action, r.actor_id, r.changes FROM core_auditrecord r"
        " WHERE r.action = ANY(%(told)s) AND r." + of.format("r"),
    ]
    beyond = ""
    if before is not None:
        beyond = " WHERE (b.day, b.at, b.id) < (%(before_day)s, %(before_at)s, %(before_id)s)"
        params["before_day"], params["before_at"], params["before_id"] = before
    newest = " ORDER BY b.day DESC, b.at DESC, b.id DESC LIMIT %(limit)s"
    joined = " UNION ALL ".join(
        f"(SELECT b.* FROM ({branch}) b (day, at, id, kind, member_id, data){beyond}{newest})" for branch in branches
    )
    sql = (
        "SELECT b.day, b.at, b.id, b.kind, coalesce(m.name, ''), b.data::text FROM"
        f" (SELECT b.* FROM ({joined}) b{newest}) b"
        " LEFT JOIN accounts_member m ON m.tenant_id = %(tenant)s AND m.id = b.member_id"
        " ORDER BY b.day DESC, b.at DESC, b.id DESC"
    )
    return [
        Happening(day, at, row_id, kind, who, json.loads(data, parse_float=Decimal))
        for day, at, row_id, kind, who, data in fetch(sql, params)
    ]
