"""Matching held against what an accountant lettered in a year: precision, recall, and no tuning to the file."""

import pytest

from receivables.rules.matching.facts import Policy
from tests.receivables.rows import SAMPLES
from tests.receivables.rules.matching_sample import is_right, match_year, read

FILE = SAMPLES.parent / "B_fec" / "123456789FEC20500930.txt"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the sample ledgers are not on this machine")


@pytest.fixture(scope="module")
def year():
    return read(FILE)


@pytest.fixture(scope="module")
def done(year):
    return match_year(year, Policy())


def test_the_file_holds_282_letters_that_join_bank_and_purchases(year):
    assert len(year.groups) == 282


def test_automatic_matches_are_99_percent_precise(year, done, record_property):
    lettered = [done[line.ref] for line in year.lines if line.ref in year.letters]
    automatic = [one for one in lettered if one.automatic]
    right = sum(is_right(year, one) for one in automatic)
    suggested = sum(is_right(year, one) for one in lettered if one.pieces and not one.automatic)
    recall, with_suggestions = right / len(lettered), (right + suggested) / len(lettered)
    record_property("precision", right / len(automatic))
    record_property("recall", recall)
    print(f"\n{len(lettered)} lines: {len(automatic)} automatic, {right} right; {suggested} right suggestions")
    assert right / len(automatic) >= 0.99
    assert recall >= 0.45
    assert with_suggestions >= 0.70


def test_what_was_never_lettered_takes_nothing_that_was(year, done):
    unlettered = [done[line.ref] for line in year.lines if line.ref not in year.letters]
    assert not [one for one in unlettered if one.automatic and any(piece.item in year.letters for piece in one.pieces)]


def test_the_surer_the_more_often_right(year, done):
    """Confidence means something: what is proposed above a half is right more often than what is below."""
    lettered = [done[line.ref] for line in year.lines if line.ref in year.letters and done[line.ref].pieces]

    def rate(some):
        return sum(is_right(year, one) for one in some) / len(some)

    low = [one for one in lettered if one.confidence < 0.5]
    middle = [one for one in lettered if 0.5 <= one.confidence < Policy().threshold]
    assert rate(low) < rate(middle) <= rate([one for one in lettered if one.automatic])
