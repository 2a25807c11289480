"""The product's addresses, and beside them the list of items as the database alone and as serializers alone write it."""

from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Can
from bench.measure import floor_sql
from core.tenancy import require_tenant_id
from receivables.api.shapes import ItemOut
from receivables.queries.visible import items_in

_LIST = floor_sql("p13_list")


class ByDatabase(APIView):
    """One statement whose text is the answer."""

    capabilities = {"get": Can.VIEW_ITEMS}

    def get(self, request: Request) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute(_LIST, {"tenant": require_tenant_id()})
            return HttpResponse(cursor.fetchone()[0], content_type="application/json")


class BySerializer(APIView):
    """Rows as objects, written by the serializer that is the schema."""

    capabilities = {"get": Can.VIEW_ITEMS}

    def get(self, request: Request) -> Response:
        caller: Any = request.user
        rows = items_in(scope=caller.scope).select_related("customer", "entity").order_by("updated_at", "id")[:100]
        return Response({"results": ItemOut(rows, many=True).data})


urlpatterns = [
    path("api/bench/database/", ByDatabase.as_view()),
    path("api/bench/serializer/", BySerializer.as_view()),
    path("", include("creditmgmt.urls")),
]
