"""A night killed in the middle of any step and run again comes to the same rows as one that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import transaction

from collection.models import Action, ActionLine, Step
from core.models import JobRun
from core.tenancy import tenant_scope
from creditmgmt.schedule import THE_NIGHT, run_night
from desk.models import Message, Task
from receivables.models import CustomerBalance, Promise
from risk.models import PayerProfile
from tests.collection.story import MONDAY, approve, due, make_debtor
from tests.make import make_item, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
SLUG = "killed-night"


def make_ledger(slug: str):
    """Twelve debtors at several steps, two with promises, half of the steps automatic, one a task."""
    tenant = make_tenant(slug=slug, sandbox_on=MONDAY)
    with tenant_scope(tenant), transaction.atomic():
        approve(tenant)
        Step.objects.filter(step_key="reminder_1").update(mode="AUTOMATIC", claims=True)
        Step.objects.filter(step_key="before_due").update(mode="TASK", channel="", template_code="")
        sender = None
        for n in range(12):
            account = make_debtor(**({"entity": sender} if sender else {}), ref=f"K{n}", email=f"k{n}@x.example")
            sender = account.entity
            for i, days in enumerate((6 + n, 1, -5)):
                make_item(account=account, number=f"K{n}/{i}", due=due(days), issued=due(40), amount=f"{100 + n}.00")
            if n < 2:
                Promise.objects.create(
                    customer=account.customer, amount=50 + n, currency="EUR", made_on=due(9), due_on=due(3)
                )
    return tenant


def rows(tenant):
    """What a night leaves, without ids and moments."""
    with tenant_scope(tenant), transaction.atomic():
        return {
            "actions": sorted(
                Action.objects.values_list(
                    "customer__ref", "entity__code", "on", "step__step_key", "state", "priority_cents", "proposed_since"
                )
            ),
            "lines": sorted(ActionLine.objects.values_list("item__number", "step_key", "on", "open_amount", "state")),
            "tasks": sorted(Task.objects.values_list("customer__ref", "kind", "on", "done_on", "values__count")),
            "messages": sorted(Message.objects.values_list("recipient", "subject", "body_text", "state", "on")),
            "balances": sorted(
                CustomerBalance.objects.values_list("customer__ref", "currency", "open_amount", "overdue_amount", "on")
            ),
            "promises": sorted(Promise.objects.values_list("customer__ref", "state", "decided_on")),
            "profiles": sorted(PayerProfile.objects.values_list("customer__ref", "payer_class", "valid_from")),
        }


def connect(alias: str) -> psycopg.Connection:
    values = settings.DATABASES[alias]
    return psycopg.connect(
        dbname=values["NAME"], user=values["USER"], password=values["PASSWORD"] or None, host=values["HOST"] or None,
        port=values["PORT"] or None,
    )  # fmt: skip


def start_night(tmp_path: Path) -> subprocess.Popen:
    def url(alias: str) -> str:
        parts = settings.DATABASES[alias]
        password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
        return (
            f"postgresql://{parts['USER']}{password}@/{parts['NAME']}?host={parts['HOST']}&port={parts['PORT'] or 5432}"
        )

    environment = {
        **os.environ, "DATABASE_URL": url("default"), "OWNER_DATABASE_URL": url("owner"),
        "REDIS_URL": settings.REDIS_URL, "ENCOURS_DATA": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "manage.py", "night", "--tenant", SLUG, "--on", MONDAY.isoformat()]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for(condition, what: str, seconds: float = 60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed():
    """Filled by the first case: the rows of a night that nobody disturbed."""
    return {}


@pytest.mark.parametrize(
    ("table", "step"),
    [
        ("receivables_promise", "promises"),
        ("receivables_customerbalance", "balances"),
        ("risk_payerprofile", "profile"),
        ("collection_actionline", "plan"),
        ("desk_task", "plan"),
        ("desk_message", "confirm"),
    ],
)
def test_killed_in_the_middle_and_run_again_it_comes_to_the_same(db, tmp_path, undisturbed, table, step):
    names = [one.name for one in THE_NIGHT]
    if not undisturbed:
        twin = make_ledger("undisturbed-night")
        with tenant_scope(twin):
            run_night(tenant=twin, on=MONDAY, now=NOW)
        undisturbed.update(rows(twin))
        assert len(undisturbed["messages"]) > 3
        assert len(undisturbed["lines"]) > 12
        assert len(undisturbed["tasks"]) > 3
    tenant = make_ledger(SLUG)
    with connect("owner") as blocker, connect("owner") as looker:
        looker.autocommit = True
        blocker.execute(f"LOCK TABLE {table} IN SHARE MODE")
        process = start_night(tmp_path)

        def is_stuck() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            return looker.execute(query, [table]).fetchone()[0] > 0 or process.poll() is not None

        wait_for(is_stuck, f"the night never came to {table}")
        assert process.poll() is None, process.communicate()
        with tenant_scope(tenant), transaction.atomic():
            run = JobRun.objects.get(job="night")
            assert (run.state, [done["name"] for done in run.steps]) == ("RUNNING", names[: names.index(step)])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        blocker.rollback()
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        wait_for(lambda: looker.execute(query).fetchone()[0] == 0, "the killed night's lock stays")
    with tenant_scope(tenant):
        out = run_night(tenant=tenant, on=MONDAY, now=NOW + timedelta(minutes=1))
        assert not out.undone
    assert rows(tenant) == undisturbed
