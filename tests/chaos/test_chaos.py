"""Real workers, a real mail server, SIGKILL everywhere: nothing is lost, nothing arrives under two Message-IDs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.run import BY_CHANNEL, REMINDERS, Chaos

ROOT = Path(__file__).resolve().parents[2]


def chaos(rounds: int, *, seed: int) -> dict:
    command = [sys.executable, "-m", "tests.chaos.run", "--rounds", str(rounds), "--seed", str(seed)]
    environment = {name: value for name, value in os.environ.items() if name != "ENCOURS_DATA"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300 + 20 * rounds, check=False
    )
    assert done.returncode == 0, done.stderr[-8000:]
    return json.loads(done.stdout.splitlines()[-1])


def check(found: dict) -> None:
    planned = found["rounds"] * REMINDERS
    assert found["lost"] == []
    assert found["doubled"] == []
    assert found["unknown"] == []
    assert found["arrived"] == planned
    assert found["by_channel"] == {channel: count * found["rounds"] for channel, count in BY_CHANNEL.items()}
    assert found["messages"] == {"SENT": planned}
    assert found["actions"] == {"SENT": planned}
    assert found["lines"]["DONE"] == planned
    assert found["told"] == planned
    assert set(found["events"]) == set(Chaos.WEIGHTS)


def test_twenty_rounds_of_chaos_lose_and_double_nothing():
    check(chaos(20, seed=20))


@pytest.mark.soak
def test_hundreds_of_rounds_of_chaos_lose_and_double_nothing(record_property):
    found = chaos(200, seed=200)
    for name in ("planned", "repeated_copies", "refused_for_now", "decided_by_a_person", "seconds"):
        record_property(name, found[name])
    for name, count in found["events"].items():
        record_property(name, count)
    check(found)
