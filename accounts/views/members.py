"""Members and invitations."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import requires
from accounts.entities import entity_ids_of
from accounts.forms import DeactivateForm, InviteForm, MemberForm
from accounts.models import Member
from accounts.queries import members as queries
from accounts.roles import Can
from accounts.services import invitations
from accounts.services import members as services
from core.errors import Refusal
from core.web import add_refusal, page, say

VIEWS = {"active": (True, True), "named": (True, False), "left": (False, True)}


@requires(Can.MANAGE_MEMBERS)
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Who may enter, who is invited, which names came from the ERP, and who has left."""
    view = request.GET.get("view", "active")
    active, with_sign_in = VIEWS.get(view, VIEWS["active"])
    context = {
        "view": view if view in VIEWS else "active",
        "counts": queries.member_counts(),
        "lines": queries.member_lines(active=active, with_sign_in=with_sign_in),
        "invitations": queries.open_invitations(now=timezone.now()),
    }
    return page(request, "accounts/members.html", context)


@requires(Can.MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_invite(request: HttpRequest) -> HttpResponse:
    """Invite a person; `?member=` a name from the ERP, or somebody who had left."""
    named = _named(request)
    initial = {"name": named.name, "email": named.email, "role": str(named.role_id)} if named else {}
    form = InviteForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role_id=form.cleaned_data["role"],
                entity_ids=form.entity_ids,
                member_id=named.id if named else None,
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
            return redirect("members")
    context = {"form": form, "named": named}
    return page(request, "accounts/member_invite.html", context, status=422 if form.errors else 200)


def _named(request: HttpRequest) -> Member | None:
    """The member whom the invitation is for. Raises NotFound on an unknown one."""
    text = request.GET.get("member", "")
    if not text:
        return None
    try:
        return services.get_member(UUID(text))
    except ValueError:
        return None


@requires(Can.MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Name, role and companies of one member."""
    shown = services.get_member(member_id)
    initial = {
        "name": shown.name,
        "role": str(shown.role_id),
        "entities": [str(entity_id) for entity_id in entity_ids_of(shown)],
    }
    form = MemberForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_member(
                member_id=member_id,
                name=form.cleaned_data["name"],
                role_id=form.cleaned_data["role"],
                entity_ids=form.entity_ids if "entities" in form.fields else entity_ids_of(shown),
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("members")
    context = {
        "form": form,
        "shown": services.get_member(member_id),
        "given": queries.given_by(member_id=member_id),
        "deactivate_form": DeactivateForm(initial={"also_revoke": True}),
    }
    return page(request, "accounts/member.html", context, status=422 if form.errors else 200)


@requires(Can.MANAGE_MEMBERS)
@require_POST
def member_deactivate(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Take a member's access away."""
    form = DeactivateForm(request.POST)
    form.is_valid()
    left = services.deactivate_member(
        member_id=member_id,
        also_revoke=form.cleaned_data.get("also_revoke", False),
        actor=request.actor,  # type: ignore[attr-defined]
    )
    if left.id == request.member.id:  # type: ignore[attr-defined]
        return redirect("organisations")
    say(request, _("%(name)s has no access any more.") % {"name": left.name})
    return redirect("members")


@requires(Can.MANAGE_MEMBERS)
@require_POST
def invitation_resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Mail a new link; the former one opens nothing any more."""
    invitation = invitations.resend_invitation(invitation_id=invitation_id, actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("A new link is on its way to %(email)s.") % {"email": invitation.email})
    return redirect("members")


@requires(Can.MANAGE_MEMBERS)
@require_POST
def invitation_withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Close an invitation: its link opens nothing any more."""
    invitations.withdraw_invitation(invitation_id=invitation_id, actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("The invitation is withdrawn."))
    return redirect("members")
