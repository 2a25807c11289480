"""Payment terms in writing: "NET 30", "45 jours fin de mois", "2/10 NET 30", "30% CIA, REST NET 60".

`parse` reads what people and ERPs write in English, French and German; `code` writes each term in one way,
which `parse` reads back to an equal term, so the code is how a term is stored and sent.
Source: docs/rules/payment-terms.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from core.money import Money, amount_text, is_currency
from core.text import Phrase, gettext_noop
from receivables.rules.terms import (
    CASH_IN_ADVANCE,
    CASH_ON_DELIVERY,
    CountsFrom,
    Days,
    Due,
    EarlyDiscount,
    EndOfMonth,
    Fixed,
    Months,
    OnDay,
    Part,
    PaymentTerm,
    PctOfRemainder,
    PctOfTotal,
    Remainder,
    Share,
    Step,
)
from receivables.rules.terms_words import UnknownTerms, not_understood, symbols

__all__ = ["UnknownTerms", "code", "parse"]

_MOST_DAYS, _MOST_MONTHS = 999, 99
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def parse(text: str) -> PaymentTerm:
    """Read a payment term.

    Capitals, accents, spaces and full stops do not matter. "n EOM" (n days, then the month's end) and
    "EOM + n" (the month's end, then n days) are two terms. Percentages that sum to 100, or "rest", make
    instalments; other percentages are discounts. A bare number, or a discount beside plain "EOM", is
    refused: each could be meant in two ways. Raises UnknownTerms.
    """
    reader = _Reader(text)
    try:
        discounts = reader.take_discounts()
        parts = reader.take_parts() if reader.has_instalments else [Part(reader.take_due())]
        discounts += reader.take_discounts()
        reader.require_end()
        term = PaymentTerm(tuple(parts), tuple(sorted(discounts, key=lambda offer: offer.within_days)))
    except UnknownTerms:
        raise
    except ValueError as wrong:  # what the term's own parts refuse: 110 %, a 32nd of the month
        raise not_understood(text) from wrong
    if discounts and parts == [Part(Due((EndOfMonth(),)))]:
        reason = gettext_noop("“%(text)s” does not say whether the discount's days count from the month's end.")
        raise UnknownTerms(Phrase(reason, {"text": text}))
    return term


def code(term: PaymentTerm) -> str:
    """Write a payment term in the one way that `parse` reads back to an equal term."""
    words = [f"{_plain(offer.pct)}/{offer.within_days}" for offer in term.discounts]
    if len(term.parts) == 1:
        return " ".join([*words, _due_code(term.parts[0].due)])
    parts = (f"{_share_code(part.share)} {_due_code(part.due)}" for part in term.parts)
    return " ".join([*words, ", ".join(parts)])


def _due_code(due: Due) -> str:
    if due == CASH_IN_ADVANCE:
        return "CIA"
    if due == CASH_ON_DELIVERY:
        return "COD"
    match due.steps:
        case ():
            written = "NET 0"
        case (Days(n),):
            written = f"NET {n}"
        case (EndOfMonth(), Days(n)):
            written = f"EOM+{n}"
        case (Days(n), EndOfMonth()):
            written = f"{n} EOM"
        case (Days(n), EndOfMonth(), Days(k)):
            written = f"{n} EOM {k}"
        case steps:
            written = " ".join(_step_code(step) for step in steps)
    return written if due.counts_from is CountsFrom.DOCUMENT else f"{written} FROM DELIVERY"


def _step_code(step: Step) -> str:
    match step:
        case Days(n):
            return f"{n}D"
        case Months(n):
            return f"{n}M"
        case OnDay(day):
            return f"D{day}"
        case EndOfMonth():
            return "EOM"


def _share_code(share: Share) -> str:
    match share:
        case PctOfTotal(pct):
            return f"{_plain(pct)}%"
        case PctOfRemainder(pct):
            return f"{_plain(pct)}% REST"
        case Fixed(money):
            return f"{amount_text(money.amount, money.currency)} {money.currency}"
        case Remainder():
            return "REST"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


class _Reader:
    """The symbols of a text and a place in them. What is taken moves the place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.symbols = symbols(text)
        self.place = 0
        # Percentages are shares where they sum to 100 or one part is "the rest"; else they are discounts.
        pairs = pairwise(self.symbols)
        shares = [Decimal(number) for number, sign in pairs if sign == "%" and _NUMBER.fullmatch(number)]
        self.has_instalments = "rest" in self.symbols or sum(shares) == 100

    def ahead(self, n: int = 0) -> str:
        """The n-th symbol from here, or nothing."""
        return self.symbols[self.place + n] if self.place + n < len(self.symbols) else ""

    def take(self, symbol: str) -> bool:
        """Take this symbol if it comes next."""
        if self.ahead() != symbol:
            return False
        self.place += 1
        return True

    def take_whole(self, most: int) -> int:
        """Take a whole number of at most so much."""
        number = self.ahead()
        if not number.isdecimal() or len(number) > 3 or int(number) > most:
            raise not_understood(self.text)
        self.place += 1
        return int(number)

    def require_end(self) -> None:
        if self.ahead():
            raise not_understood(self.text)

    def take_discounts(self) -> list[EarlyDiscount]:
        """Take all of "2/10", "2% 10", "2% 10 days" and "10 days 2%" that come next."""
        discounts = []
        while self._at_discount():
            days_first = self.ahead(1) == "d"
            if days_first:
                days = self.take_whole(_MOST_DAYS)
                self.take("d")
            pct = self.ahead()
            self.place += 1
            self.take("%")
            self.take("/")
            if not days_first:
                days = self.take_whole(_MOST_DAYS)
                self.take("d")
            discounts.append(EarlyDiscount(Decimal(pct), days))
        return discounts

    def take_parts(self) -> list[Part]:
        """Take shares with their due dates to the end. Shares that sum to 100 %: the last takes the rest."""
        parts = []
        while self.ahead():
            share = self._take_share()
            parts.append(Part(self.take_due(), share))
        last = parts[-1]
        if isinstance(last.share, PctOfTotal):
            if not all(isinstance(part.share, PctOfTotal) for part in parts):
                raise not_understood(self.text)
            parts[-1] = Part(last.due)
        return parts

    def take_due(self) -> Due:
        """Take the rule of one due date, up to where a share or a discount begins."""
        if self.take("cia"):
            return CASH_IN_ADVANCE
        if self.take("cod"):
            return CASH_ON_DELIVERY
        steps: list[Step] = []
        nets = 0
        while self.ahead() not in ("", "rest", "delivery") and not self._at_share() and not self._at_discount():
            if self.take("net"):
                nets += 1
            else:
                steps.append(self._take_step(steps))
        if not steps or nets > 1:
            raise not_understood(self.text)
        return Due(tuple(steps), CountsFrom.DELIVERY if self.take("delivery") else CountsFrom.DOCUMENT)

    def _take_step(self, before: Sequence[Step]) -> Step:
        """Take one step: the month's end, months, a day of the month, or days."""
        follows_net = self.place > 0 and self.symbols[self.place - 1] == "net"
        follows_month_end = bool(before) and before[-1] == EndOfMonth()
        if before and not self.take("+") and follows_month_end:
            self.take("the")
        if self.take("eom"):
            return EndOfMonth()
        if self.take("onday"):
            return OnDay(self.take_whole(31))
        number = self.take_whole(_MOST_DAYS)
        if self.take("m"):
            return Months(_at_most(number, _MOST_MONTHS))
        if self.take("d") or follows_net or follows_month_end or self.ahead() in ("net", "eom"):
            return Days(number)
        raise not_understood(self.text)

    def _take_share(self) -> Share:
        """Take "30%", "25% rest", "500.00 EUR" or "rest"."""
        if self.take("rest"):
            return Remainder()
        if not self._at_share():
            raise not_understood(self.text)
        number, unit = Decimal(self.ahead()), self.ahead(1)
        self.place += 2
        if unit != "%":
            return Fixed(Money(number, unit))
        return PctOfRemainder(number) if self.take("rest") else PctOfTotal(number)

    def _at_share(self) -> bool:
        return bool(_NUMBER.fullmatch(self.ahead())) and (self.ahead(1) == "%" or is_currency(self.ahead(1)))

    def _at_discount(self) -> bool:
        number, sign, then, last = (self.ahead(n) for n in range(4))
        if not _NUMBER.fullmatch(number):
            return False
        if sign == "/" or self.has_instalments:
            return sign == "/"
        if sign == "d":
            return bool(_NUMBER.fullmatch(then)) and last == "%"
        return sign == "%" and (then == "/" or then.isdecimal())


def _at_most(number: int, most: int) -> int:
    if number > most:
        raise ValueError(f"{number} is more than {most}")
    return number
