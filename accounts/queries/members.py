"""Who works in the organisation, who is invited, and with which rights. Rows of accounts belong to no customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Count, Q

from accounts.models import ApiKey, Invitation, Member, Role


@dataclass(frozen=True)
class MemberLine:
    """A member as the list shows them. `entity_codes`: the restriction, empty for all entities."""

    member: Member
    entity_codes: tuple[str, ...]
    last_login: datetime | None
    has_second_factor: bool


def member_lines(*, active: bool = True, with_sign_in: bool = True) -> list[MemberLine]:
    """Members by name: active ones who sign in, names from the ERP (`with_sign_in` False), or those who left.

    3 SQL queries.
    """
    found = (
        Member.objects.select_related("role", "user")
        .prefetch_related("entity_accesses__entity")
        .filter(is_active=active)
        .order_by("name", "id")
    )
    if active:
        found = found.filter(user__isnull=not with_sign_in)
    members = list(found)
    secured = set(
        Authenticator.objects.filter(
            user_id__in=[member.user_id for member in members if member.user_id], type=Authenticator.Type.TOTP
        ).values_list("user_id", flat=True)
    )
    return [
        MemberLine(
            member=member,
            entity_codes=tuple(sorted(access.entity.code for access in member.entity_accesses.all())),  # type: ignore[attr-defined]
            last_login=member.user.last_login if member.user else None,
            has_second_factor=member.user_id in secured,
        )
        for member in members
    ]


def member_counts() -> dict[str, int]:
    """How many members are `active`, `named` (names from the ERP) and `left`. 1 SQL query."""
    return Member.objects.aggregate(
        active=Count("id", filter=Q(is_active=True, user__isnull=False)),
        named=Count("id", filter=Q(is_active=True, user__isnull=True)),
        left=Count("id", filter=Q(is_active=False)),
    )


@dataclass(frozen=True)
class InvitationLine:
    invitation: Invitation
    is_expired: bool


def open_invitations(*, now: datetime) -> list[InvitationLine]:
    """Invitations neither accepted nor withdrawn, newest first; those that are too old can be sent again. 1 SQL query."""
    return [
        InvitationLine(invitation=invitation, is_expired=invitation.expires_at <= now)
        for invitation in Invitation.objects.select_related("role", "invited_by")
        .filter(accepted_at=None, withdrawn_at=None)
        .order_by("-created_at", "-id")
    ]


def roles() -> list[Role]:
    """All roles, by name. 1 SQL query."""
    return list(Role.objects.order_by("name", "id"))


@dataclass(frozen=True)
class RoleLine:
    """A role with how many have it: active members, and keys that are not revoked."""

    role: Role
    members: int
    keys: int


def role_lines() -> list[RoleLine]:
    """All roles, by name, with how many members and keys have them. 3 SQL queries."""
    members = dict(
        Member.objects.filter(is_active=True).values_list("role_id").annotate(n=Count("id")).values_list("role_id", "n")
    )
    keys = dict(
        ApiKey.objects.filter(revoked_at=None)
        .values_list("role_id")
        .annotate(n=Count("id"))
        .values_list("role_id", "n")
    )
    return [RoleLine(role=role, members=members.get(role.id, 0), keys=keys.get(role.id, 0)) for role in roles()]


@dataclass(frozen=True)
class Given:
    """What a member gave others that outlives their access: keys in use, and invitations not yet accepted."""

    keys: list[ApiKey]
    invitations: list[Invitation]


def given_by(*, member_id: UUID) -> Given:
    """2 SQL queries."""
    return Given(
        keys=list(ApiKey.objects.filter(created_by_id=member_id, revoked_at=None).order_by("name", "id")),
        invitations=list(
            Invitation.objects.filter(invited_by_id=member_id, accepted_at=None, withdrawn_at=None).order_by("email")
        ),
    )


@dataclass(frozen=True)
class KeyLine:
    """An API key and its state: "live", or "expired" or "revoked" where it opens nothing any more."""

    key: ApiKey
    state: str


def key_lines(*, now: datetime) -> list[KeyLine]:
    """API keys, those that work first, newest first. 1 SQL query."""
    lines = [
        KeyLine(key=key, state=_state(key, now))
        for key in ApiKey.objects.select_related("role", "created_by").order_by("-created_at", "-id")
    ]
    return sorted(lines, key=lambda line: line.state != "live")


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "live"


def active_members() -> list[tuple[str, str]]:
    """(id, name) of the members to choose from, by name. 1 SQL query."""
    return [(str(one.id), one.name) for one in Member.objects.filter(is_active=True).order_by("name", "id")]
