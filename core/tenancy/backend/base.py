"""Django's PostgreSQL backend, plus: a transaction begun inside a tenant scope carries the tenant."""

from typing import Any

from django.db.backends.postgresql import base, features

from core.tenancy import current_tenant_id, stamp


class DatabaseFeatures(features.DatabaseFeatures):
    def allows_group_by_selected_pks_on_model(self, model: Any) -> bool:
        """The key of a tenant table is (tenant_id, id): grouping by id alone does not cover the other columns."""
        if any(field.attname == "tenant_id" for field in model._meta.concrete_fields):
            return False
        return super().allows_group_by_selected_pks_on_model(model)


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if not autocommit and current_tenant_id():
            stamp(self)
