"""Callers with a key, and rows old enough to be listed: a list ends before the start of the oldest transaction."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Role
from accounts.services.api_keys import create_api_key
from core.audit import SYSTEM
from core.tenancy import tenant_scope

OLD = datetime(2026, 3, 1, 8, tzinfo=UTC)
V1 = "/api/v1"


@dataclass
class Caller:
    """Calls the API with one key."""

    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        client = Client(raise_request_exception=False)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        # Headers are written with _ for -.
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic(
            method,
            path if path.startswith("/") else f"{V1}/{path}",
            data,
            content_type=named.pop("Content-Type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}", **named},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of all pages."""
        found: list[dict[str, Any]] = []
        address: str | None = path
        while address:
            answer = self.get(address.replace("http://testserver", ""))
            assert answer.status_code == 200, answer.content
            found += answer.json()["results"]
            address = answer.json()["next"]
        return found


def caller_of(organisation: Any, *, role: str = "admin", **fields: Any) -> Caller:
    """A new key of the organisation under one of its roles."""
    with tenant_scope(organisation), transaction.atomic():
        role_id = Role.objects.get(code=role).id
        return Caller(create_api_key(name="K", role_id=role_id, actor=SYSTEM, **fields).text)


@pytest.fixture
def api(organisation):
    """Calls as the administrator's key of the organisation."""
    return caller_of(organisation)
