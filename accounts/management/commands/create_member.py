"""A member without invitation: how an organisation made by command gets its first administrator."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.access import TenantCommand
from accounts.services.members import admit_member, role_with_code


class Command(TenantCommand):
    help = "Make a person a member at once. Without a password, a reset link of the sign-in page lets them in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role", required=True, help="code of a role: cfo, credit_manager, collector, sales, admin"
        )
        parser.add_argument("--email", required=True, help="the address that the person signs in with")
        parser.add_argument("--name", required=True, help="the person's name")
        parser.add_argument(
            "--language", default="", choices=["", "en", "fr"], help="en or fr (default: the browser's)"
        )
        password = parser.add_mutually_exclusive_group()
        password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        password.add_argument("--password", help="the password; seen by others in the list of processes")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        password = options["password"]
        if options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
        if password == "":
            raise CommandError("The password is empty.", returncode=1)
        with transaction.atomic():
            member = admit_member(
                email=options["email"],
                name=options["name"],
                role_id=role_with_code(options["role"]).id,
                password=password,
                language=options["language"],
                actor=self.actor,
            )
        if options["json"]:
            self.print_json({"member": str(member.id), "email": member.email, "role": member.role.code})
        else:
            self.stdout.write(
                f"{member.name} ({member.email}) is a member of {self.tenant.name} as {member.role.name}."
            )
