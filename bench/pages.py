"""Figures of pages, each from the request to the last byte: P11 (a customer), P12 (a list), P15 (deep in a list)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory, override_settings
from django.urls import reverse

from accounts.access import EVERYTHING
from bench.database import as_owner
from bench.measure import Measurement, in_turns, run_floor, seconds
from bench.reading import PAGE, inside, large, signed_in
from bench.shape import UPTO, Size
from core.lists import Reader, Reading, list_named
from receivables.models import Customer

HOST = override_settings(ALLOWED_HOSTS=["localhost"])
CUSTOMERS = 20
ROUNDS = 5
MOST_STATEMENTS = 12
CALLS = 5
DEEP = 1_000
# What a new Django project has; ours has more than twice as many.
BARE_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


class Browser:
    """Somebody who is signed in, before the application as a server calls it: no client's work is measured."""

    def __init__(self, cookies: SimpleCookie, **settings: Any) -> None:
        with override_settings(**settings):
            self.application = WSGIHandler()
        # Ours is measured in French: every text is looked up.
        head = {"host": "localhost", "accept-language": "fr", "cookie": cookies.output(header="", sep=";")}
        self.factory = RequestFactory(headers=head)

    def get(self, path: str, query: str = "") -> bytes:
        answer: list[str] = []
        environ = self.factory.get(path + ("?" + query if query else "")).environ
        response = self.application(environ, lambda status, headers: answer.append(status))
        body = b"".join(response)
        response.close()
        if not answer[0].startswith("200"):
            raise AssertionError(f"{path} answers {answer[0]}")
        return body


class Spent:
    """Seconds in the database, and how many statements went there."""

    def __init__(self) -> None:
        self.seconds, self.statements = 0.0, 0

    @contextmanager
    def watch(self) -> Iterator[None]:
        self.seconds, self.statements = 0.0, 0
        with connection.execute_wrapper(self._timed):
            yield

    def _timed(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += 1


@HOST
def measure_p11(size: Size) -> Iterator[Measurement]:
    """The pages of some customers: what the database takes for them, and how often it is asked."""
    tenant, spent = large(), Spent()
    browser = Browser(signed_in(tenant, name="p11").cookies)
    with inside(tenant):
        found = Customer.objects.order_by("ref").values_list("id", flat=True)
        ids = list(found[: size.customers // 2 : size.customers // 2 // CUSTOMERS])
    ours: list[float] = []
    floor: list[float] = []
    most = 0
    with as_owner(autocommit=True) as owner:

        def ask_floor(customer_id: UUID) -> float:
            params = {"tenant": tenant.id, "customer": customer_id, "on": UPTO}
            return seconds(lambda: run_floor(owner, "p11_customer", params))

        for number in range(ROUNDS + 1):
            pages, floors = 0.0, 0.0
            for customer_id in ids:
                floors += ask_floor(customer_id)
                with spent.watch():
                    browser.get(reverse("customer", args=[customer_id]))
                pages += spent.seconds
                most = max(most, spent.statements if number else 0)  # the first fills caches
            if number:
                ours.append(pages / len(ids))
                floor.append(floors / len(ids))
    yield Measurement("P11", "customer page: time in the database", 4.0, ours, floor, note="floor: six statements")
    note = "counted, not timed: statements of ours, and at most so many"
    yield Measurement("P11", "customer page: statements", 1.0, [most], [MOST_STATEMENTS], note=note)


@HOST
def measure_p12(size: Size) -> Iterator[Measurement]:
    """Fifty rows as a page of ours, with all around them, beside a bare page of three queries."""
    tenant = large()
    cookies = signed_in(tenant, name="p12").cookies
    with override_settings(ROOT_URLCONF="bench.page_urls"):
        bare = Browser(cookies, MIDDLEWARE=BARE_MIDDLEWARE)
        person = Browser(cookies)
        check_rows(bare.get("/bench/items/", f"tenant={tenant.id}"))
        for name in ("items", "customers"):
            address = reverse(name)
            check_rows(person.get(address))
            times = in_turns(
                ours=_times(lambda: person.get(address)),  # noqa: B023
                floor=_times(lambda: bare.get("/bench/items/", f"tenant={tenant.id}")),
            )
            ours, floor = (CALLS / sorted(side)[len(side) // 2] for side in times)
            note = f"{ours:.0f} a second beside {floor:.0f}, one process each"
            yield Measurement("P12", f"{CALLS} lists of 50 {name} / bare pages", 1 / 0.8, *times, note=note)


@HOST
def measure_p15(size: Size) -> Iterator[Measurement]:
    """A page far down a list beside its first, in whatever order."""
    tenant = large()
    browser = Browser(signed_in(tenant, name="p15").cookies)
    for name, order in (("items", "state=all&sort=-due_date"), ("items", "state=all&sort=number"), ("customers", "")):
        first = QueryDict(order, mutable=True)
        deep, number = first.copy(), 0
        with inside(tenant):
            deep["after"], number = marker(name, first)
        address = reverse(name)
        check_rows(browser.get(address, deep.urlencode()))
        times = in_turns(
            ours=_times(lambda: browser.get(address, deep.urlencode())),  # noqa: B023
            floor=_times(lambda: browser.get(address, first.urlencode())),  # noqa: B023
        )
        yield Measurement("P15", f"{name} by {first.get('sort', 'name')}: page {number:,} / page 1", 1.3, *times)


def marker(name: str, query: QueryDict) -> tuple[str, int]:
    """Where page 1,001 of a list begins, or of a shorter list one near its end; and that page's number."""
    reader = Reader(scope=EVERYTHING, on=UPTO)
    reading = Reading(list_named(name), query, reader)
    number, after = 1, ""
    step = 10 * PAGE
    while number < DEEP:
        rows = reading.source.slice(sort=reading.sort, after=after, before="", limit=step + PAGE)
        if len(rows) < step + PAGE:
            break
        number, after = number + 10, reading.source.marker(rows[step - 1], reading.sort)
    return after, number


def check_rows(body: bytes) -> None:
    """A page that shows other than fifty rows measures something else."""
    found = body.count(b"<tr") - 1 - body.count(b"<tfoot>")
    if found < PAGE:
        raise AssertionError(f"the page shows {found} rows")


def _times(call: Callable[[], Any]) -> Callable[[], None]:
    def several() -> None:
        for _ in range(CALLS):
            call()

    return several
