"""Every refusal is problem+json, whatever goes wrong first."""

import pytest
from django.test import Client

from core.tenancy import tenant_scope
from tests.api.conftest import Caller, caller_of
from tests.make import make_customer

ID = "0197a000-0000-7000-8000-000000000000"


def is_problem(answer, status: int) -> bool:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"] == f"urn:encours:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]
    return True


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"rows": NaN}',
        b"[" * 1000 + b"]" * 1000,
        b'{"rows": "\\u0000"}',
        b'{"rows": "\\ud800"}',
        b'"text"',
        b"null",
        b"7",
    ],
)
def test_a_body_that_cannot_be_read_is_400(api, body):
    assert is_problem(api.post("items/bulk/", body), 400)
    assert is_problem(api.post("promises/", body), 400)


@pytest.mark.parametrize("path", ["customers/", f"items/{ID}/", "ageing/", "imports/"])
def test_no_key_and_a_wrong_key_are_401(organisation, path):
    assert is_problem(Client().get(f"/api/v1/{path}"), 401)
    answer = Caller("enc_x").get(path)
    assert is_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_right_that_the_key_has_not_is_403(organisation):
    api = caller_of(organisation, role="auditor")
    assert is_problem(api.post("promises/", {}), 403)
    assert is_problem(api.get("imports/"), 403)
    assert is_problem(api.post(f"actions/{ID}/confirm/"), 403)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nothing/",
        "customers",
        "customers/x/",
        f"customers/{ID}/x/",
        f"customers/{ID}/",
        "/api/v2/customers/",
        "/api/",
    ],
)
def test_what_is_not_there_is_404(api, path):
    assert is_problem(api.get(path), 404)


@pytest.mark.parametrize("path", [f"actions/{ID}/confirm/", f"actions/{ID}/undo/", f"disputes/{ID}/close/", f"promises/{ID}/withdraw/",
                                  f"holds/{ID}/lift/", f"imports/{ID}/check/", f"imports/{ID}/apply/", f"imports/{ID}/undo/",
                                  f"imports/{ID}/stop/"])  # fmt: skip
def test_an_act_upon_nothing_is_404(api, path):
    assert is_problem(api.post(path), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "customers/"),
        ("DELETE", f"items/{ID}/"),
        ("PATCH", "ageing/"),
        ("GET", "items/bulk/"),
        ("POST", f"items/{ID}/"),
    ],
)
def test_a_method_that_an_address_has_not_is_405(api, method, path):
    assert is_problem(api.call(method, path, {}), 405)


def test_an_answer_that_is_not_json_is_406(api):
    assert is_problem(api.get("customers/", Accept="text/html"), 406)


def test_a_contradiction_is_409(api, organisation):
    with tenant_scope(organisation):
        customer = make_customer()
    promise = {"customer": str(customer.id), "amount": "1.00", "currency": "EUR", "due_on": "2026-03-10"}
    assert api.post("promises/", promise).status_code == 201
    assert is_problem(api.post("promises/", promise), 409)


@pytest.mark.parametrize("once", [{}, {"Idempotency_Key": "k"}])
def test_a_body_beyond_the_limit_is_413(api, settings, once):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert is_problem(api.post("items/bulk/", b'{"rows": "' + b"x" * 1000 + b'"}', **once), 413)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_kind_is_415(api, kind):
    assert is_problem(api.post("items/bulk/", b"a=1", Content_Type=kind), 415)
    assert is_problem(api.put(f"imports/{ID}/mapping/", b"a=1", Content_Type=kind), 415)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"amount": "1_000"}, "amount"), ({"amount": "１２"}, "amount"), ({"amount": 12}, "amount"), ({"amount": "1e3"}, "amount"),
     ({"amount": "12345678901234567"}, "amount"), ({"amount": "0.12345"}, "amount"), ({"currency": "eur"}, "currency"),
     ({"currency": "EURO"}, "currency"), ({"due_on": "10/03/2026"}, "due_on"), ({"customer": "C1"}, "customer"),
     ({"colour": "red"}, "colour"), ({"comment": "x" * 2001}, "comment"), ({"amount": "0.001"}, "amount"), ({"amount": "-1.00"}, "amount")],
)  # fmt: skip
def test_a_value_that_is_wrong_is_named(api, organisation, values, field):
    with tenant_scope(organisation):
        customer = make_customer()
    promise = {"customer": str(customer.id), "amount": "1.00", "currency": "EUR", "due_on": "2026-03-10"}
    answer = api.post("promises/", {**promise, **values})
    assert is_problem(answer, 400)
    assert field in [error["field"] for error in answer.json()["errors"]]


# --- what no API view has seen ----------------------------------------------------------------------------------------


@pytest.fixture
def plain() -> Client:
    return Client(raise_request_exception=False)


def test_an_unknown_host_is_400(db, plain):
    assert is_problem(plain.get("/api/v1/customers/", headers={"Host": "elsewhere.example"}), 400)


def test_an_error_before_the_view_is_500_and_says_nothing(organisation, api, monkeypatch):
    def broken(**_key):
        raise RuntimeError("the secret of the cellar")

    monkeypatch.setattr("accounts.middleware.verify_key", broken)
    answer = api.get("customers/")
    assert is_problem(answer, 500)
    assert "cellar" not in answer.content.decode()


def test_an_error_in_a_view_is_500(api, monkeypatch):
    def broken(self):
        raise RuntimeError("the secret of the cellar")

    monkeypatch.setattr("receivables.api.resources.Customers.rows", broken)
    answer = api.get("customers/")
    assert is_problem(answer, 500)
    assert "cellar" not in answer.content.decode()


def test_an_error_in_a_plain_view_is_500_and_its_other_methods_are_405(db, plain, monkeypatch):
    refused = plain.post("/api/v1/openapi.json")
    assert is_problem(refused, 405)
    assert refused["Allow"] == "GET, HEAD"

    def broken():
        raise RuntimeError

    monkeypatch.setattr("creditmgmt.api._schema", broken)
    assert is_problem(plain.get("/api/v1/openapi.json"), 500)


def test_a_page_that_goes_wrong_is_still_a_page(db, plain):
    answer = plain.get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
