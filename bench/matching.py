"""P21: the night's matching of 20,000 lines of the bank to what is open, beside a plain join on number and amount."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg

from accounts.models import Tenant
from bench.database import as_owner
from bench.measure import Measurement, run_floor, seconds
from bench.reading import inside, large
from bench.shape import UPTO, Size
from receivables.services.matching_run import MatchRun, match_bank_lines

LINES = 20_000
ROUNDS = 3


def measure_p21(size: Size) -> Iterator[Measurement]:
    """Six lines in ten name their invoice, two the customer alone, one pays two invoices, one says nothing.

    The floor matches those that name one: it reads no names, adds nothing up, and gives no reasons.
    """
    tenant = large()
    with as_owner(autocommit=True) as owner:
        params = {"tenant": tenant.id, "on": UPTO, "lines": LINES}
        times: tuple[list[float], list[float]] = ([], [])
        results: list[MatchRun] = []
        for number in range(ROUNDS):
            spent = [0.0, 0.0]
            steps: list[Callable[[], Any]] = [
                lambda: results.append(_match(tenant)),
                partial(run_floor, owner, "p21_matching", params),
            ]
            for place in (0, 1) if number % 2 else (1, 0):
                run_floor(owner, "p21_lines", params)
                spent[place] = seconds(steps[place])
            times[0].append(spent[0])
            times[1].append(spent[1])
        lines = _count(owner, tenant)
        run_floor(owner, "p21_forget", {"tenant": tenant.id})
    found = results[-1]
    note = f"{lines:,} lines: {found.automatic:,} by themselves, {found.suggested:,} suggested, {found.unmatched:,} not"
    yield Measurement("P21", "bank lines matched", 25.0, *times, note=note)


def _match(tenant: Tenant) -> MatchRun:
    with inside(tenant):
        return match_bank_lines(on=UPTO)


def _count(owner: psycopg.Connection, tenant: Tenant) -> int:
    row = owner.execute("SELECT count(*) FROM receivables_bankline WHERE tenant_id = %s", [tenant.id]).fetchone()
    return int(row[0]) if row else 0
