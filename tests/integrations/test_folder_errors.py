"""What went wrong with a folder or a file, in the reader's language, with what the system says beneath it."""

import errno
import os

import pytest
from django.utils.translation import override

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations import words
from integrations.models import Connection, SyncRun
from integrations.services import connections
from integrations.services.connections import create_connection, inbox, sync_connections
from integrations.services.runs import NoRows, os_said
from integrations.words import file_error
from receivables.ports import Rejection
from receivables.services.loading_stage import Held, RowsRejected, Stopped
from tests.make import TODAY
from tests.pages import enter


@pytest.fixture
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path
    return tmp_path


def make_folder(name: str) -> Connection:
    connection, _secret = create_connection(name=name, kind="FOLDER", source=name, folder=name, actor=SYSTEM)
    return connection


def faults() -> list[OSError]:
    numbers = (errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.ENOSPC, errno.EROFS, errno.EIO, errno.ETIMEDOUT)
    return [OSError(number, os.strerror(number), "/secret/name.csv") for number in numbers]


@pytest.mark.parametrize("fault", faults(), ids=lambda one: type(one).__name__)
def test_each_fault_of_the_system_is_a_sentence_with_what_it_said_beneath(fault):
    said = os_said(fault)
    assert "secret" not in said
    sentence, beneath = file_error(said)
    assert beneath == said
    assert sentence
    assert "OSError" not in sentence
    assert not sentence.startswith("The application failed")


def test_another_fault_is_ours_and_what_fits_nothing_stays_as_it_is():
    sentence, beneath = file_error(os_said(ZeroDivisionError("1 / 0")))
    assert sentence.startswith("The application failed")
    assert beneath == "ZeroDivisionError"
    assert file_error("") == ("", "")
    assert file_error("Une phrase déjà en français.") == ("Une phrase déjà en français.", "")


def test_what_the_night_said_in_english_is_read_in_french():
    refusals = [
        Held(closing=7, open_items=9), Stopped(),
        RowsRejected([Rejection(3, "amount", "x"), Rejection(4, "amount", "y")]),
    ]  # fmt: skip
    for refusal in refusals:
        said = str(refusal)
        with override("fr"):
            sentence, _beneath = file_error(said)
        assert sentence not in ("", said), said
        assert file_error(said) == (said, "")
    with override("fr"):
        assert "7" in file_error(str(refusals[0]))[0]
    # Of this one, whose columns are named in the language of the night, the beginning is said again.
    assert str(NoRows("items")).startswith(words._BEGINNING)


@pytest.mark.django_db
def test_a_folder_that_cannot_be_read_keeps_why_and_stops_no_other(organisation, spool, monkeypatch):
    with tenant_scope(organisation):
        broken, gone, fine = (make_folder(name) for name in ("broken", "gone", "well"))
        (inbox(fine) / "x.csv").write_text("no table")
        inbox(gone).rmdir()
        real = connections._complete_files

        def refused(folder, **values):
            if folder == inbox(broken):
                raise PermissionError(errno.EACCES, "Permission denied", str(folder))
            return real(folder, **values)

        monkeypatch.setattr(connections, "_complete_files", refused)
        assert sync_connections(on=TODAY, settle_seconds=0).taken == 1
        errors = dict(Connection.objects.values_list("name", "error"))
        assert errors == {
            "broken": "PermissionError: Permission denied", "gone": "FileNotFoundError: No such file or directory",
            "well": "",
        }  # fmt: skip
    client, _member = enter(organisation, role="admin")
    shown = client.get("/connections/").content.decode()
    assert "may not be read or moved" in shown
    assert "PermissionError: Permission denied" in shown
    with tenant_scope(organisation):
        monkeypatch.undo()
        inbox(gone).mkdir()
        sync_connections(on=TODAY, settle_seconds=0)
        assert set(Connection.objects.values_list("error", flat=True)) == {""}
        run = SyncRun.objects.get()
        SyncRun.objects.filter(id=run.id).update(state="FAILED", error="OSError: Input/output error")
    page = client.get(f"/imports/{run.id}/").content.decode()
    assert "The disk or the network drive does not answer" in page
    assert "OSError: Input/output error" in page
