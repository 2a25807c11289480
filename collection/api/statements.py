"""Statements of account over the API: as figures, as files, and sent to the customer."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, DateField, IntegerField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from collection.services.papers import rendered
from collection.services.statement_mail import send_statement
from collection.services.statements import Statement, statement_html, statement_in_scope, statement_xlsx
from core.errors import NotFound
from core.files import PDF, XLSX, file_response
from core.rest_fields import MoneySchema, money
from core.rest_lists import ApiViewSet, BadQuery
from desk.api import MessageOut
from receivables.models import Customer, Entity

PARAMETERS = [
    OpenApiParameter("customer_ref", str, required=True, description="Of the customer with this reference."),
    OpenApiParameter("entity_code", str, required=True, description="What it owes the company with this code."),
    OpenApiParameter("on", OpenApiTypes.DATE, description="The day it is of. Default: today."),
]
_NAMES = ("customer_ref", "entity_code", "on")


class StatementItemOut(serializers.Serializer[Any]):
    """An item open in the books on the day; credits are negative.

    `received_amount`: what of it was received by then and is not booked yet; `remaining_amount`: what reminders ask for.
    """

    item = UUIDField()
    number = CharField()
    kind = CharField()
    document_date = DateField()
    due_date = DateField()
    days_overdue = IntegerField()
    amount = MoneySchema()
    open_amount = MoneySchema()
    received_amount = MoneySchema()
    remaining_amount = MoneySchema()


class StatementSumOut(serializers.Serializer[Any]):
    """Sums of one currency: open in the books, received and not yet booked, what remains and what of that is overdue."""

    currency = CharField()
    total = MoneySchema()
    received = MoneySchema()
    remaining = MoneySchema()
    overdue = MoneySchema()


class StatementOut(serializers.Serializer[Any]):
    """What a customer owes a company on a day, as the ledger has it."""

    customer = UUIDField()
    customer_ref = CharField()
    entity_code = CharField()
    on = DateField()
    items = StatementItemOut(many=True)
    totals = StatementSumOut(many=True)


class StatementIn(serializers.Serializer[Any]):
    """Which statement is sent to the customer; `contact`: to whom there, else whom reminders go to."""

    customer_ref = CharField(max_length=80)
    entity_code = CharField(max_length=40)
    on = DateField(required=False)
    contact = UUIDField(required=False)


class Statements(ApiViewSet):
    """Statements of account."""

    tag = "statements"
    capabilities = {
        "list": Can.VIEW_ITEMS,
        "pdf": Can.VIEW_ITEMS,
        "xlsx": Can.VIEW_ITEMS,
        "create": (Can.VIEW_ITEMS, Can.VIEW_MESSAGES, Can.CONFIRM_ACTIONS),
    }
    parameters = {"list": PARAMETERS, "pdf": PARAMETERS, "xlsx": PARAMETERS}

    @extend_schema(responses={200: StatementOut}, summary="What a customer owes a company on a day")
    def list(self, request: Request) -> Response:
        return Response(_answer(self._asked()))

    @extend_schema(responses={(200, PDF): OpenApiTypes.BINARY}, summary="The statement as a PDF")
    @action(detail=False, methods=["get"])
    def pdf(self, request: Request) -> HttpResponse:
        found = self._asked()
        return file_response(rendered(statement_html(found)), name=f"{found.file_name}.pdf", content_type=PDF)

    @extend_schema(responses={(200, XLSX): OpenApiTypes.BINARY}, summary="The statement as a spreadsheet")
    @action(detail=False, methods=["get"])
    def xlsx(self, request: Request) -> HttpResponse:
        found = self._asked()
        return file_response(statement_xlsx(found), name=f"{found.file_name}.xlsx", content_type=XLSX, as_file=True)

    @extend_schema(request=StatementIn, responses={201: MessageOut}, summary="Send a statement to the customer")
    def create(self, request: Request) -> Response:
        values = self.read(StatementIn)
        caller = self.caller
        customer_id, entity_id = _ids(values["customer_ref"], values["entity_code"])
        message = send_statement(
            customer_id=customer_id,
            entity_id=entity_id,
            on=values.get("on", caller.on),
            today=caller.on,
            asked_id=uuid4(),
            scope=caller.scope,
            actor=caller.actor,
            now=timezone.now(),
            contact_id=values.get("contact"),
        )
        return Response(MessageOut(message).data, status=201)

    def _asked(self) -> Statement:
        self.known_parameters(*_NAMES)
        query, caller = self.request.query_params, self.caller
        wrong: dict[str, Any] = {name: _("This is needed.") for name in _NAMES[:2] if not query.get(name)}
        try:
            on = date.fromisoformat(query["on"]) if "on" in query else caller.on
        except ValueError:
            wrong["on"] = _("Write a date such as 2026-03-31.")
        if wrong:
            raise BadQuery(fields=wrong)
        customer_id, entity_id = _ids(query["customer_ref"], query["entity_code"])
        return statement_in_scope(
            customer_id=customer_id, entity_id=entity_id, on=on, today=caller.on, scope=caller.scope
        )


def _ids(customer_ref: str, entity_code: str) -> tuple[UUID, UUID]:
    if "\0" in customer_ref or "\0" in entity_code:
        raise NotFound
    customer = Customer.objects.filter(ref=customer_ref).values_list("id", flat=True).first()
    entity = Entity.objects.filter(code=entity_code).values_list("id", flat=True).first()
    if customer is None or entity is None:
        raise NotFound
    return customer, entity


def _answer(found: Statement) -> dict[str, Any]:
    return {
        "customer": found.customer.id,
        "customer_ref": found.customer.ref,
        "entity_code": found.entity.code,
        "on": found.on,
        "items": [
            {
                "item": line.item.item_id,
                "number": line.item.number,
                "kind": line.item.kind,
                "document_date": line.item.document_date,
                "due_date": line.item.due_date,
                "days_overdue": line.item.days_overdue,
                "amount": money(line.item.amount, line.item.currency),
                "open_amount": money(line.item.open_amount, line.item.currency),
                "received_amount": money(line.received, line.item.currency),
                "remaining_amount": money(line.remaining, line.item.currency),
            }
            for block in found.blocks
            for line in block.lines
        ],
        "totals": [
            {
                "currency": block.currency,
                "total": money(block.total, block.currency),
                "received": money(block.received, block.currency),
                "remaining": money(block.remaining, block.currency),
                "overdue": money(block.overdue, block.currency),
            }
            for block in found.blocks
        ],
    }
