"""How a file ends: end marks, control totals, total rows, a last line that was cut off.

Asked about rows that are no good as data, so that ordinary rows cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core.text import search_key
from integrations.files.cutting import Chunk
from integrations.files.fields import Type, fields_by_name
from integrations.files.mapping import Mapping
from integrations.files.refusals import Truncated, WrongTotal
from integrations.files.sheets import Cell
from integrations.files.source import Source
from integrations.files.table import Layout
from integrations.files.trailers import Trailer, names_a_total, read_trailer

if TYPE_CHECKING:
    from integrations.files.rows import BadRow

_CENT = Decimal("0.01")


class Ending:
    """Keeps what is needed to judge the end of a file while its rows go by."""

    def __init__(self, source: Source, layout: Layout, mapping: Mapping, *, accept_unfinished: bool) -> None:
        self.trailer: Trailer | None = None
        self._trailer_row = 0
        self._source = source
        self._layout = layout
        self._mapping = mapping
        self._accept_unfinished = accept_unfinished
        self._blank_in_totals = [
            name for name, one in fields_by_name(mapping.kind).items() if one.type is Type.DATE or name == "number"
        ]
        self._header = [search_key(label) for label in layout.labels]
        self._last_label = layout.labels[-1]
        self._last_row: list[Cell] = []
        self._last_number = 0
        self._last_is_bad = False
        self._last_shapes: set[tuple[int, int]] = set()
        self._sum = self._group_sum = self._group_of_total = Decimal(0)
        self._totals_at: set[int] = set()
        self._total: Decimal | None = None
        self._total_row = 0

    def add(self, amounts: Sequence[Decimal | None], dropped: set[int], total: Decimal) -> None:
        """A batch's amounts before rounding, the positions that were not handed over, and the sum of the others."""
        self._sum += total
        if not self._totals_at:
            self._group_sum += total
            return
        for position, amount in enumerate(amounts):
            if position in self._totals_at:
                self._group_of_total, self._group_sum = self._group_sum, Decimal(0)
            elif position not in dropped and amount is not None:
                self._group_sum += amount
        self._totals_at.clear()

    def is_trailer(self, number: int, row: Sequence[Cell]) -> bool:
        """Whether the row is the file's end mark; remembers it."""
        trailer = read_trailer(row, decimal=self._mapping.decimal)
        if trailer is None:
            return False
        self.trailer, self._trailer_row = trailer, number
        return True

    def is_no_row(
        self,
        number: int,
        row: Sequence[Cell],
        amount: Decimal | None,
        columns: dict[str, Sequence[Any]],
        position: int,
    ) -> bool:
        """Whether a row that cannot be read is blank, an end mark, a total or subtotal, or the header once more.

        A total names itself so and has neither number nor date: a customer called Total has both.
        """
        if not _is_filled(row) or self.is_trailer(number, row):
            return True
        if [search_key(str(cell)) for cell in row] == self._header:
            return True
        if not names_a_total(row) or any(
            columns[name][position] is not None
            for name in self._blank_in_totals
            if name in columns and not names_a_total([str(columns[name][position])])
        ):
            return False
        self._total, self._total_row = amount, number
        self._totals_at.add(position)
        return True

    def saw(self, chunk: Chunk, bad: list[BadRow], *, last_good: int) -> None:
        """A chunk went by; `last_good` is the number of its last row that was handed over, 0 when none was."""
        if not len(chunk) and not chunk.broken:
            return
        filled = (position for position in range(len(chunk) - 1, -1, -1) if _is_filled(chunk.row(position)))
        last = next(filled, None)
        if last is not None:
            self._last_row, self._last_number = chunk.row(last), chunk.numbers[last]
        self._last_number = max([self._last_number, *(broken.last for broken in chunk.broken)])
        if self.trailer and self._last_number > self._trailer_row:
            raise WrongTotal(_("Rows follow after the end mark in row %(row)s.") % {"row": self._trailer_row})
        self._last_is_bad = bool(bad) and bad[-1].line_no > last_good
        if not self._source.ends_with_newline:
            others = chunk.rows[:-1]
            self._last_shapes.update(_shape(row[-1]) for row in others if len(row) == self._layout.width)

    def check(self, *, rows: int, bad: int, currencies: int) -> None:
        """The last row went by. Raises Truncated or WrongTotal. A total over several currencies is not checked."""
        wanted = self._mapping.trailer
        if (wanted == "end" and not self.trailer) or (wanted == "total" and not self._total_row):
            raise Truncated(_("Files of this source end with a total or an end mark; this one does not."))
        if not self.trailer and not self._source.ends_with_newline and not self._accept_unfinished:
            self._check_last_line()
        if self.trailer and self.trailer.row_count is not None and self.trailer.row_count != rows + bad:
            raise WrongTotal(
                _("The end of the file counts %(given)s rows; there are %(found)s.")
                % {"given": self.trailer.row_count, "found": rows + bad}
            )
        if bad or currencies > 1:
            return
        if self.trailer and self.trailer.total is not None:
            self._check_total(self.trailer.total, [self._sum])
        if self._total is not None and self._total_row == self._last_number:
            self._check_total(self._total, [self._sum, self._group_of_total])

    def _check_total(self, given: Decimal, sums: list[Decimal]) -> None:
        """A total may have been rounded, and may be of the other sign."""
        for found in sums:
            if abs(given) in (abs(found), abs(found).quantize(_CENT, ROUND_HALF_UP)):
                return
        raise WrongTotal(
            _("The end of the file gives a total of %(given)s; its rows make %(found)s.")
            % {"given": given, "found": sums[0]}
        )

    def _check_last_line(self) -> None:
        """Without an end of line, the last line may have been cut anywhere, within an amount too.

        It is whole when its last cell is not read at all, or looks in length and decimals as all others of its column
        do, or is enclosed in quotation marks.
        """
        problem = _(
            "The last line has no end: the file may have been cut off. If it is whole, save it with a line break at the end."
        )
        if self._last_is_bad or len(self._last_row) != self._layout.width:
            raise Truncated(problem)
        if self._last_label not in self._mapping.columns.values():
            return
        if self._layout.quote and self._ends_with_quote():
            return
        last = self._last_row[-1]
        length, decimals = _shape(last)
        if str(last).strip() and self._last_shapes and self._last_shapes == {(length, decimals)}:
            return
        all_decimals = {one for _length, one in self._last_shapes}
        if decimals and all_decimals == {decimals}:
            return
        raise Truncated(problem)

    def _ends_with_quote(self) -> bool:
        with self._source.path.open("rb") as file:
            file.seek(-2, 2)
            return file.read().replace(b"\0", b"")[-1:] == self._layout.quote.encode("ascii")


def _is_filled(row: Sequence[Cell]) -> bool:
    return any(str(cell).strip() for cell in row)


def _shape(cell: Cell) -> tuple[int, int]:
    """Length of a cell, and how many digits stand behind its decimal mark (0: none)."""
    text = str(cell).strip()
    digits = max(text.rfind("."), text.rfind(","))
    behind = text[digits + 1 :] if digits >= 0 else ""
    return len(text), len(behind) if behind.isdigit() else 0
