"""The sample company comes in through the import, whole or not at all, and goes again."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.demo import DEMO_PASSWORD, demo_logins
from accounts.models import Member, Tenant, UserTenant
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.management.commands.purge_tenant import purge
from integrations.models import SyncRun
from integrations.services.sample_company import NotASample, load_sample_company, remove_sandbox
from receivables.models import Customer, CustomerBalance, Entity, Hold, LedgerItem, Promise
from receivables.sample import generate
from receivables.services.open_amounts import check_open_amounts
from tests.make import make_tenant

ON = date(2025, 11, 21)


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.mark.django_db
def test_it_is_what_was_generated_and_can_be_closed(db):
    company = generate(ON)
    tenant = load_sample_company(on=ON, slug="nordis-test", with_logins=True)
    assert (tenant.is_sandbox, tenant.sandbox_on) == (True, ON)
    with tenant_scope(tenant):
        assert set(SyncRun.objects.values_list("state", "rejected_count")) == {("APPLIED", 0)}
        assert Entity.objects.count() == 3
        assert Customer.objects.count() == 300
        assert LedgerItem.objects.count() == len(company.items)
        expected: dict[str, Decimal] = {}
        for row in company.items:
            expected[row.currency] = expected.get(row.currency, Decimal(0)) + row.amount
        found: dict[str, Decimal] = {}
        for balance in CustomerBalance.objects.all():
            found[balance.currency] = found.get(balance.currency, Decimal(0)) + balance.open_amount
        assert found == expected
        assert check_open_amounts() == []
        assert Hold.objects.count() == len(company.holds)
        states = set(Promise.objects.values_list("state", flat=True))
        assert states == {"OPEN", "KEPT", "BROKEN"}
        assert not Promise.objects.filter(state="OPEN", due_on__lt=ON).exists()
        assert {login.password for login in demo_logins()} == {DEMO_PASSWORD}
        assert Member.objects.filter(source_ref="", user=None).count() == 0
    removed = remove_sandbox(tenant=tenant, actor=SYSTEM)
    assert removed.status == Tenant.Status.SUSPENDED
    assert not UserTenant.objects.filter(of_tenant=tenant).exists()
    again = load_sample_company(on=ON, slug="nordis-test", with_logins=True)
    assert again.id != tenant.id
    with tenant_scope(again):
        assert len(demo_logins()) >= 5


@pytest.mark.django_db
def test_an_organisation_at_work_is_not_removed_like_a_sandbox(db):
    with pytest.raises(NotASample):
        remove_sandbox(tenant=make_tenant(sandbox_on=None), actor=SYSTEM)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_deletes_every_row_of_a_closed_organisation(settings):
    keep, tenant = make_tenant(slug="keep"), load_sample_company(on=ON, slug="nordis-test")
    with pytest.raises(CommandError, match="active"):
        call_command("purge_tenant", "nordis-test", "--yes")
    with transaction.atomic():
        remove_sandbox(tenant=tenant, actor=SYSTEM)
    with pytest.raises(CommandError, match="--yes"):
        call_command("purge_tenant", str(tenant.id))
    out = io.StringIO()
    call_command("purge_tenant", str(tenant.id), "--yes", stdout=out)
    assert "Deleted" in out.getvalue()
    assert not Tenant.objects.filter(id=tenant.id).exists()
    assert Tenant.objects.filter(id=keep.id).exists()
    assert purge(tenant.id) == 0
