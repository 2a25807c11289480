"""The door of the pages: opens the scope of the organisation that the signed-in person chose."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import Tenant, UserTenant
from core.tenancy import tenant_scope

SESSION_KEY = "tenant"


class TenantMiddleware:
    """Sets request.tenant (None when the person belongs to no organisation) and opens its scope.

    The choice stands in the session; that the person may enter is asked of the database each time.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = chosen_tenant(request) if request.user.is_authenticated else None  # type: ignore[attr-defined]
        if request.tenant is None:  # type: ignore[attr-defined]
            return self.get_response(request)
        with tenant_scope(request.tenant):  # type: ignore[attr-defined]
            return self.get_response(request)


def chosen_tenant(request: HttpRequest) -> Tenant | None:
    """The organisation in the session if the person may (still) enter it, else the first that they may enter."""
    with transaction.atomic():
        entries = UserTenant.objects.filter(
            user_id=request.user.pk, of_tenant__status=Tenant.Status.ACTIVE
        ).select_related("of_tenant")
        chosen = request.session.get(SESSION_KEY)
        entry = entries.filter(of_tenant_id=UUID(chosen)).first() if chosen else None
        entry = entry or entries.order_by("of_tenant__name", "id").first()
    return entry.of_tenant if entry else None
