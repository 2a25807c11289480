"""The doors of HTTP: each opens the scope of one organisation for one request, or of none.

- pages: the organisation that the signed-in person chose,
- /join/<tenant>/..., /answer/<tenant>/...: the one that the link in a mail names; the view verifies its secret,
- /api/: the one that the API key names, once the key is verified,
- /in/<tenant>/...: the one that the upload address names, whose secret the view verifies,
- /organisations/: none. The person chooses or creates one there, which opens its own.

A scope must be open before the view's transaction begins, so the door is a middleware and not the view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.sessions import middleware as sessions
from django.contrib.sessions.backends import db
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.access import Caller, scope_of_key
from accounts.models import Tenant
from accounts.queries.doors import organisations_of, session_data
from accounts.services.api_keys import read_key, verify_key
from core.tenancy import tenant_scope

SESSION_KEY = "tenant"
JOIN, ANSWER, API, INBOUND, ORGANISATIONS = "/join/", "/answer/", "/api/", "/in/", "/organisations/"

Answer = Callable[[HttpRequest], HttpResponse]


class SessionStore(db.SessionStore):
    """Django's sessions in the database, read without its ORM: every request reads one. The name is part of what signs them."""

    def load(self) -> dict[str, Any]:
        data = session_data(session_key=self.session_key, now=timezone.now()) if self.session_key else None
        if data is None:
            self._session_key = None
            return {}
        return self.decode(data)  # type: ignore[no-any-return]


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's, with the sessions above."""

    def __init__(self, get_response: Answer) -> None:
        super().__init__(get_response)
        self.SessionStore = SessionStore


class TenantMiddleware:
    """Sets request.tenant (None where no organisation is meant, or may be entered) and opens its scope.

    The choice stands in the session; that the person may enter is asked of the database each time. Pages are in the
    person's language and the organisation's time zone.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None  # type: ignore[attr-defined]
        path = request.path_info
        if path.startswith(API):
            return self.by_key(request)
        for door in (INBOUND, JOIN, ANSWER):
            if path.startswith(door):
                return self.within(request, named_tenant(path.removeprefix(door).partition("/")[0]))
        if request.user.is_authenticated:
            speak_to(request)
            if not path.startswith(ORGANISATIONS):
                return self.within(request, chosen_tenant(request))
        return self.get_response(request)

    def within(self, request: HttpRequest, tenant: Tenant | None) -> HttpResponse:
        """The answer inside the tenant's scope, or outside of all where there is no such tenant."""
        if tenant is None:
            return self.get_response(request)
        request.tenant = tenant  # type: ignore[attr-defined]
        with tenant_scope(tenant), timezone.override(tenant.time_zone):
            return self.get_response(request)

    def by_key(self, request: HttpRequest) -> HttpResponse:
        """A call with a good key is answered inside its tenant; any other one outside, where nothing can be read.

        Verified in a transaction of its own: that a key was used must neither be lost with a refused call nor stay
        locked during a long one.
        """
        text = read_key(bearer(request))
        if text is None:
            return self.get_response(request)
        with tenant_scope(text.tenant_id):
            with transaction.atomic():
                key = verify_key(key_id=text.key_id, secret=text.secret)
                caller = Caller(key=key, tenant=key.tenant, scope=scope_of_key(key)) if key else None
            if caller is not None:
                request.tenant, request.caller = caller.tenant, caller  # type: ignore[attr-defined]
                return self.get_response(request)
        return self.get_response(request)


def bearer(request: HttpRequest) -> str:
    """The token of `Authorization: Bearer <token>`, "" without one."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def named_tenant(text: str) -> Tenant | None:
    """The active organisation with this id, None for an unknown one and for what is no id. At most 1 SQL query."""
    try:
        tenant_id = UUID(text)
    except ValueError:
        return None
    with transaction.atomic():
        return Tenant.objects.filter(id=tenant_id, status=Tenant.Status.ACTIVE).first()


def chosen_tenant(request: Any) -> Tenant | None:
    """The organisation in the session if the person may (still) enter it, else the first that they may enter.

    Sets request.organisations, all that they may enter, by name: the pages' menu lists them. 1 SQL query.
    """
    request.organisations = found = organisations_of(user_id=request.user.pk)
    chosen = request.session.get(SESSION_KEY)
    wanted = UUID(chosen) if chosen else None
    return next((tenant for tenant in found if tenant.id == wanted), found[0] if found else None)


def speak_to(request: HttpRequest) -> None:
    """Answer in the language that the person chose for themselves, on whichever browser; else in the browser's."""
    language = request.user.language  # type: ignore[union-attr]
    if language:
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language() or language
