"""What the door of every page and call asks, by hand: the ORM takes ten times as long to write these than PostgreSQL to answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.models import ApiKey, Member, Role, Tenant
from core.instances import columns_of, instance_of
from core.prepared import prepared_cursor
from core.tenancy import require_tenant_id


def session_data(*, session_key: str, now: datetime) -> str | None:
    """What a session that has not ended holds, signed; None for others. 1 SQL query, of a global table."""
    with prepared_cursor() as cursor:
        cursor.execute(
            'SELECT s.session_data FROM "django_session" s WHERE s.session_key = %s AND s.expire_date > %s',
            [session_key, now],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def organisations_of(*, user_id: UUID) -> list[Tenant]:
    """The active organisations that a person may enter, by name. 1 SQL query, of global tables."""
    with prepared_cursor() as cursor:
        cursor.execute(
            f'SELECT {columns_of(Tenant, "t")} FROM "accounts_usertenant" e'
            " JOIN accounts_tenant t ON t.id = e.of_tenant_id"
            " WHERE e.user_id = %s AND t.status = %s ORDER BY t.name, e.id",
            [user_id, Tenant.Status.ACTIVE.value],
        )
        return [instance_of(Tenant, row)[0] for row in cursor.fetchall()]


def membership(*, user_id: UUID) -> tuple[Member, frozenset[UUID]] | None:
    """A person's active member in the tenant in scope, with the role; and the entities they are restricted to.

    1 SQL query.
    """
    restrictions = Member.entity_accesses.rel.related_model._meta.db_table  # type: ignore[attr-defined]
    entity_ids = (
        f"ARRAY(SELECT e.entity_id FROM {restrictions} e WHERE e.tenant_id = m.tenant_id AND e.member_id = m.id)"
    )
    with prepared_cursor() as cursor:
        cursor.execute(
            f'SELECT {columns_of(Member, "m")}, {columns_of(Role, "r")}, {entity_ids} FROM "accounts_member" m'
            " JOIN accounts_role r ON r.tenant_id = m.tenant_id AND r.id = m.role_id"
            f" WHERE m.tenant_id = '{require_tenant_id()}'::uuid AND m.user_id = %s AND m.is_active",
            [user_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    member, place = instance_of(Member, row)
    member.role, place = instance_of(Role, row, place)
    return member, frozenset(row[place])


def live_key(*, key_id: UUID) -> ApiKey | None:
    """The key of the tenant in scope with this id, with its role and tenant. 1 SQL query.

    None for others, for one that is revoked or has expired, and while the tenant is not active.
    """
    with prepared_cursor() as cursor:
        cursor.execute(
            f'SELECT {columns_of(ApiKey, "k")}, {columns_of(Role, "r")}, {columns_of(Tenant, "t")} FROM "accounts_apikey" k'
            " JOIN accounts_role r ON r.tenant_id = k.tenant_id AND r.id = k.role_id"
            " JOIN accounts_tenant t ON t.id = k.tenant_id"
            f" WHERE k.tenant_id = '{require_tenant_id()}'::uuid AND k.id = %s AND k.revoked_at IS NULL"
            " AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()) AND t.status = %s",
            [key_id, Tenant.Status.ACTIVE.value],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    key, place = instance_of(ApiKey, row)
    key.role, place = instance_of(Role, row, place)
    key.tenant, _place = instance_of(Tenant, row, place)
    return key
