"""Signing in, resetting a password, sessions, and what stops somebody who tries passwords."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.adapter import client_address
from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_member, make_user

EMAIL = "lea@nordis.example"
LOGIN = "/account/login/"


@pytest.fixture
def person(db):
    return make_user(email=EMAIL, password=PASSWORD)


@pytest.fixture
def member(organisation, person):
    with tenant_scope(organisation):
        return make_member(role="collector", user=person)


def sign_in(client: Client, *, email: str = EMAIL, password: str = PASSWORD, address: str = "10.0.0.1", **fields):
    return client.post(LOGIN, {"login": email, "password": password, **fields}, REMOTE_ADDR=address)


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


# --- Signing in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [EMAIL, "LEA@Nordis.Example"])
def test_a_person_signs_in_with_address_and_password(member, email):
    client = Client()
    assert sign_in(client, email=email).status_code == 302
    assert is_signed_in(client)


def test_after_signing_in_one_is_where_one_wanted_to_go(member):
    client = Client()
    asked = client.get(reverse("sandbox"))
    assert asked.url == f"{LOGIN}?next={reverse('sandbox')}"
    assert sign_in(client, next=reverse("sandbox")).url == reverse("sandbox")


def test_a_link_to_another_site_is_not_followed_after_signing_in(member):
    assert sign_in(Client(), next="https://evil.example/").url == reverse("home")


def test_the_home_page_opens_after_signing_in(member):
    client = Client()
    assert sign_in(client).url == reverse("home")
    assert client.get(reverse("home")).status_code == 200


def test_a_new_session_begins_at_sign_in(member):
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["session"] = session.session_key
    sign_in(client)
    assert client.session.session_key != session.session_key
    planted = Client(headers={"Cookie": f"session={session.session_key}"})
    assert not is_signed_in(planted)


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@nordis.example", "wrong")])
def test_a_wrong_password_and_an_unknown_address_say_the_same(person, email, password):
    answer = sign_in(Client(), email=email, password=password)
    assert answer.status_code == 200
    errors = answer.context["form"].non_field_errors()
    assert errors == ["The email address and/or password you specified are not correct."]


def test_a_person_who_is_switched_off_does_not_get_in(person):
    person.is_active = False
    person.save()
    client = Client()
    sign_in(client)
    assert not is_signed_in(client)


def test_nobody_signs_themselves_up(db):
    client = Client()
    answer = client.post(
        "/account/signup/", {"email": "me@nordis.example", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code == 200
    assert not is_signed_in(client)
    assert mail.outbox == []


def test_signing_out_needs_a_post(member):
    client = Client()
    sign_in(client)
    client.get("/account/logout/")
    assert is_signed_in(client)
    client.post("/account/logout/")
    assert not is_signed_in(client)


# --- Too many attempts -----------------------------------------------------------------------------------------------


def fail(times: int, *, email: str = EMAIL, address: str = "10.0.0.1"):
    return [sign_in(Client(), email=email, password="wrong", address=address) for _ in range(times)]


def test_the_eighth_failure_closes_the_door_for_account_and_address(member):
    answers = fail(9)
    assert [answer.status_code for answer in answers[:7]] == [200] * 7
    assert {answer.status_code for answer in answers[7:]} == {429}
    right = sign_in(Client())
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) == 15 * 60
    assert sign_in(Client(), address="10.0.0.2").status_code == 302


def test_other_accounts_from_that_address_still_get_in(member, organisation):
    fail(9)
    with tenant_scope(organisation):
        make_member(role="cfo", user=make_user(email="cfo@nordis.example", password=PASSWORD))
    assert sign_in(Client(), email="cfo@nordis.example").status_code == 302


def test_the_refusal_does_not_say_whether_the_account_exists(member):
    known, unknown = fail(9)[-1], fail(9, email="nobody@nordis.example")[-1]
    assert known.status_code == unknown.status_code == 429
    assert known.headers["Retry-After"] == unknown.headers["Retry-After"]
    assert _bare(known) == _bare(unknown)


def _bare(answer) -> str:
    return re.sub(r'(value|content)="[^"]{60,}"|"X-CSRFToken": "[^"]+"', "", answer.content.decode())


def test_writing_the_address_otherwise_does_not_start_a_new_count(member):
    fail(4)
    fail(4, email="LEA@nordis.example")
    assert sign_in(Client()).status_code == 429


def test_the_door_opens_again_after_a_quarter_of_an_hour(member):
    fail(9)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        assert sign_in(Client()).status_code == 302


def test_signing_in_forgives_the_failures_before(member):
    fail(6)
    assert sign_in(Client()).status_code == 302
    fail(6)
    assert sign_in(Client()).status_code == 302


def test_one_account_tried_from_many_addresses_is_closed_too(member):
    answers = [fail(1, address=f"10.1.0.{n}")[0] for n in range(52)]
    assert answers[30].status_code == 200
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers


def test_one_address_that_tries_many_accounts_is_refused(db):
    answers = [fail(1, email=f"p{n}@nordis.example", address="10.2.0.1")[0] for n in range(32)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers


def test_behind_the_proxy_the_address_is_the_one_that_the_proxy_saw(rf, settings):
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.9"})
    settings.SECURE = True
    assert client_address(request) == "10.0.0.9"
    settings.SECURE = False
    assert client_address(request) == "127.0.0.1"
    settings.SECURE = True
    assert client_address(rf.get("/", REMOTE_ADDR="127.0.0.1")) == "127.0.0.1"


# --- A forgotten password --------------------------------------------------------------------------------------------


def ask_for_reset(email: str = EMAIL, **headers):
    return Client().post("/account/password/reset/", {"email": email}, **headers)


def reset_link() -> str:
    (path,) = re.findall(r"http://localhost:[0-9]+(/account/password/reset/key/\S+)", mail.outbox[-1].body)
    return path


def test_a_forgotten_password_is_replaced_by_a_link(person):
    ask_for_reset()
    client = Client()
    form = client.get(reset_link(), follow=True)
    new = "another good sentence"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert sign_in(Client()).status_code == 200
    assert sign_in(Client(), password=new).status_code == 302


def test_the_link_is_good_once(person):
    ask_for_reset()
    link, new = reset_link(), "another good sentence"
    client = Client()
    where = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(where, {"password1": new, "password2": new})
    assert b"password1" not in Client().get(link, follow=True).content


def test_replacing_the_password_signs_nobody_in_and_everybody_out(member):
    inside = Client()
    sign_in(inside)
    assert is_signed_in(inside)
    ask_for_reset()
    client, new = Client(), "another good sentence"
    client.post(client.get(reset_link(), follow=True).redirect_chain[-1][0], {"password1": new, "password2": new})
    assert not is_signed_in(client)
    assert not is_signed_in(inside)


def test_the_link_comes_from_the_base_address_whatever_host_was_asked(person, settings):
    settings.ALLOWED_HOSTS = ["localhost", "evil.example"]
    answer = ask_for_reset(headers={"Host": "evil.example"})
    assert answer.status_code == 302
    assert settings.BASE_URL + "/account/password/reset/key/" in mail.outbox[-1].body
    assert "evil.example" not in mail.outbox[-1].body
    assert all("evil.example" not in html for html, _kind in mail.outbox[-1].alternatives)


def test_a_host_that_is_not_ours_is_refused(person):
    answer = ask_for_reset(headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert mail.outbox == []


def test_an_unknown_address_gets_the_same_answer(person):
    known, unknown = ask_for_reset(), ask_for_reset("nobody@nordis.example")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


# --- Sessions --------------------------------------------------------------------------------------------------------


def test_a_person_sees_their_sessions_and_ends_the_others(member):
    here, elsewhere = Client(), Client()
    sign_in(here, address="10.0.0.1")
    sign_in(elsewhere, address="10.0.0.7")
    page = here.get(reverse("usersessions_list"))
    assert page.status_code == 200
    assert {session.ip for session in page.context["sessions"]} == {"10.0.0.1", "10.0.0.7"}
    here.post(reverse("usersessions_list"))
    assert UserSession.objects.filter(user=member.user).count() == 1
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_changing_the_password_ends_the_other_sessions(member):
    here, elsewhere = Client(), Client()
    sign_in(here)
    sign_in(elsewhere)
    new = "another good sentence"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
