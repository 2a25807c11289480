"""Members: persons in the organisation, and names from the ERP that may become persons."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.entities import entity_ids_of, existing
from accounts.models import ApiKey, Invitation, Member, Role, User, UserTenant
from accounts.services.api_keys import revoke_api_key
from accounts.services.persons import clean_email, create_person, person_with
from accounts.services.rights import (
    UnknownEntity,
    capabilities_of,
    check_governed,
    check_may_grant,
    get_role,
    is_governed,
    lock_organisation,
)
from accounts.services.sessions import close_sessions
from core.audit import Actor, changed, record
from core.errors import Conflict, Invalid, NotFound
from core.tenancy import require_tenant_id


class AlreadyMember(Conflict):
    code = "already_member"
    message = _("This person is a member already.")


class BadMember(Invalid):
    code = "bad_member"
    message = _("The member cannot be saved like this.")


class UnknownRole(Invalid):
    code = "unknown_role"
    message = _("There is no such role.")


class PasswordNotNeeded(Conflict):
    code = "password_not_needed"
    message = _("This person exists already and signs in with their own password.")


def get_member(member_id: UUID) -> Member:
    """The member with role and person, or NotFound."""
    member = Member.objects.select_related("role", "user").filter(id=member_id).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


def role_with_code(code: str) -> Role:
    """The role that commands call `code`. Raises UnknownRole, naming those there are."""
    role = Role.objects.filter(code=code).first()
    if role is None:
        known = ", ".join(Role.objects.order_by("code").values_list("code", flat=True))
        raise UnknownRole(_("There is no role %(code)s; there are: %(known)s.") % {"code": code, "known": known})
    return role


@transaction.atomic
def admit_member(
    *,
    email: str,
    name: str,
    role_id: UUID,
    password: str | None = None,
    language: str = "",
    source_ref: str = "",
    entity_ids: Iterable[UUID] = (),
    actor: Actor,
) -> Member:
    """A member at once, without invitation: the first administrator, or the people of a sample company.

    A person who exists is linked; they keep their password. A name of the ERP with this `source_ref` becomes the
    member. Raises BadEmail, WeakPassword, AlreadyMember, PasswordNotNeeded, CannotGrant, UnknownEntity, NotFound.
    """
    lock_organisation()
    address = clean_email(email)
    user = person_with(email=address)
    if user is not None and password is not None:
        raise PasswordNotNeeded
    if user is None:
        user = create_person(email=address, name=name, password=password, language=language)
    named = Member.objects.filter(source_ref=source_ref, user=None).first() if source_ref else None
    role, wanted = get_role(role_id), frozenset(entity_ids)
    check_may_grant(
        actor=actor, capabilities=capabilities_of(role), portfolio_only=role.portfolio_only, entity_ids=wanted
    )
    return join(
        user=user,
        name=name,
        email=address,
        role=role,
        entity_ids=wanted,
        member=named,
        source_ref=source_ref,
        actor=actor,
    )


def join(
    *,
    user: User,
    name: str,
    email: str,
    role: Role,
    entity_ids: Iterable[UUID],
    member: Member | None,
    source_ref: str = "",
    actor: Actor | None,
) -> Member:
    """Make the person a member: a new row, the row of a name from the ERP, or their own from before they left.

    Part of a service, which asked whether somebody may grant this. `actor`: None for the person, who was invited.
    Raises AlreadyMember, UnknownEntity.
    """
    wanted = frozenset(entity_ids)
    if existing(wanted) != wanted:
        raise UnknownEntity
    former = Member.objects.select_for_update().filter(user=user).first()
    if former is not None and former.is_active:
        raise AlreadyMember
    member = former or member or Member(name=name)
    values = {"user": user, "role": role, "email": email, "name": name.strip() or member.name, "is_active": True}
    if source_ref and not member.source_ref:
        values["source_ref"] = source_ref
    for field, value in values.items():
        setattr(member, field, value)
    member.save()
    restrict(member, wanted)
    UserTenant.objects.get_or_create(user=user, of_tenant_id=require_tenant_id())
    record(
        actor=actor or Actor.member(member),
        action="accounts.member_joined",
        row=member,
        changes={"role": [None, role], "entities": [None, sorted(map(str, wanted))]},
    )
    return member


@transaction.atomic
def name_member(*, name: str, source_ref: str, role_id: UUID, actor: Actor) -> Member:
    """A name without sign-in, such as a salesperson of the ERP; an invitation may make it a person later.

    Returns the member who has this `source_ref` already, unchanged. Raises BadMember, NotFound.
    """
    ref = source_ref.strip()
    if not ref or not name.strip():
        raise BadMember(_("A name from the ERP needs its reference there."))
    lock_organisation()
    member = Member.objects.filter(source_ref=ref).first()
    if member is None:
        member = Member.objects.create(name=name.strip(), source_ref=ref, role=get_role(role_id))
        record(actor=actor, action="accounts.member_named", row=member)
    return member


@transaction.atomic
def change_member(
    *, member_id: UUID, name: str, role_id: UUID, entity_ids: Iterable[UUID] = (), actor: Actor
) -> Member:
    """Change a member's name, role and restriction to entities (empty: all of them).

    Raises NotFound, BadMember, CannotGrant, UnknownEntity, LastAdministrator.
    """
    lock_organisation()
    member, role, governed = get_member(member_id), get_role(role_id), is_governed()
    if not name.strip():
        raise BadMember(fields={"name": [_("A member needs a name.")]})
    before, after = entity_ids_of(member), frozenset(entity_ids)
    if existing(after) != after:
        raise UnknownEntity
    if role != member.role or before != after:
        check_may_grant(
            actor=actor, capabilities=capabilities_of(role), portfolio_only=role.portfolio_only, entity_ids=after
        )
    differing = changed(member, {"name": name.strip(), "role": role})
    if differing:
        member.save(update_fields=list(differing))
    if before != after:
        restrict(member, after)
        differing["entities"] = [sorted(map(str, before)), sorted(map(str, after))]
    check_governed(before=governed)
    if differing:
        # That the name changed, not the names: whoever is erased must be found nowhere in the audit.
        if "name" in differing:
            differing["name"] = [None, None]
        record(actor=actor, action="accounts.member_changed", row=member, changes=differing)
    return member


@transaction.atomic
def deactivate_member(*, member_id: UUID, also_revoke: bool = False, actor: Actor) -> Member:
    """Take somebody's access away: they are signed out everywhere and enter this organisation no more.

    The row stays, for what they did; an invitation lets them back in. `also_revoke`: also the API keys that they made
    and the invitations that they sent and nobody accepted yet, as they may know those secrets.
    Raises NotFound, LastAdministrator.
    """
    lock_organisation()
    member, governed = get_member(member_id), is_governed()
    if not member.is_active:
        return member
    member.is_active = False
    member.save(update_fields=["is_active"])
    check_governed(before=governed)
    unwanted = Q(member=member) | Q(invited_by=member) if also_revoke else Q(member=member)
    for invitation in Invitation.objects.filter(unwanted, accepted_at=None, withdrawn_at=None):
        withdraw(invitation, actor=actor)
    if also_revoke:
        for key in ApiKey.objects.filter(created_by=member, revoked_at=None):
            revoke_api_key(key_id=key.id, actor=actor)
    if member.user is not None:
        UserTenant.objects.filter(user=member.user, of_tenant_id=require_tenant_id()).delete()
        close_sessions(user=member.user)
    record(actor=actor, action="accounts.member_deactivated", row=member, changes={"is_active": [True, False]})
    return member


def restrict(member: Member, entity_ids: Iterable[UUID]) -> None:
    """Replace the member's restriction to entities. Part of a service, which writes the audit."""
    before, after = entity_ids_of(member), frozenset(entity_ids)
    accesses = member.entity_accesses  # type: ignore[attr-defined]
    accesses.filter(entity_id__in=before - after).delete()
    accesses.bulk_create([accesses.model(member=member, entity_id=entity_id) for entity_id in after - before])


def withdraw(invitation: Invitation, *, actor: Actor) -> None:
    """Close an open invitation. Part of a service."""
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(actor=actor, action="accounts.invitation_withdrawn", row=invitation)
