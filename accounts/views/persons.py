"""One's own profile and language, and the way in by invitation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.utils import perform_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from accounts.access import load_member, signed_in
from accounts.forms import THE_BROWSERS, JoinForm, ProfileForm
from accounts.middleware import SESSION_KEY
from accounts.models import Invitation, Member, User
from accounts.services import invitations
from accounts.services import persons as services
from core.web import add_refusal, page, say


@signed_in
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name and language of the person, and the ways to password, second factor and sessions."""
    user: User = request.user  # type: ignore[assignment]
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language or THE_BROWSERS})
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        services.change_profile(
            user=user,
            name=form.cleaned_data["name"],
            language="" if language == THE_BROWSERS else language,
            member=load_member(request),
        )
        say(request, _("Your profile is saved."))
        return redirect("profile")
    return page(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Django's own change of language, remembered for the person where one is signed in."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        services.choose_language(user=request.user, language=language)  # type: ignore[arg-type]
    return set_language(request)


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, tenant_text: str, invitation_text: str, secret: str) -> HttpResponse:
    """Take an invitation. Unknown, wrong, used, withdrawn and too old look the same.

    The door (accounts.middleware) opened the scope of the organisation that the link names.
    """
    try:
        invitation = _open(request, invitation_text, secret)
        response = _answer(request, invitation, secret)
    except invitations.BadInvitation as refusal:
        response = page(request, "accounts/join_bad.html", {"refusal": refusal}, status=404)
    # The address is a secret; same-origin, as forms of a page that refers nowhere come from nowhere and are refused.
    response["Referrer-Policy"] = "same-origin"
    return response


def _open(request: HttpRequest, invitation_text: str, secret: str) -> Invitation:
    try:
        invitation_id = UUID(invitation_text)
    except ValueError:
        raise invitations.BadInvitation from None
    if request.tenant is None:  # type: ignore[attr-defined]
        raise invitations.BadInvitation
    return invitations.find_invitation(invitation_id=invitation_id, secret=secret)


def _answer(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    """By who is there: the person invited, somebody else, or nobody yet (with a sign-in, or without)."""
    context: dict[str, Any] = {"invitation": invitation, "tenant": request.tenant}  # type: ignore[attr-defined]
    person = services.person_with(email=invitation.email)
    if request.user.is_authenticated and request.user != person:
        return page(request, "accounts/join_other.html", context)
    if person is None:
        return _join_as_new(request, invitation, secret, context)
    if not request.user.is_authenticated:
        context["sign_in"] = f"{reverse('account_login')}?next={request.path}"
        return page(request, "accounts/join_sign_in.html", context)
    if request.method == "POST":
        member = invitations.accept_as(invitation_id=invitation.id, secret=secret, user=person)
        return _welcome(request, member)
    return page(request, "accounts/join_accept.html", context)


def _join_as_new(request: HttpRequest, invitation: Invitation, secret: str, context: dict[str, Any]) -> HttpResponse:
    form = JoinForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            member = invitations.accept_as_new_person(
                invitation_id=invitation.id,
                secret=secret,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=get_language() or "",
            )
        except services.WeakPassword as refusal:
            add_refusal(form, refusal)
        else:
            perform_login(request, member.user)
            return _welcome(request, member)
    return page(request, "accounts/join_new.html", {**context, "form": form}, status=422 if form.errors else 200)


def _welcome(request: HttpRequest, member: Member) -> HttpResponse:
    request.session[SESSION_KEY] = str(member.tenant_id)
    say(request, _("Welcome to %(organisation)s.") % {"organisation": request.tenant.name})  # type: ignore[attr-defined]
    return redirect(settings.LOGIN_REDIRECT_URL)
