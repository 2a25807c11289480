"""The embedded PostgreSQL: made once, started when down, with the product's roles and database in it."""

import shlex
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from creditmgmt.local import processes
from creditmgmt.local.place import Place, ServerError
from creditmgmt.local.programs import Account, Programs, run

OWNER, RUNTIME, DATABASE = "encours_owner", "encours_app", "encours"
SQL = Path(__file__).resolve().parents[2] / "docker" / "postgres"  # the container runs the same statements
START_SECONDS = 120
LEAVE_SECONDS = 20

# For a machine with two cores that runs the demo beside it. fsync stays on: people keep their demo's data.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # of the socket's name; nothing listens on a network
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "256MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_parallel_workers_per_gather": "1",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


def url(place: Place, role: str) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(place.run), safe='/')}&port=5432"


def answers(place: Place) -> bool:
    """Whether the runtime role can log in: it gets that right last of all, so the database is complete."""
    try:
        psycopg.connect(url(place, RUNTIME), connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return "too many clients" in str(error) or "remaining connection slots" in str(error)
    return True


def pid(place: Place) -> int | None:
    return processes.pid_of(place.pgdata / "postmaster.pid", argument=str(place.pgdata))


def stop(place: Place) -> bool:
    """Stop the server of this folder; False if none ran. Open transactions roll back, committed data stays."""
    # 2: orderly; 3: without a last checkpoint; 9: a crash, recovered at the next start.
    every = processes.all_of(program="postgres", argument=str(place.pgdata))
    for one in every:
        processes.stop(one, signals=((2, 30), (3, 10), (9, 10)))
    return bool(every)


def start(place: Place, account: Account, programs: Programs) -> None:
    """Start the server, made first where there is none. The caller holds the lock. Raises ServerError."""
    bin_dir = programs.postgres / "bin"
    if pid(place) is None or not place.pg_socket.exists():
        stop(place)  # of a former life of the folder, or one whose socket went with it
    if not (place.pgdata / "PG_VERSION").exists():
        _make(place, account, bin_dir)
    _check_version(place, bin_dir)
    if pid(place) is not None:
        return
    # Nobody runs here (we hold the lock): what a crash, or a copy of the folder, left behind must not stop the start.
    for stale in (place.pgdata / "postmaster.pid", place.pg_socket, place.run / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)
    log = place.log / "postgres.log"
    processes.shorten(log)
    settings = SETTINGS | {"unix_socket_directories": str(place.run)}
    options = " ".join("-c " + shlex.quote(f"{name}={value}") for name, value in settings.items())
    command = [str(bin_dir / "pg_ctl"), "start", "-D", str(place.pgdata), "-w", "-t", str(START_SECONDS)]
    command += ["-l", str(log), "-o", options]
    until = time.monotonic() + LEAVE_SECONDS
    while True:
        written = log.stat().st_size if log.exists() else 0
        try:
            run(command, place, account, what="Starting PostgreSQL")
            return
        except ServerError as error:
            # After a kill -9 the former server's processes hold the shared memory until they notice, which is when
            # their statement ends. They write to the log as well, at length, so that its last lines may be theirs.
            said = log.read_bytes()[written:] if log.exists() else b""
            if time.monotonic() > until or b"shared memory" not in said:
                end = processes.tail(log)
                raise ServerError(f"PostgreSQL does not start; the end of {log}:\n{end}") from error
            processes.kill_within(place.pgdata, program="postgres")
            time.sleep(0.5)


def _make(place: Place, account: Account, bin_dir: Path) -> None:
    """Made beside and renamed: an interrupted first start leaves no half database."""
    fresh = place.data / "pg.new"
    shutil.rmtree(fresh, ignore_errors=True)
    # The build has no ICU; the builtin provider sorts alike wherever the database is restored.
    options = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin"
    command = [str(bin_dir / "initdb"), "-D", str(fresh), *options.split(), "--builtin-locale=C.UTF-8"]
    run(command, place, account, what="Making the database")
    fresh.rename(place.pgdata)


def _check_version(place: Place, bin_dir: Path) -> None:
    said = subprocess.run([str(bin_dir / "postgres"), "--version"], check=True, capture_output=True, text=True).stdout
    major = said.split()[-1].split(".")[0]  # '18' of 'postgres (PostgreSQL) 18.6'
    found = (place.pgdata / "PG_VERSION").read_text().strip()
    if found != major:
        raise ServerError(
            f"The data folder {place.data} was made by PostgreSQL {found}, this is PostgreSQL {major}: "
            f"move it away or set another ENCOURS_DATA (docs/operations.md says how to carry the data over)."
        )


def provision(place: Place) -> None:
    """Roles, database, extension, grants. Each step may run again; LOGIN comes last."""
    _wait_until_writable(place)
    with _superuser(place, "postgres") as server:
        server.execute(_sql("roles.sql"))
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    for database in ("template1", DATABASE):
        with _superuser(place, database) as inside:
            inside.execute(_sql("database.sql"))
    with _superuser(place, "postgres") as server:
        server.execute(f"ALTER ROLE {OWNER} LOGIN")
        server.execute(f"ALTER ROLE {RUNTIME} LOGIN")


def _superuser(place: Place, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.run), port=5432, user="postgres", dbname=database, connect_timeout=3, autocommit=True
    )


def _wait_until_writable(place: Place) -> None:
    """Until the server takes changes: one that comes back from a crash or a backup reads its log first."""
    until = time.monotonic() + START_SECONDS
    said: object = "it is still reading its log"
    while time.monotonic() < until:
        try:
            with _superuser(place, "postgres") as server:
                if server.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
                    return
        except psycopg.OperationalError as error:
            said = error
        time.sleep(0.2)
    raise ServerError(f"PostgreSQL runs and is not ready: {said}")


def _sql(name: str) -> bytes:
    return (SQL / name).read_bytes()
