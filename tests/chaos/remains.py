"""What a run of chaos leaves behind when it is killed itself: servers and workers that outlive it by design.

A warden beside each run waits for its end, whichever way it comes, and ends what is left. Should the warden be killed
too, the next run finds the folder, whose lock nobody holds any more.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
PLACE = Path("/tmp")
PREFIX = "chaos"
LOCK = "runner.lock"
KEEP = "KEEP_CHAOS"  # set in the environment: the folder with its logs stays
END_SECONDS = 30


def hold(folder: Path) -> int:
    """Lock the folder for as long as this process lives. Children that are started do not inherit the lock."""
    file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def is_held(folder: Path) -> bool:
    with (folder / LOCK).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every live process that was started for the folder, but this one."""
    data, found = str(folder / "d"), []
    for process in psutil.process_iter(["status"]):
        if process.pid == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        with contextlib.suppress(psutil.Error):
            words = " ".join(process.cmdline())
            if f"{data}/" in words or process.environ().get("ENCOURS_DATA") == data:
                found.append(process)
    return found


def end(folder: Path) -> None:
    """Kill what runs for the folder and remove it, until neither is there. A worker may be starting another meanwhile."""
    until = time.monotonic() + END_SECONDS
    keep = bool(os.environ.get(KEEP))
    while (left := processes_of(folder)) or (folder.exists() and not keep):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > until:
            raise TimeoutError(f"still there: {folder}, {left}")
        time.sleep(0.1)


def end_former_runs() -> list[Path]:
    """End what runs that were killed left; those that still run hold their lock. Returns their folders."""
    ended = []
    for folder in filter(Path.is_dir, PLACE.glob(f"{PREFIX}*")):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if not is_held(folder) and folder.stat().st_uid == os.geteuid():
                end(folder)
                ended.append(folder)
    return ended


@contextlib.contextmanager
def warden(folder: Path) -> Iterator[None]:
    """Inside, another process waits for the end of this one. Outside, the folder is gone with all that ran for it."""
    held = hold(folder)
    # In a session of its own: what is sent to our process group does not reach it. Its input ends when we do.
    environment = {name: value for name, value in os.environ.items() if name != "ENCOURS_DATA"}
    command = [sys.executable, "-m", "tests.chaos.remains", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(2 * END_SECONDS)
        os.close(held)


if __name__ == "__main__":
    sys.stdin.read()
    # The run may be in the middle of its own orderly end.
    end(Path(sys.argv[1]))
