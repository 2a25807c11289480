"""A scenario tried out over 90 days: by a worker where the ledger is long; the same as one replay; one message in full."""

import json
import os
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from collection.models import Action, Scenario, Step, Trial
from collection.rules.steps import OldItems
from collection.services import trials
from collection.services.replay import replay
from collection.services.said import differences
from collection.services.trials import TrialRunning, run_trial, start_trial, stop_trial
from collection.services.versions import discard_draft, open_draft, save_draft
from collection.tasks import run_trial as task
from core.audit import SYSTEM
from core.models import JobRun
from core.tenancy import tenant_scope
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, address, approve, due, make_debtor, make_sender
from tests.collection.test_scenarios import step
from tests.make import make_item, make_member, make_tenant, make_user

pytestmark = pytest.mark.django_db
FIRST = MONDAY - timedelta(days=40)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def draft(tenant):
    """Sending began 40 days ago; a draft says it otherwise."""
    approve(tenant, live_from=FIRST)
    sender = make_sender()
    for number in range(6):
        account = make_debtor(entity=sender, name=f"Client {number}", ref=f"C{number}", email=f"c{number}@x.example")
        for days in (3, 17, 44):
            make_item(account=account, due=due(days + number), issued=due(days + 60), number=f"I{number}-{days}")
    draft = open_draft(scenario=Scenario.objects.get(is_default=True), actor=SYSTEM)
    steps = [step("Softly", 4, step_key="reminder_1"), step("Ask", 12, mode="TASK"), step("Call", 20, channel="CALL")]
    return save_draft(version=draft, limits={}, steps=steps, actor=SYSTEM)


def start(draft, **values):
    given = {"old_items": OldItems.FIRST_STEP, "member": make_member(), "on": MONDAY} | values
    return start_trial(version=draft, **given)


def kept(trial, name):
    path = trials.trial_folder() / f"{trial.file_path}.{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_day_by_day_it_comes_to_the_same_as_one_replay(tenant, draft):
    trial = run_trial(trial_id=start(draft).id)
    assert (trial.run.state, trial.run.done_count, trial.run.total_count) == ("DONE", 90, 90)
    whole = replay(tenant=tenant, on=MONDAY, since=trial.since, version=draft)
    before = replay(tenant=tenant, on=MONDAY, since=trial.since)
    assert trial.message_count == len(whole.said) > 20
    assert {one.mode for one in whole.said} == {"TO_CONFIRM", "TASK"}
    assert {one.channel for one in whole.said} == {"EMAIL", "", "CALL"}
    assert [(row["on"], row["customer"], row["step_key"], row["amounts"]) for row in kept(trial, "messages")] == [
        (one.on.isoformat(), one.customer.name, one.step_key, {k: str(v) for k, v in one.amounts.items()})
        for one in whole.said
    ]
    assert trial.difference_count == len(differences(before.said, whole.said)) == len(kept(trial, "differences"))
    assert sum(trial.by_step.values()) == trial.message_count
    assert not Action.objects.exists()
    again = run_trial(trial_id=trial.id)  # the queue may deliver twice
    assert again.run.finished_at == trial.run.finished_at


def test_one_at_a_time_and_one_that_died_gives_way(tenant, draft):
    first = start(draft)
    with pytest.raises(TrialRunning):
        start(draft)
    JobRun.objects.filter(id=first.run_id).update(heartbeat_at=timezone.now() - timedelta(minutes=11))
    second = start(draft)
    first.run.refresh_from_db()
    assert first.run.state == "FAILED"
    stop_trial(trial=second)
    second.run.refresh_from_db()
    assert second.run.state == "STOPPED"
    assert run_trial(trial_id=second.id).message_count == 0


def test_stopped_while_it_runs_it_leaves_nothing(tenant, draft, monkeypatch):
    monkeypatch.setattr("core.jobs.progress", lambda **given: given["done"] < 3)
    trial = run_trial(trial_id=start(draft).id)
    assert (trial.run.state, trial.file_path) == ("STOPPED", "")
    assert list(trials.trial_folder().iterdir()) == []


def test_a_failure_is_named_and_leaves_nothing(tenant, draft, monkeypatch):
    def broken(*_given):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(trials, "differences", broken)
    trial = start(draft)
    with pytest.raises(RuntimeError):
        run_trial(trial_id=trial.id)
    trial.run.refresh_from_db()
    assert (trial.run.state, trial.run.error) == ("FAILED", "RuntimeError")
    assert list(trials.trial_folder().iterdir()) == []


def test_only_so_many_messages_are_kept_and_all_are_counted(tenant, draft, monkeypatch):
    monkeypatch.setattr(trials, "MOST_KEPT", 5)
    trial = run_trial(trial_id=start(draft).id)
    assert trial.message_count > 5
    assert len(kept(trial, "messages")) == len(kept(trial, "differences")) == 5
    assert [len(trials.messages_of(trial, page=page, size=3)) for page in (1, 2, 3)] == [3, 2, 0]


def test_messages_are_forgotten_after_a_week_and_with_their_draft(tenant, draft):
    trial = run_trial(trial_id=start(draft).id)
    old = (timezone.now() - timedelta(days=8)).timestamp()
    for path in trials.trial_folder().iterdir():
        os.utime(path, (old, old))
    Trial.objects.update(created_at=timezone.now() - timedelta(days=8))
    other = start(draft)
    trial.refresh_from_db()
    assert (trial.file_path, list(trials.trial_folder().iterdir())) == ("", [])
    assert trial.message_count > 0
    assert trials.messages_of(trial, page=1, size=5) == []
    stop_trial(trial=other)
    discard_draft(version=draft, actor=SYSTEM)
    assert not Trial.objects.exists()


def test_the_worker_does_it_for_its_organisation_alone(db):
    made = {}
    for name in ("one", "two"):
        tenant = make_tenant(slug=f"trial-{name}", sandbox_on=MONDAY)
        with tenant_scope(tenant):
            version = approve(tenant, live_from=FIRST)
            make_item(account=make_debtor(entity=make_sender(), name=name), due=due(17), issued=due(60))
            made[name] = (tenant, start(version).id)
    tenant, trial_id = made["two"]
    assert task(tenant=str(tenant.id), trial=str(trial_id)) > 0
    with tenant_scope(made["one"][0]):
        assert Trial.objects.get().run.state == "RUNNING"
    with tenant_scope(tenant):
        assert {row["customer"] for row in kept(Trial.objects.get(), "messages")} == {"two"}


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_a_long_ledger_is_left_to_a_worker_whose_progress_is_shown(
    organisation, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr("collection.views.trials.AT_ONCE", 0)
    monkeypatch.setattr("collection.tasks.run_trial.delay", lambda **given: sent.append(given))
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor(entity=make_sender())
        make_item(account=account, due=due(10), issued=due(40), number="I-1")
    with django_capture_on_commit_callbacks(execute=True):
        response = manager.post(address("scenario_try", organisation), {"old_items": "nonsense"})
    with tenant_scope(organisation):
        trial = Trial.objects.get()
    assert response["Location"] == reverse("trial", args=[trial.id])
    assert sent == [{"tenant": str(organisation.id), "trial": str(trial.id)}]
    assert "Day by day" in manager.get(response["Location"]).content.decode()
    assert manager.post(address("scenario_try", organisation)).status_code == 409
    with tenant_scope(organisation):
        run_trial(trial_id=trial.id)
    shown = manager.get(response["Location"]).content.decode()
    assert "Durand SA" in shown
    other, _member = enter(organisation, role="credit_manager")
    assert other.get(response["Location"]).status_code == 404
    assert other.post(reverse("trial_stop", args=[trial.id])).status_code == 404
    assert manager.post(reverse("trial_stop", args=[trial.id])).status_code == 302


def test_a_message_of_the_dry_run_is_read_in_full(organisation):
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        approve(organisation)
        account = make_debtor(entity=make_sender(), language="en")
        make_item(account=account, due=due(10), issued=due(40), number="I-1", amount="123.45")
        entity_id = str(account.entity_id)
    page = address("scenario_message", organisation)
    asked = {"customer": str(account.customer_id), "entity": entity_id, "part": "", "on": MONDAY.isoformat()}
    shown = manager.get(page, asked).content.decode()
    for text in ("First reminder", "ap@durand.example", "I-1", "123.45", "According to our books"):
        assert text in shown
    past = manager.get(page, {**asked, "since": due(89).isoformat()}).content.decode()
    assert "would not be written" in past  # it was written on the fifth day, not today
    for given, status in (
        ({"customer": "nonsense"}, 404), ({"since": "2020-01-01"}, 404), ({"version": "99"}, 404), ({"on": "x"}, 200),
    ):  # fmt: skip
        assert manager.get(page, {**asked, **given}).status_code == status, given


def test_the_draft_says_field_by_field_what_it_does_otherwise(organisation):
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        approve(organisation)
        scenario = Scenario.objects.get(is_default=True)
        draft = open_draft(scenario=scenario, actor=SYSTEM)
        steps = [
            step("First reminder", 5, step_key="reminder_1", new_deadline_days=8, recipient_roles=["LEGAL", "BUYER"]),
            step("Sign", 20, mode="TASK", instruction="Ask for a signature"),
        ]
        save_draft(version=draft, limits={"credits": "NET"}, steps=steps, actor=SYSTEM)
    shown = manager.get(reverse("scenario", args=[scenario.id]), {"version": "2"})
    found = {(one.step, one.what, one.before, one.after) for one in shown.context["changes_of_draft"]}
    assert found >= {
        ("", "credits", "not mentioned", "listed and deducted"),
        ("First reminder", "asks to pay within (days)", "–", "8"),
        ("First reminder", "goes to", "the usual order", "legal, buyer"),
        ("Sign", "new step", "", "Ask for a signature"),
        ("Second reminder", "no longer a step", "", ""),
    }
    assert "asks to pay within 8 days · goes to: legal else buyer" in shown.content.decode()


def test_what_goes_along_and_who_gets_a_copy_stand_beside_the_message(organisation):
    manager, _member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        approve(organisation)
        Step.objects.filter(step_key="reminder_1").update(
            attach_statement=True, attach_invoices=True, cc_salesperson=True, new_deadline_days=8
        )
        account = make_debtor(entity=make_sender(), language="en")
        account.salesperson = make_member(role="sales", user=make_user(email="sophie@nordis.example"))
        account.save()
        make_item(account=account, due=due(10), issued=due(40), number="I-1")
    page = address("scenario_message", organisation)
    asked = {"customer": str(account.customer_id), "entity": str(account.entity_id), "on": MONDAY.isoformat()}
    shown = manager.get(page, asked)
    said = shown.context["said"]
    assert (said.cc, said.new_deadline) == (("sophie@nordis.example",), MONDAY + timedelta(days=8))
    for text in ("sophie@nordis.example", "Statement", "I-1 is not enclosed: no file of it is kept"):
        assert text in shown.content.decode()
