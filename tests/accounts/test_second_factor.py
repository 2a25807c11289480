"""The second factor: a code from the phone or a recovery code, each once, and no way around it."""

import re
import time

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client
from django.urls import reverse

from core.tenancy import tenant_scope
from tests.make import PASSWORD, make_member, make_user

EMAIL = "lea@nordis.example"


@pytest.fixture
def member(organisation):
    user = make_user(email=EMAIL, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    with tenant_scope(organisation):
        return make_member(role="collector", user=user)


def code_for(secret: str, *, at: float | None = None) -> str:
    return format_hotp_value(hotp_value(secret, int((at or time.time()) // 30)))


@pytest.fixture
def secured(member):
    """A person who has set up an authenticator app; returns its secret. By hand, through the pages."""
    client = Client()
    client.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    assert Authenticator.objects.filter(user=member.user, type=Authenticator.Type.TOTP).exists()
    return secret


def sign_in(client: Client):
    return client.post("/account/login/", {"login": EMAIL, "password": PASSWORD})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


@pytest.fixture
def later():
    """The codes used while setting up are spent: half a minute later there is a fresh one."""
    with time_machine.travel(time.time() + 60, tick=True):
        yield


def test_the_password_alone_is_not_enough(secured, later):
    client = Client()
    answer = sign_in(client)
    assert answer.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secured)})
    assert is_signed_in(client)


def test_a_wrong_code_does_not_open(secured, later):
    client = Client()
    sign_in(client)
    wrong = f"{(int(code_for(secured)) + 1) % 1_000_000:06}"
    assert client.post(reverse("mfa_authenticate"), {"code": wrong}).status_code == 200
    assert not is_signed_in(client)


def test_a_code_is_good_once(secured, later):
    code = code_for(secured)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_recovery_code_is_good_once(secured, member, later):
    code = RecoveryCodes(Authenticator.objects.get(user=member.user, type="recovery_codes")).get_unused_codes()[0]
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_codes_cannot_be_tried_without_end(secured, later):
    client = Client()
    sign_in(client)
    tries = [client.post(reverse("mfa_authenticate"), {"code": "000000"}) for _ in range(12)]
    assert all(answer.status_code in (200, 429) for answer in tries)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secured)})
    assert not is_signed_in(client)


@pytest.mark.parametrize("signs_in", [False, True])
def test_a_reset_password_does_not_skip_the_second_factor(secured, later, settings, signs_in):
    """Even if a reset were to sign in, which it is set not to."""
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = signs_in
    Client().post("/account/password/reset/", {"email": EMAIL})
    (path,) = re.findall(r"http://localhost:[0-9]+(/account/password/reset/key/\S+)", mail.outbox[-1].body)
    client, new = Client(), "another good sentence"
    where = client.get(path, follow=True).redirect_chain[-1][0]
    client.post(where, {"password1": new, "password2": new})
    assert not is_signed_in(client)
    client = Client()
    answer = client.post("/account/login/", {"login": EMAIL, "password": new})
    assert answer.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_the_secret_rests_encrypted(secured, member):
    for authenticator in Authenticator.objects.filter(user=member.user):
        assert secured not in str(authenticator.data)
    stored = Authenticator.objects.get(user=member.user, type=Authenticator.Type.TOTP).data["secret"]
    key_id, _colon, token = stored.partition(":")
    assert len(key_id) == 8
    assert len(token) > len(secured)


def test_a_new_key_of_the_installation_still_reads_what_the_former_one_encrypted(secured, later, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "x" * 60
    client = Client()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secured)})
    assert is_signed_in(client)


def test_switching_it_off_needs_the_password_again(secured, member, later):
    client = Client()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secured)})
    with time_machine.travel(time.time() + 3600, tick=True):
        answer = client.post(reverse("mfa_deactivate_totp"))
        assert "reauthenticate" in answer.url
    assert Authenticator.objects.filter(user=member.user, type=Authenticator.Type.TOTP).exists()
