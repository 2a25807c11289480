"""Who may give what to whom, and that an organisation always keeps somebody who can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.access import EVERYTHING, Scope, scope_of, scope_of_key
from accounts.models import ApiKey, Member, Role, Tenant
from accounts.roles import EVERYTHING as EVERY_CAPABILITY
from accounts.roles import GOVERNING, LABELS, Can
from core.audit import Actor
from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.models import AuditRecord
from core.tenancy import require_tenant_id


class CannotGrant(NotAllowed):
    code = "cannot_grant"
    message = _("You cannot give others more rights than you have yourself.")


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = _("Somebody must remain who can change members and roles. Give another member these rights first.")


class UnknownEntity(Invalid):
    code = "unknown_entity"
    message = _("One of the companies does not exist any more.")


@dataclass(frozen=True)
class Rights:
    """What somebody may do, and the rows they may do it to."""

    capabilities: frozenset[Can]
    scope: Scope


def lock_organisation() -> Tenant:
    """Let one change of the organisation's members, roles or keys at a time pass, until the transaction ends.

    Two administrators who demote each other at the same moment would both leave "another one".
    """
    return Tenant.objects.select_for_update(no_key=True).get(id=require_tenant_id())


def rights_of(actor: Actor) -> Rights:
    """The rights of whoever acts, read now. The system may do everything. Raises NotAllowed for who has left."""
    if actor.kind == AuditRecord.ActorKind.MEMBER and actor.id:
        member = Member.objects.select_related("role").filter(id=actor.id, is_active=True).first()
        if member is not None:
            return Rights(capabilities_of(member.role), scope_of(member))
    elif actor.kind == AuditRecord.ActorKind.API_KEY and actor.id:
        key = ApiKey.objects.select_related("role").filter(id=actor.id, revoked_at__isnull=True).first()
        if key is not None:
            return Rights(frozenset(can for can in Can if key.can(can)), scope_of_key(key))
    elif actor.kind == AuditRecord.ActorKind.SYSTEM:
        return Rights(EVERY_CAPABILITY, EVERYTHING)
    raise NotAllowed


def capabilities_of(role: Role) -> frozenset[Can]:
    """A role's capabilities that still exist: one that a later version dropped is no right any more."""
    return frozenset(can for can in Can if can.value in role.capabilities)


def grantable(actor: Actor) -> frozenset[Can]:
    """The capabilities that the actor may give: their own, and for who governs also those that nobody holds.

    The latter are new in this version of the product, or went with the last one who held them: without this exception
    nobody could ever have them again.
    """
    own = rights_of(actor).capabilities
    return own | _held_by_nobody() if own >= GOVERNING else own


def _held_by_nobody() -> frozenset[Can]:
    """Capabilities that no active member who can sign in holds. 1 SQL query."""
    roles = Role.objects.filter(members__is_active=True, members__user__is_active=True).distinct()
    return EVERY_CAPABILITY - frozenset().union(*(capabilities_of(role) for role in roles))


def check_may_grant(
    *,
    actor: Actor,
    capabilities: Iterable[Can],
    portfolio_only: bool,
    entity_ids: frozenset[UUID] | None = None,
) -> None:
    """Raise CannotGrant unless the actor may give all of `capabilities`, and sees the rows that go with them.

    `entity_ids`: the entities of the receiver, empty for all; None where entities are not the question.
    """
    own = rights_of(actor)
    wanted = frozenset(capabilities)
    lacking = wanted - grantable(actor) if wanted - own.capabilities else frozenset()
    if lacking:
        names = ", ".join(str(LABELS[can]) for can in Can if can in lacking)
        raise CannotGrant(_("You cannot give others what you may not do yourself: %(names)s.") % {"names": names})
    if own.scope.portfolio_of and not portfolio_only:
        raise CannotGrant(_("You see only your own customers and cannot let others see all of them."))
    if entity_ids is not None and own.scope.entity_ids and not (entity_ids and entity_ids <= own.scope.entity_ids):
        raise CannotGrant(_("You are restricted to some companies and cannot let others see more of them."))


def is_governed() -> bool:
    """Whether an active member who can sign in may change members and roles."""
    return (
        Member.objects.filter(is_active=True, user__is_active=True)
        .filter(role__capabilities__contains=sorted(can.value for can in GOVERNING))
        .exists()
    )


def check_governed(*, before: bool) -> None:
    """Raise LastAdministrator when the change just made took the last administrator away.

    `before`: what `is_governed` said before the change. An organisation made by command has none until its first.
    """
    if before and not is_governed():
        raise LastAdministrator


def get_role(role_id: UUID) -> Role:
    """The role, or NotFound."""
    role = Role.objects.filter(id=role_id).first()
    if role is None:
        raise NotFound(_("There is no such role."))
    return role
