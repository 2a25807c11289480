"""A check that a worker does takes a while: what is asked of the run meanwhile goes first."""

import pytest

from core.audit import SYSTEM
from integrations import tasks
from integrations.services import runs
from integrations.services.checks import is_checking, queue_check
from receivables.models import LedgerItem
from tests.integrations.test_import_runs import lines, prepared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def meanwhile(monkeypatch):
    """What happens between the end of a check's work and its answer."""
    happen = []
    load = runs._dry_load

    def slow_load(*given, **options):
        try:
            return load(*given, **options)
        finally:
            for one in happen:
                one()

    monkeypatch.setattr(runs, "_dry_load", slow_load)
    return happen


@pytest.mark.parametrize("text", [lines("F1", "F2"), lines("F1") + "C1;F8;2026-01-10;soon;5.00\n"])
def test_a_load_asked_for_during_a_check_is_not_forgotten(tenant, meanwhile, text):
    run = prepared(text, all_or_nothing=False)
    meanwhile.append(lambda: runs.queue(run_id=run.id, actor=SYSTEM))
    assert runs.check(run_id=run.id).state == "QUEUED"
    assert runs.apply(run_id=run.id).state == "APPLIED"


def test_a_refusal_found_by_a_check_does_not_end_a_load_that_is_waiting(tenant, meanwhile):
    run = prepared(lines("F1") + "C1;F8;2026-01-10;soon;5.00\n")
    meanwhile.append(lambda: runs.queue(run_id=run.id, actor=SYSTEM))
    assert runs.check(run_id=run.id).state == "QUEUED"


def test_a_check_that_ends_after_the_load_leaves_its_outcome(tenant, meanwhile):
    run = prepared(lines("F1", "F2"))
    meanwhile.append(lambda: runs.apply(run_id=run.id))
    assert runs.check(run_id=run.id).state == "APPLIED"
    assert runs.get_run(run.id).created_count == 2
    assert LedgerItem.objects.count() == 2


def test_a_check_of_other_columns_says_nothing(tenant, meanwhile):
    run = prepared(lines("F1"))
    mapping = runs._mapping_of(runs.get_run(run.id))
    meanwhile.append(
        lambda: runs.choose_mapping(run_id=run.id, mapping=mapping.with_changes(mode="delta"), actor=SYSTEM)
    )
    queue_check(run_id=run.id)
    found = runs.check(run_id=run.id)
    assert (found.state, is_checking(found), found.mapping["mode"]) == ("RECEIVED", False, "delta")


def test_a_run_that_waits_to_be_loaded_is_not_checked(tenant):
    run = prepared(lines("F1"))
    runs.queue(run_id=run.id, actor=SYSTEM)
    with pytest.raises(runs.NotStartable):
        runs.check(run_id=run.id)
    assert tasks.check_run(run=str(run.id), tenant=str(tenant.id)) == "QUEUED"


def test_nobody_waits_for_a_check_that_was_stopped(tenant, meanwhile):
    run = prepared(lines("F1"))
    queue_check(run_id=run.id)
    assert is_checking(runs.get_run(run.id))
    meanwhile.append(lambda: runs.stop(run_id=run.id, actor=SYSTEM))
    found = runs.check(run_id=run.id)
    assert (found.state, is_checking(found), found.result) == ("RECEIVED", False, {})
