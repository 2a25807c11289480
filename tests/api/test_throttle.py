"""A key has so many calls a minute; its neighbours and the API do not suffer for it, nor for a cache that is away."""

import logging

import pytest

from core import rest_throttle
from core.rest_throttle import CallsOfKey
from tests.api.conftest import caller_of
from tests.api.test_errors import is_problem


class Clock:
    """The time of the throttle: a moment in the middle of a minute, moved by the tests."""

    def __init__(self) -> None:
        self.now = 1_800_000_020.0

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture(autouse=True)
def clock(settings, monkeypatch):
    settings.API_CALLS_PER_MINUTE = 3
    found = Clock()
    monkeypatch.setattr(rest_throttle, "time", found)
    monkeypatch.setattr(CallsOfKey, "_left_alone_until", 0.0)
    return found


def test_the_call_after_the_last_one_is_429_until_the_minute_is_over(api, clock):
    assert [api.get("customers/").status_code for _ in range(3)] == [200] * 3
    refused = api.get("customers/")
    assert is_problem(refused, 429)
    assert refused.json()["code"] == "too_many"
    assert refused["Retry-After"] == "40"
    clock.now += 39
    assert api.get("items/").status_code == 429
    clock.now += 1
    assert api.get("items/").status_code == 200


def test_another_key_of_the_organisation_has_calls_of_its_own(api, organisation):
    while api.get("customers/").status_code == 200:
        pass
    assert caller_of(organisation).get("customers/").status_code == 200


def test_a_refused_write_is_not_done_and_not_kept_for_its_key(api, clock):
    body = {"rows": [{"customer_ref": "C1", "name": "Nordis"}]}
    while api.get("customers/").status_code == 200:
        pass
    assert is_problem(api.post("customers/bulk/", body, Idempotency_Key="k"), 429)
    clock.now += 60
    first = api.post("customers/bulk/", body, Idempotency_Key="k")
    assert first.json()["created"] == 1
    assert "Idempotency-Replayed" not in first


def test_a_thousand_rows_are_one_call(api):
    rows = [{"customer_ref": f"C{n}", "name": "Nordis"} for n in range(1000)]
    assert [api.post("customers/bulk/", {"rows": rows}).status_code for _ in range(2)] == [200] * 2


def test_no_limit_is_no_limit(api, settings):
    settings.API_CALLS_PER_MINUTE = 0
    assert {api.get("customers/").status_code for _ in range(10)} == {200}


def test_without_a_cache_every_call_passes_and_the_log_says_so_once_in_a_while(api, settings, clock, caplog):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",  # nobody listens there
        }
    }
    with caplog.at_level(logging.WARNING, logger="core.rest_throttle"):
        assert {api.get("customers/").status_code for _ in range(6)} == {200}
        assert len(caplog.records) == 1
        clock.now += rest_throttle.LEFT_ALONE_SECONDS
        assert api.get("customers/").status_code == 200
    assert len(caplog.records) == 2
