"""Server processes by their pid files, and the ends of their logs."""

import contextlib
import time
from pathlib import Path

from creditmgmt.local.place import ServerError


def pid_of(pidfile: Path, *, argument: str) -> int | None:
    """The process of a pid file if it lives and its command line has `argument`: process numbers are used again."""
    import psutil  # comes with the embedded server, is not on a production machine

    try:
        pid = int(pidfile.read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and any(argument in word for word in process.cmdline())
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if alive else None


def all_of(*, program: str, argument: str) -> list[int]:
    """Every live process of a program that was given this argument, whatever its pid file says.

    A server whose data folder was deleted runs on without one, and on its end would take its successor's socket along.
    """
    import psutil

    found = []
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        # Valkey writes its command line anew, as one text with the address at its end.
        given = argument in words or " ".join(words).rstrip().endswith(" " + argument)
        if alive and process.info["name"] == program and given:
            found.append(process.pid)
    return found


def kill_within(folder: Path, *, program: str) -> None:
    """SIGKILL to every process of a program that works in this folder."""
    import psutil

    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == program and process.info["cwd"] == str(folder):
            with contextlib.suppress(psutil.Error):
                process.kill()


def stop(pid: int | None, *, signals: tuple[tuple[int, float], ...]) -> bool:
    """Send each signal in turn and wait its seconds for the end. False if nothing ran. Raises ServerError."""
    if pid is None:
        return False
    import psutil

    try:
        process = psutil.Process(pid)
        for number, seconds in signals:
            process.send_signal(number)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                # In a container the first process may take its time to collect the dead, or never do it.
                if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                    return True
                time.sleep(0.01)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied as error:
        raise ServerError(f"Process {pid} belongs to another account: it must be stopped there.") from error
    raise ServerError(f"Process {pid} does not end.")


def tail(log: Path, lines: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def shorten(log: Path) -> None:
    """Begin a new log file above 10 MB; the former one stays beside it."""
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".old"))
