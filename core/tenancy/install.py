"""Bring every tenant table to the wanted state: keys, references, policy, grants. Runs as the last step of `migrate`.

Idempotent: issues only what is missing. The runtime role receives its grants last, so a table that somehow missed its
policy is unreachable instead of open.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from core.tenancy.models import TenantForeignKey, TenantModel

POLICY = "tenant"
# Raises when no tenant is set. Not wrapped in (SELECT ...): the planner must see it, else a join by id costs 300 times.
WHO = "current_setting('app.tenant_id')::uuid"

# Tables that belong to no tenant, with the reason. Every other table must carry tenant_id; the catalogue test says so.
GLOBAL_TABLES = {
    "accounts_tenant": "the list of organisations itself",
    "accounts_user": "a person signs in once and may work for several organisations",
    "accounts_usertenant": "which organisations a person may enter",
    "accounts_doorbell": "which organisation has work due",
    "account_emailaddress": "sign-in addresses of persons",
    "account_emailconfirmation": "sign-in addresses of persons",
    "mfa_authenticator": "second factors of persons",
    "usersessions_usersession": "open sessions of persons",
    "axes_accessattempt": "failed sign-ins, before anybody is known",
    "axes_accessattemptexpiration": "failed sign-ins, before anybody is known",
    "axes_accessfailurelog": "failed sign-ins, before anybody is known",
    "axes_accesslog": "sign-ins, before an organisation is known",
    "django_session": "sessions of persons",
    "django_content_type": "Django's own list of models",
    "django_migrations": "Django's own list of migrations",
}
READ_ONLY_GLOBAL_TABLES = frozenset({"django_migrations", "django_content_type"})
# Made by Django, unused here: the runtime role has no right on them.
UNUSED_TABLES = frozenset({"auth_permission", "auth_group", "auth_group_permissions"})


def tenant_models() -> list[type[models.Model]]:
    """Every concrete model whose rows belong to a tenant."""
    return [m for m in apps.get_models(include_auto_created=True) if issubclass(m, TenantModel)]


def tenant_references(model: type[models.Model]) -> list[TenantForeignKey]:
    return [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]


def constraint_name(table: str, suffix: str) -> str:
    """A stable name within Postgres' 63 characters."""
    name = f"{table}_{suffix}"
    if len(name) <= 63:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[:54]}_{digest}"


def wanted_constraints(model: type[models.Model]) -> Iterator[tuple[int, str, list[str]]]:
    """(order, name in the catalogue, statements) of one table: keys come before the references to them."""
    table = model._meta.db_table
    key = constraint_name(table, "tenant_pk")
    yield (
        0,
        key,
        [
            f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{constraint_name(table, "pkey")}", '
            f'ADD CONSTRAINT "{key}" PRIMARY KEY (tenant_id, id)'
        ],
    )
    for field in tenant_references(model):
        if field.implied_by:
            continue
        target = field.related_model._meta.db_table
        same = [f"{name}_id" for name in field.with_same]
        name = constraint_name(table, f"{field.column}_{'_'.join(field.with_same) or 'tenant'}_fk")
        here, there = (", ".join(f'"{column}"' for column in ("tenant_id", *same, end)) for end in (field.column, "id"))
        yield (
            1,
            name,
            [
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ({here}) '
                f'REFERENCES "{target}" ({there}) DEFERRABLE INITIALLY IMMEDIATE NOT VALID',
                f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"',
            ],
        )


def granted_privileges(model: type[models.Model]) -> list[str]:
    """What the runtime role may do with a tenant table. Never TRUNCATE: row-level security does not see it."""
    privileges = ["SELECT", "INSERT"]
    if not getattr(model, "append_only", False):
        privileges += ["UPDATE", "DELETE"]
    if getattr(model, "needs_analyze", False):
        # ANALYZE after a big load; without the privilege Postgres skips the table and reports success.
        privileges.append("MAINTAIN")
    return privileges


def install(connection: Any) -> None:
    """Guard all tenant tables that exist in `connection`'s database (opened as the owner role)."""
    role = settings.RUNTIME_ROLE
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        tables = _names(cursor, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        installed = [m for m in tenant_models() if m._meta.db_table in tables]
        _add_missing_constraints(cursor, installed)
        _add_missing_policies(cursor, installed)
        _grant(cursor, installed, tables, role)


def _names(cursor: Any, sql: str) -> set[str]:
    cursor.execute(sql)
    return {row[0] for row in cursor.fetchall()}


def _add_missing_constraints(cursor: Any, installed: list[type[models.Model]]) -> None:
    present = _names(cursor, "SELECT conname FROM pg_constraint")
    missing = [c for m in installed for c in wanted_constraints(m) if c[1] not in present]
    for _order, _name, statements in sorted(missing, key=lambda c: c[0]):
        for statement in statements:
            cursor.execute(statement)


def _add_missing_policies(cursor: Any, installed: list[type[models.Model]]) -> None:
    forced = _names(cursor, "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    guarded = _names(cursor, f"SELECT tablename FROM pg_policies WHERE policyname = '{POLICY}'")
    for model in installed:
        table = model._meta.db_table
        if table not in forced:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
        if table not in guarded:
            cursor.execute(
                f'CREATE POLICY {POLICY} ON "{table}" USING (tenant_id = {WHO}) WITH CHECK (tenant_id = {WHO})'
            )


def _grant(cursor: Any, installed: list[type[models.Model]], tables: set[str], role: str) -> None:
    for model in installed:
        table = model._meta.db_table
        cursor.execute(f'REVOKE ALL ON "{table}" FROM "{role}"')
        cursor.execute(f'GRANT {", ".join(granted_privileges(model))} ON "{table}" TO "{role}"')
    for table in sorted(set(GLOBAL_TABLES) & tables):
        cursor.execute(f'REVOKE ALL ON "{table}" FROM "{role}"')
        privileges = "SELECT" if table in READ_ONLY_GLOBAL_TABLES else "SELECT, INSERT, UPDATE, DELETE"
        cursor.execute(f'GRANT {privileges} ON "{table}" TO "{role}"')
