"""The audit trail: who changed what, when. Written by the services, in the transaction of the change.

No triggers and no signals: a service calls `record` for the row it changed; a bulk statement appends its audit rows in
the same statement through `audited`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, models

from core.models import AuditRecord


@dataclass(frozen=True)
class Actor:
    """Who acts: a member, an API key, or the system (nightly jobs, commands)."""

    kind: str
    id: UUID | None = None

    @classmethod
    def member(cls, member: Any) -> "Actor":
        return cls(AuditRecord.ActorKind.MEMBER, member.id)

    @classmethod
    def api_key(cls, key: Any) -> "Actor":
        return cls(AuditRecord.ActorKind.API_KEY, key.id)

    @property
    def member_id(self) -> UUID | None:
        """The member's id, None for keys and the system."""
        return self.id if self.kind == AuditRecord.ActorKind.MEMBER else None


SYSTEM = Actor(AuditRecord.ActorKind.SYSTEM)


def record(
    *,
    actor: Actor,
    action: str,
    row: models.Model,
    changes: Mapping[str, Sequence[Any]] | None = None,
    customer_id: UUID | None = None,
) -> AuditRecord:
    """Write one audit row about `row`. `changes` maps a field to [before, after]."""
    return AuditRecord.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        object_type=row._meta.label,
        object_id=row.pk,
        customer_id=customer_id if customer_id is not None else getattr(row, "customer_id", None),
        changes={field: [plain(value) for value in pair] for field, pair in (changes or {}).items()},
    )


def changed(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set `values` on `row` and return {field: [before, after]} of those that differ."""
    out = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            out[name] = [before, value]
            setattr(row, name, value)
    return out


def audited(*, statement: str, params: Sequence[Any], actor: Actor, action: str, model: type[models.Model]) -> int:
    """Run an INSERT, UPDATE or DELETE ... RETURNING id, customer_id, changes (jsonb) and write its audit rows.

    One statement: either both the rows and their audit exist, or neither. Returns the number of rows changed.
    """
    sql = (
        f"WITH changed (id, customer_id, changes) AS ({statement}) "
        f'INSERT INTO "{AuditRecord._meta.db_table}" '
        "(actor_kind, actor_id, action, object_type, object_id, customer_id, changes) "
        "SELECT %s, %s, %s, %s, id, customer_id, changes FROM changed"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, actor.kind, actor.id, action, model._meta.label])
        return cursor.rowcount


def plain(value: Any) -> Any:
    """A JSON value of a field's value: dates ISO, amounts as text, rows as their id."""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | bool | type(None)) else str(value)
