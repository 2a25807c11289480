"""The aged balance over the API: the same call as the page and the command."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.roles import Can
from core.lists.keyset import BadCursor, decode, encode
from core.money import is_currency
from core.rest_fields import MoneySchema, money
from core.rest_lists import MOST_ROWS, ApiViewSet, BadQuery, as_http, page_size
from receivables.models import Customer, Entity
from receivables.queries import (
    AgeingSort,
    AgeingTotal,
    CustomerAgeing,
    Selection,
    ageing_by_customer,
    ageing_totals,
    known_from,
)
from receivables.rules.ageing import DEFAULT_BUCKETS

BUCKETS = DEFAULT_BUCKETS.names
_IDS = ("entity", "customer", "group", "collector", "salesperson")
_TEXTS = ("sector", "region", "product")


class AgeingAmounts(serializers.Serializer[Any]):
    """Open amounts by days overdue. The buckets sum up to `total`; `overdue` is all but `not_due`."""

    not_due = MoneySchema()
    d1_30 = MoneySchema()
    d31_60 = MoneySchema()
    d61_90 = MoneySchema()
    d91_plus = MoneySchema()
    overdue = MoneySchema()
    total = MoneySchema()


class AgeingRow(AgeingAmounts):
    """The aged balance of a customer in one currency."""

    customer = serializers.UUIDField()
    customer_ref = serializers.CharField()
    customer_name = serializers.CharField()
    currency = serializers.CharField()


class AgeingSum(AgeingAmounts):
    """The same of all customers in one currency."""

    currency = serializers.CharField()
    customers = serializers.IntegerField()


class KnownFromOut(serializers.Serializer[Any]):
    """The first day for which the figures of a company's source are known."""

    entity_code = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    on = serializers.DateField()


class AgeingOut(serializers.Serializer[Any]):
    """An aged balance: a page of customers by reference, and the totals of all of them."""

    on = serializers.DateField()
    known_on = serializers.DateField(allow_null=True)
    results = AgeingRow(many=True)
    totals = AgeingSum(many=True)
    known_from = KnownFromOut(many=True)
    next = serializers.URLField(allow_null=True)


PARAMETERS = [
    OpenApiParameter("on", OpenApiTypes.DATE, description="The day the figures speak of. Default: today."),
    OpenApiParameter("known_on", OpenApiTypes.DATE, description="As they were known on this day. Default: known now."),
    *(OpenApiParameter(name, OpenApiTypes.UUID, description=f"Of this {name} only.") for name in _IDS),
    OpenApiParameter("customer_ref", str, description="Of the customer with this reference only."),
    OpenApiParameter("entity_code", str, description="Of the company with this code only."),
    OpenApiParameter("currency", str, description="In this currency only."),
    *(OpenApiParameter(name, str, description=f"Accounts of this {name} only.") for name in _TEXTS),
    OpenApiParameter("cursor", str, description="Where to go on from: part of `next`."),
    OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100}),
]


class Ageing(ApiViewSet):
    """The aged balance on any day."""

    tag = "ageing"
    capabilities = {"list": Can.VIEW_AGEING}
    parameters = {"list": PARAMETERS}

    @extend_schema(responses={200: AgeingOut}, summary="The aged balance by customer and currency")
    def list(self, request: Request) -> HttpResponse:
        self.known_parameters(*(parameter.name for parameter in PARAMETERS))
        caller = self.caller
        on, known_on = self._day("on") or caller.on, self._day("known_on")
        selection = self._selection()
        if selection is None:
            return as_http(_answer(on, known_on, [], [], [], None))
        asked: dict[str, Any] = {"on": on, "known_on": known_on, "scope": caller.scope, "selection": selection}
        size = page_size(request.query_params.get("page_size"))
        rows = ageing_by_customer(**asked, sort=AgeingSort.REF, after=self._after(), limit=size + 1)
        following = None
        if len(rows) > size:
            rows = rows[:size]
            query = request.query_params.copy()
            ref, customer, currency = rows[-1].position(AgeingSort.REF)
            query["cursor"] = encode(f"{currency}{ref}", customer)
            following = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        sources = known_from(scope=caller.scope, selection=selection)
        return as_http(_answer(on, known_on, rows, ageing_totals(**asked), sources, following))

    def _day(self, name: str) -> date | None:
        text = self.request.query_params.get(name)
        if text is None:
            return None
        try:
            if len(text) != 10 or not text.isascii():
                raise ValueError
            day = date.fromisoformat(text)
            if not 1900 <= day.year <= 2200:
                raise ValueError
        except ValueError as error:
            raise BadQuery(fields={name: _("Write a date such as 2026-03-31.")}) from error
        return day

    def _after(self) -> tuple[str, str, str] | None:
        cursor = self.request.query_params.get("cursor")
        if not cursor:
            return None
        value, customer = decode(cursor)
        if not isinstance(value, str) or not is_currency(value[:3]):
            raise BadCursor
        return value[3:], str(customer), value[:3]

    def _selection(self) -> Selection | None:
        """What was asked for; None where it names a customer or company that the caller cannot see: nothing."""
        query = self.request.query_params
        wrong: dict[str, Any] = {}
        chosen: dict[str, Any] = {}
        for name in _IDS:
            if name in query:
                try:
                    chosen[name] = UUID(query[name])
                except ValueError:
                    wrong[name] = _("This is not an id.")
        for name in (*_TEXTS, "currency", "customer_ref", "entity_code"):
            if "\0" in query.get(name, ""):
                wrong[name] = _("A text holds a character that cannot be stored.")
        if wrong:
            raise BadQuery(fields=wrong)
        if "customer_ref" in query:
            found = Customer.objects.filter(ref=query["customer_ref"]).values_list("id", flat=True).first()
            if found is None or chosen.get("customer", found) != found:
                return None
            chosen["customer"] = found
        if "entity_code" in query:
            entity = Entity.objects.filter(code=query["entity_code"]).values_list("id", flat=True).first()
            if entity is None or chosen.get("entity", entity) != entity:
                return None
            chosen["entity"] = entity
        return Selection(
            entity_ids=frozenset([chosen["entity"]] if "entity" in chosen else []),
            customer_id=chosen.get("customer"),
            group_id=chosen.get("group"),
            collector_id=chosen.get("collector"),
            salesperson_id=chosen.get("salesperson"),
            currency=query.get("currency", ""),
            **{name: query.get(name, "") for name in _TEXTS},
        )


def _answer(
    on: date,
    known_on: date | None,
    rows: list[CustomerAgeing],
    totals: list[AgeingTotal],
    sources: list[Any],
    following: str | None,
) -> dict[str, Any]:
    return {
        "on": on,
        "known_on": known_on,
        "results": [
            {
                "customer": row.customer_id,
                "customer_ref": row.ref,
                "customer_name": row.name,
                "currency": row.currency,
                **_amounts(row.amounts, row.overdue, row.total, row.currency),
            }
            for row in rows
        ],
        "totals": [
            {
                "currency": row.currency,
                "customers": row.customers,
                **_amounts(row.amounts, row.overdue, row.total, row.currency),
            }
            for row in totals
        ],
        "known_from": [{"entity_code": one.entity_code, "source": one.source, "on": one.known_from} for one in sources],
        "next": following,
    }


def _amounts(buckets: tuple[Decimal, ...], overdue: Decimal, total: Decimal, currency: str) -> dict[str, Any]:
    named = zip((*BUCKETS, "overdue", "total"), (*buckets, overdue, total), strict=True)
    return {name: money(amount, currency) for name, amount in named}
