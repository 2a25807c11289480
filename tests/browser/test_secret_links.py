"""Links that are secrets, in a browser: their forms are sent, and their address is told to nobody else."""

import re

import pytest
from django.db import transaction

from accounts.models import Member, Role
from accounts.services.invitations import invite
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_invited_person_joins(visit, transactional_db, mailoutbox):
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        invite(email="nina@nordis.example", role_id=Role.objects.get(code="collector").id, actor=SYSTEM)
    opened = visit()
    page = opened.go(re.findall(r"(/join/\S+)", mailoutbox[0].body)[0])
    assert opened.faults() == []
    page.fill("[name=name]", "Nina New")
    page.fill("[name=password]", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("nav")
    with tenant_scope(tenant), transaction.atomic():
        assert Member.objects.get(email="nina@nordis.example").user is not None
