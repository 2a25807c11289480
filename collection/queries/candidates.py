"""Open items that a dunning run looks at, with everything its rule needs. A system query: it sees the whole tenant."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from core.tenancy import require_tenant_id

# Rows fetched from the cursor at a time: bounds memory, not the result.
FETCH = 5000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open debit that a step may concern. `chased_amount`: open and not disputed, in `currency`.

    `done`: step_key -> business day it was done, skipped, lapsed or set; `pending`: a step of it is confirmed and not
    sent, or postponed. `held`: the reason of a hold on the item, its customer or its group, else "".
    """

    item_id: UUID
    customer_id: UUID
    entity_id: UUID
    number: str
    currency: str
    due_date: date
    open_amount: Decimal
    disputed_amount: Decimal
    done: dict[str, date]
    pending: bool
    held: str

    @property
    def chased_amount(self) -> Decimal:
        return max(self.open_amount - self.disputed_amount, Decimal(0))


def candidates(*, on: date, due_until: date, customer_ids: Collection[UUID] | None = None) -> Iterator[Candidate]:
    """Open debits posted by `on` and due by `due_until`, ordered by customer, entity, due date. 1 SQL query.

    Disputes, holds and steps count as they stand on the day `on`. With `customer_ids` only theirs: what the message
    preview shows comes from the same statement as what the night plans.
    """
    tenant = require_tenant_id()
    narrow = ""
    params: dict[str, Any] = {"tenant": tenant, "on": on, "due_until": due_until}
    if customer_ids is not None:
        narrow = " AND i.customer_id = ANY(%(customers)s)"
        params["customers"] = list(customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(narrow=narrow), params)
        while rows := cursor.fetchmany(FETCH):
            for row in rows:
                keys, days, pending, held = row[8:]
                done = dict(zip(keys, days, strict=True)) if keys else {}
                yield Candidate(*row[:8], done, bool(pending), held or "")  # type: ignore[misc, call-arg]


# MATERIALIZED: each is small and joined by hash; inlined, the planner has repeated them per item.
_SQL = """
WITH disputed AS MATERIALIZED (
    SELECT d.item_id, bool_or(d.disputed_amount IS NULL) AS wholly, sum(d.disputed_amount) AS amount
    FROM receivables_dispute d
    WHERE d.tenant_id = %(tenant)s AND d.opened_on <= %(on)s AND (d.closed_on IS NULL OR d.closed_on > %(on)s)
    GROUP BY d.item_id
), hold AS MATERIALIZED (
    SELECT h.item_id, h.customer_id, h.group_id, h.reason FROM receivables_hold h
    WHERE h.tenant_id = %(tenant)s AND h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)
      AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)
), promised AS MATERIALIZED (
    SELECT DISTINCT pi.item_id FROM receivables_promiseitem pi
    JOIN receivables_promise p ON p.tenant_id = pi.tenant_id AND p.id = pi.promise_id
    WHERE pi.tenant_id = %(tenant)s AND p.state = 'OPEN' AND p.made_on <= %(on)s AND p.due_on >= %(on)s
), step AS MATERIALIZED (
    SELECT l.item_id,
           array_agg(l.step_key) FILTER (WHERE l.state <> 'PLANNED') AS keys,
           array_agg(l."on") FILTER (WHERE l.state <> 'PLANNED') AS days,
           bool_or(l.state = 'PLANNED') AS pending
    FROM collection_actionline l
    JOIN receivables_ledgeritem o ON o.tenant_id = l.tenant_id AND o.id = l.item_id
    WHERE l.tenant_id = %(tenant)s AND o.is_open
    GROUP BY l.item_id
)
SELECT i.id, i.customer_id, i.entity_id, i.number, i.currency, i.due_date, i.open_amount,
       CASE WHEN d.wholly THEN i.open_amount ELSE coalesce(d.amount, 0) END,
       s.keys, s.days, s.pending,
       coalesce(hi.reason, hc.reason, hg.reason,
                CASE WHEN p.item_id IS NOT NULL THEN 'PROMISE' WHEN i.is_factored THEN 'FACTORED' END)
FROM receivables_ledgeritem i
JOIN receivables_customer c ON c.tenant_id = i.tenant_id AND c.id = i.customer_id
LEFT JOIN disputed d ON d.item_id = i.id
LEFT JOIN step s ON s.item_id = i.id
LEFT JOIN promised p ON p.item_id = i.id
LEFT JOIN (SELECT item_id, min(reason) AS reason FROM hold WHERE item_id IS NOT NULL GROUP BY item_id) hi
       ON hi.item_id = i.id
LEFT JOIN (SELECT customer_id, min(reason) AS reason FROM hold
           WHERE item_id IS NULL AND customer_id IS NOT NULL GROUP BY customer_id) hc ON hc.customer_id = i.customer_id
LEFT JOIN (SELECT group_id, min(reason) AS reason FROM hold WHERE group_id IS NOT NULL GROUP BY group_id) hg
       ON hg.group_id = c.group_id
WHERE i.tenant_id = %(tenant)s AND i.is_open AND i.open_amount > 0
  AND i.due_date <= %(due_until)s AND i.posting_date <= %(on)s{narrow}
ORDER BY i.customer_id, i.entity_id, i.due_date, i.number, i.id
"""
