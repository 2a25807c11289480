"""The life of an import: received, looked at, checked, applied once, stopped, taken up again, undone."""

import io
from datetime import date, timedelta

import pytest
from django.db.models.functions import Now

from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from integrations import tasks
from integrations.files.refusals import FileTooLarge
from integrations.models import ColumnMapping, Connection, RawRecord, SyncRun
from integrations.services import connections, runs
from integrations.services.connections import (
    UnknownConnection,
    connection_with,
    create_connection,
    inbox,
    receive_upload,
    sync_connections,
)
from integrations.services.reading import error_file, error_rows
from integrations.services.receiving import delete_payloads, receive, spooled_path
from receivables.models import Customer, LedgerItem
from receivables.ports import Rejection
from tests.make import make_tenant

pytestmark = pytest.mark.django_db
D1, D2 = date(2026, 3, 2), date(2026, 3, 3)
HEADER = "customer;invoice number;invoice date;due date;amount"


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"
    return settings.SPOOL_DIR


def lines(*numbers, amount="10.00"):
    return "\n".join([HEADER, *(f"C1;{n};2026-01-10;2026-02-10;{amount}" for n in numbers)]) + "\n"


def received(text, **given):
    values = {"file_name": "ledger.csv", "as_of": D1, "actor": SYSTEM, **given}
    return receive(chunks=[text.encode()], **values)


def prepared(text, actor=SYSTEM, mode="snapshot", **given):
    run = received(text, actor=actor, mode=mode, **given)
    _inspection, mapping, _guess = runs.look_at(run_id=run.id)
    runs.choose_mapping(run_id=run.id, mapping=mapping, actor=actor)
    return run


def applied(text, **given):
    return runs.apply(run_id=prepared(text, **given).id)


def test_a_file_is_kept_as_it_was_received(tenant, spool):
    run = received("bytes", file_name="../../etc/pass\\wd.csv")
    assert (run.state, run.file_size, run.file_name) == ("RECEIVED", 5, "wd.csv")
    assert spooled_path(run).read_bytes() == b"bytes"
    assert spooled_path(run).parent == spool / str(tenant.id)
    assert len(run.sha256) == 64


def test_a_file_that_is_too_large_leaves_nothing(tenant, spool):
    with pytest.raises(FileTooLarge):
        receive(chunks=(bytes(1 << 20) for _ in range(600)), file_name="a", as_of=D1, actor=SYSTEM)
    assert not SyncRun.objects.exists()
    assert not [path for path in spool.rglob("*") if path.is_file()]


def test_looking_proposes_a_mapping_and_choosing_remembers_it(tenant, credit_manager):
    actor = Actor.member(credit_manager)
    run = received(lines("F1"), actor=actor)
    inspection, mapping, guess = runs.look_at(run_id=run.id)
    assert (inspection.row_count, mapping.kind, guess.missing) == (1, "items", [])
    chosen = mapping.with_changes(mode="history")
    runs.choose_mapping(run_id=run.id, mapping=chosen, actor=actor, remember_it=True)
    assert ColumnMapping.objects.get().spec["mode"] == "history"
    _inspection, proposed, guess = runs.look_at(run_id=received(lines("F2", "F3")).id)
    assert (proposed.mode, guess) == ("history", None)


def test_a_check_changes_nothing_and_says_what_would_happen(tenant):
    applied(lines("F1", "F2", "F3"))
    run = prepared(lines("F1", "F9") + "C1;F8;2026-01-10;soon;5.00\n", all_or_nothing=False, as_of=D2)
    checked = runs.check(run_id=run.id)
    assert (checked.state, checked.created_count, checked.unchanged_count, checked.rejected_count) == (
        "CHECKED",
        1,
        1,
        1,
    )
    assert checked.result["errors"][0]["row"] == 4
    assert LedgerItem.objects.count() == 3
    assert RawRecord.objects.get().values == ["C1", "F8", "2026-01-10", "soon", "5.00"]
    checked = runs.check(run_id=run.id)
    assert RawRecord.objects.count() == 1
    done = runs.apply(run_id=run.id)
    assert (done.state, done.created_count, done.closed_count) == ("APPLIED", 1, 0)
    assert done.totals["EUR"]["books_after"] == "40.00"


def test_a_check_of_all_or_nothing_lists_the_rows_at_fault(tenant):
    run = prepared(lines("F1") + "C1;F8;2026-01-10;soon;5.00\nC1;F9;2026-01-10;2026-02-10;x\n")
    checked = runs.check(run_id=run.id)
    assert (checked.state, checked.rejected_count) == ("REFUSED", 2)
    assert "2 rows" in checked.error
    assert list(RawRecord.objects.order_by("line").values_list("line", "field")) == [(3, "due_date"), (4, "amount")]


def test_a_check_says_that_a_snapshot_would_wait_for_a_person(tenant):
    applied(lines("F1", "F2", "F3"))
    run = prepared(lines("F1"), as_of=D2)
    assert runs.check(run_id=run.id).result["held"] == {"closing": 2, "open": 3}
    held = runs.apply(run_id=run.id)
    assert held.state == "HELD"
    assert LedgerItem.objects.exclude(open_amount=0).count() == 3
    done = runs.apply(run_id=run.id, force=True)
    assert (done.state, done.closed_count) == ("APPLIED", 2)


def test_rows_refused_by_the_ledger_come_back_with_their_cells(tenant):
    run = prepared(lines("F1"), all_or_nothing=False)
    from integrations.files import Mapping

    run.refresh_from_db()
    rows = list(error_rows(run, Mapping.from_json(run.mapping), [Rejection(2, "amount", "no")]))
    assert (rows[0].line_no, rows[0].reason, rows[0].values[1]) == (2, "amount: no", "F1")


def test_the_error_file_can_be_corrected_and_sent_again(tenant):
    run = prepared(lines("F1") + "C1;F8;2026-01-10;soon;5.00\n")
    runs.check(run_id=run.id)
    out = io.BytesIO()
    assert error_file(run=runs.get_run(run.id), out=out) == 1
    header, row = out.getvalue().decode("utf-8-sig").splitlines()
    assert header == f"{HEADER};Row;Reason"
    assert row.startswith('C1;F8;2026-01-10;soon;5.00;3;"due_date: ')
    assert applied(f"{header}\n{row.replace('soon', '2026-02-10', 1)}\n", mode="delta").created_count == 1
    assert error_file(run=runs.get_run(run.id), out=io.BytesIO(), as_workbook=True) == 1


def test_applied_once(tenant):
    run = prepared(lines("F1", "F2"))
    assert runs.apply(run_id=run.id).created_count == 2
    assert runs.apply(run_id=run.id).state == "APPLIED"
    assert LedgerItem.objects.count() == 2
    again = applied(lines("F1", "F2"), as_of=D2)
    assert (again.state, again.unchanged_count) == ("UNCHANGED", 2)
    other = applied(lines("F1", "F2", "F3"), as_of=D2)
    assert (other.state, other.created_count) == ("APPLIED", 1)
    assert applied(lines("F1", "F2"), as_of=D2, mode="delta").state == "APPLIED"


def test_a_queued_run_is_loaded_by_the_worker(tenant, credit_manager, django_capture_on_commit_callbacks, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.apply_run, "apply_async", lambda kwargs: sent.append(kwargs))
    run = prepared(lines("F1"), actor=Actor.member(credit_manager))
    with django_capture_on_commit_callbacks(execute=True):
        assert runs.queue(run_id=run.id, actor=SYSTEM).state == "QUEUED"
    with pytest.raises(runs.NotStartable):
        runs.queue(run_id=run.id, actor=SYSTEM)
    assert sent == [{"tenant": str(tenant.id), "run": str(run.id)}]
    assert tasks.apply_run(**sent[0]) == "APPLIED"
    assert tasks.apply_run(**sent[0], unknown="argument") == "APPLIED"
    assert LedgerItem.objects.count() == 1


def test_what_a_dead_worker_left_is_taken_up_again(tenant, django_capture_on_commit_callbacks, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.apply_run, "apply_async", lambda kwargs: sent.append(kwargs["run"]))
    run = prepared(lines("F1"))
    SyncRun.objects.filter(id=run.id).update(state="RUNNING", heartbeat_at=Now())
    assert runs.apply(run_id=run.id).state == "RUNNING"  # it lives elsewhere
    assert runs.resume_runs() == 0
    SyncRun.objects.filter(id=run.id).update(heartbeat_at=Now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        assert runs.resume_runs() == 1
    assert sent == [str(run.id)]
    assert runs.apply(run_id=run.id).state == "APPLIED"
    assert LedgerItem.objects.count() == 1


def test_stopping(tenant, monkeypatch):
    monkeypatch.setattr(tasks.apply_run, "apply_async", lambda kwargs: None)
    run = prepared(lines("F1"))
    runs.queue(run_id=run.id, actor=SYSTEM)
    assert runs.stop(run_id=run.id, actor=SYSTEM).state == "STOPPED"
    monkeypatch.setattr("integrations.services.heartbeat.Heart.__call__", lambda heart, rows: False)
    assert runs.apply(run_id=run.id).state == "STOPPED"
    assert not LedgerItem.objects.exists()
    assert not Customer.objects.exists()


def test_undo_is_for_the_last_one_of_a_source(tenant):
    first = applied(lines("F1", "F2"))
    second = applied(lines("F1", "F2", "F3"), as_of=D2)
    with pytest.raises(runs.NotUndoable):
        runs.undo(run_id=first.id, on=D2, actor=SYSTEM)
    assert runs.undo(run_id=second.id, on=D2, actor=SYSTEM).voided == 1
    assert runs.get_run(second.id).state == "UNDONE"
    assert set(LedgerItem.objects.filter(void_on=None).values_list("number", flat=True)) == {"F1", "F2"}
    with pytest.raises(runs.NotUndoable):
        runs.undo(run_id=second.id, on=D2, actor=SYSTEM)
    assert applied(lines("F1", "F2", "F3"), as_of=D2).created_count == 1


def test_payloads_are_deleted_after_a_while_but_not_of_runs_that_wait(tenant):
    done, waiting = applied(lines("F1")), prepared(lines("F2"))
    tomorrow = date.today() + timedelta(days=1)
    assert delete_payloads(received_before=tomorrow - timedelta(days=1)) == 0
    assert delete_payloads(received_before=tomorrow + timedelta(days=1)) == 1
    assert runs.get_run(done.id).spool_path == ""
    assert spooled_path(runs.get_run(waiting.id)).exists()


class TestConnections:
    @pytest.fixture
    def folder(self, tenant):
        connection, secret = create_connection(name="ERP", kind="FOLDER", source="erp", folder="erp", actor=SYSTEM)
        assert secret == ""
        return inbox(connection)

    def test_the_night_empties_a_folder_in_the_right_order(self, folder):
        (folder / "1_items.csv").write_text(lines("F1", "F2"))
        (folder / "2_customers.csv").write_text("customer number;customer name;country\nC1;Alpha;FR\n")
        (folder / "3_unknown.csv").write_text("a;b\n1;2\n")
        (folder / ".hidden.csv").write_text(lines("F7"))
        (folder / "half.csv.part").write_text(lines("F8"))
        (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        emptied = sync_connections(on=D1, settle_seconds=0)
        runs_made = [SyncRun.objects.get(id=run) for run in emptied.runs]
        assert [run.file_name for run in runs_made if run.state == "APPLIED"] == ["2_customers.csv", "1_items.csv"]
        assert [run.state for run in runs_made].count("REFUSED") == 2
        assert LedgerItem.objects.count() == 2
        assert Customer.objects.get().name == "Alpha"
        assert sorted(path.name.split("_", 2)[2] for path in (folder / "done").iterdir()) == [
            "1_items.csv",
            "2_customers.csv",
        ]
        assert len(list((folder / "failed").iterdir())) == 2
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [".hidden.csv", "half.csv.part"]
        assert sync_connections(on=D1, settle_seconds=0).taken == 0

    def test_a_file_that_is_still_being_written_stays(self, folder):
        (folder / "items.csv").write_text(lines("F1"))
        assert sync_connections(on=D1, settle_seconds=60).taken == 0
        assert (folder / "items.csv").exists()

    def test_the_same_file_every_night_changes_nothing(self, folder):
        for day in (D1, D2):
            (folder / "items.csv").write_text(lines("F1", "F2"))
            sync_connections(on=day, settle_seconds=0)
        assert list(SyncRun.objects.order_by("received_at").values_list("state", "as_of")) == [
            ("APPLIED", D1),
            ("UNCHANGED", D2),
        ]

    def test_nothing_new_is_no_failure_but_a_snapshot_without_rows_is(self, folder):
        (folder / "items.csv").write_text(lines("F1", "F2"))
        sync_connections(on=D1, settle_seconds=0)
        (folder / "items.csv").write_text(lines())
        (folder / "bank.csv").write_text("booking date;amount;currency;payer;text\n")
        (folder / "orders.csv").write_text("customer number;order number;order date;open amount;currency\n")
        emptied = sync_connections(on=D2, settle_seconds=0)
        ended = {run.kind: (run.state, run.row_count) for run in SyncRun.objects.filter(id__in=emptied.runs)}
        assert ended == {"items": ("REFUSED", 0), "bank_lines": ("APPLIED", 0), "orders": ("APPLIED", 0)}
        assert LedgerItem.objects.filter(is_open=True).count() == 2

    def test_bad_rows_are_set_aside_and_nothing_is_closed(self, folder):
        (folder / "items.csv").write_text(lines("F1", "F2", "F3", "F4"))
        sync_connections(on=D1, settle_seconds=0)
        (folder / "items.csv").write_text(lines("F1", "F2", "F3") + "C1;F5;2026-01-10;soon;5.00\n")
        [run_id] = sync_connections(on=D2, settle_seconds=0).runs
        run = SyncRun.objects.get(id=run_id)
        assert (run.state, run.rejected_count, run.closed_count, run.unchanged_count) == ("APPLIED", 1, 0, 3)

    def test_an_upload_address_opens_with_its_secret_only(self, tenant, monkeypatch):
        monkeypatch.setattr(tasks.apply_run, "apply_async", lambda kwargs: None)
        connection, secret = create_connection(name="Push", kind="UPLOAD", source="push", actor=SYSTEM)
        assert connection.secret_hash not in ("", secret)
        assert connection_with(connection_id=connection.id, secret=secret) == connection
        with pytest.raises(UnknownConnection):
            connection_with(connection_id=connection.id, secret="0" * 64)
        run = receive_upload(connection=connection, chunks=io.BytesIO(lines("F1").encode()), file_name="a.csv", on=D1)
        assert (run.state, run.source, run.connection) == ("QUEUED", "push", connection)
        assert runs.apply(run_id=run.id).state == "APPLIED"
        refused = receive_upload(connection=connection, chunks=[b"a;b\n1;2\n"], file_name="a.csv", on=D1)
        assert refused.state == "REFUSED"
        connections.set_active(connection_id=connection.id, is_active=False, actor=SYSTEM)
        with pytest.raises(UnknownConnection):
            connection_with(connection_id=connection.id, secret=secret)

    @pytest.mark.parametrize("folder", ["", "..", "a/b", "/etc", ".ssh", "a b", "x" * 81])
    def test_a_folder_never_leads_outside(self, tenant, folder):
        with pytest.raises(connections.BadConnection):
            create_connection(name="X", kind="FOLDER", source="x", folder=folder, actor=SYSTEM)
        connection = Connection(kind="FOLDER", folder=folder)
        with pytest.raises(connections.BadConnection):
            inbox(connection)


def test_another_organisation_has_no_access(db):
    mine, other = make_tenant(), make_tenant()
    with tenant_scope(mine):
        run = received(lines("F1"))
    with tenant_scope(other):
        for call in (
            runs.get_run,
            lambda run_id: runs.look_at(run_id=run_id),
            lambda run_id: runs.apply(run_id=run_id),
        ):
            with pytest.raises(runs.UnknownRun):
                call(run.id)
