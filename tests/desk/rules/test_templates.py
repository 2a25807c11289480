"""Templates are names and values: examples of docs/rules/templates.md, and whatever anybody may type."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.rules.recipients import Person, email_recipient
from desk.rules.templates import (
    LONGEST,
    LONGEST_VALUE,
    MOST_MARKS,
    NAMES,
    REMINDERS,
    VOCABULARIES,
    Problem,
    Vocabulary,
    Why,
    fill_html,
    fill_line,
    fill_text,
    inert,
    problems,
    text_table,
)
from desk.texts import DEFAULT_TEXTS, LANGUAGES, WORDS

VALUES = {name: f"<{name}>" for name in NAMES}
EVIL = "<script>alert(1)</script>\r\nBcc: all@x.example {{ total }} {% load x %} {0.__class__} %(x)s ${x}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Dear {{ contact_name }},", [], id="example 1: a known name"),
        pytest.param("Dear {{contact_name}},", [], id="example 1: without spaces"),
        pytest.param("{{ if credits }}x{{ else }}y{{ end }}", [], id="example 2: a condition within a line"),
        pytest.param("{{ if not dispute }}\nx\n{{ end }}", [], id="example 2: a condition around lines"),
        pytest.param(
            "{{ password }}", [Problem(1, "{{ password }}", Why.UNKNOWN_NAME)], id="example 3: an unknown name"
        ),
        pytest.param(
            "a\n{{ totl }}", [Problem(2, "{{ totl }}", Why.UNKNOWN_NAME, "total")], id="example 3: nearly a name"
        ),
        pytest.param(
            "{{ if disputed }}x{{ end }}",
            [Problem(1, "{{ if disputed }}", Why.UNKNOWN_CONDITION, "dispute")],
            id="example 3: nearly a condition",
        ),
        pytest.param("a\n{% load x %}", [Problem(2, "{%"), Problem(2, "%}")], id="example 4: a tag"),
        pytest.param(
            "{{ contact_name|upper }}",
            [Problem(1, "{{ contact_name|upper }}", Why.UNKNOWN_NAME, "contact_name")],
            id="example 4: a filter",
        ),
        pytest.param("{{ a.b }}", [Problem(1, "{{ a.b }}", Why.UNKNOWN_NAME)], id="example 4: an attribute"),
        pytest.param("{# note #}", [Problem(1, "{#"), Problem(1, "#}")], id="example 4: a comment"),
        pytest.param("{{ total", [Problem(1, "{{")], id="example 4: braces not closed"),
        pytest.param(
            "see {{ items }}", [Problem(1, "{{ items }}", Why.NOT_ALONE)], id="example 5: the table inside a line"
        ),
        pytest.param("{{ items }}", [], id="example 5: the table alone on its line"),
        pytest.param("a\x00b", [Problem(1, "'\\x00'", Why.UNSEEN)], id="example 6: a control character"),
        pytest.param("a\u202eb", [Problem(1, "'\\u202e'", Why.UNSEEN)], id="example 6: turns the order around"),
        pytest.param(
            "x" * (LONGEST + 1), [Problem(0, f"{LONGEST + 1} > {LONGEST}", Why.TOO_LONG)], id="example 7: too long"
        ),
        pytest.param("{{ if credits }}\nx", [Problem(1, "{{ if credits }}", Why.NOT_ENDED)], id="example 8: not ended"),
        pytest.param("x{{ end }}", [Problem(1, "{{ end }}", Why.NOTHING_BEGUN)], id="example 8: nothing begun"),
        pytest.param(
            "{{ if sender }}{{ else }}{{ else }}{{ end }}",
            [Problem(1, "{{ else }}", Why.SECOND_ELSE)],
            id="example 8: a second else",
        ),
        pytest.param(
            "{{ if sender }}" * 4 + "x" + "{{ end }}" * 4,
            [Problem(1, "{{ if sender }}", Why.TOO_DEEP)],
            id="example 8: four deep",
        ),
        pytest.param(
            "{{today}}" * (MOST_MARKS + 1),
            [Problem(0, f"{MOST_MARKS + 1} > {MOST_MARKS}", Why.TOO_MANY)],
            id="example 9: too many names",
        ),
        pytest.param("{{ items }}\n" * 3, [Problem(0, "{{ items }}", Why.TOO_MANY)], id="example 9: three tables"),
    ],
)
def test_what_may_stand_in_a_text(text, expected):
    assert problems(text) == expected


def test_the_table_is_not_for_subjects():
    refused = [Problem(1, "{{ items }}", Why.NO_TABLE_HERE)]
    assert problems("{{ items }}", with_items=False) == refused
    assert problems("{{ items }}", vocabulary=Vocabulary(("total",), has_items=False)) == refused


TEXT = """Hello

{{ if dispute }}
In dispute: {{ disputed_items }}

{{ end }}
The invoice{{ if several_items }}s{{ end }}:

{{ items }}

{{ if credits }}
Yours: {{ credits_total }}
{{ else }}
Nothing of yours.
{{ end }}

Bye{{ if not sender }} from us{{ end }}"""


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        pytest.param(
            set(), "Hello\n\nThe invoice:\n\nT\n\nNothing of yours.\n\nBye from us\n", id="example 10: none holds"
        ),
        pytest.param(
            {"dispute", "several_items", "credits", "sender"},
            "Hello\n\nIn dispute: F1\n\nThe invoices:\n\nT\n\nYours: 5\n\nBye\n",
            id="example 10: all hold",
        ),
    ],
)
def test_conditions_keep_or_leave_out(holds, expected):
    assert problems(TEXT) == []
    values = {"disputed_items": "F1", "credits_total": "5"}
    assert fill_text(TEXT, values, items="T", holds=dict.fromkeys(holds, True)) == expected
    in_html = fill_html(TEXT, values, items="T", holds=dict.fromkeys(holds, True))
    assert in_html.replace("<p>", "").replace("</p>", "").split("\n") == [one for one in expected.split("\n") if one]


def test_a_condition_within_a_condition():
    text = "{{ if credits }}a{{ if sender }}b{{ else }}c{{ end }}{{ else }}d{{ end }}"
    assert fill_line(text, {}, {"credits": True, "sender": True}) == "ab"
    assert fill_line(text, {}, {"credits": True}) == "ac"
    assert fill_line(text, {}, {"sender": True}) == "d"


def test_a_value_opens_no_condition():
    text = "{{ contact_name }} {{ if sender }}x{{ end }}"
    values = {"contact_name": "{{ if credits }}{{ end }}{{ items }}"}
    assert fill_text(text, values, items="T") == "{{ if credits }}{{ end }}{{ items }}\n"
    assert fill_text("{{ contact_name }}", {"contact_name": "{{ items }}"}, items="T") == "{{ items }}\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A\r\nBcc: x@x.example", "A  Bcc: x@x.example"),
        ("invoice \u202efdp.exe", "invoice fdp.exe"),
        ("a\u2028b\x00c\ufeff", "a bc"),
        ("x" * 10_000, "x" * (LONGEST_VALUE - 1) + "…"),
        ("{{7*7}}", "{{7*7}}"),
        ("Société Générale – Çelik ŁÓDŹ 中文 עברית", "Société Générale – Çelik ŁÓDŹ 中文 עברית"),
    ],
)
def test_what_a_value_may_hold(value, expected):
    assert inert(value) == expected


@pytest.mark.parametrize("key", sorted(DEFAULT_TEXTS))
def test_the_texts_that_every_organisation_starts_with_can_be_saved(key):
    text = DEFAULT_TEXTS[key]
    words = VOCABULARIES.get(key[0], REMINDERS)
    assert problems(text.body, vocabulary=words) == []
    assert problems(text.subject, with_items=False, vocabulary=words) == []
    assert words.has_items == ("{{ items }}" in text.body.splitlines())


def test_every_text_exists_in_every_language():
    codes = {code for code, _language in DEFAULT_TEXTS}
    assert {(code, language) for code in codes for language in LANGUAGES} == set(DEFAULT_TEXTS)
    assert set(WORDS) == set(LANGUAGES)


def test_a_line_of_names_without_value_is_left_out():
    text = "Regards\n{{ sender_name }}\n{{ entity_phone }}\n\nTel. {{ entity_phone }}"
    values = {"sender_name": "Ann", "entity_phone": ""}
    assert fill_text(text, values, items="") == "Regards\nAnn\n\nTel.\n"
    assert fill_html(text, values, items="") == "<p>Regards<br>Ann</p>\n<p>Tel. </p>"


def test_values_are_not_read_again():
    """A customer named `{{ total }}` is a customer of that name."""
    values = {"contact_name": "{{ total }}", "total": "EUR 100"}
    assert fill_line("{{ contact_name }}", values) == "{{ total }}"
    assert fill_text("{{ contact_name }}", values, items="") == "{{ total }}\n"
    assert fill_html("{{ contact_name }}", values, items="") == "<p>{{ total }}</p>"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert attrs == []

    def handle_data(self, data):
        self.text += data


anything = st.text(max_size=200) | st.text(alphabet="{}%# <>&\"'|.__abtotal_items\n\\", max_size=80)
values = st.dictionaries(st.sampled_from(NAMES), anything)


@given(text=anything, values=values)
def test_html_holds_no_tag_but_ours_whatever_is_typed(text, values):
    found = Tags(fill_html(text, values, items=""))
    assert found.tags <= {"p", "br"}


@given(text=anything, values=values)
def test_a_subject_is_one_line_whatever_is_typed(text, values):
    assert len(fill_line(text, values).splitlines()) <= 1


@given(text=anything)
def test_what_can_be_saved_leaves_no_brace_and_no_surprise(text):
    """A text without problems gives its own words and the values, nothing else."""
    if problems(text):
        return
    marked = dict.fromkeys(NAMES, "\x01")
    filled = fill_text(text, marked, items="\u0001")
    assert "{{" not in filled
    assert "{%" not in filled
    for piece in filled.split("\u0001"):
        assert all(line.strip() in text for line in piece.splitlines())


@given(value=anything)
def test_a_value_arrives_as_it_is(value):
    plain = " ".join(inert(value).split())
    html_text = fill_html("x{{ contact_name }}", {"contact_name": plain}, items="")
    assert html.unescape(html_text.removeprefix("<p>").removesuffix("</p>")) == "x" + plain


def test_nobody_can_reach_into_the_program():
    for name in NAMES:
        filled = fill_html("{{ " + name + " }}", {name: EVIL}, items="")
        assert "<script>" not in filled
        assert "{0.__class__}" in filled


@given(rows=st.lists(st.lists(st.text(alphabet="ab 1é", max_size=8), min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_plain_table_keeps_its_columns(rows):
    lines = text_table(rows).split("\n")
    assert len(lines) == len(rows)
    assert all(line.startswith(row[0].rstrip()) for line, row in zip(lines, rows, strict=True))


def person(role="ACCOUNTING", *, email="x@x.example", is_primary=False, bounced=False, name="A") -> Person:
    from uuid import uuid4

    return Person(uuid4(), name, role, email, "fr", is_primary, bounced)


def test_the_recipient_is_who_pays_first_and_works():
    boss, buyer, accounting = person("MANAGEMENT"), person("BUYER"), person()
    assert email_recipient([boss, buyer, accounting]) is accounting
    assert email_recipient([boss, buyer]) is buyer
    primary = person(is_primary=True, name="Z")
    assert email_recipient([accounting, primary]) is primary
    assert email_recipient([person(bounced=True), person(email=""), boss]) is boss
    assert email_recipient([person(bounced=True)]) is None
    assert email_recipient([]) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["reminder_2", "reminder_3", "formal_notice"])
def test_a_new_deadline_stands_in_the_common_texts_in_place_of_their_usual_one(code, language):
    body = DEFAULT_TEXTS[code, language].body
    values = {"new_deadline": "2026-03-10"}
    told = fill_text(body, values, items="", holds={"new_deadline": True})
    usual = fill_text(body, values, items="")
    assert "2026-03-10" in told
    assert "2026-03-10" not in usual
    assert any(word in usual for word in ("eight", "few", "huit", "prochains", "acht", "nächsten"))
    assert "{{" not in told + usual
