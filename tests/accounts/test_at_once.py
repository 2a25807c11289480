"""Two at the same moment: the organisation keeps an administrator, a link makes one member, a key waits for nobody."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts.keys import digest
from accounts.models import ApiKey, Invitation, Member, Role
from accounts.services.api_keys import create_api_key, read_key, verify_key
from accounts.services.invitations import BadInvitation, SignInFirst, accept_as_new_person, invite
from accounts.services.members import deactivate_member
from accounts.services.rights import LastAdministrator, lock_organisation
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_customer, make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(tenant, *acts: Callable[[], object]) -> list[object]:
    """What each act gave or raised, all begun together, each in a connection and transaction of its own."""
    start, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        try:
            with tenant_scope(tenant), transaction.atomic():
                start.wait()
                results[n] = acts[n]()
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_administrators_who_remove_each_other_do_not_both_succeed():
    for _round in range(5):
        tenant = make_tenant()
        with tenant_scope(tenant), transaction.atomic():
            ids = [make_member(role="admin").id for _ in range(2)]
        results = at_once(
            tenant,
            lambda ids=ids: deactivate_member(member_id=ids[0], actor=SYSTEM),
            lambda ids=ids: deactivate_member(member_id=ids[1], actor=SYSTEM),
        )
        assert sorted(type(result) for result in results if isinstance(result, Exception)) == [LastAdministrator]
        with tenant_scope(tenant), transaction.atomic():
            assert Member.objects.filter(is_active=True).count() == 1


def test_two_clicks_on_one_invitation_make_one_member():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        invitation = invite(email="n@nordis.example", role_id=Role.objects.get(code="cfo").id, actor=SYSTEM)
        Invitation.objects.update(secret_hash=digest("known"))

    def accept() -> Member:
        return accept_as_new_person(
            invitation_id=invitation.id, secret="known", name="N", password=PASSWORD, language=""
        )

    results = at_once(tenant, accept, accept)
    assert sum(isinstance(result, Member) for result in results) == 1
    assert sum(isinstance(result, (BadInvitation, SignInFirst)) for result in results) == 1
    with tenant_scope(tenant), transaction.atomic():
        assert Member.objects.count() == 1


def test_a_call_does_not_wait_for_another_call_that_notes_the_use_of_the_same_key():
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        text = create_api_key(name="K", role_id=Role.objects.get(code="cfo").id, actor=SYSTEM).text
    parts = read_key(text)
    with tenant_scope(tenant), transaction.atomic():
        assert ApiKey.objects.select_for_update().get().last_used_at is None  # the other call, still busy

        def verify() -> bool:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
            return verify_key(key_id=parts.key_id, secret=parts.secret) is not None

        assert at_once(tenant, verify) == [True]


def test_changing_members_does_not_hold_up_the_days_work():
    """The lock on the organisation must let rows that refer to it be written."""
    tenant = make_tenant()
    with tenant_scope(tenant), transaction.atomic():
        lock_organisation()

        def work() -> object:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
            return make_customer(ref="C1").ref

        assert at_once(tenant, work) == ["C1"]
