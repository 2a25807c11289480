"""Which organisations a person may enter. Asked before a tenant scope is open, of global tables."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Tenant, UserTenant


def enterable(*, user_id: UUID) -> list[Tenant]:
    """The active organisations that the person may enter, by name. 1 SQL query."""
    entries = (
        UserTenant.objects.filter(user_id=user_id, of_tenant__status=Tenant.Status.ACTIVE)
        .select_related("of_tenant")
        .order_by("of_tenant__name", "id")
    )
    return [entry.of_tenant for entry in entries]


def may_enter(*, user_id: UUID, tenant_id: UUID) -> bool:
    """1 SQL query."""
    return UserTenant.objects.filter(
        user_id=user_id, of_tenant_id=tenant_id, of_tenant__status=Tenant.Status.ACTIVE
    ).exists()
