"""What changed between two texts, line by line: for the history of templates."""

from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple


class Change(StrEnum):
    SAME = "SAME"
    GONE = "GONE"
    NEW = "NEW"


class Line(NamedTuple):
    change: Change
    text: str


def differences(before: str, after: str) -> list[Line]:
    """The lines of both texts in order; of lines that were replaced the former ones first.

    For texts of some hundred lines (desk.rules.templates.MOST_LINES): the time grows with the product of their numbers.
    """
    old, new = before.splitlines(), after.splitlines()
    out: list[Line] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            out += [Line(Change.SAME, text) for text in old[old_from:old_to]]
            continue
        out += [Line(Change.GONE, text) for text in old[old_from:old_to]]
        out += [Line(Change.NEW, text) for text in new[new_from:new_to]]
    return out
