"""The worked examples of docs/rules/cash-application.md."""

from datetime import date
from decimal import Decimal

import pytest

from receivables.rules.matching.book import Book
from receivables.rules.matching.decide import match_line
from receivables.rules.matching.facts import Line, OpenItem, Policy
from receivables.rules.matching.payers import Payers
from tests.examples import examples

DAY, ISSUED = date(2025, 3, 10), date(2025, 2, 10)


def parts(text):
    """`F1 75.30, F2 80.10` as pairs."""
    return [(number, Decimal(amount)) for number, amount in (one.split() for one in text.split(","))]


@pytest.mark.parametrize("example", examples("cash-application", "Examples"))
def test_example(example):
    items = [OpenItem(number, "A", "EUR", amount, number, ISSUED, DAY) for number, amount in parts(example["Items"])]
    line = Line("L", DAY, Decimal(example["Line"]), "EUR", example["Text"])
    payers = Payers.of(names=[("A", "Boulangerie Martin")])
    found = match_line(line, book=Book(items), payers=payers, policy=Policy())
    wanted = [] if example["Pays"] == "nothing" else parts(example["Pays"])
    assert sorted((piece.item, piece.cash) for piece in found.pieces) == sorted(wanted)
    assert found.automatic == (example["By itself"] == "yes")
    assert found.reasons
