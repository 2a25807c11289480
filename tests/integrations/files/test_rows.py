"""Rows as they are handed over: exact, named when bad, checked against what the file says of itself."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.files import ColumnFormat, Mapping, convert, field_names, open_source
from integrations.files.refusals import InvalidMapping, Truncated, UnknownColumns, WrongTotal
from tests.integrations.files.ledgers import read_all

LABELS = "ref;no;date;due;amount"
COLUMNS = {"customer_ref": "ref", "number": "no", "document_date": "date", "due_date": "due", "amount": "amount"}
GOOD = "C1;F1;2025-01-31;2025-02-28;100.50"


def mapping(**changes):
    return Mapping(**({"kind": "items", "mode": "snapshot", "columns": COLUMNS} | changes))


def read(tmp_path, text, one=None, *, bom="", **options):
    (tmp_path / "f").write_text(bom + text, encoding="utf-8", newline="")
    return read_all(tmp_path / "f", one or mapping(), **options)


def with_column(name, label, **changes):
    return mapping(columns={**COLUMNS, name: label}, **changes)


def test_a_row_is_its_line_number_and_the_fields_in_their_order(tmp_path):
    (tmp_path / "f").write_text(f"{LABELS}\n{GOOD}\n")
    with convert(open_source(tmp_path / "f"), mapping(), default_currency="EUR") as conversion:
        (batch,) = list(conversion)
    (row,) = batch.rows
    assert len(row) == 1 + len(field_names("items"))
    assert row[:6] == (2, "C1", None, None, "F1", None)
    assert dict(zip(field_names("items"), row[1:], strict=True))["amount"] == Decimal("100.50")


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (";F1;2025-01-31;2025-02-28;1", "customer_ref", "empty; expected a text"),
        ("C1; ;2025-01-31;2025-02-28;1", "number", "empty; expected a text"),
        ("C1;F1;;2025-02-28;1", "document_date", "empty; expected a date such as 31/12/2026"),
        ("C1;F1;2025-01-31;31/13/2025;1", "due_date",
         "found “31/13/2025”; expected a date that exists, such as 31/12/2026"),
        ("C1;F1;2025-01-31;2025-02-28;", "amount", "empty; expected an amount such as 1234.56"),
        ("C1;F1;2025-01-31;2025-02-28;12,5", "amount", "found “12,5”; expected an amount such as 1234.56"),
        ("C1;F1;2025-01-31;2025-02-28;１２", "amount", "found “１２”; expected an amount such as 1234.56"),
        ("C1;F1;2025-01-31;2025-02-28;1e9", "amount", "found “1e9”; expected an amount such as 1234.56"),
        ("C1;F1;2025-01-31;2025-02-28;10000000000000000", "amount",
         "found “10000000000000000”; expected an amount of at most 16 digits"),
        ("C1;F1;2025-01-31;2025-02-28", "", "found “4”; expected 5 cells in the row"),
        ("C1;F1;2025-01-31;2025-02-28;1;x", "", "found “6”; expected 5 cells in the row"),
        (f"{'C' * 81};F1;2025-01-31;2025-02-28;1", "customer_ref",
         f"found “{'C' * 60}…”; expected at most 80 characters"),
        ('"C\n1";F1;2025-01-31;2025-02-28;1', "customer_ref",
         "found “C 1”; expected one line, without control characters"),
        ("C1;F1;2025-01-31;due;free", "due_date",
         "found “due”; expected a date such as 31/12/2026; amount: found “free”; expected an amount such as 1234.56"),
    ],
)  # fmt: skip
def test_a_bad_row_says_field_what_was_found_and_what_was_expected(tmp_path, row, field, reason):
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{GOOD}\n{row}\n{GOOD}\n")
    assert len(rows) == 2
    (one,) = bad
    assert (one.line_no, one.field, one.reason()) == (3, field, reason)
    assert "".join(one.values).replace("\n", "") == row.replace(";", "").replace('"', "").replace("\n", "")
    assert (summary.rows, summary.bad) == (2, 1)


def test_reasons_are_translated_by_whoever_shows_them(tmp_path):
    _rows, bad, _summary = read(tmp_path, f"{LABELS}\nC1;F1;;2025-02-28;1\n")
    french = {"empty; expected %(expected)s": "vide ; attendu : %(expected)s",
              "a date such as %(example)s": "une date comme %(example)s"}  # fmt: skip
    assert bad[0].reason(lambda text: french[text]) == "vide ; attendu : une date comme 31/12/2026"


def test_blank_rows_and_blank_cells_too_many_are_nothing(tmp_path):
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{GOOD};;\n\n;;;;\n{GOOD}\n ;;;;\n")
    assert ([row["line_no"] for row in rows], bad, summary.rows) == ([2, 5], [], 2)


def test_a_bad_row_does_not_stop_the_others_in_any_batch(tmp_path):
    lines = [GOOD.replace("F1", f"F{n}") if n % 7 else "C1;F;x;y;z" for n in range(1, 100)]
    text = "\n".join([LABELS, *lines, ""])
    for size in (1, 3, 10, 1000):
        rows, bad, summary = read(tmp_path, text, batch_size=size)
        assert [row["line_no"] for row in rows] == [n + 1 for n in range(1, 100) if n % 7]
        assert [row.line_no for row in bad] == [n + 1 for n in range(7, 100, 7)]
        assert summary.totals == {"EUR": Decimal("100.50") * len(rows)}


# --- what stands in for what ---------------------------------------------------------------------


def test_a_posting_date_stands_in_for_a_missing_document_date(tmp_path):
    columns = {name: label for name, label in COLUMNS.items() if name != "document_date"} | {"posting_date": "date"}
    rows, _bad, _summary = read(tmp_path, f"{LABELS}\n{GOOD}\n", mapping(columns=columns))
    assert rows[0]["document_date"] == rows[0]["posting_date"] == date(2025, 1, 31)


def test_a_credit_without_due_date_is_due_from_its_date_and_an_invoice_is_bad(tmp_path):
    rows, bad, _summary = read(tmp_path, f"{LABELS}\nC1;A1;2025-01-31;;-5\nC1;F1;2025-01-31;;5\n")
    assert rows[0]["due_date"] == date(2025, 1, 31)
    assert (bad[0].line_no, bad[0].field) == (3, "due_date")


def test_the_currency_comes_from_column_constant_entity_or_default(tmp_path):
    text = f"{LABELS};cur;ent\n{GOOD};usd;A\n{GOOD};;B\n{GOOD};;C\n"
    one = mapping(columns={**COLUMNS, "currency": "cur", "entity_code": "ent"})
    rows, _bad, summary = read(tmp_path, text, one, default_currency="EUR", entity_currencies={"B": "CHF"})
    assert [row["currency"] for row in rows] == ["USD", "CHF", "EUR"]
    assert summary.totals == dict.fromkeys(["USD", "CHF", "EUR"], Decimal("100.50"))
    rows, _bad, _summary = read(tmp_path, text, one.with_changes(constants={"currency": "GBP"}), default_currency="EUR")
    assert [row["currency"] for row in rows] == ["USD", "GBP", "GBP"]


def test_an_unknown_currency_is_bad(tmp_path):
    _rows, bad, _summary = read(tmp_path, f"{LABELS};cur\n{GOOD};XXX\n", with_column("currency", "cur"))
    assert bad[0].reason() == "found “XXX”; expected the code of a currency, such as EUR"


def test_constants_fill_blanks_and_must_be_values(tmp_path):
    rows, _bad, _summary = read(
        tmp_path, f"{LABELS}\n{GOOD}\n", mapping(constants={"entity_code": "FR", "kind": "invoice"})
    )
    assert (rows[0]["entity_code"], rows[0]["kind"]) == ("FR", "INVOICE")
    with pytest.raises(InvalidMapping):
        read(tmp_path, f"{LABELS}\n{GOOD}\n", mapping(constants={"kind": "spaceship"}))


def test_one_column_may_be_written_in_another_way_than_the_rest(tmp_path):
    one = mapping(
        date_order="dmy", formats={"due": ColumnFormat(date_order="mdy"), "amount": ColumnFormat(decimal=",")}
    )
    rows, bad, _summary = read(tmp_path, f"{LABELS}\nC1;F1;01/02/2025;03/31/2025;1.234,50\n", one)
    assert not bad
    assert (rows[0]["document_date"], rows[0]["due_date"]) == (date(2025, 2, 1), date(2025, 3, 31))
    assert rows[0]["amount"] == Decimal("1234.50")


def test_cells_that_were_protected_for_a_spreadsheet_are_unprotected(tmp_path):
    text = f'{LABELS};name\n"=""007""";\'+33;2025-01-31;2025-02-28;1;L\'Étoile\n'
    rows, bad, _summary = read(tmp_path, text, with_column("customer_name", "name", quote='"'))
    assert not bad
    assert (rows[0]["customer_ref"], rows[0]["number"], rows[0]["customer_name"]) == ("007", "+33", "L'Étoile")


def test_texts_lose_invisible_signs_line_breaks_and_what_is_too_long(tmp_path):
    text = f'{LABELS};name\n{GOOD};"Two\nlines\u200b  here"\n{GOOD};{"x" * 300}\n'
    rows, bad, summary = read(tmp_path, text, with_column("customer_name", "name"))
    assert not bad
    assert rows[0]["customer_name"] == "Two lines here"
    assert rows[1]["customer_name"] == "x" * 200
    assert list(summary.soft) == ["customer_name"]


def test_a_country_that_is_not_understood_is_left_empty_and_told(tmp_path):
    text = f"{LABELS};pays\n{GOOD};Allemagne\n{GOOD};Atlantis\n{GOOD};FRA\n"
    rows, bad, summary = read(tmp_path, text, with_column("country", "pays"))
    assert not bad
    assert [row["country"] for row in rows] == ["DE", None, "FR"]
    assert summary.soft == {"country": ["Atlantis"]}


# --- signs ---------------------------------------------------------------------------------------


def test_debit_and_credit(tmp_path):
    columns = {name: label for name, label in COLUMNS.items() if name != "amount"}
    one = mapping(columns={**columns, "debit": "deb", "credit": "cre", "open_amount": "open"})
    text = "ref;no;date;due;deb;cre;open\n" + "".join(
        f"C1;F{n};2025-01-31;2025-02-28;{cells}\n"
        for n, cells in enumerate(["10;;10", ";4;4", "0;0;0", ";;1", "10;3;7"])
    )
    rows, bad, summary = read(tmp_path, text, one)
    assert [(row["amount"], row["open_amount"]) for row in rows] == [(10, 10), (-4, -4), (0, 0), (7, 7)]
    assert [(row.line_no, row.field) for row in bad] == [(5, "amount")]
    assert summary.totals == {"EUR": 13}


@pytest.mark.parametrize(
    ("changes", "extra", "amounts"),
    [
        ({"columns": {**COLUMNS, "sign": "s"}}, ["D", "C", "soll", "Haben", "+", "-"], [9, -9, 9, -9, 9, -9]),
        ({"columns": {**COLUMNS, "kind": "s"}, "sign": "by_kind"},
         ["invoice", "credit note", "payment", "debit note", "write-off", "opening"], [9, -9, -9, 9, -9, 9]),
        ({"columns": {**COLUMNS, "kind": "s"}}, ["invoice", "avoir"], [9, 9]),
        ({"sign": "reversed"}, ["x"], [-9]),
    ],
)  # fmt: skip
def test_amounts_get_their_sign(tmp_path, changes, extra, amounts):
    text = f"{LABELS};s\n" + "".join(f"C1;F1;2025-01-31;2025-02-28;9;{cell}\n" for cell in extra)
    rows, bad, summary = read(tmp_path, text, mapping(**changes))
    assert not bad
    assert [row["amount"] for row in rows] == amounts
    assert summary.totals == {"EUR": sum(amounts)}


def test_an_unknown_sign_is_bad(tmp_path):
    text = f"{LABELS};s\n{GOOD};?\n{GOOD};\n{GOOD};D\n"
    rows, bad, _summary = read(tmp_path, text, with_column("sign", "s"))
    assert len(rows) == 1
    assert [(row.line_no, row.field) for row in bad] == [(2, "sign"), (3, "sign")]


def test_an_unknown_kind_is_bad(tmp_path):
    _rows, bad, _summary = read(tmp_path, f"{LABELS};k\n{GOOD};spaceship\n", with_column("kind", "k"))
    assert bad[0].field == "kind"


# --- decimals and totals -------------------------------------------------------------------------


def test_amounts_are_rounded_row_by_row_half_away_from_zero_and_both_sums_are_told(tmp_path):
    cells = ["0.125", "-0.125", "1.004", "2", "3.10"]
    text = f"{LABELS}\n" + "".join(f"C1;F1;2025-01-31;2025-02-28;{cell}\n" for cell in cells)
    rows, _bad, summary = read(tmp_path, text)
    assert [row["amount"] for row in rows] == [Decimal(x) for x in ("0.13", "-0.13", "1.00", "2", "3.10")]
    assert (summary.exact_totals, summary.totals) == ({"EUR": Decimal("6.104")}, {"EUR": Decimal("6.10")})
    assert (summary.rounded, summary.rounding) == ({"EUR": 3}, {"EUR": Decimal("-0.004")})


@pytest.mark.parametrize(
    ("currency", "text", "amount"), [("JPY", "12.5", "13"), ("TND", "1.2345", "1.235"), ("KWD", "1.234", "1.234")]
)
def test_decimals_are_those_of_the_currency(tmp_path, currency, text, amount):
    rows, _bad, _summary = read(tmp_path, f"{LABELS}\nC1;F1;2025-01-31;2025-02-28;{text}\n", default_currency=currency)
    assert rows[0]["amount"] == Decimal(amount)


def test_two_decimals_of_a_currency_without_any_are_refused_where_rounding_is_not_wanted(tmp_path):
    text = f"{LABELS}\nC1;F1;2025-01-31;2025-02-28;12.50\nC1;F2;2025-01-31;2025-02-28;12.00\n"
    rows, bad, summary = read(tmp_path, text, mapping(extra_decimals="refuse"), default_currency="JPY")
    assert [row["amount"] for row in rows] == [12]
    assert bad[0].reason() == "found “12.50”; expected at most 0 decimals in JPY"
    assert summary.rejected_totals == {"JPY": Decimal("12.50")}


def test_totals_are_by_currency(tmp_path):
    text = f"{LABELS};cur\n{GOOD};EUR\n{GOOD};USD\n{GOOD};EUR\n"
    _rows, _bad, summary = read(tmp_path, text, with_column("currency", "cur"))
    assert summary.totals == {"EUR": Decimal("201.00"), "USD": Decimal("100.50")}


# --- how the file ends ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", ["#END;2;201.00", "END;2;201", "#EOF", "TRAILER;2", "fin;2;201.00;", '"#END";"2";"201.00"']
)
def test_an_end_mark_is_no_row_and_its_claims_hold(tmp_path, end):
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{GOOD}\n{GOOD}\n{end}\n")
    assert (len(rows), bad) == (2, [])
    assert summary.trailer is not None


@pytest.mark.parametrize("end", ["#END;3;201.00", "#END;2;201.01", "END;1", f"#END;2;201.00\n{GOOD}"])
def test_an_end_mark_that_does_not_agree_refuses_the_file(tmp_path, end):
    with pytest.raises(WrongTotal):
        read(tmp_path, f"{LABELS}\n{GOOD}\n{GOOD}\n{end}\n")


def test_an_end_mark_counts_bad_rows_too_and_does_not_sum_them(tmp_path):
    rows, bad, _summary = read(tmp_path, f"{LABELS}\n{GOOD}\nC1;F2;x;y;z\n#END;2;201.00\n")
    assert (len(rows), len(bad)) == (1, 1)


def test_a_file_of_a_source_that_always_ends_with_a_mark_is_cut_off_without(tmp_path):
    with pytest.raises(Truncated):
        read(tmp_path, f"{LABELS}\n{GOOD}\n", mapping(trailer="end"))
    read(tmp_path, f"{LABELS}\n{GOOD}\n#END;1;100.50\n", mapping(trailer="end"))
    with pytest.raises(Truncated):
        read(tmp_path, f"{LABELS}\n{GOOD}\n", mapping(trailer="total"))


@pytest.mark.parametrize(
    "total", ["TOTAL;;;;201.00", ";;;Grand total;201.00", "Total général;;;;201.00", "Summe;;;;-201.00"]
)
def test_a_total_row_is_no_row_and_must_agree(tmp_path, total):
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{GOOD}\n{GOOD}\n{total}\n")
    assert (len(rows), bad, summary.skipped) == (2, [], 1)
    with pytest.raises(WrongTotal):
        read(tmp_path, f"{LABELS}\n{GOOD}\n{total}\n")


def test_subtotals_and_repeated_headers_are_no_rows(tmp_path):
    group = f"{GOOD}\n{GOOD}\nTotal C1;;;;201.00\n"
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{group}{LABELS}\n{group}Grand total;;;;402.00\n")
    assert (len(rows), bad, summary.skipped) == (4, [], 4)
    rows, bad, summary = read(tmp_path, f"{LABELS}\n{group}{group}")
    assert (len(rows), bad) == (4, [])


def test_a_customer_called_total_is_a_customer(tmp_path):
    rows, bad, _summary = read(
        tmp_path, f"{LABELS}\nTotal Energies;F1;2025-01-31;2025-02-28;5\nTOTAL;F2;2025-01-31;2025-02-28;6\n"
    )
    assert [row["customer_ref"] for row in rows] == ["Total Energies", "TOTAL"]
    assert not bad


@pytest.mark.parametrize(
    ("last", "whole"),
    [
        ("C1;F2;2025-01-31;2025-02-28;100.50", True),  # two decimals like all the others
        ("C1;F2;2025-01-31;2025-02-28;100.5", False),
        ("C1;F2;2025-01-31;2025-02-28;100", False),
        ("C1;F2;2025-01-31;2025-02-28;", False),
        ("C1;F2;2025-01-31;2025-02", False),
        ("C1", False),
        ('C1;F2;2025-01-31;2025-02-28;"7"', True),
    ],
)
def test_a_last_line_without_end_is_taken_only_when_it_is_whole(tmp_path, last, whole):
    text = f"{LABELS}\n{GOOD}\n{GOOD}\n{last}"
    if whole:
        assert len(read(tmp_path, text)[0]) == 3
        return
    with pytest.raises(Truncated):
        read(tmp_path, text)


def test_an_unfinished_last_line_can_be_accepted_by_a_person(tmp_path):
    rows, _bad, _summary = read(tmp_path, f"{LABELS}\n{GOOD}\nC1;F2;2025-01-31;2025-02-28;7", accept_unfinished=True)
    assert rows[1]["amount"] == 7


def test_a_cut_within_a_column_that_is_not_read_harms_nobody(tmp_path):
    rows, _bad, _summary = read(tmp_path, f"{LABELS};remark\n{GOOD};paid by\n{GOOD};pa")
    assert len(rows) == 2


def test_an_end_mark_proves_that_the_last_line_is_whole(tmp_path):
    rows, _bad, _summary = read(tmp_path, f"{LABELS}\n{GOOD}\n#END;1;100.50")
    assert len(rows) == 1


# --- mapping and file ----------------------------------------------------------------------------


def test_a_file_without_a_mapped_column_is_refused(tmp_path):
    with pytest.raises(UnknownColumns) as refused:
        read(tmp_path, "ref;no;date;due;total\n" + GOOD + "\n")
    assert list(refused.value.fields) == ["amount"]


def test_a_column_that_the_source_has_got_since_is_pointed_out(tmp_path):
    _rows, _bad, summary = read(tmp_path, f"{LABELS};old;new\n{GOOD};1;2\n", mapping(ignored=("old",)))
    assert summary.new_columns == ["new"]


def test_other_kinds_without_amounts_are_read_too(tmp_path):
    one = Mapping(kind="contacts", columns={"customer_ref": "c", "last_name": "n", "role": "r", "is_primary": "p"})
    rows, bad, summary = read(tmp_path, "c;n;r;p\nC1;Bell;Comptabilité;oui\nC2;Ring;Pilot;no\n", one)
    assert not bad
    assert [(row["role"], row["is_primary"]) for row in rows] == [("ACCOUNTING", True), (None, False)]
    assert summary.soft == {"role": ["Pilot"]}
    assert summary.totals == {}


def test_a_disputed_amount_may_be_missing(tmp_path):
    one = Mapping(kind="disputes", columns={"customer_ref": "c", "reason": "r", "opened_on": "o", "amount": "a"})
    rows, bad, _summary = read(tmp_path, "c;r;o;a\nC1;Price;2025-01-31;\nC1;Price;2025-01-31;5\n", one)
    assert not bad
    assert [row["amount"] for row in rows] == [None, 5]
