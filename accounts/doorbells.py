"""Doorbells: which organisation has work waiting in which queue, and when to look at it next.

A bell carries a tenant's id and the name of a queue, nothing else: the beat that looks after all organisations reads
bells and enters none of them. Whoever writes work rings in the same transaction; whoever has worked lets the bell rest.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from core.tenancy import require_tenant_id


def ring(queue: str, *, at: datetime | None = None, tenant_id: UUID | None = None) -> None:
    """Have the queue of a tenant (None: the one in scope) looked at from `at` on (None: now). An earlier moment stays.

    The bell's row stays locked until the transaction ends, so that `rest` cannot overlook its work. Transactions of one
    tenant that ring therefore wait for each other: ring last, and in short ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_doorbell (of_tenant_id, queue, due_at) VALUES (%s, %s, coalesce(%s, now())) "
            "ON CONFLICT (of_tenant_id, queue) DO UPDATE SET due_at = least(accounts_doorbell.due_at, excluded.due_at)",
            [tenant_id or require_tenant_id(), queue, at],
        )


def hold(queue: str) -> None:
    """Lock the bell until the transaction ends: work written before is visible from here on, other ringers wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM accounts_doorbell WHERE of_tenant_id = %s AND queue = %s FOR UPDATE",
            [require_tenant_id(), queue],
        )


def rest(queue: str, *, until: datetime | None) -> None:
    """Let a held bell ring at `until` next, or take it down (None: no work is waiting)."""
    with connection.cursor() as cursor:
        if until is None:
            cursor.execute(
                "DELETE FROM accounts_doorbell WHERE of_tenant_id = %s AND queue = %s", [require_tenant_id(), queue]
            )
        else:
            cursor.execute(
                "INSERT INTO accounts_doorbell (of_tenant_id, queue, due_at) VALUES (%s, %s, %s) "
                "ON CONFLICT (of_tenant_id, queue) DO UPDATE SET due_at = excluded.due_at",
                [require_tenant_id(), queue, until],
            )


def due(*, again_after: Mapping[str, timedelta]) -> list[tuple[UUID, str]]:
    """The bells (tenant id, queue) of active organisations that ring now, the longest waiting first. 1 SQL statement.

    Each is put off by `again_after` of its queue: if what is done about it gets lost, it rings again. Two beats get
    different bells. Other queues than those of `again_after` are left alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH ringing AS MATERIALIZED (
                SELECT b.id, b.due_at FROM accounts_doorbell b JOIN accounts_tenant t ON t.id = b.of_tenant_id
                WHERE b.due_at <= now() AND t.status = 'ACTIVE' AND b.queue = ANY(%(queues)s)
                ORDER BY b.due_at LIMIT 1000 FOR UPDATE OF b SKIP LOCKED
            ), put_off AS (
                UPDATE accounts_doorbell b SET due_at = now() + a.wait
                FROM ringing r, unnest(%(queues)s::text[], %(waits)s::interval[]) a (queue, wait)
                WHERE b.id = r.id AND a.queue = b.queue
                RETURNING b.of_tenant_id, b.queue, r.due_at
            )
            SELECT of_tenant_id, queue FROM put_off ORDER BY due_at
            """,
            {"queues": list(again_after), "waits": list(again_after.values())},
        )
        return cursor.fetchall()
