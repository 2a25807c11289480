"""The ledger's lists and single rows: customers, accounts, contacts, documents, items, orders, allocations."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.roles import Can
from core.rest_fields import columns_of
from core.rest_lists import ApiViewSet, Resource, as_http
from receivables import filters
from receivables.api import shapes
from receivables.api.bulk import BulkMixin, bulk_action
from receivables.queries import visible

_CUSTOMER = {"customer_ref": "customer__ref"}
_ITEM = {**_CUSTOMER, "number": "number", "source": "source", "entity_code": "entity__code"}


class Entities(ApiViewSet):
    """The companies of the organisation."""

    tag = "entities"
    capabilities = {"list": Can.VIEW_CUSTOMERS}

    @extend_schema(responses={200: shapes.EntityOut(many=True)}, summary="All companies, by code")
    def list(self, request: Request) -> HttpResponse:
        self.known_parameters()
        columns = columns_of(shapes.EntityOut)
        rows = visible.entities_in(scope=self.caller.scope).values_list(*columns.paths)
        return as_http([columns.object(row) for row in rows])


class Customers(BulkMixin, Resource):
    """Customers."""

    tag, kind = "customers", "customers"
    capabilities = {
        "list": Can.VIEW_CUSTOMERS,
        "retrieve": Can.VIEW_CUSTOMERS,
        "bulk": (Can.VIEW_CUSTOMERS, Can.EDIT_CUSTOMERS),
    }
    Out = shapes.CustomerOut
    filters = filters.CustomerFilters
    exact = {"ref": "ref", "siren": "siren", "vat_number": "vat_number", "lei": "lei"}

    def rows(self) -> QuerySet[Any]:
        return visible.customers_in(scope=self.caller.scope)

    bulk = bulk_action("customers")


class Accounts(Resource):
    """Customers' accounts: a customer at one company and source."""

    tag = "accounts"
    capabilities = {"list": Can.VIEW_CUSTOMERS, "retrieve": Can.VIEW_CUSTOMERS}
    Out = shapes.AccountOut
    exact = {**_CUSTOMER, "ref": "ref", "source": "source", "entity_code": "entity__code"}

    def rows(self) -> QuerySet[Any]:
        return visible.accounts_in(scope=self.caller.scope)


class Contacts(BulkMixin, Resource):
    """Persons at customers."""

    tag, kind = "contacts", "contacts"
    capabilities = {
        "list": Can.VIEW_CUSTOMERS,
        "retrieve": Can.VIEW_CUSTOMERS,
        "bulk": (Can.VIEW_CUSTOMERS, Can.EDIT_CUSTOMERS),
    }
    Out = shapes.ContactOut
    exact = {**_CUSTOMER, "email": "email"}

    def rows(self) -> QuerySet[Any]:
        return visible.contacts_in(scope=self.caller.scope)

    bulk = bulk_action("contacts")


class Documents(Resource):
    """What was issued."""

    tag = "documents"
    capabilities = {"list": Can.VIEW_ITEMS, "retrieve": Can.VIEW_ITEMS}
    Out = shapes.DocumentOut
    filters = filters.DocumentFilters
    exact = {**_ITEM, "project_ref": "project_ref"}

    def rows(self) -> QuerySet[Any]:
        return visible.documents_in(scope=self.caller.scope)


class Items(BulkMixin, Resource):
    """Ledger items. Those that were taken back appear only with `updated_since` and by id, with their `void_on`."""

    tag, kind = "items", "items"
    capabilities = {"list": Can.VIEW_ITEMS, "retrieve": Can.VIEW_ITEMS, "bulk": (Can.VIEW_ITEMS, Can.EDIT_ITEMS)}
    Out = shapes.ItemOut
    filters = filters.ItemFilters
    exact = _ITEM

    def rows(self) -> QuerySet[Any]:
        return visible.items_in(scope=self.caller.scope)

    def changed_rows(self) -> QuerySet[Any]:
        return visible.items_in(scope=self.caller.scope, void_too=True)

    bulk = bulk_action("items")


class Orders(BulkMixin, Resource):
    """Orders accepted and not yet invoiced."""

    tag, kind = "orders", "orders"
    capabilities = {"list": Can.VIEW_ITEMS, "retrieve": Can.VIEW_ITEMS, "bulk": (Can.VIEW_ITEMS, Can.EDIT_ITEMS)}
    Out = shapes.OrderOut
    filters = filters.OrderFilters
    exact = _ITEM

    def rows(self) -> QuerySet[Any]:
        return visible.orders_in(scope=self.caller.scope)

    bulk = bulk_action("orders")


class Allocations(Resource):
    """What was set against what, in the order in which it was recorded; rows never change."""

    tag = "allocations"
    capabilities = {"list": Can.VIEW_ITEMS, "retrieve": Can.VIEW_ITEMS}
    Out = shapes.AllocationOut
    moment = "recorded_at"
    exact = {**_CUSTOMER, "debit_item": "debit_item_id", "credit_item": "credit_item_id"}

    def rows(self) -> QuerySet[Any]:
        return visible.allocations_in(scope=self.caller.scope)
