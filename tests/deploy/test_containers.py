"""Dockerfile, docker-compose.yml and .env.example against the settings and each other."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.deploy.conftest import ROOT, Machine
from tests.deploy.test_refusals import COMPLETE

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
APP = ["migrate", "web", "worker", "worker-long", "beat"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def settings_names() -> set[str]:
    """Every environment name that the settings read."""
    source = (ROOT / "creditmgmt" / "settings.py").read_text()
    return set(re.findall(r'(?:environ\.get|_required)\(\s*"([A-Z_]+)"', source))


def required_names() -> set[str]:
    return set(re.findall(r'_required\(\s*"([A-Z_]+)"', (ROOT / "creditmgmt" / "settings.py").read_text()))


def variables(text: str) -> set[str]:
    """The names that compose takes from .env."""
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def last_stage() -> str:
    return DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def test_the_services_are_there() -> None:
    assert set(SERVICES) == {*APP, "postgres", "valkey"}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["valkey"]["image"].startswith("valkey/valkey:")


def test_every_lasting_service_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name


def test_migrations_come_first_and_only_they_know_the_owner() -> None:
    for name in APP:
        owner = "OWNER_DATABASE_URL" in SERVICES[name]["environment"]
        assert owner == (name == "migrate")
        if name != "migrate":
            assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["command"][:3] == ["python", "manage.py", "migrate"]


def test_environment_names_are_those_of_the_settings_and_none_that_is_required_lacks() -> None:
    for name in APP:
        given = set(SERVICES[name]["environment"])
        assert given <= settings_names(), name
        assert required_names() <= given, name
        assert SERVICES[name]["environment"]["ENCOURS_MODE"] == "production"
    stage = re.search(r"^ENV (.*?)\n(?=[A-Z])", last_stage(), re.S | re.M)
    assert stage
    ours = set(re.findall(r"([A-Z_]+)=", stage[1])) - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "HOME"}
    assert ours <= settings_names()


def test_the_example_names_every_variable_of_compose_and_holds_no_secret() -> None:
    example = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match("[A-Z_]+=", line)
    )
    assert set(example) == variables((ROOT / "docker-compose.yml").read_text())
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "OWNER_PASSWORD", "RUNTIME_PASSWORD"):
        assert example[name] == ""


def test_secrets_must_be_set_and_are_never_the_same_for_two_roles() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "OWNER_PASSWORD", "RUNTIME_PASSWORD", "BASE_URL", "ALLOWED_HOSTS"):
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), name
    web = SERVICES["web"]["environment"]["DATABASE_URL"]
    assert "encours_app:${RUNTIME_PASSWORD" in web
    assert "encours_owner:${OWNER_PASSWORD" in SERVICES["migrate"]["environment"]["OWNER_DATABASE_URL"]


def test_queues_have_workers_of_their_own() -> None:
    for name, queue in (("worker", "default"), ("worker-long", "long")):
        command = SERVICES[name]["command"]
        assert command[command.index("--queues") + 1] == queue


def test_only_the_pages_are_reachable_and_only_from_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"][0].startswith("127.0.0.1:")


def test_containers_run_without_root_and_without_rights() -> None:
    user = re.findall(r"^USER (\w+)", last_stage(), re.M)
    assert user == ["encours"]
    assert "--uid 10001" in last_stage()
    for name in APP:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
        assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
        assert "user" not in SERVICES[name]


def test_the_image_installs_the_hashed_lock_and_what_letters_need() -> None:
    assert "--require-hashes --requirement requirements.txt" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    for package in ("libpango-1.0-0", "libharfbuzz-subset0", "fonts-"):
        assert package in last_stage()
    assert "collectstatic" in last_stage()
    assert "translations.py" in last_stage()


def test_what_the_image_copies_exists() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_the_image_leaves_secrets_and_history_behind() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".env", ".env.*", ".venv", "tests"} <= set(ignored)


def test_the_build_steps_run_without_any_server(machine: Machine, tmp_path: Path) -> None:
    """The same command as in the image, with the same placeholders; only the compression, half a minute, is left out."""
    line = re.search(r"&& (DATABASE_URL=.*?) python manage\.py (collectstatic .*?)\n", last_stage(), re.S)
    assert line
    given = dict(word.split("=", 1) for word in line[1].replace("\\\n", " ").split())
    words = line[2].split()
    code = (
        "from django.conf import settings; settings.WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ['js', 'css', 'svg', 'html', 'map']; "
        f"import django; django.setup(); from django.core.management import call_command; call_command(*{words!r})"
    )
    given |= {
        "ENCOURS_MODE": "production",
        "STATIC_ROOT": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "creditmgmt.settings",
    }
    done = machine.run("-c", code, **given)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("staticfiles.json"))


def test_the_database_script_makes_both_roles_with_their_passwords(machine: Machine) -> None:
    """docker/postgres/init.sh as the container runs it, on an empty server."""
    machine.evaluate("local.ensure_servers()")
    bin_dir = machine.evaluate("local.tools().postgres / 'bin'")
    with psycopg.connect(host=str(machine.data / "run"), user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute("DROP DATABASE encours")
        with psycopg.connect(host=str(machine.data / "run"), user="postgres", dbname="template1", autocommit=True) as t:
            t.execute("DROP OWNED BY encours_app")
        server.execute("DROP ROLE encours_app")
        server.execute("DROP ROLE encours_owner")
        server.execute("CREATE DATABASE encours")
    environment = {
        "PATH": f"{bin_dir}:{os.defpath}",
        "PGHOST": str(machine.data / "run"),
        "POSTGRES_DB": "encours",
        "OWNER_PASSWORD": "owner'pass",
        "RUNTIME_PASSWORD": "runtimepass",
        "SQL_FOLDER": str(ROOT / "docker" / "postgres"),
    }
    script = str(ROOT / "docker" / "postgres" / "init.sh")
    done = subprocess.run(["bash", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(host=str(machine.data / "run"), user="postgres", dbname="encours") as server:
        roles = server.execute(
            "SELECT rolname, rolcanlogin, rolbypassrls, rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid "
            "WHERE rolname LIKE 'encours%' ORDER BY 1"
        ).fetchall()
        assert roles == [("encours_app", True, False, True), ("encours_owner", True, True, True)]
        owner = server.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'encours'").fetchone()
        assert owner == ("encours_owner",)


def test_web_probe_fails_while_nothing_answers(machine: Machine) -> None:
    done = machine.run("docker/probe.py", "web", **COMPLETE)
    assert done.returncode == 1
    assert done.stderr.startswith("probe: ")


def test_beat_probe_looks_at_the_age_of_the_schedule(tmp_path: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("probe", ROOT / "docker" / "probe.py")
    assert spec
    assert spec.loader
    probe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(probe)
    schedule = tmp_path / "beat-schedule"
    assert not probe.beat_is_well(schedule)
    written = tmp_path / "beat-schedule.db"
    written.touch()
    assert probe.beat_is_well(schedule)
    old = written.stat().st_mtime - probe.BEAT_SECONDS - 1
    os.utime(written, (old, old))
    assert not probe.beat_is_well(schedule)


def has_compose() -> bool:
    docker = shutil.which("docker")
    return bool(docker) and subprocess.run([str(docker), "compose", "version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
def test_docker_compose_reads_the_file_and_names_what_is_missing(tmp_path: Path) -> None:
    command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), "--env-file"]
    filled = tmp_path / "filled.env"
    example = (ROOT / ".env.example").read_text()
    filled.write_text(re.sub(r"^([A-Z_]+)=$", r"\1=filled", example, flags=re.M))
    good = subprocess.run([*command, str(filled), "config", "--quiet"], capture_output=True, text=True)
    assert good.returncode == 0, good.stderr
    bad = subprocess.run([*command, str(ROOT / ".env.example"), "config", "--quiet"], capture_output=True, text=True)
    assert bad.returncode != 0
    assert "set it in .env" in bad.stderr
