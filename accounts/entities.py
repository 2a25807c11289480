"""The organisation's entities, seen from below.

Entities and the restriction of members to some of them are tables of `receivables`, which this app may not import. The
relation of Member leads there, so Django knows the two models; nothing else of that app is touched from here.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from accounts.models import Member


def entities() -> Any:
    """All entities of the tenant in scope, by code. 1 SQL query when read."""
    access = Member._meta.get_field("entity_accesses").related_model
    return access._meta.get_field("entity").related_model._default_manager.order_by("code")  # type: ignore[union-attr]


def entity_ids_of(member: Member) -> frozenset[UUID]:
    """The entities that the member is restricted to; empty: no restriction. 1 SQL query."""
    return frozenset(member.entity_accesses.values_list("entity_id", flat=True))  # type: ignore[attr-defined]


def existing(entity_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of `entity_ids` that the tenant in scope has. At most 1 SQL query."""
    wanted = set(entity_ids)
    return frozenset(entities().filter(id__in=wanted).values_list("id", flat=True)) if wanted else frozenset()
