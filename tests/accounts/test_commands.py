"""Commands: one JSON document and nothing else, exit status 1 for bad input and 2 for a wrong call."""

import json
import os
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path
from urllib.parse import quote, urlencode, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.demo import DEMO_PASSWORD
from accounts.models import Member, Role, Tenant
from accounts.services.api_keys import read_key, verify_key
from accounts.services.members import admit_member
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_member, make_tenant

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def run_json(*words: str):
    return json.loads(run(*words, "--json"))


def refused(*words: str) -> CommandError:
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command(*words, stdout=out)
    assert out.getvalue() == ""
    return error.value


# --- create_tenant ---------------------------------------------------------------------------------------------------


def test_create_tenant_makes_an_organisation_in_dollars(db):
    document = run_json("create_tenant", "nordis-group")
    tenant = Tenant.objects.get(slug="nordis-group")
    assert document == {
        "slug": "nordis-group",
        "id": str(tenant.id),
        "name": "Nordis Group",
        "currency": "USD",
        "sandbox_on": None,
    }
    assert (tenant.currency, tenant.is_sandbox) == ("USD", False)
    with tenant_scope(tenant):
        assert Role.objects.count() == 7


def test_create_tenant_takes_all_that_an_organisation_is(db):
    run(
        "create_tenant", "n", "--name", "Nordis", "--currency", "eur", "--country", "de", "--language", "fr",
        "--time-zone", "Europe/Berlin", "--sandbox", "--on", "2026-03-02",
    )  # fmt: skip
    tenant = Tenant.objects.get(slug="n")
    assert (tenant.name, tenant.currency, tenant.country, tenant.language, tenant.time_zone, tenant.sandbox_on) == (
        "Nordis", "EUR", "DE", "fr", "Europe/Berlin", date(2026, 3, 2)
    )  # fmt: skip


def test_a_sandbox_without_a_day_starts_today(db):
    run("create_tenant", "n", "--sandbox")
    assert Tenant.objects.get(slug="n").sandbox_on is not None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["two words"], "slug"),
        (["n", "--currency", "DOLLARS"], "currency"),
        (["n", "--country", "ZZ"], "country"),
        (["n", "--language", "xx"], "language"),
        (["n", "--time-zone", "Mars/Olympus"], "time_zone"),
        (["n", "--sandbox", "--time-zone", "Mars/Olympus"], "Mars/Olympus"),
        (["n", "--sandbox", "--on", "2026-02-30"], "2026-02-30"),
        (["n", "--sandbox", "--on", "tomorrow"], "tomorrow"),
    ],
)
def test_create_tenant_refuses_bad_values(db, words, says):
    error = refused("create_tenant", *words)
    assert error.returncode == 1
    assert says in str(error)
    assert not Tenant.objects.exists()


def test_create_tenant_refuses_a_short_name_that_is_taken(db):
    make_tenant(slug="nordis")
    assert refused("create_tenant", "nordis").returncode == 1


def test_a_clock_without_a_sandbox_is_a_wrong_call(db):
    assert refused("create_tenant", "n", "--on", "2026-03-02").returncode == 2


# --- create_api_key --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["cfo", "credit_manager", "collector", "sales", "admin"])
def test_create_api_key_prints_a_key_that_works(organisation, role):
    document = run_json("create_api_key", "--tenant", organisation.slug, "--role", role)
    assert list(document) == ["key"]
    parts = read_key(document["key"])
    with tenant_scope(organisation):
        assert verify_key(key_id=parts.key_id, secret=parts.secret).role.code == role


def test_create_api_key_without_json_prints_the_key_alone(organisation):
    text = run("create_api_key", "--tenant", organisation.slug, "--role", "cfo").strip()
    assert read_key(text) is not None


def test_a_key_for_a_salesperson_sees_their_customers(organisation):
    with tenant_scope(organisation):
        member = make_member(role="sales")
    words = ["create_api_key", "--tenant", organisation.slug, "--role", "sales", "--member", member.email]
    parts = read_key(run(*words).strip())
    with tenant_scope(organisation):
        assert verify_key(key_id=parts.key_id, secret=parts.secret).created_by_id == member.id


@pytest.mark.parametrize(
    "words", [["--role", "emperor"], ["--role", "cfo", "--days", "soon"], ["--role", "cfo", "--member", "x@y.example"]]
)
def test_create_api_key_refuses_bad_values(organisation, words):
    assert refused("create_api_key", "--tenant", organisation.slug, *words).returncode == 1


def test_an_unknown_or_suspended_organisation_is_refused(organisation):
    assert refused("create_api_key", "--tenant", "nobody", "--role", "cfo").returncode == 1
    organisation.status = Tenant.Status.SUSPENDED
    organisation.save()
    assert refused("create_api_key", "--tenant", organisation.slug, "--role", "cfo").returncode == 1


# --- create_member, sandbox_clock, demo_logins -----------------------------------------------------------------------


def test_create_member_makes_somebody_who_signs_in(organisation):
    document = run_json(
        "create_member", "--tenant", organisation.slug, "--role", "admin", "--email", "ada@nordis.example",
        "--name", "Ada", "--password", PASSWORD,
    )  # fmt: skip
    with tenant_scope(organisation):
        member = Member.objects.get(email="ada@nordis.example")
    assert document == {"member": str(member.id), "email": "ada@nordis.example", "role": "admin"}
    client = Client()
    client.post("/account/login/", {"login": "ada@nordis.example", "password": PASSWORD})
    assert client.get("/settings/members/").status_code == 200


def test_create_member_reads_the_password_from_standard_input(organisation, monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO(PASSWORD + "\n"))
    run(
        "create_member",
        "--tenant",
        organisation.slug,
        "--role",
        "cfo",
        "--email",
        "c@nordis.example",
        "--name",
        "C",
        "--password-stdin",
    )
    with tenant_scope(organisation):
        assert Member.objects.select_related("user").get().user.check_password(PASSWORD)


@pytest.mark.parametrize(
    "words",
    [
        ["--role", "emperor", "--email", "a@nordis.example"],
        ["--role", "cfo", "--email", "nobody"],
        ["--role", "cfo", "--email", "a@nordis.example", "--password", "short"],
        ["--role", "cfo", "--email", "a@nordis.example", "--password", ""],
    ],
)
def test_create_member_refuses_bad_values(organisation, words):
    assert refused("create_member", "--tenant", organisation.slug, "--name", "A", *words).returncode == 1
    with tenant_scope(organisation):
        assert not Member.objects.exists()


def test_sandbox_clock_sets_the_day(organisation):
    assert run_json("sandbox_clock", "--tenant", organisation.slug, "--on", "2026-04-01") == {
        "tenant": organisation.slug,
        "on": "2026-04-01",
    }
    organisation.refresh_from_db()
    assert organisation.sandbox_on == date(2026, 4, 1)


def test_the_clock_of_a_real_organisation_is_refused(db):
    real = make_tenant(sandbox_on=None)
    assert refused("sandbox_clock", "--tenant", real.slug, "--on", "2026-04-01").returncode == 1


def test_demo_logins_prints_one_working_sign_in_for_each_role(organisation):
    with tenant_scope(organisation):
        for code, count in (("collector", 2), ("cfo", 1)):
            for n in range(count):
                admit_member(
                    email=f"{code}{n}@nordis.example",
                    name=code,
                    role_id=Role.objects.get(code=code).id,
                    password=DEMO_PASSWORD,
                    actor=SYSTEM,
                )
        changed = Member.objects.select_related("user").get(email="cfo0@nordis.example").user
        make_member(role="auditor")
    assert run_json("demo_logins", "--tenant", organisation.slug) == [
        {"role": "Collector", "email": "collector0@nordis.example", "password": DEMO_PASSWORD},
        {"role": "CFO", "email": "cfo0@nordis.example", "password": DEMO_PASSWORD},
    ]
    changed.set_password(PASSWORD)
    changed.save()
    assert [login["role"] for login in run_json("demo_logins", "--tenant", organisation.slug)] == ["Collector"]


def test_demo_logins_are_for_this_machine_only(organisation, settings):
    settings.LOCAL = False
    assert refused("demo_logins", "--tenant", organisation.slug).returncode == 1


# --- As a process ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["create_tenant"], 2),
        (["create_api_key", "--tenant", "x"], 2),
        (["create_api_key", "--tenant", "no-such-organisation", "--role", "cfo", "--json"], 1),
    ],
)
def test_a_process_ends_with_the_status_and_says_why_on_standard_error(db, settings, words, status):
    database = settings.DATABASES["default"]
    address = urlunsplit(
        (
            "postgresql",
            f"{database['USER']}:{quote(database['PASSWORD'])}@",
            f"/{database['NAME']}",
            urlencode({"host": database["HOST"], "port": database["PORT"]}),
            "",
        )
    )
    environment = {**os.environ, "DATABASE_URL": address, "REDIS_URL": settings.REDIS_URL}
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
