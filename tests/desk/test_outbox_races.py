"""Two at once: two workers at one outbox, and a worker that lets the bell rest while somebody queues."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Doorbell
from core.tenancy import tenant_scope
from desk.models import Message
from desk.services import outbox
from tests.desk.fakes import Notes, Script
from tests.desk.test_outbox import post
from tests.make import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def scope():
    with tenant_scope(make_tenant()):
        yield


def at_once(*functions):
    """Each function in a thread of its own, with a connection of its own and the tenant in scope; their results."""

    def run(function):
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(contextvars.copy_context().run, run, function) for function in functions]
        return [one.result(timeout=30) for one in running]


def test_four_workers_send_each_message_once():
    with transaction.atomic():
        post(*(f"p{n}@x.example" for n in range(60)))
    transports = [Script() for _ in range(4)]
    at_once(
        *(
            lambda transport=transport: (
                outbox.drain(channel="EMAIL", transport=transport, reasons=Notes(), size=10)
                + outbox.drain(channel="EMAIL", transport=transport, reasons=Notes(), size=10)
            )
            for transport in transports
        )
    )
    sent = [message.id for transport in transports for message in transport.transmitted]
    assert (len(sent), len(set(sent))) == (60, 60)


def test_a_message_queued_while_the_bell_goes_to_rest_keeps_it_ringing():
    """The message is written and not yet committed when the worker sees an empty outbox: the worker has to wait."""
    with transaction.atomic():
        post("first@x.example")
    with transaction.atomic():
        Message.objects.all().delete()
    written, resting = threading.Event(), threading.Event()

    def queue_slowly() -> None:
        with transaction.atomic():
            post("second@x.example")
            written.set()
            resting.wait(1)  # the worker waits for our lock; it must not have taken the bell down

    def rest() -> bool:
        written.wait(10)
        try:
            return outbox.rest(channel="EMAIL")
        finally:
            resting.set()

    _none, is_due = at_once(queue_slowly, rest)
    with transaction.atomic():
        assert is_due
        assert Doorbell.objects.get(queue="outbox.EMAIL").due_at <= timezone.now() + timedelta(seconds=1)


def test_taking_back_does_not_wait_for_a_worker_that_has_the_message():
    """Waiting could be a deadlock: the worker asks for the action that the other one holds."""
    with transaction.atomic():
        (message,) = post("a@x.example")
    locked, done = threading.Event(), threading.Event()

    def worker() -> None:
        with transaction.atomic():
            Message.objects.select_for_update().get(id=message.id)
            locked.set()
            assert done.wait(10)

    def take_back() -> bool:
        locked.wait(10)
        with transaction.atomic():
            withdrawn = outbox.withdraw(reason_type="test.Reason", reason_id=message.reason_id)
        done.set()
        return withdrawn

    assert at_once(worker, take_back) == [None, False]
