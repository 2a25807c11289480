"""However a text is cut, by whole stretches or by `csv` alone: the rows are the same."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.files.cutting import cut, cut_text

CELLS = st.sampled_from(["", " ", "a", "F1", "1.50", 'say "x"', '"a;b"', '"', '"a\nb"', "'", "é", "\x85", "a\tb"])
LINES = st.lists(st.tuples(st.lists(CELLS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"])), max_size=12)


def rows_of(chunks):
    rows, broken = [], []
    for chunk in chunks:
        assert len(chunk) == len(chunk.rows) == len(chunk.numbers)
        rows += zip(chunk.numbers, chunk.rows, strict=True)
        broken += chunk.broken
    return rows, broken


@settings(max_examples=300, deadline=None)
@given(LINES, st.sampled_from(['"', "'", ""]), st.integers(1, 5), st.booleans())
def test_stretches_are_cut_as_csv_cuts_them(lines, quote, size, ends):
    text = "".join(";".join(cells) + end for cells, end in lines)
    text = text if ends else text.rstrip("\r\n")
    how = {"delimiter": ";", "quote": quote, "width": 2, "size": size}
    fast = rows_of(cut_text(io.StringIO(text, newline=""), header_row=0, **how))
    assert fast == rows_of(cut(iter(io.StringIO(text, newline="")), after=0, **how))


def test_plain_lines_come_as_columns_and_others_as_rows():
    text = 'h;i\na;1\nb;2\n\n"c";3\nd;4;5\n'
    first, second, third = cut_text(
        io.StringIO(text, newline=""), delimiter=";", quote='"', header_row=1, width=2, size=2
    )
    assert first.columns(2) == [["a", "b"], ["1", "2"]]
    assert (list(second.numbers), second.rows) == ([5], [["c", "3"]])
    assert (list(third.numbers), third.rows, third.columns(2)) == ([6], [["d", "4", "5"]], None)
    assert first.pick(slice(1, None)) == [["b", "2"]]
