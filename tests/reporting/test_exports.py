"""Exports write exactly what is filtered; long ones by a worker, one at a time, for who asked."""

import csv
import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from core.models import JobRun
from core.tenancy import tenant_scope
from reporting.models import Export
from reporting.services import exports
from tests.make import TODAY, make_account, make_customer, make_item
from tests.pages import client_of, enter


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def ledger(organisation):
    with tenant_scope(organisation):
        account = make_account(customer=make_customer(ref="C1", name='=HYPERLINK("http://evil.example")'))
        for n in range(7):
            make_item(account=account, number=f"F-{n}", amount=f"{100 + n}.50", due=TODAY - timedelta(days=n))
    return account


@pytest.fixture
def long(monkeypatch):
    """Everything above three rows is a worker's; what is sent for is kept instead."""
    sent: list[dict] = []
    monkeypatch.setattr("reporting.views.exports.AT_ONCE", 3)
    monkeypatch.setattr("reporting.tasks.write_export.delay", lambda **given: sent.append(given))
    return sent


def lines(response) -> list[dict]:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_a_csv_has_the_filtered_rows_in_the_order_of_the_page(organisation, ledger):
    client, _ = enter(organisation)
    response = client.get("/lists/items/export/?state=overdue&sort=-due_date&format=csv")
    assert response["Content-Disposition"] == 'attachment; filename="items-2026-03-02.csv"'
    assert [(row["Number"], row["Open"]) for row in lines(response)] == [
        (f"F-{n}", f"{100 + n}.50") for n in range(1, 7)
    ]


def test_no_cell_is_run_by_a_spreadsheet(organisation, ledger):
    client, _ = enter(organisation)
    row = lines(client.get("/lists/items/export/?format=csv"))[0]
    assert row["Customer"] == '\'=HYPERLINK("http://evil.example")'


def test_an_xlsx_keeps_numbers_and_days(organisation, ledger):
    client, _ = enter(organisation)
    response = client.get("/lists/items/export/?format=xlsx&col=number&col=due_date&col=open_amount&col=customer_name")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Number", "Customer", "Due", "Open"]
    assert rows[1] == ["F-6", '\'=HYPERLINK("http://evil.example")', TODAY - timedelta(days=6), 106.5]


def test_french_spreadsheets_get_semicolons_and_commas(organisation, ledger):
    client, _ = enter(organisation)
    client.cookies["language"] = "fr"
    body = client.get("/lists/items/export/?format=csv&col=number&col=open_amount").content.decode("utf-8-sig")
    assert body.splitlines()[1] == "F-6;106,50"


def test_customers_have_a_line_for_each_currency(organisation, ledger):
    client, _ = enter(organisation)
    with tenant_scope(organisation):
        make_item(account=ledger, amount="9.00", currency="USD")
    found = lines(client.get("/lists/customers/export/?format=csv"))
    assert [(row["Currency"], row["Open"]) for row in found] == [("EUR", "724.50"), ("USD", "9.00")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lists/nothing/export/?format=csv", 404),
        ("/lists/items/export/?format=pdf", 404),
        ("/lists/items/export/?format=csv&due_from=yesterday", 400),
    ],
)
def test_what_cannot_be_exported_is_refused(organisation, ledger, path, status):
    client, _ = enter(organisation)
    assert client.get(path).status_code == status


def test_an_export_asks_the_rights_of_its_list(organisation, ledger):
    client, _ = enter(organisation, role="dispute_resolver")
    assert client.get("/lists/items/export/?format=csv").status_code == 403
    auditor, _ = enter(organisation, role="auditor")
    assert auditor.get("/lists/quality/export/?format=csv").status_code == 403


def start(client, django_capture_on_commit_callbacks, path="/lists/items/export/?state=open&format=csv"):
    with django_capture_on_commit_callbacks(execute=True):
        return client.get(path)


def test_a_long_export_is_written_by_a_worker_and_fetched_once_whole(
    organisation, ledger, long, django_capture_on_commit_callbacks
):
    client, _ = enter(organisation)
    response = start(client, django_capture_on_commit_callbacks)
    with tenant_scope(organisation):
        export = Export.objects.get()
    assert response["Location"] == f"/exports/{export.id}/"
    assert long == [{"tenant": str(organisation.id), "export": str(export.id)}]
    assert 'hx-trigger="every 1s"' in client.get(f"/exports/{export.id}/").content.decode()
    assert client.get(f"/exports/{export.id}/file/").status_code == 404
    with tenant_scope(organisation):
        assert exports.write_export(export_id=export.id).row_count == 7
        assert exports.write_export(export_id=export.id).row_count == 7  # a second message changes nothing
    page = client.get(f"/exports/{export.id}/").content.decode()
    assert "7 rows written" in page
    assert "every 1s" not in page
    assert [row["Number"] for row in lines(client.get(f"/exports/{export.id}/file/"))] == [
        f"F-{n}" for n in range(6, -1, -1)
    ]


def test_one_export_at_a_time_and_a_dead_one_gives_way(organisation, ledger, long, django_capture_on_commit_callbacks):
    client, _ = enter(organisation)
    start(client, django_capture_on_commit_callbacks)
    assert start(client, django_capture_on_commit_callbacks).status_code == 409
    with tenant_scope(organisation):
        run = JobRun.objects.get()
        run.heartbeat_at -= timedelta(minutes=11)
        run.save(update_fields=["heartbeat_at"])
    assert start(client, django_capture_on_commit_callbacks).status_code == 302
    with tenant_scope(organisation):
        assert sorted(JobRun.objects.values_list("state", flat=True)) == ["FAILED", "RUNNING"]


def test_nobody_else_sees_stops_or_fetches_it(organisation, ledger, long, django_capture_on_commit_callbacks):
    client, _ = enter(organisation)
    start(client, django_capture_on_commit_callbacks)
    with tenant_scope(organisation):
        export = Export.objects.get()
        exports.write_export(export_id=export.id)
    other, _ = enter(organisation, role="admin")
    assert other.get(f"/exports/{export.id}/").status_code == 404
    assert other.get(f"/exports/{export.id}/file/").status_code == 404
    assert other.post(f"/exports/{export.id}/stop/").status_code == 404


def test_it_stops_when_asked(organisation, ledger, long, django_capture_on_commit_callbacks):
    client, _ = enter(organisation)
    start(client, django_capture_on_commit_callbacks)
    with tenant_scope(organisation):
        export = Export.objects.get()
    assert client.post(f"/exports/{export.id}/stop/").status_code == 302
    with tenant_scope(organisation):
        assert exports.write_export(export_id=export.id).file_path == ""
        assert JobRun.objects.get().state == "STOPPED"
    assert "Stopped" in client.get(f"/exports/{export.id}/").content.decode()


def test_it_is_written_with_the_rows_that_the_member_may_see_then(
    organisation, ledger, long, django_capture_on_commit_callbacks
):
    client, member = enter(organisation)
    start(client, django_capture_on_commit_callbacks)
    with tenant_scope(organisation):
        other = make_account(customer=make_customer())
        member.role = member.role.__class__.objects.get(code="sales")
        member.save(update_fields=["role"])
        other.salesperson = member
        other.save(update_fields=["salesperson"])
        make_item(account=other, number="MINE")
        export = exports.write_export(export_id=Export.objects.get().id)
    assert [row["Number"] for row in lines(client_of(member).get(f"/exports/{export.id}/file/"))] == ["MINE"]


def test_a_lost_message_is_sent_again_once(organisation, ledger, long, django_capture_on_commit_callbacks):
    client, _ = enter(organisation)
    start(client, django_capture_on_commit_callbacks)
    with tenant_scope(organisation):
        export, run = Export.objects.get(), JobRun.objects.get()
        run.heartbeat_at -= timedelta(seconds=30)
        run.save(update_fields=["heartbeat_at"])
    for _n in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            client.get(f"/exports/{export.id}/")
    assert len(long) == 2
