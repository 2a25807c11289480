"""Questions to the credit manager and absences over the API: what a tool for planning work reads and writes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, ChoiceField, DateField, DateTimeField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Member, Replacement
from accounts.roles import Can
from accounts.services.replacements import end_replacement, name_replacement
from collection.models import Escalation
from collection.queries.questions import questions_in
from collection.services import escalations
from core.errors import Invalid
from core.rest_lists import Resource

In = serializers.Serializer[Any]


class UnknownMember(Invalid):
    code = "unknown_member"
    message = _("There is no such member, or the member may not do this.")


class QuestionOut(In):
    """A question about a customer, or about one of its actions, and its answer."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    action = UUIDField(source="action_id", allow_null=True)
    question = CharField()
    asked_by = UUIDField(source="asked_by_id")
    asked_on = DateField()
    manager = UUIDField(source="manager_id", allow_null=True, help_text="Who is asked; null: whoever may answer.")
    outcome = CharField(help_text="ANSWERED, CONFIRMED, SKIPPED or SCENARIO; empty while it is open")
    answer = CharField()
    answered_by = UUIDField(source="answered_by_id", allow_null=True)
    answered_on = DateField(allow_null=True)
    updated_at = DateTimeField()


class QuestionIn(In):
    """What is asked, of whom, and in whose name: both are members."""

    customer = UUIDField()
    action = UUIDField(required=False, allow_null=True)
    question = CharField(max_length=escalations.LONGEST)
    asked_by = UUIDField(help_text="The member who asks, and is told the answer.")
    manager = UUIDField(help_text="Who may answer questions, and is asked.")


class AnswerIn(In):
    """The answer, and what follows from it."""

    answered_by = UUIDField(help_text="The member who answers, and may.")
    outcome = ChoiceField(Escalation.Outcome.values)
    answer = CharField(max_length=escalations.LONGEST, default="", allow_blank=True)
    scenario = UUIDField(required=False, allow_null=True, help_text="For the outcome SCENARIO.")


class Questions(Resource):
    """Questions to the credit manager."""

    tag = "questions"
    capabilities = {
        "list": Can.VIEW_ACTIONS,
        "retrieve": Can.VIEW_ACTIONS,
        "create": (Can.VIEW_ACTIONS, Can.LOG_CALLS),
        "answer": (Can.VIEW_ACTIONS, Can.ANSWER_QUESTIONS),
    }
    Out = QuestionOut
    exact = {"customer": "customer_id", "customer_ref": "customer__ref", "manager": "manager_id"}

    def rows(self) -> QuerySet[Any]:
        return questions_in(scope=self.caller.scope)

    @extend_schema(request=QuestionIn, responses={201: QuestionOut}, summary="Ask the credit manager")
    def create(self, request: Request) -> Response:
        values, caller = self.read(QuestionIn), self.caller
        row = escalations.ask_manager(
            customer_id=values["customer"],
            question=values["question"],
            manager_id=values["manager"],
            action_id=values.get("action"),
            by=_member(values["asked_by"], Can.LOG_CALLS, field="asked_by").id,
            scope=caller.scope,
            actor=caller.actor,
            on=caller.on,
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(request=AnswerIn, responses={200: QuestionOut}, summary="Answer, or decide the action")
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(AnswerIn), self.caller
        self.one(id)
        escalations.answer_question(
            escalation_id=id,
            outcome=values["outcome"],
            answer=values["answer"],
            scenario_id=values.get("scenario"),
            by=_member(values["answered_by"], Can.ANSWER_QUESTIONS, field="answered_by").id,
            scope=caller.scope,
            actor=caller.actor,
            now=timezone.now(),
            on=caller.on,
        )
        return Response(self.one(id))


class AbsenceOut(In):
    """Who does the work of an absent member, from a day until another one (included)."""

    id = UUIDField()
    member = UUIDField(source="member_id")
    member_name = CharField(source="member.name")
    replacement = UUIDField(source="replacement_id")
    replacement_name = CharField(source="replacement.name")
    from_on = DateField()
    until_on = DateField()
    ended_on = DateField(allow_null=True, help_text="Where it was ended early: the day from which it counts no more.")
    updated_at = DateTimeField()


class AbsenceIn(In):
    """Who is away, and who stands in."""

    member = UUIDField()
    replacement = UUIDField()
    from_on = DateField()
    until_on = DateField()


class Absences(Resource):
    """Absences of members: a planner of holidays writes them here. What each may do stays as it is."""

    tag = "absences"
    capabilities = {
        "list": Can.MANAGE_MEMBERS,
        "retrieve": Can.MANAGE_MEMBERS,
        "create": Can.MANAGE_MEMBERS,
        "destroy": Can.MANAGE_MEMBERS,
    }
    Out = AbsenceOut
    exact = {"member": "member_id", "replacement": "replacement_id"}

    def rows(self) -> QuerySet[Any]:
        return Replacement.objects.all()

    @extend_schema(request=AbsenceIn, responses={201: AbsenceOut}, summary="Name who stands in for a member")
    def create(self, request: Request) -> Response:
        values, caller = self.read(AbsenceIn), self.caller
        row = name_replacement(
            member_id=values["member"],
            replacement_id=values["replacement"],
            from_on=values["from_on"],
            until_on=values["until_on"],
            on=caller.on,
            actor=caller.actor,
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(responses={200: AbsenceOut}, summary="End an absence: from today on the work is the member's again")
    def destroy(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        end_replacement(replacement_id=id, on=self.caller.on, actor=self.caller.actor)
        return Response(self.one(id))


def _member(member_id: UUID, capability: Can, *, field: str) -> Member:
    """An active member who may do it; a key speaks in nobody's name who could not do it themselves."""
    row = Member.objects.select_related("role").filter(id=member_id, is_active=True).first()
    if row is None or not row.can(capability):
        raise UnknownMember(fields={field: [UnknownMember.message]})
    return row
