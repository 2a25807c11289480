"""Messages over the API: what was sent, or will be, to whom, and how that went."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import CharField, DateField, DateTimeField, IntegerField, JSONField, UUIDField

from accounts.roles import Can
from core.rest_lists import Resource
from desk.models import MessageFile
from desk.queries.inbound import inbound_in
from desk.queries.messages import messages_in


class MessageFileOut(serializers.Serializer[Any]):
    """A file that left with a message: the letter itself, or what was enclosed."""

    kind = CharField()
    file_name = CharField()
    size = IntegerField(help_text="In bytes.")
    sha256 = CharField()


@extend_schema_field(MessageFileOut(many=True))
class FilesField(JSONField):
    """The files as the row's statement gives them."""


class MessageOut(serializers.Serializer[Any]):
    """One message to one recipient. `facts`: the items that it speaks of, as composed."""

    id = UUIDField()
    customer = UUIDField(source="customer_id")
    customer_ref = CharField(source="customer.ref")
    entity_code = CharField(source="entity.code", allow_null=True)
    reason_type = CharField(help_text="Why it exists: the kind of row, such as collection.Action.")
    reason = UUIDField(source="reason_id", help_text="That row's id.")
    on = DateField()
    channel = CharField()
    recipient = CharField()
    recipient_name = CharField()
    cc = serializers.ListField(child=CharField())
    language = CharField()
    subject = CharField()
    body_text = CharField()
    facts = JSONField()
    files = FilesField(source="file_list")
    state = CharField()
    attempts = IntegerField()
    error = CharField()
    tracking_number = CharField(help_text="Of a registered letter.")
    received_on = DateField(allow_null=True, help_text="When a registered letter was received.")
    created_at = DateTimeField()
    sent_at = DateTimeField(allow_null=True)
    updated_at = DateTimeField()


class Messages(Resource):
    """Messages out."""

    tag = "messages"
    capabilities = {"list": Can.VIEW_MESSAGES, "retrieve": Can.VIEW_MESSAGES}
    Out = MessageOut
    exact = {
        "customer_ref": "customer__ref",
        "entity_code": "entity__code",
        "state": "state",
        "channel": "channel",
    }

    def rows(self) -> QuerySet[Any]:
        files = MessageFile.objects.filter(message_id=OuterRef("id")).order_by("position", "id")
        told = JSONObject(kind="kind", file_name="file_name", size="size", sha256="sha256")
        return messages_in(scope=self.caller.scope).annotate(file_list=ArraySubquery(files.values(told=told)))


class ReplyOut(serializers.Serializer[Any]):
    """A mail that came in. `customer` is null while nobody knows whose it is; `proposals`: what it may mean."""

    id = UUIDField()
    customer = UUIDField(source="customer_id", allow_null=True)
    customer_ref = CharField(source="customer.ref", allow_null=True, default=None)
    entity_code = CharField(source="entity.code", allow_null=True, default=None)
    answers = UUIDField(source="answers_id", allow_null=True, help_text="The message out that it answers.")
    matched_by = CharField(help_text="Why it counts as that customer's: REFERENCE, ADDRESS, DOMAIN, ITEM or PERSON.")
    kind = CharField()
    state = CharField()
    sender = CharField()
    sender_name = CharField()
    subject = CharField()
    text = CharField(help_text="What is new in it, as plain text.")
    items = JSONField(help_text="Ids of the customer's items that it names.")
    proposals = JSONField(help_text="What it may mean, each with the sentence that says so.")
    on = DateField()
    received_at = DateTimeField()
    updated_at = DateTimeField()


class Replies(Resource):
    """Mail that came in."""

    tag = "replies"
    capabilities = {"list": Can.VIEW_MESSAGES, "retrieve": Can.VIEW_MESSAGES}
    Out = ReplyOut
    exact = {
        "customer_ref": "customer__ref",
        "entity_code": "entity__code",
        "state": "state",
        "kind": "kind",
    }

    def rows(self) -> QuerySet[Any]:
        return inbound_in(scope=self.caller.scope)
