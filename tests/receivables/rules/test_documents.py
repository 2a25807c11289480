"""Each numbered table of the rule documents is read by a test, and no number is used twice."""

import re
from pathlib import Path

import pytest

from tests.examples import RULES

DOCUMENTS = ["money", "payment-terms", "ageing", "ledger", "identifiers"]
TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_numbered_table_is_read_by_a_test(document):
    text = (RULES / f"{document}.md").read_text(encoding="utf-8")
    headings = [part.split("\n", 1)[0] for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:] if "| # |" in part]
    sources = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    assert headings
    assert [heading for heading in headings if f'examples("{document}", "{heading}")' not in sources] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_example_has_a_number_of_its_own(document):
    text = (RULES / f"{document}.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^\| ([0-9]+) \|", text, flags=re.MULTILINE)]
    assert numbers == sorted(set(numbers))
