"""The address to which mail services post mails, and the pages where mailboxes are set up."""

import json
import time
from base64 import b64encode
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import rest_throttle
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from desk.models import InboundMessage
from integrations.models import Connection, Mailbox
from integrations.services import mailboxes
from integrations.services.connections import set_active
from tests.accounts.conftest import enter, own_cache
from tests.desk.inbound import mail
from tests.integrations.imap_server import PASSWORD, USER
from tests.make import make_tenant

pytestmark = pytest.mark.django_db
MAILBOX = {
    "name": "Replies", "kind": "IMAP", "host": "imap.example.com", "security": "TLS", "port": "993", "user_name": USER,
    "password": PASSWORD, "folder": "INBOX", "afterwards": "FLAG",
}  # fmt: skip
__all__ = ["own_cache"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def address(organisation):
    with tenant_scope(organisation):
        return mailboxes.create_mail_address(name="Mail service", actor=SYSTEM)


def url(connection, tenant_id=None):
    return reverse("mail_in", args=[tenant_id or connection.tenant_id, connection.id])


def post(connection, secret, raw, *, tenant_id=None, **kwargs):
    head = {"Authorization": f"Bearer {secret}"} if secret else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(
        url(connection, tenant_id), raw, content_type=kwargs.pop("content_type", "message/rfc822"), headers=head
    )


def subjects(organisation) -> list[str]:
    with tenant_scope(organisation):
        return list(InboundMessage.objects.values_list("subject", flat=True))


def test_a_posted_mail_is_taken_once(organisation, address):
    connection, secret = address
    raw = mail(subject="posted")
    first, second = post(connection, secret, raw), post(connection, secret, raw)
    assert (first.status_code, second.status_code, second.json()) == (202, 202, {"mail": None})
    assert first.json()["mail"]
    assert subjects(organisation) == ["posted"]


@pytest.mark.parametrize("name", ["body-mime", "email"])
def test_a_mail_may_come_in_a_field_of_a_form_with_basic_authentication(organisation, address, name):
    connection, secret = address
    login = b64encode(f"encours:{secret}".encode()).decode()
    answer = Client(enforce_csrf_checks=True).post(
        url(connection),
        {name: mail("plain", subject="field").decode(), "from": "x"},
        headers={"Authorization": f"Basic {login}"},
    )
    assert answer.status_code == 202
    assert subjects(organisation) == ["field"]


def test_a_mail_may_come_as_a_file_of_a_form(organisation, address):
    connection, secret = address
    file = SimpleUploadedFile("mail.eml", mail(subject="file"))
    answer = Client().post(url(connection), {"file": file}, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 202
    assert subjects(organisation) == ["file"]


def test_a_wrong_secret_is_answered_like_an_unknown_address(organisation, address):
    connection, secret = address
    other = make_tenant()
    upload = Connection(id=connection.id, tenant_id=other.id)
    answers = [
        post(connection, "0" * 64, mail()),
        post(connection, "", mail()),
        post(upload, secret, mail()),
        Client().post(url(connection), mail(), content_type="message/rfc822", headers={"Authorization": "Basic !!"}),
    ]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "unknown_connection")}
    with tenant_scope(organisation):
        set_active(connection_id=connection.id, is_active=False, actor=SYSTEM)
    assert post(connection, secret, mail()).status_code == 404
    assert subjects(organisation) == []


def test_an_address_for_mail_takes_no_files_and_the_other_way_round(organisation, address):
    connection, secret = address
    place = reverse("upload", args=[connection.tenant_id, connection.id])
    answer = Client().post(
        place, {"file": SimpleUploadedFile("a.csv", b"a;b\n")}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 404


def test_nothing_and_too_much_are_refused(organisation, address, monkeypatch):
    connection, secret = address
    assert post(connection, secret, b" ").json()["code"] == "no_mail"
    monkeypatch.setattr("integrations.views.uploads.LARGEST", 1_000)
    monkeypatch.setattr("integrations.views.uploads.MAIL_SLACK", 100)
    assert post(connection, secret, b"x" * 1_050).status_code == 413
    assert post(connection, secret, b"x" * 2_000).status_code == 413


def test_more_mails_in_a_minute_than_calls_are_allowed_wait(organisation, address, settings, monkeypatch):
    settings.API_CALLS_PER_MINUTE = 2
    monkeypatch.setattr(rest_throttle, "time", SimpleNamespace(time=lambda: 1_800_000_020.0, monotonic=time.monotonic))
    connection, secret = address
    codes = [post(connection, secret, mail()).status_code for _ in range(3)]
    assert codes == [202, 202, 429]


# --- Shapes of mail services --------------------------------------------------------------------------------------------

HEAD = {
    "Message-ID": "<one@durand.example>",
    "Date": "Mon, 02 Mar 2026 10:00:00 +0100",
    "In-Reply-To": "<ours@encours.example>",
}
TEXT = "Bonjour, nous paierons 1 200,00 EUR le 15 mars."
FILE = b64encode(b"%PDF-1.4 order").decode()


def postmark() -> dict[str, object]:
    return {
        "FromName": "Claire Martin",
        "FromFull": {"Email": "claire@durand.example", "Name": "Claire Martin", "MailboxHash": ""},
        "ToFull": [{"Email": "credit@nordis.example", "Name": "", "MailboxHash": ""}],
        "CcFull": [],
        "OriginalRecipient": "credit@nordis.example",
        "Subject": "Re: Relance",
        "MessageID": "a8c1040e-db1c-4e18-ac79-bc5f64c7ce2c",
        "TextBody": TEXT,
        "HtmlBody": "",
        "Headers": [{"Name": name, "Value": value} for name, value in HEAD.items()],
        "Attachments": [{"Name": "order.pdf", "Content": FILE, "ContentType": "application/pdf", "ContentLength": 14}],
    }


def mailjet() -> dict[str, object]:
    return {
        "Sender": "claire@durand.example",
        "Recipient": "credit@nordis.example",
        "Date": "20260302T090000",
        "From": "Claire Martin <claire@durand.example>",
        "Subject": "Re: Relance",
        "Headers": {"From": "Claire Martin <claire@durand.example>", "Subject": ["Re: Relance"], **HEAD},
        "Parts": [
            {"Headers": {"Content-Type": "text/plain; charset=utf-8"}, "ContentRef": "Text-part"},
            {
                "Headers": {
                    "Content-Type": 'application/pdf; name="order.pdf"',
                    "Content-Disposition": 'attachment; filename="order.pdf"',
                },
                "ContentRef": "Attachment1",
            },
        ],
        "Text-part": TEXT,
        "Attachment1": FILE,
    }


def sparkpost() -> list[object]:
    content = mail(TEXT, message_id=HEAD["Message-ID"], In_Reply_To=HEAD["In-Reply-To"]).decode()
    told = {
        "protocol": "smtp",
        "content": {"email_rfc822": content, "email_rfc822_is_base64": False},
        "msg_from": "claire@durand.example",
        "rcpt_to": "credit@nordis.example",
        "webhook_id": "4839201967643219",
    }
    return [{"msys": {"relay_message": told}}]


def post_as(connection, secret, service, shape):
    place = reverse("mail_in_from", args=[connection.tenant_id, connection.id, service])
    head = {"Authorization": f"Bearer {secret}"}
    return Client(enforce_csrf_checks=True).post(place, shape, content_type="application/json", headers=head)


@pytest.mark.parametrize(("service", "shape"), [("postmark", postmark), ("mailjet", mailjet), ("sparkpost", sparkpost)])
def test_a_service_posts_a_mail_in_its_own_shape(organisation, address, service, shape):
    connection, secret = address
    answers = [post_as(connection, secret, service, shape()) for _ in range(2)]
    assert [one.status_code for one in answers] == [202, 202]
    assert answers[1].json() == {"mail": None}
    with tenant_scope(organisation):
        taken = InboundMessage.objects.get()
    assert (taken.sender, taken.subject) == ("claire@durand.example", "Re: Relance")
    assert taken.mail_id.strip("<>") == "one@durand.example"
    assert TEXT in taken.text


def test_mailgun_posts_the_fields_of_a_mail(organisation, address):
    connection, secret = address
    fields = {
        "sender": "claire@durand.example",
        "recipient": "credit@nordis.example",
        "subject": "Re: Relance",
        "body-plain": TEXT,
        "message-headers": json.dumps(
            [["From", "claire@durand.example"], ["Subject", "Re: Relance"], *map(list, HEAD.items())]
        ),
        "timestamp": "1772442000",
        "token": "t",
        "signature": "s",
        "attachment-count": "1",
        "attachment-1": SimpleUploadedFile("order.pdf", b"%PDF-1.4 order", "application/pdf"),
    }
    place = reverse("mail_in_from", args=[connection.tenant_id, connection.id, "mailgun"])
    answer = Client(enforce_csrf_checks=True).post(place, fields, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 202
    with tenant_scope(organisation):
        taken = InboundMessage.objects.get()
    assert (taken.sender, taken.mail_id.strip("<>")) == ("claire@durand.example", "one@durand.example")


@pytest.mark.parametrize("service", ["postmark", "mailjet", "sparkpost", "mailgun"])
@pytest.mark.parametrize(
    "body",
    ["", "x", "[]", "{}", "null", "7", '{"Headers": 3}', '[{"msys": 1}]', "[" * 100_000, '{"Attachments": [{}]}'],
)
def test_what_has_another_shape_is_refused(organisation, address, service, body):
    connection, secret = address
    answer = post_as(connection, secret, service, body)
    if service == "sparkpost" and body in ("[]", "{}"):  # nothing in it: its trial call
        assert answer.json() == {"mail": None}
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "not_understood")
    assert subjects(organisation) == []


def test_a_service_that_is_not_known_a_wrong_secret_and_a_large_mail(organisation, address, monkeypatch):
    connection, secret = address
    assert post_as(connection, secret, "unheard-of", postmark()).status_code == 404
    assert post_as(connection, "0" * 64, "postmark", postmark()).json()["code"] == "unknown_connection"
    monkeypatch.setattr("integrations.views.uploads.LARGEST", 300)
    monkeypatch.setattr("integrations.views.uploads.MAIL_SLACK", 10)
    assert post_as(connection, secret, "postmark", postmark()).status_code == 413
    assert subjects(organisation) == []


# --- Pages -------------------------------------------------------------------------------------------------------------


def test_a_mailbox_is_set_up_in_the_browser_and_its_password_shown_nowhere(organisation):
    client, _member = enter(organisation, role="credit_manager")
    assert client.post(reverse("mailbox_new"), MAILBOX).status_code == 302
    with tenant_scope(organisation):
        box = Mailbox.objects.get()
    assert (box.host, box.user_name) == ("imap.example.com", USER)
    pages = [client.get(reverse("connections")), client.get(reverse("mailbox_edit", args=[box.connection_id]))]
    for shown in pages:
        assert "value=" not in shown.content.decode().split('name="password"')[-1].split(">")[0]
        assert USER in shown.content.decode()
        assert PASSWORD not in shown.content.decode()
    changed = client.post(
        reverse("mailbox_edit", args=[box.connection_id]), {**MAILBOX, "password": "", "folder": "Replies"}
    )
    assert changed.status_code == 302
    with tenant_scope(organisation):
        box.refresh_from_db()
    assert box.folder == "Replies"


def test_a_refused_mailbox_says_at_which_field(organisation):
    client, _member = enter(organisation, role="credit_manager")
    answer = client.post(reverse("mailbox_new"), {**MAILBOX, "port": "25"})
    assert answer.status_code == 422
    assert "993, or 143 with STARTTLS." in answer.content.decode()


def test_the_secret_of_an_address_for_mail_is_shown_once(organisation):
    client, _member = enter(organisation, role="credit_manager")
    answer = client.post(
        reverse("mailbox_new"), {**MAILBOX, "kind": "MAIL", "host": "", "user_name": "", "password": ""}
    )
    secret = answer.context["secret"]
    assert f"Bearer {secret}" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert secret not in client.get(reverse("connections")).content.decode()


def test_read_now_rings_the_bell(organisation):
    client, _member = enter(organisation, role="credit_manager")
    client.post(reverse("mailbox_new"), MAILBOX)
    with tenant_scope(organisation):
        box = Mailbox.objects.get()
    assert client.post(reverse("mailbox_read", args=[box.connection_id])).status_code == 302
