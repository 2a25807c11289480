"""P16: how much a small organisation's pages suffer while the large one's night runs."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from uuid import uuid4

from django.db import connections
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Member, Role, Tenant, User, UserTenant
from bench.measure import Measurement
from bench.reading import inside, large
from bench.shape import UPTO, Size, tenant_slug
from collection.rules.steps import OldItems
from collection.services.scenarios import approve_go_live, ensure_default_scenario
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from creditmgmt.schedule import run_night
from receivables.models import Customer

ROUNDS = 5
# Pages of a round: fewer have no slowest twentieth. Nights follow each other until so many were asked for.
PAGES = 60


def measure_p16(size: Size) -> Iterator[Measurement]:
    """Pages of a small organisation, alone and beside the large one's nights, which another process runs."""
    small, big = Tenant.objects.get(slug=tenant_slug(1)), large()
    with inside(big):
        version = ensure_default_scenario(tenant=big, on=UPTO)
        if version.live_from is None:
            approve_go_live(
                version=version, old_items=OldItems.FIRST_STEP, live_from=UPTO, approved_by=None, actor=SYSTEM
            )
    beside, alone = list[float](), list[float]()
    nights = 0
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        browser, addresses = _browser(small), _addresses(small)
        for address in addresses:
            _page(browser, address)  # templates are read once
        days = (UPTO + timedelta(days=number) for number in count())
        for _round in range(ROUNDS):
            alone.append(_p95([_page(browser, addresses[n % len(addresses)]) for n in range(PAGES)]))
            times: list[float] = []
            while len(times) < PAGES:
                night = _begin_night(big, next(days))
                nights += 1
                while night.is_alive():
                    times.append(_page(browser, addresses[len(times) % len(addresses)]))
                night.join()
                if night.exitcode:
                    raise RuntimeError(f"the night ended with status {night.exitcode}")
            beside.append(_p95(times))
    note = f"{nights} nights; p95 of {PAGES} pages or more a round: customers, a customer, aged balance"
    yield Measurement("P16", "a small one's page beside the large one's night", 3.0, beside, alone, note=note)


def _browser(tenant: Tenant) -> Client:
    user = User.objects.create_user(f"p16.{uuid4().hex[:8]}@{tenant.slug}.example")
    with inside(tenant):
        UserTenant.objects.create(user=user, of_tenant_id=tenant.id)
        Member.objects.create(user=user, role=Role.objects.get(code="credit_manager"), name="Credit manager")
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _addresses(tenant: Tenant) -> list[str]:
    with inside(tenant):
        customer = Customer.objects.order_by("ref")[0]
    return [reverse("customers"), reverse("customer", args=[customer.id]), reverse("ageing")]


def _page(browser: Client, address: str) -> float:
    """Seconds from the request to the last byte."""
    began = time.perf_counter()
    answer = browser.get(address)
    spent = time.perf_counter() - began
    assert answer.status_code == 200, (address, answer.status_code)
    return spent


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _begin_night(tenant: Tenant, on: date) -> BaseProcess:
    """The night of the day in a process of its own, with a connection of its own."""
    for connection in connections.all():
        connection.close()  # a process that is forked must not share it
    night = get_context("fork").Process(target=_night, args=(tenant, on))
    night.start()
    return night


def _night(tenant: Tenant, on: date) -> None:
    # A night is run the morning after; the data end on their last day, whatever the day is here.
    with tenant_scope(tenant):
        run_night(tenant=tenant, on=on, now=datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=12))
