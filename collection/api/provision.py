"""The provision on any day over the API: the same figures as the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.roles import Can
from collection.queries.provision import provision_by_customer
from core.lists.keyset import encode
from core.money import round_amount
from core.rest_fields import MoneySchema, money
from core.rest_lists import as_http, page_size
from receivables.api.figures import PARAMETERS, Ageing


class ProvisionAmounts(serializers.Serializer[Any]):
    """What is open, the same without VAT, and what is expected to be lost of that."""

    open = MoneySchema()
    base = MoneySchema(help_text="Without VAT, where the source says it.")
    provision = MoneySchema()


class ProvisionRow(ProvisionAmounts):
    """The provision for a customer in one currency."""

    customer = serializers.UUIDField()
    customer_ref = serializers.CharField()
    customer_name = serializers.CharField()
    currency = serializers.CharField()
    standing = serializers.CharField(help_text="The worst: INSOLVENCY, LITIGATION, DOUBTFUL, DISPUTED or NORMAL.")
    own_percent = serializers.CharField(allow_null=True, help_text="The customer's own rate, where it has one.")
    reason = serializers.CharField(help_text="Why it has a rate of its own.")


class ProvisionSum(ProvisionAmounts):
    """The same of all customers in one currency."""

    currency = serializers.CharField()
    customers = serializers.IntegerField()


class ProvisionOut(serializers.Serializer[Any]):
    """A provision: a page of customers by reference, and the totals of all of them."""

    on = serializers.DateField()
    results = ProvisionRow(many=True)
    totals = ProvisionSum(many=True)
    next = serializers.URLField(allow_null=True)


_PARAMETERS = [
    OpenApiParameter("on", OpenApiTypes.DATE, description="The day the figures speak of. Default: today."),
    *(one for one in PARAMETERS if one.name not in ("on", "known_on")),
]


class Provision(Ageing):
    """What is expected to be lost, on any day: asked for as the aged balance is."""

    tag = "provision"
    capabilities = {"list": Can.VIEW_AGEING}
    parameters = {"list": _PARAMETERS}

    @extend_schema(responses={200: ProvisionOut}, summary="The provision by customer and currency")
    def list(self, request: Request) -> HttpResponse:
        self.known_parameters(*(parameter.name for parameter in _PARAMETERS))
        on, selection, size = self._day("on") or self.caller.on, self._selection(), self._size()
        found = (
            provision_by_customer(on=on, scope=self.caller.scope, selection=selection) if selection is not None else []
        )
        rows = sorted(found, key=_place)
        after = self._after()
        page = [row for row in rows if after is None or _place(row) > after][: size + 1]
        following = None
        if len(page) > size:
            page = page[:size]
            query = request.query_params.copy()
            query["cursor"] = encode(f"{page[-1]['currency']}{page[-1]['ref']}", page[-1]["customer_id"])
            following = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        results = [
            {
                "customer": row["customer_id"],
                "customer_ref": row["ref"],
                "customer_name": row["name"],
                "currency": row["currency"],
                "standing": row["worst"],
                "own_percent": None if row["own_percent"] is None else f"{row['own_percent']:f}",
                "reason": row["reason"],
                **_amounts(row, row["currency"]),
            }
            for row in page
        ]
        return as_http({"on": on, "results": results, "totals": _totals(rows), "next": following})

    def _size(self) -> int:
        return page_size(self.request.query_params.get("page_size"))


def _place(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["ref"], str(row["customer_id"]), row["currency"]


def _amounts(row: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "open": money(row["amount"], currency),
        "base": money(round_amount(row["base"], currency), currency),
        "provision": money(row["provision"], currency),
    }


def _totals(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = {}
    for row in rows:
        start = {"customers": 0, **dict.fromkeys(("amount", "base", "provision"), Decimal(0))}
        total = sums.setdefault(row["currency"], start)
        total["customers"] += 1
        for name in ("amount", "base", "provision"):
            total[name] += row[name]
    return [
        {"currency": currency, "customers": total["customers"], **_amounts(total, currency)}
        for currency, total in sorted(sums.items())
    ]
