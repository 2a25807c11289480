"""What is said where a mailbox cannot be read: in words of ours, whatever the server's are."""

import pytest
from django.urls import reverse

from core.audit import SYSTEM
from core.tenancy import tenant_scope
from integrations.models import Mailbox
from integrations.services import mailboxes
from integrations.services.mailboxes import MailboxSettings
from integrations.words import mailbox_error
from tests.accounts.conftest import enter


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "password"),
        ("LOGIN failed.", "password"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer", "certificate"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "Encryption"),
        ("[NONEXISTENT] Unknown Mailbox: Nowhere (Failure)", "folder"),
        ("Mailbox does not exist", "folder"),
        ("[Errno -2] Name or service not known", "no mail server of this name"),
        ("[Errno 111] Connection refused", "takes no connection"),
        ("The read operation timed out", "in time"),
        ("command: SELECT => socket error: EOF", "ended the connection"),
    ],
)
def test_what_failed_and_what_to_check(said, means):
    assert means in mailbox_error(said)
    assert said not in mailbox_error(said)


def test_a_password_that_cannot_be_unsealed_is_no_wrong_password():
    said = "The stored password cannot be read with the present key: enter it again."
    assert mailbox_error(said) == said


def test_nothing_is_said_of_what_went_well_and_the_unknown_is_quoted():
    assert mailbox_error("") == ""
    assert mailbox_error("NO quota of the moon").endswith("NO quota of the moon")


@pytest.mark.django_db
def test_the_list_of_connections_says_it_in_the_interfaces_words(organisation):
    client, _member = enter(organisation, role="admin")
    with tenant_scope(organisation):
        given = MailboxSettings(host="imap.example.com", user_name="u", password="p")
        mailboxes.create_mailbox(name="Replies", given=given, actor=SYSTEM)
        Mailbox.objects.update(error="[AUTHENTICATIONFAILED] Invalid <credentials>")
    shown = client.get(reverse("connections")).content.decode()
    assert "refuses the user name or the password" in shown
    assert "Invalid &lt;credentials&gt;" in shown  # beside it, for whoever asks the provider
