"""Text messages: what they may say, how long they are, and to which numbers they go. Pure."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# The default alphabet of text messages (3GPP TS 23.038, 6.2.1), and what takes two places in it.
_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€")
# Places in a message that goes alone, and in each part of a longer one, whose head takes some.
_ALONE, _PART = 160, 153
_WIDE_ALONE, _WIDE_PART = 70, 67
MOST_SEGMENTS = 6
# Printed signs that look the same in the default alphabet: one of them would more than halve what fits.
_SIMPLE = str.maketrans(
    {
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"',
        "\u00ab": '"', "\u00bb": '"', "\u2013": "-", "\u2014": "-", "\u2011": "-", "\u2212": "-", "\u2026": "...", "\t": " ",
    }
)  # fmt: skip
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True)
class Length:
    """How long a text is: `places` of `most` that its segments hold. `is_wide`: a sign is outside of the alphabet."""

    places: int
    segments: int
    most: int
    is_wide: bool

    @property
    def is_too_long(self) -> bool:
        return self.segments > MOST_SEGMENTS


def plain(text: str) -> str:
    """A text as a telephone shows it: simple signs, single spaces, no empty lines."""
    lines = (" ".join(line.split()) for line in text.translate(_SIMPLE).splitlines())
    return "\n".join(line for line in lines if line)


def length(text: str) -> Length:
    """Places and segments of a text. A sign of the extension takes two places, as does one beyond 16 bits when wide."""
    is_wide = any(sign not in _ALPHABET and sign not in _EXTENSION for sign in text)
    if is_wide:
        costs = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
        alone, part = _WIDE_ALONE, _WIDE_PART
    else:
        costs = [2 if sign in _EXTENSION else 1 for sign in text]
        alone, part = _ALONE, _PART
    places = sum(costs)
    if places <= alone:
        return Length(places, 1, alone, is_wide)
    segments, left = 1, part
    for cost in costs:
        # A sign of two places is not torn in two.
        if cost > left:
            segments, left = segments + 1, part
        left -= cost
    return Length(places, segments, segments * part, is_wide)


def mobile_number(text: str, country: str) -> str:
    """The number as E.164 ("+33612345678") if it is one that takes text messages, else "".

    `country`: ISO 3166, where the number is at home when it does not say so itself.
    """
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
