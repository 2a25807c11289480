"""The collector's actions over the API: the same decisions as on the worklist."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, DateField, DateTimeField, IntegerField, JSONField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.models import Action
from collection.queries.actions import in_scope
from collection.services import deciding, sending
from core.rest_lists import Resource

_DECIDE = (Can.VIEW_ACTIONS, Can.CONFIRM_ACTIONS)


class ActionOut(serializers.Serializer[Any]):
    """One reminder to one customer of one company on one day."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    on = DateField()
    scenario = CharField(source="version.scenario.name")
    step = CharField(source="step.step_key")
    step_name = CharField(source="step.name")
    channel = CharField()
    state = CharField()
    amounts = JSONField(help_text="What it asks for when planned: amount texts by currency.")
    priority_cents = IntegerField(help_text="What it is expected to bring in, in cents of the organisation's currency.")
    proposed_since = DateField()
    postponed_until = DateField(allow_null=True)
    undo_until = DateTimeField(allow_null=True)
    decided_at = DateTimeField(allow_null=True)
    note = CharField()
    updated_at = DateTimeField()


class Nothing(serializers.Serializer[Any]):
    """No values are needed."""


class SkipIn(serializers.Serializer[Any]):
    """Why it is not sent."""

    note = CharField(max_length=300, allow_blank=True, default="")


class PostponeIn(serializers.Serializer[Any]):
    """Until when it waits: a later day, at most 90 days from today."""

    until = DateField()
    note = CharField(max_length=300, allow_blank=True, default="")


class Actions(Resource):
    """Reminders: proposed, decided, sent. A decision can be taken back for 30 seconds (`undo_until`)."""

    tag = "actions"
    capabilities = {
        "list": Can.VIEW_ACTIONS,
        "retrieve": Can.VIEW_ACTIONS,
        "confirm": _DECIDE,
        "skip": _DECIDE,
        "postpone": _DECIDE,
        "undo": _DECIDE,
    }
    Out = ActionOut
    exact = {"customer_ref": "customer__ref", "entity_code": "entity__code", "state": "state", "channel": "channel"}

    def rows(self) -> QuerySet[Any]:
        return in_scope(Action.objects.all(), scope=self.caller.scope)

    def _who(self) -> dict[str, Any]:
        caller = self.caller
        return {"scope": caller.scope, "actor": caller.actor, "now": timezone.now()}

    @extend_schema(request=Nothing, responses={200: ActionOut}, summary="Send the reminder, in 30 seconds")
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        sending.confirm_action(action_id=id, on=self.caller.on, **self._who())
        return Response(self.one(id))

    @extend_schema(request=SkipIn, responses={200: ActionOut}, summary="Do not send the reminder")
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, id: UUID) -> Response:
        values = self.read(SkipIn)
        deciding.skip_action(action_id=id, note=values["note"], **self._who())
        return Response(self.one(id))

    @extend_schema(request=PostponeIn, responses={200: ActionOut}, summary="Propose it again on a later day")
    @action(detail=True, methods=["post"])
    def postpone(self, request: Request, id: UUID) -> Response:
        values = self.read(PostponeIn)
        deciding.postpone_action(
            action_id=id, until=values["until"], note=values["note"], on=self.caller.on, **self._who()
        )
        return Response(self.one(id))

    @extend_schema(request=Nothing, responses={200: ActionOut}, summary="Take the decision back")
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        deciding.undo_decision(action_id=id, **self._who())
        return Response(self.one(id))
