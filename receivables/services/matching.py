"""What a person decides about a line of the bank: confirm, refuse, split, say whose it is, set aside, take back.

Each locks the line and its items, so two at once cannot spend the same money twice. Dates are business dates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.access import EVERYTHING
from core.audit import Actor, changed, record
from core.errors import Conflict, Invalid, NotFound
from core.money import has_excess_decimals
from receivables.models import BankLine, CashAllocation, CashMatch, CashSettings, Customer, KnownPayer, LedgerItem
from receivables.queries.matching import UNCONFIRMED, chased_amounts
from receivables.rules.matching.payers import name_key
from receivables.services.matching_run import match_bank_lines


class UnknownLine(NotFound):
    code = "unknown_bank_line"
    message = _("There is no such line of the bank.")


class UnknownMatch(NotFound):
    code = "unknown_cash_match"
    message = _("There is no such match.")


class LineNotOpen(Conflict):
    code = "bank_line_not_open"
    message = _("This line is matched or set aside already.")


class NothingProposed(Conflict):
    code = "nothing_proposed"
    message = _("Nothing is proposed for this line.")


class ProposalOutdated(Conflict):
    code = "proposal_outdated"
    message = _("Something was paid or matched since. Look at the new proposal.")


class NotMatched(Conflict):
    code = "not_matched"
    message = _("This match was taken back already.")


class BadSplit(Invalid):
    code = "bad_split"
    message = _("The payment cannot be set against these items like this.")


class BadCashSettings(Invalid):
    code = "bad_cash_settings"
    message = _("Matching cannot be set like this.")


@dataclass(frozen=True)
class Share:
    """Part of a line for an item, in the item's sign, and what is given up with it (a discount, a small difference)."""

    item_id: UUID
    cash: Decimal
    difference: Decimal = Decimal(0)
    why: str = CashAllocation.Difference.NONE


@transaction.atomic
def confirm_proposal(*, line_id: UUID, on: date, actor: Actor) -> CashMatch:
    """Carry out what is proposed. The payer's account or name is learned. Raises UnknownLine, LineNotOpen,
    NothingProposed, ProposalOutdated.
    """
    line = _open_line(line_id)
    pieces = line.proposal.get("pieces") or []
    if not pieces:
        raise NothingProposed
    shares = [
        Share(
            UUID(piece["item"]),
            Decimal(piece["cash"]),
            Decimal(piece["difference"]),
            "" if piece["why"] == "EXACT" else piece["why"],
        )
        for piece in pieces
    ]
    try:
        return _accept(line, shares, on=on, actor=actor)
    except BadSplit as error:
        raise ProposalOutdated from error


@transaction.atomic
def split_line(*, line_id: UUID, shares: Sequence[Share], on: date, actor: Actor) -> CashMatch:
    """Set a line against items as a person says; what is left of it stays open. Raises UnknownLine, LineNotOpen, BadSplit."""
    return _accept(_open_line(line_id), shares, on=on, actor=actor)


def _accept(line: BankLine, shares: Sequence[Share], *, on: date, actor: Actor) -> CashMatch:
    items = {
        item.id: item
        for item in LedgerItem.objects.select_for_update(no_key=True)
        .filter(id__in=[share.item_id for share in shares], void_on=None)
        .order_by("id")
    }
    chased = chased_amounts(item_ids=list(items), on=date.max, scope=EVERYTHING)
    _check(line, shares, items, chased)
    paid = sum((share.cash for share in shares), Decimal(0))
    largest = max(shares, key=lambda share: abs(share.cash))
    match = CashMatch.objects.create(
        line=line,
        customer_id=items[largest.item_id].customer_id,
        state=CashMatch.State.ACCEPTED,
        amount=paid,
        currency=line.currency,
        confidence=line.confidence,
        proposal=line.proposal,
        on=on,
        decided_by_id=actor.member_id,
    )
    for share in shares:
        item = items[share.item_id]
        CashAllocation.objects.create(
            match=match,
            item=item,
            customer_id=item.customer_id,
            cash_amount=share.cash,
            difference_amount=share.difference,
            difference=share.why,
            currency=item.currency,
            leaves_amount=chased[item.id] - share.cash - share.difference,
            on=on,
            state_on=on,
        )
    line.remaining_amount -= paid
    line.state = BankLine.State.OPEN if line.remaining_amount else BankLine.State.MATCHED
    line.customer_id = match.customer_id
    line.said_by_id = actor.member_id
    line.proposal, line.confidence = {}, Decimal(0)
    _save(line, "remaining_amount", "state", "customer", "said_by", "proposal", "confidence")
    changes: dict[str, Sequence[Any]] = {
        "line": [None, line],
        "amount": [None, paid],
        "items": [None, [str(share.item_id) for share in shares]],
    }
    record(actor=actor, action="receivables.cash_matched", row=match, changes=changes)
    _learn(line, {item.customer_id for item in items.values()}, on=on, actor=actor)
    if line.remaining_amount:
        match_bank_lines(on=on, line_ids=[line.id])
    return match


def _check(
    line: BankLine, shares: Sequence[Share], items: Mapping[UUID, LedgerItem], chased: Mapping[UUID, Decimal]
) -> None:
    """Raises BadSplit where the shares are not parts of the line and of what is open."""
    if not shares or len({share.item_id for share in shares}) < len(shares):
        raise BadSplit(_("Name each item once."))
    paid = sum((share.cash for share in shares), Decimal(0))
    if paid * line.remaining_amount <= 0 or abs(paid) > abs(line.remaining_amount):
        raise BadSplit(_("More than is left of the payment."))
    for share in shares:
        item = items.get(share.item_id)
        if item is None or item.currency != line.currency:
            raise BadSplit(_("An item is of another currency, or is there no longer."))
        lowered = share.cash + share.difference
        if not share.cash or has_excess_decimals(share.cash, line.currency):
            raise BadSplit(_("An amount is 0 or has too many decimals."))
        if lowered * chased[item.id] <= 0 or abs(lowered) > abs(chased[item.id]):
            raise BadSplit(_("More than is open of %(number)s.") % {"number": item.number})


@transaction.atomic
def refuse_proposal(*, line_id: UUID, on: date, actor: Actor) -> CashMatch:
    """What is proposed is wrong: the same is not proposed again. Raises UnknownLine, LineNotOpen, NothingProposed."""
    line = _open_line(line_id)
    if not line.proposal.get("pieces"):
        raise NothingProposed
    match = CashMatch.objects.create(
        line=line,
        customer_id=line.customer_id,
        state=CashMatch.State.REFUSED,
        amount=line.remaining_amount,
        currency=line.currency,
        confidence=line.confidence,
        proposal=line.proposal,
        on=on,
        decided_by_id=actor.member_id,
    )
    record(actor=actor, action="receivables.cash_refused", row=match, changes={"line": [None, line]})
    match_bank_lines(on=on, line_ids=[line.id])
    return match


@transaction.atomic
def assign_line(*, line_id: UUID, customer_id: UUID | None, on: date, actor: Actor) -> BankLine:
    """Say whose payment it is (None: nobody knows), and match it anew. Raises UnknownLine, LineNotOpen, NotFound."""
    line = _open_line(line_id)
    if customer_id is not None and not Customer.objects.filter(id=customer_id).exists():
        raise NotFound
    values = {"customer_id": customer_id, "said_by_id": actor.member_id if customer_id else None}
    changes = changed(line, values)
    _save(line, "customer", "said_by")
    record(actor=actor, action="receivables.bank_line_assigned", row=line, changes=changes)
    match_bank_lines(on=on, line_ids=[line.id], actor=actor)
    line.refresh_from_db()
    return line


@transaction.atomic
def set_line_aside(*, line_id: UUID, reason: str, actor: Actor) -> BankLine:
    """It pays nothing here: a fee, a transfer between own accounts. Raises UnknownLine, LineNotOpen."""
    line = _open_line(line_id)
    changes = changed(line, {"state": BankLine.State.SET_ASIDE, "set_aside_reason": reason.strip()[:200]})
    _save(line, "state", "set_aside_reason")
    record(actor=actor, action="receivables.bank_line_set_aside", row=line, changes=changes)
    return line


@transaction.atomic
def take_line_up(*, line_id: UUID, on: date, actor: Actor) -> BankLine:
    """It is to be matched after all. Raises UnknownLine, LineNotOpen (it was not set aside)."""
    line = BankLine.objects.select_for_update().filter(id=line_id).first()
    if line is None:
        raise UnknownLine
    if line.state != BankLine.State.SET_ASIDE:
        raise LineNotOpen
    changes = changed(line, {"state": BankLine.State.OPEN, "set_aside_reason": ""})
    _save(line, "state", "set_aside_reason")
    record(actor=actor, action="receivables.bank_line_taken_up", row=line, changes=changes)
    match_bank_lines(on=on, line_ids=[line.id], actor=actor)
    return line


@transaction.atomic
def reverse_match(*, match_id: UUID, on: date, actor: Actor) -> CashMatch:
    """Take a match back: its items are chased again, its line waits again, and it is not made again by itself.

    Raises UnknownMatch, NotMatched.
    """
    match = CashMatch.objects.filter(id=match_id).first()
    if match is None or match.state == CashMatch.State.REFUSED:
        raise UnknownMatch
    line = BankLine.objects.select_for_update().get(id=match.line_id)
    match = CashMatch.objects.select_for_update().get(id=match_id)
    if match.state != CashMatch.State.ACCEPTED:
        raise NotMatched
    for allocation in match.allocations.select_for_update().order_by("item_id"):
        if allocation.state in UNCONFIRMED:
            lowered = allocation.cash_amount + allocation.difference_amount
            # What was expected of the books after later ones no longer holds: this one will not come.
            CashAllocation.objects.filter(
                item_id=allocation.item_id, state__in=UNCONFIRMED, id__gt=allocation.id
            ).update(leaves_amount=F("leaves_amount") + lowered, updated_at=Now())
        allocation.state, allocation.state_on = CashAllocation.State.REVERSED, on
        allocation.updated_at = Now()  # type: ignore[assignment]
        allocation.save(update_fields=["state", "state_on", "updated_at"])
    match.state, match.reversed_on, match.reversed_by_id = CashMatch.State.REVERSED, on, actor.member_id
    match.updated_at = Now()  # type: ignore[assignment]
    match.save(update_fields=["state", "reversed_on", "reversed_by", "updated_at"])
    record(actor=actor, action="receivables.cash_reversed", row=match, changes={"state": ["ACCEPTED", "REVERSED"]})
    line.remaining_amount += match.amount
    line.state = BankLine.State.OPEN
    _save(line, "remaining_amount", "state")
    match_bank_lines(on=on, line_ids=[line.id])
    return match


@transaction.atomic
def mark_exported(*, allocation_ids: Iterable[UUID], on: date, actor: Actor) -> int:
    """They were sent to the books: how many were not before."""
    rows = list(
        CashAllocation.objects.select_for_update().filter(
            id__in=list(allocation_ids), state=CashAllocation.State.PROPOSED
        )
    )
    for row in rows:
        row.state, row.state_on = CashAllocation.State.EXPORTED, on
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=["state", "state_on", "updated_at"])
        record(actor=actor, action="receivables.cash_exported", row=row, changes={"state": ["PROPOSED", "EXPORTED"]})
    return len(rows)


@transaction.atomic
def revoke_payer(*, payer_id: UUID, on: date, actor: Actor) -> KnownPayer:
    """An account or name is no longer taken for this customer's. Raises NotFound."""
    payer = KnownPayer.objects.select_for_update().filter(id=payer_id, revoked_on=None).first()
    if payer is None:
        raise NotFound
    payer.revoked_on, payer.revoked_by_id = on, actor.member_id
    payer.updated_at = Now()  # type: ignore[assignment]
    payer.save(update_fields=["revoked_on", "revoked_by", "updated_at"])
    record(actor=actor, action="receivables.payer_revoked", row=payer, changes={"revoked_on": [None, on]})
    return payer


@transaction.atomic
def set_cash_settings(*, actor: Actor, **values: Any) -> CashSettings:
    """Change how the organisation matches, from the next run on. Raises BadCashSettings."""
    if not 0 <= values.get("threshold", Decimal(0)) <= 1 or any(
        values.get(name, 0) < 0 for name in ("tolerance_amount", "tolerance_pct")
    ):
        raise BadCashSettings
    row = CashSettings.objects.select_for_update().first()
    if row is None:
        row = CashSettings.objects.create(**values)
        changes: dict[str, list[Any]] = {name: [None, value] for name, value in values.items()}
    else:
        changes = changed(row, values)
        row.updated_at = Now()  # type: ignore[assignment]
        row.save(update_fields=[*values, "updated_at"])
    record(actor=actor, action="receivables.cash_settings_changed", row=row, changes=changes)
    return row


def _learn(line: BankLine, customers: set[UUID], *, on: date, actor: Actor) -> None:
    """Who confirms whose a payment is says whose the account is, or the name where the bank gives no account.

    Not of payments for several customers, nor for automatic matches: those follow from what is known already.
    """
    if len(customers) != 1 or actor.member_id is None:
        return
    (customer_id,) = customers
    kind, value = KnownPayer.Kind.IBAN, line.payer_iban
    if not value:
        kind, value = KnownPayer.Kind.NAME, name_key(line.payer_name)[:200]
    if not value:
        return
    payer, is_new = KnownPayer.objects.get_or_create(
        kind=kind,
        value=value,
        customer_id=customer_id,
        revoked_on=None,
        defaults={"confirmed_by_id": actor.member_id, "confirmed_on": on},
    )
    if is_new:
        record(actor=actor, action="receivables.payer_learned", row=payer, changes={"kind": [None, kind]})


def _open_line(line_id: UUID) -> BankLine:
    line = BankLine.objects.select_for_update().filter(id=line_id).first()
    if line is None:
        raise UnknownLine
    if line.state != BankLine.State.OPEN:
        raise LineNotOpen
    return line


def _save(line: BankLine, *names: str) -> None:
    line.updated_at = Now()  # type: ignore[assignment]
    line.save(update_fields=[*names, "updated_at"])
    line.refresh_from_db(fields=["updated_at"])
