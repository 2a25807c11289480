"""A rule's sentence for a person: translated, its numbers in the reader's language."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from core.formats import Formats, current
from core.text import Phrase

_NUMBER = re.compile(r"-?[0-9]+(\.([0-9]+))?")


def in_words(plain: Mapping[str, Any], formats: Formats | None = None) -> str:
    """The sentence that `Phrase.plain` stored: `9.4` is said as `9,4` in French."""
    return _spoken(Phrase.read(plain), formats or current()).in_words(gettext)


def _spoken(phrase: Phrase, formats: Formats) -> Phrase:
    return Phrase(phrase.text, {name: _value(value, formats) for name, value in phrase.values.items()})


def _value(value: object, formats: Formats) -> object:
    if isinstance(value, Phrase):
        return _spoken(value, formats)
    if isinstance(value, int):
        return formats.number(value)
    number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if number is None:
        return value
    return formats.number(Decimal(number[0]), len(number[2] or ""))
