"""The sign-ins that `make demo` prints."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.access import RefusingCommand
from accounts.demo import DEMO_SLUG, demo_logins
from accounts.models import Tenant
from core.tenancy import tenant_scope


class Command(RefusingCommand):
    help = "Print one sign-in for each role of the sample company (local mode only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default=DEMO_SLUG, metavar="SLUG", help=f"default: {DEMO_SLUG}")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("Only a demo on this machine has sign-ins to print.", returncode=1)
        with transaction.atomic():
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                raise CommandError(f"There is no organisation {options['tenant']!r}.", returncode=1)
            with tenant_scope(tenant):
                logins = demo_logins()
        if options["json"]:
            self.print_json([asdict(login) for login in logins])
        else:
            for login in logins:
                self.stdout.write(f"{login.role:20} {login.email:32} {login.password}")
