"""Base classes of every table that belongs to a tenant."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Func

from core.tenancy import current_tenant_id


class UUIDv7(Func):
    """Time-ordered ids made by Postgres: no sequence to leak volume, and inserts stay local in the index."""

    function = "uuidv7"
    template = "uuidv7()"
    output_field = models.UUIDField()


class CurrentTenant(Func):
    """The tenant of the transaction; raises where none is set."""

    function = "current_setting"
    template = "(current_setting('app.tenant_id'))::uuid"
    output_field = models.UUIDField()


class TenantForeignKey(models.ForeignKey):
    """A reference that cannot leave the tenant: `install` adds (tenant_id, x_id) -> (tenant_id, id).

    Joins carry the tenant on both sides, which the planner needs for one large tenant.
    Each needs an index that starts with (tenant, x); the system check says so.

    `with_same` names further references that both rows have and that must agree (an item's customer is its account's):
    the key is then (tenant_id, those, x_id), so the table referred to needs a unique constraint on (tenant, those, id),
    and this one an index on (tenant, the first of them).

    `implied_by` names another reference of the row that carries this one (an item's customer: its account), the rows that
    refer to this one and carry the same (a document's items), or that under whose lock alone both rows are written and
    deleted (an item's document: the source): the database then does not check it. Each check costs 3 to 5 microseconds a
    row, which a million rows feel.
    """

    def __init__(
        self, to: Any, on_delete: Any, *, implied_by: str = "", with_same: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        self.implied_by = implied_by
        self.with_same = with_same
        kwargs["db_constraint"] = kwargs["db_index"] = False
        super().__init__(to, on_delete, **kwargs)

    def get_joining_fields(self, reverse_join: bool = False) -> Any:
        here, there = self.model._meta.get_field("tenant"), self.related_model._meta.get_field("tenant")
        pair = (there, here) if reverse_join else (here, there)
        return (pair, *super().get_joining_fields(reverse_join))


class TenantManager(models.Manager):
    """Says the tenant as a literal too: right row estimates, and a second lock beside the policy."""

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        tenant_id = current_tenant_id()
        return queryset.filter(tenant_id=tenant_id) if tenant_id else queryset


class TenantModel(models.Model):
    """A row of a tenant. `tenant` and `id` fill themselves in the database and appear in no form or serializer."""

    tenant = models.ForeignKey(
        settings.TENANT_MODEL,
        models.PROTECT,
        db_default=CurrentTenant(),
        editable=False,
        db_index=False,
        related_name="+",
    )
    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
