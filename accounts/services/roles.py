"""Roles are rows of the organisation: made, renamed, filled with capabilities, copied and deleted by it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import ApiKey, Invitation, Member, Role
from accounts.roles import Can
from accounts.services.rights import (
    capabilities_of,
    check_governed,
    check_may_grant,
    get_role,
    is_governed,
    lock_organisation,
)
from core.audit import Actor, changed, record
from core.errors import Conflict, Invalid


class BadRole(Invalid):
    code = "bad_role"
    message = _("The role cannot be saved like this.")


class RoleInUse(Conflict):
    code = "role_in_use"
    message = _("The role is in use.")


@transaction.atomic
def create_role(
    *, name: str, capabilities: Iterable[str], portfolio_only: bool = False, code: str = "", actor: Actor
) -> Role:
    """A new role. `code` is what commands call it, made from the name when empty.

    Raises BadRole (no name, a name or code that is taken, an unknown capability), CannotGrant.
    """
    lock_organisation()
    chosen = _capabilities(capabilities)
    check_may_grant(actor=actor, capabilities=chosen, portfolio_only=portfolio_only)
    role = Role.objects.create(
        code=_new_code(code or name),
        name=_free_name(name),
        capabilities=_stored(chosen),
        portfolio_only=portfolio_only,
    )
    record(
        actor=actor,
        action="accounts.role_created",
        row=role,
        changes={"capabilities": [None, role.capabilities], "portfolio_only": [None, portfolio_only]},
    )
    return role


@transaction.atomic
def copy_role(*, role_id: UUID, actor: Actor) -> Role:
    """A new role with the rights of another, called "X (copy)". Raises NotFound, CannotGrant."""
    lock_organisation()
    role = get_role(role_id)
    names = {name.lower() for name in Role.objects.values_list("name", flat=True)}
    n, name = 1, _("%(name)s (copy)") % {"name": role.name[:60]}
    while str(name).lower() in names:
        n += 1
        name = _("%(name)s (copy %(n)d)") % {"name": role.name[:60], "n": n}
    return create_role(
        name=str(name), capabilities=capabilities_of(role), portfolio_only=role.portfolio_only, actor=actor
    )


@transaction.atomic
def change_role(*, role_id: UUID, name: str, capabilities: Iterable[str], portfolio_only: bool, actor: Actor) -> Role:
    """Rename a role and set its capabilities, for all who have it at once.

    Only what is added must be the actor's own to give; taking away needs no more than the right to change roles.
    Raises NotFound, BadRole, CannotGrant, LastAdministrator.
    """
    lock_organisation()
    role, governed = get_role(role_id), is_governed()
    chosen = _capabilities(capabilities)
    check_may_grant(
        actor=actor,
        capabilities=chosen - capabilities_of(role),
        portfolio_only=portfolio_only or not role.portfolio_only,
    )
    differing = changed(
        role,
        {
            "name": _free_name(name, but=role),
            "capabilities": _stored(chosen),
            "portfolio_only": portfolio_only,
        },
    )
    if differing:
        role.save(update_fields=list(differing))
        check_governed(before=governed)
        record(actor=actor, action="accounts.role_changed", row=role, changes=differing)
    return role


@transaction.atomic
def delete_role(*, role_id: UUID, actor: Actor) -> None:
    """Delete a role that nobody has. Raises NotFound, RoleInUse.

    Members who left and revoked keys count: they are still shown, with the role they had.
    """
    lock_organisation()
    role = get_role(role_id)
    members = Member.objects.filter(role=role).count()
    keys = ApiKey.objects.filter(role=role).count()
    open_invitations = Invitation.objects.filter(role=role, accepted_at=None, withdrawn_at=None).count()
    users = [
        text % {"n": n}
        for n, text in (
            (members, ngettext("%(n)d member", "%(n)d members", members)),
            (keys, ngettext("%(n)d API key", "%(n)d API keys", keys)),
            (open_invitations, ngettext("%(n)d invitation", "%(n)d invitations", open_invitations)),
        )
        if n
    ]
    if users:
        raise RoleInUse(_("The role is in use by %(users)s and cannot be deleted.") % {"users": ", ".join(users)})
    for invitation in Invitation.objects.filter(role=role):  # accepted or withdrawn: the audit keeps that they were
        record(actor=actor, action="accounts.invitation_deleted", row=invitation)
        invitation.delete()
    record(actor=actor, action="accounts.role_deleted", row=role, changes={"code": [role.code, None]})
    role.delete()


def _capabilities(names: Iterable[str]) -> frozenset[Can]:
    try:
        return frozenset(Can(name) for name in names)
    except ValueError as error:
        raise BadRole(fields={"capabilities": [_("One of the rights does not exist.")]}) from error


def _stored(capabilities: frozenset[Can]) -> list[str]:
    return sorted(can.value for can in capabilities)


def _free_name(name: str, *, but: Role | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise BadRole(fields={"name": [_("A role needs a name of at most 80 characters.")]})
    taken = Role.objects.filter(name__iexact=name)
    if but is not None:
        taken = taken.exclude(id=but.id)
    if taken.exists():
        raise BadRole(fields={"name": [_("Another role has this name.")]})
    return name


def _new_code(wish: str) -> str:
    """A code that is free: the wish as a slug, with a number where it is taken."""
    base = slugify(wish).replace("-", "_")[:34] or "role"
    taken = set(Role.objects.filter(code__startswith=base).values_list("code", flat=True))
    code, n = base, 2
    while code in taken:
        code, n = f"{base}_{n}", n + 1
    return code
