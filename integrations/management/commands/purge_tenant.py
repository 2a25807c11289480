"""manage.py purge_tenant SLUG_OR_ID --yes: delete every row of a suspended organisation, as the owner role."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction

from accounts.models import Tenant
from core.management.commands.migrate import OWNER
from core.tenancy.install import tenant_models


class Command(BaseCommand):
    help = "Delete a suspended organisation with all its rows. There is no way back but a backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="SLUG_OR_ID")
        parser.add_argument("--yes", action="store_true", help="really")

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in settings.DATABASES:
            raise CommandError(
                "OWNER_DATABASE_URL is not set: only the owner role may delete append-only rows.", returncode=1
            )
        tenant = _find(options["tenant"])
        if tenant is None:
            raise CommandError(f"There is no organisation {options['tenant']!r}.", returncode=1)
        if tenant.status != Tenant.Status.SUSPENDED:
            raise CommandError(f"{tenant.slug} is active: suspend it first.", returncode=1)
        if not options["yes"]:
            raise CommandError(f"This deletes {tenant.name} ({tenant.slug}) for good: add --yes.", returncode=2)
        count = purge(tenant.id)
        self.stdout.write(f"Deleted {tenant.slug}: {count} rows.")


def _find(name: str) -> Tenant | None:
    with transaction.atomic():
        found = Tenant.objects.filter(slug=name).first()
        if found is None:
            try:
                found = Tenant.objects.filter(id=UUID(name)).first()
            except ValueError:
                return None
    return found


def purge(tenant_id: UUID) -> int:
    """Delete all rows of the tenant in one transaction, references deferred, and the tenant itself."""
    count = 0
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in tenant_models():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE tenant_id = %s', [tenant_id])
            count += cursor.rowcount
        cursor.execute("DELETE FROM accounts_usertenant WHERE of_tenant_id = %s", [tenant_id])
        cursor.execute("DELETE FROM accounts_doorbell WHERE of_tenant_id = %s", [tenant_id])
        cursor.execute("DELETE FROM accounts_tenant WHERE id = %s", [tenant_id])
    return count
