"""Rounds of chaos: reminders are planned and sent by real workers while everything around them is killed.

Usage: python -m tests.chaos.run --rounds 20 [--seed N]      prints one JSON document

Servers, workers and beats of its own in a folder of its own below /tmp. Each round plans 30 reminders for new customers
by a night, and meanwhile kills -9 workers or their children, one of two beats, PostgreSQL or Valkey, or empties the
broker. At the end every planned reminder must have reached the mail server under exactly one Message-ID.

Nothing outlives it: not when it is killed itself (`tests.chaos.remains`), and what a former run left is ended first.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.chaos import remains

ROOT = Path(__file__).resolve().parents[2]
REMINDERS = 30
ROUND_SECONDS = 2.2
SETTLE_SECONDS = 90
CELERY = [str(Path(sys.executable).parent / "celery"), "--quiet", "--app", "creditmgmt.celery:app"]
WORKER = [*CELERY, "worker", "--queues", "default,long", "--concurrency", "1", "--loglevel", "WARNING"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """The processes of one installation, each in a session of its own, started again after they were killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = {f"worker{n}": [*WORKER, "--hostname", f"chaos{n}@%h"] for n in (1, 2)} | {
            f"beat{n}": [*CELERY, "beat", "--schedule", str(folder / f"beat{n}"), "--pidfile=", "--loglevel", "WARNING"]
            for n in (1, 2)
        }
        self.processes: dict[str, subprocess.Popen] = {}

    def keep_up(self) -> None:
        """Start what is not running."""
        for name, command in self.commands.items():
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                log = (self.folder / f"{name}.log").open("ab")
                self.processes[name] = subprocess.Popen(
                    command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children."""
        process = self.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_child(self, name: str) -> bool:
        """SIGKILL to the child that does a worker's work; its parent makes another. False if it has none yet."""
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self.processes[name].pid).children()
            if children:
                children[0].kill()
                return True
        return False

    def end(self) -> None:
        for name in list(self.processes):
            self.kill(name)


class Chaos:
    """What may happen, how often, and how often it did."""

    WEIGHTS = {"worker child": 9, "worker": 2, "beat": 1, "broker flush": 3, "broker": 1, "database": 2}

    def __init__(self, house: House, *, seed: int) -> None:
        self.house = house
        self.random = random.Random(seed)
        self.events: Counter[str] = Counter()
        self.over = threading.Event()
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self.rage, daemon=True)

    def stop(self) -> None:
        """No blow falls, and nothing is started again, once this returns."""
        self.over.set()
        if self.thread.ident is not None:
            self.thread.join()

    def rage(self) -> None:
        """Strike until it is over. What breaks in here is kept: everything else then fails for want of a server."""
        try:
            self._rage()
        except Exception as error:
            self.error = error

    def _rage(self) -> None:
        """Strike at random moments until it is over, whatever the others are doing; each kind once to begin with."""
        first = self.random.sample(list(self.WEIGHTS), len(self.WEIGHTS))
        while not self.over.wait(self.random.uniform(0.1, 0.9)):
            kinds = list(self.WEIGHTS)
            what = first[-1] if first else self.random.choices(kinds, weights=list(self.WEIGHTS.values()))[0]
            if self.strike(what) and first:
                first.pop()
            self.house.keep_up()

    def strike(self, what: str) -> bool:
        """Let it happen. False when there was nothing to kill."""
        from django.conf import settings
        from redis import Redis

        from creditmgmt import local
        from creditmgmt.local import place, postgres, valkey

        here = place.Place(local.data_dir())
        n = self.random.choice((1, 2))
        if what == "worker child" and not self.house.kill_child(f"worker{n}"):
            return False
        if what == "worker":
            self.house.kill(f"worker{n}")
        elif what == "beat":
            self.house.kill(f"beat{n}")
        elif what == "broker flush":
            Redis.from_url(settings.REDIS_URL).flushall()
        elif what in ("broker", "database"):
            pid = (valkey if what == "broker" else postgres).pid(here)
            if pid:
                os.kill(pid, signal.SIGKILL)
            local.ensure_servers()
        self.events[what] += 1
        return True


def persist(action, seconds: float = 600):
    """Do it until it can be done: the database goes away at any moment, on a busy machine in most nights."""
    from django.db import DatabaseError, connection

    until = time.monotonic() + seconds
    while True:
        try:
            return action()
        except DatabaseError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def plan_reminders(tenant, entity_id, round_number: int) -> None:
    """New customers with an overdue item each, and the night that proposes, confirms and queues their reminders."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.access import business_today
    from creditmgmt.schedule import run_night
    from receivables.models import Customer, Entity
    from tests.make import make_account, make_customer, make_item

    today = business_today(tenant)

    def debtors() -> None:
        with transaction.atomic():
            entity = Entity.objects.get(id=entity_id)
            if Customer.objects.filter(ref=f"R{round_number}-0").exists():
                return
            for n in range(REMINDERS):
                ref = f"R{round_number}-{n}"
                account = make_account(customer=make_customer(ref=ref, email=f"{ref}@x.example"), entity=entity)
                day = today.replace(day=1)
                make_item(account=account, number=ref, due=day - (day - day.replace(year=day.year - 1)), issued=day)

    def night() -> None:
        run = run_night(tenant=tenant, on=today, now=timezone.now())
        if run.undone:
            from django.db import OperationalError

            raise OperationalError(str(run.undone))

    persist(debtors)
    persist(night)


def make_organisation():
    """A real organisation whose first step is automatic, by e-mail, on any day."""
    from django.db import transaction

    from accounts.access import business_today
    from accounts.models import Tenant
    from collection.models import Step
    from collection.rules.steps import OldItems
    from collection.services.scenarios import approve_go_live, ensure_default_scenario
    from core.audit import SYSTEM
    from core.tenancy import tenant_scope
    from tests.make import make_entity, make_tenant

    with transaction.atomic():
        tenant = make_tenant(slug="chaos", sandbox_on=None)
        # At any hour of any day.
        Tenant.objects.filter(id=tenant.id).update(
            sending_days=list(range(7)), sending_from="00:00", sending_until="23:59:59.999999", sends_on_holidays=True
        )
    with tenant_scope(tenant), transaction.atomic():
        today = business_today(tenant)
        version = ensure_default_scenario(tenant=tenant, on=today)
        type(version).objects.update(working_days_only=False, stale_after_days=None)
        Step.objects.update(mode="AUTOMATIC")
        approve_go_live(version=version, old_items=OldItems.FIRST_STEP, live_from=today, approved_by=None, actor=SYSTEM)
        entity_id = make_entity(code="FR", country="FR").id
    return tenant, entity_id


def unsettled(tenant) -> int:
    from django.db import transaction

    from collection.models import Action
    from core.tenancy import tenant_scope

    def count() -> int:
        with tenant_scope(tenant), transaction.atomic():
            return Action.objects.exclude(state="SENT").count()

    return persist(count)


def verdict(tenant, sink, chaos: Chaos, *, rounds: int, seconds: float) -> dict:
    """What was planned beside what arrived."""
    from django.db import transaction

    from collection.models import Action, ActionLine
    from core.tenancy import tenant_scope
    from desk.models import Event, Message
    from integrations.adapters.messaging.smtp import message_id

    with tenant_scope(tenant), transaction.atomic():
        rows = {message_id(message): message for message in Message.objects.all()}
        states = Counter(Action.objects.values_list("state", flat=True))
        lines = Counter(ActionLine.objects.values_list("state", flat=True))
        told = Event.objects.filter(kind="message.sent.email").count()
    return {
        "rounds": rounds,
        "planned": rounds * REMINDERS,
        "actions": dict(states),
        "lines": dict(lines),
        "messages": dict(Counter(message.state for message in rows.values())),
        "told": told,
        "arrived": len(sink.copies),
        "lost": sorted(set(rows) - set(sink.copies)),
        "unknown": sorted(set(sink.copies) - set(rows)),
        "doubled": sorted(recipient for recipient, ids in sink.ids_of.items() if len(ids) > 1),
        "repeated_copies": sum(sink.copies.values()) - len(sink.copies),
        "refused_for_now": sink.refused,
        "events": dict(chaos.events),
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    remains.end_former_runs()
    folder = Path(tempfile.mkdtemp(prefix=remains.PREFIX, dir=remains.PLACE))
    with remains.warden(folder):
        run(folder, rounds=options.rounds, seed=options.seed)


def run(folder: Path, *, rounds: int, seed: int) -> None:
    """All rounds in a folder; prints what became of the reminders."""
    port = free_port()
    os.environ.update(
        ENCOURS_MODE="local", ENCOURS_DATA=str(folder / "d"), DJANGO_SETTINGS_MODULE="tests.chaos.settings",
        EMAIL_URL=f"smtp://127.0.0.1:{port}", LOG_LEVEL="CRITICAL", PYTHONPATH=str(ROOT),
    )  # fmt: skip
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder.chmod(0o755)

    from creditmgmt import local

    local.ensure_servers()
    import django

    django.setup()
    from django.core.management import call_command

    from core.tenancy import tenant_scope
    from tests.chaos.sink import Sink, controller

    call_command("migrate", verbosity=0)
    house = House(folder)
    chaos = Chaos(house, seed=seed)
    sink = Sink(seed=seed)
    server = controller(sink, port=port)
    server.start()
    started = time.monotonic()
    try:
        tenant, entity_id = make_organisation()
        house.keep_up()
        chaos.thread.start()
        for number in range(rounds):
            until = time.monotonic() + ROUND_SECONDS
            with tenant_scope(tenant):
                plan_reminders(tenant, entity_id, number)
            time.sleep(max(0.0, until - time.monotonic()))
        chaos.stop()
        until = time.monotonic() + SETTLE_SECONDS
        while unsettled(tenant) and time.monotonic() < until:
            house.keep_up()
            time.sleep(0.2)
        print(json.dumps(verdict(tenant, sink, chaos, rounds=rounds, seconds=time.monotonic() - started)))
    except Exception:
        if chaos.error is not None:
            raise RuntimeError("nothing was started again any more") from chaos.error
        raise
    finally:
        chaos.stop()
        house.end()
        server.stop()
        local.stop_servers()


if __name__ == "__main__":
    main()
