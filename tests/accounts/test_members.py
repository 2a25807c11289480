"""Members: admitted, changed, restricted, and let go, without the organisation losing its last administrator."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.entities import entity_ids_of
from accounts.models import ApiKey, Invitation, Member, Role, User, UserTenant
from accounts.roles import Can
from accounts.services.api_keys import create_api_key
from accounts.services.invitations import invite
from accounts.services.members import (
    AlreadyMember,
    BadMember,
    PasswordNotNeeded,
    admit_member,
    change_member,
    deactivate_member,
    name_member,
)
from accounts.services.persons import BadEmail, WeakPassword, person_with
from accounts.services.rights import CannotGrant, LastAdministrator, UnknownEntity
from accounts.services.roles import create_role
from core.audit import SYSTEM, Actor
from core.errors import NotAllowed, NotFound
from core.models import AuditRecord
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_entity, make_member, make_tenant, make_user


def role_id(code: str):
    return Role.objects.get(code=code).id


def admit(email="lea@nordis.example", *, role="collector", actor=SYSTEM, **fields) -> Member:
    return admit_member(email=email, name=fields.pop("name", "Léa"), role_id=role_id(role), actor=actor, **fields)


def test_a_person_admitted_signs_in_with_the_password_given(tenant):
    member = admit("Lea@Nordis.example", password=PASSWORD)
    assert member.user.email == "lea@nordis.example"
    assert member.user.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=member.user).verified
    assert UserTenant.objects.filter(user=member.user, of_tenant=tenant).exists()


def test_a_person_who_exists_is_linked_and_keeps_their_password(tenant):
    user = make_user(email="lea@nordis.example", password=PASSWORD)
    assert admit().user == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_password_for_a_person_who_exists_is_refused(tenant):
    make_user(email="lea@nordis.example", password=PASSWORD)
    with pytest.raises(PasswordNotNeeded):
        admit(password="another one entirely")


def test_a_weak_password_is_refused(tenant):
    with pytest.raises(WeakPassword) as refusal:
        admit(password="lea@nordis")
    assert list(refusal.value.fields) == ["password"]


@pytest.mark.parametrize("email", ["", "lea", "lea@", "lea@nordis.example\nBcc: x@y.example"])
def test_what_is_no_address_is_refused(tenant, email):
    with pytest.raises(BadEmail):
        admit(email)


def test_nobody_is_admitted_twice(tenant):
    admit()
    with pytest.raises(AlreadyMember):
        admit()


def test_a_name_of_the_erp_becomes_the_person(tenant):
    named = name_member(name="L. Durand", source_ref="V17", role_id=role_id("sales"), actor=SYSTEM)
    member = admit(source_ref="V17", role="sales")
    assert (member.id, member.source_ref, member.name) == (named.id, "V17", "Léa")


def test_a_name_of_the_erp_is_made_once(tenant):
    first = name_member(name="L. Durand", source_ref="V17", role_id=role_id("sales"), actor=SYSTEM)
    again = name_member(name="Durand, L.", source_ref="V17", role_id=role_id("sales"), actor=SYSTEM)
    assert (again.id, again.name) == (first.id, "L. Durand")
    assert AuditRecord.objects.filter(action="accounts.member_named").count() == 1


def test_a_name_needs_its_reference(tenant):
    with pytest.raises(BadMember):
        name_member(name="Somebody", source_ref=" ", role_id=role_id("sales"), actor=SYSTEM)


def test_changing_role_and_entities_is_audited_without_names(as_admin):
    entity = make_entity(code="FR")
    member = make_member(role="collector", name="Léa Durand")
    change_member(
        member_id=member.id, name="Léa Martin", role_id=role_id("cfo"), entity_ids=[entity.id], actor=as_admin
    )
    member.refresh_from_db()
    assert (member.name, member.role.code, entity_ids_of(member)) == ("Léa Martin", "cfo", {entity.id})
    record = AuditRecord.objects.get(action="accounts.member_changed")
    assert record.changes == {
        "name": [None, None],
        "role": [str(role_id("collector")), str(role_id("cfo"))],
        "entities": [[], [str(entity.id)]],
    }


def test_a_restriction_is_replaced_as_a_whole(as_admin):
    france, germany = make_entity(code="FR"), make_entity(code="DE")
    member = make_member(role="collector")
    for wanted in ([france.id], [germany.id], [france.id, germany.id], []):
        change_member(member_id=member.id, name="L", role_id=member.role_id, entity_ids=wanted, actor=as_admin)
        assert entity_ids_of(member) == set(wanted)


def test_an_entity_that_does_not_exist_is_refused(as_admin):
    member = make_member(role="collector")
    with pytest.raises(UnknownEntity):
        change_member(member_id=member.id, name="L", role_id=member.role_id, entity_ids=[uuid4()], actor=as_admin)


def test_an_entity_of_another_organisation_does_not_exist(organisation):
    with tenant_scope(make_tenant()):
        foreign = make_entity(code="FR")
    with tenant_scope(organisation):
        admin, member = make_member(role="admin"), make_member(role="collector")
        with pytest.raises(UnknownEntity):
            change_member(
                member_id=member.id,
                name="L",
                role_id=member.role_id,
                entity_ids=[foreign.id],
                actor=Actor.member(admin),
            )


def test_nobody_gives_a_role_with_rights_that_they_lack(as_admin):
    clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_MEMBERS], actor=as_admin)
    member = make_member(role=clerk.code)
    with pytest.raises(CannotGrant):
        change_member(member_id=member.id, name=member.name, role_id=role_id("admin"), actor=Actor.member(member))
    with pytest.raises(CannotGrant):
        admit(role="admin", actor=Actor.member(member))


def test_who_is_restricted_to_entities_frees_nobody_not_even_themselves(as_admin):
    france, germany = make_entity(code="FR"), make_entity(code="DE")
    local = make_member(role="admin")
    change_member(member_id=local.id, name="Local", role_id=local.role_id, entity_ids=[france.id], actor=as_admin)
    for wanted in ([], [germany.id], [france.id, germany.id]):
        with pytest.raises(CannotGrant):
            change_member(
                member_id=local.id,
                name="Local",
                role_id=local.role_id,
                entity_ids=wanted,
                actor=Actor.member(local),
            )
    assert admit(actor=Actor.member(local), entity_ids=[france.id])


def test_the_last_administrator_cannot_be_demoted_or_removed(admin, as_admin):
    with pytest.raises(LastAdministrator):
        change_member(member_id=admin.id, name="Ada", role_id=role_id("cfo"), actor=as_admin)
    with pytest.raises(LastAdministrator):
        deactivate_member(member_id=admin.id, actor=as_admin)
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.role.code == "admin"


def test_an_administrator_who_cannot_sign_in_does_not_count(admin, as_admin):
    asleep = make_member(role="admin")
    User.objects.filter(id=asleep.user_id).update(is_active=False)
    with pytest.raises(LastAdministrator):
        deactivate_member(member_id=admin.id, actor=as_admin)


def test_with_a_second_administrator_the_first_may_go(admin, as_admin):
    make_member(role="admin")
    deactivate_member(member_id=admin.id, actor=as_admin)
    with pytest.raises(NotAllowed):
        admit(actor=as_admin)


def test_an_organisation_made_by_command_admits_members_before_it_has_an_administrator(tenant):
    member = admit(role="collector")
    deactivate_member(member_id=member.id, actor=SYSTEM)


def test_who_is_let_go_is_signed_out_everywhere_and_enters_no_more(organisation):
    with tenant_scope(organisation):
        admin = make_member(role="admin")
        member = admit(password=PASSWORD)
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post(reverse("account_login"), {"login": "lea@nordis.example", "password": PASSWORD})
        assert browser.get(reverse("sandbox")).status_code == 200
    assert UserSession.objects.filter(user=member.user).count() == 2
    with tenant_scope(organisation):
        deactivate_member(member_id=member.id, actor=Actor.member(admin))
    assert not UserSession.objects.filter(user=member.user).exists()
    for browser in browsers:
        assert browser.get(reverse("sandbox")).url.startswith(reverse("account_login"))
    back = Client()
    back.post(reverse("account_login"), {"login": "lea@nordis.example", "password": PASSWORD})
    assert back.get(reverse("sandbox")).url == reverse("organisations")


def test_what_somebody_gave_is_revoked_with_them_when_asked(admin, as_admin):
    leaver = make_member(role="admin")
    theirs = Actor.member(leaver)
    key = create_api_key(name="K", role_id=role_id("auditor"), actor=theirs).key
    kept = create_api_key(name="Mine", role_id=role_id("auditor"), actor=as_admin).key
    invitation = invite(email="alias@nordis.example", role_id=role_id("cfo"), actor=theirs)
    deactivate_member(member_id=leaver.id, also_revoke=True, actor=as_admin)
    assert ApiKey.objects.get(id=key.id).revoked_at is not None
    assert ApiKey.objects.get(id=kept.id).revoked_at is None
    assert Invitation.objects.get(id=invitation.id).withdrawn_at is not None


def test_what_somebody_gave_stays_when_not_asked(admin, as_admin):
    leaver = make_member(role="admin")
    key = create_api_key(name="K", role_id=role_id("auditor"), actor=Actor.member(leaver)).key
    deactivate_member(member_id=leaver.id, actor=as_admin)
    assert ApiKey.objects.get(id=key.id).revoked_at is None


def test_letting_go_twice_is_once(admin, as_admin):
    member = make_member(role="collector")
    for _ in range(2):
        deactivate_member(member_id=member.id, actor=as_admin)
    assert AuditRecord.objects.filter(action="accounts.member_deactivated").count() == 1


def test_another_organisations_member_is_not_found(organisation):
    with tenant_scope(make_tenant()):
        foreign = make_member(role="collector")
    with tenant_scope(organisation), pytest.raises(NotFound):
        deactivate_member(member_id=foreign.id, actor=SYSTEM)


def test_an_address_added_but_never_confirmed_belongs_to_nobody(tenant):
    """Else whoever adds a colleague's address to their own account would be taken for the colleague."""
    thief = make_user(email="thief@nordis.example")
    EmailAddress.objects.create(user=thief, email="boss@nordis.example", verified=False, primary=False)
    assert person_with(email="boss@nordis.example") is None
    EmailAddress.objects.update(verified=True)
    assert person_with(email="boss@nordis.example") == thief
