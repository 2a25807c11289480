"""Two public ledgers, as they are and as other companies would send them. Skipped where the sample material is absent."""

import csv
import io
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from integrations.files import guess, inspect, open_source
from tests.integrations.files.ledgers import read_all, sample_file

HISTORY = "ibm_late_payment_histories.csv"
SNAPSHOT = "hrc_open_invoices_v1.csv"


def original(name):
    """Header and rows as the file has them, read by the standard library alone."""
    with sample_file(name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def history_facts():
    _header, rows = original(HISTORY)
    day = lambda text: datetime.strptime(text, "%d/%m/%Y").date()  # noqa: E731, DTZ007
    return [(r[1], r[3], day(r[4]), day(r[5]), Decimal(r[6]), day(r[8])) for r in rows]


def snapshot_facts():
    _header, rows = original(SNAPSHOT)
    day = lambda text: datetime.strptime(text, "%d-%m-%Y").date()  # noqa: E731, DTZ007
    return [(r[2], r[6], r[1], day(r[9]), day(r[7]), day(r[8]), Decimal(r[11])) for r in rows]


def history_of(rows):
    names = ("customer_ref", "number", "document_date", "due_date", "amount", "settled_date")
    return [tuple(row[name] for name in names) for row in rows]


def snapshot_of(rows):
    names = ("customer_ref", "number", "entity_code", "document_date", "posting_date", "due_date")
    return [tuple(row[name] for name in names) for row in rows]


def test_the_payment_history_is_read_with_no_help():
    path = sample_file(HISTORY)
    found = guess(inspect(open_source(path)))
    mapping = found.sure()
    assert (mapping.kind, mapping.mode, mapping.date_order, mapping.decimal) == ("items", "history", "dmy", ".")
    assert mapping.columns["settled_date"] == "SettledDate"
    assert "entity_code" not in mapping.columns
    assert "PaperlessDate" in mapping.ignored
    rows, bad, summary = read_all(path, default_currency="USD")
    assert not bad
    assert len(rows) == 2466
    assert summary.totals == summary.exact_totals == {"USD": Decimal("147703.18")}
    assert history_of(rows) == history_facts()
    assert Counter(row["disputed"] for row in rows)[True] == sum(r[7] == "Yes" for r in original(HISTORY)[1])


def test_the_open_invoices_are_read_with_no_help():
    path = sample_file(SNAPSHOT)
    found = guess(inspect(open_source(path)))
    mapping = found.sure()
    assert (mapping.kind, mapping.mode, mapping.date_order) == ("items", "snapshot", "dmy")
    assert mapping.constants == {"currency": "USD"}
    assert mapping.columns == {
        "customer_ref": "cust_number",
        "customer_name": "name_customer",
        "entity_code": "business_code",
        "number": "doc_id",
        "document_date": "baseline_create_date",
        "posting_date": "posting_date",
        "due_date": "due_in_date",
        "terms_code": "cust_payment_terms",
        "amount": "converted_usd",
    }
    rows, bad, summary = read_all(path)
    assert not bad
    assert len(rows) == 9681
    assert summary.exact_totals == {"USD": Decimal("310427858.974")}
    assert summary.totals == {"USD": Decimal("310427859.34")}
    assert summary.rounded == {"USD": 576}
    assert summary.rounding == {"USD": Decimal("0.366")}
    assert snapshot_of(rows) == [fact[:6] for fact in snapshot_facts()]
    assert {row["entity_code"] for row in rows} == {"U001", "CA02", "U013", "U002", "U005", "U007"}


def test_the_open_invoices_with_three_decimals_can_be_refused():
    path = sample_file(SNAPSHOT)
    mapping = guess(inspect(open_source(path))).sure().with_changes(extra_decimals="refuse")
    rows, bad, summary = read_all(path, mapping)
    assert (len(rows), len(bad)) == (9681 - 576, 576)
    assert {row.field for row in bad} == {"amount"}
    assert bad[0].reason() == "found “64982.589”; expected at most 2 decimals in USD"
    assert bad[0].values[11] == "64982.589"
    assert summary.totals["USD"] + summary.rejected_totals["USD"] == Decimal("310427858.974")


FRENCH_HISTORY = {
    "countrycode": "Code zone", "customerID": "Code client", "PaperlessDate": "Dématérialisé depuis",
    "invoiceNumber": "N° facture", "InvoiceDate": "Date de facture", "DueDate": "Date d'échéance",
    "InvoiceAmount": "Montant TTC", "Disputed": "Litige", "SettledDate": "Date de règlement",
    "PaperlessBill": "Support", "DaysToSettle": "Délai de paiement (jours)", "DaysLate": "Jours de retard",
}  # fmt: skip
GERMAN_HISTORY = {
    "countrycode": "Ländercode", "customerID": "Kunde", "PaperlessDate": "Papierlos seit", "invoiceNumber": "Belegnummer",
    "InvoiceDate": "Belegdatum", "DueDate": "Nettofälligkeit", "InvoiceAmount": "Rechnungsbetrag",
    "Disputed": "Strittig", "SettledDate": "Ausgleichsdatum", "PaperlessBill": "Versandart",
    "DaysToSettle": "Tage bis Zahlung", "DaysLate": "Verzugstage",
}  # fmt: skip
OTHER_ENGLISH_HISTORY = {
    "countrycode": "territory", "customerID": "debtor", "PaperlessDate": "e-billing since", "invoiceNumber": "doc_no",
    "InvoiceDate": "issued", "DueDate": "payable by (due)", "InvoiceAmount": "gross_value", "Disputed": "in dispute",
    "SettledDate": "cleared_on", "PaperlessBill": "billing", "DaysToSettle": "days_to_pay", "DaysLate": "days_overdue",
}  # fmt: skip
FRENCH_SNAPSHOT = {
    "": "Ligne export", "business_code": "Société", "cust_number": "N° client", "name_customer": "Nom du client",
    "clear_date": "Date de lettrage", "buisness_year": "Exercice", "doc_id": "N° de pièce",
    "posting_date": "Date comptable", "due_in_date": "Échéance", "baseline_create_date": "Date de base",
    "cust_payment_terms": "Conditions de paiement", "converted_usd": "Montant USD",
}  # fmt: skip
GERMAN_SNAPSHOT = {
    "": "lfd", "business_code": "Buchungskreis", "cust_number": "Debitor", "name_customer": "Name des Debitors",
    "clear_date": "Ausgleichsdatum", "buisness_year": "Geschäftsjahr", "doc_id": "Belegnummer",
    "posting_date": "Buchungsdatum", "due_in_date": "Nettofälligkeit", "baseline_create_date": "Basisdatum",
    "cust_payment_terms": "Zahlungsbedingung", "converted_usd": "Betrag (USD)",
}  # fmt: skip

# As people name columns who never saw another export; what no header says is found among the cells.
UNUSUAL_HISTORY = [
    {"countrycode": "pays", "customerID": "client", "PaperlessDate": "date_demat", "invoiceNumber": "facture",
     "InvoiceDate": "emise_le", "DueDate": "a_payer_le", "InvoiceAmount": "montant", "Disputed": "contestee",
     "SettledDate": "payee_le", "PaperlessBill": "support", "DaysToSettle": "delai", "DaysLate": "retard"},
    {"customerID": "AccountRef", "invoiceNumber": "DocRef", "InvoiceDate": "Issued", "DueDate": "PayBy",
     "InvoiceAmount": "Value", "SettledDate": "PaidOn"},
    {"customerID": "Kd-Nr", "invoiceNumber": "RG-Nr", "InvoiceDate": "RG-Datum", "DueDate": "fällig am",
     "InvoiceAmount": "Betrag EUR", "SettledDate": "bezahlt am", "countrycode": "Land"},
    {"customerID": "Tiers", "invoiceNumber": "Pièce", "InvoiceDate": "Date pièce", "DueDate": "Date exigibilité",
     "InvoiceAmount": "TTC", "SettledDate": "Date encaissement", "Disputed": "Litige O/N"},
]  # fmt: skip
UNUSUAL_SNAPSHOT = [
    {"business_code": "bu", "cust_number": "kunde", "name_customer": "firma", "clear_date": "ausgleich",
     "buisness_year": "jahr", "doc_id": "beleg", "posting_date": "buchung", "due_in_date": "faellig",
     "baseline_create_date": "basis", "cust_payment_terms": "bedingung", "converted_usd": "usd"},
    {"cust_number": "Account", "name_customer": "Account name", "doc_id": "Voucher", "posting_date": "Booked",
     "due_in_date": "Net due", "baseline_create_date": "Voucher date", "converted_usd": "Open balance USD",
     "business_code": "Legal entity"},
    {"business_code": "Firma", "cust_number": "Debitor", "name_customer": "Debitorenname", "clear_date": "Ausgleich am",
     "doc_id": "Beleg-Nr.", "posting_date": "Buchung am", "due_in_date": "Fällig am",
     "baseline_create_date": "Basisdatum für Fälligkeit", "cust_payment_terms": "ZBed", "converted_usd": "Betrag in USD"},
]  # fmt: skip
AFFIXES = [str.upper, "col_{}".format, "{}_x".format, "My {}".format, lambda label: label.replace("_", "").lower()]

DATES = {"iso": "%Y-%m-%d", "mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y", "dotted": "%d.%m.%Y", "compact": "%Y%m%d"}


def rewrite(name, *, labels, dates, decimal=".", delimiter=";", encoding="utf-8", reverse=False, extra=False):
    """A sample file as bytes, with other labels, dates, decimals; perhaps with columns in another order, or more."""
    header, rows = original(name)
    source_format = "%d/%m/%Y" if name == HISTORY else "%d-%m-%Y"
    table = [[labels.get(label, label) for label in header]]
    for row in rows:
        cells = []
        for label, cell in zip(header, row, strict=True):
            if label.lower().endswith("date") and cell:
                cell = datetime.strptime(cell, source_format).strftime(DATES[dates])  # noqa: DTZ007
            elif label in ("InvoiceAmount", "converted_usd"):
                cell = cell.replace(".", decimal)
            cells.append(cell)
        table.append(cells)
    if extra:
        table = [[*row, "Remark" if n == 0 else f"note {n}", "Batch" if n == 0 else "7"] for n, row in enumerate(table)]
    if reverse:
        table = [row[::-1] for row in table]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table)
    return out.getvalue().encode(encoding)


@pytest.mark.parametrize(
    "labels", [{}, FRENCH_HISTORY, GERMAN_HISTORY, OTHER_ENGLISH_HISTORY], ids=["own", "fr", "de", "en"]
)
@pytest.mark.parametrize(
    "shape",
    [
        {"dates": "iso"},
        {"dates": "mdy", "reverse": True},
        {"dates": "compact", "delimiter": "\t", "extra": True},
        {"dates": "dotted", "decimal": ",", "encoding": "cp1252"},
        {"dates": "dmy", "decimal": ",", "delimiter": "|", "encoding": "utf-16", "reverse": True, "extra": True},
    ],
    ids=lambda shape: "-".join(map(str, shape.values())).replace("\t", "tab"),
)
def test_the_payment_history_in_other_shapes(tmp_path, labels, shape):
    (tmp_path / "f").write_bytes(rewrite(HISTORY, labels=labels, **shape))
    rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert history_of(rows) == history_facts()
    assert summary.totals == {"EUR": Decimal("147703.18")}


@pytest.mark.parametrize("labels", [{}, FRENCH_SNAPSHOT, GERMAN_SNAPSHOT], ids=["own", "fr", "de"])
@pytest.mark.parametrize(
    "shape",
    [
        {"dates": "iso", "reverse": True},
        {"dates": "mdy", "extra": True},
        {"dates": "dotted", "decimal": ",", "encoding": "cp1252"},
        {"dates": "compact", "delimiter": "\t", "encoding": "utf-8-sig"},
    ],
    ids=lambda shape: "-".join(map(str, shape.values())).replace("\t", "tab"),
)
def test_the_open_invoices_in_other_shapes(tmp_path, labels, shape):
    (tmp_path / "f").write_bytes(rewrite(SNAPSHOT, labels=labels, **shape))
    rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert snapshot_of(rows) == [fact[:6] for fact in snapshot_facts()]
    assert summary.totals == {"USD": Decimal("310427859.34")}
    assert summary.exact_totals == {"USD": Decimal("310427858.974")}


@pytest.mark.parametrize("labels", [*UNUSUAL_HISTORY, *AFFIXES])
def test_the_payment_history_under_unusual_headers(tmp_path, labels):
    if callable(labels):
        labels = {label: labels(label) for label in original(HISTORY)[0]}
    (tmp_path / "f").write_bytes(rewrite(HISTORY, labels=labels, dates="dmy"))
    rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert history_of(rows) == history_facts()
    assert list(summary.totals.values()) == [Decimal("147703.18")]
    assert {row["entity_code"] for row in rows} == {row["terms_code"] for row in rows} == {None}


@pytest.mark.parametrize("labels", [*UNUSUAL_SNAPSHOT, *AFFIXES])
def test_the_open_invoices_under_unusual_headers(tmp_path, labels):
    if callable(labels):
        labels = {label: labels(label) for label in original(SNAPSHOT)[0]}
    (tmp_path / "f").write_bytes(rewrite(SNAPSHOT, labels=labels, dates="dmy"))
    rows, bad, summary = read_all(tmp_path / "f")
    assert not bad
    assert snapshot_of(rows) == [fact[:6] for fact in snapshot_facts()]
    assert summary.totals == {"USD": Decimal("310427859.34")}


@pytest.mark.parametrize("name", [HISTORY, SNAPSHOT])
@pytest.mark.parametrize("typed", [True, False])
def test_the_samples_as_workbooks(tmp_path, name, typed):
    """With real dates and numbers, and with every cell as text."""
    header, rows = original(name)
    source_format = "%d/%m/%Y" if name == HISTORY else "%d-%m-%Y"
    workbook = xlsxwriter.Workbook(str(tmp_path / "f"))
    sheet = workbook.add_worksheet()
    as_date = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, header)
    for n, row in enumerate(rows, 1):
        for column, (label, cell) in enumerate(zip(header, row, strict=True)):
            if typed and label.lower().endswith("date") and cell:
                sheet.write_datetime(n, column, datetime.strptime(cell, source_format), as_date)  # noqa: DTZ007
            elif typed and cell and cell.replace(".", "", 1).isdigit():
                sheet.write_number(n, column, float(cell))
            elif cell:
                sheet.write_string(n, column, cell)
    workbook.close()
    found, bad, summary = read_all(tmp_path / "f", default_currency="USD")
    assert not bad
    if name == HISTORY:
        assert history_of(found) == history_facts()
        assert summary.totals == {"USD": Decimal("147703.18")}
    else:
        facts = [fact[:6] for fact in snapshot_facts()]
        if typed:  # a workbook's number has no leading zeros
            facts = [(fact[0].lstrip("0"), *fact[1:]) for fact in facts]
        assert snapshot_of(found) == facts
        assert summary.exact_totals == {"USD": Decimal("310427858.974")}


def test_a_remembered_mapping_reads_the_next_file_of_the_same_source(tmp_path):
    """Other rows, another column order and one column more: the labels are what counts."""
    first = guess(inspect(open_source(sample_file(SNAPSHOT)))).sure()
    (tmp_path / "next").write_bytes(rewrite(SNAPSHOT, labels={}, dates="dmy", reverse=True, extra=True))
    rows, bad, _summary = read_all(tmp_path / "next", type(first).from_json(first.to_json()))
    assert not bad
    assert len(rows) == 9681
    assert rows[0]["due_date"] == date(2020, 4, 10)


@pytest.mark.parametrize("cut", range(1, 400, 7))
@pytest.mark.parametrize("name", [HISTORY, SNAPSHOT])
def test_a_file_that_was_cut_off_anywhere_in_its_last_lines_never_gives_a_wrong_amount(tmp_path, name, cut):
    """Either it is refused, or all rows it still has are whole."""
    from integrations.files.refusals import Truncated

    data = sample_file(name).read_bytes()[:-cut]
    (tmp_path / "f").write_bytes(data)
    facts = history_facts() if name == HISTORY else snapshot_facts()
    mapping = guess(inspect(open_source(sample_file(name)))).sure()
    try:
        rows, bad, summary = read_all(tmp_path / "f", mapping)
    except Truncated:
        assert not data.endswith(b"\n")
        return
    assert not bad
    column = 4 if name == HISTORY else 6
    assert sum(summary.exact_totals.values()) == sum(fact[column] for fact in facts[: len(rows)])
