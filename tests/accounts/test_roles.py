"""Roles: rows of the organisation that nobody can use to give away more than they have, or to lock everybody out."""

import pytest

from accounts.models import ApiKey, Role
from accounts.roles import DEFAULT_ROLES, EVERYTHING, Can, default_role
from accounts.services.api_keys import create_api_key, revoke_api_key
from accounts.services.invitations import invite, withdraw_invitation
from accounts.services.members import deactivate_member
from accounts.services.rights import CannotGrant, LastAdministrator, capabilities_of
from accounts.services.roles import BadRole, RoleInUse, change_role, copy_role, create_role, delete_role
from core.audit import Actor
from core.errors import NotFound
from core.models import AuditRecord
from tests.make import make_member


def change(role: Role, *, actor: Actor, add=(), remove=(), **values) -> Role:
    kept = (capabilities_of(role) | set(add)) - set(remove)
    return change_role(
        role_id=role.id,
        name=values.get("name", role.name),
        capabilities=kept,
        portfolio_only=values.get("portfolio_only", role.portfolio_only),
        actor=actor,
    )


def test_a_new_organisation_has_the_default_roles(tenant):
    assert {role.code: capabilities_of(role) for role in Role.objects.all()} == {
        default.code: default.can for default in DEFAULT_ROLES
    }
    assert [role.code for role in Role.objects.filter(portfolio_only=True)] == ["sales"]


def test_the_administrator_of_a_new_organisation_has_every_right_to_give():
    assert default_role("admin").can == EVERYTHING


def test_a_role_is_created_with_a_code_made_from_its_name(as_admin):
    role = create_role(name="Export  team", capabilities=[Can.EXPORT, Can.VIEW_ITEMS], actor=as_admin)
    assert (role.code, role.name) == ("export_team", "Export team")
    assert role.capabilities == ["receivables.export", "receivables.view_items"]
    record = AuditRecord.objects.get(action="accounts.role_created")
    assert (record.object_id, record.actor_id) == (role.id, as_admin.id)


def test_two_roles_cannot_have_one_name(as_admin):
    with pytest.raises(BadRole) as refusal:
        create_role(name="collector", capabilities=[], actor=as_admin)
    assert list(refusal.value.fields) == ["name"]


def test_a_code_that_is_taken_gets_a_number(as_admin):
    collector = Role.objects.get(code="collector")
    change(collector, actor=as_admin, name="Dunning")
    assert create_role(name="Collector", capabilities=[], actor=as_admin).code == "collector_2"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_role_needs_a_name_of_reasonable_length(as_admin, name):
    with pytest.raises(BadRole):
        create_role(name=name, capabilities=[], actor=as_admin)


def test_a_right_that_does_not_exist_is_refused(as_admin):
    with pytest.raises(BadRole) as refusal:
        create_role(name="X", capabilities=["risk.move_mountains"], actor=as_admin)
    assert list(refusal.value.fields) == ["capabilities"]


def test_renaming_and_changing_a_role_is_audited_with_before_and_after(as_admin):
    role = change(Role.objects.get(code="auditor"), actor=as_admin, name="Auditors", remove=[Can.EXPORT])
    assert role.code == "auditor"
    changes = AuditRecord.objects.get(action="accounts.role_changed").changes
    assert changes["name"] == ["Auditor", "Auditors"]
    assert set(changes["capabilities"][0]) - set(changes["capabilities"][1]) == {"receivables.export"}


def test_saving_a_role_unchanged_writes_nothing(as_admin):
    change(Role.objects.get(code="auditor"), actor=as_admin)
    assert not AuditRecord.objects.filter(action="accounts.role_changed").exists()


def test_nobody_grants_a_right_that_they_lack(as_admin):
    clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_ROLES, Can.EXPORT], actor=as_admin)
    member = make_member(role=clerk.code)
    with pytest.raises(CannotGrant, match="Approve the start of sending"):
        change(clerk, actor=Actor.member(member), add=[Can.APPROVE_GO_LIVE])
    with pytest.raises(CannotGrant):
        create_role(name="Back door", capabilities=EVERYTHING, actor=Actor.member(member))
    with pytest.raises(CannotGrant):
        copy_role(role_id=Role.objects.get(code="admin").id, actor=Actor.member(member))


def test_who_governs_gives_a_right_that_nobody_holds(admin, as_admin):
    """Else a right that a later version brings, or that left with its last holder, could never be given again."""
    change(admin.role, actor=as_admin, remove=[Can.APPROVE_GO_LIVE, Can.EXPORT])
    manager = make_member(role="credit_manager")
    with pytest.raises(CannotGrant):
        change(admin.role, actor=as_admin, add=[Can.APPROVE_GO_LIVE])
    deactivate_member(member_id=manager.id, actor=as_admin)
    assert Can.APPROVE_GO_LIVE in capabilities_of(change(admin.role, actor=as_admin, add=[Can.APPROVE_GO_LIVE]))


def test_who_does_not_govern_gives_no_right_that_nobody_holds(admin, as_admin):
    clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_ROLES], actor=as_admin)
    member = make_member(role=clerk.code)
    change(admin.role, actor=as_admin, remove=[Can.APPROVE_GO_LIVE])
    with pytest.raises(CannotGrant):
        change(clerk, actor=Actor.member(member), add=[Can.APPROVE_GO_LIVE])


def test_rights_that_a_role_has_stay_when_somebody_without_them_renames_it(as_admin):
    clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_ROLES], actor=as_admin)
    member = make_member(role=clerk.code)
    role = change(Role.objects.get(code="cfo"), actor=Actor.member(member), name="Finance director")
    assert capabilities_of(role) == default_role("cfo").can


def test_who_sees_own_customers_only_lets_nobody_see_all(as_admin):
    narrow = create_role(
        name="Narrow", capabilities=[Can.MANAGE_ROLES, Can.EXPORT], portfolio_only=True, actor=as_admin
    )
    member = Actor.member(make_member(role=narrow.code))
    with pytest.raises(CannotGrant):
        create_role(name="Wide", capabilities=[Can.EXPORT], portfolio_only=False, actor=member)
    with pytest.raises(CannotGrant):
        change(narrow, actor=member, portfolio_only=False)
    assert create_role(name="Narrow too", capabilities=[Can.EXPORT], portfolio_only=True, actor=member).portfolio_only


def test_the_last_role_that_governs_cannot_be_emptied(admin, as_admin):
    with pytest.raises(LastAdministrator):
        change(admin.role, actor=as_admin, remove=[Can.MANAGE_ROLES])
    with pytest.raises(LastAdministrator):
        change(admin.role, actor=as_admin, remove=[Can.MANAGE_MEMBERS])
    change(admin.role, actor=as_admin, remove=[Can.EXPORT])


def test_a_role_may_lose_its_rights_when_another_member_governs(admin, as_admin):
    deputy = create_role(name="Deputy", capabilities=[Can.MANAGE_ROLES, Can.MANAGE_MEMBERS], actor=as_admin)
    make_member(role=deputy.code)
    change(admin.role, actor=as_admin, remove=[Can.MANAGE_ROLES])


def test_both_rights_must_be_with_one_person(admin, as_admin):
    half = create_role(name="Half", capabilities=[Can.MANAGE_ROLES], actor=as_admin)
    other_half = create_role(name="Other half", capabilities=[Can.MANAGE_MEMBERS], actor=as_admin)
    make_member(role=half.code)
    make_member(role=other_half.code)
    with pytest.raises(LastAdministrator):
        change(admin.role, actor=as_admin, remove=[Can.MANAGE_ROLES])


def test_copies_are_numbered(as_admin):
    cfo = Role.objects.get(code="cfo")
    assert [copy_role(role_id=cfo.id, actor=as_admin).name for _ in range(3)] == [
        "CFO (copy)",
        "CFO (copy 2)",
        "CFO (copy 3)",
    ]


def test_a_role_without_members_is_deleted(as_admin):
    role = create_role(name="Short-lived", capabilities=[], actor=as_admin)
    delete_role(role_id=role.id, actor=as_admin)
    assert not Role.objects.filter(id=role.id).exists()
    assert AuditRecord.objects.get(action="accounts.role_deleted").object_id == role.id


def test_a_role_in_use_is_not_deleted(as_admin):
    role = create_role(name="Used", capabilities=[Can.EXPORT], actor=as_admin)
    member = make_member(role=role.code)
    with pytest.raises(RoleInUse, match="1 member"):
        delete_role(role_id=role.id, actor=as_admin)
    member.is_active = False
    member.save()
    with pytest.raises(RoleInUse):
        delete_role(role_id=role.id, actor=as_admin)


def test_a_role_that_a_key_names_is_not_deleted_even_when_revoked(as_admin):
    role = create_role(name="For a key", capabilities=[Can.EXPORT], actor=as_admin)
    key = create_api_key(name="K", role_id=role.id, actor=as_admin).key
    revoke_api_key(key_id=key.id, actor=as_admin)
    with pytest.raises(RoleInUse, match="1 API key"):
        delete_role(role_id=role.id, actor=as_admin)
    assert ApiKey.objects.get().role == role


def test_an_open_invitation_keeps_a_role_and_a_closed_one_does_not(as_admin):
    role = create_role(name="Invited", capabilities=[Can.EXPORT], actor=as_admin)
    invitation = invite(email="new@nordis.example", role_id=role.id, actor=as_admin)
    with pytest.raises(RoleInUse, match="1 invitation"):
        delete_role(role_id=role.id, actor=as_admin)
    withdraw_invitation(invitation_id=invitation.id, actor=as_admin)
    delete_role(role_id=role.id, actor=as_admin)
    assert not Role.objects.filter(id=role.id).exists()


def test_an_unknown_role_is_not_found(as_admin, admin):
    with pytest.raises(NotFound):
        delete_role(role_id=admin.id, actor=as_admin)


def test_a_capability_dropped_by_a_later_version_is_no_right(tenant):
    role = Role.objects.get(code="auditor")
    role.capabilities = [*role.capabilities, "risk.gone"]
    assert capabilities_of(role) == default_role("auditor").can
