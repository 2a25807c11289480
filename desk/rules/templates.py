"""Tenants' templates: names and conditions from a list, replaced by ready texts. No expressions, so nothing to run.

`{{ name }}` stands for one value, `{{ items }}` alone on its line for the table of items. `{{ if condition }}`,
`{{ if not condition }}`, `{{ else }}` and `{{ end }}` keep or leave out what stands between them, within a line or around
lines. Anything else in braces is refused when the template is saved. Conditions are decided on the text as written,
before any value stands in it, and a value is never read again. A line of names that all have no value is left out: no
empty line where an organisation has no telephone (docs/rules/templates.md).
"""

import difflib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

ITEMS = "items"
LONGEST = 10_000
LONGEST_VALUE = 500
DEEPEST = 3
# So that neither the text nor what is made of it grows beyond a bound that its length does not show.
MOST_LINES, MOST_MARKS, MOST_TABLES, MOST_PROBLEMS = 400, 200, 2, 20


@dataclass(frozen=True)
class Vocabulary:
    """What the texts of one kind may say: names of values, conditions, and whether the table of items stands in them."""

    names: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    has_items: bool = True


# The values and conditions of reminders; the same for every language, shown in the editor's menu (desk.words).
NAMES = (
    "contact_name",
    "customer_name",
    "customer_ref",
    "total",
    "item_count",
    "oldest_due_date",
    "oldest_days_late",
    "new_deadline",
    "disputed_items",
    "credits_total",
    "bank_details",
    "today",
    "sender_name",
    "entity_name",
    "entity_phone",
    "entity_email",
    "entity_iban",
    "entity_bic",
)
CONDITIONS = (
    "several_items",
    "overdue",
    "dispute",
    "credits",
    "new_deadline",
    "contact",
    "sender",
    "phone",
    "bank_details",
)
REMINDERS = Vocabulary(NAMES, CONDITIONS)
# By template code; a code that is not here has the words of reminders.
_USUAL = (
    "contact_name", "customer_name", "customer_ref", "bank_details", "today", "sender_name", "entity_name",
    "entity_phone", "entity_email", "entity_iban", "entity_bic",
)  # fmt: skip
_USUAL_CONDITIONS = ("contact", "sender", "phone", "bank_details")
VOCABULARIES: dict[str, Vocabulary] = {
    "statement": Vocabulary(
        ("statement_day", "balance", "received_total", "overdue_total", *_USUAL),
        ("open", "received", "overdue", *_USUAL_CONDITIONS),
        has_items=False,
    ),
    "thank_you": Vocabulary(
        ("paid_amount", "paid_on", "paid_items", *_USUAL), ("several_items", *_USUAL_CONDITIONS), has_items=False
    ),
    "delivery_note": Vocabulary(
        ("document_number", "document_date", "due_date", "total", *_USUAL),
        ("file", *_USUAL_CONDITIONS),
        has_items=False,
    ),
}

# What is in double braces on a line. Bounded, so that no text makes the search slow.
_MARK = re.compile(r"\{\{([^{}\n]{0,80})\}\}")
_FORBIDDEN = ("{{", "}}", "{%", "%}", "{#", "#}")
# What nobody sees, and what turns the order of the text around it: controls but the tab, bidi controls, separators of
# lines and paragraphs, byte order marks, halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BREAKS = re.compile("[\x09-\x0d\x1c-\x1e\x85\u2028\u2029]")


class Why(StrEnum):
    """What is wrong at a place of a template."""

    UNKNOWN_NAME = "UNKNOWN_NAME"
    UNKNOWN_CONDITION = "UNKNOWN_CONDITION"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    NOT_ALONE = "NOT_ALONE"  # the table of items within a line
    NO_TABLE_HERE = "NO_TABLE_HERE"
    NOT_ENDED = "NOT_ENDED"
    NOTHING_BEGUN = "NOTHING_BEGUN"  # else or end without if
    SECOND_ELSE = "SECOND_ELSE"
    TOO_DEEP = "TOO_DEEP"
    UNSEEN = "UNSEEN"
    TOO_LONG = "TOO_LONG"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a template: the line (from 1; 0: the whole), the text in question, and what may be meant."""

    line: int
    found: str
    why: Why = Why.NOT_UNDERSTOOD
    meant: str = ""


class Kind(StrEnum):
    TEXT = "TEXT"
    NAME = "NAME"
    IF = "IF"
    IF_NOT = "IF_NOT"
    ELSE = "ELSE"
    END = "END"
    BAD = "BAD"  # in double braces, and none of these


class Token(NamedTuple):
    """A piece of a line: `word` is the text, the name or the condition; `source` how it was written."""

    kind: Kind
    word: str
    source: str


def tokens(line: str) -> list[Token]:
    """The pieces of one line, in order. Whether a name or a condition is known is not looked at."""
    out = []
    pieces = _MARK.split(line)
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            if piece:
                out.append(Token(Kind.TEXT, piece, piece))
        else:
            out.append(_mark(piece))
    return out


def _mark(inside: str) -> Token:
    source = "{{" + inside + "}}"
    match inside.split():
        case ["else"]:
            return Token(Kind.ELSE, "else", source)
        case ["end"]:
            return Token(Kind.END, "end", source)
        case ["if", word]:
            return Token(Kind.IF, word, source)
        case ["if", "not", word]:
            return Token(Kind.IF_NOT, word, source)
        case [word] if word != "if":
            return Token(Kind.NAME, word, source)
    return Token(Kind.BAD, inside, source)


def problems(text: str, *, with_items: bool = True, vocabulary: Vocabulary = REMINDERS) -> list[Problem]:
    """Why a template cannot be saved, at most 20 reasons; [] when it can. `with_items`: the table may stand in it."""
    if len(text) > LONGEST:
        return [Problem(0, f"{len(text)} > {LONGEST}", Why.TOO_LONG)]
    if len(text.splitlines()) > MOST_LINES:
        return [Problem(0, f"{len(text.splitlines())} > {MOST_LINES}", Why.TOO_MANY_LINES)]
    out: list[Problem] = []
    begun: list[tuple[int, Token, bool]] = []  # line, its if, whether its else came
    tables = marks = 0
    for number, line in enumerate(text.splitlines(), start=1):
        found = tokens(line)
        for token in found:
            marks += token.kind is not Kind.TEXT
            if token.kind is Kind.TEXT:
                out += _in_words(token.word, number)
            elif token.kind is Kind.NAME and token.word == ITEMS:
                tables += 1
                if not (with_items and vocabulary.has_items):
                    out.append(Problem(number, token.source, Why.NO_TABLE_HERE))
                elif not _is_table(line):
                    out.append(Problem(number, token.source, Why.NOT_ALONE))
            else:
                out += _in_mark(token, number, begun, vocabulary)
        if len(out) >= MOST_PROBLEMS:
            return out[:MOST_PROBLEMS]
    out += [Problem(line, token.source, Why.NOT_ENDED) for line, token, _else in begun]
    if marks > MOST_MARKS or tables > MOST_TABLES:
        out.append(Problem(0, f"{marks} > {MOST_MARKS}" if marks > MOST_MARKS else "{{ items }}", Why.TOO_MANY))
    return out[:MOST_PROBLEMS]


def _in_words(text: str, number: int) -> list[Problem]:
    return [Problem(number, mark) for mark in _FORBIDDEN if mark in text] + [
        Problem(number, repr(mark), Why.UNSEEN) for mark in sorted(set(_UNSEEN.findall(text)))
    ]


def _in_mark(token: Token, number: int, begun: list[tuple[int, Token, bool]], vocabulary: Vocabulary) -> list[Problem]:
    """What is wrong with a mark; `begun` is kept up to date."""
    if token.kind is Kind.NAME:
        if token.word in vocabulary.names:
            return []
        known = (*vocabulary.names, ITEMS, "else", "end")
        return [Problem(number, token.source, Why.UNKNOWN_NAME, _nearest(token.word, known))]
    if token.kind in (Kind.IF, Kind.IF_NOT):
        begun.append((number, token, False))
        if len(begun) > DEEPEST:
            return [Problem(number, token.source, Why.TOO_DEEP)]
        if token.word in vocabulary.conditions:
            return []
        return [Problem(number, token.source, Why.UNKNOWN_CONDITION, _nearest(token.word, vocabulary.conditions))]
    if token.kind is Kind.BAD:
        words = re.findall("[A-Za-z_]{2,40}", token.word)
        return [Problem(number, token.source, meant=_nearest(words[0], vocabulary.names) if words else "")]
    if not begun:
        return [Problem(number, token.source, Why.NOTHING_BEGUN)]
    line, first, has_else = begun.pop()
    if token.kind is Kind.ELSE:
        begun.append((line, first, True))
        if has_else:
            return [Problem(number, token.source, Why.SECOND_ELSE)]
    return []


def _nearest(word: str, known: Sequence[str]) -> str:
    """The known word that is most like this one; "" where none is."""
    return next(iter(difflib.get_close_matches(word.lower().replace("-", "_"), known, n=1, cutoff=0.5)), "")


def _is_table(line: str) -> bool:
    found = [token for token in tokens(line) if token.source.strip()]
    return len(found) == 1 and found[0].kind is Kind.NAME and found[0].word == ITEMS


def chosen(text: str, holds: Mapping[str, bool]) -> str:
    """The text without its conditions: what stands under those that do not hold is gone. Names stay as written.

    A line that has nothing left after a mark was taken from it goes too, and of the empty lines around what is gone one
    stays. A condition that `holds` does not know does not hold.
    """
    out: list[str] = []
    stack: list[bool] = []
    is_cut = False
    for line in text.splitlines():
        kept, has_mark = [], False
        for token in tokens(line):
            if token.kind in (Kind.IF, Kind.IF_NOT):
                stack.append(holds.get(token.word, False) == (token.kind is Kind.IF))
            elif token.kind is Kind.ELSE and stack:
                stack[-1] = not stack[-1]
            elif token.kind is Kind.END and stack:
                stack.pop()
            else:
                if all(stack):
                    kept.append(token.source)
                continue
            has_mark = True
        left = "".join(kept)
        if not left.strip() and (has_mark or not all(stack)):
            is_cut = True
        elif left.strip() or not (is_cut and (not out or not out[-1].strip())):
            out.append(left)
            is_cut = is_cut and not left.strip()
    return "\n".join(out)


def inert(value: str) -> str:
    """A value as it may stand in any text: one line of at most 500 characters, with nothing in it that nobody sees or
    that turns the order of the words around it.
    """
    plain = _UNSEEN.sub("", _BREAKS.sub(" ", value[: 4 * LONGEST_VALUE]))
    return plain if len(plain) <= LONGEST_VALUE else plain[: LONGEST_VALUE - 1] + "…"


NOTHING: Mapping[str, bool] = {}


def fill_line(text: str, values: Mapping[str, str], holds: Mapping[str, bool] = NOTHING) -> str:
    """One line with its names replaced: a subject. Line breaks in values become spaces (no header may be injected)."""
    filled = "".join(_filled(line, values) for line in chosen(" ".join(text.splitlines()), holds).splitlines())
    return " ".join(filled.split())


def fill_text(text: str, values: Mapping[str, str], *, items: str, holds: Mapping[str, bool] = NOTHING) -> str:
    """The plain text of a message; `items` stands in the place of the table."""
    lines = [
        filled.rstrip()
        for line in chosen(text.strip(), holds).strip().splitlines()
        if (filled := items if _is_table(line) else _filled(line, values)).strip() or not line.strip()
    ]
    return "\n".join(lines) + "\n"


def fill_html(text: str, values: Mapping[str, str], *, items: str, holds: Mapping[str, bool] = NOTHING) -> str:
    """The body as HTML paragraphs. Text and values are escaped; `items` is trusted HTML, made by us."""
    out = []
    for block in _blocks(chosen(text.strip(), holds)):
        if len(block) == 1 and _is_table(block[0]):
            out.append(items)
            continue
        lines = [filled for line in block if (filled := html.escape(_filled(line, values), quote=False)).strip()]
        if lines:
            out.append("<p>" + "<br>".join(lines) + "</p>")
    return "\n".join(out)


def _filled(line: str, values: Mapping[str, str]) -> str:
    """A line with its names replaced, all at once. What is in braces and no name stays."""
    return "".join(
        inert(values.get(token.word, "")) if token.kind is Kind.NAME else token.source for token in tokens(line)
    )


def _blocks(text: str) -> list[list[str]]:
    """Paragraphs as lists of lines; the table of items is a paragraph of its own."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        stripped = line.strip()
        if _is_table(stripped):
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
