"""Figures read from a filled ledger: P5, P8, P9, P10, P20."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.access import EVERYTHING
from accounts.models import Member, Role, Tenant, User, UserTenant
from bench.database import as_owner, as_runtime
from bench.measure import Measurement, calibrate, in_turns, run_floor, seconds
from bench.questions import MONTH_END, PAGE, PAST, questions
from bench.shape import UPTO, Size, add_invoices_of_others, tenant_slug
from core.tenancy import tenant_scope
from receivables.models import CustomerBalance
from receivables.queries import AgeingSort, ageing_by_customer, exposures
from receivables.services.open_amounts import refresh_balances

ROUNDS = 5
# A question that takes less is asked several times in a row, or the clock is what is measured.
SHORTEST_SECONDS = 0.02
HEAD = {"headers": {"host": "localhost"}}


@contextmanager
def inside(tenant: Tenant) -> Iterator[None]:
    """As a request is: in the tenant's scope and a transaction."""
    with tenant_scope(tenant), transaction.atomic():
        yield


def ours(tenant: Tenant, call: Callable[[], Any]) -> Callable[[], Any]:
    def step() -> Any:
        with inside(tenant):
            return call()

    return step


def large() -> Tenant:
    return Tenant.objects.get(slug=tenant_slug(0))


def most_overdue(on: Any) -> Callable[[], Any]:
    return lambda: ageing_by_customer(on=on, scope=EVERYTHING, sort=AgeingSort.OVERDUE, limit=PAGE)


def measure_p5(size: Size) -> Iterator[Measurement]:
    """Balances and exposure of all customers: read, and written to the table that sorted lists use."""
    tenant = large()
    with as_owner(autocommit=True) as owner:
        params = {"tenant": tenant.id, "on": UPTO}
        times = in_turns(
            ours=ours(tenant, lambda: exposures(on=UPTO, scope=EVERYTHING, limit=None)),
            floor=lambda: run_floor(owner, "p5_exposure", params),
        )
        yield Measurement("P5", "exposure of all customers, read", 2.0, *times, seen="P5")

        def rewrite() -> None:
            refresh_balances(on=UPTO)

        def forget() -> None:
            owner.execute("DELETE FROM receivables_customerbalance WHERE tenant_id = %s", [tenant.id])
            owner.execute("VACUUM receivables_customerbalance")  # the floor's table is emptied by TRUNCATE

        run_floor(owner, "tables", {})
        written: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            forget()
            written[1].append(seconds(lambda: run_floor(owner, "p5_balances", params)))
            written[0].append(seconds(ours(tenant, rewrite)))
        with inside(tenant):
            if not CustomerBalance.objects.exists():
                raise AssertionError("the balances were not written")
        yield Measurement("P5", "balance of all customers, written anew", 2.0, *written)


def measure_p8(size: Size) -> Iterator[Measurement]:
    """The aged balance of today: the fifty most overdue, the page, all lines."""
    tenant = large()
    with as_owner(autocommit=True) as owner:
        params = {"tenant": tenant.id, "on": UPTO}
        times = in_turns(ours=ours(tenant, most_overdue(UPTO)), floor=lambda: run_floor(owner, "p8_ageing", params))
        yield Measurement("P8", "aged balance, fifty most overdue: query", 1.5, *times, seen="P8")
        times = in_turns(
            ours=ours(tenant, lambda: ageing_by_customer(on=UPTO, scope=EVERYTHING, limit=None)),
            floor=lambda: run_floor(owner, "p8_lines", params),
        )
        yield Measurement("P8", "aged balance, all lines: query", 2.5, *times)
        address = _address("ageing")
        if address:
            client = signed_in(tenant, name="p8")

            def page() -> None:
                answer = client.get(address, {"sort": "-overdue"}, **HEAD)
                if answer.status_code != 200:
                    raise AssertionError(f"{address} answers {answer.status_code}")

            def floor_of_page() -> None:
                run_floor(owner, "p8_ageing", params)
                run_floor(owner, "p8_totals", params)

            times = in_turns(ours=page, floor=floor_of_page)
            yield Measurement("P8", "aged balance: page", 3.0, *times, note="floor: its two statements, no page")


def measure_p9(size: Size) -> Iterator[Measurement]:
    """The aged balance of a past day: five months ago, and at the last month's end, which is what people ask for."""
    tenant = large()
    with as_owner(autocommit=True) as owner:
        for on, seen in ((PAST, "P9"), (MONTH_END, "")):
            params = {"tenant": tenant.id, "on": on}
            times = in_turns(
                ours=ours(tenant, most_overdue(on)),
                floor=lambda: run_floor(owner, "p9_ageing_past", params),  # noqa: B023
            )
            yield Measurement("P9", f"aged balance on {on}: query", 1.5, *times, seen=seen)


def measure_p10(size: Size) -> Iterator[Measurement]:
    """Each product query with the policy (the runtime role) and without it (the owner role), in turns."""
    tenant = large()
    worst: dict[str, tuple[list[float], list[float]]] = {}
    with inside(tenant):
        asked = {name: _statements(call, tenant) for name, call in questions().items()}
    with as_owner() as owner, as_runtime(tenant.id) as runtime:
        for name, statements in asked.items():
            watched, free = _sends(runtime, statements), _sends(owner, statements)
            repeats = max(1, int(SHORTEST_SECONDS / max(seconds(watched), 1e-6)))
            worst[name] = in_turns(ours=_times(watched, repeats), floor=_times(free, repeats))
    ratios = {name: statistics.median(a) / statistics.median(b) for name, (a, b) in worst.items()}
    name = max(ratios, key=lambda key: ratios[key])
    over = sum(ratio > 1.25 for ratio in ratios.values())
    middle = statistics.median(ratios.values())
    note = f"of {len(ratios)} queries: median {middle:.2f}, {over} above 1.25"
    yield Measurement("P10", f"policy, worst query: {name}", 1.25, *worst[name], note=note)


def measure_p20(size: Size) -> Iterator[Measurement]:
    """The same questions before and after the other organisations hold ten times as many invoices."""
    tenants = {"large": large(), "small": Tenant.objects.get(slug=tenant_slug(1))}
    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    with as_owner(autocommit=True) as owner:
        for times in (before, after):
            if times is after:
                add_invoices_of_others(size)
            for which, tenant in tenants.items():
                for work, on in (("today", UPTO), ("past", PAST)):
                    step = ours(tenant, most_overdue(on))
                    step()
                    taken = times[f"{which}, {work}"] = []
                    for _ in range(2 if which == "large" else 8):
                        # In units of the calibration, taken again for every few: the two halves are minutes apart.
                        machine = calibrate(owner)
                        taken += [seconds(step) / machine for _ in range(ROUNDS)]
    for name in before:
        note = "ours: after, floor: before; in calibrations of 1 s"
        yield Measurement("P20", f"ten times the invoices of others: {name}", 1.3, after[name], before[name], note=note)


def _statements(call: Callable[[], Any], tenant: Tenant) -> list[tuple[str, dict[str, Any]]]:
    sent: list[tuple[str, dict[str, Any]]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, {**params, "tenant": tenant.id}))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        call()
    return sent


def _sends(there: psycopg.Connection, statements: list[tuple[str, dict[str, Any]]]) -> Callable[[], Any]:
    def step() -> None:
        with psycopg.ClientCursor(there) as cursor:
            for sql, params in statements:
                cursor.execute(sql.encode(), params)
                cursor.fetchall()

    return step


def _times(step: Callable[[], Any], repeats: int) -> Callable[[], Any]:
    def several() -> None:
        for _ in range(repeats):
            step()

    return several


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def signed_in(tenant: Tenant, *, name: str) -> Client:
    """A browser of a credit manager of the organisation, whose address begins with the name."""
    user = User.objects.create_user(f"{name}.{uuid4().hex[:8]}@{tenant.slug}.example")
    with inside(tenant):
        UserTenant.objects.create(user=user, of_tenant_id=tenant.id)
        Member.objects.create(user=user, role=Role.objects.get(code="credit_manager"), name="Credit manager")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
