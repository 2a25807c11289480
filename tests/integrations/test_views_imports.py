"""Imports in the browser: a file is dropped, read, checked, loaded and taken back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.tenancy import tenant_scope
from integrations.models import SyncRun
from integrations.services import runs
from receivables.models import LedgerItem
from tests.accounts.conftest import enter
from tests.make import make_entity, make_tenant

pytestmark = pytest.mark.django_db
HEADER = "customer;invoice number;invoice date;due date;amount"
GOOD = f"{HEADER}\nC1;F1;2026-01-10;2026-02-10;10.00\nC1;F2;2026-01-12;2026-02-12;20.50\n"
BAD = f"{HEADER}\nC1;F1;2026-01-10;2026-02-10;10.00\nC1;F2;2026-01-12;2026-02-12;a lot\n"


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def manager(organisation):
    with tenant_scope(organisation):
        make_entity(code="FR")
    return enter(organisation, role="credit_manager")[0]


def drop(client, organisation, text: str, name: str = "ledger.csv") -> SyncRun:
    """The run that the dropped file became."""
    answer = client.post(reverse("import_new"), {"file": SimpleUploadedFile(name, text.encode())})
    assert answer.status_code == 302
    with tenant_scope(organisation):
        return SyncRun.objects.order_by("-received_at").first()


def now(organisation, run: SyncRun) -> SyncRun:
    with tenant_scope(organisation):
        return SyncRun.objects.get(id=run.id)


def as_guessed(client, run: SyncRun, **changes) -> dict:
    """What the form of the columns sends when nothing in it is changed."""
    form = client.get(reverse("import", args=[run.id])).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**values, **changes}.items() if value not in (None, False)}


def check(client, run: SyncRun, **changes):
    return client.post(reverse("import_mapping", args=[run.id]), as_guessed(client, run, **changes))


def test_a_file_is_read_checked_loaded_and_taken_back(organisation, manager):
    run = drop(manager, organisation, GOOD)
    shown = manager.get(reverse("import", args=[run.id])).content.decode()
    for words in ("ledger.csv", "How the file is read", "invoice number", "F1 · F2"):
        assert words in shown
    assert check(manager, run).status_code == 302
    assert now(organisation, run).state == "CHECKED"
    with tenant_scope(organisation):
        assert not LedgerItem.objects.exists()
    assert "30.50" in manager.get(reverse("import", args=[run.id])).content.decode()
    manager.post(reverse("import_apply", args=[run.id]))
    assert now(organisation, run).state == "QUEUED"
    assert "Waiting for its turn" in manager.get(reverse("import", args=[run.id])).content.decode()
    with tenant_scope(organisation):
        assert runs.apply(run_id=run.id).state == "APPLIED"
        assert LedgerItem.objects.filter(void_on__isnull=True).count() == 2
    assert "Take back" in manager.get(reverse("import", args=[run.id])).content.decode()
    manager.post(reverse("import_undo", args=[run.id]))
    assert now(organisation, run).state == "UNDONE"
    assert "ledger.csv" in manager.get(reverse("imports")).content.decode()


def test_refused_rows_are_shown_in_place_and_as_a_file_with_their_reason(organisation, manager):
    run = drop(manager, organisation, BAD)
    check(manager, run)
    assert now(organisation, run).rejected_count == 1
    assert "a lot" in manager.get(reverse("import", args=[run.id])).content.decode()
    file = manager.get(reverse("import_errors", args=[run.id]))
    text = file.content.decode("utf-8-sig")
    assert "attachment" in file["Content-Disposition"]
    assert "invoice number" in text
    assert "F2" in text
    assert "F1" not in text


def test_two_columns_that_are_read_as_the_same_are_refused_beside_the_column(organisation, manager):
    run = drop(manager, organisation, GOOD)
    answer = check(manager, run, column_0="number")
    assert answer.status_code == 422
    assert "column_1" in answer.context["form"].errors
    assert now(organisation, run).state == "RECEIVED"


def test_a_file_that_names_no_company_of_several_asks_for_one_beside_the_field(organisation, manager):
    with tenant_scope(organisation):
        make_entity(code="DE")
    run = drop(manager, organisation, GOOD)
    answer = check(manager, run)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["entity"]
    assert check(manager, run, entity="DE").status_code == 302
    assert now(organisation, run).state == "CHECKED"


@pytest.mark.parametrize("wrong", [{"kind": "spells"}, {"as_of": "someday"}, {"entity": "XX"}, {"date_order": "zzz"}])
def test_a_choice_that_is_none_is_refused(organisation, manager, wrong):
    run = drop(manager, organisation, GOOD)
    assert check(manager, run, **wrong).status_code == 422


def test_no_file_an_empty_one_and_one_that_is_no_table_are_said(organisation, manager):
    for data in ({}, {"file": SimpleUploadedFile("empty.csv", b"")}):
        assert manager.post(reverse("import_new"), data).url == reverse("imports")
    run = drop(manager, organisation, "\x00\x01\x02 nothing", name="picture.png")
    assert run.state == "REFUSED"
    assert run.error in manager.get(reverse("import", args=[run.id])).context["run"].error


def test_imports_of_others_and_other_roles(organisation, manager):
    foreign = make_tenant()
    with tenant_scope(foreign):
        make_entity(code="FR")
    run = drop(enter(foreign, role="credit_manager")[0], foreign, GOOD)
    assert manager.get(reverse("import", args=[run.id])).status_code == 404
    assert manager.get(reverse("import_errors", args=[run.id])).status_code == 404
    for name in ("import_mapping", "import_apply", "import_stop", "import_undo"):
        assert manager.post(reverse(name, args=[run.id])).status_code == 404
    collector, _member = enter(organisation, role="collector")
    assert collector.get(reverse("imports")).status_code == 403
    assert collector.post(reverse("import_new")).status_code == 403
    assert collector.get(reverse("import", args=[run.id])).status_code == 403
