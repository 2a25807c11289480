"""API keys: what they may be made of, and that each wrong one gets the same answer."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import scope_of_key
from accounts.keys import digest, matches, new_secret
from accounts.models import ApiKey, Member, Role
from accounts.roles import Can
from accounts.services.api_keys import BadApiKey, create_api_key, read_key, revoke_api_key, write_key
from accounts.services.members import change_member
from accounts.services.rights import CannotGrant
from accounts.services.roles import create_role
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from core.tenancy import current_tenant_id, tenant_scope
from receivables.models import Customer
from tests.make import make_customer, make_entity, make_member, make_tenant

pytestmark = pytest.mark.urls("tests.accounts.api_urls")
CUSTOMERS = "/api/v1/customers/"


def role_id(code: str):
    return Role.objects.get(code=code).id


def make_key(organisation, *, role: str = "credit_manager", **fields) -> str:
    with tenant_scope(organisation):
        return create_api_key(name="K", role_id=role_id(role), actor=fields.pop("actor", SYSTEM), **fields).text


def key_without_rights(organisation) -> str:
    with tenant_scope(organisation):
        create_role(name="Nothing", capabilities=[], actor=SYSTEM)
    return make_key(organisation, role="nothing")


def call(key: str | None, path: str = CUSTOMERS, method: str = "get", **fields):
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return getattr(Client(raise_request_exception=False), method)(path, headers=headers, **fields)


# --- The text of a key -----------------------------------------------------------------------------------------------


def test_a_key_names_its_tenant_and_itself_and_holds_256_bits(organisation):
    parts = read_key(make_key(organisation))
    assert parts.tenant_id == organisation.id
    assert len(parts.secret) == 64
    assert int(parts.secret, 16) < 2**256
    with tenant_scope(organisation):
        key = ApiKey.objects.get(id=parts.key_id)
    assert key.secret_hash == digest(parts.secret)


@pytest.mark.parametrize(
    "text",
    ["", "enc", "enc_", "enc___", f"enc_{'0' * 32}_{'0' * 32}", f"enc_{'g' * 32}_{'0' * 32}_x", f"pk_{'0' * 32}_{'0' * 32}_x",
     f"enc_{'0' * 31}_{'0' * 32}_x", f"enc_{'0' * 32}_{'0' * 33}_x", f"enc_{'0' * 32}_{'0' * 32}_é"],
)  # fmt: skip
def test_what_is_no_key_is_none(text):
    assert read_key(text) is None


def test_a_key_reads_as_it_was_written():
    tenant_id, key_id, secret = uuid4(), uuid4(), new_secret()
    parts = read_key(write_key(tenant_id=tenant_id, key_id=key_id, secret=secret))
    assert (parts.tenant_id, parts.key_id, parts.secret) == (tenant_id, key_id, secret)


def test_secrets_match_their_own_digest_only():
    secret = new_secret()
    assert matches(secret, digest(secret))
    assert not matches(new_secret(), digest(secret))
    assert not matches(secret, "")


# --- Making keys -----------------------------------------------------------------------------------------------------


def test_a_key_cannot_have_more_rights_than_its_role(as_admin):
    with pytest.raises(BadApiKey) as refusal:
        create_api_key(name="K", role_id=role_id("auditor"), scopes=[Can.IMPORT_LEDGER], actor=as_admin)
    assert list(refusal.value.fields) == ["scopes"]


def test_a_key_cannot_have_more_rights_than_its_maker(as_admin):
    keeper = create_role(name="Keeper", capabilities=[Can.MANAGE_API_KEYS, Can.VIEW_ITEMS], actor=as_admin)
    maker = Actor.member(make_member(role=keeper.code))
    with pytest.raises(CannotGrant):
        create_api_key(name="K", role_id=role_id("auditor"), actor=maker)
    narrowed = create_api_key(name="K", role_id=role_id("auditor"), scopes=[Can.VIEW_ITEMS], actor=maker)
    assert [can for can in Can if narrowed.key.can(can)] == [Can.VIEW_ITEMS]


@pytest.mark.parametrize(
    ("name", "scopes", "ends"),
    [("", [], None), ("x" * 81, [], None), ("K", ["no.such"], None), ("K", [], datetime(2020, 1, 1, tzinfo=UTC))],
)
def test_a_key_is_refused_for_a_bad_name_scope_or_end(as_admin, name, scopes, ends):
    with pytest.raises(BadApiKey):
        create_api_key(name=name, role_id=role_id("auditor"), scopes=scopes, expires_at=ends, actor=as_admin)


def test_the_audit_has_no_secret(as_admin):
    new = create_api_key(name="K", role_id=role_id("auditor"), actor=as_admin)
    record = AuditRecord.objects.get(action="accounts.api_key_created")
    text = str(record.changes)
    assert record.object_id == new.key.id
    assert new.text.rpartition("_")[2] not in text
    assert new.key.secret_hash not in text


# --- Calling ---------------------------------------------------------------------------------------------------------


def test_a_call_sees_the_keys_organisation_and_no_other(organisation):
    other = make_tenant()
    with tenant_scope(organisation):
        make_customer(ref="MINE")
    with tenant_scope(other):
        make_customer(ref="OTHERS")
    answer = call(make_key(organisation))
    assert answer.status_code == 200
    assert answer.json() == {
        "tenant": str(organisation.id),
        "refs": ["MINE"],
        "on": organisation.sandbox_on.isoformat(),
        "by": "API_KEY",
    }
    assert current_tenant_id() is None


def test_every_key_that_opens_nothing_gets_the_same_answer(organisation):
    other = make_tenant()
    good = read_key(make_key(organisation))
    with tenant_scope(organisation):
        revoked = create_api_key(name="R", role_id=role_id("auditor"), actor=SYSTEM)
        revoke_api_key(key_id=revoked.key.id, actor=SYSTEM)
        expiring = create_api_key(
            name="E", role_id=role_id("auditor"), expires_at=timezone.now() + timedelta(hours=1), actor=SYSTEM
        )
        ApiKey.objects.filter(id=expiring.key.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    suspended = make_tenant()
    of_suspended = make_key(suspended)
    suspended.status = suspended.Status.SUSPENDED
    suspended.save()
    keys = {
        "none": None,
        "empty": "",
        "no key": "hello",
        "unknown tenant": write_key(tenant_id=uuid4(), key_id=good.key_id, secret=good.secret),
        "another tenant": write_key(tenant_id=other.id, key_id=good.key_id, secret=good.secret),
        "unknown key": write_key(tenant_id=good.tenant_id, key_id=uuid4(), secret=good.secret),
        "wrong secret": write_key(tenant_id=good.tenant_id, key_id=good.key_id, secret="0" * 64),
        "revoked": revoked.text,
        "expired": expiring.text,
        "suspended": of_suspended,
    }
    answers = {name: call(key) for name, key in keys.items()}
    assert {(a.status_code, a.headers["Content-Type"], a.content) for a in answers.values()} == {
        (401, "application/problem+json", answers["none"].content)
    }
    assert answers["none"].json()["code"] == "not_authenticated"
    assert answers["none"].headers["WWW-Authenticate"].startswith("Bearer")
    assert current_tenant_id() is None


@pytest.mark.parametrize("header", ["enc_x", "Basic abc", "Token abc", "Bearer"])
def test_another_kind_of_authorization_is_a_401(organisation, header):
    answer = Client().get(CUSTOMERS, headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_browsers_session_does_not_open_the_api(organisation):
    with tenant_scope(organisation):
        member = make_member(role="admin")
    browser = Client()
    browser.force_login(member.user)
    assert browser.get(CUSTOMERS).status_code == 401


def test_a_key_does_not_open_pages(organisation):
    answer = Client().get("/settings/members/", headers={"Authorization": f"Bearer {make_key(organisation)}"})
    assert answer.status_code == 404  # no such page in this small address book; never the members


def test_a_role_that_lacks_the_right_gets_403(organisation):
    answer = call(key_without_rights(organisation))
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_allowed"


def test_scopes_narrow_a_key(organisation):
    assert call(make_key(organisation, scopes=[Can.VIEW_ITEMS])).status_code == 403
    assert call(make_key(organisation, scopes=[Can.VIEW_CUSTOMERS])).status_code == 200


def test_all_rights_of_an_action_are_asked_for(organisation):
    assert call(make_key(organisation, role="auditor"), method="post").status_code == 403
    assert call(make_key(organisation, role="collector"), method="post").status_code == 409


def test_an_action_that_declares_no_right_is_refused(organisation):
    assert call(make_key(organisation, role="admin"), method="delete").status_code == 403


def test_a_method_that_the_view_does_not_have_is_a_405(organisation):
    answer = call(make_key(organisation, role="admin"), method="patch")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"


def test_a_key_loses_what_its_role_loses(organisation):
    key = make_key(organisation, role="auditor")
    with tenant_scope(organisation):
        Role.objects.filter(code="auditor").update(capabilities=[])
    assert call(key).status_code == 403


def test_what_a_refused_call_wrote_is_rolled_back(organisation):
    assert call(make_key(organisation, role="collector"), method="post").status_code == 409
    with tenant_scope(organisation):
        assert not Customer.objects.exists()


# --- Last use --------------------------------------------------------------------------------------------------------


def last_used(organisation):
    with tenant_scope(organisation):
        return ApiKey.objects.get().last_used_at


def test_the_use_is_noted_once_a_minute(organisation):
    key = make_key(organisation)
    assert last_used(organisation) is None
    call(key)
    assert last_used(organisation) is not None
    an_hour_ago = timezone.now() - timedelta(hours=1)
    with tenant_scope(organisation):
        ApiKey.objects.update(last_used_at=an_hour_ago)
    call(key)
    noted = last_used(organisation)
    assert noted > an_hour_ago
    with tenant_scope(organisation):
        recent = timezone.now() - timedelta(seconds=30)
        ApiKey.objects.update(last_used_at=recent)
    call(key)
    assert last_used(organisation) == recent


def test_the_use_is_noted_even_when_the_call_is_refused(organisation):
    assert call(key_without_rights(organisation)).status_code == 403
    assert last_used(organisation) is not None


def test_a_wrong_secret_is_no_use(organisation):
    parts = read_key(make_key(organisation))
    call(write_key(tenant_id=parts.tenant_id, key_id=parts.key_id, secret="0" * 64))
    assert last_used(organisation) is None


def test_a_key_in_use_costs_one_read_and_no_write(organisation):
    key = make_key(organisation)
    call(key)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call(key)
    sql = [query["sql"] for query in captured if "accounts_" in query["sql"]]
    assert [one for one in sql if one.startswith("UPDATE")] == []
    assert len(sql) == 1


# --- Which rows a key sees -------------------------------------------------------------------------------------------


def test_a_key_sees_the_entities_of_its_maker(as_admin):
    france = make_entity(code="FR")
    maker = make_member(role="admin")
    change_member(member_id=maker.id, name="M", role_id=maker.role_id, entity_ids=[france.id], actor=as_admin)
    key = create_api_key(name="K", role_id=role_id("auditor"), actor=Actor.member(maker)).key
    assert scope_of_key(key).entity_ids == {france.id}
    assert scope_of_key(key).portfolio_of is None


def test_a_portfolio_key_sees_its_makers_customers(as_admin, admin):
    key = create_api_key(name="K", role_id=role_id("sales"), actor=as_admin).key
    assert scope_of_key(key).portfolio_of == admin.id


def test_a_portfolio_key_made_by_command_sees_whom_it_was_made_for_or_nobody(tenant):
    salesperson = make_member(role="sales")
    of_somebody = create_api_key(name="K", role_id=role_id("sales"), portfolio_of=salesperson.id, actor=SYSTEM).key
    assert scope_of_key(of_somebody).portfolio_of == salesperson.id
    of_nobody = create_api_key(name="K", role_id=role_id("sales"), actor=SYSTEM).key
    assert not Member.objects.filter(id=scope_of_key(of_nobody).portfolio_of).exists()


def test_revoking_twice_is_once(as_admin):
    key = create_api_key(name="K", role_id=role_id("auditor"), actor=as_admin).key
    first = revoke_api_key(key_id=key.id, actor=as_admin).revoked_at
    assert revoke_api_key(key_id=key.id, actor=as_admin).revoked_at == first
    assert AuditRecord.objects.filter(action="accounts.api_key_revoked").count() == 1


def test_a_key_ends_at_the_moment_set(organisation):
    ends = timezone.now() + timedelta(days=30)
    key = make_key(organisation, expires_at=ends)
    assert call(key).status_code == 200
    with tenant_scope(organisation):
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(microseconds=1))
    assert call(key).status_code == 401
    with time_machine.travel(ends + timedelta(days=1), tick=True), tenant_scope(organisation):
        ApiKey.objects.update(expires_at=None)
    assert call(key).status_code == 200
