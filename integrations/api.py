"""Files over the API: uploaded, mapped, checked, loaded by a worker, taken back; and the address that systems send to."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.fields import BooleanField, CharField, DateField, DateTimeField, DictField, IntegerField, JSONField
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Can
from core.errors import Invalid, NotAllowed, Refusal
from core.lists.keyset import BadCursor, decode, encode
from core.money import is_currency, parse_amount
from core.rest import JSONParser
from core.rest_lists import MOST_ROWS, Resource, as_http, page_size
from integrations.files import KINDS, MODES, Mapping
from integrations.models import RawRecord, SyncRun
from integrations.services import receiving, runs
from integrations.services.checks import queue_check

# Up to so many rows a check is waited for; a worker checks larger files.
CHECK_AT_ONCE = 2_000
_SCOPE = _("This key sees a part of the ledger only, and cannot load into it.")


class ImportOut(serializers.Serializer[Any]):
    """A file that came in: what it was, what became of it. Counts are of the last check or of the load."""

    id = serializers.UUIDField()
    source = CharField()  # type: ignore[assignment]
    kind = CharField()
    mode = CharField()
    as_of = DateField()
    file_name = CharField()
    file_size = IntegerField()
    sha256 = CharField()
    state = serializers.ChoiceField(SyncRun.State.choices)
    all_or_nothing = BooleanField()
    row_count = IntegerField()
    created_count = IntegerField()
    changed_count = IntegerField()
    unchanged_count = IntegerField()
    closed_count = IntegerField()
    rejected_count = IntegerField()
    rounded_count = IntegerField()
    done_count = IntegerField(help_text="Progress, of row_count.")
    totals = JSONField(help_text="By currency: what the file says, what was loaded, what was rounded, what was given.")
    result = JSONField(help_text="The first errors, the warnings, what was made along the way.")
    error = CharField()
    received_at = DateTimeField()
    started_at = DateTimeField(allow_null=True)
    finished_at = DateTimeField(allow_null=True)


class UploadIn(serializers.Serializer[Any]):
    """A file, and what is known of it. What is left out is recognised."""

    file = serializers.FileField(allow_empty_file=False)
    source = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$", default="file")  # type: ignore[assignment]
    kind = serializers.ChoiceField(KINDS, default="", allow_blank=True)
    mode = serializers.ChoiceField(MODES, default="", allow_blank=True)
    entity_code = CharField(max_length=40, default="", allow_blank=True)
    as_of = DateField(required=False, help_text="Default: today.")
    all_or_nothing = BooleanField(default=True)
    control_totals = CharField(
        default="", allow_blank=True, max_length=2000, help_text='The sums as JSON: {"EUR": "1200.00"}'
    )


class MappingDocument(serializers.Serializer[Any]):
    """How the file's columns are read: field -> column label, constants, date order, decimal mark, and so on."""

    kind = serializers.ChoiceField(KINDS)
    columns = DictField(child=CharField())
    mode = CharField(required=False, allow_blank=True)
    constants = DictField(child=CharField(), required=False)
    date_order = CharField(required=False)
    two_digit_years = BooleanField(required=False)
    decimal = CharField(required=False)
    formats = DictField(child=DictField(), required=False)
    sign = CharField(required=False)
    extra_decimals = CharField(required=False)
    encoding = CharField(required=False)
    delimiter = CharField(required=False)
    quote = CharField(required=False, allow_blank=True)
    sheet = CharField(required=False, allow_blank=True)
    header_row = IntegerField(required=False, allow_null=True)
    trailer = CharField(required=False, allow_blank=True)
    ignored = serializers.ListField(child=CharField(), required=False)
    version = IntegerField(required=False)


class ImportMapping(serializers.Serializer[Any]):
    """The mapping, what it lacks, and the columns of the file."""

    mapping = MappingDocument(allow_null=True)
    missing = serializers.ListField(child=CharField(), help_text="Required fields that nothing feeds yet.")
    labels = serializers.ListField(child=CharField())


class MappingIn(serializers.Serializer[Any]):
    """The mapping to read the file with; `remember` keeps it for the next file of the source with this header."""

    mapping = MappingDocument()
    remember = BooleanField(default=False)


class ApplyIn(serializers.Serializer[Any]):
    """`force`: load a snapshot that would close more than half of what is open."""

    force = BooleanField(default=False)


class Nothing(serializers.Serializer[Any]):
    """No values are needed."""


class RefusedRow(serializers.Serializer[Any]):
    """A row that was not loaded: its line in the file, the field, why, and its cells as received."""

    row = IntegerField()
    field = CharField(allow_blank=True)
    reason = CharField()
    values = serializers.ListField(child=JSONField())


class RefusedRows(serializers.Serializer[Any]):
    """A page of them, in the order of the file."""

    results = RefusedRow(many=True)
    next = serializers.URLField(allow_null=True)


class Imports(Resource):
    """Files: received, mapped, checked, loaded."""

    tag = "imports"
    parser_classes = [JSONParser, MultiPartParser]
    capabilities = dict.fromkeys(
        ("list", "retrieve", "create", "mapping", "choose_mapping", "check", "apply", "stop", "undo", "errors"),
        Can.IMPORT_LEDGER,
    )
    parameters = {
        "errors": [
            OpenApiParameter("cursor", str, description="Where to go on from: part of `next`."),
            OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100}),
        ]
    }
    Out = ImportOut
    moment = "received_at"
    exact = {"source": "source", "kind": "kind", "state": "state", "sha256": "sha256"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.caller.scope.is_everything:
            raise NotAllowed(_SCOPE)

    def rows(self) -> QuerySet[Any]:
        return SyncRun.objects.all()

    @extend_schema(
        request={"multipart/form-data": UploadIn},
        responses={201: ImportOut},
        summary="Send a file; nothing is loaded yet",
    )
    def create(self, request: Request) -> Response:
        if not (request.content_type or "").startswith("multipart/"):
            raise UnsupportedMediaType(request.content_type or "")
        values, caller = self.read(UploadIn), self.caller
        upload = values["file"]
        run = receiving.receive(
            chunks=upload.chunks(),
            file_name=upload.name,
            as_of=values.get("as_of", caller.on),
            actor=caller.actor,
            source=values["source"],
            kind=values["kind"],
            mode=values["mode"],
            entity_code=values["entity_code"],
            control_totals=control_totals(values["control_totals"]),
            all_or_nothing=values["all_or_nothing"],
        )
        try:
            runs.look_at(run_id=run.id)
        except Refusal as refusal:
            runs.refuse(run_id=run.id, refusal=refusal)
        return Response(self.one(run.id), status=201)

    @extend_schema(responses={200: ImportMapping}, summary="How the file would be read")
    @action(detail=True, methods=["get"])
    def mapping(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        return Response(_mapping(runs.get_run(id)))

    @extend_schema(request=MappingIn, responses={200: ImportMapping}, summary="Say how the file is to be read")
    @mapping.mapping.put
    def choose_mapping(self, request: Request, id: UUID) -> Response:
        self._json()
        values = self.read(MappingIn)
        # As it was sent: a mapping says itself what is wrong with it.
        mapping = Mapping.from_json(dict(request.data)["mapping"])
        run = runs.choose_mapping(run_id=id, mapping=mapping, actor=self.caller.actor, remember_it=values["remember"])
        return Response(_mapping(run))

    @extend_schema(
        request=Nothing,
        responses={200: ImportOut, 202: ImportOut},
        summary="Dry run: what would change (202: a worker looks, ask again)",
    )
    @action(detail=True, methods=["post"])
    def check(self, request: Request, id: UUID) -> Response:
        self._json()
        self.read(Nothing)
        run = runs.get_run(id)
        if run.row_count > CHECK_AT_ONCE:
            queue_check(run_id=id)
            return Response(self.one(id), status=202)
        runs.check(run_id=id)
        return Response(self.one(id))

    @extend_schema(request=ApplyIn, responses={202: ImportOut}, summary="Have a worker load the file")
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, id: UUID) -> Response:
        self._json()
        values = self.read(ApplyIn)
        runs.queue(run_id=id, actor=self.caller.actor, force=values["force"])
        return Response(self.one(id), status=202)

    @extend_schema(request=Nothing, responses={200: ImportOut}, summary="Ask it to stop: nothing half-done stays")
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, id: UUID) -> Response:
        self._json()
        self.read(Nothing)
        runs.stop(run_id=id, actor=self.caller.actor)
        return Response(self.one(id))

    @extend_schema(request=Nothing, responses={200: ImportOut}, summary="Take the last import of its source back")
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: UUID) -> Response:
        self._json()
        self.read(Nothing)
        runs.undo(run_id=id, on=self.caller.on, actor=self.caller.actor)
        return Response(self.one(id))

    @extend_schema(responses={200: RefusedRows}, summary="The rows that were not taken, with the reason")
    @action(detail=True, methods=["get"])
    def errors(self, request: Request, id: UUID) -> HttpResponse:
        self.known_parameters("cursor", "page_size")
        run, query = runs.get_run(id), request.query_params
        size = page_size(query.get("page_size"))
        rows = RawRecord.objects.filter(run=run, is_warning=False)
        if cursor := query.get("cursor"):
            line, row_id = decode(cursor)
            if not isinstance(line, int) or not 0 <= line < 2**31:
                raise BadCursor
            rows = rows.filter(TupleGreaterThan(Tuple(F("line"), F("id")), (line, row_id)))
        found = list(rows.order_by("line", "id")[: size + 1])
        following = None
        if len(found) > size:
            found = found[:size]
            again = query.copy()
            again["cursor"] = encode(found[-1].line, found[-1].id)
            following = f"{request.build_absolute_uri(request.path)}?{again.urlencode()}"
        results = [{"row": row.line, "field": row.field, "reason": row.reason, "values": row.values} for row in found]
        return as_http({"results": results, "next": following})

    def _json(self) -> None:
        """The body of all but an upload is JSON, or nothing."""
        if (self.request.content_type or "").startswith("multipart/"):
            raise UnsupportedMediaType(self.request.content_type)


def _mapping(run: SyncRun) -> dict[str, Any]:
    mapping = Mapping.from_json(run.mapping) if run.mapping else None
    return {
        "mapping": mapping.to_json() if mapping else None,
        "missing": mapping.missing if mapping else [],
        "labels": run.inspection.get("labels", []),
    }


def control_totals(text: str) -> dict[str, str]:
    """{"EUR": "1200.00"} of its JSON; nothing of an empty text. Raises Invalid."""
    if not text:
        return {}
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError
        for currency, amount in document.items():
            parse_amount(amount)
            if not is_currency(currency):
                raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(fields={"control_totals": _("Write sums by currency, such as {“EUR”: “1200.00”}.")}) from error
    return document
