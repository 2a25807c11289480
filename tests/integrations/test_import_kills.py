"""Processes that are killed and processes that meet: the ledger is whole, or as it was, and never double."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from core.tenancy import tenant_scope
from integrations.models import SyncRun
from integrations.services import runs
from receivables.models import Allocation, Customer, Document, LedgerItem
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
ROWS = 6000


@pytest.fixture
def organisation(db):
    return make_tenant(slug="kill-test", sandbox_on=date(2026, 3, 2))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "items.csv"
    rows = [f"C{n % 500};F{n};2026-01-10;2026-02-10;{n}.10;{n}.00\n" for n in range(1, ROWS + 1)]
    path.write_text("customer;invoice number;invoice date;due date;amount;open amount\n" + "".join(rows))
    return path


def url(alias):
    parts = settings.DATABASES[alias]
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    return f"postgresql://{parts['USER']}{password}@/{parts['NAME']}?host={parts['HOST']}&port={parts['PORT'] or 5432}"


def start(tmp_path, file, *arguments):
    environment = {
        **os.environ, "DATABASE_URL": url("default"), "OWNER_DATABASE_URL": url("owner"),
        "REDIS_URL": settings.REDIS_URL, "ENCOURS_DATA": str(tmp_path), "ENCOURS_MODE": "production",
        "SECRET_KEY": "x" * 50, "BASE_URL": "https://credit.example.com", "ALLOWED_HOSTS": "credit.example.com",
    }  # fmt: skip
    command = [
        sys.executable,
        "manage.py",
        "import_ledger",
        "--tenant",
        "kill-test",
        "--mapping",
        "auto",
        "--json",
        str(file),
    ]
    return subprocess.Popen(
        [*command, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def counts():
    with transaction.atomic():
        models = (LedgerItem, Document, Allocation, Customer)
        return tuple(model.objects.count() for model in models)


def running(organisation):
    with tenant_scope(organisation), transaction.atomic():
        return SyncRun.objects.filter(state="RUNNING").exists()


def test_a_process_killed_while_it_loads_leaves_nothing_and_can_be_followed(organisation, file, tmp_path, settings):
    killed_in_the_middle = 0
    for pause in (0.0, 0.4, 0.9):
        process = start(tmp_path, file)
        deadline = time.monotonic() + 60
        while not running(organisation) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with tenant_scope(organisation):
            found = counts()
            if found != (0, 0, 0, 0):
                break  # it was faster than the signal
            killed_in_the_middle += 1
            with transaction.atomic():
                SyncRun.objects.filter(state="RUNNING").update(state="FAILED")
    assert killed_in_the_middle
    settings.SPOOL_DIR = tmp_path / "spool"
    with tenant_scope(organisation):
        assert found in ((0, 0, 0, 0), (ROWS, ROWS, ROWS, 500))
        with transaction.atomic():
            last = SyncRun.objects.order_by("-received_at").first()
            SyncRun.objects.filter(id=last.id, state="FAILED").update(state="RUNNING", heartbeat_at=None)
        # The server may still be at work on what the killed process asked for: the run waits and is taken up again.
        deadline = time.monotonic() + 60
        while (state := runs.apply(run_id=last.id).state) == "QUEUED" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert state in ("APPLIED", "UNCHANGED")
        assert counts() == (ROWS, ROWS, ROWS, 500)
        with transaction.atomic():
            assert check_open_amounts() == []


def test_two_processes_with_the_same_file_load_it_once(organisation, file, tmp_path):
    processes = [start(tmp_path, file) for _ in range(2)]
    outcomes = [process.communicate(timeout=120) for process in processes]
    created = 0
    for process, (out, error) in zip(processes, outcomes, strict=True):
        if process.returncode == 0:
            created += json.loads(out)["created"]
        else:
            assert process.returncode == 1
            assert "already running" in error
    assert created == ROWS
    with tenant_scope(organisation):
        assert counts() == (ROWS, ROWS, ROWS, 500)
        with transaction.atomic():
            assert check_open_amounts() == []
