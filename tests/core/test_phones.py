"""core.phones: what is dialled and what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phones import dialled, spoken


@pytest.mark.parametrize(
    ("text", "tel", "words"),
    [
        ("+33142685300", "+33142685300", "+33 1 42 68 53 00"),
        ("0033 (0)1.42.68.53.00", "+33142685300", "+33 1 42 68 53 00"),
        ("01 42 68 53 00", "0142685300", "01 42 68 53 00"),
        ("0142685300", "0142685300", "01 42 68 53 00"),
        ("+49 30/901820", "+4930901820", "+49 30/901820"),
        ("01 42 68 53 00 poste 12", "0142685300", "01 42 68 53 00 poste 12"),
        ("+44 20 7946 0958 ext. 7", "+442079460958", "+44 20 7946 0958 ext. 7"),
        ("", "", ""),
        ("ask for Mme Petit", "", "ask for Mme Petit"),
    ],
)
def test_numbers(text, tel, words):
    assert (dialled(text), spoken(text)) == (tel, words)


@given(st.text(max_size=40))
def test_what_is_dialled_is_digits_whatever_was_entered(text):
    assert all(one in "+0123456789" for one in dialled(text))
    assert "+" not in dialled(text)[1:]
