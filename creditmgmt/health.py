"""Is this process fit to serve? Asked by load balancers and by make demo."""

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse

from core.tenancy.checks import role_problems


@transaction.non_atomic_requests
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers under a guarded role, else 503. Says nothing about the inside."""
    try:
        with transaction.atomic():
            healthy = not role_problems(connection)
    except Exception:
        healthy = False
    return JsonResponse({"status": "ok" if healthy else "unavailable"}, status=200 if healthy else 503)
