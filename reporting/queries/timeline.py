"""What happened with a customer, newest first: messages and calls, payments, disputes, promises, holds, corrections."""

import json
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
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


class Sort(StrEnum):
    """What a line of the history is of: what a reader may narrow it to."""

    MESSAGES = "messages"  # ours and theirs
    CALLS = "calls"  # and notes, and questions
    PAYMENTS = "payments"
    PROMISES = "promises"  # and plans
    DISPUTES = "disputes"
    HOLDS = "holds"
    DECISIONS = "decisions"  # reminders put off or skipped
    LITIGATION = "litigation"  # deliveries stopped, cases handed over, amounts given up
    PROFILE = "profile"  # changes of the payer class
    DATA = "data"  # corrections of addresses, contacts, terms


# Of one row there may be several lines, of one day even: their kind tells them apart.
Place = tuple[date, datetime, UUID, str]


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
        return self.on, self.at, self.id, self.kind


def timeline(
    *,
    customer_id: UUID,
    scope: Scope,
    before: Place | None = None,
    limit: int = 30,
    sorts: Collection[Sort] = tuple(Sort),
    item_id: UUID | None = None,
) -> list[Happening]:
    """The newest `limit` lines before a place. 1 SQL query. The caller has made sure that the customer is in scope.

    `item_id`: only what speaks of that item. What is of one company is left out for those who do not see it there.
    """
    narrowed = item_conditions(scope=scope, selection=EVERY_ITEM)
    params: dict[str, Any] = {**narrowed.params, "customer": customer_id, "told": list(TOLD), "limit": limit}
    if item_id is not None:
        params |= {"item": item_id, "fact": json.dumps([{"item": str(item_id)}])}
    branches = [
        branch
        for sort, branch in _branches(scope=scope, narrowed=narrowed, of_item=item_id is not None)
        if sort in sorts
    ]
    if not branches:
        return []
    beyond = ""
    if before is not None:
        beyond = " WHERE (b.day, b.at, b.id, b.kind) < (%(day)s, %(at)s, %(id)s, %(kind)s)"
        params["day"], params["at"], params["id"], params["kind"] = before
    newest = " ORDER BY b.day DESC, b.at DESC, b.id DESC, b.kind DESC LIMIT %(limit)s"
    joined = " UNION ALL ".join(
        f"(SELECT b.* FROM ({branch}) b (day, at, id, kind, member_id, data){beyond}{newest})" for branch in branches
    )
    sql = (
        "SELECT b.day, b.at, b.id, b.kind, coalesce(m.name, ''), b.data::text FROM"
        f" (SELECT b.* FROM ({joined}) b{newest}) b"
        " LEFT JOIN accounts_member m ON m.tenant_id = %(tenant)s AND m.id = b.member_id"
        " ORDER BY b.day DESC, b.at DESC, b.id DESC, b.kind DESC"
    )
    return [
        Happening(day, at, row_id, kind, who, json.loads(data, parse_float=Decimal))
        for day, at, row_id, kind, who, data in fetch(sql, params)
    ]


def _branches(*, scope: Scope, narrowed: Any, of_item: bool) -> list[tuple[Sort, str]]:
    """SELECTs of (day, at, id, kind, member, data), each of one sort. `of_item`: of the item %(item)s alone."""

    def of(alias: str) -> str:
        return f"{alias}.tenant_id = %(tenant)s AND {alias}.customer_id = %(customer)s"

    def at_entity(alias: str) -> str:
        if not scope.entity_ids:
            return ""
        return f" AND ({alias}.entity_id IS NULL OR {alias}.entity_id = ANY(%(scope_entities)s))"

    def only(condition: str) -> str:
        return f" AND {condition}" if of_item else ""

    item = f"JOIN receivables_ledgeritem i ON i.tenant_id = %(tenant)s AND i.id = d.item_id{narrowed.join}"
    disputed = narrowed.where + only("d.item_id = %(item)s")
    of_promise = only(
        "EXISTS (SELECT 1 FROM receivables_promiseitem pi WHERE pi.tenant_id = %(tenant)s"
        " AND pi.promise_id = p.id AND pi.item_id = %(item)s)"
    )
    held = "LEFT JOIN receivables_ledgeritem n ON n.tenant_id = %(tenant)s AND n.id = h.item_id"
    of_hold = only("h.item_id = %(item)s")
    event = (
        "SELECT e.\"on\" AS day, e.at, e.id, e.kind, e.member_id, e.data || jsonb_build_object('of', e.object_type,"
        " 'object', e.object_id) FROM desk_event e"
    )
    told = event + (
        " LEFT JOIN desk_message m ON e.object_type = 'desk.Message' AND m.tenant_id = %(tenant)s AND m.id = e.object_id"
        " LEFT JOIN desk_inboundmessage r ON e.object_type = 'desk.InboundMessage' AND r.tenant_id = %(tenant)s"
        " AND r.id = e.object_id CROSS JOIN LATERAL (SELECT coalesce(m.entity_id, r.entity_id) AS entity_id) w"
        f" WHERE {of('e')}"
        " AND split_part(e.kind, '.', 1) IN ('message', 'reply')"
        + at_entity("w")
        + only("(m.facts @> %(fact)s::jsonb OR r.items @> jsonb_build_array(%(item)s::text))")
    )
    branches = [
        (Sort.MESSAGES, told),
        (
            Sort.DISPUTES,
            "SELECT d.opened_on, d.updated_at, d.id, 'dispute.opened', d.opened_by_id,"
            " jsonb_build_object('number', i.number, 'item', i.id, 'reason', d.reason, 'amount', d.disputed_amount,"
            f" 'currency', d.currency, 'text', d.comment, 'object', d.id) FROM receivables_dispute d {item}"
            f" WHERE {of('d')}{disputed}",
        ),
        (
            Sort.DISPUTES,
            "SELECT d.answered_on, d.updated_at, d.id, 'dispute.answered', d.answered_by_id,"
            " jsonb_build_object('number', i.number, 'item', i.id, 'reason', d.reason, 'currency', d.currency,"
            f" 'text', d.answer, 'object', d.id) FROM receivables_dispute d {item}"
            f" WHERE d.answered_on IS NOT NULL AND {of('d')}{disputed}",
        ),
        (
            Sort.DISPUTES,
            "SELECT d.closed_on, d.updated_at, d.id, 'dispute.closed', NULL::uuid,"
            " jsonb_build_object('number', i.number, 'item', i.id, 'reason', d.reason, 'currency', d.currency,"
            f" 'object', d.id) FROM receivables_dispute d {item}"
            f" WHERE d.closed_on IS NOT NULL AND {of('d')}{disputed}",
        ),
        (
            Sort.PROMISES,
            "SELECT p.made_on, p.updated_at, p.id, 'promise.made', p.recorded_by_id,"
            " jsonb_build_object('amount', p.amount, 'currency', p.currency, 'due_on', p.due_on, 'text', p.comment)"
            f" FROM receivables_promise p WHERE {of('p')}{at_entity('p')}{of_promise}",
        ),
        (
            Sort.PROMISES,
            "SELECT p.decided_on, p.updated_at, p.id, 'promise.' || lower(p.state), NULL::uuid,"
            " jsonb_build_object('amount', p.amount, 'currency', p.currency, 'due_on', p.due_on)"
            f" FROM receivables_promise p WHERE p.decided_on IS NOT NULL AND {of('p')}{at_entity('p')}{of_promise}",
        ),
        (
            Sort.HOLDS,
            "SELECT h.from_on, h.placed_at, h.id, 'hold.placed', h.placed_by_id, jsonb_build_object('reason', h.reason,"
            " 'until_on', h.until_on, 'text', h.note, 'number', n.number, 'item', n.id) FROM receivables_hold h"
            f" {held} WHERE {of('h')}{of_hold}",
        ),
        (
            Sort.HOLDS,
            "SELECT h.lifted_on, h.placed_at, h.id, 'hold.lifted', h.lifted_by_id, jsonb_build_object('reason', h.reason,"
            f" 'number', n.number, 'item', n.id) FROM receivables_hold h {held}"
            f" WHERE h.lifted_on IS NOT NULL AND {of('h')}{of_hold}",
        ),
        (
            Sort.PAYMENTS,
            "SELECT i.posting_date, i.created_at, i.id, 'payment.received', NULL::uuid, jsonb_build_object("
            "'number', i.number, 'item', i.id, 'amount', -i.amount, 'currency', i.currency, 'open', i.open_amount)"
            f" FROM receivables_ledgeritem i{narrowed.join}"
            f" WHERE i.kind = 'PAYMENT' AND i.void_on IS NULL AND {of('i')}{narrowed.where}"
            + only(
                "EXISTS (SELECT 1 FROM receivables_allocation x WHERE x.tenant_id = %(tenant)s"
                " AND x.debit_item_id = %(item)s AND x.credit_item_id = i.id)"
            ),
        ),
        (
            Sort.DECISIONS,
            "SELECT a.\"on\", coalesce(a.decided_at, a.created_at), a.id, 'action.' || lower(a.state), a.decided_by_id,"
            " jsonb_build_object('step', s.name, 'until_on', a.postponed_until, 'text', a.note)"
            " FROM collection_action a JOIN collection_step s ON s.tenant_id = %(tenant)s AND s.id = a.step_id"
            f" WHERE a.state IN ('POSTPONED', 'SKIPPED') AND {of('a')}{at_entity('a')}"
            + only(
                "EXISTS (SELECT 1 FROM collection_actionline l WHERE l.tenant_id = %(tenant)s"
                " AND l.action_id = a.id AND l.item_id = %(item)s)"
            ),
        ),
    ]
    if of_item:
        return branches
    return [
        *branches,
        *_litigation(of=of, at_entity=at_entity),
        (
            Sort.CALLS,
            f"{event} WHERE {of('e')} AND split_part(e.kind, '.', 1) NOT IN ('message', 'reply')"
            # A call that was taken back at once never was: neither line tells of it, the audit trail does.
            f" AND NOT EXISTS (SELECT 1 FROM desk_event b WHERE {of('b')} AND b.kind = 'call.taken_back'"
            " AND b.object_id = e.object_id)",
        ),
        (
            Sort.PROFILE,
            "SELECT c.valid_from, c.valid_from::timestamp AT TIME ZONE 'UTC', c.id, 'profile.changed', NULL::uuid,"
            " jsonb_build_object('before', f.payer_class, 'after', c.payer_class) FROM risk_payerprofile c"
            " JOIN risk_payerprofile f ON f.tenant_id = %(tenant)s AND f.customer_id = c.customer_id"
            f" AND f.valid_to = c.valid_from AND f.payer_class <> c.payer_class WHERE {of('c')}",
        ),
        (
            Sort.DATA,
            "SELECT r.at::date, r.at, r.id, r.action, r.actor_id, r.changes FROM core_auditrecord r"
            f" WHERE r.action = ANY(%(told)s) AND {of('r')}",
        ),
    ]


# Table, kind, day, member, what is said of it, condition.
_STEPS = (
    ("deliverystop", "stop.asked", "on", "requested_by_id", "'text', x.reason", "true"),
    ("deliverystop", "stop.accepted", "decided_on", "decided_by_id", "'text', x.answer", "x.state IN ('ACCEPTED', 'LIFTED') AND x.decided_on IS NOT NULL"),
    ("deliverystop", "stop.refused", "decided_on", "decided_by_id", "'text', x.answer", "x.state = 'REFUSED'"),
    ("deliverystop", "stop.ended", "ended_on", "ended_by_id", "'text', x.end_reason", "x.ended_on IS NOT NULL"),
    ("legalcase", "case.handed", "decided_on", "decided_by_id", "'number', x.number", "x.decided_on IS NOT NULL"),
    ("legalcase", "case.closed", "closed_on", "closed_by_id", "'number', x.number", "x.state = 'CLOSED'"),
    ("writeoff", "loss.approved", "decided_on", "decided_by_id", "'text', x.reason, 'amount', x.amount, 'currency', x.currency", "x.decided_on IS NOT NULL AND x.state <> 'REFUSED'"),
)  # fmt: skip


def _litigation(*, of: Callable[[str], str], at_entity: Callable[[str], str]) -> list[tuple[Sort, str]]:
    return [
        (
            Sort.LITIGATION,
            f"SELECT x.\"{day}\", x.updated_at, x.id, '{kind}', x.{member}, jsonb_build_object('object', x.id, {said})"
            f" FROM collection_{table} x WHERE {condition} AND {of('x')}{at_entity('x')}",
        )
        for table, kind, day, member, said, condition in _STEPS
    ]
