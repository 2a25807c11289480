"""Tenants' templates: names from a list, replaced by ready texts. No expressions, so nothing to run and nothing to reach.

`{{ name }}` stands for one value. `{{ items }}` alone on its line stands for the table of items. Unknown names and any
other braces are refused when the template is saved. A line of names that all have no value is left out: no empty line
where an organisation has no telephone (docs/rules/templates.md).
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The values that a text may name; the same for every language, shown in the editor's menu.
NAMES = (
    "contact_name",
    "customer_name",
    "customer_ref",
    "entity_name",
    "entity_phone",
    "entity_email",
    "entity_iban",
    "entity_bic",
    "bank_details",
    "sender_name",
    "total",
    "oldest_due_date",
    "oldest_days_late",
    "today",
)
ITEMS = "items"
LONGEST = 10_000

_NAME = re.compile(r"\{\{ ?([a-z_]{1,40}) ?\}\}")
_FORBIDDEN = ("{{", "}}", "{%", "%}", "{#", "#}")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a template: the line (from 1), and the text that is not understood."""

    line: int
    found: str


def problems(text: str, *, with_items: bool = True) -> list[Problem]:
    """Why a template cannot be saved; [] when it can. `with_items`: whether the table of items may stand in it."""
    out = []
    if len(text) > LONGEST:
        out.append(Problem(0, f"{len(text)} > {LONGEST}"))
    for number, line in enumerate(text.splitlines(), start=1):
        for name in _NAME.findall(line):
            allowed = name in NAMES or (with_items and name == ITEMS and line.strip() == f"{{{{ {ITEMS} }}}}")
            if not allowed:
                out.append(Problem(number, f"{{{{ {name} }}}}"))
        rest = _NAME.sub("", line)
        out += [Problem(number, mark) for mark in _FORBIDDEN if mark in rest]
        out += [Problem(number, repr(mark)) for mark in line if ord(mark) < 32 and mark != "\t"]
    return out


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """One line with its names replaced: a subject. Line breaks in values become spaces (no header may be injected)."""
    filled = _NAME.sub(lambda found: values.get(found[1], ""), text)
    return " ".join(filled.split())


def fill_text(text: str, values: Mapping[str, str], *, items: str) -> str:
    """The plain text of a message; `items` stands in the place of the table."""
    lines = [
        filled.rstrip()
        for line in text.strip().splitlines()
        if (filled := _NAME.sub(lambda found: items if found[1] == ITEMS else values.get(found[1], ""), line)).strip()
        or not line.strip()
    ]
    return "\n".join(lines) + "\n"


def fill_html(text: str, values: Mapping[str, str], *, items: str) -> str:
    """The body as HTML paragraphs. Text and values are escaped; `items` is trusted HTML, made by us."""
    out = []
    for block in _blocks(text):
        if block == [f"{{{{ {ITEMS} }}}}"]:
            out.append(items)
            continue
        lines = [
            filled
            for line in block
            if (filled := _NAME.sub(lambda found: _escaped(values, found[1]), html.escape(line, quote=False))).strip()
        ]
        if lines:
            out.append("<p>" + "<br>".join(lines) + "</p>")
    return "\n".join(out)


def _escaped(values: Mapping[str, str], name: str) -> str:
    return html.escape(values.get(name, ""))


def _blocks(text: str) -> list[list[str]]:
    """Paragraphs as lists of lines; the table of items is a paragraph of its own."""
    blocks: list[list[str]] = [[]]
    for line in text.strip().splitlines():
        stripped = line.strip()
        if stripped == f"{{{{ {ITEMS} }}}}":
            blocks += [[stripped], []]
        elif not stripped:
            blocks.append([])
        else:
            blocks[-1].append(stripped)
    return [block for block in blocks if block]


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned plain text: the last column to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        lines.append("  ".join([*cells, row[-1].rjust(widths[-1])]).rstrip())
    return "\n".join(lines)
