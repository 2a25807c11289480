"""Columns of values as the text that COPY reads: no statement, no call and no object for each row."""

from collections.abc import Sequence
from datetime import date
from typing import Any

_NULL = "\\N"
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _Days(dict[date | None, str]):
    """Day -> its text, each made once: a batch has few."""

    def __missing__(self, day: date | None) -> str:
        text = self[day] = _NULL if day is None else day.isoformat()
        return text


def copy_text(columns: Sequence[Sequence[Any]]) -> str:
    """The rows of these columns, all of one length, in COPY's text format. None is NULL.

    Takes texts, numbers, days and truths; not lists, bytes or times.
    """
    text = "\n".join(map("\t".join, zip(*map(_texts, columns), strict=True)))
    return f"{text}\n" if text else ""


def _texts(values: Sequence[Any]) -> Sequence[str]:
    kinds = set(map(type, values))
    if str in kinds:
        return _escaped(values, has_blank=len(kinds) > 1)
    if date in kinds:
        return list(map(_Days().__getitem__, values))
    if type(None) not in kinds:
        return list(map(str, values))
    return [_NULL if value is None else str(value) for value in values]


def _escaped(values: Sequence[str | None], *, has_blank: bool) -> Sequence[str]:
    texts = [value or "" for value in values] if has_blank else values
    together = "".join(texts)  # type: ignore[arg-type]
    if "\\" in together or "\t" in together or "\n" in together or "\r" in together:
        texts = [text.translate(_ESCAPED) for text in texts]  # type: ignore[union-attr]
    if has_blank:
        texts = [_NULL if value is None else text for value, text in zip(values, texts, strict=True)]
    return texts  # type: ignore[return-value]
