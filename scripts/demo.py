"""The whole product on this machine: servers, sample company, web, worker, beat and mailbox, until Ctrl-C.

Usage: python scripts/demo.py [start|stop]      PORT and ENCOURS_DATA from the environment

`start` prints the address and one login per role once the pages answer, then watches the processes: if one ends, it
says which and shows its last lines. Ctrl-C, SIGTERM or a closed terminal end everything, the servers too. `stop` ends
a demo started elsewhere and whatever one that was killed left behind. Exit status 1 with one line on standard error
when it cannot start.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from creditmgmt import local  # noqa: E402

BIN = Path(sys.executable).parent
READY_SECONDS = 60
STOP_SECONDS = 10


class DemoError(Exception):
    """The demo cannot start or go on; the text says why, in a line or with a log's end."""


class Wish:
    """How often somebody asked for the end. Handlers only count: an exception out of nowhere would lose a process."""

    count = 0

    @classmethod
    def ask(cls, number: int, frame: object) -> None:
        cls.count += 1


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen
    log: Path


def port_number() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65500:
        raise DemoError(f"PORT is {text!r}; expected a number such as 8000")
    return int(text)


def mail_port(port: int) -> int:
    """Where the demo mailbox listens: the settings say the same."""
    return port + 25


def check_ports(port: int) -> None:
    """Raises DemoError when the pages' or the mailbox's port cannot be had."""
    for number in (port, mail_port(port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except PermissionError:
                raise DemoError(f"Port {number} is for root only. Choose another: make demo PORT=8000") from None
            except OSError:
                raise DemoError(f"Port {number} is in use. Choose another: make demo PORT={port + 100}") from None


# --- what runs, written down for `stop` -------------------------------------------------------------------------------


def record_path() -> Path:
    return local.data_dir() / "demo.json"


def read_record() -> dict:
    try:
        return json.loads(record_path().read_text())
    except (OSError, ValueError):
        return {}


def write_record(port: int, children: list[Child]) -> None:
    processes = {}
    for pid in [os.getpid(), *(child.process.pid for child in children)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            processes[pid] = psutil.Process(pid).create_time()
    fresh = record_path().with_suffix(".new")
    fresh.write_text(json.dumps({"port": port, "supervisor": os.getpid(), "processes": processes}))
    fresh.replace(record_path())


def recorded(record: dict, pid: int) -> bool:
    """Whether the recorded process still runs: the same number and the same time of birth."""
    try:
        process = psutil.Process(pid)
        born = record["processes"].get(str(pid))
        return process.status() != psutil.STATUS_ZOMBIE and born is not None and abs(process.create_time() - born) < 1
    except psutil.Error:
        return False


# --- start ------------------------------------------------------------------------------------------------------------


def start() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, Wish.ask)
    children: list[Child] = []
    mine = False
    try:
        port = port_number()
        record = read_record()
        if record and recorded(record, record["supervisor"]):
            raise DemoError(f"A demo already runs at http://localhost:{record['port']} (make stop ends it).")
        check_ports(port)
        os.environ["PORT"] = str(port)
        mine = True
        say("starting PostgreSQL and Valkey")
        local.ensure_servers()
        write_record(port, children)
        prepared = prepare(children, port)
        if prepared:
            # The pages first and alone: they are what somebody waits for, and the machine may have two cores only.
            found = commands(port, prepared["mailbox"])
            begin("web", found.pop("web"), children, port)
            if wait_until_ready(port, children):
                for name, command in found.items():
                    begin(name, command, children, port)
                announce(port, prepared)
            watch(children)
        return 0
    except (DemoError, local.ServerError) as error:
        print(f"encours: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if mine:
            end(children)


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


def prepare(children: list[Child], port: int) -> dict:
    """Migrate, load the sample company where it is absent; what the last lines need, {} when the end is wished."""
    say("preparing the database (a minute at the first start)")
    child = launch("prepare", [sys.executable, "scripts/demo_prepare.py"])
    children.append(child)
    write_record(port, children)
    while child.process.poll() is None:
        if Wish.count:
            return {}
        time.sleep(0.05)
    if child.process.returncode != 0:
        raise DemoError(f"The database could not be prepared; the end of {child.log}:\n{tail(child.log)}")
    children.remove(child)
    return json.loads(child.log.read_text().splitlines()[-1])


def commands(port: int, mailbox: bool) -> dict[str, list[str]]:
    celery = [str(BIN / "celery"), "--quiet", "--app", "creditmgmt.celery:app"]
    schedule = str(local.data_dir() / "log" / "beat-schedule")
    found = {
        "web": [
            *(str(BIN / "gunicorn"), "--config", "python:creditmgmt.serving"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--graceful-timeout", "5"),
        ],
        "worker": [
            *(*celery, "worker", "--queues", "default,long", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ],
        "beat": [*celery, "beat", "--schedule", schedule, "--pidfile=", "--loglevel", "INFO"],
    }
    if mailbox:
        found["mailbox"] = [sys.executable, "manage.py", "demo_mailbox"]
    return found


def begin(name: str, command: list[str], children: list[Child], port: int) -> None:
    children.append(launch(name, command))
    write_record(port, children)


def launch(name: str, command: list[str]) -> Child:
    """Start one process in a group of its own: the terminal's Ctrl-C reaches only us, and we end them in order."""
    log = local.data_dir() / "log" / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    return Child(name=name, process=process, log=log)


def wait_until_ready(port: int, children: list[Child]) -> bool:
    """Until the health page answers 200: True. Raises DemoError when a process ends or the time is over."""
    until = time.monotonic() + READY_SECONDS
    while not Wish.count:
        check_alive(children)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5):
                return True
        except OSError as error:
            if time.monotonic() > until:
                web = next(child for child in children if child.name == "web")
                raise DemoError(f"The pages do not answer ({error}); the end of {web.log}:\n{tail(web.log)}") from error
        time.sleep(0.1)
    return False


def announce(port: int, prepared: dict) -> None:
    lines = ["", f"Encours runs at http://localhost:{port}", ""]
    width = max((len(login["role"]) for login in prepared["logins"]), default=0)
    wide = max((len(login["email"]) for login in prepared["logins"]), default=0)
    for login in prepared["logins"]:
        lines.append(f"  {login['role']:<{width}}  {login['email']:<{wide}}  password: {login['password']}")
    lines += ["", f"Ctrl-C stops everything. Logs: {local.data_dir() / 'log'}"]
    print("\n".join(lines), flush=True)


def watch(children: list[Child]) -> None:
    """Until the end is wished. Raises DemoError when a process ends before."""
    while not Wish.count:
        check_alive(children)
        time.sleep(0.2)


def check_alive(children: list[Child]) -> None:
    for child in children:
        status = child.process.poll()
        if status is not None:
            raise DemoError(
                f"The {child.name} process ended ({ending(status)}); the end of {child.log}:\n{tail(child.log)}"
            )


def ending(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


# --- stop -------------------------------------------------------------------------------------------------------------


def end(children: list[Child]) -> None:
    """End the processes, then the servers. Another Ctrl-C kills the processes at once; the servers stop orderly."""
    print(flush=True)
    say("stopping")
    end_groups([child.process.pid for child in reversed(children)], STOP_SECONDS, impatient=Wish.count + 1)
    for child in children:
        child.process.wait()
    local.stop_servers()
    record_path().unlink(missing_ok=True)


def end_groups(leaders: list[int], seconds: float, impatient: int) -> None:
    """SIGTERM to the leaders, time to finish, then SIGKILL to every process of their sessions."""
    for pid in leaders:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + seconds
    while time.monotonic() < until and Wish.count < impatient and any(members(leaders)):
        time.sleep(0.05)
    for process in members(leaders):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def members(leaders: list[int]) -> Iterator[psutil.Process]:
    """The live processes in the sessions that these leaders opened."""
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if process.info["status"] != psutil.STATUS_ZOMBIE and os.getsid(process.pid) in leaders:
                yield process


def stop() -> int:
    """End what a demo of this data folder runs, and its servers."""
    record = read_record()
    found = []
    if record:
        supervisor = record["supervisor"]
        if recorded(record, supervisor):
            os.kill(supervisor, signal.SIGTERM)
            with contextlib.suppress(psutil.Error):
                psutil.Process(supervisor).wait(STOP_SECONDS + 30)
            found.append("the demo")
        # A demo that was killed left its children behind: each leads a session of its own.
        # Where the leader is gone too, its number stays reserved for as long as its session has a process.
        leaders = [int(pid) for pid in record["processes"] if int(pid) != supervisor]
        left = [pid for pid in leaders if recorded(record, pid) or not psutil.pid_exists(pid)]
        if any(members(left)):
            end_groups(left, STOP_SECONDS, impatient=1)
            found.append("processes that a demo left behind")
        record_path().unlink(missing_ok=True)
    try:
        found += local.stop_servers()
    except local.ServerError as error:
        print(f"encours: {error}", file=sys.stderr)
        return 1
    say("stopped " + ", ".join(found) if found else "nothing runs")
    return 0


if __name__ == "__main__":
    word = sys.argv[1] if len(sys.argv) > 1 else "start"
    if word not in ("start", "stop"):
        sys.exit(__doc__)
    os.environ["ENCOURS_MODE"] = "local"
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)  # the demo never touches servers that somebody else runs
    sys.exit(start() if word == "start" else stop())
