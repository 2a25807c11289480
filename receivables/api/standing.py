"""Disputes, promises and holds over the API: listed, entered, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from core.errors import NotFound
from core.rest_fields import AmountField, CurrencyField
from core.rest_lists import Resource
from receivables import filters
from receivables.api import shapes
from receivables.models import Hold
from receivables.queries import visible
from receivables.rules.promises import MOST_PARTS, Part
from receivables.services import plans, standing

_CUSTOMER = {"customer_ref": "customer__ref"}
In = serializers.Serializer[Any]


class Text(serializers.CharField):
    """A text that may be long, and empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default": "", "allow_blank": True, "max_length": 2000, **kwargs})


class DisputeIn(In):
    """What the customer contests. Without an amount: the whole item."""

    item = serializers.UUIDField()
    reason = serializers.CharField(max_length=60)
    disputed_amount = AmountField(required=False, allow_null=True, help_text="In the item's currency, with its sign.")
    opened_on = serializers.DateField(required=False, help_text="Default: today.")
    comment = Text()


class EndIn(In):
    """The day on which it ends."""

    on = serializers.DateField(required=False, help_text="Default: today.")
    comment = Text()


class PromiseIn(In):
    """What the customer promised, perhaps for certain items."""

    customer = serializers.UUIDField()
    entity = serializers.UUIDField(required=False, allow_null=True)
    amount = AmountField()
    currency = CurrencyField()
    made_on = serializers.DateField(required=False, help_text="Default: today.")
    due_on = serializers.DateField()
    items = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=200)
    comment = Text()


class PartIn(In):
    """One part of a plan."""

    due_on = serializers.DateField()
    amount = AmountField()


class PlanIn(In):
    """What the customer agreed to pay in parts, which sum to the amount."""

    customer = serializers.UUIDField()
    entity = serializers.UUIDField(required=False, allow_null=True)
    amount = AmountField()
    currency = CurrencyField()
    agreed_on = serializers.DateField(required=False, help_text="Default: today.")
    parts = PartIn(many=True, min_length=2, max_length=MOST_PARTS)  # type: ignore[call-arg]  # of a list
    items = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=200)
    comment = Text()


class HoldIn(In):
    """What is taken out of dunning: one item, one customer, or one group."""

    customer = serializers.UUIDField(required=False, allow_null=True)
    item = serializers.UUIDField(required=False, allow_null=True)
    group = serializers.UUIDField(required=False, allow_null=True)
    reason = serializers.ChoiceField(Hold.Reason.choices)
    from_on = serializers.DateField(required=False, help_text="Default: today.")
    until_on = serializers.DateField(required=False, allow_null=True, help_text="The last day; open-ended without.")
    note = Text()


class DayIn(In):
    """The day on which it ends."""

    on = serializers.DateField(required=False, help_text="Default: today.")


class Standing(Resource):
    """What the three have in common: rows that a person enters and ends."""

    def _must_see(self, rows: QuerySet[Any], row_id: UUID | None) -> None:
        if row_id is not None and not rows.filter(id=row_id).exists():
            raise NotFound


class Disputes(Standing):
    """Contested items."""

    tag = "disputes"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.RECORD_DISPUTE),
        "close": (Can.VIEW_ITEMS, Can.ANSWER_DISPUTE),
    }
    Out = shapes.DisputeOut
    filters = filters.DisputeFilters
    exact = _CUSTOMER

    def rows(self) -> QuerySet[Any]:
        return visible.disputes_in(scope=self.caller.scope)

    @extend_schema(request=DisputeIn, responses={201: shapes.DisputeOut}, summary="Record a dispute")
    def create(self, request: Request) -> Response:
        values, caller = self.read(DisputeIn), self.caller
        self._must_see(visible.items_in(scope=caller.scope), values["item"])
        dispute = standing.record_dispute(
            item_id=values["item"],
            reason=values["reason"],
            disputed_amount=values.get("disputed_amount"),
            opened_on=values.get("opened_on", caller.on),
            comment=values["comment"],
            actor=caller.actor,
        )
        return Response(self.one(dispute.id), status=201)

    @extend_schema(request=EndIn, responses={200: shapes.DisputeOut}, summary="Close a dispute")
    @action(detail=True, methods=["post"])
    def close(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(EndIn), self.caller
        self._must_see(self.rows(), id)
        standing.close_dispute(
            dispute_id=id, closed_on=values.get("on", caller.on), comment=values["comment"], actor=caller.actor
        )
        return Response(self.one(id))


class Promises(Standing):
    """Promises to pay."""

    tag = "promises"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.RECORD_PROMISE),
        "withdraw": (Can.VIEW_ITEMS, Can.RECORD_PROMISE),
        "plan": (Can.VIEW_ITEMS, Can.RECORD_PROMISE),
    }
    Out = shapes.PromiseOut
    filters = filters.PromiseFilters
    exact = _CUSTOMER

    def rows(self) -> QuerySet[Any]:
        return visible.promises_in(scope=self.caller.scope)

    @extend_schema(request=PromiseIn, responses={201: shapes.PromiseOut}, summary="Record a promise to pay")
    def create(self, request: Request) -> Response:
        values, caller = self.read(PromiseIn), self.caller
        items = self._promised(values)
        promise = standing.record_promise(
            customer_id=values["customer"],
            entity_id=values.get("entity"),
            amount=values["amount"],
            currency=values["currency"],
            made_on=values.get("made_on", caller.on),
            due_on=values["due_on"],
            item_ids=sorted(items),
            comment=values["comment"],
            actor=caller.actor,
        )
        return Response(self.one(promise.id), status=201)

    def _promised(self, values: dict[str, Any]) -> set[UUID]:
        """The items spoken of. Raises NotFound for what the caller does not see."""
        scope, items = self.caller.scope, set(values["items"])
        self._must_see(visible.customers_in(scope=scope), values["customer"])
        self._must_see(visible.entities_in(scope=scope), values.get("entity"))
        if visible.items_in(scope=scope).filter(id__in=items).count() != len(items):
            raise NotFound
        return items

    @extend_schema(request=PlanIn, responses={201: shapes.PromiseOut(many=True)}, summary="Agree on a plan in parts")
    @action(detail=False, methods=["post"])
    def plan(self, request: Request) -> Response:
        """Each part is a promise; the answer lists them, the earliest first."""
        values, caller = self.read(PlanIn), self.caller
        items = self._promised(values)
        made = plans.record_plan(
            customer_id=values["customer"],
            entity_id=values.get("entity"),
            amount=values["amount"],
            currency=values["currency"],
            parts=[Part(**part) for part in values["parts"]],
            agreed_on=values.get("agreed_on", caller.on),
            item_ids=sorted(items),
            comment=values["comment"],
            actor=caller.actor,
        )
        ids = made.promises.order_by("due_on").values_list("id", flat=True)
        return Response([self.one(promise_id) for promise_id in ids], status=201)

    @extend_schema(request=DayIn, responses={200: shapes.PromiseOut}, summary="Withdraw a promise")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, id: UUID) -> Response:
        """Of a part of a plan: the whole plan."""
        values, caller = self.read(DayIn), self.caller
        self._must_see(self.rows(), id)
        on = values.get("on", caller.on)
        plan_id = self.rows().values_list("plan_id", flat=True).get(id=id)
        if plan_id is None:
            standing.withdraw_promise(promise_id=id, on=on, actor=caller.actor)
        else:
            plans.withdraw_plan(plan_id=plan_id, on=on, actor=caller.actor)
        return Response(self.one(id))


class Holds(Standing):
    """Holds: what is taken out of dunning."""

    tag = "holds"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.PLACE_HOLD),
        "lift": (Can.VIEW_ITEMS, Can.PLACE_HOLD),
    }
    Out = shapes.HoldOut
    exact = _CUSTOMER

    def rows(self) -> QuerySet[Any]:
        return visible.holds_in(scope=self.caller.scope)

    @extend_schema(request=HoldIn, responses={201: shapes.HoldOut}, summary="Place a hold")
    def create(self, request: Request) -> Response:
        values, caller = self.read(HoldIn), self.caller
        self._must_see(visible.customers_in(scope=caller.scope), values.get("customer"))
        self._must_see(visible.items_in(scope=caller.scope), values.get("item"))
        if values.get("group") is not None and not caller.scope.is_everything:
            raise NotFound
        hold = standing.place_hold(
            customer_id=values.get("customer"),
            item_id=values.get("item"),
            group_id=values.get("group"),
            reason=values["reason"],
            from_on=values.get("from_on", caller.on),
            until_on=values.get("until_on"),
            note=values["note"],
            actor=caller.actor,
        )
        return Response(self.one(hold.id), status=201)

    @extend_schema(request=DayIn, responses={200: shapes.HoldOut}, summary="Lift a hold")
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(DayIn), self.caller
        self._must_see(self.rows(), id)
        standing.lift_hold(hold_id=id, on=values.get("on", caller.on), actor=caller.actor)
        return Response(self.one(id))
