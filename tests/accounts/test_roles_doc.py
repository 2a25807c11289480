"""The table of default roles in docs/rules/roles.md is the one in the code."""

from pathlib import Path

from accounts.roles import DEFAULT_ROLES, LABELS, Can

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules" / "roles.md"


def test_the_page_and_the_code_give_each_role_the_same_rights():
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    told = {}
    for line in lines:
        name, label, *marks = (cell.strip() for cell in line.strip("|").split("|"))
        told[name.strip("`")] = (label, [mark == "x" for mark in marks])
    assert told == {can.value: (str(LABELS[can]), [can in role.can for role in DEFAULT_ROLES]) for can in Can}
