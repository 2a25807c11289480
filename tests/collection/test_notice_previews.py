"""Statements, thanks and delivery notes looked at before they are sent: the same subject, words, HTML and paper as leave."""

import hashlib
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.access import EVERYTHING
from collection.services.delivery_notes import DeliveryReasons, write_delivery_notes
from collection.services.enclosing import OF_DOCUMENT
from collection.services.statement_mail import StatementReasons, send_statement
from collection.services.thanks import ThanksReasons, thank_for_payments
from core.audit import SYSTEM, Actor
from core.tenancy import tenant_scope
from desk.models import Message, MessageFile, Notice, NoticeSetting
from desk.queries.templates import Texts
from desk.rules.templates import REMINDERS, VOCABULARIES
from desk.services import outbox
from desk.services.comments import attach_file
from desk.services.notice_settings import set_notice
from desk.services.templates import save_template
from desk.words import condition_words, name_words
from receivables.models import CashAllocation, CashMatch, Document, EntityAccess
from tests.accounts.conftest import enter
from tests.collection.story import MONDAY, NOW, due, make_contact, make_debtor
from tests.desk.fakes import Script
from tests.make import make_allocation, make_bank_line, make_entity, make_item, make_tenant

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "fr", "de")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def manager(organisation):
    organisation.is_sandbox, organisation.sandbox_on = True, MONDAY
    organisation.save()
    return enter(organisation, role="credit_manager", name="Marc Petit")


def place(name: str, code: str, language: str = "en", channel: str = "EMAIL") -> str:
    return reverse(name, args=[code, channel, language])


def account_of(language: str):
    """A customer with an overdue invoice, one paid in part, and one that was paid by a payment in the books."""
    account = make_debtor(language=language)
    make_contact(account, language=language)
    make_item(account=account, number="F1", due=due(10), amount="100.00", issued=due(40))
    paid = make_item(account=account, number="F2", due=due(3), amount="80.00", issued=due(30))
    payment = make_item(account=account, number="P1", kind="PAYMENT", amount="-80.00", due=MONDAY, issued=MONDAY)
    make_allocation(debit=paid, credit=payment, amount="80.00", on=MONDAY)
    document = Document.objects.create(
        customer=account.customer, account=account, entity=account.entity, number="F3", kind="INVOICE",
        document_date=MONDAY, total_amount=Decimal("250.50"), currency="EUR",
    )  # fmt: skip
    make_item(
        account=account, number="F3", due=MONDAY + timedelta(30), amount="250.50", issued=MONDAY, document=document
    )
    attach_file(
        object_type=OF_DOCUMENT, object_id=document.id, file_name="F3.pdf", chunks=[PDF], actor=SYSTEM, on=MONDAY,
        customer_id=account.customer_id,
    )  # fmt: skip
    return account


def send_it(code: str, account, member) -> type:
    """The message itself, queued as a person or the night queues it; what is asked about it before it leaves."""
    if code == "statement":
        send_statement(
            customer_id=account.customer_id, entity_id=account.entity_id, on=MONDAY, today=MONDAY, asked_id=uuid4(),
            scope=EVERYTHING, actor=Actor.member(member), now=NOW,
        )  # fmt: skip
        return StatementReasons
    kind = Notice.THANKS if code == "thank_you" else Notice.DELIVERY
    set_notice(kind=kind, is_on=True, every_days=0, now=timezone.now(), actor=SYSTEM)
    NoticeSetting.objects.update(since=timezone.now() - timedelta(hours=1))
    write = thank_for_payments if code == "thank_you" else write_delivery_notes
    assert write(on=MONDAY, now=timezone.now()) == 1
    return ThanksReasons if code == "thank_you" else DeliveryReasons


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["statement", "thank_you", "delivery_note"])
def test_what_the_editor_shows_is_what_leaves(organisation, manager, code, language):
    client, member = manager
    with tenant_scope(organisation):
        account = account_of(language)
        text = Texts().find(code=code, channel="EMAIL", language=language)
        # Not the common words: those of the organisation, before it saves them.
        body = text.body + "\n\n{{ if contact }}Own words for {{ contact_name }}.{{ end }}"
    asked = {"subject": text.subject, "body": body, "customer": str(account.customer_id)}
    shown = client.post(place("template_preview", code, language), asked)
    draft = shown.context["sample"].draft
    frame = client.post(place("template_frame", code, language), asked).content.decode()
    paper = client.post(place("template_pdf", code, language), asked)
    with tenant_scope(organisation):
        save_template(
            code=code, channel="EMAIL", language=language, subject=text.subject, body=body, actor=SYSTEM
        )  # fmt: skip
        reasons = send_it(code, account, member)
        Message.objects.update(not_before=timezone.now())
        transport = Script()
        assert outbox.drain(channel="EMAIL", transport=transport, reasons=lambda _type: reasons(on=MONDAY)) == 1
        (left,) = transport.transmitted
        kept = MessageFile.objects.filter(message=Message.objects.get()).first()
    assert "Own words for Claire Martin." in left.body_text
    assert (draft.subject, draft.body_text, frame) == (left.subject, left.body_text, left.body_html)
    assert (draft.recipient, draft.recipient_name) == (left.recipient, left.recipient_name)
    if code == "thank_you":
        assert kept is None
        assert paper.status_code == 404
    else:
        assert hashlib.sha256(paper.content).hexdigest() == kept.sha256
    if code == "statement":
        assert "F1" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)


@pytest.mark.parametrize("code", ["statement", "thank_you", "delivery_note"])
def test_without_a_name_the_newest_one_is_shown_and_a_test_reaches_oneself(organisation, manager, code):
    client, member = manager
    with tenant_scope(organisation):
        account = account_of("en")
        text = Texts().find(code=code, channel="EMAIL", language="en")
    typed = {"subject": text.subject, "body": text.body}
    shown = client.post(place("template_preview", code), typed)
    assert shown.context["sample"].customer.id == account.customer_id
    assert client.post(place("template_test", code), typed).status_code == 204
    with tenant_scope(organisation):
        message = Message.objects.get()
        assert (message.recipient, message.customer) == (member.user.email, None)
        draft = shown.context["sample"].draft
        assert (message.subject, message.body_html) == (f"[Test] {draft.subject}", draft.body_html)


def test_a_payment_at_the_bank_is_thanked_for_in_the_preview(organisation, manager):
    client, _member = manager
    with tenant_scope(organisation):
        account = make_debtor(language="en")
        item = make_item(account=account, number="F1", due=due(10), amount="100.00", issued=due(40))
        line = make_bank_line(amount="60.00")
        match = CashMatch.objects.create(
            line=line, customer=account.customer, state="ACCEPTED", amount=Decimal(60), currency="EUR", on=MONDAY
        )
        CashAllocation.objects.create(
            match=match, item=item, customer=account.customer, cash_amount=Decimal(60), currency="EUR",
            leaves_amount=40, on=MONDAY, state_on=MONDAY,
        )  # fmt: skip
        text = Texts().find(code="thank_you", channel="EMAIL", language="en")
    typed = {"subject": text.subject, "body": text.body, "customer": str(account.customer_id)}
    said = client.post(place("template_preview", "thank_you"), typed).context["sample"].draft.body_text
    assert "payment of €60.00" in said
    assert "F1" in said


def test_what_there_is_nothing_to_say_about_is_said(organisation, manager):
    client, _member = manager
    with tenant_scope(organisation):
        account = make_debtor(language="en")
    typed = {"subject": "x", "body": "x", "customer": str(account.customer_id)}
    asked = {code: client.post(place("template_preview", code), typed) for code in VOCABULARIES}
    assert "has paid nothing yet" in asked["thank_you"].content.decode()
    assert "No invoice of this customer is open" in asked["delivery_note"].content.decode()
    assert "x" in asked["statement"].context["sample"].draft.body_text  # nothing is open, which is a statement too
    letter = client.post(place("template_preview", "statement", channel="LETTER"), typed)
    assert "leaves by e-mail only" in letter.content.decode()


@pytest.mark.parametrize("code", ["statement", "thank_you", "delivery_note"])
def test_no_figure_of_another_company_or_organisation_is_shown(organisation, manager, code):
    with tenant_scope(organisation):
        account = account_of("en")
        other = make_entity(code="DE")
    client, member = enter(organisation, role="credit_manager")
    with tenant_scope(organisation):
        EntityAccess.objects.create(member=member, entity=other)
    stranger, _member = enter(make_tenant(), role="credit_manager")
    for one in (client, stranger):
        for asked in ({"customer": str(account.customer_id)}, {"q": "durand"}, {}):
            shown = one.post(place("template_preview", code), {"subject": "x", "body": "x"} | asked)
            assert "sample" not in shown.context
            assert "Durand" not in shown.content.decode()


def test_every_name_and_condition_is_explained():
    for code, vocabulary in {**VOCABULARIES, "reminder_1": REMINDERS}.items():
        assert all(name_words(code, name) for name in vocabulary.names)
        assert all(condition_words(code, condition) for condition in vocabulary.conditions)
    assert name_words("delivery_note", "total") != name_words("reminder_1", "total")
