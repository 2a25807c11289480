"""Where the table is in a file, and how its lines become rows."""

import pytest

from integrations.files import inspect, open_source
from integrations.files.refusals import EmptyFile, FileTooLarge, InvalidMapping
from integrations.files.table import find_layout, open_rows


def layout_of(tmp_path, text, **choices):
    (tmp_path / "f").write_text(text, encoding="utf-8", newline="")
    return find_layout(open_source(tmp_path / "f"), **choices)


def rows_of(tmp_path, text, *, size=5000, **choices):
    (tmp_path / "f").write_text(text, encoding="utf-8", newline="")
    source = open_source(tmp_path / "f")
    with open_rows(source, find_layout(source, **choices), size=size) as chunks:
        chunks = list(chunks)
    rows = [(number, row) for chunk in chunks for number, row in zip(chunk.numbers, chunk.rows, strict=True)]
    return rows, [tuple(broken) for chunk in chunks for broken in chunk.broken]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a,b,c\n1,2;3,4\n", ","),
        ("a\tb\n1;2\t3\n", "\t"),
        ("a|b|c\n1,0|2,0|3,0\n", "|"),
        ("sep=#\na#b\n1#2\n", "#"),
        ('"a","b"\n"x;y","1"\n"x;y","2"\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_all_lines_alike(tmp_path, text, delimiter):
    assert layout_of(tmp_path, text).delimiter == delimiter


@pytest.mark.parametrize(
    ("text", "row", "labels"),
    [
        ("name;amount\nA;1\n", 1, ("name", "amount")),
        ("Open items\n\nname;amount\nA;1\n", 3, ("name", "amount")),
        ("Printed on;31/12/2025;;\nname;amount;due;city\nA;1;2025-01-01;B\n", 2, ("name", "amount", "due", "city")),
        ("A;1;2\nB;2;3\n", 0, ("(1)", "(2)", "(3)")),
        (";name;name\n1;A;B\n", 1, ("(1)", "name", "name (2)")),
        ("Customer;;Amounts;\nref;name;open;due\nA;B;1;2\nC;D;3;4\n", 2, ("ref", "name", "open", "due")),
        ('"two\nlines";amount\nA;1\n', 1, ("two lines", "amount")),
    ],
)
def test_the_header_is_found_below_titles_or_missed(tmp_path, text, row, labels):
    layout = layout_of(tmp_path, text)
    assert (layout.header_row, layout.labels) == (row, labels)


def test_a_header_row_can_be_chosen(tmp_path):
    text = "x;y\nname;amount\nA;1\n"
    assert layout_of(tmp_path, text, header_row=2).labels == ("name", "amount")
    assert layout_of(tmp_path, text, header_row=0).labels == ("(1)", "(2)")
    with pytest.raises(InvalidMapping):
        layout_of(tmp_path, text, header_row=9)


def test_rows_have_the_number_of_their_line(tmp_path):
    text = 'title\n\na;b\n1;2\n\n3;"x\r\ny"\n5;6\n'
    rows, broken = rows_of(tmp_path, text)
    assert rows == [(4, ["1", "2"]), (6, ["3", "x\r\ny"]), (8, ["5", "6"])]
    assert not broken


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_of_any_size_give_the_same_rows(tmp_path, size):
    text = "a;b\n" + "".join(f'{n};"x\n{n}"\n\n' if n % 3 == 0 else f"{n};y\n" for n in range(20))
    assert rows_of(tmp_path, text, size=size) == rows_of(tmp_path, text)


def test_a_quote_left_open_does_not_swallow_rows_in_silence(tmp_path):
    """Row 2 opens a quote that row 3 happens to close: cut naively, both become one row of the right width."""
    text = '"ref";"name";"amount"\n1;"ACME;10\n2;BOB";20\n3;CARL;30\n'
    rows, broken = rows_of(tmp_path, text)
    assert rows == [(4, ["3", "CARL", "30"])]
    assert broken == [(2, 3)]
    assert [row for _number, row in rows_of(tmp_path, text.replace('"ref";"name";"amount"', "ref;name;amount"))[0]] == [
        ["1", '"ACME', "10"],
        ["2", 'BOB"', "20"],
        ["3", "CARL", "30"],
    ]


def test_a_quote_that_never_closes_is_broken_to_the_end(tmp_path):
    rows, broken = rows_of(tmp_path, 'a;b\n1;"x"\n3;"y\n4;z\n')
    assert rows == [(2, ["1", "x"])]
    assert broken == [(3, 4)]


def test_text_behind_a_closing_quote_is_broken_and_the_next_row_is_not(tmp_path):
    rows, broken = rows_of(tmp_path, 'a;b\n"1";"x"\n"2";"y"z\n"3";"w"\n')
    assert [number for number, _row in rows] == [2, 4]
    assert broken == [(3, 3)]


def test_quotes_that_mean_nothing_are_left_in_the_text(tmp_path):
    text = 'ref;name\n1;"Chez" Paul\n2;Rue 5"\n3;"Le" Lion\n'
    assert layout_of(tmp_path, text).quote == ""
    rows, broken = rows_of(tmp_path, text)
    assert rows[0] == (2, ["1", '"Chez" Paul'])
    assert not broken


def test_single_quotes_can_enclose_cells(tmp_path):
    rows, _broken = rows_of(tmp_path, "'a','b'\n'1','x, y'\n'2','z'\n")
    assert rows[0] == (2, ["1", "x, y"])


def test_more_than_a_thousand_columns_are_refused(tmp_path):
    with pytest.raises(FileTooLarge):
        layout_of(tmp_path, ";".join(f"c{n}" for n in range(1001)) + "\n")


def test_a_header_alone_is_a_file_of_no_rows(tmp_path):
    (tmp_path / "f").write_text("customer;invoice number;invoice date;due date;amount\n")
    inspection = inspect(open_source(tmp_path / "f"))
    assert inspection.row_count == 0
    assert len(inspection.layout.labels) == 5


def test_a_sheet_of_nothing_is_refused(tmp_path):
    import xlsxwriter

    workbook = xlsxwriter.Workbook(str(tmp_path / "f"))
    workbook.add_worksheet("Empty")
    workbook.close()
    with pytest.raises(EmptyFile):
        inspect(open_source(tmp_path / "f"))


def test_an_inspection_can_be_stored_as_json(tmp_path):
    import json

    (tmp_path / "f").write_text("client;montant;date\nA;1,50;31/01/2025\nB;2,50;28/02/2025\n")
    document = inspect(open_source(tmp_path / "f")).to_json()
    assert json.loads(json.dumps(document)) == document
    columns = {column["label"]: column for column in document["columns"]}
    assert columns["date"]["date_order"] == "dmy"
    assert columns["date"]["date_evidence"] == {"day_first": "31/01/2025"}
    assert columns["montant"]["decimal"] == ","
    assert (document["row_count"], document["encoding"], document["delimiter"]) == (2, "utf-8", ";")
