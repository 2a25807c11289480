"""Each test here has a data folder of its own: none touches the servers that the other tests use."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "ENCOURS_MODE", "ENCOURS_DATA", "PORT")


@dataclass
class Machine:
    """One data folder and the environment that points to it."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str, **extra: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment | extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **extra: str) -> subprocess.CompletedProcess:
        """Run Python with these words in the project folder."""
        process = self.start(*command, **extra)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def local(self, expression: str) -> subprocess.CompletedProcess:
        """Print what an expression of creditmgmt.local gives."""
        return self.run("-c", f"from creditmgmt import local; print({expression})")

    def evaluate(self, expression: str) -> str:
        done = self.local(expression)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pids(self) -> tuple[int | None, int | None]:
        """The process numbers of PostgreSQL and Valkey, None where one is down."""
        words = self.evaluate("local.status().postgres_pid, local.status().valkey_pid").split()
        return tuple(None if word == "None" else int(word) for word in words)  # type: ignore[return-value]


def make_machine() -> Machine:
    data = Path(tempfile.mkdtemp(prefix="enc-", dir="/tmp"))
    environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    return Machine(data, environment | {"ENCOURS_MODE": "local", "ENCOURS_DATA": str(data)})


def remove(machine: Machine) -> None:
    machine.local("local.stop_servers()")
    shutil.rmtree(machine.data, ignore_errors=True)


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Nothing runs and nothing exists yet."""
    made = make_machine()
    yield made
    remove(made)


@pytest.fixture(scope="module")
def running() -> Iterator[Machine]:
    """Both servers run. Shared by a module: leave them running."""
    made = make_machine()
    done = made.local("local.ensure_servers()")
    assert done.returncode == 0, done.stderr
    yield made
    remove(made)
