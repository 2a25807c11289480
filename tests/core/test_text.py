"""core.text: search keys, spreadsheet cells, phrases."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Phrase, gettext_noop, search_key, spreadsheet_cell


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Société L'ÉTOILE, S.A.", "societe l etoile s a"),
        ("  Dupont   &  Fils  ", "dupont fils"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Łódź Ørsted Æther œuvre Þór", "lodz orsted aether oeuvre thor"),
        ("Türkiye İŞ Bankası", "turkiye is bankasi"),
        ("Ａｃｍｅ ﬁnance ²", "acme finance 2"),
        ("co\u00adop", "coop"),  # a soft hyphen is invisible
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("Иванов и Йод", "иванов и иод"),
        ("東京電力", "東京電力"),
        ("C-0012/b", "c 0012 b"),
        ("", ""),
        ("!!!", ""),
    ],
)
def test_names_are_compared_without_accents_case_and_signs(text, key):
    assert search_key(text) == key


def test_typing_accents_or_not_finds_the_same():
    assert search_key("E\u0301toile") == search_key("\u00c9toile") == search_key("etoile")


@given(st.text(max_size=40))
def test_a_key_s_key_is_itself(text):
    assert search_key(search_key(text)) == search_key(text)


@given(st.text(max_size=40), st.data())
def test_the_key_of_a_beginning_is_a_beginning_of_the_key(text, data):
    length = data.draw(st.integers(0, len(text)))
    assert search_key(text).startswith(search_key(text[:length]))


@given(st.text(max_size=40))
def test_upper_case_has_the_key_of_lower_case(text):
    assert search_key(text.upper().lower()) == search_key(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://x")',
        "+33 1 42 68 53 00",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1+1",
        "\u00a0=1",
        "\u3000＝1",
        "＝1+1",
        "＠x",
        "-",
        "+",
        "-12.50 EUR",
        "-12\n",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text):
    assert spreadsheet_cell(text) == "'" + text


@pytest.mark.parametrize(
    "value", ["Dupont", "a=b", "12.50", "-12.50", "+5", "-1,5", "", "'x", "2025-01-01", "#1", "1-2"]
)
def test_other_texts_stay(value):
    assert spreadsheet_cell(value) == value


@pytest.mark.parametrize("value", [Decimal("-12.50"), -5, 0, None, True, date(2025, 1, 1)])
def test_numbers_and_dates_stay_what_they_are(value):
    assert spreadsheet_cell(value) is value


@given(st.text())
def test_no_cell_starts_as_a_formula(text):
    cell = spreadsheet_cell(text)
    if cell != text:
        assert cell == "'" + text
    elif cell.lstrip()[:1] in set("=+-@＝＋－＠"):
        Decimal(cell.replace(",", "."))  # a signed number, or this raises
    else:
        assert cell[:1] not in {"\t", "\r", "\n"}


def test_a_phrase_is_translated_with_the_phrases_in_it():
    french = {"a number": "un nombre", "Expected %(what)s, not %(given)s.": "%(what)s attendu, pas %(given)s."}
    phrase = Phrase("Expected %(what)s, not %(given)s.", {"what": Phrase("a number"), "given": "x%s"})
    assert str(phrase) == "Expected a number, not x%s."
    assert phrase.in_words(french.__getitem__) == "un nombre attendu, pas x%s."


def test_equal_phrases_are_equal_and_hashable():
    assert {Phrase("a", {"n": 1}), Phrase("a", {"n": 1})} == {Phrase("a", {"n": 1})}
    assert gettext_noop("x") == "x"
