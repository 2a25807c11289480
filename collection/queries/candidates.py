"""Open items that a dunning run looks at, with everything its rule needs. A system query: it sees the whole tenant."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from psycopg.types.string import TextLoader

from accounts.access import EVERYTHING
from collection.rules.grouping import Recent
from core.tenancy import require_tenant_id
from receivables.queries.as_of import Way, way_to
from receivables.queries.matching import OURS_SQL
from receivables.queries.selection import EVERY_ITEM

# Rows fetched from the cursor at a time: bounds memory, not the result.
FETCH = 5000
_NOTHING_DONE: Mapping[str, date] = {}


class Candidate(NamedTuple):
    """An open debit that a step may concern. All amounts in `currency`.

    `chased_amount`: open on the day, less what was matched here and is not in the books yet, and not disputed. `credit_amount`: credits of the same customer, entity and
    currency that are set against nothing, as a positive amount. `pending`: a step of it waits for a person or for its
    message to leave. `last_message_on`, `postponed_until`: of reminders to the customer at the entity. `held`: why the item, its customer or its group is out of dunning, else ""; a status code that waits or stops comes last. A promise, or a plan,
    holds the items that it speaks of, or all of the customer in its currency when it names none.
    """

    item_id: UUID
    customer_id: UUID
    entity_id: UUID
    number: str
    currency: str
    document_date: date
    due_date: date
    chased_amount: Decimal
    is_disputed: bool
    credit_amount: Decimal
    step_keys: list[str] | None
    step_days: list[date] | None
    pending: bool
    held: str
    last_message_on: date | None
    postponed_until: date | None

    @property
    def done(self) -> Mapping[str, date]:
        """step_key -> business day on which it was done, skipped, lapsed or set when sending began."""
        return dict(zip(self.step_keys, self.step_days or (), strict=True)) if self.step_keys else _NOTHING_DONE

    @property
    def recent(self) -> Recent:
        """What has been said to the customer by the entity."""
        return Recent(self.last_message_on, self.postponed_until)


def candidates(*, on: date, due_until: date, customer_ids: Collection[UUID] | None = None) -> Iterator[Candidate]:
    """Debits open on the day `on` and due by `due_until`, by customer, entity, due date. 1 SQL query and a probe.

    Disputes, holds and open amounts are those of the day `on`, steps those recorded so far. With `customer_ids` only
    theirs: what the message preview shows comes from the same statement as what the night plans.
    """
    narrow = " AND {0}.customer_id = ANY(%(customers)s)" if customer_ids is not None else ""
    params = {"customers": list(customer_ids or ()), "on": on, "due_until": due_until}
    return _fetch(_sql(on=on, narrow=narrow), params, ids_as_text=False)


def unserved_candidates(*, on: date, due_until: date, entity_ids: Collection[UUID]) -> Iterator[Candidate]:
    """The same at these entities, of customers that have no action of theirs on the day `on`.

    For runs over everybody: the ids are texts here, as making an object of each costs more than deciding about it.
    """
    params = {"entities": list(entity_ids), "on": on, "due_until": due_until}
    unserved = """ AND i.entity_id = ANY(%(entities)s) AND NOT EXISTS (
        SELECT 1 FROM collection_action served WHERE served.tenant_id = %(tenant)s AND served."on" = %(on)s
        AND served.customer_id = i.customer_id AND served.entity_id = i.entity_id)"""
    return _fetch(_sql(on=on, narrow="", which=unserved), params, ids_as_text=True)


def _fetch(sql: str, params: dict[str, Any], *, ids_as_text: bool) -> Iterator[Candidate]:
    with connection.cursor() as cursor:
        if ids_as_text:
            cursor.cursor.adapters.register_loader("uuid", TextLoader)
        cursor.execute(sql, params | {"tenant": require_tenant_id()})
        while rows := cursor.fetchmany(FETCH):
            yield from map(Candidate._make, rows)


def open_parts(*, on: date, narrow: str = "") -> dict[str, str]:
    """Parts of a statement on items `i` open on a day: "later" (of its WITH), "item", "open", "is_open".

    The stored open amounts are those of the day unless something was allocated after it. `narrow`: " AND {0}.x = y".
    """
    if way_to(on=on, known_on=None, scope=EVERYTHING, selection=EVERY_ITEM) is Way.STORED:
        return {"later": "", "item": "receivables_ledgeritem i", "open": "i.open_amount", "is_open": "i.is_open"}
    return {
        "later": _LATER.format(narrow=narrow.format("a")),
        "item": "receivables_ledgeritem i LEFT JOIN later ON later.item_id = i.id",
        "open": "(i.open_amount + coalesce(later.amount, 0))",
        "is_open": "i.void_on IS NULL AND (i.is_open OR later.item_id IS NOT NULL)",
    }


def _sql(*, on: date, narrow: str, which: str = "") -> str:
    parts = open_parts(on=on, narrow=narrow)
    names = {f"narrow_{alias}": narrow.format(alias) for alias in "aidps"}
    ours = OURS_SQL.format(narrow=narrow.format("o"))
    return _SQL.format(**parts, **names, ours=ours, which=which)


# What allocations dated after the day took from each item, in the item's sign.
_LATER = """later AS MATERIALIZED (
    SELECT side.item_id, sum(side.amount) AS amount FROM (
        SELECT a.debit_item_id AS item_id, a.debit_amount AS amount FROM receivables_allocation a
        WHERE a.tenant_id = %(tenant)s AND a."on" > %(on)s AND a.debit_item_id IS NOT NULL{narrow}
        UNION ALL
        SELECT a.credit_item_id, -a.credit_amount FROM receivables_allocation a
        WHERE a.tenant_id = %(tenant)s AND a."on" > %(on)s AND a.credit_item_id IS NOT NULL{narrow}
    ) side GROUP BY side.item_id
), """

# MATERIALIZED: each is small and joined by hash; inlined, the planner has repeated them per item.
_SQL = """
WITH {later}ours AS MATERIALIZED ({ours}), disputed AS MATERIALIZED (
    SELECT d.item_id, bool_or(d.disputed_amount IS NULL) AS wholly, sum(d.disputed_amount) AS amount
    FROM receivables_dispute d
    WHERE d.tenant_id = %(tenant)s AND d.opened_on <= %(on)s
      AND (d.closed_on IS NULL OR d.closed_on > %(on)s){narrow_d}
    GROUP BY d.item_id
), hold AS MATERIALIZED (
    SELECT h.item_id, h.customer_id, h.group_id, h.reason FROM receivables_hold h
    WHERE h.tenant_id = %(tenant)s AND h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)
      AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)
), item_hold AS (
    SELECT item_id, min(reason) AS reason FROM hold WHERE item_id IS NOT NULL GROUP BY item_id
), customer_hold AS (
    SELECT customer_id, min(reason) AS reason FROM hold
    WHERE item_id IS NULL AND customer_id IS NOT NULL GROUP BY customer_id
), group_hold AS (
    SELECT group_id, min(reason) AS reason FROM hold WHERE group_id IS NOT NULL GROUP BY group_id
), promise AS MATERIALIZED (
    SELECT p.id, p.customer_id, p.entity_id, p.currency,
           CASE WHEN p.plan_id IS NULL THEN 'PROMISE' ELSE 'PLAN' END AS held
    FROM receivables_promise p
    WHERE p.tenant_id = %(tenant)s AND p.state = 'OPEN' AND p.made_on <= %(on)s AND p.due_on >= %(on)s
          - coalesce((SELECT s.late_days FROM receivables_promisesettings s WHERE s.tenant_id = %(tenant)s), 0){narrow_p}
), promised_item AS MATERIALIZED (
    SELECT pi.promise_id, pi.item_id, p.held FROM receivables_promiseitem pi JOIN promise p ON p.id = pi.promise_id
    WHERE pi.tenant_id = %(tenant)s
), promised AS (
    SELECT item_id, min(held) AS held FROM promised_item GROUP BY item_id
), promising AS (
    SELECT p.customer_id, e.id AS entity_id, p.currency, min(p.held) AS held
    FROM promise p JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = coalesce(p.entity_id, e.id)
    WHERE NOT EXISTS (SELECT 1 FROM promised_item pi WHERE pi.promise_id = p.id)
    GROUP BY p.customer_id, e.id, p.currency
), marked AS MATERIALIZED (
    SELECT s.item_id FROM receivables_itemstatus s
    JOIN receivables_statuscode code ON code.tenant_id = s.tenant_id AND code.id = s.status_id
    WHERE s.tenant_id = %(tenant)s AND s.from_on <= %(on)s AND (s.ended_on IS NULL OR s.ended_on > %(on)s)
      AND (code.behaviour = 'STOP' OR (code.behaviour = 'WAIT' AND s.until_on >= %(on)s)){narrow_s}
), step AS MATERIALIZED (
    SELECT l.item_id,
           array_agg(l.step_key) FILTER (WHERE l.state <> 'PLANNED') AS keys,
           array_agg(l."on") FILTER (WHERE l.state <> 'PLANNED') AS days,
           bool_or(l.state = 'PLANNED') AS pending
    FROM {item} JOIN collection_actionline l ON l.tenant_id = i.tenant_id AND l.item_id = i.id
    WHERE i.tenant_id = %(tenant)s AND {is_open}{narrow_i}
    GROUP BY l.item_id
), recent AS MATERIALIZED (
    SELECT a.customer_id, a.entity_id, max(a."on") FILTER (WHERE a.state <> 'POSTPONED') AS last_message_on,
           max(a.postponed_until) FILTER (WHERE a.state = 'POSTPONED') AS postponed_until
    FROM collection_action a
    WHERE a.tenant_id = %(tenant)s AND (a.state IN ('CONFIRMED', 'SENT', 'POSTPONED') OR a.state = 'DONE' AND a.channel <> ''){narrow_a}
    GROUP BY a.customer_id, a.entity_id
), credit AS MATERIALIZED (
    SELECT i.customer_id, i.entity_id, i.currency, -sum(greatest({open}, -ours.leaves)) AS amount
    FROM {item} LEFT JOIN ours ON ours.item_id = i.id
    WHERE i.tenant_id = %(tenant)s AND {is_open} AND i.amount < 0 AND i.posting_date <= %(on)s{narrow_i}
    GROUP BY i.customer_id, i.entity_id, i.currency
)
SELECT i.id, i.customer_id, i.entity_id, i.number, i.currency, i.document_date, i.due_date,
       CASE WHEN d.item_id IS NULL THEN least({open}, ours.leaves)
            WHEN d.wholly THEN 0
            ELSE greatest(least({open}, ours.leaves) - d.amount, 0) END,
       d.item_id IS NOT NULL,
       coalesce(c.amount, 0),
       s.keys, s.days, coalesce(s.pending, false),
       coalesce(hi.reason, hc.reason, hg.reason, p.held, pc.held,
                CASE WHEN i.is_factored THEN 'FACTORED' WHEN m.item_id IS NOT NULL THEN 'STATUS' ELSE '' END),
       r.last_message_on, r.postponed_until
FROM {item}
JOIN receivables_customer customer ON customer.tenant_id = i.tenant_id AND customer.id = i.customer_id
LEFT JOIN ours ON ours.item_id = i.id
LEFT JOIN disputed d ON d.item_id = i.id
LEFT JOIN step s ON s.item_id = i.id
LEFT JOIN recent r ON r.customer_id = i.customer_id AND r.entity_id = i.entity_id
LEFT JOIN promised p ON p.item_id = i.id
LEFT JOIN promising pc ON pc.customer_id = i.customer_id AND pc.entity_id = i.entity_id AND pc.currency = i.currency
LEFT JOIN credit c ON c.customer_id = i.customer_id AND c.entity_id = i.entity_id AND c.currency = i.currency
LEFT JOIN marked m ON m.item_id = i.id
LEFT JOIN item_hold hi ON hi.item_id = i.id
LEFT JOIN customer_hold hc ON hc.customer_id = i.customer_id
LEFT JOIN group_hold hg ON hg.group_id = customer.group_id
WHERE i.tenant_id = %(tenant)s AND {is_open} AND i.amount > 0 AND least({open}, ours.leaves) > 0
  AND i.due_date <= %(due_until)s AND i.posting_date <= %(on)s{narrow_i}{which}
ORDER BY i.customer_id, i.entity_id, i.due_date, i.number, i.id
"""
