"""The worked examples of docs/rules, as test data: the documents cannot say what the code does not do."""

import re
from pathlib import Path

import pytest

RULES = Path(__file__).parent.parent / "docs" / "rules"


def examples(document: str, heading: str) -> list:
    """The rows of the numbered table under a heading, as dicts by column, with ids such as `money-3`."""
    text = (RULES / f"{document}.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(f"{heading}\n"))
    tables = re.findall(r"(?:^\|.*\|\n)+", body, flags=re.MULTILINE)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in tables[-1].splitlines()]
    columns, _ruler, *numbered = rows
    assert columns[0] == "#", f"the last table under {heading} is not numbered"
    assert numbered, f"no examples under {heading}"
    assert all(len(row) == len(columns) for row in numbered), f"a row under {heading} has another width"
    return [pytest.param(dict(zip(columns, row, strict=True)), id=f"{document}-{row[0]}") for row in numbered]
