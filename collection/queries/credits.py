"""Credit notes and money that are set against nothing yet, as messages list them. A system query: it sees the tenant."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import connection

from collection.queries.candidates import open_parts
from collection.rules.grouping import Credit
from core.tenancy import require_tenant_id
from receivables.queries.matching import OURS_SQL


def open_credits(*, on: date, customer_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], list[Credit]]:
    """By customer and entity, the oldest first: what is left of each on the day. 1 SQL query and a probe.

    Their sum by currency is a candidate's `credit_amount`.
    """
    narrow = " AND {0}.customer_id = ANY(%(customers)s)"
    parts = open_parts(on=on, narrow=narrow)
    sql = _SQL.format(**parts, ours=OURS_SQL.format(narrow=narrow.format("o")))
    out: dict[tuple[UUID, UUID], list[Credit]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tenant": require_tenant_id(), "on": on, "customers": list(customer_ids)})
        for customer_id, entity_id, *values in cursor.fetchall():
            out[(customer_id, entity_id)].append(Credit(*values))
    return out


_SQL = """
WITH {later}ours AS MATERIALIZED ({ours})
SELECT i.customer_id, i.entity_id, i.id, i.number, i.document_date, i.currency, -greatest({open}, -ours.leaves)
FROM {item} LEFT JOIN ours ON ours.item_id = i.id
WHERE i.tenant_id = %(tenant)s AND {is_open} AND i.amount < 0 AND i.posting_date <= %(on)s
  AND i.customer_id = ANY(%(customers)s) AND greatest({open}, -ours.leaves) < 0
ORDER BY i.document_date, i.number, i.id
"""
