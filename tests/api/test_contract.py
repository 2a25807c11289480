"""Every route is called with values that fit the schema and with values that do not: no 5xx, and answers as promised."""

import os
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.tenancy import tenant_scope
from creditmgmt.wsgi import application
from tests.api.conftest import caller_of
from tests.api.test_resources import RESOURCES, rows_of

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
OPERATIONS = [
    (method, path) for path, methods in yaml.safe_load(SCHEMA.read_text())["paths"].items() for method in methods
]
# Values tried for each route and mode; about 30 seconds in all.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "8"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def schema():
    return schemathesis.openapi.from_dict(yaml.safe_load(SCHEMA.read_text()))


@pytest.fixture
def connection_kept():
    """What a server does around a request would end the test's transaction; Django's own test client leaves it out too."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_a_route_answers_as_the_schema_says(
    schema, organisation, one_of_each, own_spool, connection_kept, method, path, mode
):
    api = caller_of(organisation)
    ids = known_ids(organisation, path)
    operation = schema[path][method]
    operation.app = application

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if ids and data.draw(st.booleans()):
            case.path_parameters = {**(case.path_parameters or {}), "id": data.draw(st.sampled_from(ids))}
        headers = {"Authorization": f"Bearer {api.key}"}
        response = case.call(app=application, base_url="http://localhost", headers=headers)
        case.validate_response(response, checks=CHECKS)

    run()


def known_ids(organisation, path: str) -> list[str]:
    """Ids of rows that the path can name."""
    resource = RESOURCES.get(path.split("/")[3]) if "{id}" in path else None
    if resource is None:
        return []
    with tenant_scope(organisation):
        return [str(row_id) for row_id in rows_of(resource).values_list("id", flat=True)]
