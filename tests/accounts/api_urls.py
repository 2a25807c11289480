"""A small API of its own, to try the door, the rights, and what an error looks like."""

from decimal import Decimal

from django.http import Http404
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.roles import Can
from core.errors import Conflict, TooMany
from core.money import Money
from core.rest import JSONParser
from core.tenancy import current_tenant_id
from receivables.models import Customer


class Lines(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=20, decimal_places=4)


class Order(serializers.Serializer):
    number = serializers.CharField()
    lines = Lines(many=True)


class Customers(ViewSet):
    capabilities = {"list": Can.VIEW_CUSTOMERS, "create": (Can.VIEW_CUSTOMERS, Can.EDIT_CUSTOMERS)}

    def list(self, request):
        return Response(
            {
                "tenant": current_tenant_id(),
                "refs": sorted(Customer.objects.values_list("ref", flat=True)),
                "on": request.user.on,
                "by": request.user.actor.kind,
            }
        )

    def create(self, request):
        Customer.objects.create(ref="NEW", name="New", name_key="new")
        raise Conflict("Not today.", fields={"ref": ["Taken."], "": ["And so on."]})

    def destroy(self, request):
        return Response({})


class Echo(APIView):
    capabilities = {"get": Can.VIEW_ITEMS, "post": Can.VIEW_ITEMS}
    parser_classes = [JSONParser]

    def get(self, request):
        return Response({"amount": Decimal("1200.10"), "total": Money(Decimal("0.00"), "EUR"), "who": None})

    def post(self, request):
        data = request.data
        return Response(
            {"kinds": [type(one).__name__ for one in data] if isinstance(data, list) else None, "data": data}
        )


class Breaks(APIView):
    capabilities = {"get": Can.VIEW_ITEMS, "post": Can.VIEW_ITEMS, "put": Can.VIEW_ITEMS, "delete": Can.VIEW_ITEMS}

    def get(self, request):
        raise RuntimeError("the secret is 42")

    def post(self, request):
        Order(data=request.data).is_valid(raise_exception=True)
        return Response({})

    def put(self, request):
        raise TooMany(retry_after_seconds=30)

    def delete(self, request):
        raise Http404


urlpatterns = [
    path("api/v1/customers/", Customers.as_view({"get": "list", "post": "create", "delete": "destroy"})),
    path("api/v1/echo/", Echo.as_view()),
    path("api/v1/breaks/", Breaks.as_view()),
]
