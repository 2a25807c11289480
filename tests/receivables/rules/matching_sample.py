"""A year of a company's suppliers as payments to match: what its accountant lettered is the answer, and is withheld.

Signs are mirrored: purchases become what is owed, money that left what came in. A line of the bank keeps its day, amount
and text alone: not the account it was booked on, which is the answer too. Of a purchase stay day, amount, the supplier,
and the number in its text; not its reference (PieceRef), into which the accountant wrote how it was paid.
"""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from receivables.rules.matching.book import Book
from receivables.rules.matching.decide import match_lines
from receivables.rules.matching.facts import Line, OpenItem, Policy, Proposal
from receivables.rules.matching.payers import Payers

BANK_JOURNALS, PURCHASES = {"BNP", "CAG", "LCL"}, "ACH"
SUPPLIERS = "401"
# Every so many days with money the queue is matched, as on a bank day of the week.
EVERY = 4


@dataclass
class Year:
    """What the file holds. `letters`: (supplier, letter) of each row that has one."""

    items: list[OpenItem] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    letters: dict[str, tuple[str, str]] = field(default_factory=dict)
    purchases: set[str] = field(default_factory=set)

    @property
    def groups(self) -> set[tuple[str, str]]:
        """The letters that join lines of the bank and purchases."""
        lines = {self.letters[line.ref] for line in self.lines if line.ref in self.letters}
        return lines & {self.letters[ref] for ref in self.purchases if ref in self.letters}


def read(path: Path) -> Year:
    year = Year()
    text = path.read_bytes().decode("utf-8").replace("\r\r\n", "\n")
    for number, row in enumerate(csv.DictReader(io.StringIO(text), delimiter="\t")):
        if not row["CompteNum"].startswith(SUPPLIERS):
            continue
        ref, supplier, day = f"{number:06d}", row["CompAuxNum"], _day(row["EcritureDate"])
        owed = _amount(row["Credit"]) - _amount(row["Debit"])
        year.names[supplier] = row["CompAuxLib"]
        if row["EcritureLet"]:
            year.letters[ref] = (supplier, row["EcritureLet"])
        if row["JournalCode"] in BANK_JOURNALS:
            year.lines.append(Line(ref, day, -owed, "EUR", row["EcritureLib"]))
        else:
            if row["JournalCode"] == PURCHASES:
                year.purchases.add(ref)
            said = row["EcritureLib"].replace(row["CompAuxLib"], "").strip()
            year.items.append(OpenItem(ref, supplier, "EUR", owed, said, day, day))
    return year


def match_year(year: Year, policy: Policy) -> dict[str, Proposal]:
    """The last word on each line: as nights would have it, with what was known by then, suggestions never confirmed."""
    payers = Payers.of(names=year.names.items())
    taken: dict[str, Decimal] = defaultdict(Decimal)
    done: dict[str, Proposal] = {}
    days = sorted({line.on for line in year.lines})
    for day in (*days[::EVERY], date.max):
        known = [replace(one, amount=one.amount - taken[one.ref]) for one in year.items if one.document_date <= day]
        waiting = [
            line for line in year.lines if line.on <= day and not (line.ref in done and done[line.ref].automatic)
        ]
        book = Book(item for item in known if item.amount)
        for proposal in match_lines(waiting, book=book, payers=payers, policy=policy):
            done[proposal.line] = proposal
            for piece in proposal.pieces if proposal.automatic else ():
                taken[piece.item] += piece.cash + piece.difference
    return done


def is_right(year: Year, proposal: Proposal) -> bool:
    """Whether all that it names bears the line's letter."""
    letter = year.letters[proposal.line]
    return bool(proposal.pieces) and all(year.letters.get(piece.item) == letter for piece in proposal.pieces)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _amount(text: str) -> Decimal:
    return Decimal((text or "0").replace(",", "."))
