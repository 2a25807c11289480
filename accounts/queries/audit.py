"""The audit trail: who changed what, newest first. Names are looked up when it is shown; the trail keeps references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q

from accounts.access import Scope
from accounts.models import ApiKey, Member
from core.models import AuditRecord

PAGE_ROWS = 50
# Actions to choose from are those of the newest records: all of them would be read for the whole list.
_ROWS_READ_FOR_ACTIONS = 5000
# By what a row of any table is called, the first that its model has.
_NAMING_FIELDS = ("name", "number", "code", "ref", "label", "last_name")
# Rows that are called otherwise: what has versions as all of them are, not by the number of one.
_NAMED_BY = {
    "accounts.Invitation": "email",
    "collection.ScenarioVersion": "scenario__name",
    "collection.GoLiveApproval": "version__scenario__name",
    "collection.Trial": "version__scenario__name",
    "collection.ScenarioOverride": "scenario__name",
    "desk.TemplateVersion": "code",
}


@dataclass(frozen=True)
class AuditEntry:
    """One change. Names are "" where the row is gone (an actor: the system, or unknown)."""

    record: AuditRecord
    actor_name: str
    object_name: str


@dataclass(frozen=True)
class AuditPage:
    """A page of the trail. `older`: where the next one begins, None on the last."""

    entries: list[AuditEntry]
    older: tuple[datetime, UUID] | None


def audit_page(
    *,
    scope: Scope,
    actor_kind: str = "",
    actor_id: UUID | None = None,
    action: str = "",
    object_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    rows: int = PAGE_ROWS,
) -> AuditPage:
    """The newest records of the trail, after the position `before`, that fit all filters given.

    `object_id` finds a row's own records and those of a customer's rows. A narrowed scope sees the records of accounts
    only: others may be about customers that it does not see. 1 SQL query, and one for each kind of row named.
    """
    found = AuditRecord.objects.order_by("-at", "-id")
    if not scope.is_everything:
        found = found.filter(object_type__startswith="accounts.", customer_id=None)
    if actor_kind:
        found = found.filter(actor_kind=actor_kind)
    if actor_id:
        found = found.filter(actor_id=actor_id)
    if action:
        found = found.filter(action=action)
    if object_id:
        found = found.filter(Q(object_id=object_id) | Q(customer_id=object_id))
    if before is not None:
        at, record_id = before
        found = found.filter(at__lte=at).filter(Q(at__lt=at) | Q(id__lt=record_id))
    records = list(found[: rows + 1])
    page, more = records[:rows], len(records) > rows
    return AuditPage(entries=_named(page), older=(page[-1].at, page[-1].id) if more else None)


def actions_seen(*, scope: Scope) -> list[str]:
    """The names of the actions among the newest records, sorted. 1 SQL query."""
    newest = AuditRecord.objects.order_by("-at", "-id")
    if not scope.is_everything:
        newest = newest.filter(object_type__startswith="accounts.", customer_id=None)
    return sorted(set(newest.values_list("action", flat=True)[:_ROWS_READ_FOR_ACTIONS]))


def possible_actors() -> list[tuple[str, UUID, str]]:
    """(kind, id, name) of all members who sign in or did, and of all keys, by name. 2 SQL queries."""
    members = Member.objects.filter(user__isnull=False).order_by("name", "id").values_list("id", "name")
    keys = ApiKey.objects.order_by("name", "id").values_list("id", "name")
    return [
        *((AuditRecord.ActorKind.MEMBER.value, key, name) for key, name in members),
        *((AuditRecord.ActorKind.API_KEY.value, key, name) for key, name in keys),
    ]


def _named(records: list[AuditRecord]) -> list[AuditEntry]:
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for one in records:
        if one.object_id:
            wanted[one.object_type].add(one.object_id)
        if one.actor_id:
            wanted[_ACTOR_TABLES[one.actor_kind]].add(one.actor_id)
    names = {label: names_of(label, ids) for label, ids in wanted.items()}
    return [
        AuditEntry(
            record=one,
            actor_name=names[_ACTOR_TABLES[one.actor_kind]].get(one.actor_id, "") if one.actor_id else "",
            object_name=names[one.object_type].get(one.object_id, "") if one.object_id else "",
        )
        for one in records
    ]


_ACTOR_TABLES: dict[str, str] = {
    AuditRecord.ActorKind.MEMBER: "accounts.Member",
    AuditRecord.ActorKind.API_KEY: "accounts.ApiKey",
}


def names_of(label: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What rows of the model `label` ("receivables.Hold") are called; nothing for those without a name. 1 SQL query."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):  # a table that a later version dropped
        return {}
    field = _naming_field(model)
    if field is None:
        return {}
    return dict(model._default_manager.filter(pk__in=list(ids)).values_list("pk", field))


def _naming_field(model: type[Model]) -> str | None:
    if model._meta.label in _NAMED_BY:
        return _NAMED_BY[model._meta.label]
    for name in _NAMING_FIELDS:
        try:
            field: Any = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.concrete and not field.is_relation:
            return name
    return None
