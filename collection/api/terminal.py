"""Terminal steps over the API: what an ERP has to know (stops of deliveries, write-offs to post), and asking for them."""

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
from collection.queries.terminal import notices_in, stops_in, write_offs_in
from collection.services import formal_notices, terminal, write_offs
from core.rest_fields import MoneyField
from core.rest_lists import Resource

In = serializers.Serializer[Any]


class DeliveryStopOut(In):
    """A stop of deliveries. Do not deliver while the state is ACCEPTED: to the customer at the entity, or at all."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity = UUIDField(source="entity_id", allow_null=True, help_text="Null: all companies.")
    entity_code = CharField(source="entity.code", allow_null=True)
    state = CharField(help_text="REQUESTED, ACCEPTED (deliveries stop), REFUSED, LIFTED or WITHDRAWN")
    reason = CharField()
    amounts = JSONField(help_text="What was overdue when it was asked for, by currency.")
    on = DateField()
    decided_on = DateField(allow_null=True)
    answer = CharField()
    ended_on = DateField(allow_null=True)
    updated_at = DateTimeField()


class DeliveryStopIn(In):
    """Whose deliveries should stop, and why."""

    customer = UUIDField()
    entity = UUIDField(required=False, allow_null=True)
    reason = CharField(max_length=300)


class DecisionIn(In):
    """Yes, or no and why."""

    accept = serializers.BooleanField()
    answer = CharField(max_length=300, default="", allow_blank=True)


class ReasonIn(In):
    """Why."""

    reason = CharField(max_length=300)


class FormalNoticeOut(In):
    """The approval of a formal notice: the letter leaves only while the state is APPROVED, and spends it."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    step = CharField(source="step_key")
    state = CharField(
        help_text="REQUESTED, APPROVED, REFUSED, SPENT (the letter is confirmed) or REPLACED (asked for anew)"
    )
    items = JSONField(help_text="Ids of the items that the letter may speak of.")
    amounts = JSONField(help_text="What it asks for, by currency.")
    note = CharField()
    four_eyes = serializers.BooleanField(help_text="Another one than who asked has to decide.")
    on = DateField()
    decided_on = DateField(allow_null=True)
    answer = CharField()
    updated_at = DateTimeField()


class FormalNoticeIn(In):
    """Which proposed letter is to be approved."""

    action = UUIDField(help_text="A proposed action whose step is a formal notice.")
    note = CharField(max_length=300, default="", allow_blank=True)


class WriteOffOut(In):
    """A write-off. While the state is APPROVED the ERP has to post it; once it did, the state is POSTED."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    state = CharField(help_text="REQUESTED, APPROVED, REFUSED, WITHDRAWN, POSTED or OVERTAKEN")
    amount = MoneyField("amount")
    reason = CharField()
    on = DateField()
    decided_on = DateField(allow_null=True)
    ended_on = DateField(allow_null=True)
    updated_at = DateTimeField()


class WriteOffIn(In):
    """Items to give up."""

    items = serializers.ListField(child=UUIDField(), min_length=1, max_length=write_offs.MOST_ITEMS)
    reason = CharField(max_length=300)


class WriteOffItemOut(In):
    """An item of a write-off."""

    item = UUIDField(source="item_id")
    number = CharField(source="item.number")
    source_ref = CharField(source="item.source_ref")
    amount = MoneyField("amount", "item.currency")


class WriteOffsMade(In):
    """The requests that were made, one for each customer, company and currency."""

    write_offs = serializers.ListField(child=UUIDField())


class DeliveryStops(Resource):
    """Stops of deliveries."""

    tag = "delivery-stops"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "decide": (Can.VIEW_ITEMS, Can.STOP_DELIVERIES),
        "end": (Can.VIEW_ITEMS, Can.STOP_DELIVERIES),
    }
    Out = DeliveryStopOut
    exact = {"customer": "customer_id", "customer_ref": "customer__ref", "state": "state"}

    def rows(self) -> QuerySet[Any]:
        return stops_in(scope=self.caller.scope)

    @extend_schema(request=DeliveryStopIn, responses={201: DeliveryStopOut}, summary="Ask for a stop of deliveries")
    def create(self, request: Request) -> Response:
        values = self.read(DeliveryStopIn)
        row = terminal.request_delivery_stop(
            customer_id=values["customer"], entity_id=values.get("entity"), reason=values["reason"], **who_asks(self)
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(request=DecisionIn, responses={200: DeliveryStopOut}, summary="Decide whether deliveries stop")
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, id: UUID) -> Response:
        terminal.decide_delivery_stop(stop_id=id, **self.read(DecisionIn), **who_asks(self))
        return Response(self.one(id))

    @extend_schema(request=ReasonIn, responses={200: DeliveryStopOut}, summary="Let deliveries go on")
    @action(detail=True, methods=["post"])
    def end(self, request: Request, id: UUID) -> Response:
        terminal.end_delivery_stop(stop_id=id, **self.read(ReasonIn), **who_asks(self))
        return Response(self.one(id))


class FormalNotices(Resource):
    """Approvals of formal notices. A key decides about those that need no second person only: a key is no person."""

    tag = "formal-notices"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "decide": (Can.VIEW_ITEMS, Can.APPROVE_TERMINAL),
    }
    Out = FormalNoticeOut
    exact = {"customer": "customer_id", "customer_ref": "customer__ref", "state": "state"}

    def rows(self) -> QuerySet[Any]:
        return notices_in(scope=self.caller.scope)

    @extend_schema(request=FormalNoticeIn, responses={201: FormalNoticeOut}, summary="Ask for a notice's approval")
    def create(self, request: Request) -> Response:
        values = self.read(FormalNoticeIn)
        row = formal_notices.request_notice(action_id=values["action"], note=values["note"], **who_asks(self))
        return Response(self.one(row.id), status=201)

    @extend_schema(request=DecisionIn, responses={200: FormalNoticeOut}, summary="Approve a notice, or refuse it")
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, id: UUID) -> Response:
        values = self.read(DecisionIn)
        formal_notices.decide_notice(notice_id=id, approve=values["accept"], answer=values["answer"], **who_asks(self))
        return Response(self.one(id))


class WriteOffs(Resource):
    """Write-offs: proposals to the ERP, which keeps the books."""

    tag = "write-offs"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "lines": Can.VIEW_ITEMS,
    }
    Out = WriteOffOut
    exact = {"customer": "customer_id", "customer_ref": "customer__ref", "state": "state"}

    def rows(self) -> QuerySet[Any]:
        return write_offs_in(scope=self.caller.scope)

    @extend_schema(request=WriteOffIn, responses={201: WriteOffsMade}, summary="Ask for a write-off of items")
    def create(self, request: Request) -> Response:
        values = self.read(WriteOffIn)
        made = write_offs.request_write_off(item_ids=values["items"], reason=values["reason"], **who_asks(self))
        return Response({"write_offs": [row.id for row in made]}, status=201)

    @extend_schema(responses={200: WriteOffItemOut(many=True)}, summary="The items of a write-off")
    @action(detail=True, methods=["get"])
    def lines(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        self.one(id)
        rows = self.rows().get(id=id).write_off_items.select_related("item").order_by("item__number", "id")
        return Response(WriteOffItemOut(rows, many=True).data)


def who_asks(resource: Resource) -> dict[str, Any]:
    """What every service here is told."""
    caller = resource.caller
    return {"scope": caller.scope, "actor": caller.actor, "on": caller.on}
