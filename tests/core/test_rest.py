"""JSON in and out of the API, and every error as problem+json."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ParseError

from accounts.models import Role
from accounts.services.api_keys import create_api_key
from core.audit import SYSTEM
from core.money import Money
from core.rest import DEEPEST, JSONRenderer, read_json
from core.tenancy import tenant_scope

ECHO, BREAKS = "/api/v1/echo/", "/api/v1/breaks/"


@pytest.fixture
def api(organisation):
    """Calls as the credit manager's key of the organisation."""
    with tenant_scope(organisation):
        key = create_api_key(name="K", role_id=Role.objects.get(code="credit_manager").id, actor=SYSTEM).text
    client = Client(raise_request_exception=False)

    def act(method: str, path: str, body: bytes | str = b"", **headers):
        return client.generic(
            method, path, body, content_type="application/json", headers={"Authorization": f"Bearer {key}", **headers}
        )

    return act


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_number_with_a_point_is_exactly_what_was_written():
    assert read_json(b'{"amount": 1200.10, "n": 3}') == {"amount": Decimal("1200.10"), "n": 3}
    assert str(read_json(b"123456789012345.6789")) == "123456789012345.6789"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"{'a': 1}",
        b'"\xff"',
        b"[1,]",
        b"\xef\xbb\xbf[]",
        b"9" * 5000,
    ],
)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(ParseError):
        read_json(body)


def test_values_may_be_nested_a_hundred_deep_and_no_deeper():
    assert read_json(nested(DEEPEST))
    assert read_json(b"[" * DEEPEST + b"1" + b"]" * DEEPEST)
    for depth in (DEEPEST + 1, 1_000, 100_000):
        with pytest.raises(ParseError):
            read_json(nested(depth))
    with pytest.raises(ParseError):
        read_json(b'{"a":' * 101 + b"1" + b"}" * 101)


@pytest.mark.parametrize("text", ['"a\\u0000b"', '{"\\u0000": 1}', '["\\ud800"]', '{"a": {"b": "\\udfff"}}'])
def test_characters_that_no_text_can_hold_are_refused(text):
    with pytest.raises(ParseError):
        read_json(text.encode())


def test_ordinary_escapes_are_read():
    assert read_json(b'["\\u00e9", "\\ud83d\\ude00", "\\n"]') == ["é", "😀", "\n"]


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_values_are_written_as_the_api_promises():
    data = {
        "amount": Decimal("1E+3"),
        "money": Money(Decimal("1200.00"), "EUR"),
        "on": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        "id": UUID(int=1),
        "text": gettext_lazy("Rights"),
        "set": {"b", "a"},
        "none": None,
    }
    assert json.loads(JSONRenderer().render(data)) == {
        "amount": "1000",
        "money": {"amount": "1200.00", "currency": "EUR"},
        "on": "2026-03-02",
        "at": "2026-03-02T09:30:00Z",
        "id": "00000000-0000-0000-0000-000000000001",
        "text": "Rights",
        "set": ["a", "b"],
        "none": None,
    }


def test_a_type_nobody_decided_about_is_an_error():
    with pytest.raises(TypeError):
        JSONRenderer().render({"x": object()})


# --- Answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.urls("tests.accounts.api_urls")
class TestAnswers:
    def test_json_goes_in_and_out(self, api):
        answer = api("POST", ECHO, '[1, 1.50, "x"]')
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() == {"kinds": ["int", "Decimal", "str"], "data": [1, "1.50", "x"]}
        assert api("GET", ECHO).json() == {
            "amount": "1200.10",
            "total": {"amount": "0.00", "currency": "EUR"},
            "who": None,
        }

    @pytest.mark.parametrize("body", [b"{", nested(101), nested(1_000), nested(50_000), b'["\\u0000"]', b"\xff"])
    def test_bad_json_is_a_400(self, api, body):
        answer = api("POST", ECHO, body)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "parse_error"

    def test_another_content_type_is_a_415(self, organisation, api):
        answer = api("POST", ECHO, "a=1", **{"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 415
        assert answer.json()["code"] == "unsupported_media_type"

    def test_a_body_that_is_too_large_is_a_413(self, api, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
        answer = api("POST", ECHO, json.dumps(["x" * 1_000]))
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"

    def test_a_refusal_keeps_its_name_its_sentence_and_its_fields(self, api):
        answer = api("POST", "/api/v1/customers/", "{}")
        assert answer.status_code == 409
        assert answer.json() == {
            "type": "urn:encours:problem:conflict",
            "title": "Conflict",
            "status": 409,
            "code": "conflict",
            "detail": "Not today.",
            "errors": [{"field": "ref", "message": "Taken."}, {"field": None, "message": "And so on."}],
        }

    def test_bad_values_are_named_by_their_place(self, api):
        answer = api("POST", BREAKS, '{"number": "A", "lines": [{"amount": "1.00"}, {"amount": "much"}]}')
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == "invalid"
        assert [error["field"] for error in body["errors"]] == ["lines.1.amount"]

    def test_a_refusal_that_passes_says_when(self, api):
        answer = api("PUT", BREAKS)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")

    def test_what_is_not_there_is_not_found(self, api):
        answer = api("DELETE", BREAKS)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_what_went_wrong_by_itself_tells_nothing_of_the_inside(self, api, caplog):
        answer = api("GET", BREAKS)
        assert answer.status_code == 500
        assert answer.json()["code"] == "internal_error"
        assert "42" not in answer.content.decode()
        assert "the secret is 42" in caplog.text

    def test_a_format_in_the_query_changes_nothing(self, api):
        assert api("GET", ECHO + "?format=xml").status_code == 200

    def test_an_answer_in_another_format_is_not_acceptable(self, api):
        answer = api("GET", ECHO, Accept="text/html")
        assert answer.status_code == 406
