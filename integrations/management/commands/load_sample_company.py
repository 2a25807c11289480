"""manage.py load_sample_company [--on DATE] [--replace] [--if-absent]: the organisation that `make demo` shows."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.access import RefusingCommand
from accounts.demo import DEMO_SLUG
from accounts.models import Tenant
from core.audit import SYSTEM
from core.days import today_in
from integrations.services.sample_company import (
    ZONE,
    load_sample_company,
    remove_sandbox,
    working_day_of_sample,
)


class Command(RefusingCommand):
    help = "Generate the sample company and import it as a sandbox organisation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", metavar="DATE", help="its day (default: today, or the working day before)")
        parser.add_argument("--slug", default=DEMO_SLUG, help=f"its short name (default: {DEMO_SLUG})")
        parser.add_argument("--replace", action="store_true", help="close the one that exists and make a new one")
        parser.add_argument("--if-absent", action="store_true", help="do nothing when it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"]) if options["on"] else working_day_of_sample(today_in(ZONE, timezone.now()))
        slug = options["slug"]
        with transaction.atomic():
            existing = Tenant.objects.filter(slug=slug).first()
        if existing is not None and options["if_absent"] and not options["replace"]:
            return
        if existing is not None and not options["replace"]:
            raise CommandError(f"There is an organisation {slug!r} already; --replace makes it anew.", returncode=1)
        with transaction.atomic():
            if existing is not None:
                remove_sandbox(tenant=existing, actor=SYSTEM)
            load_sample_company(on=on, slug=slug, with_logins=settings.LOCAL, at_work=settings.LOCAL)
        self.stdout.write(f"Loaded {slug} as of {on}.")
