"""Files into the ledger: P1 the first load, P2 the nightly whole extract, P3 the nightly delta, P4 the same file again.

Ours is the command `import_ledger`: the file kept and hashed, its columns recognised, rows checked, documents and items
written, balances brought up to date, all audited. Floors are COPY and a statement or two, into a table of their own.
"""

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from accounts.models import Tenant
from accounts.services.organisations import create_organisation
from bench.database import as_owner
from bench.measure import Measurement, run_floor, seconds
from bench.shape import UPTO, Size
from core.tenancy import tenant_scope
from receivables.models import Entity

HEADER = "customer_ref,number,document_date,due_date,amount,currency\n"
CHANGED_PCT, NEW_PCT = 5, 2
DELTA_PCT = 7  # of which two sevenths are new


class Files:
    """The files of one organisation, made by arithmetic."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self.customers = folder / "customers.csv"
        self.first, self.full, self.delta, self.again = (folder / f"{name}.csv" for name in ("p1", "p2", "p3", "p4"))

    def write(self) -> None:
        count, new = self.size.invoices, self.size.invoices * NEW_PCT // 100
        with self.customers.open("w") as file:
            file.write("customer_ref,name\n")
            file.writelines(f"C{n:06},Customer number {n}\n" for n in range(self.size.customers))
        with self.first.open("w") as file:
            file.write(HEADER)
            file.writelines(self.line(n) for n in range(count))
        changed = set(range(0, count, 100 // CHANGED_PCT))
        lines = [self.line(n, later=10 if n in changed else 0) for n in range(count + new)]
        self.full.write_text(HEADER + "".join(lines))
        # The same rows in another order: other bytes, so that nobody can tell without reading them.
        self.again.write_text(HEADER + "".join(lines[1:] + lines[:1]))
        touched = range(1, count, 100 // CHANGED_PCT)
        fresh = range(count + new, count + 2 * new)
        with self.delta.open("w") as file:
            file.write(HEADER)
            file.writelines(self.line(n, later=20) for n in touched)
            file.writelines(self.line(n) for n in fresh)

    def line(self, n: int, *, later: int = 0) -> str:
        issued = UPTO - timedelta(days=n % 90)
        due: date = issued + timedelta(days=30 + n % 30 + later)
        return f"C{n * 7919 % self.size.customers:06},F{n:08},{issued},{due},{20 + n % 5000}.{n % 100:02},EUR\n"


def measure_loads(size: Size, *, rounds: int) -> Iterator[Measurement]:
    """P1 to P4, one after the other in each round, as nights follow each other. Each round is a new organisation."""
    found = {
        "P1": Measurement("P1", f"first load of {size.invoices:,} invoices", 2.0, seen="P1"),
        "P2": Measurement("P2", "nightly whole extract, 5 % changed, 2 % new", 2.0, seen="P2"),
        "P4": Measurement("P4", "the same rows again, against P2's floor", 2.0),
        "P3": Measurement("P3", f"nightly delta of {size.invoices * DELTA_PCT // 100:,} rows", 2.5, seen="P3"),
    }
    with TemporaryDirectory() as folder, as_owner(autocommit=True) as owner:
        settings.SPOOL_DIR = Path(folder) / "spool"
        files = Files(Path(folder), size)
        files.write()
        for number in range(rounds):
            tenant = _organisation(number)
            _load(tenant, files.customers, kind="customers")
            run_floor(owner, "tables", {})
            with tenant_scope(tenant), transaction.atomic():
                entity = Entity.objects.get()
            params = {"tenant": tenant.id, "entity": entity.id, "on": UPTO}
            counts = {}
            for key, floor, path, mode in (
                ("P1", "p1_first_load", files.first, "snapshot"),
                ("P2", "p2_full_extract", files.full, "snapshot"),
                ("P4", "", files.again, "snapshot"),
                ("P3", "p3_delta", files.delta, "delta"),
            ):
                if floor:
                    spent = seconds(lambda: run_floor(owner, floor, params, copy=path))  # noqa: B023
                    found[key].floor.append(spent)
                    owner.execute("VACUUM ANALYZE bench_floor.item")
                started = seconds(lambda: counts.update({key: _load(tenant, path, mode=mode)}))  # noqa: B023
                found[key].ours.append(started)
            found["P4"].floor.append(found["P2"].floor[-1])
            _check(counts, size)
    for measurement in found.values():
        if rounds < 5:
            measurement.note = f"{rounds} round{'s' if rounds > 1 else ''} only: each takes minutes"
        yield measurement


def _organisation(number: int) -> Tenant:
    tenant = create_organisation(slug=f"loaded-{number}", name=f"Loaded {number}", sandbox_on=UPTO)
    with tenant_scope(tenant), transaction.atomic():
        Entity.objects.create(code="E1", name="Entity 1", currency="EUR")
    return tenant


def _load(tenant: Tenant, path: Path, **options: str) -> dict[str, int]:
    out = io.StringIO()
    call_command("import_ledger", str(path), tenant=tenant.slug, mapping="auto", json=True, stdout=out, **options)
    said = json.loads(out.getvalue())
    return {name: said[name] for name in ("rows", "created", "changed", "unchanged", "closed")}


def _check(counts: dict[str, dict[str, int]], size: Size) -> None:
    """A load that did something else than what is measured measures nothing."""
    new = size.invoices * NEW_PCT // 100
    changed = len(range(0, size.invoices, 100 // CHANGED_PCT))
    wanted = {
        "P1": (size.invoices, 0),
        "P2": (new, changed),
        "P4": (0, 0),
        "P3": (new, len(range(1, size.invoices, 100 // CHANGED_PCT))),
    }
    for key, (created, altered) in wanted.items():
        said = counts[key]
        if (said["created"], said["changed"], said["closed"]) != (created, altered, 0):
            raise AssertionError(f"{key}: expected {created} created and {altered} changed, the load says {said}")
