"""Cash application over the API: what the bank brought and what it pays, and what the books are asked to follow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField, DateField, DateTimeField, DecimalField, JSONField, UUIDField
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from core.errors import NotFound
from core.ports import open_port
from core.rest_fields import AmountField, MoneyField
from core.rest_lists import Resource
from receivables.api.shapes import Out
from receivables.filters_cash import BankLineFilters, CashAllocationFilters
from receivables.models import CashMatch
from receivables.queries import matching as queries
from receivables.queries.visible import customers_in, items_in
from receivables.services import matching

_CUSTOMER = {"customer_ref": "customer__ref"}
In = serializers.Serializer[Any]


class BankLineOut(Out):
    """A line of the bank. Positive: money came in. `proposal`: the pieces proposed, and the reasons, in English."""

    id = UUIDField()
    source = CharField()  # type: ignore[assignment]
    booked_on = DateField()
    value_on = DateField(allow_null=True)
    amount = MoneyField("amount")
    remaining = MoneyField("remaining_amount")
    payer_name = CharField()
    payer_iban = CharField()
    text = CharField()
    structured_ref = CharField()
    customer = UUIDField(source="customer_id", allow_null=True)
    state = CharField()
    confidence = DecimalField(max_digits=4, decimal_places=3)
    proposal = JSONField()
    updated_at = DateTimeField()


class CashAllocationOut(Out):
    """Part of a line set against an item, until the books say the same. `leaves`: what they should show as open then."""

    id = UUIDField()
    line = UUIDField(source="match.line_id")
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    item = UUIDField(source="item_id")
    number = CharField(source="item.number")
    paid = MoneyField("cash_amount")
    given_up = MoneyField("difference_amount")
    difference = CharField()
    leaves = MoneyField("leaves_amount")
    on = DateField()
    state = CharField()
    state_on = DateField()
    updated_at = DateTimeField()


class ShareIn(In):
    """Part of the line, in the item's sign."""

    item = serializers.UUIDField()
    amount = AmountField()


class SplitIn(In):
    """What the line pays. What is left of it stays open."""

    shares = serializers.ListField(child=ShareIn(), min_length=1, max_length=200)


class AssignIn(In):
    """Whose payment it is; null: nobody knows."""

    customer = serializers.UUIDField(allow_null=True)


class AsideIn(In):
    """Why it pays nothing here."""

    reason = serializers.CharField(max_length=200)


class BankLines(Resource):
    """Lines of the bank, and what a person decides about them."""

    tag = "bank-lines"
    capabilities = dict.fromkeys(
        ("list", "retrieve", "confirm", "refuse", "split", "assign", "set_aside", "reverse"), Can.APPLY_CASH
    )
    Out = BankLineOut
    filters = BankLineFilters
    exact = _CUSTOMER

    def rows(self) -> QuerySet[Any]:
        return queries.bank_lines_in(scope=self.caller.scope)

    def _must_see(self, id: UUID) -> None:
        if not self.rows().filter(id=id).exists():
            raise NotFound

    @extend_schema(request=None, responses={200: BankLineOut}, summary="Carry out what is proposed")
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, id: UUID) -> Response:
        self._must_see(id)
        matching.confirm_proposal(line_id=id, on=self.caller.on, actor=self.caller.actor)
        open_port("receivables.lines_matched")(line_ids=[id], on=self.caller.on, now=timezone.now())
        return Response(self.one(id))

    @extend_schema(request=None, responses={200: BankLineOut}, summary="Refuse what is proposed")
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, id: UUID) -> Response:
        self._must_see(id)
        matching.refuse_proposal(line_id=id, on=self.caller.on, actor=self.caller.actor)
        return Response(self.one(id))

    @extend_schema(request=SplitIn, responses={200: BankLineOut}, summary="Set a line against items")
    @action(detail=True, methods=["post"])
    def split(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(SplitIn), self.caller
        self._must_see(id)
        shares = [matching.Share(one["item"], one["amount"]) for one in values["shares"]]
        seen = items_in(scope=caller.scope).filter(id__in=[share.item_id for share in shares])
        if seen.count() != len({share.item_id for share in shares}):
            raise NotFound
        matching.split_line(line_id=id, shares=shares, on=caller.on, actor=caller.actor)
        open_port("receivables.lines_matched")(line_ids=[id], on=caller.on, now=timezone.now())
        return Response(self.one(id))

    @extend_schema(request=AssignIn, responses={200: BankLineOut}, summary="Say whose payment it is")
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, id: UUID) -> Response:
        values, caller = self.read(AssignIn), self.caller
        self._must_see(id)
        customer = values["customer"]
        if customer is not None and not customers_in(scope=caller.scope).filter(id=customer).exists():
            raise NotFound
        matching.assign_line(line_id=id, customer_id=customer, on=caller.on, actor=caller.actor)
        return Response(self.one(id))

    @extend_schema(request=AsideIn, responses={200: BankLineOut}, summary="Set a line aside")
    @action(detail=True, methods=["post"])
    def set_aside(self, request: Request, id: UUID) -> Response:
        values = self.read(AsideIn)
        self._must_see(id)
        matching.set_line_aside(line_id=id, reason=values["reason"], actor=self.caller.actor)
        return Response(self.one(id))

    @extend_schema(request=None, responses={200: BankLineOut}, summary="Take the matches of a line back")
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, id: UUID) -> Response:
        self._must_see(id)
        caller = self.caller
        rows = queries.cash_matches_in(scope=caller.scope).filter(line_id=id, state=CashMatch.State.ACCEPTED)
        found = list(rows.order_by("-decided_at").values_list("id", flat=True))
        if not found:
            raise matching.NotMatched
        for match_id in found:
            matching.reverse_match(match_id=match_id, on=caller.on, actor=caller.actor)
        return Response(self.one(id))


class CashAllocations(Resource):
    """What was matched here: for the books to follow, and whether they have."""

    tag = "cash-allocations"
    capabilities = dict.fromkeys(("list", "retrieve", "exported"), Can.APPLY_CASH)
    Out = CashAllocationOut
    filters = CashAllocationFilters
    exact = {**_CUSTOMER, "item": "item_id", "line": "match__line_id"}

    def rows(self) -> QuerySet[Any]:
        return queries.cash_allocations_in(scope=self.caller.scope)

    @extend_schema(request=None, responses={200: CashAllocationOut}, summary="Say that it was sent to the books")
    @action(detail=True, methods=["post"])
    def exported(self, request: Request, id: UUID) -> Response:
        if not self.rows().filter(id=id).exists():
            raise NotFound
        matching.mark_exported(allocation_ids=[id], on=self.caller.on, actor=self.caller.actor)
        return Response(self.one(id))
