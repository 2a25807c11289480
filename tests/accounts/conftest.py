"""A cache of its own for each test (rate limits are counted there), and people who come in through the doors."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Member
from core.audit import Actor
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_member, make_user


@pytest.fixture(autouse=True)
def own_cache(settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}}


@pytest.fixture
def admin(tenant) -> Member:
    return make_member(role="admin", name="Ada")


@pytest.fixture
def as_admin(admin) -> Actor:
    return Actor.member(admin)


def enter(organisation, *, role: str = "admin", **fields) -> tuple[Client, Member]:
    """A browser in which a new member of the organisation is signed in."""
    with tenant_scope(organisation):
        member = make_member(role=role, **fields)
    return signed_in(member), member


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def stranger(db) -> Iterator[Client]:
    """A person with a sign-in who is in no organisation."""
    client = Client()
    client.force_login(make_user(email="stranger@nordis.example", password=PASSWORD))
    return client


def call(key: str, method: str, path: str, body: dict | None = None):
    """An API call with a JSON object as its body."""
    client = Client(raise_request_exception=False)
    return client.generic(
        method.upper(),
        path,
        json.dumps(body or {}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
