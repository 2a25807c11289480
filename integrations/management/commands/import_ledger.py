"""manage.py import_ledger --tenant SLUG --mapping auto|NAME|FILE [--entity CODE] [--dry-run] --json PATH"""

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.access import TenantCommand
from core.errors import Refusal
from core.money import is_currency
from integrations.files import KINDS, MODES
from integrations.models import RawRecord, SyncRun
from integrations.services import runs
from integrations.services.mappings import mapping_for
from integrations.services.reading import inspection_of
from integrations.services.receiving import blocks, receive

LONGEST_ENTITY_CODE = 40


def control_total(text: str) -> tuple[str, str]:
    """EUR=1234.56 as (EUR, 1234.56). Raises CommandError with exit status 1."""
    currency, _equals, amount = text.partition("=")
    try:
        if is_currency(currency) and Decimal(amount).is_finite():
            return currency, amount
    except InvalidOperation:
        pass
    raise CommandError(f"--control-total is {text!r}; expected CURRENCY=AMOUNT, such as EUR=1234.56.", returncode=1)


class Command(TenantCommand):
    help = "Import a file of customers, contacts, items, allocations, orders, disputes, promises or lines of the bank into the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--mapping", default="auto", help="auto, the name of a kept mapping, or a JSON file")
        parser.add_argument("--kind", choices=KINDS, default="", help="what the file holds (default: recognised)")
        parser.add_argument("--mode", choices=MODES, default="", help="how items are understood (default: recognised)")
        parser.add_argument("--source", default="file", help="the system that the file comes from")
        parser.add_argument("--entity", default="", help="the company of rows that name none")
        parser.add_argument("--as-of", metavar="DATE", help="the business day of what the file says (default: today)")
        parser.add_argument("--control-total", action="append", default=[], metavar="CUR=AMOUNT")
        parser.add_argument(
            "--decimals", choices=("round", "refuse"), help="amounts with more decimals than the currency"
        )
        parser.add_argument(
            "--all-or-nothing", action="store_true", help="one row that cannot be loaded refuses the file"
        )
        parser.add_argument("--force", action="store_true", help="load a snapshot that closes more than half")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError(f"There is no file {str(path)!r}.", returncode=1)
        if len(options["entity"]) > LONGEST_ENTITY_CODE:
            raise CommandError(f"--entity is longer than {LONGEST_ENTITY_CODE} characters.", returncode=1)
        as_of = self.day(options["as_of"], "--as-of") if options["as_of"] else self.today
        totals = dict(map(control_total, options["control_total"]))
        try:
            run = self._run(path, as_of=as_of, totals=totals, options=options)
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=1) from refusal
        if run.state not in (SyncRun.State.APPLIED, SyncRun.State.UNCHANGED, SyncRun.State.CHECKED):
            raise CommandError(run.error or run.get_state_display(), returncode=1)
        document = outcome(run)
        if options["json"]:
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            self._tell(document)

    def _run(self, path: Path, *, as_of: date, totals: dict[str, str], options: dict[str, Any]) -> SyncRun:
        run = receive(
            chunks=blocks(path),
            file_name=path.name,
            as_of=as_of,
            actor=self.actor,
            source=options["source"],
            kind=options["kind"],
            mode=options["mode"],
            entity_code=options["entity"],
            control_totals=totals,
            all_or_nothing=options["all_or_nothing"],
        )
        try:
            inspection = inspection_of(run)
            mapping = mapping_for(inspection, source=run.source, kind=options["kind"], named=options["mapping"])
            if options["decimals"]:
                mapping = mapping.with_changes(extra_decimals=options["decimals"])
            runs.choose_mapping(run_id=run.id, mapping=mapping, actor=self.actor)
        except Refusal as refusal:
            runs.refuse(run_id=run.id, refusal=refusal)
            raise
        if options["dry_run"]:
            return runs.check(run_id=run.id, force=options["force"])
        return runs.apply(run_id=run.id, force=options["force"])

    def _tell(self, document: dict[str, Any]) -> None:
        counts = ("rows", "created", "changed", "unchanged", "closed")
        self.stdout.write(", ".join(f"{document[name]} {name}" for name in counts))
        for currency, amount in document["totals"].items():
            self.stdout.write(f"total {amount} {currency}")
        for row in document["rejected"]:
            self.stdout.write(f"row {row['row']}: {row['field']}: {row['reason']}")


def outcome(run: SyncRun) -> dict[str, Any]:
    """The JSON document of a run. Totals are of the rows that were taken, by currency."""
    with transaction.atomic():
        rejected = [
            {"row": row.line, "field": row.field, "reason": row.reason}
            for row in RawRecord.objects.filter(run=run, is_warning=False).order_by("line", "id")
        ]
    totals = {currency: sums["loaded"] for currency, sums in run.totals.items()}
    rounding = {currency: sums["rounding"] for currency, sums in run.totals.items() if Decimal(sums["rounding"])}
    return {
        "rows": run.row_count,
        "created": run.created_count,
        "changed": run.changed_count,
        "unchanged": run.unchanged_count,
        "closed": run.closed_count,
        "rejected": rejected,
        "totals": totals,
        "run": str(run.id),
        "state": run.state,
        "kind": run.kind,
        "mode": run.mode,
        "as_of": run.as_of.isoformat(),
        "rounded": {"rows": run.rounded_count, "difference": rounding},
        "mapping": run.mapping,
        **{
            name: run.result[name]
            for name in ("made", "reopened", "repeated", "skipped", "warnings", "held")
            if run.result.get(name)
        },
    }
