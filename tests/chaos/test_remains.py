"""A run of chaos that is killed itself leaves no server, no worker and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.chaos import remains


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs are looked for during the test: not among those of other people."""
    monkeypatch.setattr(remains, "PLACE", tmp_path)
    return tmp_path


def left_by(folder: Path) -> subprocess.Popen:
    """A process that some run started for its folder."""
    environment = os.environ | {"ENCOURS_DATA": str(folder / "d")}
    return subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)


def test_what_a_killed_run_left_is_ended_by_the_next(place: Path):
    folder = place / "chaos1"
    folder.mkdir()
    os.close(remains.hold(folder))
    process = left_by(folder)
    try:
        assert remains.end_former_runs() == [folder]
        assert process.wait(10) == -signal.SIGKILL
        assert not folder.exists()
    finally:
        process.kill()


def test_a_run_that_still_runs_is_left_alone(place: Path):
    folder = place / "chaos1"
    folder.mkdir()
    held = remains.hold(folder)
    process = left_by(folder)
    try:
        assert remains.end_former_runs() == []
        assert process.poll() is None
        assert folder.exists()
    finally:
        process.kill()
        process.wait()
        os.close(held)


def test_other_folders_are_left_alone(place: Path):
    (place / "chaotic").mkdir()
    assert remains.end_former_runs() == []
    assert (place / "chaotic").exists()


def test_the_warden_ends_what_outlives_a_run(place: Path):
    folder = place / "chaos1"
    folder.mkdir()
    code = "import sys, time; from pathlib import Path; from tests.chaos import remains\n"
    code += "with remains.warden(Path(sys.argv[1])): print('ready', flush=True); time.sleep(600)"
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=remains.ROOT, stdout=subprocess.PIPE, text=True
    )
    process = left_by(folder)
    try:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
        assert remains.is_held(folder)
        run.kill()
        run.wait()
        assert process.wait(30) == -signal.SIGKILL
        wait_for(lambda: not folder.exists())
    finally:
        process.kill()
        run.kill()


def folder_of(run: subprocess.Popen) -> Path | None:
    """The folder that the run's warden watches, None while it has none."""
    for child in psutil.Process(run.pid).children():
        if "tests.chaos.remains" in (words := child.cmdline()):
            return Path(words[-1])
    return None


@pytest.mark.soak
def test_a_killed_chaos_leaves_no_server():
    command = [sys.executable, "-m", "tests.chaos.run", "--rounds", "50", "--seed", "1"]
    run = subprocess.Popen(command, cwd=remains.ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (folder := folder_of(run)) and (folder / "beat1.log").exists(), 300)
        folder = folder_of(run)
        assert folder
        assert len(remains.processes_of(folder)) > 5
    finally:
        run.kill()
        run.wait()
    wait_for(lambda: not remains.processes_of(folder) and not folder.exists())
