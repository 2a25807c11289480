"""The annex that shows how interest and charges come about: of claims, and of what has run up and is not claimed yet."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from accounts.access import EVERYTHING
from collection.models import Claim
from collection.rules.law import RATES, LawPack, pack_for
from collection.services.claims import claim_rows, late_charges
from collection.services.papers import footer_of
from core.audit import SYSTEM
from core.formats import Formats, of
from desk.queries.templates import language_of
from desk.texts_annex import ANNEX_WORDS, AnnexWords
from receivables.models import Customer, Entity

# The series whose shipped rates name this source.
_SHIPPED = {row.source: row.series.value for row in RATES}


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
    """The annex: each item with its segments, each with days, principal, rate and source; totals by currency.

    In the customer's language, or the one that is asked for; laws and sources are named in it too.
    """
    language = language or language_of("", customer.language, entity.language)
    words, formats, pack = ANNEX_WORDS[language], of(language), pack_for(entity.country)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        totals[row.currency] += row.amount
    interest = [row for row in found if row.kind == Claim.Kind.INTEREST]
    # Where all was agreed there is no statutory rate to name.
    is_by_law = any(one["source"] and not one["is_floor"] for row in interest for one in segments(row))
    context = {
        "entity": entity,
        "language": language,
        "words": words,
        "as_of": words.as_of.format(name=customer.name, ref=customer.ref, day=formats.day_long(on)),
        "footer": footer_of(entity),
        "interest": [_item(row, words, formats) for row in interest],
        "charges": [
            {
                "number": row.document.number if row.document else row.item.number,
                "source": _charge_law(row, pack, words),
                "amount": formats.money(row.amount, row.currency),
            }
            for row in found
            if row.kind == Claim.Kind.FIXED_CHARGE
        ],
        "total": " + ".join(formats.money(amount, currency) for currency, amount in sorted(totals.items())),
        "law": _of_pack(words.interest_laws, pack) if pack and is_by_law else "",
    }
    return render_to_string("messages/interest_annex.html", context)


def _item(row: Claim, words: AnnexWords, formats: Formats) -> dict[str, Any]:
    item = row.item
    due = words.due.format(day=formats.day(item.due_date))
    return {
        "head": f"{item.number} · {formats.money(item.amount, row.currency)} · {due}",
        "currency": row.currency,
        "total": formats.amount2(row.amount, row.currency),
        "lines": [
            {
                "first": formats.day(one["first"]),
                "last": formats.day(one["last"]),
                "days": formats.number(one["days"]),
                "principal": formats.amount2(one["principal"], row.currency),
                "percent": _percent(one["percent"], formats),
                "amount": formats.amount2(one["amount"], row.currency),
                "source": _source(one, words),
            }
            for one in segments(row)
        ],
    }


def _percent(percent: Decimal, formats: Formats) -> str:
    """With two decimals, or as many as the rate has, four at most."""
    exponent = percent.normalize().as_tuple().exponent
    return formats.number(percent, min(max(2, -int(exponent)), 4))


def _source(segment: dict[str, Any], words: AnnexWords) -> str:
    """Who publishes the rate, as the organisation wrote it for a rate of its own."""
    source = segment["source"]
    name = words.sources[_SHIPPED[source]] if source in _SHIPPED else source or words.agreed
    notes = [words.stale] * bool(segment["is_stale"]) + [words.floor] * bool(segment["is_floor"])
    return f"{name} ({', '.join(notes)})" if notes else name


def _charge_law(row: Claim, pack: LawPack | None, words: AnnexWords) -> str:
    source = str(row.calculation.get("source", ""))
    return _of_pack(words.charge_laws, pack) if pack and source == pack.source else source


def _of_pack(laws: Mapping[str, str], pack: LawPack) -> str:
    return laws.get(pack.code) or laws[""].format(source=pack.source)
