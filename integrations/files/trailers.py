"""Rows that are no rows: a trailer that counts and sums the file, totals and subtotals of a printed list. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from core.text import search_key
from integrations.files.amounts import MARKS, from_number, parse_amount
from integrations.files.sheets import Cell

_END = re.compile(r"#?\s*(?:END|EOF|TRAILER|TRL|FIN|ENDE|FINE)\s*#?", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand |sub |sous |overall |general |report )?(?:total|totals|totaux|subtotal|subtotals|soustotal|totale|totali|totales"
    r"|subtotale|summe|gesamtsumme|zwischensumme|endsumme|gesamt|somme|suma|saldo total|gesamttotal)(?: .*)?"
)


class Trailer(NamedTuple):
    """What the last line of a file says of it: how many rows, and their total; None where it does not say."""

    row_count: int | None
    total: Decimal | None


def read_trailer(row: Sequence[Cell], *, decimal: str) -> Trailer | None:
    """The trailer in a row such as `#END;9681;310427858.97`; None when it is none.

    Its first cell is a word for the end; after it come at most a count and a total, in this order.
    """
    cells = [cell for cell in row if cell != ""]
    if not cells or not isinstance(cells[0], str) or not _END.fullmatch(cells[0].strip()) or len(cells) > 4:
        return None
    numbers = [_number(cell, decimal) for cell in cells[1:]]
    known = [number for number in numbers if number is not None]
    if len(known) != len(numbers):
        return None
    if not known:
        return Trailer(None, None)
    count = int(known[0]) if known[0] == known[0].to_integral_value() and known[0] >= 0 else None
    if count is None:
        return Trailer(None, known[0])
    return Trailer(count, known[1] if len(known) > 1 else None)


def names_a_total(row: Sequence[Cell]) -> bool:
    """Whether a cell of the row begins with a word for a total. A customer may be called so: look at the rest too."""
    return any(isinstance(cell, str) and len(cell) < 80 and _TOTAL.fullmatch(search_key(cell)) for cell in row)


def looks_like_end(row: Sequence[Cell]) -> str:
    """`end`, `total` or empty, without knowing which column is what: a total row leaves most cells blank."""
    filled = len(row) - row.count("")
    if filled > max(4, len(row) // 2):
        return ""
    if any(read_trailer(row, decimal=mark) for mark in MARKS):
        return "end"
    return "total" if filled <= max(2, len(row) // 2) and names_a_total(row) else ""


def _number(cell: Cell, decimal: str) -> Decimal | None:
    value = from_number(cell) if isinstance(cell, float) else parse_amount(str(cell), decimal=decimal)
    return value if isinstance(value, Decimal) else None
