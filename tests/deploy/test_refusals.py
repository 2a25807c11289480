"""A production process without its addresses refuses in one line: a typo must not open an empty database."""

import pytest

from tests.deploy.conftest import Machine

COMPLETE = {
    "ENCOURS_MODE": "production",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1",
    "SECRET_KEY": "k" * 50,
    "BASE_URL": "https://credit.example.com",
    "ALLOWED_HOSTS": "credit.example.com",
}
ENTRANCES = {
    "manage.py": ("manage.py", "migrate"),
    "an unknown command": ("manage.py", "nigth"),
    "gunicorn": ("-m", "gunicorn", "--config", "python:creditmgmt.serving", "--bind", "127.0.0.1:0"),
    "celery": ("-m", "celery", "--app", "creditmgmt.celery:app", "report"),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_every_entrance_refuses_without_a_database_address(machine: Machine, entrance: str) -> None:
    done = machine.run(*ENTRANCES[entrance], **COMPLETE | {"DATABASE_URL": ""})
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("encours: DATABASE_URL is not set")
    assert "Traceback" not in done.stderr
    assert list(machine.data.iterdir()) == []


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BASE_URL"])
def test_each_required_name_is_named_when_it_is_missing(machine: Machine, name: str) -> None:
    done = machine.run("manage.py", "check", **COMPLETE | {name: ""})
    assert done.returncode == 1
    assert done.stderr.startswith(f"encours: {name} is not set")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_complete_environment_passes_the_checks_without_any_server(machine: Machine) -> None:
    done = machine.run("manage.py", "check", **COMPLETE)
    assert done.returncode == 0, done.stderr


def test_a_mistyped_mode_is_refused(machine: Machine) -> None:
    done = machine.run("manage.py", "migrate", ENCOURS_MODE="lokal")
    assert done.returncode == 1
    assert "'lokal'; expected local or production" in done.stderr


def test_the_mode_is_production_when_nobody_says_otherwise(machine: Machine) -> None:
    done = machine.run("manage.py", "migrate", ENCOURS_MODE="production")
    assert done.returncode == 1
    assert "DATABASE_URL is not set" in done.stderr
    del machine.environment["ENCOURS_MODE"]
    assert machine.run("manage.py", "migrate").stderr == done.stderr


def test_a_given_address_is_used_in_local_mode_too_and_nothing_is_started(machine: Machine) -> None:
    done = machine.run("manage.py", "showmigrations", "--skip-checks", **COMPLETE | {"ENCOURS_MODE": "local"})
    assert done.returncode == 1
    assert done.stderr.startswith("encours: the database does not answer: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(machine.data.iterdir()) == []
