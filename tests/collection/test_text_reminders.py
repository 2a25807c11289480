"""Reminders as text messages and as registered letters: to whom, in which words, what is missing."""

import pytest
from pypdf import PdfReader

from collection.models import Action, Step
from collection.services.sending import Unsendable, prepare
from core.audit import SYSTEM
from desk.models import Message
from desk.ports import RefusedForGood
from desk.services.templates import BadTemplate, save_template
from integrations.adapters.messaging.letters import LetterTray
from receivables.models import Contact
from tests.collection.story import MONDAY, approve, confirm, make_contact, make_debtor, propose, send
from tests.collection.test_messages import EVIL
from tests.desk.fakes import Script

pytestmark = pytest.mark.django_db
NUMBER = "+33612345678"


@pytest.fixture(autouse=True)
def live(tenant):
    approve(tenant)


def by(channel: str) -> None:
    Step.objects.update(channel=channel)


def draft_of(action: Action):
    return prepare(actions=[action], on=MONDAY)[0].draft


def reminded(tenant, channel: str = "SMS", *, contact: dict | None = None, **fields) -> Action:
    by(channel)
    account = make_debtor(**fields)
    if contact is not None:
        make_contact(account, **contact)
    return propose(tenant, account)


@pytest.mark.parametrize(
    ("contact", "customer_phone", "recipient"),
    [
        ({"mobile": "06 12 34 56 78"}, "", NUMBER),
        ({"mobile": "06 12 34 56 78", "phone": "07 00 00 00 00"}, "", NUMBER),
        ({"phone": "06 12 34 56 78"}, "", NUMBER),
        ({"phone": "01 42 68 53 00"}, "", ""),
        ({"phone": "01 42 68 53 00"}, "06 12 34 56 78", NUMBER),
        ({"mobile": "06 12 34 56 78", "is_active": False}, "", ""),
        (None, "01 42 68 53 00", ""),
        (None, "+49 151 23456789", "+4915123456789"),
    ],
)
def test_a_text_goes_to_a_mobile_number(tenant, contact, customer_phone, recipient):
    draft = draft_of(reminded(tenant, contact=contact, phone=customer_phone))
    assert draft.recipient == recipient
    assert bool(draft.missing) == (not recipient)


def test_a_text_is_short_plain_and_in_the_customers_language(tenant):
    draft = draft_of(reminded(tenant, contact={"mobile": NUMBER}, language="fr"))
    assert draft.body_text == (
        "Nordis France SAS : sauf erreur, 100,00 € restent dus depuis le 20 février 2026. Si vous avez réglé, ignorez"
        " ce message. Sinon, appelez-nous : +33 4 72 00 00 00"
    )
    assert (draft.body_html, draft.size.segments, draft.size.is_wide) == ("", 2, False)


def test_what_was_previewed_is_what_leaves(tenant):
    action = reminded(tenant, contact={"mobile": NUMBER})
    seen = draft_of(action)
    queued = confirm(action)
    assert (queued.channel, queued.recipient, queued.body_text) == ("SMS", NUMBER, seen.body_text)
    transport = Script()
    assert send(transport, channel="SMS") == 1
    assert transport.transmitted[0].body_text == seen.body_text
    action.refresh_from_db()
    assert action.state == "SENT"


def test_a_number_that_refused_a_text_gets_no_other_and_its_owner_keeps_the_mail(tenant):
    action = reminded(tenant, contact={"mobile": NUMBER})
    confirm(action)
    send(Script({NUMBER: RefusedForGood("unknown", is_address_wrong=True)}), channel="SMS")
    assert Message.objects.get().state == "BOUNCED"
    assert Contact.objects.get().email_bounced_at is None
    again = propose(tenant, make_debtor(entity=action.entity, ref="OTHER-2"))
    Contact.objects.update(customer=again.customer)
    assert draft_of(again).recipient == NUMBER  # refused at another customer
    Message.objects.update(customer=again.customer)
    assert draft_of(again).recipient == ""


def test_nobody_to_carry_it_is_said_before_it_is_confirmed(tenant, settings, monkeypatch):
    monkeypatch.delitem(settings.PORTS, "desk.text_carrier", raising=False)
    action = reminded(tenant, contact={"mobile": NUMBER})
    assert draft_of(action).missing == ""  # a sandbox has the demo mailbox
    type(tenant).objects.filter(id=tenant.id).update(is_sandbox=False, sandbox_on=None)
    with pytest.raises(Unsendable):
        confirm(action)


def test_a_text_that_is_too_long_does_not_leave(tenant):
    save_template(code="reminder_1", channel="SMS", language="fr", subject="R", body="ê" * 500, actor=SYSTEM)
    assert draft_of(reminded(tenant, contact={"mobile": NUMBER}, language="fr")).missing


def test_no_table_stands_in_a_text_message(tenant):
    with pytest.raises(BadTemplate):
        save_template(code="reminder_1", channel="SMS", language="fr", subject="R", body="{{ items }}", actor=SYSTEM)


def test_a_code_without_a_text_for_it_is_said(tenant):
    save_template(code="reminder_1", channel="SMS", language="de", subject="R", body="kurz", actor=SYSTEM)
    action = reminded(tenant, contact={"mobile": NUMBER}, language="de")
    assert draft_of(action).body_text == "kurz"
    Step.objects.update(template_code="of_nobody")
    assert "text message" in draft_of(action).missing


def test_hostile_names_stay_one_plain_text(tenant):
    draft = draft_of(reminded(tenant, contact={"mobile": NUMBER, "last_name": EVIL[:80]}, name=EVIL))
    assert "\r" not in draft.body_text
    assert "Bcc" not in draft.recipient


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Lettre recommandée avec avis de réception"),
        ("en", "Registered letter with acknowledgement of receipt"),
        ("de", "Einschreiben mit Rückschein"),
    ],
)
def test_a_registered_letter_says_so_and_lies_in_a_tray_of_its_own(tenant, settings, tmp_path, language, words):
    settings.DATA_DIR = tmp_path
    action = reminded(tenant, "REGISTERED_LETTER", language=language)
    confirm(action)
    assert send(LetterTray(), channel="REGISTERED_LETTER") == 1
    letter = Message.objects.get()
    file = letter.files.get()
    assert (letter.state, file.kind) == ("SENT", "LETTER")
    assert file.path == f"letters-registered/{tenant.id.hex}/{letter.id.hex}.pdf"
    text = PdfReader(tmp_path / "files" / file.path).pages[0].extract_text()
    assert words in " ".join(text.split())


def test_an_ordinary_letter_does_not_say_that_it_is_registered(tenant):
    assert "Registered" not in draft_of(reminded(tenant, "LETTER", language="en")).body_html
