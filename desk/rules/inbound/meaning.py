"""What a reply may mean: a promise to pay, a dispute, a payment made or announced, another person. Only proposals.

Sentence by sentence: the words of a statement, and nothing in the sentence that turns it into its opposite, a condition
or a question. Each proposal keeps the sentence that says so; a person accepts or dismisses it. Nothing here is certain,
so nothing is guessed either: without a day there is no promise. Docs: docs/rules/replies.md.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from desk.rules.inbound.amounts import amounts_in
from desk.rules.inbound.contest_words import HARMLESS, IN_CASE, MORE_CONTESTS, WHY
from desk.rules.inbound.days import day_places
from desk.rules.inbound.promise_words import LOOKS_ALIKE, PLANS
from desk.rules.inbound.words import (
    AGREES,
    ANOTHER_PERSON,
    CONDITION,
    CONTESTS,
    HAS_PAID,
    NOT,
    OTHERS,
    PAPER_MISSING,
    WILL_PAY,
)

# A promise further away is hardly one.
LONGEST = timedelta(days=366)
MOST_SENTENCES, LONGEST_SENTENCE, MOST_PROMISES = 60, 600, 4
_GREETING = re.compile(
    r"^(?:bonjour|bonsoir|hello|hi|dear|hallo|guten (?:tag|morgen)|sehr geehrte|madame|monsieur|liebe[rs]?)\b[^,.!\n]{0,60}[,.!]?$",
    re.I,
)
_BREAK = re.compile(r"(?<=[.!?…])[ \t]+(?=[\"«“(A-ZÀ-ÖØ-Þ0-9])")
_SHORT_WORD = re.compile(r"(?:^|[\s(])(?:\d{1,2}|[A-Za-zÀ-ÿ]{1,3})\.$")
_CLAUSE = re.compile(
    r"[;:]|,? (?:mais|but|aber|however|cependant|toutefois|jedoch|par contre|en revanche|dagegen)\b|, (?=(?:nous|je|we|i|wir|ich|le|the|die|der|il|it|es)\b)",
    re.I,
)
_RANGE = re.compile(r"\b(?:entre|between|zwischen|du \d|from \d|vom \d|von \d)", re.I)


class Kind(StrEnum):
    """What is proposed: to record a promise or a dispute, to wait for a payment, to look for another person."""

    PROMISE = "PROMISE"
    DISPUTE = "DISPUTE"
    PAYMENT = "PAYMENT"
    OTHER_PERSON = "OTHER_PERSON"


@dataclass(frozen=True)
class Proposal:
    """What a sentence may mean. `due` and `amount` of a promise, as far as said; `reason`: a code of disputes, or ""."""

    kind: Kind
    sentence: str
    due: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""


def proposals_in(text: str, *, on: date) -> list[Proposal]:
    """What the new words of a mail of the day `on` may mean, in their order: of each kind one, of promises a few."""
    found: list[Proposal] = []
    for sentence in sentences(text)[:MOST_SENTENCES]:
        for proposal in _said(sentence, on):
            same = [one for one in found if one.kind == proposal.kind]
            if proposal.kind is Kind.PROMISE:
                if len(same) < MOST_PROMISES and (proposal.due, proposal.amount) not in [
                    (p.due, p.amount) for p in same
                ]:
                    found.append(proposal)
            elif not same:
                found.append(proposal)
            elif proposal.reason and not same[0].reason:
                found[found.index(same[0])] = proposal
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text whose lines may be broken anywhere. "am 15. März" and "M. Leroy" do not end one."""
    out: list[str] = []
    for paragraph in re.split(
        r"\n[ \t]*\n|\n(?=[ \t]*[-*•])", text.replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ")
    ):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        joined: list[str] = []
        for line in lines:
            goes_on = joined and not re.search(r"[.!?:,]$", joined[-1]) and len(joined[-1]) > 40
            if joined and (goes_on or re.match(r"[a-zà-ÿ(0-9]", line)) and not _GREETING.match(joined[-1]):
                joined[-1] = f"{joined[-1]} {line}"
            else:
                joined.append(line)
        for block in joined:
            start = 0
            for place in _BREAK.finditer(block):
                if not _SHORT_WORD.search(block[start : place.start()]):
                    out.append(block[start : place.start()])
                    start = place.end()
            out.append(block[start:])
    return [one.strip()[:LONGEST_SENTENCE] for one in out if one.strip() and not _GREETING.match(one.strip())]


def _said(sentence: str, on: date) -> list[Proposal]:
    plain = sentence.lower()
    found = []
    reason = _contested(plain)
    if reason is not None:
        found.append(Proposal(Kind.DISPUTE, sentence, reason=reason))
    if not plain.endswith("?") and not CONDITION.search(plain) and not OTHERS.search(plain):
        found += _paid_or_promised(sentence, plain, on, is_contested=reason is not None)
    if ANOTHER_PERSON.search(plain):
        found.append(Proposal(Kind.OTHER_PERSON, sentence))
    return found


def _contested(plain: str) -> str | None:
    """The code of the reason, "" where none is said; None: nothing is contested."""
    if AGREES.search(plain):
        return None
    for reason, words in CONTESTS:
        if words.search(plain) and not (reason == "NOT_RECEIVED" and PAPER_MISSING.search(plain)):
            return reason
    asks = plain.endswith("?") and not WHY.search(plain)
    if asks or HARMLESS.search(plain) or IN_CASE.search(plain) or PAPER_MISSING.search(plain) or OTHERS.search(plain):
        return None
    return next((reason for reason, words in MORE_CONTESTS if words.search(plain)), None)


def _paid_or_promised(sentence: str, plain: str, on: date, *, is_contested: bool) -> list[Proposal]:
    is_plain = not is_contested and not LOOKS_ALIKE.search(plain)
    for start, clause in _clauses(plain):
        if NOT.search(clause):
            continue
        has_paid = HAS_PAID.search(clause)
        will = WILL_PAY.search(clause) or (is_plain and PLANS.search(clause))
        due = _day(plain, start + will.start(), on) if will else None
        if will and due and (due > on or not has_paid):
            amount, currency = next(iter(amounts_in(sentence)), (None, ""))
            return [Proposal(Kind.PROMISE, sentence, due, amount, currency)]
        if has_paid and not is_contested:
            return [Proposal(Kind.PAYMENT, sentence)]
    return []


def _clauses(plain: str) -> list[tuple[int, str]]:
    """(place, text) of the parts of a sentence that say something each for itself."""
    out, start = [], 0
    for place in _CLAUSE.finditer(plain):
        out.append((start, plain[start : place.start()]))
        start = place.end()
    out.append((start, plain[start:]))
    return out


def _day(plain: str, verb: int, on: date) -> date | None:
    """The day by which is paid: the first one named behind the verb, else the last before it, none in the past.

    Of a span ("between the 10th and the 15th") its end.
    """
    places = [(start, day) for start, _end, day in day_places(plain, on=on) if on <= day <= on + LONGEST]
    behind = [day for start, day in places if start >= verb]
    if not behind:
        return places[-1][1] if places else None
    return behind[1] if len(behind) > 1 and _RANGE.search(plain) else behind[0]
