"""A backup is what was restored: copy, lose, restore and compare, on servers of its own.

Usage: ENCOURS_MODE=local python scripts/backup_drill.py

1. The copy of the write-ahead log begins (pg_receivewal), then the base backup, then it is verified.
2. Rows go on being written; the server is killed with SIGKILL in the middle of it, and its folder is deleted.
3. The base backup and the copied log are restored into a new folder, and every table is compared with what it held.
Prints one line per step with its seconds. Exit status 1 when a row is missing, changed or too many. The steps are those
of docs/operations.md, so that what the document says is what was tried.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from creditmgmt import local  # noqa: E402

LOG = """
CREATE TABLE drill (id int PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO drill SELECT generate_series(1, 20000);
"""
SECONDS_OF_WRITING = 3


class DrillError(Exception):
    """The restored database is not the lost one, or a step failed; the text says which and how."""


class Drill:
    """The folders of one drill: the server's, the copies', and the one that is restored into."""

    def __init__(self, folder: Path) -> None:
        self.server, self.base, self.wal, self.restored = (folder / n for n in ("server", "base", "wal", "restored"))
        self.began = time.monotonic()
        self.copier: subprocess.Popen | None = None

    def step(self, text: str) -> None:
        now = time.monotonic()
        print(f"{now - self.began:6.1f} s  {text}", flush=True)
        self.began = now

    def program(self, name: str) -> str:
        return str(local.tools().postgres / "bin" / name)

    def use(self, folder: Path) -> None:
        os.environ["ENCOURS_DATA"] = str(folder)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(local.urls().owner_database_url, autocommit=True)

    def login(self) -> list[str]:
        return ["--host", str(local.data_dir() / "run"), "--port", "5432", "--username", "postgres"]


def fingerprint(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Rows and a hash of the content of every table, whatever the order on disk."""
    names = connection.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    ).fetchall()
    found = {}
    for (name,) in names:
        query = f"SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {name} t"
        row = connection.execute(query).fetchone()
        assert row is not None
        found[name] = (row[0], row[1])
    return found


def begin_copies(drill: Drill) -> None:
    """First the log, so that no change falls between the two copies; then the base, then the proof that it is whole."""
    drill.wal.mkdir()
    run([drill.program("pg_receivewal"), *drill.login(), "--slot", "drill", "--create-slot"])
    # --synchronous: what the server committed is on the copy's disk a moment later, not only when a file is full.
    command = [drill.program("pg_receivewal"), *drill.login(), "--slot", "drill", "--synchronous"]
    drill.copier = subprocess.Popen([*command, "--directory", str(drill.wal)], stderr=subprocess.DEVNULL)
    wait_for(lambda: any(drill.wal.iterdir()), "the copy of the log does not begin")
    drill.step("the copy of the write-ahead log runs")
    run([drill.program("pg_basebackup"), *drill.login(), "--pgdata", str(drill.base), "--checkpoint", "fast"])
    drill.step(f"base backup of {size(drill.base)} MB")
    run([drill.program("pg_verifybackup"), "--quiet", str(drill.base)])
    drill.step("base backup verified")


def write_and_kill(drill: Drill) -> int:
    """Commit row after row, one of them the last before the kill; how many were committed."""
    committed = 20_000
    over = threading.Event()

    def write() -> None:
        nonlocal committed
        with drill.connect() as connection:
            while not over.is_set():
                try:
                    connection.execute("INSERT INTO drill VALUES (%s)", [committed + 1])
                except psycopg.Error:
                    return
                committed += 1

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(SECONDS_OF_WRITING)
    pid = local.status().postgres_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    over.set()
    writer.join()
    assert drill.copier is not None
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie", "the server survives")
    drill.copier.terminate()
    drill.copier.wait()
    drill.copier = None
    local.stop_servers()
    return committed


def restore(drill: Drill) -> None:
    drill.use(drill.restored)
    drill.restored.mkdir(mode=0o700)
    pgdata = drill.restored / "pg"
    shutil.copytree(drill.base, pgdata)
    for unfinished in drill.wal.glob("*.partial"):
        unfinished.rename(unfinished.with_suffix(""))
    with (pgdata / "postgresql.auto.conf").open("a") as settings:
        settings.write(f'restore_command = \'cp "{drill.wal}/%f" "%p"\'\n')
    (pgdata / "recovery.signal").touch()
    local.hand_over(drill.restored, drill.wal)
    local.ensure_servers()
    with psycopg.connect(local.urls().database_url, autocommit=True) as connection:
        wait_for(
            lambda: connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,), "the restore does not end"
        )


def compare(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> None:
    different = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if different:
        raise DrillError("not as they were: " + ", ".join(different))


def wait_for(condition: Callable[[], bool], otherwise: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise DrillError(otherwise)
        time.sleep(0.05)


def run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise DrillError(f"{Path(command[0]).name}: {done.stderr.strip()}")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1_000_000


def rehearse(drill: Drill) -> None:
    drill.use(drill.server)
    local.ensure_servers()
    run([sys.executable, "manage.py", "migrate", "--verbosity", "0"])
    with drill.connect() as connection:
        connection.execute(LOG)
        drill.step("a database with the product's tables and 20,000 rows")
        begin_copies(drill)
        connection.execute("UPDATE drill SET written_at = now() WHERE id <= 5000")
        connection.execute("DELETE FROM drill WHERE id = 1")
        before = fingerprint(connection)
    committed = write_and_kill(drill)
    drill.step(f"{committed - 20_000:,} more rows, then kill -9")
    shutil.rmtree(drill.server)
    restore(drill)
    drill.step("restored from the copies alone")
    with drill.connect() as connection:
        row = connection.execute("SELECT max(id), count(*) FROM drill WHERE id > 20000").fetchone()
        assert row is not None
        last, count = row[0] or 20_000, row[1]
        connection.execute("DELETE FROM drill WHERE id > 20000")
        compare(before, fingerprint(connection))
        if count != last - 20_000 or last < committed - 1:
            raise DrillError(f"{committed - 20_000:,} rows were committed after the backup, {count:,} came back")
    drill.step(f"every table is as it was, and {count:,} of {committed - 20_000:,} later rows came back")


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="drill-", dir="/tmp"))
    folder.chmod(0o711)  # for root: the account of the servers passes through
    drill = Drill(folder)
    try:
        rehearse(drill)
    except (DrillError, local.ServerError) as error:
        print(f"backup-drill: {error}", file=sys.stderr)
        return 1
    finally:
        if drill.copier:
            drill.copier.kill()
        for server in (drill.server, drill.restored):
            drill.use(server)
            local.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)
    print("backup-drill: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
