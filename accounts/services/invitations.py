"""Invitations: a link by mail, good for one person, once, for seven days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.entities import existing
from accounts.keys import digest, matches, new_secret
from accounts.mail import invitation_mail
from accounts.models import Invitation, Member, Tenant, User
from accounts.services.members import AlreadyMember, get_member, join, withdraw
from accounts.services.persons import clean_email, create_person, person_with
from accounts.services.rights import (
    UnknownEntity,
    capabilities_of,
    check_may_grant,
    get_role,
    lock_organisation,
)
from core.audit import Actor, record
from core.errors import Conflict, NotFound
from core.tenancy import require_tenant_id

GOOD_FOR = timedelta(days=7)


class InvitedAlready(Conflict):
    code = "invited_already"
    message = _("This person is invited already. Send the invitation again instead.")


class InvitationClosed(Conflict):
    code = "invitation_closed"
    message = _("This invitation was accepted or withdrawn meanwhile.")


class BadInvitation(NotFound):
    """One answer for a link that is unknown, wrong, used, withdrawn or too old: whoever guesses learns nothing."""

    code = "bad_invitation"
    message = _("This invitation link is not valid, or not any more. Ask whoever invited you to send it again.")


class SignInFirst(Conflict):
    code = "sign_in_first"
    message = _("You have a sign-in already. Sign in with it, then open the link again.")


@transaction.atomic
def invite(
    *,
    email: str,
    role_id: UUID,
    name: str = "",
    entity_ids: Iterable[UUID] = (),
    member_id: UUID | None = None,
    actor: Actor,
) -> Invitation:
    """Mail somebody a link with which they become a member, in `role`, restricted to `entity_ids` (empty: all).

    `member_id`: the name from the ERP, or the former member, that they will be. The mail goes out after the commit,
    in the person's language where they are known, else in the organisation's.
    Raises BadEmail, AlreadyMember, InvitedAlready, CannotGrant, UnknownEntity, NotFound.
    """
    organisation = lock_organisation()
    address, role, wanted = clean_email(email), get_role(role_id), frozenset(entity_ids)
    if existing(wanted) != wanted:
        raise UnknownEntity
    check_may_grant(
        actor=actor, capabilities=capabilities_of(role), portfolio_only=role.portfolio_only, entity_ids=wanted
    )
    person = person_with(email=address)
    if person is not None and Member.objects.filter(user=person, is_active=True).exists():
        raise AlreadyMember(fields={"email": [_("This person is a member already.")]})
    member = get_member(member_id) if member_id else None
    if member is not None and member.user is not None and (member.is_active or member.user != person):
        raise AlreadyMember
    for former in Invitation.objects.filter(email=address, accepted_at=None, withdrawn_at=None):
        if former.expires_at > timezone.now():
            raise InvitedAlready(fields={"email": [_("This person is invited already.")]})
        withdraw(former, actor=actor)
    secret = new_secret()
    invitation = Invitation.objects.create(
        email=address,
        name=name.strip() or (member.name if member else ""),
        role=role,
        member=member,
        entity_ids=sorted(wanted),
        invited_by_id=actor.member_id,
        secret_hash=digest(secret),
        expires_at=timezone.now() + GOOD_FOR,
    )
    record(actor=actor, action="accounts.member_invited", row=invitation, changes={"role": [None, role]})
    _mail(invitation, secret=secret, organisation=organisation, person=person)
    return invitation


@transaction.atomic
def resend_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """A new link, good for seven days again; the former one opens nothing any more. Raises NotFound, InvitationClosed."""
    organisation = lock_organisation()
    invitation = _get_open(invitation_id)
    check_may_grant(
        actor=actor,
        capabilities=capabilities_of(invitation.role),
        portfolio_only=invitation.role.portfolio_only,
        entity_ids=frozenset(invitation.entity_ids),
    )
    secret = new_secret()
    invitation.secret_hash = digest(secret)
    invitation.expires_at = timezone.now() + GOOD_FOR
    invitation.invited_by_id = actor.member_id or invitation.invited_by_id
    invitation.save(update_fields=["secret_hash", "expires_at", "invited_by"])
    record(actor=actor, action="accounts.invitation_resent", row=invitation)
    _mail(invitation, secret=secret, organisation=organisation, person=person_with(email=invitation.email))
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation_id: UUID, actor: Actor) -> None:
    """Close an invitation that nobody accepted yet. Raises NotFound, InvitationClosed."""
    lock_organisation()
    withdraw(_get_open(invitation_id), actor=actor)


def find_invitation(*, invitation_id: UUID, secret: str) -> Invitation:
    """The invitation that the link opens. Raises BadInvitation for each reason alike. 1 SQL query."""
    invitation = Invitation.objects.select_related("role", "member").filter(id=invitation_id).first()
    right = matches(secret, invitation.secret_hash if invitation else "")
    if invitation is None or not right or not _is_open(invitation):
        raise BadInvitation
    return invitation


@transaction.atomic
def accept_as_new_person(*, invitation_id: UUID, secret: str, name: str, password: str, language: str) -> Member:
    """A person who had no sign-in takes the invitation: name and password make it.

    Raises BadInvitation, SignInFirst (the address has a sign-in), WeakPassword.
    """
    lock_organisation()
    invitation = find_invitation(invitation_id=invitation_id, secret=secret)
    if person_with(email=invitation.email) is not None:
        raise SignInFirst
    user = create_person(email=invitation.email, name=name, password=password, language=language)
    return _accept(invitation, user=user, name=name)


@transaction.atomic
def accept_as(*, invitation_id: UUID, secret: str, user: User) -> Member:
    """A person who is signed in takes the invitation that was sent to their address.

    Raises BadInvitation, SignInFirst (the invitation is for another person), AlreadyMember.
    """
    lock_organisation()
    invitation = find_invitation(invitation_id=invitation_id, secret=secret)
    if person_with(email=invitation.email) != user:
        raise SignInFirst(_("This invitation is for another person. Sign out, then open the link again."))
    return _accept(invitation, user=user, name=user.name or invitation.name)


def _accept(invitation: Invitation, *, user: User, name: str) -> Member:
    """Under the organisation's lock: two clicks at once make one member."""
    # Entities that were deleted meanwhile fall away, but never all of them: no restriction would mean all entities.
    left = existing(invitation.entity_ids)
    if invitation.entity_ids and not left:
        raise BadInvitation
    named = invitation.member if invitation.member and invitation.member.user_id in (None, user.pk) else None
    member = join(
        user=user,
        name=name,
        email=invitation.email,
        role=invitation.role,
        entity_ids=left,
        member=named,
        actor=None,
    )
    invitation.accepted_at = timezone.now()
    invitation.member = member
    invitation.save(update_fields=["accepted_at", "member"])
    record(actor=Actor.member(member), action="accounts.invitation_accepted", row=invitation)
    return member


def _is_open(invitation: Invitation) -> bool:
    return invitation.accepted_at is None and invitation.withdrawn_at is None and invitation.expires_at > timezone.now()


def _get_open(invitation_id: UUID) -> Invitation:
    """An invitation that was neither accepted nor withdrawn; it may be too old, as then it is sent again."""
    invitation = Invitation.objects.select_related("role").filter(id=invitation_id).first()
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise InvitationClosed
    return invitation


def _mail(invitation: Invitation, *, secret: str, organisation: Tenant, person: User | None) -> None:
    """Made inside the transaction, as it reads names; sent after the commit: nothing leaves that was rolled back."""
    path = reverse("join", args=[require_tenant_id().hex, invitation.id.hex, secret])
    mail = invitation_mail(
        to=invitation.email,
        name=person.name if person else invitation.name,
        organisation=organisation.name,
        invited_by=invitation.invited_by.name if invitation.invited_by else "",
        role=invitation.role.name,
        link=settings.BASE_URL + path,
        expires_at=invitation.expires_at,
        time_zone=organisation.time_zone,
        is_new=person is None,
        language=(person.language if person else "") or organisation.language,
    )
    # A mail server that is away must not undo the invitation, which can be sent again: logged, not raised.
    transaction.on_commit(mail.send, robust=True)
