"""The OpenAPI schema of the routes: what core.rest_lists does, said to whoever generates a client.

Lists become pages of their `Out`, every route names the problems it may answer with, and writes take an
Idempotency-Key. Checked by the tests: what a route answers is what the schema says.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import django_filters
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from core.lists.filters import FlagFilter, RowFilter
from core.rest import PROBLEM
from core.rest_lists import ApiViewSet, Resource

_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class ProblemField(serializers.Serializer[Any]):
    field = serializers.CharField(
        allow_null=True, help_text="The place in the body or the address, such as rows.3.amount."
    )
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """Why a call was refused (RFC 9457). `code` is what programs rely on, `detail` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemField(many=True, required=False)  # type: ignore[assignment]


PROBLEMS = {
    400: "The body, a value or a parameter cannot be accepted.",
    401: "No valid API key.",
    403: "The key has not this right.",
    404: "Unknown, another organisation's, or out of the key's scope.",
    406: "JSON is the only form of answers.",
    409: "It contradicts the present state, or the Idempotency-Key was used for another request.",
    413: "Larger than what can be accepted at once.",
    415: "The body is of another media type.",
    429: "More calls in a minute than one key may make: wait as Retry-After says, then send the same request again.",
}

_CURSOR = OpenApiParameter("cursor", str, description="Where to go on from: the `cursor` or `next` of a former answer.")
_SIZE = OpenApiParameter(
    "page_size", {"type": "integer", "minimum": 1, "maximum": 200, "default": 100}, description="Rows of a page."
)
_SINCE = OpenApiParameter(
    "updated_since",
    OpenApiTypes.DATETIME,
    description="Rows that were made or changed at this moment or later, and those taken back since.",
)
_ONCE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\x21-\x7e]{1,200}$"},
    OpenApiParameter.HEADER,
    description="The same key and request within 30 days get the first answer again, and nothing is done twice.",
)
_RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    {"type": "integer", "minimum": 1},
    OpenApiParameter.HEADER,
    response=[429],
    description="Seconds until the next call can be answered.",
)


@cache
def page_of(out: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The serializer of a page of rows."""
    return inline_serializer(
        name=f"{out.__name__}Page",
        fields={
            "results": out(many=True),
            "next": serializers.URLField(allow_null=True, help_text="The next page; null at the end."),
            "cursor": serializers.CharField(
                allow_null=True,
                help_text="Where the page ends, to go on from later; null where nothing was listed yet.",
            ),
        },
    )


class ApiSchema(AutoSchema):
    """What drf-spectacular cannot see in the views."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or super().get_tags()[0]]

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Our lists are objects: rows, and where to go on."""
        if not isinstance(self.view, ApiViewSet):
            return super()._is_list_view(serializer)
        return isinstance(serializer, serializers.ListSerializer)

    def get_operation_id(self) -> str:
        if not isinstance(self.view, ApiViewSet):
            return super().get_operation_id()
        return f"{self.view.basename}_{self.view.action}"

    def get_override_parameters(self) -> list[Any]:
        view, found = self.view, list[Any]()
        if not isinstance(view, ApiViewSet):
            return found
        found.append(_RETRY_AFTER)
        found += view.parameters.get(view.action, ())
        if isinstance(view, Resource) and view.action == "list":
            found += [_CURSOR, _SIZE, _SINCE]
            found += [
                OpenApiParameter(name, OpenApiTypes.UUID if path.endswith("_id") else str, description="Exactly this.")
                for name, path in view.exact.items()
            ]
            found += [
                _filter(name, one) for name, one in (vars(view.filters)["base_filters"] if view.filters else {}).items()
            ]
        if self.method in _WRITES:
            found.append(_ONCE)
        return found

    def get_response_serializers(self) -> Any:
        view = self.view
        if isinstance(view, Resource) and view.action in ("list", "retrieve"):
            out: Any = view.Out
            return {200: page_of(out) if view.action == "list" else out}
        return super().get_response_serializers()

    def get_request_serializer(self) -> Any:
        return None if self.method == "GET" else super().get_request_serializer()

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction == "response" and isinstance(self.view, ApiViewSet):
            for status, response in self._problems().items():
                bodies.setdefault(
                    str(status), self._get_response_for_code(response, str(status), media_types=[PROBLEM])
                )
        return bodies

    def _problems(self) -> dict[int, OpenApiResponse]:
        wanted = {400, 401, 403, 404, 406, 429}
        if self.method in _WRITES:
            wanted |= {409, 413, 415}
        return {status: OpenApiResponse(Problem, PROBLEMS[status]) for status in sorted(wanted)}


def _filter(name: str, one: Any) -> OpenApiParameter:
    """A parameter of a filter that pages share."""
    description = str(one.label or "")
    if isinstance(one, RowFilter):
        return OpenApiParameter(name, OpenApiTypes.UUID, description=description)
    if isinstance(one, FlagFilter):
        return OpenApiParameter(name, {"type": "string", "enum": ["on", "true"]}, description=description)
    if isinstance(one, django_filters.DateFilter):
        return OpenApiParameter(name, OpenApiTypes.DATE, description=description)
    if isinstance(one, django_filters.NumberFilter):
        return OpenApiParameter(name, OpenApiTypes.NUMBER, description=description)
    choices = one.extra.get("choices")
    if isinstance(choices, (list, tuple)):
        return OpenApiParameter(name, str, enum=[value for value, _label in choices], description=description)
    return OpenApiParameter(name, str, description=description)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer enc_...`"""

    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: enc_<organisation>_<id>_<secret>."}
