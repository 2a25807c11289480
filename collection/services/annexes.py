"""The annex that shows how interest and charges come about: of claims, and of what has run up and is not claimed yet."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.access import EVERYTHING
from collection.models import Claim
from collection.services.claims import claim_rows, late_charges
from core.audit import SYSTEM
from core.formats import of
from desk.queries.templates import language_of
from receivables.models import Customer, Entity


def calculation(*, item_ids: Collection[UUID], until: date) -> list[Claim]:
    """Interest of these items until the day and their charges: claimed ones, and what could be claimed. 10 SQL queries.

    The latter are not rows: nothing is claimed by showing it.
    """
    charges = late_charges(item_ids=item_ids, until=until, scope=EVERYTHING)
    fresh = claim_rows([one for one in charges if one.fixed or not one.without], until=until, actor=SYSTEM, on=until)
    items = {one.late.item.id: one.late.item for one in charges}
    for row in fresh:
        row.item = items[row.item_id]
        row.document = row.item.document
    anew = {row.item_id for row in fresh if row.kind == Claim.Kind.INTEREST}
    claimed = Claim.objects.filter(item__in=list(items), state=Claim.State.CLAIMED).select_related("item", "document")
    kept = [one for one in claimed if one.kind == Claim.Kind.FIXED_CHARGE or one.item_id not in anew]
    return sorted([*fresh, *kept], key=lambda one: (one.item.due_date, one.item.number, one.kind))


def segments(shown: Claim) -> list[dict[str, Any]]:
    """The lines of a claim's calculation, with days and amounts as such."""
    return [
        {
            **segment,
            "first": date.fromisoformat(segment["first"]),
            "last": date.fromisoformat(segment["last"]),
            "principal": Decimal(segment["principal"]),
            "percent": Decimal(segment["percent"]),
            "amount": Decimal(segment["amount"]),
        }
        for segment in shown.calculation.get("segments", [])
    ]


def annex_html(found: Sequence[Claim], *, customer: Customer, entity: Entity, on: date, language: str = "") -> str:
    """The annex: each item with its segments, each with days, principal, rate and source; totals by currency."""
    language = language or language_of("", customer.language, entity.language)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        totals[row.currency] += row.amount
    with override(language):
        context = {
            "customer": customer,
            "entity": entity,
            "on": on,
            "language": language,
            "formats": of(language),
            "interest": [{"row": row, "segments": segments(row)} for row in found if row.kind == Claim.Kind.INTEREST],
            "charges": [row for row in found if row.kind == Claim.Kind.FIXED_CHARGE],
            "totals": dict(sorted(totals.items())),
        }
        return render_to_string("messages/interest_annex.html", context)
