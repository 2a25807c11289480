"""The aged balance of an organisation on any day.

    manage.py ageing --tenant SLUG --on DATE [--known-on DATE] [--json]

The JSON has one row per customer and currency with open items on that day, by reference and currency; customers with
nothing open are left out. Each credit lowers the bucket of its own due date. `totals` are the sums by currency.
`known_from` names the first day with figures of each entity and source. Definitions: docs/rules/figures.md.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.access import EVERYTHING, TenantCommand
from core.money import amount_text
from receivables.queries import AgeingTotal, CustomerAgeing, KnownFrom, ageing_by_customer, ageing_totals, known_from
from receivables.rules.ageing import DEFAULT_BUCKETS

BUCKETS = DEFAULT_BUCKETS.names


class Command(TenantCommand):
    help = "The aged balance by customer and currency on a day, as it is known now or was known on another day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--on", required=True, metavar="DATE", help="the day the figures speak of, such as 2026-03-31"
        )
        parser.add_argument("--known-on", metavar="DATE", help="the day on which they were known; default: known now")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"])
        known_on = self.day(options["known_on"], "--known-on") if options["known_on"] else None
        with transaction.atomic():
            rows = ageing_by_customer(on=on, known_on=known_on, scope=EVERYTHING, limit=None)
            totals = ageing_totals(on=on, known_on=known_on, scope=EVERYTHING)
            sources = known_from(scope=EVERYTHING)
        if options["json"]:
            document = {
                "on": on.isoformat(),
                **({"known_on": known_on.isoformat()} if known_on else {}),
                "rows": [
                    {"customer": row.ref, "currency": row.currency, **amounts(row.amounts, row.total, row.currency)}
                    for row in rows
                ],
                "totals": [
                    {"currency": row.currency, **amounts(row.amounts, row.total, row.currency)} for row in totals
                ],
                "known_from": [
                    {"entity": s.entity_code, "source": s.source, "on": s.known_from.isoformat()} for s in sources
                ],
            }
            self.print_json(document)
        else:
            for line in table(rows, totals):
                self.stdout.write(line)
            for source in sources:
                if source.known_from > on:
                    self.stdout.write(known_later(source))


def amounts(by_bucket: Sequence[Decimal], total: Decimal, currency: str) -> dict[str, str]:
    """Texts by bucket name, and the total."""
    named = zip((*BUCKETS, "total"), (*by_bucket, total), strict=True)
    return {name: amount_text(amount, currency) for name, amount in named}


def known_later(source: KnownFrom) -> str:
    """What to say beside figures of a day before the first one of a source."""
    return f"Figures of {source.entity_code} ({source.source}) are known from {source.known_from.isoformat()} on."


def table(rows: Sequence[CustomerAgeing], totals: Sequence[AgeingTotal]) -> list[str]:
    """Lines for a terminal: a row per customer and currency, then the totals."""
    head = ["customer", "currency", *BUCKETS, "total"]
    lines = [[row.ref, row.currency, *amounts(row.amounts, row.total, row.currency).values()] for row in rows]
    sums = [["TOTAL", row.currency, *amounts(row.amounts, row.total, row.currency).values()] for row in totals]
    return aligned([head, *lines, *sums])


def aligned(lines: Sequence[Sequence[str]], *, texts: int = 2) -> list[str]:
    """The lines as columns: the first `texts` to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
