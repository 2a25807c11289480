"""manage.py sync_connections --tenant SLUG [--on DATE] [--json]: empty the folders of the organisation's connections."""

import json
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.access import TenantCommand
from integrations.models import SyncRun
from integrations.services.connections import SETTLE_SECONDS, sync_connections


class Command(TenantCommand):
    help = "Load the files that lie in the folders of the organisation's connections."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", metavar="DATE", help="the business day (default: today)")
        parser.add_argument(
            "--settle-seconds", type=int, default=SETTLE_SECONDS, help="a file untouched for so long is complete"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"]) if options["on"] else self.today
        emptied = sync_connections(on=on, settle_seconds=options["settle_seconds"])
        with transaction.atomic():
            runs = {run.id: run for run in SyncRun.objects.filter(id__in=emptied.runs)}
        rows = [
            {
                "run": str(run_id),
                "file": runs[run_id].file_name,
                "state": runs[run_id].state,
                "error": runs[run_id].error,
            }
            for run_id in emptied.runs
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"taken": emptied.taken, "runs": rows}, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(f"{row['file']}: {row['state']} {row['error']}")
