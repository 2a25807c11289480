"""Bulk upsert by external reference: up to 1,000 rows a call, on the same path as files, with errors by row."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from core.errors import Invalid, NotAllowed, TooLarge
from core.rest_fields import money
from core.rest_lists import ApiViewSet, as_http
from receivables.api.rows import MOST_ROWS, ROWS, rows_of
from receivables.models import Entity
from receivables.ports import Batch
from receivables.services.loading import load
from receivables.services.loading_stage import RowsRejected

KEY_SEES_A_PART = _("This key sees a part of the ledger only, and cannot load into it.")


class BulkIn(serializers.Serializer[Any]):
    """What is said of all rows of a call."""

    source = serializers.RegexField(  # type: ignore[assignment]
        r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$",
        default="api",
        help_text="The system that the rows come from. References are unique within it.",
    )
    entity_code = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="The company of rows that name none."
    )
    as_of = serializers.DateField(required=False, help_text="The day from which we know it. Default: today.")
    all_or_nothing = serializers.BooleanField(
        default=False, help_text="One row that cannot be loaded refuses the call; else it is left out and listed."
    )


class RowError(serializers.Serializer[Any]):
    """What is wrong with a row: its place in `rows` (from 0), the field, and why."""

    row = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class BulkOut(serializers.Serializer[Any]):
    """What the call did. `rows` = created + changed + unchanged + repeated + rejected."""

    rows = serializers.IntegerField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    repeated = serializers.IntegerField()
    rejected = RowError(many=True)
    warnings = RowError(many=True)
    totals = serializers.ListField(
        child=serializers.DictField(), help_text="The sums of the amounts taken, by currency."
    )


def bulk_action(kind: str) -> Any:
    """`POST bulk/` of a resource, with the rows of its kind in the schema."""
    row = ROWS[kind]
    body = inline_serializer(
        name=f"{row.__name__}s",
        fields={**BulkIn().get_fields(), "rows": row(many=True, max_length=MOST_ROWS)},  # type: ignore[call-arg]
    )

    @extend_schema(
        request=body,
        responses={200: BulkOut},
        summary=f"Upsert up to 1,000 {kind} in one call",
        description=(
            "Rows are found by their reference and made where there are none. What a row leaves out, or gives as null "
            "or as an empty text, stays as it is. Rows that cannot be loaded are listed, the others are loaded."
        ),
    )
    @action(detail=False, methods=["post"], url_path="bulk", url_name="bulk")
    def bulk(self: BulkMixin, request: Request) -> HttpResponse:
        return self.load_rows(request)

    return bulk


class BulkMixin(ApiViewSet):
    """For a resource with `bulk = bulk_action(kind)`. `kind` is the import kind."""

    kind: str

    def load_rows(self, request: Request) -> HttpResponse:
        """Load the rows of the body. Raises what reading and loading refuse."""
        self.known_parameters()
        caller = self.caller
        if not caller.scope.is_everything:
            raise NotAllowed(KEY_SEES_A_PART)
        body = request.data
        if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
            raise Invalid(fields={"rows": _("A list of rows is needed.")})
        rows = body["rows"]
        if len(rows) > MOST_ROWS:
            raise TooLarge(fields={"rows": _("At most 1,000 rows in one call.")})
        head = self._head({name: value for name, value in body.items() if name != "rows"})
        as_of = head.get("as_of") or caller.on
        if as_of > caller.on:
            raise Invalid(fields={"as_of": _("This day has not come yet.")})
        good, bad, fed = rows_of(
            self.kind,
            rows,
            currencies=dict(Entity.objects.values_list("code", "currency")),
            entity_code=head["entity_code"],
            default_currency=caller.tenant.currency,
        )
        try:
            result = load(
                kind=self.kind,
                rows=[Batch(good, bad)],
                columns=fed,
                source=head["source"],
                as_of=as_of,
                actor=caller.actor,
                entity_code=head["entity_code"],
                all_or_nothing=head["all_or_nothing"],
                balances_on=caller.on,
            )
        except RowsRejected as refused:
            for one in refused.rejected:
                place = ".".join(part for part in ("rows", str(one.line), one.field) if part)
                refused.fields.setdefault(place, []).append(one.reason)
            raise
        return as_http(
            {
                "rows": result.rows,
                "created": result.created,
                "changed": result.changed,
                "unchanged": result.unchanged,
                "repeated": result.repeated,
                "rejected": [_error(one) for one in result.rejected],
                "warnings": [_error(one) for one in result.warnings],
                "totals": [money(amount, currency) for currency, amount in sorted(result.totals.items())],
            }
        )

    def _head(self, values: dict[str, Any]) -> dict[str, Any]:
        shape = BulkIn(data=values)
        shape.is_valid(raise_exception=True)
        unknown = sorted(set(values) - set(shape.fields))
        if unknown:
            raise Invalid(fields={name: _("There is no such field.") for name in unknown})
        head: dict[str, Any] = shape.validated_data
        return head


def _error(one: Any) -> dict[str, Any]:
    return {"row": one.line, "field": one.field, "reason": one.reason}
