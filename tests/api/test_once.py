"""Idempotency-Key: a write that is sent again gets the same bytes, and is not done again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.models import IdempotencyRecord
from core.services import KEPT, forget_answers
from core.tenancy import tenant_scope
from receivables.models import Promise
from tests.api.conftest import caller_of
from tests.make import make_customer, make_tenant


def promise(customer, amount: str = "100.00") -> dict:
    return {"customer": str(customer.id), "amount": amount, "currency": "EUR", "due_on": "2026-03-10"}


@pytest.fixture
def customer(organisation):
    with tenant_scope(organisation):
        return make_customer()


def promises(organisation) -> int:
    with tenant_scope(organisation):
        return Promise.objects.count()


def test_the_same_key_and_body_give_the_same_bytes(api, organisation, customer):
    first = api.post("promises/", promise(customer), Idempotency_Key="a")
    again = api.post("promises/", promise(customer), Idempotency_Key="a")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first["Content-Type"] == again["Content-Type"] == "application/json"
    assert again["Idempotency-Replayed"] == "true"
    assert promises(organisation) == 1


def test_without_a_key_the_second_is_a_conflict(api, organisation, customer):
    assert api.post("promises/", promise(customer)).status_code == 201
    assert api.post("promises/", promise(customer)).status_code == 409


@pytest.mark.parametrize("change", ["body", "address"])
def test_another_request_with_the_key_is_a_conflict(api, organisation, customer, change):
    api.post("promises/", promise(customer), Idempotency_Key="a")
    body = promise(customer, "50.00" if change == "body" else "100.00")
    answer = api.post("promises/" if change == "body" else "holds/", body, Idempotency_Key="a")
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_key_reused"
    assert promises(organisation) == 1


def test_a_refused_call_is_not_kept(api, organisation, customer):
    assert api.post("promises/", promise(customer, "-1.00"), Idempotency_Key="a").status_code == 400
    assert api.post("promises/", promise(customer), Idempotency_Key="a").status_code == 201


def test_keys_of_two_callers_and_of_two_organisations_are_apart(api, organisation, customer):
    api.post("promises/", promise(customer), Idempotency_Key="a")
    second = caller_of(organisation)
    assert second.post("promises/", promise(customer, "70.00"), Idempotency_Key="a").status_code == 201
    other = make_tenant()
    with tenant_scope(other):
        theirs = make_customer()
    assert caller_of(other).post("promises/", promise(theirs), Idempotency_Key="a").status_code == 201
    assert promises(other) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é"])
def test_a_key_that_is_none_is_refused(api, customer, key):
    assert api.post("promises/", promise(customer), Idempotency_Key=key).status_code == 400


def test_answers_are_forgotten_after_30_days(api, organisation, customer):
    api.post("promises/", promise(customer), Idempotency_Key="old")
    api.post("promises/", promise(customer, "60.00"), Idempotency_Key="new")
    with tenant_scope(organisation):
        long_ago = timezone.now() - KEPT - timedelta(minutes=1)
        IdempotencyRecord.objects.filter(key="old").update(created_at=long_ago)
        assert forget_answers() == 1
        assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]


def test_a_key_of_more_than_30_days_ago_is_free_again(api, organisation, customer):
    api.post("promises/", promise(customer), Idempotency_Key="a")
    with tenant_scope(organisation):
        IdempotencyRecord.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    assert api.post("promises/", promise(customer, "60.00"), Idempotency_Key="a").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_six_at_once_are_done_once_and_get_the_same_bytes():
    organisation = make_tenant()
    api = caller_of(organisation)
    with tenant_scope(organisation), transaction.atomic():
        body = promise(make_customer())
    start = threading.Barrier(6)

    def call(_n: int) -> tuple[int, bytes]:
        try:
            start.wait(10)
            answer = api.post("promises/", body, Idempotency_Key="a")
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(call, range(6)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    with tenant_scope(organisation), transaction.atomic():
        assert Promise.objects.count() == 1
