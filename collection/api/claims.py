"""Interest and charges over the API: what was claimed, claiming more, giving up, paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, DateField, DateTimeField, JSONField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.queries.claims import claims_in
from collection.services import claims
from core.rest_fields import MoneyField
from core.rest_lists import Resource


class ClaimOut(serializers.Serializer[Any]):
    """Interest of an item for its late days, or the fixed charge of a document."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    item = UUIDField(source="item_id")
    number = CharField(source="item.number")
    kind = CharField(help_text="INTEREST or FIXED")
    state = CharField(help_text="CLAIMED, REPLACED, WAIVED or PAID")
    amount = MoneyField("amount")
    from_on = DateField(allow_null=True)
    until_on = DateField(allow_null=True)
    law = CharField()
    calculation = JSONField(help_text="Of interest: its segments, which add up to the amount.")
    on = DateField()
    decided_on = DateField(allow_null=True)
    reason = CharField()
    updated_at = DateTimeField()


class ClaimsIn(serializers.Serializer[Any]):
    """Late items, and until when their interest is claimed."""

    items = serializers.ListField(child=UUIDField(), min_length=1, max_length=claims.MOST_ITEMS)
    until = DateField(required=False, help_text="Default: today.")


class WaiveIn(serializers.Serializer[Any]):
    """Why it is given up."""

    reason = CharField(max_length=300)


class Nothing(serializers.Serializer[Any]):
    """No values are needed."""


class ClaimsMade(serializers.Serializer[Any]):
    """The claims that were made."""

    claims = serializers.ListField(child=UUIDField())


class Claims(Resource):
    """Interest and fixed charges, apart from the items they come from."""

    tag = "claims"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.CLAIM_CHARGES),
        "waive": (Can.VIEW_ITEMS, Can.WAIVE_CHARGES),
        "paid": (Can.VIEW_ITEMS, Can.CLAIM_CHARGES),
    }
    Out = ClaimOut
    exact = {
        "customer_ref": "customer__ref",
        "entity_code": "entity__code",
        "item": "item_id",
        "kind": "kind",
        "state": "state",
    }

    def rows(self) -> QuerySet[Any]:
        return claims_in(scope=self.caller.scope)

    @extend_schema(request=ClaimsIn, responses={201: ClaimsMade}, summary="Claim interest and charges of late items")
    def create(self, request: Request) -> Response:
        values = self.read(ClaimsIn)
        made = claims.claim_charges(
            item_ids=values["items"],
            until=values.get("until", self.caller.on),
            scope=self.caller.scope,
            actor=self.caller.actor,
            on=self.caller.on,
        )
        return Response({"claims": [row.id for row in made]}, status=201)

    @extend_schema(request=WaiveIn, responses={200: ClaimOut}, summary="Give the claim up, with a reason")
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, id: UUID) -> Response:
        values = self.read(WaiveIn)
        claims.waive_claims(claim_ids=[id], reason=values["reason"], **self._who())
        return Response(self.one(id))

    @extend_schema(request=Nothing, responses={200: ClaimOut}, summary="The customer has paid it")
    @action(detail=True, methods=["post"])
    def paid(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        claims.record_claims_paid(claim_ids=[id], **self._who())
        return Response(self.one(id))

    def _who(self) -> dict[str, Any]:
        return {"scope": self.caller.scope, "actor": self.caller.actor, "on": self.caller.on}
