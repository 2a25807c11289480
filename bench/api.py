"""Figures of the API: P13 (a list of 100) and P14 (1,000 rows in one call), each from request to answer."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.test import Client, override_settings

from accounts.models import Role, Tenant
from accounts.services.api_keys import create_api_key
from bench.database import as_owner
from bench.measure import Measurement, in_turns, run_floor
from bench.shape import UPTO, Size, tenant_slug
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from receivables.models import CustomerAccount, Entity
from receivables.services.open_amounts import refresh_balances

ROUNDS = 5
CALLS = 10
ROWS = 1_000
HOST = {"host": "localhost"}
# Called as fast as it answers: the limit of calls would measure itself.
_OPEN: dict[str, Any] = {"ALLOWED_HOSTS": ["localhost"], "API_CALLS_PER_MINUTE": 0}


def _head(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant), transaction.atomic():
        role = Role.objects.get(code="admin")
        key = create_api_key(name="bench", role_id=role.id, actor=SYSTEM).text
    return {**HOST, "authorization": f"Bearer {key}"}


def measure_p13(size: Size) -> Iterator[Measurement]:
    """A list of 100 items, the same door before all three: ours, the database's own JSON, serializers."""
    head = _head(Tenant.objects.get(slug=tenant_slug(0)))
    client = Client()

    def get(path: str) -> Callable[[], None]:
        def calls() -> None:
            for _ in range(CALLS):
                answer = client.get(path, headers=head)
                assert answer.status_code == 200, answer.content[:200]
                assert len(json.loads(answer.content)["results"]) == 100

        return calls

    with override_settings(ROOT_URLCONF="bench.api_urls", **_OPEN):
        ours = get("/api/v1/items/?page_size=100")
        times = in_turns(ours=ours, floor=get("/api/bench/database/"), rounds=ROUNDS)
        yield Measurement("P13", f"{CALLS} API lists of 100 / json_agg", 1 / 0.45, *times)
        times = in_turns(ours=ours, floor=get("/api/bench/serializer/"), rounds=ROUNDS)
        yield Measurement("P13", f"{CALLS} API lists of 100 / serializers", 1 / 2, *times)


def measure_p14(size: Size) -> Iterator[Measurement]:
    """1,000 new items in one call, beside a COPY of them with one UPDATE and one INSERT, each into the whole ledger.

    Each call is about other customers, spread over the whole ledger, the same ones for both sides: a thousand that get
    an invoice more with every call would soon have forty open where customers have one, and balances would be measured
    that nobody has.
    """
    tenant = Tenant.objects.get(slug=tenant_slug(0))
    head = _head(tenant)
    with tenant_scope(tenant), transaction.atomic():
        entity = Entity.objects.get()
        refs = list(CustomerAccount.objects.order_by("ref").values_list("ref", flat=True))
        refresh_balances(on=UPTO)  # each customer has one, as after any night
    step = max(1, len(refs) // ROWS)
    client, call, floor_call = Client(), count(1), count(1)
    run = uuid4().hex[:8]

    def rows(number: int) -> Iterator[dict[str, str]]:
        issued, due = UPTO - timedelta(days=3), UPTO + timedelta(days=27)
        for n in range(ROWS):
            yield {
                "customer_ref": refs[(n * step + number) % len(refs)],
                "number": f"{run}-{number}-{n}",
                "document_date": issued.isoformat(),
                "due_date": due.isoformat(),
                "amount": f"{100 + n}.50",
                "currency": "EUR",
            }

    def ours() -> None:
        body = json.dumps({"source": "file", "rows": list(rows(next(call)))})
        answer = client.post("/api/v1/items/bulk/", body, content_type="application/json", headers=head)
        assert answer.status_code == 200, answer.content[:200]
        assert answer.json()["created"] == ROWS

    with as_owner(autocommit=True) as owner, tempfile.TemporaryDirectory() as folder:
        run_floor(owner, "tables", {})
        run_floor(owner, "p14_ledger", {"tenant": tenant.id})
        owner.execute("VACUUM ANALYZE bench_floor.item, bench_floor.document")
        path = Path(folder) / "rows.csv"

        def floor() -> None:
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("customer_ref", "number", "document_date", "due_date", "amount", "currency"))
                writer.writerows(row.values() for row in rows(next(floor_call)))
            params: dict[str, Any] = {"tenant": tenant.id, "entity": entity.id, "on": UPTO}
            run_floor(owner, "p14_bulk", params, copy=path)

        with override_settings(**_OPEN):
            times = in_turns(ours=ours, floor=floor, rounds=ROUNDS)
    yield Measurement("P14", "API bulk of 1,000 rows / COPY", 2.0, *times)
