"""Numbers of invoices and orders in what a payer wrote, however it is spelt: spaces, dots, zeros, a prefix left out.

A number is looked for under its keys. `INV-2024-00123` has the keys INV202400123 and 202400123 (long), and 123 (short,
worth something only beside other evidence). A text's keys are its words and up to four neighbours run together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iso11649

_WORD = re.compile(r"[A-Z0-9]+")
_DIGITS = re.compile(r"[0-9]+")
# So many words of a text are run together: "C E H 8251626639" is CEH8251626639.
NEIGHBOURS = 4
# A key with so many digits is hardly there by chance.
LONG = 5
_SHORTEST, _LONGEST = 3, 35


def compact(text: str) -> str:
    """Letters and digits in capitals, nothing else."""
    return "".join(_WORD.findall(text.upper()))


def is_long(key: str) -> bool:
    """Whether a key tells one document from all others: five digits, or six signs of which three are digits."""
    digits = sum(len(run) for run in _DIGITS.findall(key))
    return digits >= LONG or (len(key) > LONG and digits >= 3)


def number_keys(number: str) -> tuple[str, ...]:
    """The keys under which a document's number may stand in a text, the whole number first. () for one without digits."""
    whole = compact(number)
    runs = _DIGITS.findall(number)
    if not runs or len(whole) < _SHORTEST:
        return ()
    found = [whole, "".join(runs), runs[-1], "".join(runs).lstrip("0"), runs[-1].lstrip("0")]
    return tuple(dict.fromkeys(key for key in found if key == whole or len(key) >= _SHORTEST))


def text_keys(text: str) -> frozenset[str]:
    """The keys in a text: words with a digit, neighbours run together, digits without their letters and zeros."""
    words = _WORD.findall(text.upper())
    return frozenset(key for key in _keys(words) if _SHORTEST <= len(key) <= _LONGEST)


def _keys(words: list[str]) -> Iterator[str]:
    has_digit = [_DIGITS.search(word) is not None for word in words]
    for start in range(len(words)):
        joined, digits = "", False
        for end in range(start, min(start + NEIGHBOURS, len(words))):
            joined += words[end]
            digits = digits or has_digit[end]
            if digits:
                yield joined
        if has_digit[start]:
            for run in _DIGITS.findall(words[start]):
                yield run
                yield run.lstrip("0")


def endings(text: str) -> frozenset[str]:
    """Runs of four digits and more: the end of a number is what people write when they pay several at once."""
    return frozenset(run for run in _DIGITS.findall(text) if len(run) >= 4)


def creditor_reference(text: str) -> str:
    """What an RF creditor reference (ISO 11649) with right check digits refers to, compact; "" for anything else."""
    whole = compact(text)
    return whole[4:] if whole.startswith("RF") and iso11649.is_valid(whole) else ""


def creditor_references(*texts: str) -> frozenset[str]:
    """All of those in some texts, written in one piece or in groups of four."""
    found = set()
    for text in texts:
        words = _WORD.findall(text.upper())
        for start, word in enumerate(words):
            if word.startswith("RF"):
                for end in range(start + 1, min(start + 8, len(words) + 1)):
                    found.add(creditor_reference("".join(words[start:end])))
    return frozenset(found - {""})
