"""Where a mail ends that somebody wrote, and the one that it answers begins. Only what is new says anything."""

import re

# "Le 3 mars 2026 à 10:12, Nordis <x@y> a écrit :", "On ... wrote:", "Am ... schrieb ...:"; perhaps over two lines.
_ATTRIBUTION = re.compile(
    r"^[ \t]*(?:"
    r"(?:le|on|am|op|el|il)\b[^\n]{0,300}(?:\n[^\n]{1,200}){0,2}?"
    r"(?:a écrit|a ecrit|wrote|schrieb[^\n]{0,200}|schreef[^\n]{0,200}|escribió|ha scritto)[ \t\u00a0]*:"
    r"|[^\n]{1,200}(?:a écrit|a ecrit|wrote|schrieb)[ \t\u00a0]*:)[ \t]*$",
    re.I | re.M,
)
_DIVIDER = re.compile(
    r"^[ \t>]*(?:-{2,}[ \t]*(?:original message|message d'origine|message original|ursprüngliche nachricht|"
    r"urspruengliche nachricht|forwarded message|message transféré|weitergeleitete nachricht|"
    r"message transmis)[ \t]*-{2,}|_{20,})[ \t]*$",
    re.I | re.M,
)
# The head that Outlook repeats: two such lines within four say that it begins.
_HEAD = re.compile(
    r"^[ \t>*]*(?:de|from|von|envoyé|envoye|sent|gesendet|à|to|an|objet|subject|betreff|date|datum|cc)[ \t]*\*?[ \t]*:",
    re.I,
)
_SIGNATURE = re.compile(r"^-- ?$")


def cut(text: str) -> tuple[str, str]:
    """(what is new, what is repeated). An answer written between quoted lines keeps its lines, without the quoted ones.

    A text that is nothing but repetition (a forwarded mail) is all new: somebody sent it to say what it says.
    """
    place = _first_repetition(text)
    new, repeated = text[:place], text[place:]
    own = [line for line in new.split("\n") if not line.lstrip().startswith(">")]
    quoted = [line for line in new.split("\n") if line.lstrip().startswith(">")]
    written = "\n".join(own).strip()
    below = _below(repeated)
    if below:
        written = f"{written}\n\n{below}".strip()
    if not written:
        return text.strip(), ""
    return written, "\n".join([*quoted, repeated]).strip()


def without_signature(text: str) -> str:
    """Up to the line "-- " behind which programs put the sender's name and legal sentences."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number and _SIGNATURE.match(line):
            return "\n".join(lines[:number])
    return text


def _first_repetition(text: str) -> int:
    places = [len(text)]
    for pattern in (_ATTRIBUTION, _DIVIDER):
        found = pattern.search(text)
        if found:
            places.append(found.start())
    start = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if start >= min(places):
            break
        if _HEAD.match(line) and sum(1 for near in lines[number + 1 : number + 4] if _HEAD.match(near)) >= 1:
            places.append(start)
            break
        start += len(line) + 1
    return min(places)


def _below(repeated: str) -> str:
    """What is written below a quotation whose every line is marked: some people answer there."""
    lines = repeated.split("\n")
    marked = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    if not marked or not _ATTRIBUTION.match(repeated):
        return ""
    own = [line for line in lines[marked[0] :] if not line.lstrip().startswith(">")]
    return "\n".join(own).strip()
