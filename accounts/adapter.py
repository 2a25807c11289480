"""Where allauth and axes ask us: who may sign up, where links point, what counts as one visitor, how secrets rest."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core.sealed import seal, unseal

SECOND_FACTOR = "encours second factor"
SIGN_IN_LIMIT = {"sign_in": "30/m/ip,50/15m/key"}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Persons come in by invitation (accounts.views.joining), not by signing themselves up."""
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link from the fixed base address: a forged Host header must not choose where a reset link points."""
        uid, _separator, token = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beside the failures that axes counts: a limit per address whoever is tried, and per account from wherever.

        Wide for an account, as whoever fails on purpose shuts its owner out. allauth's own limit under the name
        login_failed stays for second-factor codes, of which far fewer may be tried. Answered as axes does: 429.
        """
        self._login_failed_rl_usage = ratelimit.consume(
            request,
            app="allauth.account",
            config=SIGN_IN_LIMIT,
            action="sign_in",
            key=sign_in_name(request, credentials) or "",
        )
        if not self._login_failed_rl_usage:
            request.axes_locked_out = True  # type: ignore[attr-defined]
            raise self.validation_error("too_many_login_attempts")


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets rest encrypted: a copy of the database alone gives no codes."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises KeyError when the key that encrypted it is not among the settings any more."""
        return unseal(encrypted_text, purpose=SECOND_FACTOR)


def client_address(request: HttpRequest) -> str:
    """The visitor's address. Behind the proxy that ends https, the last one that it noted; what comes before in the
    header is what the visitor claims.
    """
    if settings.SECURE:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")


def sign_in_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The address under which failures are counted: allauth calls it email, axes login."""
    named = credentials or {}
    name = named.get("email") or named.get("login") or request.POST.get("login")
    return str(name).strip().lower() if name else None


def locked_out(request: HttpRequest, original_response: Any = None, credentials: Any = None) -> HttpResponse:
    """Too many failed sign-ins from here for this address: said plainly, without saying whether the account exists."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME * 3600))
    return response
