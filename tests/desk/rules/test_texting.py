"""How long a text message is, what it is made of, and which numbers it goes to."""

import pytest

from desk.rules.texting import length, mobile_number, plain
from desk.texts_sms import TEXTS_SMS


@pytest.mark.parametrize(
    ("text", "places", "segments", "is_wide"),
    [
        ("", 0, 1, False),
        ("a" * 160, 160, 1, False),
        ("a" * 161, 161, 2, False),
        ("a" * 306, 306, 2, False),
        ("a" * 307, 307, 3, False),
        ("€", 2, 1, False),  # two places
        ("€" * 80, 160, 1, False),
        ("€" * 77, 154, 1, False),
        ("a" * 152 + "€" + "a" * 10, 164, 2, False),  # not torn in two: the second part begins with it
        ("éàùèìòÇÄÖÜäöüß", 14, 1, False),
        ("ê", 1, 1, True),
        ("ê" * 70, 70, 1, True),
        ("ê" * 71, 71, 2, True),
        ("ê" * 134, 134, 2, True),
        ("ê" * 135, 135, 3, True),
        ("\U0001f600", 2, 1, True),
    ],
)
def test_places_and_segments(text, places, segments, is_wide):
    found = length(text)
    assert (found.places, found.segments, found.is_wide) == (places, segments, is_wide)


def test_a_sign_of_two_places_that_does_not_fit_takes_the_next_part():
    parts = ["a" * 152, "€" + "a" * 151, "€" + "a" * 151]
    assert length("".join(parts)).segments == 3
    assert length("a" * 153 * 2).segments == 2


def test_more_than_six_parts_are_too_long():
    assert not length("a" * 153 * 6).is_too_long
    assert length("a" * (153 * 6 + 1)).is_too_long


def test_printed_signs_become_simple_ones():
    assert plain("1\u202f234,50\u00a0€ – l’été… «\u00a0ok\u00a0»\n\n\n  fin ") == '1 234,50 € - l\'été... " ok "\nfin'


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "DE", "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("01 42 68 53 00", "FR", ""),  # a line in a house
        ("0151 23456789", "DE", "+4915123456789"),
        ("030 123456", "DE", ""),
        ("+1 650 253 0000", "FR", "+16502530000"),  # in North America nobody can tell
        ("06 12 34", "FR", ""),
        ("0612345678", "", ""),  # of which country?
        ("112", "FR", ""),
        ("call me", "FR", ""),
        ("", "FR", ""),
        ("+33612345678\r\nBcc: x", "FR", ""),
        ("９" * 200, "FR", ""),
    ],
)
def test_only_numbers_that_take_text_messages(text, country, number):
    assert mobile_number(text, country) == number


@pytest.mark.parametrize("key", sorted(TEXTS_SMS))
def test_our_own_texts_stay_in_the_usual_alphabet(key):
    assert not length(plain(TEXTS_SMS[key])).is_wide
