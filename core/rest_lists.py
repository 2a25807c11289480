"""What the resources of the API share: lists in pages that miss nothing, single rows, and writes that happen once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.errors import Invalid, NotFound, TooLarge
from core.lists.filters import Filters
from core.lists.keyset import BadCursor, decode, encode
from core.lists.reading import Reader
from core.queries import settled_before
from core.rest import JSONRenderer
from core.rest_fields import columns_of
from core.rest_once import OnceMixin

PAGE_ROWS, MOST_ROWS = 100, 200
# Years of moments; a database knows others than Python does.
_EARLIEST, _LATEST = 1900, 2999
_RENDERER = JSONRenderer()


class BadQuery(Invalid):
    code = "bad_query"
    message = _("A parameter of the address cannot be understood.")


class ApiViewSet(OnceMixin, ViewSet):
    """A viewset of the API. Each declares `capabilities`: the right that each action asks for."""

    capabilities: ClassVar[dict[str, Any]] = {}
    # The parameters that an action's address may have, for the schema and for refusing all others.
    parameters: ClassVar[dict[str, Sequence[Any]]] = {}
    tag: ClassVar[str] = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            super().initial(request, *args, **kwargs)
        except RequestDataTooBig as error:
            raise TooLarge from error

    @property
    def caller(self) -> Any:
        """Who calls (accounts.access.Caller): key, tenant, scope, business day."""
        return self.request.user

    def read(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The body as the input serializer understands it. Raises what is answered with 400."""
        data = self.request.data
        shape = serializer(data=data)
        shape.is_valid(raise_exception=True)
        unknown = sorted(set(data) - set(shape.fields)) if isinstance(data, dict) else []
        if unknown:
            raise Invalid(fields={name: _("There is no such field.") for name in unknown})
        values: dict[str, Any] = shape.validated_data
        return values

    def known_parameters(self, *names: str) -> None:
        """Raises BadQuery on any other parameter: a filter with a typing error must not give everything."""
        unknown = sorted(set(self.request.query_params) - set(names))
        if unknown:
            raise BadQuery(fields={name: _("There is no such parameter.") for name in unknown})


class Resource(ApiViewSet):
    """Rows of one kind, to be listed and read.

    `Out` lists the fields and is the schema. Lists come in the order of (`moment`, id), where `moment` moves with every
    change of the row, and end before the start of the tenant's oldest open transaction. `cursor` is where a page ends:
    to go on from there now, while there is a `next`, or at any later time for what has changed since.
    """

    Out: ClassVar[type[serializers.Serializer[Any]]]
    filters: ClassVar[type[Filters] | None] = None
    moment: ClassVar[str] = "updated_at"
    # Exact matches beside the filters that pages share: parameter -> path.
    exact: ClassVar[dict[str, str]] = {}

    def rows(self) -> QuerySet[Any]:
        """The rows that the caller may see."""
        raise NotImplementedError

    def changed_rows(self) -> QuerySet[Any]:
        """The rows for `updated_since`: also what has since been taken back, where that is marked in the row."""
        return self.rows()

    def list(self, request: Request) -> HttpResponse:
        query = request.query_params
        own = ("cursor", "page_size", "updated_since")
        filter_names = tuple(vars(self.filters)["base_filters"]) if self.filters else ()
        self.known_parameters(*own, *filter_names, *self.exact)
        since, size = _moment(query.get("updated_since")), page_size(query.get("page_size"))
        rows = self._filtered(self.changed_rows() if since else self.rows())
        if since:
            rows = rows.filter(**{f"{self.moment}__gte": since})
        cursor = query.get("cursor", "")
        if cursor:
            rows = rows.filter(TupleGreaterThan(Tuple(F(self.moment), F("id")), _position(cursor)))
        before = settled_before()
        rows = rows.filter(**{f"{self.moment}__lt": before}).order_by(self.moment, "id")
        columns = columns_of(self.Out)
        found = list(rows.values_list(*columns.paths)[: size + 1])
        page = found[:size]
        if page:
            cursor = encode(*columns.picked(page[-1], self.moment, "id"))
        answer = {
            "results": [columns.object(row) for row in page],
            "next": _next(request, cursor) if len(found) > size else None,
            "cursor": cursor or None,
        }
        return HttpResponse(_RENDERER.render(answer), content_type="application/json")

    def _filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        query = self.request.query_params
        wanted: dict[str, Any] = {}
        for name, path in self.exact.items():
            if name in query:
                wanted[path] = _id(name, query[name]) if path.endswith("_id") else query[name]
        if any("\0" in value for value in query.values()):
            raise BadQuery
        if wanted:
            rows = rows.filter(**wanted)
        if self.filters is None or not query.keys() & vars(self.filters)["base_filters"].keys():
            return rows  # building the form of the filters costs more than the list
        chosen = self.filters(query, queryset=rows, reader=self.reader)
        if not chosen.is_valid():
            raise BadQuery(fields={name: list(messages) for name, messages in chosen.errors.items()})
        return chosen.qs

    @property
    def reader(self) -> Reader:
        caller = self.caller
        return Reader(scope=caller.scope, on=caller.on, member_id=caller.scope.portfolio_of, may=caller.can)

    def retrieve(self, request: Request, id: UUID) -> Response:
        self.known_parameters()
        return Response(self.one(id))

    def one(self, row_id: UUID) -> dict[str, Any]:
        """One row as JSON object. Raises NotFound for an unknown one, another tenant's and one out of scope."""
        columns = columns_of(self.Out)
        row = self.changed_rows().filter(id=row_id).values_list(*columns.paths).first()
        if row is None:
            raise NotFound
        return columns.object(row)


def _next(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = cursor
    query.pop("updated_since", None)  # the cursor stands after it
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


def _position(cursor: str) -> tuple[datetime, UUID]:
    moment, row_id = decode(cursor)
    if not isinstance(moment, datetime) or timezone.is_naive(moment) or not _EARLIEST <= moment.year <= _LATEST:
        raise BadCursor
    return moment.astimezone(UTC), row_id


def _id(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadQuery(fields={name: _("This is not an id.")}) from error


def page_size(text: str | None) -> int:
    """The rows of a page as asked for, 100 where nothing is. Raises BadQuery."""
    if text is None:
        return PAGE_ROWS
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= MOST_ROWS:
        raise BadQuery(fields={"page_size": _("A page has 1 to 200 rows.")})
    return int(text)


def _moment(text: str | None) -> datetime | None:
    """A moment, or the beginning of a day in UTC. None where none is given."""
    if text is None:
        return None
    try:
        # An unescaped plus in an address reads as a blank.
        moment = parse_datetime(text.replace(" ", "+")) if len(text) > 10 else None
        day = parse_date(text) if moment is None else None
        if day is not None:
            moment = datetime.combine(day, time())
        if moment is None:
            raise ValueError
        moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())
        moment = moment.astimezone(UTC)  # the database knows fewer offsets
        if not _EARLIEST <= moment.year <= _LATEST:
            raise ValueError
    except (ValueError, OverflowError) as error:
        message = _("Write a moment such as 2026-03-31T08:00:00Z.")
        raise BadQuery(fields={"updated_since": message}) from error
    return moment


def as_http(answer: Any, *, status: int = 200) -> HttpResponse:
    """A finished answer: nothing is left to be rendered after the transaction."""
    return HttpResponse(_RENDERER.render(answer), content_type="application/json", status=status)
