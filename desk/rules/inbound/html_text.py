"""The words of an HTML mail, as plain text. Nothing of its markup is kept, so there is nothing to render or to run.

One pass from left to right: each search either finds its mark and goes on behind it, or ends the reading. Whatever is
written, the time grows with the length alone (the standard library's parser needs its square for some texts).
"""

import html
import re

LONGEST = 500_000
# Quotes within quotes are shown so deep.
DEEPEST = 5
# Where programs begin to repeat the message that is answered.
ORIGINAL = "-----Original Message-----"
_QUOTING = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend|protonmail_quote|OLK_SRC_BODY_SECTION", re.I
)
_SILENT = ("script", "style", "head", "title", "template", "noscript", "textarea", "iframe", "object", "svg")
_LINES = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "br",
    ]
)
_APART = frozenset(("p", "table", "blockquote", "ul", "ol", "hr"))
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,20})")


def text_of_html(markup: str) -> str:
    """The text, a line per block; quoted blocks as lines that begin with ">". Longer markup is cut at LONGEST."""
    markup = markup[:LONGEST]
    out: list[str] = []
    place, depth = 0, 0
    while (start := markup.find("<", place)) >= 0:
        _say(out, markup[place:start], depth)
        if markup.startswith("<!--", start):
            end = markup.find("-->", start + 4)
            if end < 0:
                return _lines(out)
            place = end + 3
            continue
        named = _NAME.match(markup, start + 1)
        if named is None and markup[start + 1 : start + 2] not in ("!", "?"):
            _say(out, "<", depth)  # "a < b"
            place = start + 1
            continue
        end = markup.find(">", start)
        if end < 0:
            return _lines(out)
        place = end + 1
        if named is None:
            continue
        tag, closes = named[1].lower(), markup[start + 1] == "/"
        if tag in _SILENT and not closes:
            place = _behind(markup, tag, place)
            if place < 0:
                return _lines(out)
        elif tag == "blockquote":
            depth = max(0, depth - 1) if closes else min(depth + 1, DEEPEST)
            out.append("\n\n" + "> " * depth)
        elif not closes and _QUOTING.search(markup, start, min(end, start + 500)):
            out.append(f"\n\n{ORIGINAL}\n\n")
        elif tag in _LINES:
            out.append("\n\n" if tag in _APART and (closes or tag == "hr") else "\n")
            out.append("> " * depth)
        elif tag in ("td", "th") and closes:
            out.append("  ")
    _say(out, markup[place:], depth)
    return _lines(out)


def _behind(markup: str, tag: str, place: int) -> int:
    """Behind the end of a tag whose content is no text; -1 where it has no end."""
    found = re.compile(f"</{tag}", re.I).search(markup, place)
    return markup.find(">", found.end()) + 1 or -1 if found else -1


def _say(out: list[str], piece: str, depth: int) -> None:
    """Line breaks of the source are spaces; in a quoted block nothing else begins a line."""
    if piece:
        out.append(html.unescape(re.sub(r"[ \t\r\n\f]+", " ", piece)))


def _lines(out: list[str]) -> str:
    """Without blanks at the ends of lines, and at most one empty line in a row."""
    lines: list[str] = []
    for line in "".join(out).split("\n"):
        shown = re.sub(r"^(?:> )+(?=\s*$)", "", line.replace("\u00a0", " ")).strip()
        if shown or (lines and lines[-1]):
            lines.append(shown)
    return "\n".join(lines).strip()
