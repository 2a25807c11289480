"""Django's migrate, run as the owner role, followed by the guards of the tenant tables."""

from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from core.tenancy.install import install

OWNER = "owner"


class Command(DjangoMigrate):
    help = "Migrate as the owner role, then guard every tenant table (keys, references, policy, grants)."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER if OWNER in settings.DATABASES else "default", skip_checks=False)

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            install(connections[options["database"]])
