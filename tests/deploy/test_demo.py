"""make demo: what stops it from starting, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.deploy.conftest import Machine, make_machine, remove


@pytest.fixture
def port() -> int:
    """A port that is free, and whose mailbox's is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_in_use_is_named_and_nothing_is_started(machine: Machine) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = machine.run("scripts/demo.py", "start", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == f"encours: Port {port} is in use. Choose another: make demo PORT={port + 100}"
    assert list(machine.data.iterdir()) == []


@pytest.mark.parametrize("text", ["web", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(machine: Machine, text: str) -> None:
    done = machine.run("scripts/demo.py", "start", PORT=text)
    assert done.returncode == 1
    assert f"PORT is {text!r}" in done.stderr
    assert list(machine.data.iterdir()) == []


def test_stop_says_so_when_nothing_runs(machine: Machine) -> None:
    done = machine.run("scripts/demo.py", "stop")
    assert (done.returncode, done.stdout) == (0, "demo: nothing runs\n")


def test_stop_ends_the_servers_that_a_command_started(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    done = machine.run("scripts/demo.py", "stop")
    assert (done.returncode, done.stdout) == (0, "demo: stopped PostgreSQL, Valkey\n")
    assert machine.pids() == (None, None)


def test_stop_spares_a_process_that_has_the_number_of_a_former_child(machine: Machine) -> None:
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = {"port": 8000, "supervisor": 1, "processes": {"1": 0.0, str(bystander.pid): 12345.0}}
        (machine.data / "demo.json").write_text(json.dumps(record))
        assert machine.run("scripts/demo.py", "stop").returncode == 0
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


# --- the whole of it: a minute each ------------------------------------------------------------------------------------


def seconds_of_a_command(machine: Machine) -> float:
    """What starting Django alone takes at the moment: how busy the machine is."""
    began = time.monotonic()
    assert machine.run("manage.py", "help").returncode == 0
    return time.monotonic() - began


# The first start loads the sample company: a minute, on a machine that does nothing else.
FIRST_SECONDS = 600


class Demo:
    """A running demo and what it has said so far."""

    def __init__(self, machine: Machine, port: int) -> None:
        self.machine, self.port = machine, port
        self.log = machine.data.with_suffix(".out")
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/demo.py", "start"],
                cwd=Path(__file__).resolve().parents[2],
                env=machine.environment | {"PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        began = time.monotonic()
        try:
            wait_for(lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None, FIRST_SECONDS)
        except AssertionError:
            self.end()  # the next test would meet a demo that runs
            raise
        self.seconds = time.monotonic() - began

    @property
    def said(self) -> str:
        return self.log.read_text()

    def left(self) -> list[str]:
        """Command lines of the processes that belong to this data folder, ours excepted."""
        found = []
        for process in psutil.process_iter(["pid", "status"]):
            try:
                mine = process.environ().get("ENCOURS_DATA") == str(self.machine.data)
                words = process.cmdline()
            except psutil.Error:
                continue
            if (mine or f"{self.machine.data}/pg" in words) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(" ".join(words))
        return found

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Machine]:
    """A data folder with the sample company once the first test has started the demo."""
    made = make_machine()
    yield made
    made.run("scripts/demo.py", "stop")
    made.data.with_suffix(".out").unlink(missing_ok=True)
    remove(made)


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_demo_answers_and_ends_without_a_trace(
    loaded: Machine, port: int, number: int, record_property: Callable[[str, object], None]
) -> None:
    demo = Demo(loaded, port)
    assert f"Encours runs at http://localhost:{port}" in demo.said, demo.said
    logins = [line for line in demo.said.splitlines() if "password: " in line]
    assert len(logins) >= 5
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/") as page:
        assert page.status == 200
    assert demo.end(number) == 0
    assert demo.left() == []
    record_property("seconds to start", demo.seconds)
    if number != signal.SIGINT:
        # Ten seconds on a machine that does nothing else, where one command takes more than one.
        assert demo.seconds < max(10, 8 * seconds_of_a_command(loaded))


@pytest.mark.soak
def test_a_second_demo_names_the_first(loaded: Machine, port: int) -> None:
    demo = Demo(loaded, port)
    try:
        done = loaded.run("scripts/demo.py", "start", PORT=str(port + 1))
        assert done.returncode == 1
        assert done.stderr.startswith(f"encours: A demo already runs at http://localhost:{port}")
    finally:
        demo.end()


@pytest.mark.soak
def test_a_child_that_dies_is_named_with_its_last_lines(loaded: Machine, port: int) -> None:
    demo = Demo(loaded, port)
    beat = next(p for p in psutil.Process(demo.process.pid).children() if "beat" in p.cmdline())
    beat.kill()
    assert demo.process.wait(60) == 1
    assert "The beat process ended (signal SIGKILL); the end of" in demo.said
    assert demo.left() == []


@pytest.mark.soak
def test_stop_ends_what_a_killed_demo_left_behind(loaded: Machine, port: int) -> None:
    demo = Demo(loaded, port)
    demo.process.kill()
    demo.process.wait()
    assert demo.left()
    done = loaded.run("scripts/demo.py", "stop")
    assert "processes that a demo left behind" in done.stdout
    assert demo.left() == []


@pytest.mark.soak
def test_the_backup_drill_passes(record_property: Callable[[str, object], None]) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "scripts/backup_drill.py"],
        cwd=root,
        env=os.environ | {"ENCOURS_MODE": "local"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record_property("last step", done.stdout.splitlines()[-2].strip())
