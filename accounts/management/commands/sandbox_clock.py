"""The clock of a sandbox organisation."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.access import TenantCommand
from accounts.services.organisations import set_sandbox_clock


class Command(TenantCommand):
    help = "Set a sandbox's business day: any day before its first night, a later one after it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", required=True, metavar="DATE", help="the day, such as 2026-03-31")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"])
        with transaction.atomic():
            tenant = set_sandbox_clock(tenant=self.tenant, on=on, actor=self.actor)
        if options["json"]:
            self.print_json({"tenant": tenant.slug, "on": on.isoformat()})
        else:
            self.stdout.write(f"It is {on} at {tenant.name}.")
