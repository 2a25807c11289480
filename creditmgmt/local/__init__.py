"""The two servers of one machine: PostgreSQL and Valkey out of Python packages, for the demo, development and tests.

Used in local mode only (ENCOURS_MODE=local). Both are real servers that outlive the command which started them; they
listen on Unix sockets below the data folder and nowhere else. `data_dir`, `urls` and `status` start nothing.
PostgreSQL refuses to run as root: for root both servers run under the system account `encours`.
"""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from creditmgmt.local import postgres, valkey
from creditmgmt.local.place import Place, ServerError, data_dir, locked
from creditmgmt.local.programs import Account, Programs

__all__ = ["ServerError", "Status", "Urls", "data_dir", "ensure_servers", "hand_over", "status"]
__all__ += ["stop_servers", "tools", "urls"]


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


def urls() -> Urls:
    """The addresses of the local servers, whether they run or not."""
    place = Place(data_dir())
    return Urls(
        database_url=postgres.url(place, postgres.RUNTIME),
        owner_database_url=postgres.url(place, postgres.OWNER),
        redis_url=f"unix://{quote(str(place.valkey_socket), safe='/')}",
    )


def status() -> Status:
    place = Place(data_dir())
    return Status(data=place.data, postgres_pid=postgres.pid(place), valkey_pid=valkey.pid(place))


def ensure_servers() -> None:
    """Start what is down; return at once when both answer. Raises ServerError. Safe to call from many processes."""
    place = Place(data_dir())
    if postgres.answers(place) and valkey.answers(place):
        return
    place.check()
    with locked(place):
        account = Account.of(place)
        place.make_folders(account)
        found = Programs.find(place, account)
        if not postgres.answers(place):
            postgres.start(place, account, found)
            postgres.provision(place)
        if not valkey.answers(place):
            valkey.start(place, account, found)


def stop_servers() -> list[str]:
    """Stop both servers, committed data stays. Returns the names of those that ran."""
    place = Place(data_dir())
    with locked(place) if place.data.exists() else nullcontext():
        stopped = {"PostgreSQL": postgres.stop(place), "Valkey": valkey.stop(place)}
    return [name for name, ran in stopped.items() if ran]


def tools() -> Programs:
    """Where the servers' own tools are (pg_basebackup and so on), for the account that runs the servers."""
    place = Place(data_dir())
    return Programs.find(place, Account.of(place))


def hand_over(*folders: Path) -> None:
    """Give folders to the account that runs the servers: for root, after a restore. Nothing to do for a user."""
    account = Account.of(Place(data_dir()))
    if account.switch:
        for path in (path for folder in folders for path in (folder, *folder.rglob("*"))):
            os.chown(path, account.uid, account.gid)
