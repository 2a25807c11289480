"""What rules of causes ask of late items, for all of them in one statement. A system query: it sees the whole tenant."""

from collections.abc import Iterator
from datetime import date

from django.db import connection
from psycopg.types.string import TextLoader

from collection.queries.candidates import open_parts
from collection.rules.causes import LateFacts
from core.tenancy import require_tenant_id

FETCH = 5_000


def late_facts(*, on: date) -> Iterator[tuple[LateFacts, str | None, str | None]]:
    """Debits open on the day `on` and due before it: facts, the cause that they have (id) and its origin.

    Ids are texts. 1 SQL query and a probe.
    """
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("uuid", TextLoader)
        cursor.execute(_SQL.format(**open_parts(on=on)), {"on": on, "tenant": require_tenant_id()})
        while rows := cursor.fetchmany(FETCH):
            for row in rows:
                yield LateFacts(*row[:-2]), row[-2], row[-1]


# MATERIALIZED: each is small and joined by hash; inlined, the planner has repeated them per item.
_SQL = """
WITH {later}late AS MATERIALIZED (
    SELECT i.id, i.customer_id, i.entity_id, i.currency, i.document_id, i.amount, i.is_factored, {open} AS open_amount
    FROM {item}
    WHERE i.tenant_id = %(tenant)s AND {is_open} AND i.amount > 0 AND {open} > 0
      AND i.due_date < %(on)s AND i.posting_date <= %(on)s
), disputed AS MATERIALIZED (
    SELECT d.item_id, array_agg(DISTINCT d.reason::text) AS reasons FROM receivables_dispute d
    WHERE d.tenant_id = %(tenant)s AND d.opened_on <= %(on)s AND (d.closed_on IS NULL OR d.closed_on > %(on)s)
    GROUP BY d.item_id
), hold AS MATERIALIZED (
    SELECT h.item_id, h.customer_id, h.group_id, h.reason::text AS reason FROM receivables_hold h
    WHERE h.tenant_id = %(tenant)s AND h.from_on <= %(on)s AND (h.until_on IS NULL OR h.until_on >= %(on)s)
      AND (h.lifted_on IS NULL OR h.lifted_on > %(on)s)
), item_hold AS MATERIALIZED (
    SELECT item_id, array_agg(DISTINCT reason) AS reasons FROM hold WHERE item_id IS NOT NULL GROUP BY item_id
), customer_hold AS MATERIALIZED (
    SELECT customer_id, array_agg(DISTINCT reason) AS reasons FROM (
        SELECT h.customer_id, h.reason FROM hold h WHERE h.item_id IS NULL AND h.customer_id IS NOT NULL
        UNION SELECT c.id, h.reason FROM hold h
        JOIN receivables_customer c ON c.tenant_id = %(tenant)s AND c.group_id = h.group_id
    ) one GROUP BY customer_id
), promise AS MATERIALIZED (
    SELECT p.id, p.customer_id, p.entity_id, p.currency, p.state = 'BROKEN' AS is_broken,
           NOT EXISTS (SELECT 1 FROM receivables_promiseitem pi WHERE pi.tenant_id = p.tenant_id AND pi.promise_id = p.id) AS of_all
    FROM receivables_promise p
    WHERE p.tenant_id = %(tenant)s AND p.made_on <= %(on)s AND p.state IN ('OPEN', 'BROKEN')
), promised_item AS MATERIALIZED (
    SELECT pi.item_id, bool_or(NOT p.is_broken) AS is_open, bool_or(p.is_broken) AS is_broken
    FROM receivables_promiseitem pi JOIN promise p ON p.id = pi.promise_id
    WHERE pi.tenant_id = %(tenant)s GROUP BY pi.item_id
), promising AS MATERIALIZED (
    SELECT p.customer_id, e.id AS entity_id, p.currency, bool_or(NOT p.is_broken) AS is_open, bool_or(p.is_broken) AS is_broken
    FROM promise p JOIN receivables_entity e ON e.tenant_id = %(tenant)s AND e.id = coalesce(p.entity_id, e.id)
    WHERE p.of_all GROUP BY p.customer_id, e.id, p.currency
), address AS MATERIALIZED (
    SELECT c.customer_id, bool_or(c.email <> '' AND c.email_bounced_at IS NOT NULL) AS bounced, bool_or(c.email <> '') AS has_any
    FROM receivables_contact c WHERE c.tenant_id = %(tenant)s AND c.is_active GROUP BY c.customer_id
), bounced AS MATERIALIZED (
    SELECT DISTINCT m.customer_id FROM desk_message m
    JOIN receivables_customer c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id AND c.email = m.recipient
    WHERE m.tenant_id = %(tenant)s AND m.state = 'BOUNCED' AND m.channel = 'EMAIL' AND m.contact_id IS NULL AND m."on" <= %(on)s
), claimed AS MATERIALIZED (
    SELECT DISTINCT c.item_id FROM collection_claim c
    WHERE c.tenant_id = %(tenant)s AND c."on" <= %(on)s AND c.state IN ('CLAIMED', 'PAID')
)
SELECT l.id, d.reasons,
       coalesce(ih.reasons, '{{}}') || coalesce(ch.reasons, '{{}}') || CASE WHEN l.is_factored THEN '{{FACTORED}}'::text[] ELSE '{{}}' END,
       coalesce(pi.is_open, false) OR coalesce(pc.is_open, false),
       coalesce(pi.is_broken, false) OR coalesce(pc.is_broken, false),
       status.code, coalesce(a.bounced, false) OR b.customer_id IS NOT NULL,
       customer.email = '' AND NOT coalesce(a.has_any, false), coalesce(doc.order_ref, '') = '',
       l.open_amount < l.amount, cl.item_id IS NOT NULL, p.payer_class, ic.cause_id, ic.origin
FROM late l
JOIN receivables_customer customer ON customer.tenant_id = %(tenant)s AND customer.id = l.customer_id
LEFT JOIN receivables_document doc ON doc.tenant_id = %(tenant)s AND doc.id = l.document_id
LEFT JOIN disputed d ON d.item_id = l.id
LEFT JOIN item_hold ih ON ih.item_id = l.id
LEFT JOIN customer_hold ch ON ch.customer_id = l.customer_id
LEFT JOIN promised_item pi ON pi.item_id = l.id
LEFT JOIN promising pc ON pc.customer_id = l.customer_id AND pc.entity_id = l.entity_id AND pc.currency = l.currency
LEFT JOIN address a ON a.customer_id = l.customer_id
LEFT JOIN bounced b ON b.customer_id = l.customer_id
LEFT JOIN claimed cl ON cl.item_id = l.id
LEFT JOIN receivables_itemstatus s ON s.tenant_id = %(tenant)s AND s.item_id = l.id
    AND s.from_on <= %(on)s AND (s.ended_on IS NULL OR s.ended_on > %(on)s)
LEFT JOIN receivables_statuscode status ON status.tenant_id = %(tenant)s AND status.id = s.status_id
LEFT JOIN risk_payerprofile p ON p.tenant_id = %(tenant)s AND p.customer_id = l.customer_id
    AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s)
LEFT JOIN receivables_itemcause ic ON ic.tenant_id = %(tenant)s AND ic.item_id = l.id AND ic.ended_on IS NULL
"""
