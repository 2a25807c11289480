"""The routes of the API, its schema and its page."""

from __future__ import annotations

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from collection.api.actions import Actions
from collection.api.claims import Claims
from collection.api.codes import Causes, ItemCauses, ItemStatuses, StatusCodes
from collection.api.legal import Agencies, LegalCases
from collection.api.provision import Provision
from collection.api.questions import Absences, Questions
from collection.api.statements import Statements
from collection.api.terminal import DeliveryStops, FormalNotices, WriteOffs
from core.errors import NotFound
from core.rest import JSONRenderer
from desk.api import Messages, Replies
from integrations.api import Imports
from receivables.api.cash import BankLines, CashAllocations
from receivables.api.figures import Ageing
from receivables.api.resources import Accounts, Allocations, Contacts, Customers, Documents, Entities, Items, Orders
from receivables.api.standing import Disputes, Holds, Promises
from risk.api import Profiles, Reviews


class Router(SimpleRouter):
    """Rows are named by their id: /customers/<uuid>/."""

    def get_lookup_regex(self, viewset: Any, lookup_prefix: str = "") -> str:
        return "<uuid:id>"


router = Router(use_regex_path=False)
for name, viewset in {
    "entities": Entities,
    "customers": Customers,
    "accounts": Accounts,
    "contacts": Contacts,
    "documents": Documents,
    "items": Items,
    "orders": Orders,
    "allocations": Allocations,
    "bank-lines": BankLines,
    "cash-allocations": CashAllocations,
    "ageing": Ageing,
    "disputes": Disputes,
    "promises": Promises,
    "holds": Holds,
    "profiles": Profiles,
    "reviews": Reviews,
    "actions": Actions,
    "claims": Claims,
    "status-codes": StatusCodes,
    "item-statuses": ItemStatuses,
    "causes": Causes,
    "item-causes": ItemCauses,
    "delivery-stops": DeliveryStops,
    "formal-notices": FormalNotices,
    "write-offs": WriteOffs,
    "legal-cases": LegalCases,
    "agencies": Agencies,
    "provision": Provision,
    "questions": Questions,
    "absences": Absences,
    "statements": Statements,
    "messages": Messages,
    "replies": Replies,
    "imports": Imports,
}.items():
    router.register(name, viewset, basename=name)


@cache
def _schema() -> bytes:
    with translation.override("en"):
        return JSONRenderer().render(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The schema, the same for everybody."""
    return HttpResponse(_schema(), content_type="application/vnd.oai.openapi+json")


@extend_schema(exclude=True)
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")  # type: ignore[arg-type]
class Docs(SpectacularSwaggerSplitView):
    """The page to read and try the API, from our own files. Its styles stand in the page, its scripts do not."""

    authentication_classes = []
    permission_classes = []
    url_name = "openapi"


@extend_schema(exclude=True)
class Nowhere(APIView):
    """Every other address of the API: 404 as JSON."""

    authentication_classes = []
    permission_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound


urlpatterns = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/docs/", Docs.as_view(), name="api_docs"),
    path("api/v1/", include(router.urls)),
    re_path(r"^api/", Nowhere.as_view()),
]
