"""An API key, from the command line: the only time that its text is shown."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.access import TenantCommand
from accounts.models import Member
from accounts.services.api_keys import create_api_key
from accounts.services.members import role_with_code


class Command(TenantCommand):
    help = "Create an API key with the rights of a role and print it. It is kept nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role", required=True, help="code of a role: cfo, credit_manager, collector, sales, admin"
        )
        parser.add_argument("--name", default="command line", help="what uses it (default: command line)")
        parser.add_argument("--member", metavar="EMAIL", help="whose customers a key sees that sees own customers only")
        parser.add_argument("--days", help="how long it is good for (default: until it is revoked)")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if days and not (days.isdecimal() and 0 < int(days) <= 3650):
            raise CommandError(f"--days is {days!r}; expected a number from 1 to 3650.", returncode=1)
        with transaction.atomic():
            new = create_api_key(
                name=options["name"],
                role_id=role_with_code(options["role"]).id,
                expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
                portfolio_of=self._member_id(options["member"]),
                actor=self.actor,
            )
        if options["json"]:
            self.print_json({"key": new.text})
        else:
            self.stdout.write(new.text)

    def _member_id(self, email: str | None) -> Any:
        if not email:
            return None
        member = Member.objects.filter(email__iexact=email).first()
        if member is None:
            raise CommandError(f"No member has the address {email!r}.", returncode=1)
        return member.id
