"""Cases with agencies, lawyers and bailiffs over the API: prepared, handed over, followed and closed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, DateField, DateTimeField, IntegerField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.api.terminal import ReasonIn, who_asks
from collection.models import Agency, LegalCase, LegalCost
from collection.queries.terminal import cases_in, recoveries
from collection.services import case_decisions, legal_cases
from core.errors import NotAllowed
from core.rest_fields import AmountField, MoneyField
from core.rest_lists import Resource

In = serializers.Serializer[Any]


class AgencyOut(In):
    """Who collects for the organisation: an agency, a lawyer, a bailiff."""

    id = UUIDField()
    name = CharField()
    kind = CharField(help_text="AGENCY, LAWYER or BAILIFF")
    contact_name = CharField()
    email = CharField()
    phone = CharField()
    terms = CharField()
    is_active = serializers.BooleanField()
    updated_at = DateTimeField()


class AgencyIn(In):
    """An agency, a lawyer or a bailiff, with all that is kept of it."""

    name = CharField(max_length=120)
    kind = serializers.ChoiceField(Agency.Kind.values)
    contact_name = CharField(max_length=120, default="", allow_blank=True)
    email = serializers.EmailField(max_length=254, default="", allow_blank=True)
    phone = CharField(max_length=40, default="", allow_blank=True)
    terms = CharField(max_length=2000, default="", allow_blank=True)
    is_active = serializers.BooleanField(default=True)


class LegalCaseOut(In):
    """A case with an agency or a lawyer."""

    id = UUIDField()
    number = IntegerField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code")
    agency = CharField(source="agency.name", allow_null=True, help_text="Null: nobody has chosen who collects yet.")
    agency_ref = CharField()
    state = CharField(help_text="PREPARED, HANDED_OVER, CLOSED, WITHDRAWN or REFUSED")
    answer = CharField(help_text="Why it was refused.")
    outcome = CharField()
    on = DateField()
    handed_over_on = DateField(source="decided_on", allow_null=True)
    closed_on = DateField(allow_null=True)
    four_eyes = serializers.BooleanField(help_text="Another one than who asked has to hand it over.")
    dossier_sha256 = CharField(source="sha256", help_text="Empty until there is one.")
    dossier_wanted_on = DateField(source="wanted_on", allow_null=True, help_text="Not null: a worker makes it now.")
    updated_at = DateTimeField()


class LegalCaseIn(In):
    """What somebody outside is to collect."""

    customer = UUIDField()
    entity = UUIDField()
    agency = UUIDField()
    items = serializers.ListField(
        child=UUIDField(),
        min_length=1,
        max_length=legal_cases.MOST_ITEMS,
        required=False,
        help_text="Open items of the customer at the entity; without it all that are overdue.",
    )
    note = CharField(max_length=4000, default="", allow_blank=True, help_text="What they should know.")


class AgencyChoiceIn(In):
    """Who is to collect."""

    agency = UUIDField()


class HandOverIn(In):
    """The dossier went out."""

    agency_ref = CharField(max_length=80, default="", allow_blank=True, help_text="Their reference.")


class CloseCaseIn(In):
    """How a case ended."""

    outcome = serializers.ChoiceField(LegalCase.Outcome.values)
    resume = serializers.BooleanField(default=False, help_text="Remind again of what is open.")


class LegalCostOut(In):
    """What a case cost on a day. A mistake is taken back by a row below zero."""

    id = UUIDField()
    kind = CharField(help_text="FEE, COMMISSION, COURT, BAILIFF or OTHER")
    on = DateField()
    amount = MoneyField("amount")
    note = CharField()


class LegalCostIn(In):
    """A cost."""

    kind = serializers.ChoiceField(LegalCost.Kind.values)
    on = DateField(help_text="From the day on which the case was prepared until today.")
    amount = AmountField(help_text="Not 0; below zero takes back a mistake.")
    currency = CharField(max_length=3)
    note = CharField(max_length=200, default="", allow_blank=True)


class RecoveryOut(In):
    """What was set against the items of a case on a day after it was handed over, in one currency."""

    on = DateField()
    amount = MoneyField("amount")
    is_money = serializers.BooleanField(
        help_text="Paid, or of a counterpart without name; else a credit note and the like."
    )


class Agencies(Resource):
    """Agencies, lawyers and bailiffs. One that is no longer offered keeps its cases (`is_active`: false)."""

    tag = "agencies"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": Can.APPROVE_TERMINAL,
        "update": Can.APPROVE_TERMINAL,
    }
    Out = AgencyOut
    exact = {"name": "name", "kind": "kind"}

    def rows(self) -> QuerySet[Any]:
        return Agency.objects.all()

    @extend_schema(request=AgencyIn, responses={201: AgencyOut}, summary="Add who collects")
    def create(self, request: Request) -> Response:
        row = legal_cases.save_agency(agency_id=None, **self.read(AgencyIn), actor=self.caller.actor)
        return Response(self.one(row.id), status=201)

    @extend_schema(request=AgencyIn, responses={200: AgencyOut}, summary="Change who collects, all of it")
    def update(self, request: Request, id: UUID) -> Response:
        legal_cases.save_agency(agency_id=id, **self.read(AgencyIn), actor=self.caller.actor)
        return Response(self.one(id))


class LegalCases(Resource):
    """Cases with agencies and lawyers: prepared, their dossier made, handed over, followed and closed.

    Where a hand-over needs a second person, a key neither hands over nor refuses.
    """

    tag = "legal-cases"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "retrieve": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "dossier": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "agency": Can.VIEW_ITEMS,
        "hand_over": (Can.VIEW_ITEMS, Can.APPROVE_TERMINAL),
        "refuse": (Can.VIEW_ITEMS, Can.APPROVE_TERMINAL),
        "withdraw": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "close": (Can.VIEW_ITEMS, Can.APPROVE_TERMINAL),
        "costs": Can.VIEW_ITEMS,
        "add_cost": (Can.VIEW_ITEMS, Can.ASK_TERMINAL),
        "recoveries": Can.VIEW_ITEMS,
    }
    Out = LegalCaseOut
    exact = {"customer": "customer_id", "customer_ref": "customer__ref", "state": "state"}

    def rows(self) -> QuerySet[Any]:
        return cases_in(scope=self.caller.scope)

    @extend_schema(request=LegalCaseIn, responses={201: LegalCaseOut}, summary="Prepare a case")
    def create(self, request: Request) -> Response:
        values = self.read(LegalCaseIn)
        row = legal_cases.prepare_case(
            customer_id=values["customer"],
            entity_id=values["entity"],
            agency_id=values["agency"],
            item_ids=values.get("items"),
            note=values["note"],
            **who_asks(self),
        )
        return Response(self.one(row.id), status=201)

    @extend_schema(request=None, responses={202: LegalCaseOut}, summary="Have the dossier made by a worker")
    @action(detail=True, methods=["post"])
    def dossier(self, request: Request, id: UUID) -> Response:
        legal_cases.order_dossier(case_id=id, **who_asks(self))
        return Response(self.one(id), status=202)

    @extend_schema(request=AgencyChoiceIn, responses={200: LegalCaseOut}, summary="Choose who collects")
    @action(detail=True, methods=["post"])
    def agency(self, request: Request, id: UUID) -> Response:
        # Who asks chooses, and who decides, as on the page.
        if not self.caller.can(Can.ASK_TERMINAL) and not self.caller.can(Can.APPROVE_TERMINAL):
            raise NotAllowed
        legal_cases.choose_agency(case_id=id, agency_id=self.read(AgencyChoiceIn)["agency"], **who_asks(self))
        return Response(self.one(id))

    @extend_schema(request=HandOverIn, responses={200: LegalCaseOut}, summary="Hand a case over")
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, id: UUID) -> Response:
        case_decisions.hand_over_case(case_id=id, **self.read(HandOverIn), **who_asks(self))
        return Response(self.one(id))

    @extend_schema(request=ReasonIn, responses={200: LegalCaseOut}, summary="Do not hand a case over")
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, id: UUID) -> Response:
        case_decisions.refuse_case(case_id=id, answer=self.read(ReasonIn)["reason"], **who_asks(self))
        return Response(self.one(id))

    @extend_schema(request=None, responses={200: LegalCaseOut}, summary="Take a prepared case back")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, id: UUID) -> Response:
        case_decisions.withdraw_case(case_id=id, **who_asks(self))
        return Response(self.one(id))

    @extend_schema(request=CloseCaseIn, responses={200: LegalCaseOut}, summary="Say how a case ended")
    @action(detail=True, methods=["post"])
    def close(self, request: Request, id: UUID) -> Response:
        case_decisions.close_case(case_id=id, **self.read(CloseCaseIn), **who_asks(self))
        return Response(self.one(id))

    @extend_schema(responses={200: LegalCostOut(many=True)}, summary="What a case cost")
    @action(detail=True, methods=["get"])
    def costs(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        self.one(id)
        rows = self.rows().get(id=id).costs.order_by("on", "id")
        return Response(LegalCostOut(rows, many=True).data)

    @extend_schema(request=LegalCostIn, responses={201: LegalCostOut}, summary="Note what a case cost")
    @costs.mapping.post
    def add_cost(self, request: Request, id: UUID) -> Response:
        row = legal_cases.add_cost(
            case_id=id,
            **self.read(LegalCostIn),
            scope=self.caller.scope,
            actor=self.caller.actor,
            today=self.caller.on,
        )
        return Response(LegalCostOut(row).data, status=201)

    @extend_schema(responses={200: RecoveryOut(many=True)}, summary="What came in on a case")
    @action(detail=True, methods=["get"])
    def recoveries(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        self.one(id)
        return Response(RecoveryOut(recoveries(case_ids=[id], scope=self.caller.scope), many=True).data)
