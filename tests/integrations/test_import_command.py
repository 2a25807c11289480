"""manage.py import_ledger: the JSON that others rely on, refusals on standard error, nothing half-done."""

import csv
import io
import json
import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from core.tenancy import tenant_scope
from integrations.models import ColumnMapping, SyncRun
from receivables.models import CustomerBalance, Entity, LedgerItem
from tests.make import make_tenant
from tests.receivables.rows import SAMPLES, needs_samples

pytestmark = pytest.mark.django_db
IBM, HRC = SAMPLES / "ibm_late_payment_histories.csv", SAMPLES / "hrc_open_invoices_v1.csv"


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def organisation(db):
    return make_tenant(slug="import-test", currency="USD", sandbox_on=date(2026, 3, 2))


def run(path, *arguments, tenant="import-test"):
    out = io.StringIO()
    call_command("import_ledger", "--tenant", tenant, "--mapping", "auto", *arguments, "--json", str(path), stdout=out)
    return json.loads(out.getvalue())


def refusal(path, *arguments):
    with pytest.raises(CommandError) as error:
        run(path, *arguments)
    assert error.value.returncode == 1
    return str(error.value)


def write(path: Path, rows, columns=("customer", "invoice number", "invoice date", "due date", "amount"), end="\n"):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerows([columns, *rows])
    path.write_text(text.getvalue().rstrip("\n") + end, encoding="utf-8")
    return path


def invoices(count, *, start=1):
    return [(f"C{n % 7}", f"F{n:05}", "2026-01-10", "2026-02-10", f"{n}.50") for n in range(start, start + count)]


@needs_samples
class TestSampleFiles:
    def test_the_settled_invoices(self, organisation):
        first = run(IBM)
        assert {name: first[name] for name in ("rows", "created", "changed", "unchanged", "closed", "rejected", "totals")} == {
            "rows": 2466, "created": 2466, "changed": 0, "unchanged": 0, "closed": 0, "rejected": [], "totals": {"USD": "147703.18"},
        }  # fmt: skip
        again = run(IBM)
        assert (again["created"], again["changed"], again["unchanged"], again["state"]) == (0, 0, 2466, "UNCHANGED")
        assert again["totals"] == first["totals"]

    def test_the_open_items_rounded_row_by_row(self, organisation):
        first = run(HRC)
        assert (first["rows"], first["created"], first["totals"]) == (9681, 9681, {"USD": "310427859.34"})
        assert first["rounded"] == {"rows": 576, "difference": {"USD": "0.366"}}
        with tenant_scope(organisation):
            assert Entity.objects.count() == 6

    def test_decimals_can_be_refused_row_by_row(self, organisation):
        result = run(HRC, "--decimals", "refuse")
        assert len(result["rejected"]) == 576
        assert result["created"] == 9681 - 576
        assert refusal(HRC, "--decimals", "refuse", "--all-or-nothing").startswith("576 rows")

    def test_columns_renamed_reordered_added_and_another_date_order(self, organisation, tmp_path):
        with IBM.open(newline="") as file:
            rows = list(csv.DictReader(file))
        random.Random(3).shuffle(rows)
        names = {"SettledDate": "Date de règlement", "InvoiceAmount": "Montant TTC", "customerID": "Code client",
                 "invoiceNumber": "N° facture", "DueDate": "Échéance", "InvoiceDate": "Date de facture"}  # fmt: skip

        def cell(name, text):
            if "Date" in name:
                day, month, year = text.split("/")
                return f"{year}-{month}-{day}"
            return text.replace(".", ",") if name == "InvoiceAmount" else text

        table = [["x", *(cell(name, row[name]) for name in names), "note"] for row in rows]
        path = write(tmp_path / "export.csv", table, columns=["Ligne", *names.values(), "Remarque"])
        result = run(path)
        assert (result["rows"], result["created"], result["rejected"], result["totals"]) == (
            2466,
            2466,
            [],
            {"USD": "147703.18"},
        )
        assert result["mode"] == "history"
        again = run(IBM)
        assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2466)

    def test_a_truncated_file_loses_nothing(self, organisation, tmp_path):
        run(HRC)
        data = HRC.read_bytes()
        cut = tmp_path / "cut.csv"
        for length in (len(data) * 2 // 3, len(data) // 3, len(data) - 6):
            cut.write_bytes(data[:length])
            assert refusal(cut, "--as-of", "2026-03-03")
            with tenant_scope(organisation):
                assert sum(LedgerItem.objects.values_list("open_amount", flat=True)) == Decimal("310427859.34")


def test_dry_run_says_what_would_change_and_changes_nothing(organisation, tmp_path):
    path = write(tmp_path / "a.csv", invoices(10))
    result = run(path, "--dry-run")
    assert (result["created"], result["state"]) == (10, "CHECKED")
    with tenant_scope(organisation):
        assert not LedgerItem.objects.exists()
        assert not Entity.objects.exists()
        assert not CustomerBalance.objects.exists()
    assert run(path)["created"] == 10


def test_rows_that_cannot_be_read_are_listed_and_the_rest_is_loaded(organisation, tmp_path):
    rows = [
        *invoices(8),
        ("C1", "F9", "2026-01-10", "someday", "5.00"),
        ("C1", "F10", "2026-01-10", "2026-02-10", "many"),
    ]
    path = write(tmp_path / "a.csv", rows)
    result = run(path, "--mode", "snapshot")
    assert (result["rows"], result["created"], result["closed"]) == (10, 8, 0)
    assert [(one["row"], one["field"]) for one in result["rejected"]] == [(10, "due_date"), (11, "amount")]
    assert "someday" in result["rejected"][0]["reason"]
    assert refusal(path, "--all-or-nothing", "--as-of", "2026-03-03")


def test_control_totals(organisation, tmp_path):
    path = write(tmp_path / "a.csv", invoices(3))
    assert "7.50" in refusal(path, "--control-total", "USD=8.00")
    with tenant_scope(organisation):
        assert not LedgerItem.objects.exists()
    assert run(path, "--control-total", "USD=7.50")["created"] == 3


def test_an_older_file_is_refused(organisation, tmp_path):
    run(write(tmp_path / "a.csv", invoices(3)), "--as-of", "2026-03-01")
    message = refusal(write(tmp_path / "b.csv", invoices(4)), "--as-of", "2026-02-28")
    assert "2026-03-01" in message
    assert run(write(tmp_path / "b.csv", invoices(4)), "--as-of", "2026-03-01")["created"] == 1


def test_a_snapshot_that_closes_more_than_half_needs_force(organisation, tmp_path):
    run(write(tmp_path / "a.csv", invoices(10)), "--mode", "snapshot")
    path = write(tmp_path / "b.csv", invoices(4))
    assert "6 of 10" in refusal(path, "--mode", "snapshot")
    with tenant_scope(organisation):
        assert SyncRun.objects.get(file_name="b.csv").state == "HELD"
    assert run(path, "--mode", "snapshot", "--force")["closed"] == 6


def test_the_company_of_a_file_that_names_none(organisation, tmp_path):
    assert run(write(tmp_path / "a.csv", invoices(2)), "--entity", "US1")["created"] == 2
    with tenant_scope(organisation):
        assert Entity.objects.get().code == "US1"
        assert LedgerItem.objects.first().entity.code == "US1"


def test_a_mapping_by_name_and_by_file(organisation, tmp_path):
    path = write(
        tmp_path / "a.csv", [("A", "1", "5.00", "31.12.2025", "31.01.2026")], columns=("a", "b", "c", "d", "e")
    )
    assert refusal(path)
    columns = {"customer_ref": "a", "number": "b", "amount": "c", "document_date": "d", "due_date": "e"}
    spec = {"kind": "items", "mode": "snapshot", "columns": columns}
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(spec))
    assert run(path, "--mapping", str(mapping))["created"] == 1
    with tenant_scope(organisation), transaction.atomic():
        ColumnMapping.objects.create(name="mine", kind="items", header_fingerprint="", spec=spec)
    assert run(path, "--mapping", "mine")["unchanged"] == 1
    assert "no column mapping" in refusal(path, "--mapping", "other")


@pytest.mark.parametrize("mode", [(), ("--mode", "snapshot"), ("--mode", "history"), ("--mode", "delta")])
@pytest.mark.parametrize("entities", [1, 2])
def test_a_file_without_rows_is_refused_and_says_which_rows_were_expected(organisation, tmp_path, mode, entities):
    run(write(tmp_path / "some.csv", invoices(3)), "--entity", "A", "--as-of", "2026-03-01")
    if entities == 2:
        run(write(tmp_path / "other.csv", invoices(3, start=11)), "--entity", "B", "--as-of", "2026-03-01")
    empty = write(tmp_path / "empty.csv", [])
    for dry in (("--dry-run",), ()):
        said = refusal(empty, *mode, *dry)
        assert "no row below it: nothing is loaded, and nothing is closed" in said
        assert "invoices and payments, one in each row, with customer reference, number, document date" in said
    with tenant_scope(organisation), transaction.atomic():
        assert LedgerItem.objects.filter(is_open=True).count() == 3 * entities
        assert not SyncRun.objects.filter(file_name="empty.csv", state=SyncRun.State.APPLIED).exists()


def test_wrong_calls(organisation, tmp_path):
    assert "There is no file" in refusal(tmp_path / "nothing.csv")
    for option, value in (("--as-of", "yesterday"), ("--as-of", "2026-02-30"), ("--control-total", "USD=much")):
        assert f"{option} is '{value}'; expected" in refusal(write(tmp_path / "a.csv", invoices(2)), option, value)
    assert "--entity is longer" in refusal(write(tmp_path / "a.csv", invoices(2)), "--entity", "X" * 41)
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "PNG" in refusal(tmp_path / "picture.csv")


def test_another_organisation_sees_none_of_it(organisation, tmp_path):
    other = make_tenant(slug="other-test")
    run(write(tmp_path / "a.csv", invoices(3)))
    with tenant_scope(other):
        assert not LedgerItem.objects.exists()
        assert not SyncRun.objects.exists()
