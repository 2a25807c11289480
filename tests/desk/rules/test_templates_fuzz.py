"""Whatever anybody types as a text, and whatever stands in the books: refused with a reason, or rendered and inert."""

import html
import io
import time
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from desk.pdf import PdfProcess
from desk.rules.differences import Change, differences
from desk.rules.templates import (
    CONDITIONS,
    ITEMS,
    LONGEST,
    LONGEST_VALUE,
    MOST_MARKS,
    MOST_PROBLEMS,
    NAMES,
    Why,
    fill_html,
    fill_line,
    fill_text,
    inert,
    problems,
    text_table,
)

# Ways into other template languages, programs and headers, and what hides or turns text around.
HOSTILE = (
    "{{7*7}}", "{{ 7*7 }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% load x %}", "{%include 'x'%}", "{# x #}", "{{ items }}",
    "{{ if credits }}", "{{ else }}", "{{ end }}", "{{ total }}", "{0.__class__.__init__.__globals__}", "%(x)s", "%n%n",
    "{{ contact_name.__class__.__mro__ }}", "{{ request.user.password }}", "{{ settings.SECRET_KEY }}", "$HOME", "`id`",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<iframe src=//x.example>", "</p></body></html>",
    "\"><style>*{display:none}</style>", "<a href='javascript:alert(1)'>x</a>", "<!--", "]]>", "&lt;b&gt;", "&#60;b>",
    "A\r\nBcc: all@x.example", "A\nSubject: x\n\nBody", "A\x0bB\x0cC", "A\u2028B\u2029C\x85D", "\x00\x07\x1b[31m",
    "invoice\u202efdp.exe", "\u2067abc\u2069", "a\u200b\ufeffb", "\ud800", "\ufffe\uffff", "x" * 10_000, "é" * 10_000,
    "=cmd|'/C calc'!A0", "'; DROP TABLE x; --", "../../etc/passwd", "\\22 } body { display: none", "url(http://x.example/)",
)  # fmt: skip
hostile = st.sampled_from(HOSTILE) | st.text(max_size=60)
values_of_all = st.fixed_dictionaries(dict.fromkeys(NAMES, hostile))
holds_of_all = st.fixed_dictionaries(dict.fromkeys(CONDITIONS, st.booleans()))

_marks = st.one_of(
    st.sampled_from([*NAMES, ITEMS, "else", "end", "if", "nothing", "a.b", "a|b", "", " ", "Total", "7*7"]),
    st.sampled_from([*CONDITIONS, "nothing"]).map("if {}".format),
    st.sampled_from([*CONDITIONS, "nothing"]).map("if not {}".format),
    st.text(max_size=90),
)
_pieces = st.one_of(
    st.builds("{}{}{}{}{}".format, st.sampled_from(["{{", "{", "{{{", "{%", "{#"]), st.sampled_from(["", " "]), _marks, st.sampled_from(["", " "]), st.sampled_from(["}}", "}", "}}}", "%}", "#}", ""])),
    st.sampled_from(["\n", "\r\n", "\n\n", "\t", " ", "{", "}", *HOSTILE[:40]]),
    st.text(max_size=20),
)  # fmt: skip
sources = st.lists(_pieces, max_size=25).map("".join)


class Watched(Mapping[str, Any]):
    """Values, and which of them were asked for."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known, self.asked = known, set[str]()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("nobody looks through the values")

    def __len__(self) -> int:
        return len(self.known)


class Tags(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        assert attrs == []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(source=sources, values=values_of_all, holds=holds_of_all)
def test_any_source_is_refused_with_a_reason_or_renders_from_the_list_alone(source, values, holds):
    found = problems(source)
    assert len(found) <= MOST_PROBLEMS
    for one in found:
        assert one.why in Why
        assert one.found
        assert 0 <= one.line <= len(source.splitlines())
        assert one.meant == "" or one.meant in (*NAMES, *CONDITIONS, ITEMS, "else", "end")
    asked, of_conditions = Watched(values), Watched(holds)
    in_html = fill_html(source, asked, items="<table></table>", holds=of_conditions)
    fill_text(source, asked, items="T", holds=of_conditions)
    subject = fill_line(source, asked, of_conditions)
    assert len(subject.splitlines()) <= 1
    assert Tags(in_html).tags <= {"p", "br", "table"}
    if not found:
        assert asked.asked <= set(NAMES)
        assert of_conditions.asked <= set(CONDITIONS)


@given(source=sources)
def test_what_can_be_saved_leaves_no_mark_behind(source):
    assume(not problems(source))
    filled = fill_text(source, dict.fromkeys(NAMES, ""), items="")
    assert "{{" not in filled
    assert "{%" not in filled


@given(values=values_of_all, holds=holds_of_all)
def test_hostile_values_come_out_inert(values, holds):
    source = "\n".join(f"<{name}> {{{{ {name} }}}}." for name in NAMES)
    subject = fill_line(source, values, holds)
    assert len(subject.splitlines()) == 1
    plain = fill_text(source, values, items="T", holds=holds)
    # Each name gives one line, whatever stands in it.
    assert [line.split(">")[0][1:] for line in plain.splitlines()] == list(NAMES)
    found = Tags(fill_html(source, values, items="<table></table>", holds=holds))
    assert found.tags == {"p", "br"}
    for name in NAMES:
        assert inert(values[name]) in found.text
        assert inert(values[name]).rstrip() in plain
    for text in (subject, plain, found.text):
        assert not set(text) & set(
            "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\x00\x85"
        )
        text.encode()  # no halves of characters


@given(value=hostile | st.text(max_size=3000))
def test_a_value_is_one_short_line_that_stays_what_it_is(value):
    once = inert(value)
    assert len(once) <= LONGEST_VALUE
    assert len(once.splitlines()) <= 1
    assert inert(once) == once


# A text as a tree, and what it must say: told by other means than the code under test uses.
words = st.text(alphabet="ab éß<&.", min_size=1, max_size=6)
trees = st.recursive(
    words | st.sampled_from(NAMES).map(lambda name: ("name", name)),
    lambda inner: st.tuples(
        st.just("if"), st.sampled_from(CONDITIONS), st.booleans(), st.lists(inner, max_size=3), st.none() | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


def written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if tree[0] == "name":
        return "{{ " + tree[1] + " }}"
    _if, condition, is_not, yes, no = tree
    begin = "{{ if " + ("not " if is_not else "") + condition + " }}"
    return (
        begin
        + "".join(map(written, yes))
        + ("{{ else }}" + "".join(map(written, no)) if no is not None else "")
        + "{{ end }}"
    )


def meant(tree: Any, values: Mapping[str, str], holds: Mapping[str, bool]) -> str:
    if isinstance(tree, str):
        return tree
    if tree[0] == "name":
        return values[tree[1]]
    _if, condition, is_not, yes, no = tree
    return "".join(meant(one, values, holds) for one in (yes if holds[condition] != is_not else no or []))


@given(branches=st.lists(trees, min_size=1, max_size=4), holds=holds_of_all)
def test_a_text_says_what_its_tree_means(branches, holds):
    source = "".join(map(written, branches))
    assume(not any(one.why is Why.TOO_DEEP for one in problems(source)))
    assert problems(source) == []
    values = {name: f"[{name}]" for name in NAMES}
    expected = "".join(meant(one, values, holds) for one in branches)
    assert fill_line(source, values, holds) == " ".join(expected.split())
    assert fill_text(source, values, items="", holds=holds).strip() == expected.strip()
    assert html.unescape(Tags(fill_html(source, values, items="", holds=holds)).text).strip() == expected.strip()


LONG = LONGEST
SLOW = {
    "braces": "{" * LONG,
    "open marks": "{{" * (LONG // 2),
    "open marks with spaces": "{{ " * (LONG // 3),
    "long inside": "{{" + "a" * (LONG - 4) + "}}",
    "almost names": "{{ contact_nam }}" * (LONG // 17),
    "almost conditions": "{{ if credit }}" * (LONG // 15),
    "many conditions": "{{ if credits }}{{ end }}" * (LONG // 25),
    "never ended": "{{ if credits }}" * (LONG // 16),
    "only ends": "{{ end }}" * (LONG // 9),
    "only lines": "\n" * LONG,
    "only spaces": " " * LONG,
    "tables": "{{ items }}\n" * (LONG // 12),
    "unseen": "\u202e" * LONG,
    "closing": "}}" * (LONG // 2),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_text_takes_long(name):
    values = dict.fromkeys(NAMES, "x" * LONGEST_VALUE)
    began = time.process_time()
    problems(SLOW[name])
    fill_html(SLOW[name], values, items="T", holds={})
    fill_text(SLOW[name], values, items="T", holds={})
    fill_line(SLOW[name], values, {})
    assert time.process_time() - began < 1


def test_what_is_made_of_a_text_is_bounded():
    fullest = "{{ bank_details }}\n" * MOST_MARKS
    assert problems(fullest) == []
    made = fill_html(fullest, dict.fromkeys(NAMES, "<" * 10_000), items="")
    assert len(made) < LONGEST + MOST_MARKS * LONGEST_VALUE * 6
    assert len(text_table([["n" * 60, "d", "1"]] * 500)) < 500 * 100


@settings(max_examples=200)
@given(before=st.text(alphabet="ab\n", max_size=60), after=st.text(alphabet="ab\n", max_size=60))
def test_the_difference_holds_both_texts(before, after):
    lines = differences(before, after)
    assert [one.text for one in lines if one.change is not Change.NEW] == before.splitlines()
    assert [one.text for one in lines if one.change is not Change.GONE] == after.splitlines()


def test_the_difference_of_the_longest_texts_is_found_quickly():
    began = time.process_time()
    differences("a\nb\n" * 200, "b\nc\na\n" * 133)
    differences("\n".join(map(str, range(400))), "\n".join(map(str, range(400, 0, -1))))
    assert time.process_time() - began < 2


def test_hostile_values_are_only_words_in_a_pdf():
    """In the frame that letters have, see tests/collection/test_messages.py for what may be loaded."""
    body = "".join(
        fill_html("{{ contact_name }}", {"contact_name": value}, items="<table></table>") for value in HOSTILE
    )
    renderer = PdfProcess()
    try:
        pdf = renderer.render(f"<!doctype html><html><head><title>x</title></head><body>{body}</body></html>")
        assert pdf == renderer.render(f"<!doctype html><html><head><title>x</title></head><body>{body}</body></html>")
    finally:
        renderer.close()
    reader = PdfReader(io.BytesIO(pdf))
    said = "".join(page.extract_text() for page in reader.pages)
    assert "{{7*7}}" in said
    assert "49" not in said
    assert "{{ request.user.password }}" in said
    root = reader.trailer["/Root"]
    assert "/OpenAction" not in root
    assert "/JavaScript" not in root.get("/Names", {})
    assert "/EmbeddedFiles" not in root.get("/Names", {})
    assert all("/Annots" not in page for page in reader.pages)
