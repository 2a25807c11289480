"""Status codes and causes of items over the API: the organisation's lists, the history of items, setting them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import BooleanField, CharField, DateField, DateTimeField, IntegerField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.api.actions import Nothing
from collection.services import cause_codes, item_causes, item_statuses, status_codes
from core.errors import NotFound
from core.rest_lists import Resource
from receivables.models import Cause, StatusCode
from receivables.queries.codes import causes_in, statuses_in

In = serializers.Serializer[Any]


class StatusCodeOut(In):
    """A status code of the organisation."""

    id = UUIDField()
    code = CharField()
    label = CharField()  # type: ignore[assignment]
    behaviour = CharField(help_text="WAIT, STOP, TASK or NONE")
    wait_days = IntegerField(allow_null=True)
    is_active = BooleanField()
    updated_at = DateTimeField()


class StatusCodeIn(In):
    """What a status code is called and does. One that is no longer offered stays on the items that bear it."""

    label = CharField(max_length=80)  # type: ignore[assignment]
    behaviour = serializers.ChoiceField(StatusCode.Behaviour.values)
    wait_days = IntegerField(
        required=False, allow_null=True, min_value=1, max_value=status_codes.MOST_DAYS, help_text="For WAIT only."
    )
    is_active = BooleanField(default=True)


class NewStatusCodeIn(StatusCodeIn):
    """A new status code; its code stays what it is."""

    code = CharField(max_length=40)


class CauseIn(In):
    """What a cause is called, whose doing it is, and below which other it stands."""

    label = CharField(max_length=80)  # type: ignore[assignment]
    side = serializers.ChoiceField(Cause.Side.values)
    parent = UUIDField(required=False, allow_null=True)  # type: ignore[assignment]
    is_active = BooleanField(default=True)


class NewCauseIn(CauseIn):
    """A new cause; its code stays what it is, as rules name it."""

    code = CharField(max_length=40)


class CauseOut(In):
    """A cause of lateness."""

    id = UUIDField()
    code = CharField()
    label = CharField()  # type: ignore[assignment]
    parent = UUIDField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    side = CharField(help_text="CUSTOMER or OURS")
    is_active = BooleanField()
    updated_at = DateTimeField()


class ItemStatusOut(In):
    """A status of an item, present or past."""

    id = UUIDField()
    item = UUIDField(source="item_id")
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="item.customer.ref")
    number = CharField(source="item.number")
    status_code = CharField(source="status.code")
    from_on = DateField()
    until_on = DateField(allow_null=True, help_text="The last day without reminder, of a status that waits.")
    ended_on = DateField(allow_null=True, help_text="The day from which it counts no more.")
    note = CharField()
    updated_at = DateTimeField()


class ItemCauseOut(In):
    """A cause of an item, present or past."""

    id = UUIDField()
    item = UUIDField(source="item_id")
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="item.customer.ref")
    number = CharField(source="item.number")
    cause_code = CharField(source="cause.code")
    origin = CharField(help_text="RULE or HAND")
    rule_name = CharField()
    from_on = DateField()
    ended_on = DateField(allow_null=True)
    note = CharField()
    updated_at = DateTimeField()


class ItemsIn(In):
    """Items, up to 5,000."""

    items = serializers.ListField(child=UUIDField(), min_length=1, max_length=item_statuses.MOST_ITEMS)


class ItemStatusIn(ItemsIn):
    """Which status the items get."""

    status_code = CharField(max_length=40)
    until_on = DateField(required=False, allow_null=True, help_text="Default: as the status says.")
    note = CharField(max_length=300, default="", allow_blank=True)


class ItemCauseIn(ItemsIn):
    """Why the items are late."""

    cause_code = CharField(max_length=40)
    note = CharField(max_length=300, default="", allow_blank=True)


class Changed(In):
    """How many items changed."""

    changed = IntegerField()


class StatusCodes(Resource):
    """The organisation's status codes."""

    tag = "status-codes"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": Can.EDIT_SCENARIOS,
        "update": Can.EDIT_SCENARIOS,
        "retire": Can.EDIT_SCENARIOS,
    }
    Out = StatusCodeOut
    exact = {"code": "code"}

    def rows(self) -> QuerySet[Any]:
        return StatusCode.objects.all()

    @extend_schema(request=NewStatusCodeIn, responses={201: StatusCodeOut}, summary="Add a status code")
    def create(self, request: Request) -> Response:
        status_codes.ensure_status_codes()  # else those of the start would never come
        row = status_codes.save_status_code(
            status_id=None, **{"wait_days": None, **self.read(NewStatusCodeIn)}, actor=self.caller.actor
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(request=StatusCodeIn, responses={200: StatusCodeOut}, summary="Change a status code")
    def update(self, request: Request, id: UUID) -> Response:
        status_codes.save_status_code(
            status_id=id, **{"wait_days": None, **self.read(StatusCodeIn)}, actor=self.caller.actor
        )
        return Response(self.one(id))

    @extend_schema(request=Nothing, responses={200: StatusCodeOut}, summary="Offer a status code no longer")
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        row = self.one(id)
        kept = {name: row[name] for name in ("label", "behaviour", "wait_days")}
        status_codes.save_status_code(status_id=id, **kept, is_active=False, actor=self.caller.actor)
        return Response(self.one(id))


class Causes(Resource):
    """The organisation's causes of lateness."""

    tag = "causes"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": Can.EDIT_SCENARIOS,
        "update": Can.EDIT_SCENARIOS,
        "retire": Can.EDIT_SCENARIOS,
    }
    Out = CauseOut
    exact = {"code": "code"}

    def rows(self) -> QuerySet[Any]:
        return Cause.objects.all()

    @extend_schema(request=NewCauseIn, responses={201: CauseOut}, summary="Add a cause")
    def create(self, request: Request) -> Response:
        cause_codes.ensure_causes()
        values = self.read(NewCauseIn)
        row = cause_codes.save_cause(
            cause_id=None, parent_id=values.pop("parent", None), **values, actor=self.caller.actor
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(request=CauseIn, responses={200: CauseOut}, summary="Change a cause")
    def update(self, request: Request, id: UUID) -> Response:
        values = self.read(CauseIn)
        cause_codes.save_cause(cause_id=id, parent_id=values.pop("parent", None), **values, actor=self.caller.actor)
        return Response(self.one(id))

    @extend_schema(request=Nothing, responses={200: CauseOut}, summary="Offer a cause no longer")
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        row = self.one(id)
        cause_codes.save_cause(
            cause_id=id,
            label=row["label"],
            side=row["side"],
            parent_id=row["parent"],
            is_active=False,
            actor=self.caller.actor,
        )
        return Response(self.one(id))


class ItemStatuses(Resource):
    """Statuses of items: their history, and setting them."""

    tag = "item-statuses"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.SET_CODES),
        "clear": (Can.VIEW_ITEMS, Can.SET_CODES),
    }
    Out = ItemStatusOut
    exact = {"item": "item_id", "customer": "customer_id", "status_code": "status__code"}

    def rows(self) -> QuerySet[Any]:
        return statuses_in(scope=self.caller.scope)

    @extend_schema(request=ItemStatusIn, responses={201: Changed}, summary="Set the status of items")
    def create(self, request: Request) -> Response:
        values = self.read(ItemStatusIn)
        status_codes.ensure_status_codes()
        status = StatusCode.objects.filter(code=values["status_code"].upper()).first()
        if status is None:
            raise NotFound
        count = item_statuses.set_status(
            item_ids=values["items"],
            status_id=status.id,
            until_on=values.get("until_on"),
            note=values["note"],
            **_who(self),
        )
        return Response({"changed": count}, status=201)

    @extend_schema(request=ItemsIn, responses={200: Changed}, summary="Take the status off items")
    @action(detail=False, methods=["post"])
    def clear(self, request: Request) -> Response:
        count = item_statuses.clear_status(item_ids=self.read(ItemsIn)["items"], **_who(self))
        return Response({"changed": count})


class ItemCauses(Resource):
    """Causes of items: their history, and saying them."""

    tag = "item-causes"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.SET_CODES),
        "clear": (Can.VIEW_ITEMS, Can.SET_CODES),
    }
    Out = ItemCauseOut
    exact = {"item": "item_id", "customer": "customer_id", "cause_code": "cause__code", "origin": "origin"}

    def rows(self) -> QuerySet[Any]:
        return causes_in(scope=self.caller.scope)

    @extend_schema(request=ItemCauseIn, responses={201: Changed}, summary="Say why items are late")
    def create(self, request: Request) -> Response:
        values = self.read(ItemCauseIn)
        cause_codes.ensure_causes()
        cause = Cause.objects.filter(code=values["cause_code"].upper()).first()
        if cause is None:
            raise NotFound
        count = item_causes.set_cause(item_ids=values["items"], cause_id=cause.id, note=values["note"], **_who(self))
        return Response({"changed": count}, status=201)

    @extend_schema(request=ItemsIn, responses={200: Changed}, summary="Leave the cause of items to the rules")
    @action(detail=False, methods=["post"])
    def clear(self, request: Request) -> Response:
        count = item_causes.leave_cause_to_rules(item_ids=self.read(ItemsIn)["items"], **_who(self))
        return Response({"changed": count})


def _who(resource: Resource) -> dict[str, Any]:
    caller = resource.caller
    return {"scope": caller.scope, "actor": caller.actor, "on": caller.on}
