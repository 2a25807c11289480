"""The data folder: where it is, what lies in it, and the lock that lets one process at a time start or stop servers."""

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from creditmgmt.local.programs import Account

# A Unix socket's whole path has room for 107 bytes; "/run/.s.PGSQL.5432.lock" is added to the data folder.
LONGEST_DATA_DIR = 80
# What a data folder may hold before its first start: ours, and what the product keeps beside the servers.
OURS = {"lock", "pg", "pg.new", "run", "log", "files", "spool", "mailbox", "demo.json"}


class ServerError(RuntimeError):
    """A local server cannot run; the text says in one line why, and what to do."""


def data_dir() -> Path:
    """ENCOURS_DATA, else `encours` in the user's data folder (root's: /var/lib, where its database account can go)."""
    given = os.environ.get("ENCOURS_DATA")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/encours")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "encours"


@dataclass(frozen=True)
class Place:
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

    def check(self) -> None:
        """Raises ServerError when the path is too long for a socket, or the folder is somebody else's."""
        if len(os.fsencode(self.data)) > LONGEST_DATA_DIR:
            raise ServerError(
                f"The data folder's path is too long for a socket ({self.data}): "
                f"set ENCOURS_DATA to one of at most {LONGEST_DATA_DIR} characters."
            )
        try:
            others = [] if self._known() else sorted(path.name for path in self.data.iterdir() if path.name not in OURS)
        except OSError as error:
            raise _unusable(self.data, error) from error
        if others:
            # It will belong to the servers' account, closed to everybody else: not a folder with other things in it.
            raise ServerError(
                f"The data folder {self.data} holds other things ({others[0]}): set ENCOURS_DATA to a folder of its own."
            )

    def _known(self) -> bool:
        return not self.data.exists() or (self.data / "lock").exists()

    def make_folders(self, account: "Account") -> None:
        """Make what is missing, for the account that runs the servers and nobody else."""
        for folder in (self.data, self.run, self.log):
            folder.mkdir(mode=0o700, exist_ok=True)
            if account.switch and folder.stat().st_uid != account.uid:
                os.chown(folder, account.uid, account.gid)
            folder.chmod(0o700)
        if not account.may("-x", self.run):
            shut = next(path for path in [*reversed(self.data.parents), self.data] if not account.may("-x", path))
            name = pwd.getpwuid(account.uid).pw_name
            raise ServerError(
                f"The account {name}, under which root's database runs, cannot enter {shut}: "
                f"set ENCOURS_DATA to a folder elsewhere (for example /var/lib/encours), or run: chmod o+x {shut}"
            )


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """One process at a time starts or stops the servers of a data folder. The lock dies with its process."""
    try:
        place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (place.data / "lock").open("w")
    except OSError as error:
        raise _unusable(place.data, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unusable(data: Path, error: OSError) -> ServerError:
    return ServerError(f"The data folder {data} cannot be used ({error.strerror}): set ENCOURS_DATA.")
