"""Text: the key by which names are found, cells that a spreadsheet does not run, and phrases.

Pure: this module knows no Django, so that rules can give their reasons in words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Cell = TypeVar("Cell")

# Letters that Unicode does not take apart into a base and an accent, as people type them without.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)

# What makes a spreadsheet take a cell for a formula, their full-width forms and the leading blanks it skips.
_FORMULA_START = re.compile(r"[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n]")
_SIGNED_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def gettext_noop(text: str) -> str:
    """The text itself. The name marks it for the catalogue; whoever shows it translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence of a rule, in English, not yet translated: a text of the catalogue and its values.

    `text` is marked with `gettext_noop` and has places like `%(found)s`; `values` fill them. A value that is
    itself a phrase is translated with it.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.in_words(str)

    def __hash__(self) -> int:
        return hash((self.text, frozenset(self.values.items())))

    def in_words(self, translate: Callable[[str], str]) -> str:
        """The sentence, translated by `translate` (Django's gettext, say) and filled in."""
        values = {
            name: value.in_words(translate) if isinstance(value, Phrase) else value
            for name, value in self.values.items()
        }
        return translate(self.text) % values

    def plain(self) -> dict[str, object]:
        """As JSON keeps it: text and values, numbers as texts. `Phrase.read` makes it a phrase again."""
        return {
            "text": self.text,
            "values": {
                name: value.plain() if isinstance(value, Phrase) else value if isinstance(value, int) else str(value)
                for name, value in self.values.items()
            },
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Phrase:
        """The phrase that `plain` wrote; its numbers are texts."""
        values = plain.get("values", {})
        return cls(
            plain["text"],
            {name: cls.read(value) if isinstance(value, Mapping) else value for name, value in values.items()},
        )


def search_key(text: str) -> str:
    """The text as names are compared: no accents, no case, words with one space between them.

    Letters, digits and vowel signs of all scripts stay, accents go, everything else separates words:
    `"Société L'ÉTOILE, S.A."` is `societe l etoile s a`. The key of a beginning is a beginning of the key,
    so stored keys (COLLATE "C") can be searched by prefix. A key's key is itself. Search with
    `search_key(typed)`, and refill the stored keys when this function or Python's Unicode version changes.
    A key may be longer than its text (ß is ss): cut it where the column ends.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(_kept(letter) for letter in folded.translate(_PLAIN_LETTERS))
    return " ".join(kept.split())


def spreadsheet_cell(value: Cell) -> Cell | str:
    """The value as a cell of an export: a text that a spreadsheet would run gets a quote before it.

    Texts that begin with = + - @, a tab or a line break (after blanks, or full-width) are quoted with `'`,
    so `=HYPERLINK(...)` and `+33 1 42` are shown, not computed. Numbers stay numbers, and a text that is
    nothing but a signed number, `-12.50`, stays as it is: there is nothing in it to run.
    """
    if not isinstance(value, str):
        return value
    if _FORMULA_START.match(value) and not _SIGNED_NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _kept(letter: str) -> str:
    """What stays of a character: itself, nothing (accents, invisible signs), or a space."""
    category = unicodedata.category(letter)
    if category == "Cf" or unicodedata.combining(letter) or category == "Me":
        return ""
    return letter if category[0] in "LNM" else " "
