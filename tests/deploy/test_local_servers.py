"""The embedded servers: what starts them, who may reach them, what they survive."""

import os
import shutil
import signal
import stat
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from creditmgmt import celery
from tests.deploy.conftest import Machine


def connect(machine: Machine, role: str, database: str = "encours") -> psycopg.Connection:
    return psycopg.connect(host=str(machine.data / "run"), port=5432, user=role, dbname=database, autocommit=True)


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


# --- addresses --------------------------------------------------------------------------------------------------------


def test_addresses_follow_the_data_folder_and_start_nothing(machine: Machine) -> None:
    run = f"{machine.data}/run"
    assert machine.evaluate("local.urls().database_url") == f"postgresql://encours_app@/encours?host={run}&port=5432"
    assert "encours_owner@" in machine.evaluate("local.urls().owner_database_url")
    assert machine.evaluate("local.urls().redis_url") == f"unix://{run}/valkey.sock"
    assert list(machine.data.iterdir()) == []


def test_without_a_folder_given_a_user_has_one_below_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from creditmgmt import local

    monkeypatch.delenv("ENCOURS_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert local.data_dir() == tmp_path / "encours"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/jo")
    assert local.data_dir() == Path("/home/jo/.local/share/encours")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert local.data_dir() == Path("/var/lib/encours")


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("unix:///tmp/a/valkey.sock", "redis+socket:///tmp/a/valkey.sock"),
        ("unix:///tmp/a/valkey.sock?db=2", "redis+socket:///tmp/a/valkey.sock?virtual_host=2"),
        ("redis://valkey:6379/0", "redis://valkey:6379/0"),
        ("rediss://:secret@valkey:6379/0", "rediss://:secret@valkey:6379/0"),
    ],
)
def test_the_broker_address_is_spelt_as_celery_wants_it(address: str, broker: str) -> None:
    assert celery.broker_url(address) == broker


# --- what starts them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["check", "makemigrations --dry-run", "help", "migrate --help", "--version", "diffsettings"],
)
def test_commands_without_a_database_start_nothing(machine: Machine, command: str) -> None:
    done = machine.run("manage.py", *command.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert list(machine.data.iterdir()) == []


def test_a_command_that_needs_the_database_starts_both_servers(machine: Machine) -> None:
    done = machine.run("manage.py", "showmigrations", "core")
    assert done.returncode == 0, done.stderr
    assert None not in machine.pids()


def test_two_processes_that_start_at_once_get_one_server(machine: Machine) -> None:
    both = [machine.start("-c", "from creditmgmt import local; local.ensure_servers()") for _ in range(3)]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    postmasters = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if f"{machine.data}/pg" in (process.info["cmdline"] or [])
    ]
    assert postmasters == [machine.pids()[0]]


def test_servers_outlive_the_command_and_stop_when_told(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    pids = machine.pids()
    assert None not in pids
    assert machine.evaluate("local.stop_servers()") == "['PostgreSQL', 'Valkey']"
    assert all(gone(pid) for pid in pids if pid)
    assert machine.pids() == (None, None)
    assert machine.evaluate("local.stop_servers()") == "[]"


# --- who may reach them -----------------------------------------------------------------------------------------------


def test_nothing_listens_on_a_network_and_the_folders_are_private(running: Machine) -> None:
    for pid in running.pids():
        assert pid is not None
        listening = [c for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert listening == []
    for folder in (running.data, running.data / "run", running.data / "pg", running.data / "log"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # PostgreSQL's rule, and ours for Valkey: no server of the demo runs as root.
    assert all(psutil.Process(pid).uids().effective != 0 for pid in running.pids() if pid)


def test_the_owner_passes_row_security_and_the_runtime_role_has_no_right_of_its_own(running: Machine) -> None:
    with connect(running, "encours_app") as runtime:
        flags = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        rows = runtime.execute(f"SELECT rolname, {flags} FROM pg_roles WHERE rolname LIKE 'encours%' ORDER BY 1")
        assert rows.fetchall() == [
            ("encours_app", False, False, False, False, False),
            ("encours_owner", False, False, True, False, True),
        ]
        assert runtime.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member = 'encours_app'::regrole"
        ).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("CREATE TABLE public.mine (id int)")
        runtime.execute("CREATE TEMP TABLE staging (id int)")
    with connect(running, "encours_owner") as owner:
        owner.execute("CREATE TABLE made (id int)")
        owner.execute("DROP TABLE made")
        assert owner.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'").fetchone()
        locale = "SELECT datlocprovider, datlocale, pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'encours'"
        assert owner.execute(locale).fetchone() == ("b", "C.UTF-8", "encours_owner")


# --- what they survive ------------------------------------------------------------------------------------------------


def test_a_killed_server_comes_back_with_every_committed_row(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    before = machine.pids()
    with connect(machine, "encours_owner") as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in before:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
    machine.evaluate("local.ensure_servers()")
    after = machine.pids()
    assert None not in after
    assert not set(before) & set(after)
    with connect(machine, "encours_owner") as owner:
        assert owner.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_processes_of_a_killed_server_that_linger_do_not_stop_the_start(machine: Machine) -> None:
    """They hold its memory as long as their statement runs, and what they write must not hide that this is why."""
    machine.evaluate("local.ensure_servers()")
    log = machine.data / "log" / "postgres.log"
    with connect(machine, "encours_app") as client:
        row = client.execute("SELECT pg_backend_pid()").fetchone()
        assert row
        (server, _valkey), lingers = machine.pids(), row[0]
        assert server
        os.kill(lingers, signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        starts = machine.start("-c", "from creditmgmt import local; local.ensure_servers()")
        while starts.poll() is None:
            with log.open("a") as file:
                file.write("a long statement of somebody else\n" * 10)
            time.sleep(0.01)
    assert starts.returncode == 0, starts.communicate()[1]
    assert gone(lingers)
    with connect(machine, "encours_app") as client:
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_lock_files_that_name_somebody_elses_process_do_not_stop_the_start(machine: Machine) -> None:
    """A crash, a copied folder or a rebooted container leaves files whose process number now is another program's."""
    machine.evaluate("local.ensure_servers()")
    machine.evaluate("local.stop_servers()")
    me = os.getpid()
    (machine.data / "pg" / "postmaster.pid").write_text(
        f"{me}\n{machine.data}/pg\n1\n5432\n{machine.data}/run\n\n  1  1\nready   \n"
    )
    (machine.data / "run" / ".s.PGSQL.5432.lock").write_text(f"{me}\n{machine.data}/pg\n1\n5432\n")
    (machine.data / "run" / "valkey.pid").write_text(f"{me}\n")
    assert machine.pids() == (None, None)
    machine.evaluate("local.ensure_servers()")
    assert None not in machine.pids()


def test_a_folder_deleted_below_running_servers_begins_anew(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    before = machine.pids()
    shutil.rmtree(machine.data)
    machine.evaluate("local.ensure_servers()")
    after = machine.pids()
    assert None not in after
    # The former servers are gone: at their end they would have removed the sockets of the new ones.
    assert all(gone(pid) for pid in before if pid)
    with connect(machine, "encours_app") as runtime:
        assert runtime.execute("SELECT 1").fetchone() == (1,)


def test_servers_of_a_deleted_folder_are_stopped_too(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    before = machine.pids()
    shutil.rmtree(machine.data)
    assert machine.evaluate("local.stop_servers()") == "['PostgreSQL', 'Valkey']"
    assert all(gone(pid) for pid in before if pid)


def test_a_server_whose_socket_was_removed_is_started_again(machine: Machine) -> None:
    machine.evaluate("local.ensure_servers()")
    for name in (".s.PGSQL.5432", "valkey.sock"):
        (machine.data / "run" / name).unlink()
    machine.evaluate("local.ensure_servers()")
    with connect(machine, "encours_app") as runtime:
        assert runtime.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupted_first_start_is_taken_up_again(machine: Machine) -> None:
    (machine.data / "pg.new").mkdir()
    (machine.data / "pg.new" / "PG_VERSION").write_text("18\n")
    machine.evaluate("local.ensure_servers()")
    assert not (machine.data / "pg.new").exists()
    with connect(machine, "postgres", "postgres") as superuser:
        # As if it had been killed before its last step: the login that says "complete" is missing.
        superuser.execute("ALTER ROLE encours_app NOLOGIN")
        superuser.execute("REVOKE ALL ON DATABASE encours FROM encours_app")
    machine.evaluate("local.ensure_servers()")
    with connect(machine, "encours_app") as runtime:
        assert runtime.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_of_another_major_version_is_left_alone(machine: Machine) -> None:
    (machine.data / "pg").mkdir()
    (machine.data / "pg" / "PG_VERSION").write_text("17\n")
    done = machine.run("manage.py", "migrate")
    assert done.returncode == 1
    assert "was made by PostgreSQL 17, this is PostgreSQL 18" in done.stderr
    assert [path.name for path in (machine.data / "pg").iterdir()] == ["PG_VERSION"]


def test_a_path_too_long_for_a_socket_is_named(machine: Machine) -> None:
    done = machine.run("manage.py", "migrate", ENCOURS_DATA="/tmp/" + "x" * 90)
    assert done.returncode == 1
    assert done.stderr.startswith("encours: The data folder's path is too long for a socket")
    assert not Path("/tmp/" + "x" * 90).exists()


def test_a_folder_that_holds_other_things_is_left_alone(machine: Machine) -> None:
    """It would be closed to everybody else, and for root even given away: never somebody's home by a slip."""
    (machine.data / "letters").mkdir()
    before = machine.data.stat()
    done = machine.run("manage.py", "migrate")
    assert done.returncode == 1
    assert f"The data folder {machine.data} holds other things (letters)" in done.stderr
    after = machine.data.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    assert [path.name for path in machine.data.iterdir()] == ["letters"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run under another account")
def test_root_is_told_which_folder_the_database_account_cannot_enter(machine: Machine) -> None:
    machine.data.chmod(0o700)
    done = machine.run("manage.py", "migrate", ENCOURS_DATA=str(machine.data / "inner"))
    assert done.returncode == 1
    assert f"cannot enter {machine.data}:" in done.stderr
