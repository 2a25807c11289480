"""Both catalogues are whole: nothing empty, nothing guessed, nothing left in the other language."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[2] / "locale"

# Texts that are the same in both languages: names, abbreviations, words that French shares.
SAME = frozenset((LOCALE / "same_in_both.txt").read_text().splitlines())


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if message.pluralizable else (message.string,)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_text_is_empty_or_guessed(language):
    bad = [str(m.id) for m in catalogue(language) if m.id and (m.fuzzy or not all(texts(m)))]
    assert bad == []


def test_both_catalogues_have_the_same_texts():
    english, french = ({m.id for m in catalogue(language) if m.id} for language in ("en", "fr"))
    assert english == french


def test_no_french_text_is_english():
    french = {m.id: texts(m) for m in catalogue("fr") if m.id}
    same = [
        str(m.id)
        for m in catalogue("en")
        if m.id and texts(m) == french.get(m.id) and str(m.id if isinstance(m.id, str) else m.id[0]) not in SAME
    ]
    assert same == []


def test_the_list_of_shared_words_is_not_a_hiding_place():
    """A word on the list that is translated after all has no business there."""
    known = {m.id if isinstance(m.id, str) else m.id[0]: texts(m)[0] for m in catalogue("fr") if m.id}
    assert sorted(word for word in SAME if word and word in known and known[word] != word) == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_placeholders_are_kept(language):
    faults = [f"{message.id}: {error}" for message, errors in catalogue(language).check() for error in errors]
    assert faults == []
