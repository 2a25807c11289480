"""System checks: the static ones read the models, the live ones read the database's catalogue."""

from typing import Any

from django.core import checks
from django.db import connection, models
from django.db.models import UniqueConstraint

from core.tenancy.install import POLICY, tenant_models, tenant_references, wanted_constraints
from core.tenancy.models import TenantForeignKey, TenantModel


def _error(text: str, number: str) -> checks.Error:
    return checks.Error(text, id=f"tenancy.{number}")


@checks.register(checks.Tags.models)
def check_shape(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Rules that the models alone show: no database needed."""
    return [problem for model in tenant_models() for problem in _shape_problems(model)]


def _shape_problems(model: type[models.Model]) -> list[checks.CheckMessage]:
    meta = model._meta
    out: list[checks.CheckMessage] = []
    for field in meta.local_fields:
        related = getattr(field, "related_model", None)
        leads_to_tenant_row = isinstance(related, type) and issubclass(related, TenantModel)
        if isinstance(field, models.ForeignKey) and leads_to_tenant_row and not isinstance(field, TenantForeignKey):
            out.append(_error(f"{meta.label}.{field.name} must be a TenantForeignKey", "E001"))
        if field.unique and not field.primary_key:
            out.append(_error(f"{meta.label}.{field.name}: unique across tenants tells one of the other", "E002"))
        if isinstance(field, models.AutoField):
            out.append(_error(f"{meta.label}.{field.name}: a shared sequence leaks volume", "E003"))
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint) and (
            not constraint.fields or constraint.fields[0] not in ("tenant", "tenant_id")
        ):
            out.append(_error(f"{meta.label}: unique {constraint.name} must start with the tenant", "E002"))
    if meta.unique_together:
        out.append(_error(f"{meta.label}: use UniqueConstraint, starting with the tenant", "E002"))
    starts = [
        tuple(name.lstrip("-").removesuffix("_id") for name in index.fields[:2])
        for index in (*meta.indexes, *meta.constraints)
        if getattr(index, "fields", None)
    ]
    for reference in tenant_references(model):
        first = (*reference.with_same, reference.name)[0]
        if not reference.implied_by and ("tenant", first) not in starts:
            out.append(_error(f"{meta.label}.{reference.name}: needs an index on (tenant, {first})", "E005"))
    for many in meta.local_many_to_many:
        through = many.remote_field.through
        if through is not None and through._meta.auto_created:
            out.append(_error(f"{meta.label}.{many.name}: an automatic table has no tenant; declare through=", "E004"))
    return out


@checks.register(checks.Tags.database)
def check_installed(app_configs: Any, databases: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Rules that only the database shows: the tables are guarded and we are a guarded role."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c WHERE relrowsecurity AND relforcerowsecurity AND EXISTS "
            "(SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = %s)",
            [POLICY],
        )
        guarded = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT conname FROM pg_constraint WHERE convalidated")
        present = {row[0] for row in cursor.fetchall()}
    out: list[checks.CheckMessage] = [_error(text, "E013") for text in role_problems(connection)]
    for model in tenant_models():
        table = model._meta.db_table
        if table not in guarded:
            out.append(_error(f"{table}: no forced tenant policy; run migrate", "E010"))
        out.extend(
            _error(f"{table}: {name} is missing; run migrate", "E011")
            for _order, name, _statements in wanted_constraints(model)
            if name not in present
        )
    return out


def role_problems(conn: Any) -> list[str]:
    """Why the connected role must not serve requests; [] when it may."""
    with conn.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb OR rolcreaterole, "
            "EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid), "
            "EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid AND relpersistence <> 't'), rolname "
            "FROM pg_roles r WHERE rolname = current_user"
        )
        *flags, name = cursor.fetchone()
    words = (
        "is a superuser",
        "bypasses row-level security",
        "may create databases or roles",
        "is member of another role",
        "owns tables",
    )
    return [
        f"role {name} {word}: row-level security would not hold"
        for flag, word in zip(flags, words, strict=True)
        if flag
    ]
