"""Interest and fixed charges of late payers: computed, claimed, waived, paid. Apart from the invoices they come from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import Scope
from collection.models import Claim, LateTerms, ReferenceRate
from collection.queries.claims import claims_in
from collection.queries.late_items import LateItem, late_items
from collection.rules.interest import AgreedRate, Interest, Segment, late_interest
from collection.rules.law import RATES, FixedSum, LawPack, RateRow, Series, fixed_sum, pack_for
from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from receivables.models import Entity

MOST_ITEMS = 1000


class NothingToClaim(Conflict):
    code = "nothing_to_claim"
    message = _("There is nothing to claim for these items.")


class BadClaim(Invalid):
    code = "bad_claim"
    message = _("This cannot be done with the claim.")


class BadRate(Invalid):
    code = "bad_rate"
    message = _("The rate cannot be recorded like this.")


class Without(StrEnum):
    """Why nothing is claimed for an item."""

    CONTESTED = "CONTESTED"  # the claim rests while the dispute is open
    NO_LAW = "NO_LAW"  # no law is known for the creditor's country, and no rate was agreed
    NO_RATE = "NO_RATE"  # no rate of the series is known for its days
    CLAIMED = "CLAIMED"  # up to the day already
    NOTHING = "NOTHING"  # less than the smallest unit of its currency


@dataclass(frozen=True)
class Charge:
    """What could be claimed for an item until a day. `without`: why no interest; `fixed`: the charge of its document,
    None where there is none or it was claimed before."""

    late: LateItem
    law: str
    interest: Interest | None
    from_on: date
    fixed: FixedSum | None
    without: Without | None = None


def all_rates() -> tuple[RateRow, ...]:
    """The rates that are shipped and those of the organisation, which come last and so win. 1 SQL query."""
    own = ReferenceRate.objects.order_by("valid_from").values_list("series", "valid_from", "percent", "source")
    known = set(Series)
    return (*RATES, *(RateRow(Series(row[0]), row[1], row[2], row[3]) for row in own if row[0] in known))


@transaction.atomic
def late_charges(*, item_ids: Collection[UUID], until: date, scope: Scope) -> list[Charge]:
    """What these items have run up by the end of the day `until`, beyond what was waived or paid. 8 SQL queries.

    Items not due before that day are not in the answer, nor those out of scope.
    """
    found = late_items(item_ids=item_ids, on=until, scope=scope)
    ids = [one.item.id for one in found]
    rates, terms = all_rates(), _terms()
    ended = Claim.objects.filter(item__in=ids, kind=Claim.Kind.INTEREST).exclude(state=Claim.State.REPLACED)
    reached: dict[UUID, date] = {}
    claimed: dict[UUID, date] = {}
    for item_id, state, last in ended.values_list("item_id", "state", "until_on"):
        assert last is not None  # interest has days
        place = claimed if state == Claim.State.CLAIMED else reached
        place[item_id] = max(last, place.get(item_id, last))
    documents = {one.item.document_id for one in found if one.item.document_id}
    charged = Claim.objects.filter(Q(document__in=documents) | Q(item__in=ids), kind=Claim.Kind.FIXED_CHARGE)
    charged_for = {document_id or item_id for document_id, item_id in charged.values_list("document_id", "item_id")}
    out = []
    for one in found:
        key = one.item.document_id or one.item.id
        charge = _charge(one, until=until, rates=rates, terms=terms, after=reached.get(one.item.id))
        if key in charged_for or not one.was_late:
            charge = _replace(charge, fixed=None)
        if charge.fixed:
            charged_for.add(key)
        if charge.without is None and claimed.get(one.item.id, date.min) >= until:
            charge = _replace(charge, without=Without.CLAIMED)
        out.append(charge)
    return out


def _replace(charge: Charge, **values: Any) -> Charge:
    return Charge(**({name: getattr(charge, name) for name in Charge.__dataclass_fields__} | values))


def _terms() -> dict[UUID, list[LateTerms]]:
    out: dict[UUID, list[LateTerms]] = {}
    for row in LateTerms.objects.order_by("valid_from"):
        out.setdefault(row.entity_id, []).append(row)
    return out


def _charge(
    one: LateItem, *, until: date, rates: Sequence[RateRow], terms: dict[UUID, list[LateTerms]], after: date | None
) -> Charge:
    item = one.item
    agreed = [row for row in terms.get(item.entity_id, []) if row.valid_from <= item.document_date]
    pack = pack_for(item.entity.country)
    percent = agreed[-1].agreed_percent if agreed else None
    first = max(item.due_date, after or item.due_date) + timedelta(days=1)
    law = pack.code if pack else ""
    if pack is None:
        return Charge(one, law, None, first, None, Without.NO_LAW)
    fixed = None
    if one.contested is None and not (agreed and not agreed[-1].with_fixed_charge):
        total = item.document.total_amount if item.document else item.amount
        fixed = fixed_sum(pack=pack, amount=total, currency=item.currency)
    if one.contested is not None and one.contested >= item.amount:
        return Charge(one, law, None, first, None, Without.CONTESTED)
    try:
        interest = _interest(one, pack=pack, percent=percent, rates=rates, until=until, first=first)
    except ValueError:
        return Charge(one, law, None, first, fixed, Without.NO_RATE)
    return Charge(one, law, interest, first, fixed, None if interest.total else Without.NOTHING)


def _interest(
    one: LateItem, *, pack: LawPack, percent: Decimal | None, rates: Sequence[RateRow], until: date, first: date
) -> Interest:
    """Interest of the days from `first` on: the days before it were waived or paid."""
    item = one.item
    return late_interest(
        amount=item.amount - (one.contested or Decimal(0)),
        currency=item.currency,
        due_date=first - timedelta(days=1),
        payments=one.payments,
        until=until,
        pack=pack,
        rates=rates,
        agreed=AgreedRate(percent) if percent is not None else None,
        stops_on=one.insolvent_from,
    )


@transaction.atomic
def claim_charges(*, item_ids: Collection[UUID], until: date, scope: Scope, actor: Actor, on: date) -> list[Claim]:
    """Claim what late_charges() says: interest until `until`, and the charges not claimed before.

    A claim in force for an item is replaced. Raises NothingToClaim, BadClaim (a day ahead, too many items), NotFound.
    """
    if until > on:
        raise BadClaim(fields={"until": [_("Interest is claimed for days that have passed.")]})
    if len(item_ids) > MOST_ITEMS:
        raise BadClaim(_("At most %(most)d items at once.") % {"most": MOST_ITEMS})
    charges = [one for one in late_charges(item_ids=item_ids, until=until, scope=scope) if one.fixed or not one.without]
    if not charges:
        raise NothingToClaim
    claimed = [one.late.item.id for one in charges if one.without is None]
    current = Claim.objects.select_for_update().filter(item__in=claimed, kind=Claim.Kind.INTEREST, state="CLAIMED")
    for former in current:
        _decide(former, state=Claim.State.REPLACED, actor=actor, on=on)
    try:
        with transaction.atomic():
            rows = claim_rows(charges, until=until, actor=actor, on=on)
            for row in rows:
                row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("Somebody has claimed for these items at the same moment.")) from error
    for row in rows:
        record(
            actor=actor,
            action="collection.claimed",
            row=row,
            changes={"amount": [None, row.amount], "currency": [None, row.currency], "kind": [None, row.kind]},
        )
    return rows


def claim_rows(charges: Sequence[Charge], *, until: date, actor: Actor, on: date) -> list[Claim]:
    """The claims that these charges would make, unsaved."""
    out = []
    for one in charges:
        item = one.late.item
        common = {
            "customer_id": item.customer_id,
            "entity_id": item.entity_id,
            "item_id": item.id,
            "document_id": item.document_id,
            "law": one.law,
            "on": on,
            "claimed_by_id": actor.member_id,
        }
        if one.without is None and one.interest:
            out.append(
                Claim(
                    **common,
                    kind=Claim.Kind.INTEREST,
                    currency=item.currency,
                    amount=one.interest.total,
                    from_on=one.from_on,
                    until_on=until,
                    calculation={"segments": [_segment(segment) for segment in one.interest.segments]},
                )
            )
        if one.fixed:
            pack = pack_for(item.entity.country)
            source = pack.source if pack else ""
            out.append(
                Claim(
                    **common,
                    kind=Claim.Kind.FIXED_CHARGE,
                    currency=one.fixed.currency,
                    amount=one.fixed.charge,
                    calculation={"source": source},
                )
            )
    return out


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "first": segment.first.isoformat(),
        "last": segment.last.isoformat(),
        "days": segment.days,
        "principal": str(segment.principal),
        "percent": str(segment.percent),
        "amount": str(segment.amount),
        "source": segment.source,
        "is_stale": segment.is_stale,
        "is_floor": segment.is_floor,
    }


@transaction.atomic
def waive_claims(*, claim_ids: Collection[UUID], reason: str, scope: Scope, actor: Actor, on: date) -> list[Claim]:
    """Give these claims up, with a reason. Raises NotFound, BadClaim."""
    if not reason.strip():
        raise BadClaim(fields={"reason": [_("Say why the claim is given up.")]})
    return _end(claim_ids, scope, state=Claim.State.WAIVED, reason=reason.strip()[:300], actor=actor, on=on)


@transaction.atomic
def record_claims_paid(*, claim_ids: Collection[UUID], scope: Scope, actor: Actor, on: date) -> list[Claim]:
    """The customer has paid these claims. Raises NotFound, BadClaim."""
    return _end(claim_ids, scope, state=Claim.State.PAID, reason="", actor=actor, on=on)


def _end(claim_ids: Collection[UUID], scope: Scope, *, state: str, reason: str, actor: Actor, on: date) -> list[Claim]:
    seen = claims_in(scope=scope).filter(id__in=claim_ids).values_list("id", flat=True)
    claims = list(Claim.objects.select_for_update().filter(id__in=list(seen)).order_by("id"))
    if not claims:
        raise NotFound
    if any(claim.state != Claim.State.CLAIMED for claim in claims):
        raise BadClaim(_("Only claims in force can be waived or paid."))
    for claim in claims:
        _decide(claim, state=state, reason=reason, actor=actor, on=on)
    return claims


def _decide(claim: Claim, *, state: str, actor: Actor, on: date, reason: str = "") -> None:
    before = claim.state
    claim.state, claim.reason = state, reason
    claim.decided_on, claim.decided_by_id = on, actor.member_id
    claim.updated_at = Now()  # type: ignore[assignment]
    claim.save(update_fields=["state", "reason", "decided_on", "decided_by", "updated_at"])
    record(
        actor=actor,
        action="collection.claim_decided",
        row=claim,
        changes={"state": [before, state], "reason": ["", reason]},
    )


@transaction.atomic
def add_rate(*, series: str, valid_from: date, percent: Decimal, source: str, actor: Actor) -> ReferenceRate:
    """A rate that is not shipped, or instead of a shipped one of the same day. Raises BadRate."""
    problems: dict[str, list[Any]] = {}
    if series not in set(Series):
        problems["series"] = [_("Not a known series.")]
    if not source.strip():
        problems["source"] = [_("Say where the rate is published.")]
    if not -20 <= percent <= 100:
        problems["percent"] = [_("Between -20 and 100 percent a year.")]
    if problems:
        raise BadRate(fields=problems)
    try:
        with transaction.atomic():
            row = ReferenceRate.objects.create(
                series=series,
                valid_from=valid_from,
                percent=percent,
                source=source.strip()[:200],
                added_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise BadRate(fields={"valid_from": [_("There is a rate of this day already.")]}) from error
    changes: dict[str, Sequence[Any]] = {
        "series": [None, series],
        "valid_from": [None, valid_from],
        "percent": [None, percent],
    }
    record(actor=actor, action="collection.rate_added", row=row, changes=changes)
    return row


@transaction.atomic
def agree_late_terms(
    *, entity_id: UUID, valid_from: date, agreed_percent: Decimal | None, with_fixed_charge: bool, actor: Actor
) -> LateTerms:
    """What a company's terms say about late payment, for documents from a day on. Raises NotFound, BadRate."""
    if not Entity.objects.filter(id=entity_id).exists():
        raise NotFound
    if agreed_percent is not None and not 0 <= agreed_percent <= 100:
        raise BadRate(fields={"agreed_percent": [_("Between 0 and 100 percent a year.")]})
    try:
        with transaction.atomic():
            row = LateTerms.objects.create(
                entity_id=entity_id,
                valid_from=valid_from,
                agreed_percent=agreed_percent,
                with_fixed_charge=with_fixed_charge,
                added_by_id=actor.member_id,
            )
    except IntegrityError as error:
        raise BadRate(fields={"valid_from": [_("There are terms of this day already.")]}) from error
    changes: dict[str, Sequence[Any]] = {
        "valid_from": [None, valid_from],
        "agreed_percent": [None, agreed_percent],
        "with_fixed_charge": [None, with_fixed_charge],
    }
    record(actor=actor, action="collection.late_terms_agreed", row=row, changes=changes)
    return row
