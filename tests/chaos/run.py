"""Rounds of chaos: reminders are planned and sent by real workers while everything around them is killed.

Usage: python -m tests.chaos.run --rounds 20 [--seed N]      prints one JSON document

Servers, workers and beats of its own in a folder of its own below /tmp. Each round plans 30 reminders for new customers
by a night, by e-mail, as text messages, as letters and as registered letters, and meanwhile kills -9 workers or their
children, one of two beats, PostgreSQL or Valkey, or empties the broker. At the end every planned reminder must have
reached the mail server under exactly one Message-ID, the carrier of text messages exactly once, or lie in the tray;
letters of which nobody knows are looked for in the tray, as a person would.

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
BY_CHANNEL = {"EMAIL": 17, "SMS": 8, "LETTER": 3, "REGISTERED_LETTER": 2}
CHANNELS = [channel for channel, count in BY_CHANNEL.items() for _n in range(count)]
REMINDERS = len(CHANNELS)
ROUND_SECONDS = 2.2
SETTLE_SECONDS = 240
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


def plan_reminders(tenant, entity_id, scenario_ids: dict, round_number: int) -> None:
    """New customers with an overdue item each, and the night that proposes, confirms and queues their reminders."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.access import business_today
    from collection.models import Scenario
    from collection.services.rule_sets import choose_scenario
    from core.audit import SYSTEM
    from creditmgmt.schedule import run_night
    from receivables.models import Customer, Entity
    from tests.make import make_account, make_customer, make_item

    today = business_today(tenant)

    def debtors() -> None:
        with transaction.atomic():
            entity = Entity.objects.get(id=entity_id)
            if Customer.objects.filter(ref=f"R{round_number}-0").exists():
                return
            for n, channel in enumerate(CHANNELS):
                ref = f"R{round_number}-{n}"
                customer = make_customer(
                    ref=ref, email=f"{ref}@x.example", phone=f"+33612{round_number * REMINDERS + n:06d}",
                    street="1 rue du Port", city="Nantes", country="FR",
                )  # fmt: skip
                account = make_account(customer=customer, entity=entity)
                if channel != "EMAIL":
                    choose_scenario(
                        customer=customer, scenario=Scenario.objects.get(id=scenario_ids[channel]), reason="its channel",
                        on=today, by=None, actor=SYSTEM,
                    )  # fmt: skip
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
    """A real organisation whose first step is automatic on any day, in a scenario for each channel."""
    from django.db import transaction

    from accounts.access import business_today
    from accounts.models import Tenant
    from collection.models import Step
    from collection.rules.steps import OldItems
    from collection.services.scenarios import approve_go_live, create_scenario, ensure_default_scenario
    from collection.services.versions import publish_draft
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
        versions = {"EMAIL": version}
        for channel in BY_CHANNEL:
            if channel != "EMAIL":
                made = create_scenario(name=channel, copy_of=version.scenario, actor=SYSTEM)
                versions[channel] = publish_draft(version=made.versions.get(), on=today, actor=SYSTEM)
        type(version).objects.update(working_days_only=False, stale_after_days=None)
        for channel, one in versions.items():
            Step.objects.filter(version_id=one.id, kind="REMINDER").update(mode="AUTOMATIC", channel=channel)
            approve_go_live(
                version=type(version).objects.get(id=one.id), old_items=OldItems.FIRST_STEP, live_from=today,
                approved_by=None, actor=SYSTEM,
            )  # fmt: skip
        entity_id = make_entity(code="FR", country="FR").id
        scenario_ids = {channel: one.scenario_id for channel, one in versions.items()}
    return tenant, entity_id, scenario_ids


def unsettled(tenant) -> int:
    from django.db import transaction

    from collection.models import Action
    from core.tenancy import tenant_scope

    def count() -> int:
        with tenant_scope(tenant), transaction.atomic():
            return Action.objects.exclude(state="SENT").count()

    return persist(count)


def decide_as_a_person(tenant) -> int:
    """Look for each doubtful letter in the tray, and say whether it is there. How many were decided."""
    from django.db import transaction

    from accounts.access import business_today
    from core.audit import SYSTEM
    from core.tenancy import tenant_scope
    from desk.models import Message
    from desk.services import outbox
    from desk.services.files import files_folder
    from integrations import registry
    from integrations.adapters.messaging.letters import letter_path

    today = business_today(tenant)

    def decide() -> int:
        with tenant_scope(tenant), transaction.atomic():
            doubtful = list(Message.objects.filter(state="UNSURE"))
            for message in doubtful:
                outbox.decide_unsure(
                    message_id=message.id,
                    has_left=(files_folder() / letter_path(message)).exists(),
                    reasons=lambda reason_type: registry.reasons(reason_type, on=today),
                    actor=SYSTEM,
                )
            return len(doubtful)

    return persist(decide)


def left_by(message) -> str:
    """What a message is known by where it arrives."""
    from integrations.adapters.messaging.letters import letter_path
    from integrations.adapters.messaging.smtp import message_id
    from integrations.adapters.messaging.text_messages import carrier_key

    if message.channel == "EMAIL":
        return message_id(message)
    return carrier_key(message) if message.channel == "SMS" else str(letter_path(message))


def verdict(tenant, sink, chaos: Chaos, *, rounds: int, decided: int, seconds: float) -> dict:
    """What was planned beside what arrived."""
    from django.db import transaction

    from collection.models import Action, ActionLine
    from core.tenancy import tenant_scope
    from desk.models import Event, Message
    from desk.services.files import files_folder
    from tests.chaos.carrier import log_file

    with tenant_scope(tenant), transaction.atomic():
        rows = {left_by(message): message for message in Message.objects.all()}
        states = Counter(Action.objects.values_list("state", flat=True))
        lines = Counter(ActionLine.objects.values_list("state", flat=True))
        told = Event.objects.filter(kind__startswith="message.sent.").count()
    texts = Counter(log_file().read_text().split())
    trays = files_folder().glob(f"letters*/{tenant.id.hex}/*.pdf")
    letters = {str(path.relative_to(files_folder())) for path in trays}
    arrived = set(sink.copies) | set(texts) | letters
    by_customer = Counter((message.customer_id, message.channel) for message in rows.values())
    return {
        "by_channel": dict(Counter(message.channel for message in rows.values())),
        "rounds": rounds,
        "planned": rounds * REMINDERS,
        "actions": dict(states),
        "lines": dict(lines),
        "messages": dict(Counter(message.state for message in rows.values())),
        "told": told,
        "arrived": len(arrived),
        "lost": sorted(set(rows) - arrived),
        "unknown": sorted(arrived - set(rows)),
        "doubled": sorted(recipient for recipient, ids in sink.ids_of.items() if len(ids) > 1)
        + sorted(key for key, count in texts.items() if count > 1)
        + sorted(str(customer) for (customer, _channel), count in by_customer.items() if count > 1),
        "decided_by_a_person": decided,
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
        tenant, entity_id, scenario_ids = make_organisation()
        house.keep_up()
        chaos.thread.start()
        for number in range(rounds):
            until = time.monotonic() + ROUND_SECONDS
            with tenant_scope(tenant):
                plan_reminders(tenant, entity_id, scenario_ids, number)
            time.sleep(max(0.0, until - time.monotonic()))
        chaos.stop()
        until, decided = time.monotonic() + SETTLE_SECONDS, 0
        while unsettled(tenant) and time.monotonic() < until:
            house.keep_up()
            decided += decide_as_a_person(tenant)
            time.sleep(0.2)
        seconds = time.monotonic() - started
        print(json.dumps(verdict(tenant, sink, chaos, rounds=rounds, decided=decided, seconds=seconds)))
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
