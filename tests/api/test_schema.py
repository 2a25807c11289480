"""What clients are told: the committed schema is the code's, and every route says what it may refuse."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from accounts.authentication import needed
from creditmgmt.api import router

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict:
    return yaml.safe_load(COMMITTED.read_text())


def operations(schema: dict):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_committed_schema_is_what_the_code_says(tmp_path):
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(fresh))
    assert fresh.read_text() == COMMITTED.read_text(), "run: make openapi"


def test_every_action_of_every_route_declares_its_rights():
    for _prefix, viewset, _basename in router.registry:
        actions = {action for route in router.get_routes(viewset) for action in route.mapping.values()}
        served = {action for action in actions if hasattr(viewset, action)}
        assert served == set(viewset.capabilities), viewset
        assert all(needed(viewset, action) for action in served)


def test_routes_are_named_once_and_say_what_they_refuse(schema):
    found = dict(operations(schema))
    names = [operation["operationId"] for operation in found.values()]
    assert len(names) == len(set(names))
    for name, operation in found.items():
        wanted = {"400", "401", "403", "404", "406", "429"}
        if not name.startswith("GET"):
            wanted |= {"409", "413", "415"}
            assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]]
        assert wanted <= operation["responses"].keys(), name
        for status in wanted:
            assert "application/problem+json" in operation["responses"][status]["content"], name
        assert operation["security"] == [{"ApiKey": []}]


def test_a_list_is_a_page_of_its_rows(schema):
    answer = schema["paths"]["/api/v1/items/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    page = schema["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    assert set(page["properties"]) == {"results", "next", "cursor"}


@pytest.mark.django_db
def test_the_schema_is_served_to_everybody():
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/v1/customers/" in answer.json()["paths"]


@pytest.mark.django_db
def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script_of_its_own():
    answer = Client().get("/api/docs/")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert re.findall(r'(?:src|href)="(?!/)([^"]*)"', html) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == []
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    script = Client().get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/openapi.json" in script.content
