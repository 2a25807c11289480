"""Invitations: one link, one person, once, for seven days; and every wrong link looks alike."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.entities import entity_ids_of
from accounts.keys import digest
from accounts.models import Invitation, Member, Role, User, UserTenant
from accounts.roles import Can
from accounts.services.invitations import (
    InvitationClosed,
    InvitedAlready,
    invite,
    resend_invitation,
    withdraw_invitation,
)
from accounts.services.members import AlreadyMember, deactivate_member, name_member
from accounts.services.rights import CannotGrant
from accounts.services.roles import create_role
from core.audit import SYSTEM, Actor
from core.models import AuditRecord
from core.tenancy import tenant_scope
from receivables.models import EntityAccess
from tests.make import PASSWORD, make_entity, make_member, make_tenant, make_user

NEW = "new@nordis.example"


def role_id(code: str):
    return Role.objects.get(code=code).id


@pytest.fixture
def invited(organisation, mailoutbox, django_capture_on_commit_callbacks):
    """Invites, and returns the invitation and the path in its mail."""

    def act(email: str = NEW, *, role: str = "collector", **fields) -> tuple[Invitation, str]:
        with tenant_scope(organisation), django_capture_on_commit_callbacks(execute=True):
            actor = fields.pop("actor", SYSTEM)
            invitation = invite(email=email, role_id=role_id(role), actor=actor, **fields)
        return invitation, link_in(mailoutbox[-1])

    return act


def link_in(mail) -> str:
    """The path of the one link in a mail's text."""
    (path,) = re.findall(r"http://localhost:[0-9]+(/join/\S+)", mail.body)
    return path


def join_as_new(path: str, **fields):
    return Client().post(path, {"name": "Nina New", "password": PASSWORD, **fields})


# --- The mail --------------------------------------------------------------------------------------------------------


def test_the_mail_names_the_organisation_and_leads_to_the_base_address(organisation, invited, mailoutbox, settings):
    with tenant_scope(organisation):
        admin = make_member(role="admin", name="Ada Adler")
    _invitation, path = invited(actor=Actor.member(admin))
    (mail,) = mailoutbox
    assert mail.to == [NEW]
    assert organisation.name in mail.subject
    assert "Ada Adler" in mail.body
    assert settings.BASE_URL + path in mail.body
    ((html, kind),) = mail.alternatives
    assert kind == "text/html"
    assert f'href="{settings.BASE_URL}{path}"' in html


def test_nothing_is_mailed_when_the_transaction_is_rolled_back(tenant, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        invite(email=NEW, role_id=role_id("collector"), actor=SYSTEM)
        transaction.set_rollback(True)
    assert mailoutbox == []
    assert not Invitation.objects.exists()


def test_a_mail_server_that_is_away_does_not_undo_the_invitation(tenant, settings, django_capture_on_commit_callbacks):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1
    with django_capture_on_commit_callbacks(execute=True):
        invite(email=NEW, role_id=role_id("collector"), actor=SYSTEM)
    assert Invitation.objects.count() == 1


def test_the_mail_speaks_the_language_of_the_person_else_of_the_organisation(invited, organisation, monkeypatch):
    from accounts import mail

    spoken = []
    monkeypatch.setattr(mail, "override", lambda language: spoken.append(language) or _Nothing())
    organisation.language = "fr"
    organisation.save()
    invited()
    make_user(email="known@nordis.example", language="en")
    invited("known@nordis.example")
    assert spoken == ["fr", "en"]


class _Nothing:
    def __enter__(self):
        return None

    def __exit__(self, *error):
        return None


def test_an_organisations_name_cannot_write_headers(organisation, invited, mailoutbox):
    organisation.name = "Nordis\r\nBcc: all@nordis.example"
    organisation.save()
    invited()
    assert "\n" not in mailoutbox[0].subject
    assert mailoutbox[0].bcc == []


def test_the_secret_is_stored_hashed(invited):
    invitation, path = invited()
    secret = path.rstrip("/").rpartition("/")[2]
    assert len(secret) == 64
    assert invitation.secret_hash == digest(secret)
    assert secret not in invitation.secret_hash


# --- Joining ---------------------------------------------------------------------------------------------------------


def test_a_new_person_sets_name_and_password_and_is_in(invited, organisation):
    _invitation, path = invited(name="N. New")
    browser = Client()
    page = browser.get(path)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    answer = browser.post(path, {"name": "Nina New", "password": PASSWORD})
    assert answer.status_code == 302
    with tenant_scope(organisation):
        member = Member.objects.select_related("user", "role").get(email=NEW)
        assert (member.name, member.role.code, member.user.email) == ("Nina New", "collector", NEW)
        assert AuditRecord.objects.filter(action="accounts.invitation_accepted", actor_id=member.id).exists()
    assert browser.get(reverse("sandbox")).context["request"].tenant == organisation


def test_a_weak_password_keeps_the_invitation_open(invited, organisation):
    invitation, path = invited()
    answer = join_as_new(path, password="1234567890")
    assert answer.status_code == 422
    assert not User.objects.filter(email=NEW).exists()
    with tenant_scope(organisation):
        assert Invitation.objects.get(id=invitation.id).accepted_at is None
    assert join_as_new(path).status_code == 302


def test_a_link_is_good_once(invited):
    _invitation, path = invited()
    assert join_as_new(path).status_code == 302
    assert join_as_new(path).status_code == 404
    assert Client().get(path).status_code == 404


def test_a_person_who_exists_signs_in_first_and_is_then_linked(invited, organisation):
    user = make_user(email=NEW, password=PASSWORD, name="Nina")
    _invitation, path = invited()
    browser = Client()
    assert f"{reverse('account_login')}?next={path}" in browser.get(path).content.decode()
    assert browser.post(path, {"name": "Thief", "password": PASSWORD}).status_code == 200
    user.refresh_from_db()
    assert user.name == "Nina"
    with tenant_scope(organisation):
        assert not Member.objects.filter(user=user).exists()
    browser.force_login(user)
    assert browser.get(path).status_code == 200
    assert browser.post(path).status_code == 302
    with tenant_scope(organisation):
        assert Member.objects.get(user=user).role.code == "collector"


def test_who_works_elsewhere_already_is_then_in_both(invited, organisation):
    other = make_tenant()
    with tenant_scope(other):
        user = make_member(role="cfo", user=make_user(email=NEW)).user
    _invitation, path = invited()
    browser = Client()
    browser.force_login(user)
    assert browser.post(path).status_code == 302
    assert set(UserTenant.objects.filter(user=user).values_list("of_tenant__slug", flat=True)) == {
        organisation.slug,
        other.slug,
    }
    assert browser.get(reverse("sandbox")).context["request"].tenant == organisation


def test_somebody_else_who_is_signed_in_cannot_take_it(invited, stranger, organisation):
    make_user(email=NEW)
    _invitation, path = invited()
    assert b"for another person" in stranger.get(path).content
    stranger.post(path, {"name": "Me", "password": PASSWORD})
    with tenant_scope(organisation):
        assert not Member.objects.filter(email=NEW).exists()


def test_the_restriction_to_entities_holds_from_the_first_moment(invited, organisation):
    with tenant_scope(organisation):
        france, germany = make_entity(code="FR"), make_entity(code="DE")
    _invitation, path = invited(entity_ids=[france.id])
    join_as_new(path)
    with tenant_scope(organisation):
        assert entity_ids_of(Member.objects.get(email=NEW)) == {france.id}
        assert EntityAccess.objects.count() == 1
    assert germany.id != france.id


def test_a_restriction_to_entities_that_are_gone_never_becomes_no_restriction(invited, organisation):
    with tenant_scope(organisation):
        france = make_entity(code="FR")
    _invitation, path = invited(entity_ids=[france.id])
    with tenant_scope(organisation):
        france.delete()
    assert join_as_new(path).status_code == 404
    assert not User.objects.filter(email=NEW).exists()


def test_a_name_from_the_erp_becomes_the_person_invited(invited, organisation):
    with tenant_scope(organisation):
        named = name_member(name="N. New", source_ref="V17", role_id=role_id("sales"), actor=SYSTEM)
    _invitation, path = invited(role="sales", member_id=named.id)
    join_as_new(path)
    with tenant_scope(organisation):
        member = Member.objects.get(email=NEW)
        assert (member.id, member.source_ref, member.name) == (named.id, "V17", "Nina New")


def test_who_had_left_comes_back_as_the_same_member(invited, organisation):
    with tenant_scope(organisation):
        former = make_member(role="cfo", user=make_user(email=NEW))
        deactivate_member(member_id=former.id, actor=SYSTEM)
    _invitation, path = invited()
    browser = Client()
    browser.force_login(former.user)
    assert browser.post(path).status_code == 302
    with tenant_scope(organisation):
        member = Member.objects.select_related("role").get(user=former.user)
        assert (member.id, member.is_active, member.role.code) == (former.id, True, "collector")


# --- Wrong links -----------------------------------------------------------------------------------------------------


def test_every_link_that_opens_nothing_looks_the_same(invited, organisation):
    invitation, path = invited()
    withdrawn, withdrawn_path = invited("gone@nordis.example")
    with tenant_scope(organisation):
        withdraw_invitation(invitation_id=withdrawn.id, actor=SYSTEM)
    used = invited("used@nordis.example")[1]
    join_as_new(used)
    _, tenant, key, secret = path.strip("/").split("/")
    other = make_tenant()
    wrong = {
        "unknown tenant": f"/join/{uuid4().hex}/{key}/{secret}/",
        "another tenant": f"/join/{other.id.hex}/{key}/{secret}/",
        "no tenant id": f"/join/nordis/{key}/{secret}/",
        "unknown invitation": f"/join/{tenant}/{uuid4().hex}/{secret}/",
        "no invitation id": f"/join/{tenant}/1/{secret}/",
        "wrong secret": f"/join/{tenant}/{key}/{'0' * 64}/",
        "another's secret": f"/join/{tenant}/{withdrawn.id.hex}/{secret}/",
        "withdrawn": withdrawn_path,
        "used": used,
    }
    answers = {name: _plain(Client().get(address)) for name, address in wrong.items()}
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=True):
        answers["too old"] = _plain(Client().get(path))
        answers["too old, posted"] = _plain(join_as_new(path))
    assert set(answers.values()) == {answers["wrong secret"]}
    assert answers["wrong secret"][0] == 404
    assert Client().get(path).status_code == 200
    assert invitation.email not in answers["too old"][1]


def _plain(response) -> tuple[int, str]:
    text = response.content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    text = re.sub(r'"X-CSRFToken": "[^"]+"', "", text)
    return response.status_code, re.sub(r'name="next" value="[^"]+"', "", text)


def test_a_suspended_organisation_lets_nobody_join(invited, organisation):
    _invitation, path = invited()
    organisation.status = organisation.Status.SUSPENDED
    organisation.save()
    assert Client().get(path).status_code == 404


# --- Sending again, withdrawing, inviting twice ----------------------------------------------------------------------


def test_sending_again_makes_a_new_link_and_ends_the_former(
    invited, organisation, mailoutbox, django_capture_on_commit_callbacks
):
    invitation, first = invited()
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=True):
        with tenant_scope(organisation), django_capture_on_commit_callbacks(execute=True):
            resend_invitation(invitation_id=invitation.id, actor=SYSTEM)
        second = link_in(mailoutbox[-1])
    assert Client().get(first).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=12), tick=True):
        assert Client().get(second).status_code == 200


def test_an_invitation_that_is_too_old_can_be_sent_again(invited, organisation):
    invitation, _path = invited()
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=True), tenant_scope(organisation):
        resend_invitation(invitation_id=invitation.id, actor=SYSTEM)


def test_what_is_closed_is_neither_sent_nor_withdrawn_again(invited, organisation):
    invitation, path = invited()
    join_as_new(path)
    with tenant_scope(organisation):
        for service in (resend_invitation, withdraw_invitation):
            with pytest.raises(InvitationClosed):
                service(invitation_id=invitation.id, actor=SYSTEM)


def test_nobody_is_invited_twice_at_a_time(invited):
    invited()
    with pytest.raises(InvitedAlready):
        invited("NEW@nordis.example")


def test_inviting_again_after_the_end_replaces_the_invitation(invited, organisation):
    first, _path = invited()
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        second, path = invited()
        assert Client().get(path).status_code == 200
    with tenant_scope(organisation):
        assert Invitation.objects.get(id=first.id).withdrawn_at is not None
    assert second.id != first.id


def test_a_member_is_not_invited(invited, organisation):
    with tenant_scope(organisation):
        make_member(role="cfo", user=make_user(email=NEW))
    with pytest.raises(AlreadyMember):
        invited()


def test_nobody_invites_to_more_than_they_have(tenant, as_admin):
    clerk = create_role(name="Clerk", capabilities=[Can.MANAGE_MEMBERS], actor=as_admin)
    actor = Actor.member(make_member(role=clerk.code))
    with pytest.raises(CannotGrant):
        invite(email=NEW, role_id=role_id("admin"), actor=actor)
    assert invite(email=NEW, role_id=clerk.id, actor=actor)
