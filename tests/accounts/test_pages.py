"""The pages of accounts: what they show, what their forms do, and what they never show again."""

import pytest
from django.urls import reverse

from accounts.entities import entity_ids_of
from accounts.models import ApiKey, Invitation, Member, Role
from accounts.roles import Can
from accounts.services.api_keys import create_api_key, read_key, verify_key
from accounts.services.invitations import invite
from accounts.services.members import deactivate_member, name_member
from accounts.services.roles import create_role
from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from tests.accounts.conftest import enter, signed_in
from tests.make import make_entity, make_member, make_tenant


def role_id(code: str) -> str:
    return str(Role.objects.get(code=code).id)


@pytest.fixture
def office(organisation):
    """(browser of an administrator, the administrator)."""
    return enter(organisation, name="Ada Adler")


# --- Members ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_members_names_from_the_erp_and_who_left(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        make_member(role="collector", name="Léa Active")
        left = make_member(role="cfo", name="Max Left")
        deactivate_member(member_id=left.id, actor=SYSTEM)
        name_member(name="Nora Named", source_ref="V17", role_id=Role.objects.get(code="sales").id, actor=SYSTEM)
        invite(email="ina@nordis.example", role_id=Role.objects.get(code="cfo").id, actor=SYSTEM)
    active, named, gone = (
        client.get(reverse("members"), {"view": view}).content.decode() for view in ("active", "named", "left")
    )
    assert "Léa Active" in active
    assert "Max Left" not in active
    assert "ina@nordis.example" in active
    assert "Nora Named" in named
    assert "V17" in named
    assert "Max Left" in gone
    assert client.get(reverse("members"), {"view": "nonsense"}).context["view"] == "active"


def test_another_organisations_members_are_not_shown(organisation, office):
    client, _admin = office
    with tenant_scope(make_tenant()):
        make_member(role="cfo", name="Zoe Elsewhere")
    assert "Zoe Elsewhere" not in client.get(reverse("members")).content.decode()


def test_inviting_by_the_form(organisation, office, mailoutbox, django_capture_on_commit_callbacks):
    client, admin = office
    with tenant_scope(organisation):
        france = make_entity(code="FR")
        make_entity(code="DE")
        collector = role_id("collector")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("member_invite"),
            {"email": "Lea@nordis.example", "name": "Léa", "role": collector, "entities": [str(france.id)]},
        )
    assert answer.url == reverse("members")
    assert mailoutbox[0].to == ["lea@nordis.example"]
    with tenant_scope(organisation):
        invitation = Invitation.objects.get()
        assert (invitation.invited_by_id, invitation.entity_ids) == (admin.id, [france.id])


def test_no_role_is_chosen_to_begin_with(organisation, office):
    client, _admin = office
    answer = client.post(reverse("member_invite"), {"email": "lea@nordis.example", "role": ""})
    assert answer.status_code == 422
    assert "role" in answer.context["form"].errors


@pytest.mark.parametrize("role", ["nonsense", "00000000-0000-7000-8000-000000000000"])
def test_a_role_that_does_not_exist_is_refused_by_the_form(organisation, office, role):
    client, _admin = office
    assert client.post(reverse("member_invite"), {"email": "l@nordis.example", "role": role}).status_code == 422


def test_a_refusal_of_the_service_is_shown_in_the_form(organisation, office):
    client, admin = office
    with tenant_scope(organisation):
        collector = role_id("collector")
    answer = client.post(reverse("member_invite"), {"email": admin.user.email, "role": collector})
    assert answer.status_code == 422
    assert answer.context["form"].errors["email"] == ["This person is a member already."]


def test_a_name_from_the_erp_is_invited_with_what_is_known(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        named = name_member(
            name="Nora Named", source_ref="V17", role_id=Role.objects.get(code="sales").id, actor=SYSTEM
        )
        sales = role_id("sales")
    address = f"{reverse('member_invite')}?member={named.id}"
    assert client.get(address).context["form"]["name"].value() == "Nora Named"
    client.post(address, {"email": "nora@nordis.example", "name": "Nora", "role": sales})
    with tenant_scope(organisation):
        assert Invitation.objects.get().member_id == named.id


def test_changing_a_member_by_the_form(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        france = make_entity(code="FR")
        make_entity(code="DE")
        member, cfo = make_member(role="collector", name="L"), role_id("cfo")
    address = reverse("member", args=[member.id])
    answer = client.post(address, {"name": "Léa", "role": cfo, "entities": [str(france.id)]})
    assert answer.url == reverse("members")
    with tenant_scope(organisation):
        member.refresh_from_db()
        assert (member.name, member.role.code, entity_ids_of(member)) == ("Léa", "cfo", {france.id})
    assert client.post(address, {"name": "", "role": cfo}).status_code == 422


def test_without_a_second_entity_there_is_nothing_to_restrict_to_and_a_restriction_stays(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        only = make_entity(code="FR")
        member = make_member(role="collector", name="L")
        member.entity_accesses.create(entity=only)
    address = reverse("member", args=[member.id])
    assert "entities" not in client.get(address).context["form"].fields
    client.post(address, {"name": "Léa", "role": str(member.role_id)})
    with tenant_scope(organisation):
        assert entity_ids_of(Member.objects.get(id=member.id)) == {only.id}


def test_the_last_administrator_is_told_so_and_stays(organisation, office):
    client, admin = office
    answer = client.post(reverse("member_deactivate", args=[admin.id]))
    assert answer.status_code == 409
    assert "Somebody must remain" in answer.content.decode()
    assert client.get(reverse("members")).status_code == 200


def test_who_takes_their_own_access_away_is_out(organisation, office):
    client, admin = office
    with tenant_scope(organisation):
        make_member(role="admin")
    client.post(reverse("member_deactivate", args=[admin.id]))
    assert client.get(reverse("members")).url == reverse("organisations")


def test_the_member_page_says_what_they_gave_and_offers_to_revoke_it(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        leaver = make_member(role="admin", name="Max")
        key = create_api_key(
            name="Max's script", role_id=Role.objects.get(code="auditor").id, actor=Actor.member(leaver)
        ).key
    page = client.get(reverse("member", args=[leaver.id])).content.decode()
    assert "Max&#x27;s script" in page
    assert 'name="also_revoke"' in page
    client.post(reverse("member_deactivate", args=[leaver.id]), {"also_revoke": "on"})
    with tenant_scope(organisation):
        assert ApiKey.objects.get(id=key.id).revoked_at is not None


def test_invitations_are_sent_again_and_withdrawn(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        invitation = invite(email="i@nordis.example", role_id=Role.objects.get(code="cfo").id, actor=SYSTEM)
        before = invitation.secret_hash
    client.post(reverse("invitation_resend", args=[invitation.id]))
    with tenant_scope(organisation):
        assert Invitation.objects.get().secret_hash != before
    client.post(reverse("invitation_withdraw", args=[invitation.id]))
    assert client.post(reverse("invitation_withdraw", args=[invitation.id])).status_code == 409
    with tenant_scope(organisation):
        assert Invitation.objects.get().withdrawn_at is not None


# --- Roles -----------------------------------------------------------------------------------------------------------


def test_the_matrix_shows_every_right_of_every_role(organisation, office):
    client, _admin = office
    page = client.get(reverse("roles"))
    rows = [cells for _title, rows in page.context["groups"] for _label, cells in rows]
    assert len(rows) == len(Can)
    roles = [line.role.code for line in page.context["lines"]]
    granted = {code: sum(cells[n] for cells in rows) for n, code in enumerate(roles)}
    assert granted["admin"] == len(Can)
    assert granted["dispute_resolver"] == 1


def test_a_role_is_made_changed_copied_and_deleted(organisation, office):
    client, _admin = office
    client.post(reverse("role_new"), {"name": "Helper", "capabilities": [Can.VIEW_ITEMS.value]})
    with tenant_scope(organisation):
        helper = Role.objects.get(name="Helper")
    client.post(
        reverse("role", args=[helper.id]),
        {"name": "Helpers", "capabilities": [Can.VIEW_ITEMS.value, Can.EXPORT.value], "portfolio_only": "on"},
    )
    with tenant_scope(organisation):
        helper.refresh_from_db()
        assert (helper.name, len(helper.capabilities), helper.portfolio_only) == ("Helpers", 2, True)
    copied = client.post(reverse("role_copy", args=[helper.id]))
    with tenant_scope(organisation):
        copy = Role.objects.get(name="Helpers (copy)")
        assert copied.url == reverse("role", args=[copy.id])
        assert (copy.capabilities, copy.portfolio_only) == (helper.capabilities, True)
    client.post(reverse("role_delete", args=[copy.id]))
    with tenant_scope(organisation):
        assert not Role.objects.filter(id=copy.id).exists()


def test_rights_that_the_reader_lacks_cannot_be_ticked(organisation):
    with tenant_scope(organisation):
        make_member(role="admin")
        clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_ROLES, Can.EXPORT], actor=SYSTEM)
        member = make_member(role=clerk.code)
        auditor = role_id("auditor")
    client = signed_in(member)
    cells = {
        cell.value: cell
        for _title, cells in client.get(reverse("role", args=[auditor])).context["groups"]
        for cell in cells
    }
    assert cells[Can.APPROVE_GO_LIVE.value].fixed
    assert not cells[Can.EXPORT.value].fixed
    assert not cells[Can.VIEW_AUDIT.value].fixed  # the role has it: it may be taken away
    forged = client.post(
        reverse("role", args=[auditor]), {"name": "Auditor", "capabilities": [Can.APPROVE_GO_LIVE.value]}
    )
    assert forged.status_code == 422
    assert "Approve the start of sending" in forged.content.decode()


def test_a_right_that_does_not_exist_is_refused_by_the_form(organisation, office):
    client, _admin = office
    answer = client.post(reverse("role_new"), {"name": "X", "capabilities": ["no.such"]})
    assert answer.status_code == 422


def test_a_role_in_use_says_by_whom(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        make_member(role="collector")
        collector = role_id("collector")
    answer = client.post(reverse("role_delete", args=[collector]))
    assert answer.status_code == 409
    assert "1 member" in answer.content.decode()


# --- API keys --------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_never_again(organisation, office):
    client, admin = office
    with tenant_scope(organisation):
        collector = role_id("collector")
    answer = client.post(
        reverse("api_key_new"),
        {"name": "ERP", "role": collector, "valid_for": "90", "scopes": [Can.VIEW_ITEMS.value]},
    )
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    text = answer.context["new"].text
    assert text in answer.content.decode()
    parts = read_key(text)
    with tenant_scope(organisation):
        key = verify_key(key_id=parts.key_id, secret=parts.secret)
        assert (key.name, key.created_by_id, key.scopes) == ("ERP", admin.id, [Can.VIEW_ITEMS.value])
        assert 89 <= (key.expires_at - key.created_at).days <= 90
    page = client.get(reverse("api_keys")).content.decode()
    assert "ERP" in page
    assert parts.secret not in page
    assert key.secret_hash not in page


def test_a_key_without_end(organisation, office):
    client, _admin = office
    with tenant_scope(organisation):
        collector = role_id("collector")
    client.post(reverse("api_key_new"), {"name": "ERP", "role": collector, "valid_for": "0"})
    with tenant_scope(organisation):
        assert ApiKey.objects.get().expires_at is None


@pytest.mark.parametrize("wrong", [{"valid_for": "9999"}, {"name": ""}, {"scopes": ["accounts.manage_roles"]}])
def test_a_key_with_bad_values_is_not_made(organisation, office, wrong):
    client, _admin = office
    with tenant_scope(organisation):
        collector = role_id("collector")
    values = {"name": "ERP", "role": collector, "valid_for": "30", **wrong}
    assert client.post(reverse("api_key_new"), values).status_code == 422
    with tenant_scope(organisation):
        assert not ApiKey.objects.exists()


def test_a_key_is_revoked_by_its_button(organisation, office):
    client, admin = office
    with tenant_scope(organisation):
        key = create_api_key(name="ERP", role_id=Role.objects.get(code="auditor").id, actor=Actor.member(admin)).key
    client.post(reverse("api_key_revoke", args=[key.id]))
    assert "revoked" in client.get(reverse("api_keys")).content.decode()


# --- Organisation ----------------------------------------------------------------------------------------------------


def test_settings_are_saved_by_the_form(organisation, office):
    client, _admin = office
    values = {"name": "Nordis", "country": "DE", "currency": "CHF", "language": "fr", "time_zone": "Europe/Zurich"}
    assert client.post(reverse("organisation"), values).url == reverse("organisation")
    organisation.refresh_from_db()
    assert (organisation.name, organisation.country, organisation.currency) == ("Nordis", "DE", "CHF")
    assert client.post(reverse("organisation"), {**values, "currency": "XAU"}).status_code == 422


def test_forms_are_refused_without_their_token(organisation, office):
    from django.test import Client

    _client, admin = office
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin.user)
    assert strict.post(reverse("sandbox_next_day")).status_code == 403
    organisation.refresh_from_db()
    assert organisation.sandbox_on.isoformat() == "2026-03-02"
