"""The collector's actions over the API: the same decisions as on the worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import (
    BooleanField,
    CharField,
    ChoiceField,
    DateField,
    DateTimeField,
    IntegerField,
    JSONField,
    ListField,
    TimeField,
    UUIDField,
)
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.models import Action
from collection.queries.actions import action_in_scope, in_scope
from collection.rules.calls import MOST_PARTS, CallOutcome
from collection.services import deciding, sending
from collection.services.call_undo import undo_action
from collection.services.calls import CALL_NEEDS, Announced, Contested, Promised, Said, WrongContact, log_call
from collection.services.changes import Changed, Kind
from collection.services.second_looks import look_again
from core.errors import NotAllowed, Refusal
from core.rest_fields import AmountField, CurrencyField
from core.rest_lists import Resource
from receivables.rules.promises import Every

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
    netted = JSONField(help_text="Credits that these amounts are less by: amount texts by currency.")
    new_deadline = DateField(
        allow_null=True, help_text="The day until which the message asks to pay, if it asks for one."
    )
    priority_cents = IntegerField(help_text="What it is expected to bring in, in cents of the organisation's currency.")
    proposed_since = DateField()
    postponed_until = DateField(allow_null=True)
    undo_until = DateTimeField(allow_null=True)
    decided_at = DateTimeField(allow_null=True)
    note = CharField()
    updated_at = DateTimeField()


class Nothing(serializers.Serializer[Any]):
    """No values are needed."""


_SEEN = (
    "The mark of the message that was looked at (`seen` of an action that was not confirmed): it leaves only as it was."
)


class ConfirmIn(serializers.Serializer[Any]):
    """Nothing, or what was seen."""

    seen = CharField(max_length=60, allow_blank=True, default="", help_text=_SEEN)


class OneToConfirmIn(serializers.Serializer[Any]):
    """An action, and what was seen of it."""

    id = UUIDField()
    seen = CharField(max_length=60, allow_blank=True, default="", help_text=_SEEN)


class ConfirmManyIn(serializers.Serializer[Any]):
    """Up to 200 actions. Those without `seen` leave as they were proposed, or not at all."""

    actions = ListField(child=OneToConfirmIn(), min_length=1, max_length=200)
    shown_at = DateTimeField(
        required=False,
        allow_null=True,
        help_text="When they were read: where a text was saved since, its messages are not confirmed. Without it, now.",
    )


class ChangeOut(serializers.Serializer[Any]):
    """What became of an item since the action was proposed; amounts in its currency, null where there is none."""

    kind = ChoiceField([(one.value, one.value) for one in Kind])
    number = CharField()
    currency = CharField()
    before = CharField(allow_null=True)
    after = CharField(allow_null=True)


class NotConfirmedOut(serializers.Serializer[Any]):
    """Why an action was not confirmed. Of `message_changed`: what changed, and the mark that confirms it as it is now."""

    id = UUIDField()
    code = CharField()
    detail = CharField()
    changes = ListField(child=ChangeOut())
    text_changed = BooleanField(help_text="Whether the words of its template are others.")
    subject = CharField(help_text="Of the message as it is now.")
    body_text = CharField(help_text="Of the message as it is now.")
    seen = CharField()


class ConfirmManyOut(serializers.Serializer[Any]):
    """What was confirmed, and what was not and why. Nothing stops anything else."""

    confirmed = ListField(child=UUIDField())
    not_confirmed = ListField(child=NotConfirmedOut())


class SkipIn(serializers.Serializer[Any]):
    """Why it is not sent."""

    note = CharField(max_length=300, allow_blank=True, default="")


class PostponeIn(serializers.Serializer[Any]):
    """Until when it waits: a later day, at most 90 days from today."""

    until = DateField()
    note = CharField(max_length=300, allow_blank=True, default="")


class CallPromiseIn(serializers.Serializer[Any]):
    """What the customer promised, at once or in equal parts. Without amount: all that is open of the items."""

    due_on = DateField()
    currency = CurrencyField()
    amount = AmountField(required=False, allow_null=True)
    items = ListField(child=UUIDField(), default=list, max_length=200)
    parts = IntegerField(min_value=1, max_value=MOST_PARTS, default=1)
    every = ChoiceField([(one.value, one.value) for one in Every], default=Every.MONTH.value)


class CallDisputeIn(serializers.Serializer[Any]):
    """What the customer contests: items, or a part of one of them."""

    reason = CharField(max_length=60)
    items = ListField(child=UUIDField(), min_length=1, max_length=200)
    disputed_amount = AmountField(required=False, allow_null=True)


class CallPaymentIn(serializers.Serializer[Any]):
    """Until which day a payment is waited for; without items on all that the customer owes."""

    until_on = DateField()
    items = ListField(child=UUIDField(), default=list, max_length=200)


class CallIn(serializers.Serializer[Any]):
    """How the call ended, with what belongs to it: `promise`, `dispute` or `payment`."""

    outcome = ChoiceField([(one.value, one.value) for one in CallOutcome])
    contact = UUIDField(required=False, allow_null=True)
    contact_has_left = BooleanField(default=False, help_text="Of a wrong contact.")
    text = CharField(max_length=5_000, allow_blank=True, default="")
    next_on = DateField(required=False, allow_null=True)
    next_time = TimeField(required=False, allow_null=True, help_text="On the organisation's clock.")
    next_text = CharField(max_length=200, allow_blank=True, default="")
    promise = CallPromiseIn(required=False, allow_null=True)
    dispute = CallDisputeIn(required=False, allow_null=True)
    payment = CallPaymentIn(required=False, allow_null=True)

    def said(self, values: dict[str, Any]) -> Said | None:
        """What belongs to the outcome; the service refuses what is missing."""
        match values["outcome"]:
            case CallOutcome.PROMISED if given := values.get("promise"):
                return Promised(
                    due_on=given["due_on"],
                    currency=given["currency"],
                    amount=given.get("amount"),
                    item_ids=given["items"],
                    parts=given["parts"],
                    every=Every(given["every"]),
                )
            case CallOutcome.DISPUTED if given := values.get("dispute"):
                return Contested(
                    reason=given["reason"], item_ids=given["items"], disputed_amount=given.get("disputed_amount")
                )
            case CallOutcome.PAYMENT_ANNOUNCED if given := values.get("payment"):
                return Announced(until_on=given["until_on"], item_ids=given["items"])
            case CallOutcome.WRONG_CONTACT:
                return WrongContact(has_left=values["contact_has_left"])
        return None


def _change(one: Changed) -> dict[str, str | None]:
    amounts = {
        name: None if value is None else str(value) for name, value in (("before", one.before), ("after", one.after))
    }
    return {"kind": one.kind.value, "number": one.number, "currency": one.currency, **amounts}


class Actions(Resource):
    """Reminders: proposed, decided, sent. A decision can be taken back for 30 seconds (`undo_until`)."""

    tag = "actions"
    capabilities = {
        "list": Can.VIEW_ACTIONS,
        "retrieve": Can.VIEW_ACTIONS,
        "confirm": _DECIDE,
        "confirm_many": _DECIDE,
        "skip": _DECIDE,
        "postpone": _DECIDE,
        "undo": _DECIDE,
        "call": (Can.VIEW_ACTIONS, Can.LOG_CALLS),
    }
    Out = ActionOut
    exact = {"customer_ref": "customer__ref", "entity_code": "entity__code", "state": "state", "channel": "channel"}

    def rows(self) -> QuerySet[Any]:
        return in_scope(Action.objects.all(), scope=self.caller.scope)

    def _who(self) -> dict[str, Any]:
        caller = self.caller
        return {"scope": caller.scope, "actor": caller.actor, "now": timezone.now()}

    @extend_schema(request=ConfirmIn, responses={200: ActionOut}, summary="Send the reminder, in 30 seconds")
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, id: UUID) -> Response:
        values = self.read(ConfirmIn)
        sending.confirm_action(action_id=id, on=self.caller.on, seen=values["seen"], **self._who())
        return Response(self.one(id))

    @extend_schema(request=ConfirmManyIn, responses={200: ConfirmManyOut}, summary="Send several reminders")
    @action(detail=False, methods=["post"], url_path="confirm")
    def confirm_many(self, request: Request) -> Response:
        """Those that have changed since they were proposed are not sent: the answer says what changed and gives the mark
        (`seen`) with which the same call sends them as they are now."""
        values, who = self.read(ConfirmManyIn), self._who()
        seen = {one["id"]: one["seen"] for one in values["actions"]}
        shown_at = values.get("shown_at") or who["now"]
        confirmed, refused = sending.confirm_actions(
            action_ids=list(seen), seen=seen, shown_at=shown_at, on=self.caller.on, **who
        )
        return Response(
            {
                "confirmed": [str(one.id) for one in confirmed],
                "not_confirmed": self._not_confirmed(refused, seen=seen, shown_at=shown_at),
            }
        )

    def _not_confirmed(
        self, refused: dict[UUID, Refusal], *, seen: dict[UUID, str], shown_at: datetime
    ) -> list[dict[str, Any]]:
        changed = [one for one, refusal in refused.items() if isinstance(refusal, sending.MessageChanged)]
        looks = {
            one.prepared.action.id: one
            for one in look_again(
                action_ids=changed,
                seen=seen,
                shown_at=shown_at,
                scope=self.caller.scope,
                actor=self.caller.actor,
                on=self.caller.on,
            )
        }
        out = []
        for action_id, refusal in refused.items():
            look = looks.get(action_id)
            draft = look.prepared.draft if look else None
            out.append(
                {
                    "id": str(action_id),
                    "code": refusal.code,
                    "detail": str(refusal.message),
                    "changes": [_change(one) for one in look.changes] if look else [],
                    "text_changed": bool(look and look.former_text),
                    "subject": draft.subject if draft else "",
                    "body_text": draft.body_text if draft else "",
                    "seen": look.seen if look else "",
                }
            )
        return out

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

    @extend_schema(
        request=Nothing, responses={200: ActionOut}, summary="Take the decision back, or the call that was logged"
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: UUID) -> Response:
        self.read(Nothing)
        undo_action(action_id=id, on=self.caller.on, **self._who())
        return Response(self.one(id))

    @extend_schema(request=CallIn, responses={200: ActionOut}, summary="Log the call that the action asks for")
    @action(detail=True, methods=["post"])
    def call(self, request: Request, id: UUID) -> Response:
        """What the customer said is made with it: the promise or plan, the disputes, the holds, the task."""
        values, caller = self.read(CallIn), self.caller
        outcome = CallOutcome(values["outcome"])
        if outcome in CALL_NEEDS and not caller.can(CALL_NEEDS[outcome]):
            raise NotAllowed
        row = action_in_scope(action_id=id, scope=caller.scope)
        log_call(
            customer_id=row.customer_id,
            outcome=outcome,
            said=CallIn().said(values),
            contact_id=values.get("contact"),
            text=values["text"],
            next_on=values.get("next_on"),
            next_time=values.get("next_time"),
            next_text=values["next_text"],
            action_id=id,
            tenant=caller.tenant,
            on=caller.on,
            **self._who(),
        )
        return Response(self.one(id))
