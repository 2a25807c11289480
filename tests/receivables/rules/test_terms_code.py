"""receivables.rules.terms_code: what people write is read, or refused; what we write is read back."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from receivables.rules.terms import Due, EndOfMonth, Part
from receivables.rules.terms_code import UnknownTerms, code, parse
from tests.examples import examples
from tests.receivables.rules.strategies import terms


@pytest.mark.parametrize("row", examples("payment-terms", "What people write"))
def test_terms_are_read_as_documented(row):
    if row["Read as"] == "refused":
        with pytest.raises(UnknownTerms):
            parse(row["Written"])
    else:
        assert code(parse(row["Written"])) == row["Read as"]


@given(terms())
def test_what_we_write_is_read_back(term):
    assume(not (term.discounts and term.parts == (Part(Due((EndOfMonth(),))),)))
    assert parse(code(term)) == term
    assert parse(code(term).lower()) == term


@given(st.text(max_size=60))
def test_any_text_is_a_term_or_refused(text):
    try:
        term = parse(text)
    except UnknownTerms:
        return
    assert parse(code(term)) == term


OUR_WORDS = (
    "2 10 30 45 60 100 2.5 % / + , - NET N EOM fin de mois jours days d j m D15 le the rest CIA COD EUR USD discount à"
)


@given(st.lists(st.sampled_from(OUR_WORDS.split()), max_size=9).map(" ".join))
def test_any_row_of_our_words_is_a_term_or_refused(text):
    try:
        term = parse(text)
    except UnknownTerms:
        return
    assert parse(code(term)) == term


def test_a_refusal_names_the_word():
    with pytest.raises(UnknownTerms, match="“lunar” is not understood in the payment terms “30 lunar days”"):
        parse("30 lunar days")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "NET ٣",
        "NET 30 " * 100,
        "NET 1000",
        "NET 30 EOM NET 10",
        "D32",
        "0% NET 10, REST NET 20",
        "100 M",
        "D0",
    ],
)
def test_other_texts_are_refused(text):
    with pytest.raises(UnknownTerms):
        parse(text)
