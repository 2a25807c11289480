"""The pages of messages out: who sees which, what became of them, their letters."""

import hashlib
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from core.tenancy import tenant_scope
from desk.models import Message, MessageFile
from receivables.models import CustomerAccount, EntityAccess
from tests.accounts.conftest import enter
from tests.make import TODAY, make_account, make_customer, make_entity, make_tenant

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LETTER = b"%PDF-1.7 a letter"


def make_message(*, account: CustomerAccount | None = None, **fields) -> Message:
    """An e-mail that has left."""
    account = account or make_account()
    values = {
        "reason_type": "collection.Action", "reason_id": uuid4(), "on": TODAY, "channel": "EMAIL",
        "recipient": "ap@durand.example", "recipient_name": "Claire Martin", "sender_name": "Nordis France",
        "language": "fr", "subject": "Facture F1", "body_text": "Bonjour", "body_html": "<p>Bonjour</p>",
        "facts": [
            {"item": str(uuid4()), "number": "F1", "due_date": "2026-02-20", "open_amount": "100.00", "currency": "EUR"}
        ],
        "state": "SENT", "sent_at": AT,
    }  # fmt: skip
    return Message.objects.create(customer=account.customer, entity=account.entity, **{**values, **fields})


def within(organisation, make=make_message, **fields):
    with tenant_scope(organisation):
        return make(**fields)


@pytest.fixture
def archive(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path / "files"


def make_letter(archive, *, file_path: str = "letters/one.pdf", **fields) -> Message:
    """A letter that lies in the archive."""
    path = archive / "letters" / "one.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(LETTER)
    values = {"channel": "LETTER", "recipient": "3 rue du Port, 44000 Nantes"}
    digest = hashlib.sha256(LETTER).hexdigest()
    letter = make_message(**{**values, **fields})
    if file_path:
        MessageFile.objects.create(
            message=letter, kind="LETTER", file_name="letter.pdf", size=len(LETTER), sha256=digest, path=file_path
        )
    return letter


def test_the_list_shows_messages_with_their_state_and_the_refusing_servers_words(organisation):
    client, _member = enter(organisation, role="collector")
    within(organisation, subject="Relance A")
    within(organisation, subject="Relance B", state="BOUNCED", sent_at=None, error="550 no such user")
    shown = client.get(reverse("messages")).content.decode()
    assert "Relance A" in shown
    assert "550 no such user" in shown
    problems = client.get(reverse("messages"), {"state": "problems"}).content.decode()
    assert "Relance B" in problems
    assert "Relance A" not in problems


def test_a_filter_that_is_not_one_of_the_list_shows_a_page_all_the_same(organisation):
    client, _member = enter(organisation, role="collector")
    within(organisation)
    assert client.get(reverse("messages"), {"state": "nonsense", "on_from": "someday"}).status_code == 200


def test_the_page_of_a_message_says_what_became_of_it(organisation):
    client, _member = enter(organisation, role="auditor")
    message = within(organisation)
    shown = client.get(reverse("message", args=[message.id])).content.decode()
    for words in ("Facture F1", "ap@durand.example", "Claire Martin", "Bonjour", str(message.id), "F1"):
        assert words in shown


def test_the_html_of_a_message_stands_in_a_frame_that_runs_and_loads_nothing(organisation):
    client, _member = enter(organisation, role="collector")
    message = within(organisation)
    answer = client.get(reverse("message_body", args=[message.id]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    plain = within(organisation, body_html="")
    assert client.get(reverse("message_body", args=[plain.id])).status_code == 404


def test_a_letter_is_shown_and_downloaded_as_it_was_archived(organisation, archive):
    client, _member = enter(organisation, role="collector")
    letter = within(organisation, make_letter, archive=archive)
    shown = client.get(reverse("message_pdf", args=[letter.id]))
    assert shown.content == LETTER
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"].startswith("inline; ")
    assert "no-store" in shown["Cache-Control"]
    taken = client.get(reverse("message_pdf", args=[letter.id]), {"download": "1"})
    assert taken["Content-Disposition"].startswith("attachment; ")


def test_a_letter_that_was_changed_in_the_archive_is_not_shown(organisation, archive):
    client, _member = enter(organisation, role="collector")
    letter = within(organisation, make_letter, archive=archive)
    (archive / "letters" / "one.pdf").write_bytes(LETTER + b" changed")
    assert client.get(reverse("message_pdf", args=[letter.id])).status_code == 409


@pytest.mark.parametrize("path", ["", "letters/gone.pdf", "../secret.pdf", "/etc/hostname"])
def test_a_path_without_a_letter_or_outside_of_the_archive_is_not_found(organisation, archive, path):
    (archive.parent / "secret.pdf").write_bytes(LETTER)
    client, _member = enter(organisation, role="collector")
    letter = within(organisation, make_letter, archive=archive, file_path=path)
    assert client.get(reverse("message_pdf", args=[letter.id])).status_code == 404


@pytest.mark.parametrize("page", ["message", "message_body", "message_pdf"])
def test_a_message_of_another_organisation_is_not_found(organisation, archive, page):
    client, _member = enter(organisation)
    foreign = within(make_tenant(), make_letter, archive=archive)
    assert client.get(reverse(page, args=[foreign.id])).status_code == 404


@pytest.mark.parametrize("page", ["message", "message_body", "message_pdf"])
def test_a_message_of_an_entity_that_one_does_not_see_is_not_found(organisation, archive, page):
    client, member = enter(organisation, role="collector")
    with tenant_scope(organisation):
        own, other = make_entity(), make_entity()
        EntityAccess.objects.create(member=member, entity=own)
        hidden = make_letter(archive, account=make_account(entity=other), subject="Hidden")
        seen = make_letter(archive, account=make_account(entity=own, customer=make_customer()), subject="Seen")
    assert client.get(reverse(page, args=[hidden.id])).status_code == 404
    assert client.get(reverse(page, args=[seen.id])).status_code == 200
    shown = client.get(reverse("messages")).content.decode()
    assert "Seen" in shown
    assert "Hidden" not in shown


def test_sales_do_not_read_messages(organisation):
    client, _member = enter(organisation, role="sales")
    message = within(organisation)
    for address in (reverse("messages"), *(reverse(n, args=[message.id]) for n in ("message", "message_body"))):
        assert client.get(address).status_code == 403


@pytest.mark.parametrize(("left", "state"), [("yes", "SENT"), ("no", "DUE")])
def test_a_person_decides_what_became_of_a_doubtful_letter(organisation, left, state):
    client, _member = enter(organisation, role="collector")
    letter = within(organisation, channel="LETTER", state="UNSURE", sent_at=None)
    address = reverse("message_decide", args=[letter.id])
    assert client.post(address, {"left": left}).url == reverse("message", args=[letter.id])
    with tenant_scope(organisation):
        letter.refresh_from_db()
    assert letter.state == state
    assert client.post(address, {"left": left}).status_code == 409


def test_an_auditor_decides_nothing(organisation):
    client, _member = enter(organisation, role="auditor")
    letter = within(organisation, channel="LETTER", state="UNSURE", sent_at=None)
    assert client.post(reverse("message_decide", args=[letter.id]), {"left": "yes"}).status_code == 403
