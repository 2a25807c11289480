"""What goes back to the sender: the refused rows as they came, with the reason, and nothing that runs."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook

from integrations.files import ErrorRow, write_errors_csv, write_errors_xlsx
from tests.integrations.files.ledgers import read_all

ROWS = [
    ErrorRow(3, "due_date: empty", ["=HYPERLINK(1)", "007", "-12.50", ""]),
    ErrorRow(9, "found “3”; expected 4 cells in the row", ["@SUM(A1)", "x", "+33 1 42"]),
    ErrorRow(12, "found “5”", ["a", "b", "c", "d", "too much"]),
]
LABELS = ["ref", "no", "amount", "due"]
TABLE = [
    ["ref", "no", "amount", "due", "Row", "Reason"],
    ["'=HYPERLINK(1)", "007", "-12.50", "", "3", "due_date: empty"],
    ["'@SUM(A1)", "x", "'+33 1 42", "", "9", "found “3”; expected 4 cells in the row"],
    ["a", "b", "c", "d", "12", "found “5”", "too much"],
]


def test_a_csv_of_errors_has_the_original_columns_and_the_reason():
    out = io.BytesIO()
    assert write_errors_csv(out, labels=LABELS, rows=ROWS) == 3
    text = out.getvalue().decode("utf-8-sig")
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(text), delimiter=";")) == TABLE


def test_a_workbook_of_errors_holds_texts_only():
    out = io.BytesIO()
    assert write_errors_xlsx(out, labels=LABELS, rows=ROWS) == 3
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(out.getvalue())).get_sheet_by_index(0)
    assert [[cell for cell in row if cell != ""] for row in sheet.to_python()] == [
        [cell for cell in row if cell != ""] for row in TABLE
    ]
    assert all(isinstance(cell, str) for row in sheet.to_python() for cell in row)


@pytest.mark.parametrize("write", [write_errors_csv, write_errors_xlsx])
def test_a_corrected_error_file_can_be_sent_again(tmp_path, write):
    """Rows that were refused go out, are corrected (here: the due date) and come in by the same headers."""
    text = "Client;Facture;Date;Échéance;Montant\n" + "".join(
        f"C{n % 3};'=F{n};2025-01-{n:02d};{'?' if n % 2 else '2025-02-03'};-{n},50\n" for n in range(1, 21)
    )
    (tmp_path / "f").write_text(text, encoding="utf-8")
    rows, bad, _summary = read_all(tmp_path / "f")
    assert (len(rows), len(bad)) == (10, 10)
    labels = text.split("\n")[0].split(";")
    with (tmp_path / "errors").open("wb") as out:
        write(
            out,
            labels=labels,
            rows=[ErrorRow(row.line_no, row.reason(), [*row.values[:3], "2025-02-03", row.values[4]]) for row in bad],
        )
    again, bad, _summary = read_all(tmp_path / "errors")
    assert not bad
    assert {row["number"] for row in again} == {f"=F{n}" for n in range(1, 21, 2)}
    assert sum(row["amount"] for row in again) == -sum(n + 0.5 for n in range(1, 21, 2))
