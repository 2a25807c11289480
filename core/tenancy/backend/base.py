"""Django's PostgreSQL backend, plus: a transaction begun inside a tenant scope carries the tenant, and statements that are
planned once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.postgresql import base, features, operations
from django.db.backends.utils import CursorWrapper

from core.tenancy import current_tenant_id, stamp


class DatabaseFeatures(features.DatabaseFeatures):
    def allows_group_by_selected_pks_on_model(self, model: Any) -> bool:
        """The key of a tenant table is (tenant_id, id): grouping by id alone does not cover the other columns."""
        if any(field.attname == "tenant_id" for field in model._meta.concrete_fields):
            return False
        return super().allows_group_by_selected_pks_on_model(model)


class PreparedCursor(base.ServerBindingCursor):
    """A cursor whose statements are prepared: PostgreSQL parses and plans them once per connection."""

    def execute(self: Any, query: Any, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params)  # type: ignore[misc]
        finally:
            self.connection.prepare_threshold = None


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        """What tests count and the log shows, of a prepared statement too."""
        if isinstance(cursor, PreparedCursor):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if not autocommit and current_tenant_id():
            stamp(self)

    def prepared_cursor(self: Any) -> CursorWrapper:
        """See core.prepared."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)  # type: ignore[call-arg]
        return self._prepare_cursor(cursor)  # type: ignore[no-any-return]
