"""Weigh what is known of a line and propose what it pays. Deterministic: the same facts give the same proposals.

First what a line names; then, for a payer who is known, what adds up; last, an amount that only one item has.
How sure each is: docs/rules/cash-application.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from core.text import Phrase
from receivables.rules.matching import reasons
from receivables.rules.matching.book import Book
from receivables.rules.matching.facts import ZERO, Fit, Found, Line, OpenItem, Piece, Policy, Proposal, cash_of
from receivables.rules.matching.payers import WORTH, Payers, Sure
from receivables.rules.matching.sums import Sum, Way, sums, units

WORTH_FOUND: Mapping[Found, Decimal] = {
    Found.STRUCTURED: Decimal("0.99"),
    Found.NUMBER: Decimal("0.97"),
    Found.SHORT_NUMBER: Decimal("0.70"),
}
# Short numbers and ends of numbers, of a customer who is known otherwise, and whose sum is the amount.
SHORT_OF_PAYER = Decimal("0.95")
AMOUNT_ALONE = Decimal("0.60")
ON_ACCOUNT = Decimal("0.40")
_LOSS: Mapping[Fit, Decimal] = {
    Fit.EXACT: ZERO,
    Fit.DISCOUNT: Decimal("0.02"),
    Fit.TOLERANCE: Decimal("0.03"),
    Fit.PARTIAL: Decimal("0.05"),
    Fit.OVERPAID: Decimal("0.30"),
}
_LOSS_OF_WAY: Mapping[Way, Decimal] = {
    Way.ONE: ZERO,
    Way.ALL: ZERO,
    Way.OLDEST: Decimal("0.01"),
    Way.SOME: Decimal("0.02"),
    Way.BUT_ONE: Decimal("0.08"),
}
SOME_OF_NAMED = Decimal("0.03")
CREDITS_NOT_NAMED = Decimal("0.03")
TOLERANCE_UNNAMED = Decimal("0.12")
OTHER_PAYER = Decimal("0.12")
OTHER_NAME = Decimal("0.08")
# Nothing tells one find from another.
UNDECIDED = Decimal("0.35")
PARTIAL_UNKNOWN_PAYER = Decimal("0.15")
# Among what is named, a sum that chance would make more often than this says nothing.
UNLIKELY = Decimal("0.25")
_LEAST = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Case:
    """A line with what it names and who may have paid it. `sign`: of the line; items count in it, as positive."""

    line: Line
    book: Book
    payers: Mapping[str, Sure]
    policy: Policy

    @property
    def sign(self) -> int:
        return 1 if self.line.amount > 0 else -1

    @property
    def paid(self) -> Decimal:
        return abs(self.line.amount)

    def open(self, item: OpenItem) -> Decimal:
        return self.book.open(item.ref) * self.sign

    def total(self, items: Iterable[OpenItem]) -> Decimal:
        return sum((self.open(item) for item in items), ZERO)


def match_lines(
    lines: Iterable[Line],
    *,
    book: Book,
    payers: Payers,
    policy: Policy,
    refused: Collection[tuple[str, frozenset[str]]] = (),
) -> list[Proposal]:
    """A proposal for each line, by day; what is automatic is taken from the book, what is suggested is not.

    What a line names comes before what another merely adds up to, on whichever day. `refused`: (line, items) that a
    person has turned down; the same is not proposed again.
    """
    ordered = sorted(lines, key=lambda line: (line.on, line.ref))
    done: dict[str, Proposal] = {}
    for line in ordered:
        found = _by_number(_Case(line, book, payers.of_line(line), policy))
        if found is not None and found.automatic and (line.ref, found.items) not in refused:
            book.take(found.pieces)
            done[line.ref] = found
    for line in ordered:
        if line.ref not in done:
            found = match_line(line, book=book, payers=payers, policy=policy)
            if found.pieces and (line.ref, found.items) in refused:
                found = _nothing(line, [Phrase(reasons.REFUSED)], customers=found.customers)
            if found.automatic:
                book.take(found.pieces)
            done[line.ref] = found
    return [done[line.ref] for line in ordered]


def match_line(line: Line, *, book: Book, payers: Payers, policy: Policy) -> Proposal:
    """What a line pays, as far as is known. Takes nothing from the book."""
    if not line.amount:
        return _nothing(line, [Phrase(reasons.NO_AMOUNT)])
    case = _Case(line, book, payers.of_line(line), policy)
    found = [one for one in (_by_number(case), _by_payer(case), _by_amount(case)) if one is not None]
    if not found:
        return _nothing(line, _why_not(case), customers=tuple(sorted(case.payers)))
    return max(found, key=lambda one: one.confidence)


# --- by what it names -------------------------------------------------------------------------------------------------


def _by_number(case: _Case) -> Proposal | None:
    if not case.line.amount:
        return None
    named = {
        case.book.items[ref]: how
        for ref, how in case.book.named(case.line).items()
        if case.book.items[ref].currency == case.line.currency
        and case.book.open(ref)
        and (not case.line.customer or case.book.items[ref].customer == case.line.customer)
    }
    clear = [item for item, how in named.items() if how is not Found.SHORT_NUMBER]
    owners = {item.customer for item in clear}
    sets: list[tuple[list[OpenItem], Found, Decimal]] = []
    if clear:
        structured = [item for item in clear if named[item] is Found.STRUCTURED]
        if structured:
            sets.append((structured, Found.STRUCTURED, WORTH_FOUND[Found.STRUCTURED]))
        sets.append((clear, Found.NUMBER, WORTH_FOUND[Found.NUMBER]))
    known = sorted(owners | set(case.payers))
    if known and len(known) <= 5:
        ends = [case.book.items[ref] for ref in case.book.ending(case.line, known)]
        wider = list(dict.fromkeys([*clear, *(item for item in named if item.customer in known), *ends]))
        if len(wider) > len(clear):
            sets.append((wider, Found.SHORT_NUMBER, SHORT_OF_PAYER))
    if named and not clear and not case.payers:
        sets.append((list(named), Found.SHORT_NUMBER, WORTH_FOUND[Found.SHORT_NUMBER]))
    found = [proposal for one in sets if (proposal := _of_set(case, *one)) is not None]
    return max(found, key=lambda one: one.confidence) if found else None


def _of_set(case: _Case, items: list[OpenItem], how: Found, worth: Decimal) -> Proposal | None:
    """What the line pays of the items that it names, `how`."""
    items = sorted(_without_namesakes(case, items), key=lambda item: (item.due_date, item.number, item.ref))
    namesakes = len({item.customer for item in items}) > len({item.number for item in items})
    against: list[Phrase] = [Phrase(reasons.SAME_NUMBER)] if namesakes else []
    worth -= UNDECIDED if namesakes else ZERO
    strangers = not {item.customer for item in items} & set(case.payers)
    if case.payers and strangers:
        against.append(Phrase(reasons.OTHER_PAYER))
        worth -= OTHER_NAME if min(case.payers.values()) is Sure.PART else OTHER_PAYER
    attempts = (_exactly, _some_of_them, _less_credits)
    for attempt in attempts:
        if (hit := attempt(case, items)) is not None:
            paid, loss, words = hit
            said = _says(how, [item for item in paid if item in items])
            return _proposal(case, _whole(case, paid), how, worth - loss, [said, *words, *against])
    if how is Found.SHORT_NUMBER:
        return None  # too little to go by when the amount does not agree
    if (deducted := _deducted(case, items)) is not None:
        pieces, fit, word = deducted
        return _proposal(case, pieces, how, worth - _LOSS[fit], [_says(how, items), word, *against], fit)
    debts = [item for item in items if case.open(item) > 0]
    total = case.total(debts)
    if not debts:
        return None
    if case.paid < total:
        stranger = not {item.customer for item in debts} & set(case.payers)
        worth -= (
            _LOSS[Fit.PARTIAL] + (PARTIAL_UNKNOWN_PAYER if stranger else ZERO) + (UNDECIDED if len(debts) > 1 else ZERO)
        )
        word = reasons.phrase(reasons.PARTIAL, amount=total - case.paid)
        against += [Phrase(reasons.NO_PAYER)] if stranger else []
        return _proposal(case, _in_order(case, debts), how, worth, [_says(how, debts), word, *against], Fit.PARTIAL)
    word = reasons.phrase(reasons.OVERPAID, amount=case.paid - total)
    pieces = _whole(case, debts)
    return _proposal(case, pieces, how, worth - _LOSS[Fit.OVERPAID], [_says(how, debts), word, *against], Fit.OVERPAID)


_Hit = tuple[list[OpenItem], Decimal, list[Phrase]]


def _exactly(case: _Case, items: list[OpenItem]) -> _Hit | None:
    return (items, ZERO, [Phrase(reasons.EXACT)]) if case.total(items) == case.paid else None


def _some_of_them(case: _Case, items: list[OpenItem]) -> _Hit | None:
    """More was found than is meant: a date, a telephone number. Exactly one sum of them is the amount."""
    if not 1 < len(items) <= 12:
        return None
    hits = sums([units(case.open(item)) for item in items], units(case.paid))
    if len(hits) != 1 or hits[0].chance > UNLIKELY:
        return None
    return [items[place] for place in hits[0].places], SOME_OF_NAMED + hits[0].chance, [Phrase(reasons.EXACT)]


def _less_credits(case: _Case, items: list[OpenItem]) -> _Hit | None:
    """The customer took credits off that it does not name."""
    owners = {item.customer for item in items}
    over = case.total(items) - case.paid
    if over <= 0 or len(owners) != 1:
        return None
    (owner,) = owners
    credits = [
        item
        for item in case.book.of_customer(owner, case.line.currency, by=case.line.on)
        if case.open(item) < 0 and item not in items
    ]
    hits = sums([-units(case.open(item)) for item in credits], units(over))
    if len(hits) != 1 or hits[0].chance > UNLIKELY:
        return None
    taken = [credits[place] for place in hits[0].places]
    word = reasons.phrase(reasons.WITH_CREDITS, **reasons.listed([item.number for item in taken]))
    return [*items, *taken], CREDITS_NOT_NAMED + hits[0].chance, [word]


def _deducted(case: _Case, items: list[OpenItem]) -> tuple[list[Piece], Fit, Phrase] | None:
    """All of the items, less a discount that is offered, or less (or more than) a difference that is tolerated."""
    total = case.total(items)
    short = total - case.paid
    if short > 0:
        discounts = {item.ref: _discount(case, item) for item in items}
        if sum(discounts.values(), ZERO) == short:
            word = reasons.phrase(reasons.DISCOUNT, amount=short)
            return (
                [_piece(case, item, less=discounts[item.ref], why=Fit.DISCOUNT) for item in items],
                Fit.DISCOUNT,
                word,
            )
    allowed = min(case.policy.tolerance, total * case.policy.tolerance_pct / 100)
    if short == 0 or abs(short) > allowed:
        return None
    word = reasons.phrase(reasons.TOLERANCE, amount=abs(short))
    if short < 0:
        return _whole(case, items), Fit.TOLERANCE, word
    largest = max(items, key=case.open)
    pieces = [_piece(case, item, less=short if item is largest else ZERO, why=Fit.TOLERANCE) for item in items]
    return pieces, Fit.TOLERANCE, word


def _discount(case: _Case, item: OpenItem) -> Decimal:
    """What may be deducted of a whole item on the line's day."""
    last = timedelta(days=case.policy.grace_days)
    offers = [offer.amount * case.sign for offer in item.offers if case.line.on <= offer.until + last]
    return min((one for one in (*offers, ZERO) if one >= 0), key=lambda one: -one)


# --- by who paid ------------------------------------------------------------------------------------------------------


def _by_payer(case: _Case) -> Proposal | None:
    found: list[Proposal] = []
    for customer, sure in sorted(case.payers.items())[:5]:
        items = _without_pairs(case, case.book.of_customer(customer, case.line.currency, by=case.line.on))
        if items and (proposal := _of_customer(case, items, WORTH[sure], Phrase(reasons.PAYER[sure]))) is not None:
            found.append(proposal)
    exact = [one for one in found if one.fit is not Fit.PARTIAL and one.fit is not Fit.OVERPAID]
    if len(case.payers) > 1 and not exact and (shared := _shared(case)) is not None:
        return shared
    best = max(exact or found, key=lambda one: one.confidence, default=None)
    if best is None or len(case.payers) == 1:
        return best
    if len(exact) == 1:
        return _surer(case, best, -Decimal("0.05"))
    word = reasons.phrase(reasons.OTHER_CUSTOMERS, n=len(exact) or len(case.payers))
    return replace(_surer(case, best, -UNDECIDED), reasons=(*best.reasons, word))


def _without_pairs(case: _Case, items: list[OpenItem]) -> list[OpenItem]:
    """The items without those that cancel each other: an invoice and the credit note that takes all of it back."""
    credits = Counter(-case.open(item) for item in items if case.open(item) < 0)
    cancelled = credits & Counter(case.open(item) for item in items if case.open(item) > 0)
    left = {amount: [count, count] for amount, count in cancelled.items()}
    kept = []
    for item in items:
        pair = left.get(abs(case.open(item)))
        if pair is not None and pair[case.open(item) > 0]:
            pair[case.open(item) > 0] -= 1
        else:
            kept.append(item)
    return kept


def _of_customer(case: _Case, items: list[OpenItem], worth: Decimal, who: Phrase) -> Proposal | None:
    hits = sums([units(case.open(item)) for item in items], units(case.paid))
    if hits:
        first = hits[0]
        ones = [hit for hit in hits if hit.way is Way.ONE]
        against: list[Phrase] = []
        worth = (worth - _LOSS_OF_WAY[first.way]) / (1 + first.chance)
        if first.chance > Decimal("0.02"):
            against.append(Phrase(reasons.CHANCE))
        if len(ones) > 1:
            worth -= UNDECIDED
            against.append(reasons.phrase(reasons.EQUALS, n=len(ones)))
        elif len(hits) > 1:
            worth -= UNDECIDED if first.way is not Way.ONE else Decimal("0.04")
            against.append(Phrase(reasons.OTHER_SUMS))
        paid = [items[place] for place in first.places]
        words = [who, _way_in_words(first, of=len(items)), *against]
        return _proposal(case, _whole(case, paid), Found.PAYER, worth, words)
    for item in items:
        less = _discount(case, item)
        if less and case.open(item) - less == case.paid:
            piece = _piece(case, item, less=less, why=Fit.DISCOUNT)
            words = [who, reasons.phrase(reasons.DISCOUNT, amount=less)]
            return _proposal(case, [piece], Found.PAYER, worth - _LOSS[Fit.DISCOUNT], words, Fit.DISCOUNT)
    close = [item for item in items if abs(case.open(item) - case.paid) <= case.policy.tolerance]
    near = [one for item in close if (one := _deducted(case, [item])) is not None]
    if len(near) == 1:
        pieces, fit, word = near[0]
        return _proposal(case, pieces, Found.PAYER, worth - TOLERANCE_UNNAMED, [who, word], fit)
    return _on_account(case, items, who)


def _on_account(case: _Case, items: list[OpenItem], who: Phrase) -> Proposal | None:
    """Who paid is known, what for is not: the oldest first, for a person to look at."""
    debts = [item for item in items if case.open(item) > 0]
    if not debts:
        return None
    rest = case.paid - case.total(debts)
    fit = Fit.OVERPAID if rest > 0 else Fit.PARTIAL
    words = [who, Phrase(reasons.OLDEST_FIRST)]
    if rest > 0:
        words.append(reasons.phrase(reasons.OVERPAID, amount=rest))
    return _proposal(case, _in_order(case, debts), Found.PAYER, ON_ACCOUNT, words, fit)


def _shared(case: _Case) -> Proposal | None:
    """Who pays for several customers, and paid all that they owe."""
    if len(case.payers) > 5:
        return None
    items = [
        item
        for customer in sorted(case.payers)
        for item in case.book.of_customer(customer, case.line.currency, by=case.line.on)
    ]
    if len({item.customer for item in items}) < 2 or case.total(items) != case.paid:
        return None
    sure = min(case.payers.values())
    words = [Phrase(reasons.PAYER[sure]), Phrase(reasons.ALL)]
    return _proposal(case, _whole(case, items), Found.PAYER, WORTH[sure] - Decimal("0.02"), words)


# --- by the amount alone ----------------------------------------------------------------------------------------------


def _by_amount(case: _Case) -> Proposal | None:
    if case.payers or case.book.named(case.line):
        return None
    items = case.book.of_amount(case.line.amount, case.line.currency, by=case.line.on)
    if len(items) != 1:
        return None
    chance = Decimal(case.book.count(case.line.currency)) / max(1, units(case.paid) // 50)
    worth = AMOUNT_ALONE / (1 + chance)
    return _proposal(case, _whole(case, items), Found.AMOUNT, worth, [Phrase(reasons.ONE), Phrase(reasons.NO_PAYER)])


def _why_not(case: _Case) -> list[Phrase]:
    """Why nothing is proposed."""
    items = [case.book.items[ref] for ref in case.book.named(case.line)]
    words = []
    if foreign := [item.number for item in items if item.currency != case.line.currency]:
        words.append(reasons.phrase(reasons.OTHER_CURRENCY, **reasons.listed(foreign)))
    if settled := [item.number for item in items if not case.book.open(item.ref)]:
        words.append(reasons.phrase(reasons.SETTLED, **reasons.listed(settled)))
    if case.line.amount < 0:
        words.append(Phrase(reasons.MONEY_OUT))
    if case.payers and not words:
        words.append(Phrase(reasons.NOTHING_OPEN))
    if not words:
        equals = case.book.of_amount(case.line.amount, case.line.currency, by=case.line.on)
        words.append(Phrase(reasons.UNKNOWN_PAYER))
        if len(equals) > 1:
            words.append(reasons.phrase(reasons.EQUALS, n=len(equals)))
    return words


# --- the proposal -----------------------------------------------------------------------------------------------------


def _proposal(
    case: _Case, pieces: Sequence[Piece], how: Found, worth: Decimal, words: Sequence[Phrase], fit: Fit = Fit.EXACT
) -> Proposal:
    customers = tuple(sorted({piece.customer for piece in pieces}))
    said = list(words)
    if len(customers) > 1:
        said.insert(1, reasons.phrase(reasons.SEVERAL_CUSTOMERS, n=len(customers)))
    left = case.line.amount - cash_of(pieces)
    out = Proposal(case.line.ref, tuple(pieces), left, ZERO, fit, how, tuple(said), customers)
    return _surer(case, out, worth)


def _surer(case: _Case, proposal: Proposal, by: Decimal) -> Proposal:
    """The proposal, surer by so much; below 0 less sure. What is paid too much is never automatic."""
    sure = min(max(proposal.confidence + by, _LEAST), Decimal("0.99")).quantize(Decimal("0.001"))
    return replace(
        proposal, confidence=sure, automatic=sure >= case.policy.threshold and proposal.fit is not Fit.OVERPAID
    )


def _nothing(line: Line, words: Sequence[Phrase], *, customers: tuple[str, ...] = ()) -> Proposal:
    return Proposal(line.ref, (), line.amount, ZERO, Fit.NONE, Found.NOTHING, tuple(words), customers)


def _piece(case: _Case, item: OpenItem, *, less: Decimal = ZERO, why: Fit = Fit.EXACT) -> Piece:
    """A whole item, paid `less` so much."""
    cash = case.open(item) - less
    return Piece(item.ref, item.customer, cash * case.sign, less * case.sign, why if less else Fit.EXACT)


def _whole(case: _Case, items: Iterable[OpenItem]) -> list[Piece]:
    return [_piece(case, item) for item in items]


def _in_order(case: _Case, items: Iterable[OpenItem]) -> list[Piece]:
    """What the payment covers of the items, in their order."""
    pieces, left = [], case.paid
    for item in items:
        part = min(left, case.open(item))
        if part > 0:
            pieces.append(Piece(item.ref, item.customer, part * case.sign))
            left -= part
    return pieces


def _without_namesakes(case: _Case, items: list[OpenItem]) -> list[OpenItem]:
    """Of items of one number at several customers, those of who paid, where that is known."""
    if not case.payers or len({item.customer for item in items}) == len({item.number for item in items}):
        return items
    owners: dict[str, set[str]] = {}
    for item in items:
        owners.setdefault(item.number, set()).add(item.customer)
    return [
        item
        for item in items
        if len(owners[item.number]) == 1 or item.customer in case.payers or not owners[item.number] & set(case.payers)
    ]


def _says(how: Found, items: Sequence[OpenItem]) -> Phrase:
    texts = {
        Found.STRUCTURED: reasons.STRUCTURED,
        Found.NUMBER: reasons.NUMBERS,
        Found.SHORT_NUMBER: reasons.SHORT_NUMBERS,
    }
    return reasons.phrase(texts[how], **reasons.listed(list(dict.fromkeys(item.number for item in items))))


def _way_in_words(one: Sum, *, of: int) -> Phrase:
    if one.way is Way.ALL:
        return Phrase(reasons.ALL)
    if one.way is Way.OLDEST:
        return reasons.phrase(reasons.OLDEST, n=len(one.places))
    if one.way is Way.BUT_ONE:
        return Phrase(reasons.BUT_ONE)
    return Phrase(reasons.ONE) if one.way is Way.ONE else reasons.phrase(reasons.SOME, n=len(one.places), of=of)
