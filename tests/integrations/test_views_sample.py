"""The sample company of one's own: one click loads it, one click removes it."""

import pytest
from django.urls import reverse

from accounts.models import Tenant
from core.tenancy import tenant_scope
from receivables.models import Customer
from tests.accounts.conftest import enter
from tests.make import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "spool"


def test_one_click_loads_it_and_one_click_removes_it(organisation):
    client, member = enter(organisation, role="collector")
    assert "Load the sample company" in client.get(reverse("sample")).content.decode()
    client.post(reverse("sample_load"))
    own = Tenant.objects.get(slug=f"sample-{member.user.pk.hex}")
    assert own.is_sandbox
    assert client.session["tenant"] == str(own.id)
    with tenant_scope(own):
        assert Customer.objects.count() == 300
    client.post(reverse("sample_load"))
    assert Tenant.objects.filter(slug__startswith="sample-").count() == 1
    assert "Go to your sample company" in client.get(reverse("sample")).content.decode()
    client.post(reverse("sample_remove"), {"organisation": str(own.id)})
    own.refresh_from_db()
    assert own.status == Tenant.Status.SUSPENDED
    assert "tenant" not in client.session
    assert client.post(reverse("sample_remove"), {"organisation": str(own.id)}).status_code == 404
    assert not Tenant.objects.filter(slug=f"sample-{member.user.pk.hex}").exists()


def test_only_who_administers_a_sandbox_removes_it(organisation):
    collector, _member = enter(organisation, role="collector")
    assert organisation.name not in collector.get(reverse("sample")).content.decode()
    assert collector.post(reverse("sample_remove"), {"organisation": str(organisation.id)}).status_code == 403
    admin, _member = enter(organisation)
    assert organisation.name in admin.get(reverse("sample")).content.decode()
    assert admin.post(reverse("sample_remove"), {"organisation": str(organisation.id)}).url == reverse("organisations")


def test_a_real_organisation_is_never_removed(db):
    real = make_tenant(sandbox_on=None)
    admin, _member = enter(real)
    assert admin.post(reverse("sample_remove"), {"organisation": str(real.id)}).status_code == 409
    real.refresh_from_db()
    assert real.status == Tenant.Status.ACTIVE


@pytest.mark.parametrize("wanted", ["", "nonsense", "179f9b98-a21c-430b-a045-1830b17fca74"])
def test_what_one_may_not_enter_is_not_found(organisation, wanted):
    client, _member = enter(organisation)
    assert client.post(reverse("sample_remove"), {"organisation": wanted}).status_code == 404
    foreign = make_tenant()
    assert client.post(reverse("sample_remove"), {"organisation": str(foreign.id)}).status_code == 404


def test_a_stranger_is_sent_to_the_sign_in_page(client, db):
    for name in ("sample_load", "sample_remove"):
        assert client.post(reverse(name)).url.startswith(reverse("account_login"))
