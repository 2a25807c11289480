"""A ledger is read right with no help, however its columns are called, ordered and written."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.files import FIELDS, contradictions, guess, inspect, open_source
from integrations.files.refusals import ChoiceNeeded, UnknownColumns
from tests.integrations.files.ledgers import (
    ENGLISH,
    FRENCH,
    GERMAN,
    ITALIAN,
    SAP,
    SHORT,
    SPANISH,
    Shape,
    as_items,
    comma,
    compact,
    dmy,
    dotted,
    expected,
    french,
    grouped_comma,
    grouped_point,
    iso,
    mdy,
    point,
    read_all,
    small_ledger,
    write_csv,
    write_xlsx,
)

LANGUAGES = {
    "english": ENGLISH,
    "french": FRENCH,
    "german": GERMAN,
    "spanish": SPANISH,
    "italian": ITALIAN,
    "sap": SAP,
    "short": SHORT,
}
REVERSED = tuple(reversed(ENGLISH))
WITH_EXTRAS = {"Comment": "x", "Internal key": "k", "Creation user": "me", "Days late": "3"}


def guess_of(path):
    return guess(inspect(open_source(path)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dates", [iso, dmy, mdy, dotted, compact])
def test_the_same_ledger_is_read_in_each_language_and_date_order(tmp_path, language, dates):
    items = small_ledger()
    path = write_csv(tmp_path / "f", items, Shape(headers=LANGUAGES[language], dates=dates))
    rows, bad, _summary = read_all(path)
    assert not bad
    assert as_items(rows) == expected(items)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("amounts", "encoding"),
    [
        (amounts, encoding)
        for amounts in (point, comma, grouped_comma, grouped_point, french)
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252")
        if (amounts, encoding) != (french, "cp1252")  # Windows-1252 has no narrow space
    ],
)
def test_the_same_ledger_is_read_in_each_delimiter_decimal_and_encoding(tmp_path, delimiter, amounts, encoding):
    items = small_ledger()
    shape = Shape(headers=FRENCH, delimiter=delimiter, amounts=amounts, encoding=encoding)
    rows, bad, _summary = read_all(write_csv(tmp_path / "f", items, shape))
    assert not bad
    assert as_items(rows) == expected(items)
    assert [row["customer_name"] for row in rows] == [item.customer_name for item in items]


@pytest.mark.parametrize(
    "shape",
    [
        Shape(order=REVERSED),
        Shape(extra=WITH_EXTRAS),
        Shape(order=REVERSED, extra=WITH_EXTRAS, headers=GERMAN, dates=dotted, amounts=grouped_comma),
        Shape(before="Open items of ACME\r\n\r\nPrinted on;2025-12-31\r\n"),
        Shape(before="sep=;\r\n"),
        Shape(newline="\r\r\n"),
        Shape(newline="\n"),
        Shape(newline="\r"),
        Shape(headers={name: label.upper() for name, label in ENGLISH.items()}),
        Shape(headers={name: label.replace(" ", "_").lower() for name, label in ENGLISH.items()}),
        Shape(headers={name: label.replace(" ", "") for name, label in ENGLISH.items()}),
        Shape(headers={name: f"  {label} :" for name, label in FRENCH.items()}),
    ],
)
def test_columns_may_change_places_get_company_and_stand_below_a_title(tmp_path, shape):
    items = small_ledger()
    rows, bad, _summary = read_all(write_csv(tmp_path / "f", items, shape))
    assert not bad
    assert as_items(rows) == expected(items)


@pytest.mark.parametrize("headers", [ENGLISH, FRENCH, GERMAN])
@pytest.mark.parametrize("title_rows", [0, 3])
@pytest.mark.parametrize("cover", [False, True])
def test_a_workbook_is_read_with_its_date_and_number_cells(tmp_path, headers, title_rows, cover):
    items = small_ledger()
    path = write_xlsx(tmp_path / "no-extension", items, headers=headers, title_rows=title_rows, cover=cover)
    rows, bad, summary = read_all(path)
    assert not bad
    assert as_items(rows) == expected(items)
    assert rows[0]["line_no"] == title_rows + 2
    assert summary.exact_totals == {"EUR": sum(item.amount for item in items)}


def test_settled_dates_make_a_history_and_their_absence_a_snapshot(tmp_path):
    items = small_ledger()
    history = guess_of(write_csv(tmp_path / "history", items, Shape())).mapping
    unpaid = [replace(item, settled_date=None) for item in items]
    snapshot = guess_of(write_csv(tmp_path / "snapshot", unpaid, Shape())).mapping
    assert (history.mode, snapshot.mode) == ("history", "snapshot")
    assert "settled_date" not in snapshot.columns
    assert snapshot.ignored == ("Payment date",)


def test_days_above_12_in_one_date_column_decide_for_all(tmp_path):
    text = "customer;number;invoice date;due date;amount\n" + "".join(
        f"C{n % 3};F{n};0{n}/03/2025;{n + 12}/04/2025;10.50\n" for n in range(1, 9)
    )
    (tmp_path / "f").write_text(text)
    found = guess_of(tmp_path / "f")
    assert found.mapping.date_order == "dmy"
    assert not found.defaults
    rows, _bad, _summary = read_all(tmp_path / "f")
    assert rows[0]["document_date"] == date(2025, 3, 1)


def test_an_ambiguous_date_order_is_reported_with_the_default_and_can_be_changed(tmp_path):
    text = "customer;number;invoice date;due date;amount\n" + "".join(
        f"C{n % 3};F{n};01/0{n}/2025;01/0{n + 1}/2025;10.50\n" for n in range(1, 9)
    )
    (tmp_path / "f").write_text(text)
    found = guess_of(tmp_path / "f")
    assert found.mapping.date_order == "dmy"
    assert found.defaults["date_order"].values["chosen"] == "dmy"
    assert "01/01/2025" in str(found.defaults["date_order"])
    rows, _bad, _summary = read_all(tmp_path / "f", found.mapping.with_changes(date_order="mdy"))
    assert rows[2]["due_date"] == date(2025, 1, 4)


def test_terms_decide_the_date_order_where_no_day_is_above_12(tmp_path):
    """Invoices of January to June, due after 30 days, of which only those were kept whose days are all 12 or less."""
    pairs = [("03/02/2025", "03/04/2025"), ("04/01/2025", "05/01/2025"), ("02/05/2025", "03/07/2025"),
             ("01/10/2025", "02/09/2025"), ("05/05/2025", "06/04/2025")]  # fmt: skip
    rows = "".join(f"C{n % 3};F{n};{a};{b};10.50\n" for n, (a, b) in enumerate(pairs * 4))
    (tmp_path / "f").write_text("customer;number;invoice date;due date;amount\n" + rows)
    found = guess_of(tmp_path / "f")
    assert found.mapping.date_order == "mdy"
    assert found.defaults["date_order"].values["chosen"] == "mdy"


def test_two_digit_years_need_a_choice(tmp_path):
    (tmp_path / "f").write_text(
        "customer;number;invoice date;due date;amount\nC1;F1;31/01/25;28/02/25;10.50\nC2;F2;15/02/25;17/03/25;11.00\n"
    )
    found = guess_of(tmp_path / "f")
    with pytest.raises(ChoiceNeeded) as refused:
        found.sure()
    assert list(refused.value.fields) == ["two_digit_years"]
    rows, bad, _summary = read_all(tmp_path / "f", found.mapping.with_changes(two_digit_years=True))
    assert not bad
    assert rows[0]["document_date"] == date(2025, 1, 31)
    _rows, bad, _summary = read_all(tmp_path / "f", found.mapping)
    assert bad[0].reason() == (
        "found “31/01/25”; expected a year of four digits; due_date: found “28/02/25”; expected a year of four digits"
    )


def test_a_decimal_mark_that_could_be_thousands_needs_a_choice(tmp_path):
    (tmp_path / "f").write_text(
        "customer;number;invoice date;due date;amount\nC1;F1;2025-01-31;2025-02-28;1.234\nC2;F2;2025-02-15;2025-03-17;12.500\n"
    )
    found = guess_of(tmp_path / "f")
    with pytest.raises(ChoiceNeeded) as refused:
        found.sure()
    assert list(refused.value.fields) == ["decimal"]
    thousands, _bad, _summary = read_all(tmp_path / "f", found.mapping.with_changes(decimal=","))
    decimals, _bad, _summary = read_all(tmp_path / "f", found.mapping.with_changes(decimal="."))
    assert [row["amount"] for row in thousands] == [1234, 12500]
    assert [row["amount"] for row in decimals] == [Decimal("1.23"), Decimal("12.50")]


def test_unknown_headers_are_refused_with_the_fields_and_what_they_could_be(tmp_path):
    items = small_ledger()
    nonsense = {name: f"zork{n}" for n, name in enumerate(ENGLISH)}
    path = write_csv(tmp_path / "f", items, Shape(headers=nonsense))
    with pytest.raises(UnknownColumns) as refused:
        guess_of(path).sure()
    fields = refused.value.fields
    assert {"customer_ref", "number", "document_date", "due_date", "amount"} >= set(fields) >= {"amount", "number"}
    assert "zork5" in str(fields["amount"])
    assert "zork2" in str(fields["number"])


def test_a_list_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "f").write_text("Article;Quantity;Price;Warehouse\n" + "A1;3;10.50;North\nA2;4;8.00;South\n" * 9)
    with pytest.raises(UnknownColumns) as refused:
        guess_of(tmp_path / "f").sure()
    assert {"number", "document_date", "due_date"} <= set(refused.value.fields) or "name" in refused.value.fields


@pytest.mark.parametrize("unknown", ["customer_ref", "number", "due_date", "amount"])
def test_one_column_with_an_unknown_name_is_found_by_what_it_holds(tmp_path, unknown):
    items = [replace(item, settled_date=None) for item in small_ledger()]
    headers = ENGLISH | {unknown: "Zork"}
    order = tuple(name for name in ENGLISH if name not in ("settled_date",))
    path = write_csv(tmp_path / "f", items, Shape(headers=headers, order=order))
    found = guess_of(path)
    assert found.fields[unknown].label == "Zork"
    assert not found.fields[unknown].by_header
    rows, bad, _summary = read_all(path)
    assert not bad
    assert as_items(rows) == expected(items)


def test_the_two_dates_are_found_by_their_distance(tmp_path):
    items = [replace(item, settled_date=None) for item in small_ledger()]
    headers = ENGLISH | {"document_date": "Zork", "due_date": "Blork"}
    order = ("due_date", "customer_ref", "number", "amount", "document_date")
    found = guess_of(write_csv(tmp_path / "f", items, Shape(headers=headers, order=order)))
    assert (found.fields["document_date"].label, found.fields["due_date"].label) == ("Zork", "Blork")
    assert "Blork" in str(found.fields["due_date"].reason)


def test_a_row_counter_is_not_taken_for_a_number(tmp_path):
    lines = ["Nr;client;facture;date;échéance;montant"]
    lines += [f"{n};C{n % 4};F{900 - n};2025-01-{n:02d};2025-02-{n:02d};10,{n:02d}" for n in range(1, 25)]
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    found = guess_of(tmp_path / "f")
    assert found.mapping.columns["number"] == "facture"
    assert str(found.ignored["Nr"]) == "it counts the rows"


@pytest.mark.parametrize(("entities", "repeated"), [("A", 12), ("AB", 0)])
def test_numbers_may_repeat_in_another_company_and_are_pointed_out_within_one(tmp_path, entities, repeated):
    lines = ["Company code;Client;Facture;Date;Échéance;Montant"] + [
        f"{entities[n % len(entities)]};C{n % 4};F{n // 2};2025-01-{n + 1:02d};2025-02-{n + 1:02d};10,50"
        for n in range(24)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = guess_of(tmp_path / "f")
    assert found.mapping.columns["number"] == "Facture"
    assert [note.values["count"] for note in found.notes if "repeats" in note.text] == ([repeated] if repeated else [])


def test_customers_without_a_reference_are_told_apart_by_name(tmp_path):
    lines = ["Raison sociale;Facture;Date;Echéance;Montant"]
    lines += [f"Maison {'ABCD'[n % 4]};F{n};{n:02d}/01/2025;{n:02d}/02/2025;10,50" for n in range(1, 25)]
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    found = guess_of(tmp_path / "f")
    assert found.mapping.columns["customer_ref"] == found.mapping.columns["customer_name"] == "Raison sociale"
    assert "name" in str(found.fields["customer_ref"].reason)


def test_an_open_amount_serves_as_amount_where_there_is_no_other(tmp_path):
    lines = ["Client;Facture;Date;Echéance;Solde dû"] + [
        f"C{n % 4};F{n};{n:02d}/01/2025;{n:02d}/02/2025;10,50" for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    columns = guess_of(tmp_path / "f").mapping.columns
    assert columns["amount"] == columns["open_amount"] == "Solde dû"


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [("Amount (USD)", "10.50", "USD"), ("total_gbp", "10.50", "GBP"), ("Montant", "10,50 €", "EUR"),
     ("Betrag in CHF", "10,50", "CHF"), ("Amount", "$10.50", "USD"), ("Montant €", "10,50", "EUR")],
)  # fmt: skip
def test_the_currency_is_taken_from_header_or_cells(tmp_path, header, cell, code):
    lines = [f"customer;invoice;date;due;{header}"] + [
        f"C{n % 4};F{n};2025-01-{n:02d};2025-02-{n:02d};{cell}" for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows, bad, summary = read_all(tmp_path / "f", default_currency="JPY")
    assert not bad
    assert set(summary.totals) == {code}
    assert rows[0]["amount"] == Decimal("10.50")


KINDS = {
    "customers": "Code client;Raison sociale;Adresse;Code postal;Ville;Pays;SIREN;N° TVA\n"
    "C1;Étoile SA;1 rue Haute;75001;Paris;France;732 829 320;FR44732829320\nC2;Müller GmbH;Ring 2;10115;Berlin;Allemagne;;\n",
    "contacts": "Customer number;First name;Last name;Role;E-mail;Phone\nC1;Ann;Bell;Accounting;a@b.example;+33 1\n",
    "orders": "Customer;Order number;Order date;Delivery date;Order amount\nC1;O1;2025-01-01;2025-02-01;100.50\n",
    "allocations": "Invoice number;Payment number;Amount;Allocation date\nF1;P1;10.50;2025-01-31\nF2;P1;11.50;2025-01-31\n",
    "disputes": "Client;N° facture;Motif du litige;Montant en litige;Date d'ouverture\nC1;F1;Prix;10,50;31/01/2025\n",
    "promises": "Customer;Promised amount;Promise date;Made on;Invoice numbers\nC1;10.50;2025-02-15;2025-01-31;F1, F2\n",
    "items": "Customer;Invoice number;Order number;Invoice date;Due date;Amount\nC1;F1;O1;2025-01-01;2025-02-01;100.50\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_file_is_recognised(tmp_path, kind):
    (tmp_path / "f").write_text(KINDS[kind], encoding="utf-8")
    found = guess_of(tmp_path / "f")
    assert found.mapping.kind == kind
    rows, bad, _summary = read_all(tmp_path / "f")
    assert rows
    assert not bad


def test_countries_names_and_identifiers_of_customers_are_normalised(tmp_path):
    (tmp_path / "f").write_text(KINDS["customers"], encoding="utf-8")
    rows, _bad, _summary = read_all(tmp_path / "f")
    assert [(row["customer_ref"], row["name"], row["country"], row["siren"]) for row in rows] == [
        ("C1", "Étoile SA", "FR", "732829320"),
        ("C2", "Müller GmbH", "DE", None),
    ]


def test_nothing_depends_on_the_name_of_the_file(tmp_path):
    items = small_ledger()
    first = write_csv(tmp_path / "customers.csv", items, Shape())
    second = write_csv(tmp_path / "x.xlsx", items, Shape())
    assert guess_of(first).mapping == guess_of(second).mapping


def test_a_fingerprint_stays_when_columns_change_places(tmp_path):
    items = small_ledger()
    one = inspect(open_source(write_csv(tmp_path / "a", items, Shape())))
    other = inspect(open_source(write_csv(tmp_path / "b", items, Shape(order=REVERSED, delimiter="\t"))))
    different = inspect(open_source(write_csv(tmp_path / "c", items, Shape(extra={"New": "1"}))))
    assert one.fingerprint == other.fingerprint != different.fingerprint


@pytest.mark.parametrize("kinds", [("Invoice", "Credit note"), ("FA", "AV"), ("RV", "DG"), ("Rechnung", "Gutschrift")])
def test_credit_notes_without_a_minus_are_negative_by_their_kind(tmp_path, kinds):
    lines = ["customer;type;invoice;date;due;amount"] + [
        f"C{n % 4};{kinds[n % 5 == 0]};F{n};2025-01-{n:02d};2025-02-{n:02d};10.50" for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert {row["kind"] for row in rows} == {"INVOICE", "CREDIT_NOTE"}
    assert summary.totals == {"EUR": Decimal("10.50") * (20 - 4)}


@pytest.mark.parametrize("marks", [("D", "C"), ("S", "H"), ("Débit", "Crédit"), ("+", "-")])
def test_a_column_of_debit_and_credit_signs_is_found(tmp_path, marks):
    lines = ["client;sens;pièce;date;échéance;montant"] + [
        f"C{n % 4};{marks[n % 5 == 0]};F{n};2025-01-{n:02d};2025-02-{n:02d};10.50" for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert summary.totals == {"EUR": Decimal("10.50") * (20 - 4)}


def test_a_column_of_signs_is_not_applied_to_amounts_that_have_them(tmp_path):
    lines = ["client;sens;pièce;date;échéance;montant"] + [
        f"C{n % 4};{'DC'[n % 5 == 0]};F{n};2025-01-{n:02d};2025-02-{n:02d};{'-' if n % 5 == 0 else ''}10.50"
        for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = guess_of(tmp_path / "f")
    assert "sign" not in found.mapping.columns
    _rows, _bad, summary = read_all(tmp_path / "f")
    assert summary.totals == {"EUR": Decimal("10.50") * (20 - 4)}


def test_debit_and_credit_columns_make_the_amount(tmp_path):
    lines = ["Compte client;Pièce;Date pièce;Échéance;Débit;Crédit"] + [
        f"C{n % 4};F{n};2025-01-{n:02d};2025-02-{n:02d};{'0,00;10,50' if n % 5 == 0 else '20,25;0,00'}"
        for n in range(1, 25)
    ]
    (tmp_path / "f").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert summary.totals == {"EUR": Decimal("20.25") * 20 - Decimal("10.50") * 4}


@pytest.mark.parametrize("kind", FIELDS)
def test_our_own_field_names_are_understood_as_headers(tmp_path, kind):
    """What we export, and the template that we offer, comes in again."""
    fields = FIELDS[kind]
    values = {"date": "2025-01-31", "amount": "10.50", "currency": "EUR", "country": "FR", "language": "fr", "whole": "1",
              "yes_no": "yes", "item_kind": "INVOICE", "role": "BUYER", "influence": "ADVISES"}  # fmt: skip
    lines = [";".join(field.name for field in fields)]
    lines += [";".join(values.get(field.type.value, f"text {n}") for field in fields) for n in range(5)]
    (tmp_path / "f").write_text("\n".join(lines) + "\n")
    found = guess_of(tmp_path / "f")
    assert found.mapping.kind == kind
    assert {name: label for name, label in found.mapping.columns.items() if name != label} == {}
    assert found.sure()


@pytest.mark.parametrize(
    ("then", "now", "fields"),
    [
        ((dmy, point), (dmy, point), set()),
        ((dmy, point), (mdy, point), {"document_date", "due_date", "settled_date"}),
        ((dmy, point), (iso, point), set()),
        ((iso, point), (iso, comma), {"amount"}),
        ((iso, point), (dmy, point), {"document_date", "due_date", "settled_date"}),
    ],
)
def test_a_file_written_in_another_way_contradicts_the_remembered_mapping(tmp_path, then, now, fields):
    items = small_ledger()
    before = guess_of(write_csv(tmp_path / "then", items, Shape(dates=then[0], amounts=then[1]))).sure()
    after = inspect(open_source(write_csv(tmp_path / "now", items, Shape(dates=now[0], amounts=now[1]))))
    assert after.fingerprint == inspect(open_source(tmp_path / "then")).fingerprint
    assert set(contradictions(before, after)) == fields
