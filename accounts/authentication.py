"""Who calls the API, and may they? The classes named in REST_FRAMEWORK.

The key was verified by the door (accounts.middleware), before the view's transaction began.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access import Caller, NoSuchRight
from accounts.models import ApiKey
from accounts.roles import Can

NO_KEY = _("A valid API key is needed: Authorization: Bearer enc_...")


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer enc_<tenant>_<id>_<secret>`.

    An unknown tenant, an unknown key, a wrong secret, a revoked and an expired key get the same 401, as does no key.
    """

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        caller: Caller | None = getattr(request._request, "caller", None)
        if caller is not None:
            return caller, caller.key
        if get_authorization_header(request):
            raise AuthenticationFailed(NO_KEY, code="not_authenticated")
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="encours"'


class HasCapability(BasePermission):
    """Each API view declares `capabilities`: the right that each of its actions asks for.

        class Customers(ViewSet):
            capabilities = {"list": Can.VIEW_CUSTOMERS, "create": Can.EDIT_CUSTOMERS}

    A plain APIView declares them by method ("get", "post"). Several rights: a tuple, all of them asked for. An action
    that is not declared is refused, and the test of rights says so.
    """

    message = NoSuchRight.message
    code = NoSuchRight.code

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Caller):
            raise NotAuthenticated(NO_KEY)
        action = asked_action(request, view)
        if action is None:
            return True  # a method that the view does not have: answered with 405
        wanted = needed(view, action)
        return wanted is not None and all(request.user.can(capability) for capability in wanted)


def asked_action(request: Request, view: Any) -> str | None:
    """The viewset's action or the view's method; None for a method that it does not answer."""
    if hasattr(view, "action_map"):
        return view.action
    method = (request.method or "").lower()
    return method if hasattr(view, method) else None


def needed(view: Any, action: str) -> tuple[Can, ...] | None:
    """The rights that an action of an API view (or its class) asks for; None where it declares none."""
    wanted = getattr(view, "capabilities", {}).get(action)
    if wanted is None:
        return None
    return (wanted,) if isinstance(wanted, Can) else tuple(wanted)
