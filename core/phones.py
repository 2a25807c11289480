"""Telephone numbers: as one dials them (a `tel:` address) and as one reads them. Knows no Django, asks no service."""

import re

_PARTS = re.compile(r"[^0-9+]+")
# Numbers of France and its like are read in pairs: +33 1 42 68 53 00.
_FRENCH = re.compile(r"(?:\+33|0)([1-9])([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
_EXTENSION = re.compile(r"(?:ext|poste|#|x)\.?\s*[0-9]+\s*$", re.IGNORECASE)


def dialled(text: str) -> str:
    """What a telephone is told: digits, with + before a number of another country. "" for a text without number.

    `00` before a country's code is +, a zero in brackets after it is not dialled: `0033 (0)1 42 68` is `+33142 68`
    without its blanks. An extension is left out.
    """
    plain = _EXTENSION.sub("", text).replace("(0)", "")
    digits = _PARTS.sub("", plain)
    digits = digits[:1] + digits[1:].replace("+", "")
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    return digits if sum(one.isdigit() for one in digits) >= 3 else ""


def spoken(text: str) -> str:
    """The number as it is read: French ones in pairs, others as they were entered, with single blanks."""
    digits = dialled(text)
    french = _FRENCH.fullmatch(digits)
    if french is None or _EXTENSION.search(text):
        return " ".join(text.split())
    first = f"+33 {french[1]}" if digits.startswith("+") else f"0{french[1]}"
    return " ".join([first, *french.groups()[1:]])
