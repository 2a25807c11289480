"""A new organisation, from the command line."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.access import RefusingCommand
from accounts.services.organisations import BadOrganisation, create_organisation, time_zones
from core.days import today_in


class Command(RefusingCommand):
    help = "Create an organisation with its default roles. Members come by create_member or by invitation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its short name: letters, digits, hyphens and underscores, 50 at most")
        parser.add_argument("--name", help="its name (default: made from the short name)")
        parser.add_argument("--currency", default="USD", help="currency of files that name none (default: USD)")
        parser.add_argument("--country", default="FR", help="country of its holidays, ISO 3166 (default: FR)")
        parser.add_argument("--language", default="en", help="en or fr (default: en)")
        parser.add_argument("--time-zone", default="Europe/Paris", help="decides its day (default: Europe/Paris)")
        parser.add_argument("--sandbox", action="store_true", help="with a clock of its own, for trying things out")
        parser.add_argument("--on", metavar="DATE", help="the sandbox's first day (default: today)")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["on"] and not options["sandbox"]:
            raise CommandError("--on sets the clock of a sandbox: add --sandbox.", returncode=2)
        zone = options["time_zone"]
        sandbox_on = None
        if options["on"]:
            sandbox_on = self.day(options["on"])
        elif options["sandbox"]:
            if zone not in time_zones():
                raise BadOrganisation(f"{zone!r} is no time zone; expected a name such as Europe/Paris.")
            sandbox_on = today_in(zone, timezone.now())
        with transaction.atomic():
            tenant = create_organisation(
                slug=options["slug"],
                name=options["name"] or options["slug"].replace("-", " ").replace("_", " ").title(),
                currency=options["currency"].upper(),
                country=options["country"].upper(),
                language=options["language"],
                time_zone=zone,
                sandbox_on=sandbox_on,
            )
        if options["json"]:
            self.print_json(
                {
                    "slug": tenant.slug,
                    "id": str(tenant.id),
                    "name": tenant.name,
                    "currency": tenant.currency,
                    "sandbox_on": sandbox_on.isoformat() if sandbox_on else None,
                }
            )
        else:
            day = f", a sandbox on {sandbox_on}" if sandbox_on else ""
            self.stdout.write(f"Created {tenant.name} ({tenant.slug}){day}.")
