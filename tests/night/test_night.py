"""The night: its steps in order, once, on the right day; what fails stops what depends on it and nothing else."""

import io
import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from celery.app.task import Task
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import doorbells
from accounts.models import Doorbell, Tenant
from accounts.services.organisations import ClockNotMovable, set_sandbox_clock
from collection.models import Action, ActionLine, Step
from core.audit import SYSTEM
from core.jobs import AlreadyRunning
from core.models import IdempotencyRecord, JobRun
from core.ports import open_port
from core.services import KEPT, Answer, claim_key, keep_answer
from core.tenancy import tenant_scope
from creditmgmt import schedule, tasks
from creditmgmt.schedule import NightInFuture, NightTooEarly, advance_sandbox, run_night
from desk.models import Message
from integrations import messaging_tasks
from integrations.models import Connection, SyncRun
from integrations.queries.freshness import ledger_as_of
from integrations.services.connections import create_connection, inbox
from receivables.models import CustomerBalance, LedgerItem, Promise, PromiseItem
from tests.collection.story import MONDAY, approve, due, make_debtor
from tests.make import make_account, make_allocation, make_bank_line, make_entity, make_item, make_tenant

pytestmark = pytest.mark.django_db
STEPS = [
    "sync",
    "mail",
    "statistics",
    "open_amounts",
    "bank",
    "allocate",
    "promises",
    "balances",
    "profile",
    "reviews",
    "terminal",
    "causes",
    "plan",
    "confirm",
    "claims",
    "disputes",
    "thanks",
    "delivery_notes",
    "digests",
    "outbox",
    "answers",
]
NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.DATA_DIR, settings.SPOOL_DIR = tmp_path, tmp_path / "spool"


def night(tenant, on=MONDAY):
    """The command, as others call it: the one JSON document on standard output."""
    out = io.StringIO()
    call_command("night", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", stdout=out)
    return json.loads(out.getvalue())


def counts(document):
    """By step. How many tables were counted depends on what other tests left in them: it is taken for none."""
    return {step["name"]: step["count"] for step in document["steps"]} | {"statistics": 0}


def everything():
    """All rows that a night may write, but its own record."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Action, ActionLine, Message, CustomerBalance, Promise)
    ]


@pytest.fixture
def live(tenant):
    approve(tenant, live_from=MONDAY)
    return tenant


def test_the_command_prints_the_steps_in_their_order(live):
    make_item(account=make_debtor(), due=due(10))
    document = night(live)
    assert list(document) == ["on", "steps"]
    assert document["on"] == "2026-03-02"
    assert [step["name"] for step in document["steps"]] == STEPS
    for step in document["steps"]:
        assert set(step) == {"name", "count", "seconds"}
        assert isinstance(step["count"], int)
        assert isinstance(step["seconds"], float)
    assert counts(document) == dict.fromkeys(STEPS, 0) | {"balances": 1, "profile": 1, "plan": 1}


def test_a_second_run_of_a_night_changes_nothing(live):
    Step.objects.filter(kind="REMINDER").update(mode="AUTOMATIC")
    make_item(account=make_debtor(), due=due(10))
    first = counts(night(live))
    before = everything()
    assert (first["plan"], first["confirm"], first["outbox"]) == (1, 1, 1)
    again = counts(night(live))
    assert again == dict.fromkeys(STEPS, 0) | {"outbox": 1}
    assert everything() == before
    assert JobRun.objects.get().state == "DONE"


def test_answers_of_the_api_are_forgotten_after_30_days_each_organisation_its_own(live):
    key_id = uuid4()
    keep_answer(claim=claim_key(key_id=key_id, key="old", fingerprint="f"), answer=Answer(200, "", b"{}"))
    keep_answer(claim=claim_key(key_id=key_id, key="new", fingerprint="f"), answer=Answer(200, "", b"{}"))
    IdempotencyRecord.objects.filter(key="old").update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    assert counts(night(live))["answers"] == 1
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]


def test_each_step_is_recorded_with_the_run(live):
    document = night(live)
    run = JobRun.objects.get(job="night", on=MONDAY)
    assert (run.state, run.steps, run.number) == ("DONE", document["steps"], 0)


def test_missed_nights_are_caught_up_by_the_next_one(live):
    """Nobody ran Tuesday to Friday: Monday week proposes what is due then, one step."""
    make_item(account=make_debtor(), due=MONDAY + timedelta(days=1))
    night(live)
    assert counts(night(live, MONDAY + timedelta(days=14)))["plan"] == 1
    assert [line.step_key for line in ActionLine.objects.filter(state="PLANNED")] == ["reminder_1"]


# --- which day --------------------------------------------------------------------------------------------------------


def test_a_sandboxs_clock_moves_to_the_night_and_forwards_only_after_the_first(organisation):
    with tenant_scope(organisation):
        earlier = MONDAY - timedelta(days=90)
        night(organisation, earlier)  # before the first night any day may be chosen
        organisation.refresh_from_db()
        assert (organisation.sandbox_on, organisation.first_night_on) == (earlier, earlier)
        night(organisation, MONDAY)
        organisation.refresh_from_db()
        assert (organisation.sandbox_on, organisation.first_night_on) == (MONDAY, earlier)
        with pytest.raises(CommandError) as refusal:
            night(organisation, MONDAY - timedelta(days=1))
        assert refusal.value.returncode == 1
        set_sandbox_clock(tenant=organisation, on=MONDAY + timedelta(days=5), actor=SYSTEM)
        with pytest.raises(ClockNotMovable):
            run_night(tenant=organisation, on=MONDAY + timedelta(days=1), now=NOW)


def test_a_real_organisation_has_no_night_in_the_future_and_none_before_the_last(db):
    tenant = make_tenant(sandbox_on=None)
    with tenant_scope(tenant):
        with pytest.raises(NightInFuture):
            run_night(tenant=tenant, on=MONDAY + timedelta(days=1), now=NOW)
        run_night(tenant=tenant, on=MONDAY, now=NOW)
        run_night(tenant=tenant, on=MONDAY, now=NOW)
        with pytest.raises(NightTooEarly):
            run_night(tenant=tenant, on=MONDAY - timedelta(days=1), now=NOW)
        tenant.refresh_from_db()
        assert (tenant.first_night_on, tenant.sandbox_on) == (MONDAY, None)


@pytest.mark.parametrize("arguments", [("--on", "2026-13-01"), ("--on", "tomorrow")])
def test_bad_input_ends_with_status_1(tenant, arguments):
    with pytest.raises(CommandError) as error:
        call_command("night", "--tenant", tenant.slug, *arguments)
    assert error.value.returncode == 1


def test_a_sandbox_advances_day_by_day_with_a_night_each(live):
    make_item(account=make_debtor(), due=MONDAY - timedelta(days=3))
    runs = advance_sandbox(tenant=live, now=NOW, days=3)
    assert [run.on for run in runs] == [MONDAY + timedelta(days=n) for n in (1, 2, 3)]
    assert [counts({"steps": run.steps})["plan"] for run in runs] == [0, 1, 1]  # reached on its 5th day, then anew
    live.refresh_from_db()
    assert live.sandbox_on == MONDAY + timedelta(days=3)
    for days in (0, 32):
        with pytest.raises(ClockNotMovable):
            advance_sandbox(tenant=live, now=NOW, days=days)
    assert open_port("night.advance_sandbox") is advance_sandbox


def test_a_real_organisation_has_no_clock_to_advance(db):
    tenant = make_tenant(sandbox_on=None)
    with tenant_scope(tenant), pytest.raises(ClockNotMovable):
        advance_sandbox(tenant=tenant, now=NOW)


# --- what fails -------------------------------------------------------------------------------------------------------


def put(connection: Connection, name: str, text: str) -> None:
    path = inbox(connection) / name
    path.write_text(text)
    old = time.time() - 120
    os.utime(path, (old, old))


@pytest.fixture
def erp(live):
    make_item(account=make_debtor(), due=due(10))
    connection, _secret = create_connection(name="ERP", kind="FOLDER", source="erp", folder="erp", actor=SYSTEM)
    return connection


ITEMS = "customer;invoice number;invoice date;due date;amount\nC1;F1;2026-01-10;2026-02-10;100.00\n"


def failing_night(tenant, on=MONDAY):
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("night", "--tenant", tenant.slug, "--on", on.isoformat(), "--json", stdout=out)
    assert error.value.returncode == 1
    return {step["name"]: step for step in json.loads(out.getvalue())["steps"]}


def test_a_file_that_did_not_come_in_keeps_the_reminders_silent_until_it_has(live, erp):
    put(erp, "items.csv", "what is this;thing\n1;2\n")
    steps = failing_night(live)
    assert "items.csv" in steps["sync"]["error"]
    assert {name: step.get("left_out") for name, step in steps.items()} == {
        "sync": None, "mail": None, "statistics": None, "open_amounts": None, "bank": None, "allocate": "sync", "promises": "sync, allocate",
        "balances": None, "profile": "sync, promises", "reviews": "profile",
        "terminal": "sync, allocate",
        "causes": "sync, allocate, promises, profile", "plan": "sync, allocate, promises", "confirm": "plan", "claims": None, "disputes": None,
        "thanks": "sync, allocate", "delivery_notes": "sync", "digests": "plan, promises", "outbox": None, "answers": None,
    }  # fmt: skip
    assert JobRun.objects.get().state == "FAILED"
    assert not Action.objects.exists()
    assert "items.csv" in failing_night(live)["sync"]["error"]  # again, though the folder is empty now
    put(erp, "items2.csv", ITEMS)
    document = night(live)
    assert (counts(document)["sync"], counts(document)["plan"]) == (1, 2)
    assert JobRun.objects.get().state == "DONE"


def test_a_night_empties_the_folders_before_it_plans(live, erp):
    put(erp, "items.csv", ITEMS)
    document = night(live)
    assert (counts(document)["sync"], counts(document)["plan"]) == (1, 2)
    assert LedgerItem.objects.get(number="F1").open_amount == Decimal(100)


def test_a_step_that_breaks_is_named_and_the_independent_ones_go_on(live, monkeypatch):
    def broken(night):
        raise RuntimeError("disk on fire\nwith details")

    table = tuple(
        schedule.NightStep(step.name, broken, step.needs) if step.name == "balances" else step
        for step in schedule.THE_NIGHT
    )
    monkeypatch.setattr(schedule, "THE_NIGHT", table)
    steps = failing_night(live)
    assert steps["balances"]["error"] == "RuntimeError: disk on fire"
    assert [name for name, step in steps.items() if "left_out" in step] == ["reviews", "plan", "confirm", "digests"]
    assert JobRun.objects.get().error == "balances: RuntimeError: disk on fire"


def test_what_the_bank_brought_is_chased_no_longer_the_same_night(live):
    account = make_debtor()
    paid = make_item(account=account, due=due(10), amount="100.00", number="FA-100001")
    make_item(account=account, due=due(10), amount="250.00", number="FA-100002")
    promise = Promise.objects.create(
        customer=account.customer, amount="100", currency="EUR", made_on=due(5), due_on=MONDAY + timedelta(days=3)
    )
    PromiseItem.objects.create(promise=promise, item=paid)
    make_bank_line(amount="100.00", text="FA-100001", booked_on=MONDAY)
    document = night(live)
    assert (counts(document)["allocate"], counts(document)["promises"]) == (1, 1)
    assert Promise.objects.get().state == "KEPT"
    assert Action.objects.get().amounts == {"EUR": "250.0000"}
    assert LedgerItem.objects.get(number="FA-100001").open_amount == 100  # the books' figure stays theirs
    before = everything()
    night(live)
    assert everything() == before


def test_reminders_of_a_part_payment_speak_of_what_is_left(live):
    account = make_debtor(name="Boulangerie Martin")
    make_item(account=account, due=due(10), amount="100.00", number="FA-100001")
    make_bank_line(amount="40.00", text="Boulangerie Martin FA-100001", booked_on=MONDAY)
    night(live)
    assert Action.objects.get().amounts == {"EUR": "60.0000"}


def test_an_open_amount_that_is_not_what_allocations_say_is_put_right_and_recorded(live):
    from core.models import AuditRecord

    item = make_item(account=make_debtor(), due=due(10), amount="100.00")
    LedgerItem.objects.filter(id=item.id).update(open_amount=60)
    document = night(live)
    assert counts(document)["open_amounts"] == 1
    assert Action.objects.get().amounts == {"EUR": "100.0000"}
    assert AuditRecord.objects.get(action="receivables.open_amount_repaired").changes == {
        "open_amount": ["60.0000", "100.0000"]
    }


def test_too_many_such_differences_stop_the_night_and_change_nothing(live):
    account = make_debtor()
    for _ in range(101):
        make_item(account=account, due=due(10), amount="100.00", open_amount="60.00")
    steps = failing_night(live)
    assert "error" in steps["open_amounts"]
    assert "left_out" in steps["plan"]
    assert set(LedgerItem.objects.values_list("open_amount", flat=True)) == {Decimal(60)}


def test_an_item_that_has_lost_its_document_stops_the_night(live):
    item = make_item(account=make_debtor(), due=due(10), amount="100.00")
    assert "error" not in {name for step in night(live)["steps"] for name in step}
    LedgerItem.objects.filter(id=item.id).update(document_id=uuid4())
    steps = failing_night(live)
    assert str(item.id) in steps["open_amounts"]["error"]
    assert "left_out" in steps["plan"]


def test_two_nights_of_an_organisation_do_not_run_at_once(live, django_db_blocker):
    import psycopg
    from django.conf import settings

    values = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=values["NAME"], user=values["USER"], host=values["HOST"], port=values["PORT"] or None
    ) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{live.id}/night"])
        with pytest.raises(AlreadyRunning):
            run_night(tenant=live, on=MONDAY, now=NOW)
        other.rollback()
    run_night(tenant=live, on=MONDAY, now=NOW)


def test_on_a_stale_ledger_a_real_organisation_says_nothing(db):
    tenant = make_tenant(sandbox_on=None)
    with tenant_scope(tenant):
        approve(tenant)
        account = make_debtor()
        make_item(account=account, due=due(10))
        assert counts({"steps": run_night(tenant=tenant, on=MONDAY, now=NOW).steps})["plan"] == 0
        load = {"source": "erp", "kind": "items", "file_name": "f", "file_size": 1, "sha256": "x", "state": "APPLIED"}
        SyncRun.objects.create(**load, as_of=MONDAY - timedelta(days=5))
        assert ledger_as_of() == {account.entity_id: MONDAY - timedelta(days=5)}
        assert counts({"steps": run_night(tenant=tenant, on=MONDAY, now=NOW).steps})["plan"] == 0
        SyncRun.objects.create(**load, as_of=MONDAY - timedelta(days=4), entity=account.entity)
        assert counts({"steps": run_night(tenant=tenant, on=MONDAY, now=NOW).steps})["plan"] == 1


# --- promises ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "paid_after_days", "night_after_days", "expected"),
    [
        pytest.param("100.00", 5, 5, "KEPT", id="example 30: paid on its day"),
        pytest.param("99.99", 5, 5, "OPEN", id="example 31: a cent less is open on its day"),
        pytest.param("99.99", 5, 6, "PARTLY", id="example 31: and kept in part the day after"),
        pytest.param("100.00", 6, 7, "BROKEN", id="example 32: paid a day late"),
        pytest.param("100.00", 0, 1, "KEPT", id="example 33: paid on the day of the promise"),
        pytest.param("100.00", 2, 3, "KEPT", id="example 33: decided as soon as it is paid"),
    ],
)
@pytest.mark.parametrize("way", ["allocated", "payment", "named item"])
def test_promises_are_decided_by_the_ledger(tenant, paid, paid_after_days, night_after_days, expected, way):
    account = make_account(entity=make_entity())
    item = make_item(account=account, due=due(10), amount="100.00")
    promise = Promise.objects.create(
        customer=account.customer, amount=100, currency="EUR", made_on=MONDAY, due_on=MONDAY + timedelta(days=5)
    )
    paid_on = MONDAY + timedelta(days=paid_after_days)
    if way == "payment":
        make_item(account=account, kind="PAYMENT", amount=f"-{paid}", due=paid_on, issued=paid_on, posting_date=paid_on)
    else:
        make_allocation(debit=item, amount=paid, on=paid_on)
    if way == "named item":
        promise.promise_items.create(item=item)
    run_night(tenant=tenant, on=MONDAY + timedelta(days=night_after_days), now=NOW)
    promise.refresh_from_db()
    assert promise.state == expected
    assert promise.decided_on == (None if expected == "OPEN" else MONDAY + timedelta(days=night_after_days))


def test_what_was_paid_on_other_items_keeps_no_promise_that_names_one(tenant):
    """Example 34."""
    account = make_account(entity=make_entity())
    named, other = (make_item(account=account, due=due(10), amount="100.00") for _ in range(2))
    promise = Promise.objects.create(
        customer=account.customer, amount=100, currency="EUR", made_on=MONDAY, due_on=MONDAY + timedelta(days=1)
    )
    promise.promise_items.create(item=named)
    make_allocation(debit=other, amount="100.00", on=MONDAY)
    run_night(tenant=tenant, on=MONDAY + timedelta(days=2), now=NOW)
    promise.refresh_from_db()
    assert promise.state == "BROKEN"


# --- the beat ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        pytest.param("Europe/Paris", "2026-03-02T03:59", "2026-03-02T04:00", id="today, at 5 in winter"),
        pytest.param("Europe/Paris", "2026-03-02T04:00", "2026-03-03T04:00", id="now is not next"),
        pytest.param("Europe/Paris", "2026-03-28T22:00", "2026-03-29T03:00", id="the clocks go forward that night"),
        pytest.param("Europe/Paris", "2026-10-24T22:00", "2026-10-25T04:00", id="the clocks go back that night"),
        pytest.param("America/New_York", "2026-03-08T05:00", "2026-03-08T09:00", id="forward in New York"),
        pytest.param("Pacific/Auckland", "2026-03-02T12:00", "2026-03-02T16:00", id="tomorrow there"),
    ],
)
def test_the_next_night_begins_at_five_on_the_organisations_clock(zone, now, expected):
    tenant = Tenant(time_zone=zone)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert schedule.next_night_at(tenant=tenant, now=moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_every_day_of_two_years_has_one_night_in_every_zone():
    """Twice-existing and missing hours included: 730 nights on 730 different business days."""
    for zone in ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo"):
        tenant, now, days = Tenant(time_zone=zone), datetime(2025, 12, 31, 12, tzinfo=UTC), []
        for _ in range(730):
            now = schedule.next_night_at(tenant=tenant, now=now)
            days.append(schedule.today_in(zone, now))
        assert days == [days[0] + timedelta(days=n) for n in range(730)]


def test_a_failed_night_is_tried_again_until_noon():
    tenant = Tenant(time_zone="Europe/Paris")
    for now, expected in (("05:10", "05:40"), ("10:59", "11:29")):  # 06:10 and 11:59 in Paris
        moment = datetime.fromisoformat(f"2026-03-02T{now}").replace(tzinfo=UTC)
        again = schedule.try_again_at(tenant=tenant, now=moment)
        assert again == (
            datetime.fromisoformat(f"2026-03-02T{expected}").replace(tzinfo=UTC)
            if now == "05:10"
            else datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
        )


@pytest.fixture
def asked(monkeypatch):
    """What is sent to workers: (task, arguments)."""
    sent = []
    monkeypatch.setattr(Task, "apply_async", lambda self, kwargs=None, **options: sent.append((self.name, kwargs)))
    return sent


def test_every_real_organisation_gets_the_bell_of_its_next_night(db):
    real, asia = make_tenant(sandbox_on=None), make_tenant(sandbox_on=None, time_zone="Asia/Tokyo")
    sandbox, suspended = make_tenant(), make_tenant(sandbox_on=None)
    Tenant.objects.filter(id=suspended.id).update(status="SUSPENDED")
    assert tasks.ring_nights() == 2
    assert tasks.ring_nights() == 0
    found = {bell.of_tenant_id: bell.due_at for bell in Doorbell.objects.filter(queue="night")}
    assert set(found) == {real.id, asia.id}
    for tenant in (real, asia):
        local = timezone.localtime(found[tenant.id], timezone=ZoneInfo(tenant.time_zone))
        assert (local.hour, local.minute) == (5, 0)
    assert sandbox.id not in found


def test_bells_become_one_task_for_each_organisation_and_queue(tenant, asked):
    approve(tenant)
    Step.objects.filter(kind="REMINDER").update(mode="AUTOMATIC")
    make_item(account=make_debtor(), due=due(10))
    assert tasks.ring() == 0
    run_night(tenant=tenant, on=MONDAY, now=timezone.now())
    assert tasks.ring() == 1
    assert asked == [("integrations.send_slice", {"tenant": str(tenant.id), "channel": "EMAIL"})]
    assert tasks.ring() == 0


def test_a_night_task_runs_today_and_sets_the_bell_of_the_next(db):
    tenant = make_tenant(sandbox_on=None)
    with tenant_scope(tenant):
        doorbells.ring("night")
    assert tasks.night(tenant=str(tenant.id)) == len(STEPS)
    with tenant_scope(tenant):
        assert JobRun.objects.get().on == schedule.today_in(tenant.time_zone, timezone.now())
    bell = Doorbell.objects.get(queue="night")
    assert bell.due_at > timezone.now()


def test_a_sandbox_or_a_suspended_organisation_has_no_night_by_itself(db):
    for sandbox in (make_tenant(), make_tenant(sandbox_on=None)):
        if not sandbox.is_sandbox:
            Tenant.objects.filter(id=sandbox.id).update(status="SUSPENDED")
        with tenant_scope(sandbox):
            doorbells.ring("night")
        assert tasks.night(tenant=str(sandbox.id)) == 0
    assert not Doorbell.objects.exists()


def test_a_slice_sends_what_is_due_and_goes_to_the_end_of_the_queue_while_more_is(tenant, asked, monkeypatch, settings):
    settings.DEMO_MAILBOX = False  # a sandbox's mail goes into its folder
    approve(tenant)
    Step.objects.filter(kind="REMINDER").update(mode="AUTOMATIC")
    sender = make_debtor().entity
    for n in range(5):
        make_item(account=make_debtor(entity=sender, email=f"c{n}@x.example"), due=due(10))
    run_night(tenant=tenant, on=MONDAY, now=timezone.now())
    monkeypatch.setattr(messaging_tasks.outbox.drain, "__kwdefaults__", {"size": 3, "seconds": 40.0})
    task = {"tenant": str(tenant.id), "channel": "EMAIL"}
    assert messaging_tasks.send_slice(**task) == 3
    assert asked == [("integrations.send_slice", task)]
    assert messaging_tasks.send_slice(**task, unknown_argument="of a later release") == 2
    assert len(asked) == 1
    assert Message.objects.filter(state="SENT").count() == 5
    assert not Doorbell.objects.filter(queue="outbox.EMAIL").exists()
    assert messaging_tasks.send_slice(**task) == 0


def test_a_suspended_organisation_sends_nothing(tenant, asked):
    Tenant.objects.filter(id=tenant.id).update(status="SUSPENDED")
    assert messaging_tasks.send_slice(tenant=str(tenant.id), channel="EMAIL") == 0


def test_today_is_the_day_when_no_day_is_given(tenant):
    out = io.StringIO()
    call_command("night", "--tenant", tenant.slug, stdout=out)
    assert f"The night of {tenant.sandbox_on}" in out.getvalue()
    assert date(2026, 3, 2) == tenant.sandbox_on


def test_every_step_of_the_night_has_words_for_what_it_counts():
    from accounts.words import NIGHT_STEPS

    assert [step.name for step in schedule.THE_NIGHT if step.name not in NIGHT_STEPS] == []
