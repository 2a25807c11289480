"""What each customer of an organisation owes on any day.

    manage.py balances --tenant SLUG --on DATE [--known-on DATE] [--json]

One row per customer and currency with open items on that day, by reference and currency; customers with nothing open
are left out. `balance` is the sum of all open items, `overdue` of those due before the day, credits included in both;
`oldest_due` is the earliest due date among them, past or to come. Definitions: docs/rules/figures.md.
"""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.access import EVERYTHING, TenantCommand
from core.money import amount_text
from receivables.management.commands.ageing import aligned, known_later
from receivables.queries import balances, known_from


class Command(TenantCommand):
    help = "Balance, overdue amount and oldest due date by customer and currency on a day."

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
            found = balances(on=on, known_on=known_on, scope=EVERYTHING, limit=None)
            sources = known_from(scope=EVERYTHING)
        rows = [
            {
                "customer": row.ref,
                "currency": row.currency,
                "balance": amount_text(row.balance, row.currency),
                "overdue": amount_text(row.overdue, row.currency),
                "oldest_due": row.oldest_due.isoformat(),
            }
            for row in found
        ]
        if options["json"]:
            self.print_json(
                {
                    "on": on.isoformat(),
                    **({"known_on": known_on.isoformat()} if known_on else {}),
                    "rows": rows,
                    "known_from": [
                        {"entity": s.entity_code, "source": s.source, "on": s.known_from.isoformat()} for s in sources
                    ],
                }
            )
        else:
            head = ["customer", "currency", "balance", "overdue", "oldest_due"]
            for line in aligned([head, *(list(row.values()) for row in rows)]):
                self.stdout.write(line)
            for source in sources:
                if source.known_from > on:
                    self.stdout.write(known_later(source))
