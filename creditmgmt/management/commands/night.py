"""The night of one organisation and one business day."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts.access import TenantCommand
from creditmgmt.schedule import run_night


class Command(TenantCommand):
    help = "Run the night of a business day: files in, promises, balances, reminders. Again it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", metavar="DATE", help="the day (default: the organisation's today)")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"]) if options["on"] else self.today
        run = run_night(tenant=self.tenant, on=on, now=timezone.now(), actor=self.actor)
        if options["json"]:
            self.print_json({"on": on.isoformat(), "steps": run.steps})
        else:
            self.stdout.write(f"The night of {on} at {self.tenant.name}:")
            for step in run.steps:
                said = step.get("error") or (f"left out: {step['left_out']} failed" if "left_out" in step else "")
                self.stdout.write(f"  {step['name']:14} {step['count']:>9,} {step['seconds']:>9.3f} s  {said}".rstrip())
        if run.undone:
            names = ", ".join(f"{step['name']} ({step.get('error', 'left out')})" for step in run.undone)
            raise CommandError(f"Not every step ended well: {names}", returncode=1)
